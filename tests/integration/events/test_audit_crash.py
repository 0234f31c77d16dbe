"""A server that is killed in the middle of its work leaves no deed without its note, and no note without its deed."""

import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.console.conftest import Desk

LIMITS = ("--per-minute", "100000", "--per-hour", "100000")
ENOUGH = 25


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.environment["COLONY_API_KEY"] = desk.told("api-key", "create", "--description", "tests", *LIMITS).strip()
    return desk


def registering(desk: Desk, client: int, answered: set[str], enough: threading.Event) -> None:
    """Register machines one after the other until the server is gone."""
    headers = {"Authorization": f"Bearer {desk.environment['COLONY_API_KEY']}"}
    with httpx.Client(base_url=desk.environment["COLONY_API_URL"], headers=headers, trust_env=False) as api:
        for number in range(250):
            bmc = {"username": "admin", "password": "secret"}
            try:
                answer = api.post("/api/v1/assets", json={"ipmi": f"192.168.{client}.{number}", "bmc": bmc})
            except httpx.TransportError:
                return
            assert answer.status_code == 201, answer.text
            answered.add(answer.json()["id"])
            if len(answered) >= ENOUGH:
                enough.set()


def listed(desk: Desk, *args: str) -> list[dict[str, Any]]:
    """Return the entries of a list."""
    (entries,) = (value for value in json.loads(desk.told(*args, "--json")).values() if isinstance(value, list))
    return entries


def test_what_was_done_was_noted_and_what_was_noted_was_done(desk: Desk) -> None:
    answered, enough = set[str](), threading.Event()
    # The simulated rack keeps real controllers out: nothing is ever sent to these addresses.
    with desk.serving("--simulator", "1") as server:
        threads = [
            threading.Thread(target=registering, args=(desk, client, answered, enough)) for client in range(10, 14)
        ]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        server.process.kill()
        server.process.wait()
        for thread in threads:
            thread.join()
    with desk.serving("--simulator", "1"):
        known = {asset["id"] for asset in listed(desk, "assets")} - {"asset-1"}
        deeds = listed(desk, "audit", "--action", "register_asset")

    assert {deed["resource"] for deed in deeds} == {f"assets/{asset_id}" for asset_id in known}
    assert len(deeds) == len(known)
    assert answered <= known
