"""Credentials of a controller, before a real server: corrected by PATCH, shown to nobody, and sealed on the disk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from colony_testkit.redfish_tree import PASSWORD, USER, RedfishTree
from colony_testkit.redfish_trees import IDRAC
from tests.integration.bmc.served import Served

WRONG = "the-wr0ng-one"


@pytest.fixture
async def tree() -> AsyncIterator[RedfishTree]:
    async with RedfishTree(IDRAC) as tree:
        yield tree


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    folder = tmp_path / "served"
    folder.mkdir()
    served = Served(folder, COLONY_HEALTH_INTERVAL="1", COLONY_LOG_LEVEL="debug")
    await served.begin()
    yield served
    await served.end()


async def test_credentials_that_were_refused_are_corrected_and_are_nowhere_to_be_read(
    served: Served, tree: RedfishTree
) -> None:
    where = {"protocol": "redfish", "address": "127.0.0.1", "port": tree.port, "verifyTls": False}
    body = {"ipmi": "127.0.0.1", "bmc": where | {"username": USER, "password": WRONG}}
    asset = await served.answer("POST", "/assets", body, status=201)
    refused = await served.until(f"/assets/{asset['id']}", lambda seen: seen["bmc"]["health"]["state"] == "refused")
    await served.until(f"/assets/{asset['id']}", lambda seen: seen["workflowId"] is None)
    logins = len(tree.asked)

    changed = await served.answer("PATCH", f"/assets/{asset['id']}", {"bmc": {"password": PASSWORD}})
    mended = await served.until(f"/assets/{asset['id']}", lambda seen: seen["bmc"]["health"]["state"] == "ok")

    assert changed["changed"] == ["bmc.password"]
    assert len(tree.asked) > logins
    answers = f"{asset}{refused}{changed}{mended}{await served.answer('GET', '/workflows')}"
    assert WRONG not in answers
    assert PASSWORD not in answers
    on_disk = {file.name: file.read_bytes() for file in served.folder.iterdir() if file.is_file()}
    assert {"colony.db", "server.log"} <= set(on_disk)
    for secret in (WRONG, PASSWORD):
        assert [name for name, content in on_disk.items() if secret.encode() in content] == []
