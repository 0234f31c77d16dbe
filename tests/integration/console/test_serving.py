"""The life of a server, as whoever starts it sees it."""

import json
import re
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_ends_with_0(desk: Any, number: signal.Signals) -> None:
    with desk.serving("--simulator", "2") as server:
        assert server.stopped_by(number) == 0
        assert "Traceback" not in server.errors


def test_a_server_that_is_told_twice_stops_at_once_and_as_quietly(desk: Any) -> None:
    with desk.serving("--simulator", "2") as server:
        server.process.send_signal(signal.SIGTERM)

        assert server.stopped_by(signal.SIGINT) == 0
        assert "Traceback" not in server.errors


def test_the_first_start_says_what_to_know(desk: Any) -> None:
    with desk.serving() as server:
        server.stopped_by(signal.SIGTERM)

        assert "Made a new secret key in colony.db.key" in server.errors
        assert "colony api-key create --description first" in server.errors


def test_a_second_server_on_the_same_file_is_refused(desk: Any) -> None:
    with desk.serving() as server:
        second = desk.colony("serve", "--port", "0")

        assert second.returncode == 1
        assert second.stdout == ""
        told = f"Error: Another server (process {server.process.pid}) works on the database colony.db: stop it first\n"
        assert second.stderr.endswith(told)


def test_a_port_that_is_taken_is_told(desk: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = desk.colony("serve", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert "Address already in use" in done.stderr
    assert "--port 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_made_beside_the_server_opens_it_at_once(desk: Any) -> None:
    with desk.serving("--simulator", "1"):
        printed = desk.told("api-key", "create", "--description", "first")
        desk.environment["COLONY_API_KEY"] = printed.strip()

        assert re.fullmatch(r"cd-[0-9a-f]{12}_[0-9a-f]{40}\n", printed)
        assert "asset-1" in desk.told("assets")


def test_a_key_revoked_beside_the_server_opens_nothing_at_once(desk: Any) -> None:
    with desk.serving():
        key = json.loads(desk.told("api-key", "create", "--description", "first", "--role", "viewer", "--json"))
        desk.environment["COLONY_API_KEY"] = key["key"]
        desk.told("assets")
        desk.told("api-key", "revoke", key["id"])
        refused = desk.colony("assets")
        listed = desk.told("api-key", "list")

    assert refused.returncode == 4
    assert "UNAUTHORIZED" in refused.stderr
    assert re.fullmatch(rf"{key['id']}  first        viewer  revoked .*", listed.splitlines()[1])
    assert key["key"].partition("_")[2] not in refused.stderr + listed


def test_a_restart_finds_what_was_there(desk: Any) -> None:
    with desk.serving("--simulator", "2") as server:
        desk.environment["COLONY_API_KEY"] = desk.told("api-key", "create", "--description", "first").strip()
        before = json.loads(desk.told("assets", "--json"))
        server.stopped_by(signal.SIGTERM)
    with desk.serving("--simulator", "2"):
        assert json.loads(desk.told("assets", "--json")) == before


def test_a_setting_that_cannot_be_used_is_a_wrong_argument(desk: Any) -> None:
    desk.environment["COLONY_DATABASE_URL"] = "mysql://secret@host/db"
    done = desk.colony("serve")

    assert done.returncode == 2
    assert "COLONY_DATABASE_URL" in done.stderr
    assert "secret" not in done.stderr


def test_a_worker_needs_postgresql(desk: Any) -> None:
    done = desk.colony("worker")

    assert done.returncode == 2
    assert done.stderr.startswith("Error: A worker needs a PostgreSQL database")


def test_a_rack_is_shared_on_postgresql_alone(desk: Any) -> None:
    done = desk.colony("rack", "rack.sock")

    assert done.returncode == 2
    assert done.stderr.startswith("Error: A rack is shared on a PostgreSQL database")


def test_what_is_loaded_at_the_start_is_looked_through_by_no_later_collection_of_garbage(desk: Any) -> None:
    """Looking through it held every request for tens of milliseconds, every few seconds under load."""
    script = """
import gc, os, signal
from colony_wiring.loop import run
from colony_wiring.serving import serve
from colony_wiring.settings import Settings

def ready(*_):
    print(gc.get_freeze_count())
    os.kill(os.getpid(), signal.SIGTERM)

run(serve(Settings(database_url="sqlite:///colony.db", port=0), on_ready=ready))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=desk.folder, capture_output=True, text=True, check=True, timeout=60
    )

    assert int(done.stdout) > 10_000
