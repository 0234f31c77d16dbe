"""Requests that are sent to several servers at the same moment: one key acts once, and one machine is given once."""

import asyncio
from typing import Any

import httpx
from msgspec.structs import replace

from colony_core import AssetStatus, Paging
from tests.integration.crash.test_claims import MACHINES, PROVISIONED, called, winners_fit, wishes
from tests.integration.processes.conftest import Fleet

SERVERS = 4


async def test_one_idempotency_key_sent_to_all_servers_at_once_acts_once_and_all_hear_the_same(fleet: Fleet) -> None:
    await fleet.enrol(1)
    servers = await fleet.servers(SERVERS, "--no-worker")

    async def ask(server: httpx.AsyncClient, key: str) -> httpx.Response:
        return await server.post("/assets/asset-1/provision", json={}, headers={"Idempotency-Key": key})

    answers = await asyncio.gather(*(ask(server, "once") for server in servers * 10))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == len(answers) - 1
    assert len((await fleet.colony.workflows.page(Paging())).items) == 1
    others = await asyncio.gather(*(ask(server, "another") for server in servers * 3))
    assert {answer.status_code for answer in others} == {409}, "a refusal is remembered under no key"


async def test_a_hundred_calls_spread_over_servers_are_granted_as_far_as_they_fit(fleet: Fleet) -> None:
    await fleet.enrol(MACHINES)
    await provisioned(fleet)
    servers = await fleet.servers(SERVERS, "--no-worker")

    told = await asyncio.gather(*(called(servers[number % SERVERS], wish) for number, wish in enumerate(wishes(11))))

    assets, workflows, clusters = [await every(servers[0], kind) for kind in ("assets", "workflows", "clusters")]
    parents = {one["id"]: one["parentId"] or one["id"] for one in workflows}
    holders = {one["id"]: parents.get(one["workflowId"]) for one in assets}
    winners_fit(told, holders, {one["id"] for one in workflows if not one["parentId"]}, len(clusters))


async def provisioned(fleet: Fleet) -> None:
    """Let some machines be as they are once they were installed."""
    async with fleet.colony.ports.store.transaction() as tx:
        for number in PROVISIONED:
            tx.assets.put(replace(await tx.assets.get(f"asset-{number}"), status=AssetStatus.PROVISIONED))


async def every(server: httpx.AsyncClient, kind: str) -> list[Any]:
    """Return everything of a kind that there is."""
    answer = await server.get(f"/{kind}", params={"limit": 500})
    assert answer.status_code == 200, answer.text
    page = answer.json()
    assert page.get("nextCursor") is None
    return list(page[kind])
