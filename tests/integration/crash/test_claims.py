"""A hundred requests at one moment for overlapping machines: what fits wins, all or nothing; the rest is told why."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus
from colony_core.domain.orders import WipeMethod
from colony_core.domain.provisioning import ProvisionRequest
from colony_core.domain.topology import ClusterRequest
from colony_core.errors import Conflict
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore
from colony_testkit.lab import Lab, a_cluster_request, a_node, broken_laws

AVAILABLE, PROVISIONED = range(1, 13), range(13, 17)
MACHINES = len(AVAILABLE) + len(PROVISIONED)

REFUSALS = {"ASSET_BUSY", "ASSET_NOT_AVAILABLE", "ASSET_IN_CLUSTER"}
"""How a machine that somebody else has taken refuses."""


@dataclass(frozen=True)
class Wish:
    """One request: what for, and which machines it needs."""

    what: str
    machines: tuple[int, ...]
    number: int

    @property
    def assets(self) -> frozenset[str]:
        return frozenset(f"asset-{number}" for number in self.machines)

    @property
    def ips(self) -> list[str]:
        """Return an address for each machine that no other wish asks for."""
        return [f"10.1.{self.number}.{10 + place}" for place in range(len(self.machines))]


@dataclass(frozen=True)
class Told:
    """What a wish was answered: the workflow that was started, or the code and the details of the refusal."""

    wish: Wish
    run_id: str | None = None
    code: str = ""
    details: str = ""


def wishes(seed: int) -> list[Wish]:
    """Return a hundred wishes of all kinds, drawn by *seed*."""
    chance = random.Random(seed)
    made = []
    for number in range(100):
        what = chance.choice(("provision", "cluster", "cluster", "wipe", "discover"))
        if what == "cluster":
            made.append(Wish(what, tuple(chance.sample(AVAILABLE, chance.choice((1, 2, 3)))), number))
        else:
            made.append(Wish(what, (chance.choice(PROVISIONED if what == "wipe" else AVAILABLE),), number))
    return made


def winners_fit(told: list[Told], holders: Mapping[str, str | None], runs: set[str], clusters: int) -> None:
    """Check that the winners share no machine, that no loser could have won, and that losers left nothing behind."""
    won, lost = [one for one in told if one.run_id], [one for one in told if not one.run_id]
    assert not any(one.wish.assets & other.wish.assets for one, other in combinations(won, 2))
    taken = {asset: one.run_id for one in won for asset in one.wish.assets}
    for one in lost:
        blocked = one.wish.assets & taken.keys()
        assert blocked, f"{one} could have been done"
        assert one.code in REFUSALS, one
        assert any(f"'{asset}'" in one.details for asset in blocked), one
    assert {asset: holder for asset, holder in holders.items() if holder} == taken
    assert runs == {one.run_id for one in won}
    assert clusters == sum(one.wish.what == "cluster" for one in won)
    assert won
    assert lost


# In one process, on SQLite


def a_request(wish: Wish) -> ClusterRequest:
    """Return *wish* as a cluster of its own name and its own network."""
    nodes = [replace(a_node(number), ip=ip) for number, ip in zip(wish.machines, wish.ips, strict=True)]
    request = a_cluster_request()
    return replace(
        request,
        name=f"cluster-number-{wish.number}",
        gateway=f"10.1.{wish.number}.1",
        control_planes=(nodes[0],),
        workers=tuple(nodes[1:]),
    )


async def asked(lab: Lab, wish: Wish) -> Told:
    """Ask the colony of *lab*."""
    assets, asset_id = lab.colony.assets, min(wish.assets)
    asking: dict[str, Callable[[], Awaitable[Any]]] = {
        "provision": lambda: assets.provision(asset_id, ProvisionRequest()),
        "wipe": lambda: assets.wipe(asset_id, method=WipeMethod.ZERO),
        "discover": lambda: assets.discover(asset_id),
        "cluster": lambda: lab.colony.clusters.create(a_request(wish)),
    }
    try:
        answer = await asking[wish.what]()
    except Conflict as refusal:
        return Told(wish, code=refusal.code, details=refusal.details)
    return Told(wish, run_id=answer.workflow_id if wish.what == "cluster" else answer.id)


@pytest.mark.parametrize("seed", range(3))
async def test_a_hundred_wishes_at_once_are_granted_as_far_as_they_fit(seed: int, tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "colony.db", sealer=Sealer(bytes(32)), synchronous="off")
    try:
        lab = Lab(MACHINES, store=store)
        await lab.enrol()
        for number in PROVISIONED:
            await lab.colony.assets.provision(f"asset-{number}", ProvisionRequest())
        await lab.run()
        before = set(await lab.workflows())

        told = await asyncio.gather(*(asked(lab, wish) for wish in wishes(seed)))

        assets = await lab.assets()
        runs = set(await lab.workflows()) - before
        winners_fit(told, {id: asset.held_by for id, asset in assets.items()}, runs, len(await lab.clusters()))
        assert await broken_laws(lab) == []
        await lab.run()
        assert {run.status.value for run in (await lab.workflows()).values()} == {"completed"}
        assert {asset.status for asset in (await lab.assets()).values()} <= {
            AssetStatus.AVAILABLE,
            AssetStatus.PROVISIONED,
        }
        assert await broken_laws(lab) == []
    finally:
        await store.aclose()


# Over HTTP, on a real server that works meanwhile


def a_call(wish: Wish) -> tuple[str, dict[str, Any]]:
    """Return *wish* as a path and a body."""
    if wish.what != "cluster":
        return f"/assets/{min(wish.assets)}/{wish.what}", {}
    nodes = [
        {"assetId": f"asset-{number}", "ip": ip, "subnet": "24"}
        for number, ip in zip(wish.machines, wish.ips, strict=True)
    ]
    body = {"name": f"cluster-number-{wish.number}", "type": "k8s_stack", "flavor": "talos"}
    parts = {"gateway": f"10.1.{wish.number}.1", "controlPlanes": nodes[:1], "workers": nodes[1:]}
    return "/clusters", body | parts


async def called(client: httpx.AsyncClient, wish: Wish) -> Told:
    """Ask the server."""
    path, body = a_call(wish)
    answer = await client.post(path, json=body)
    told = answer.json()
    if answer.status_code == 201:
        return Told(wish, run_id=told["workflowId"] if wish.what == "cluster" else told["id"])
    assert answer.status_code == 409, answer.text
    return Told(wish, code=told["code"], details=told["details"])


async def all_at_once(address: str, key: str, seed: int) -> list[Told]:
    """Ask for everything at one moment, each on a connection of its own."""
    many = httpx.Limits(max_connections=100)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        base_url=f"{address}/api/v1", headers=headers, limits=many, timeout=60, trust_env=False
    ) as client:
        return await asyncio.gather(*(called(client, wish) for wish in wishes(seed)))


@pytest.mark.timeout(240)
def test_a_hundred_calls_at_once_are_granted_as_far_as_they_fit(server: Any, caller_of: Any) -> None:
    living = server(machines=MACHINES, speed=600)
    living.start()
    caller = caller_of(living)
    for number in PROVISIONED:
        caller.post(f"/assets/asset-{number}/provision", {}, again=f"request-{number}")
    caller.until_all_ended()
    before = set(caller.every("workflows"))
    living.stop()
    living.speed = 1  # Now nothing ends while the calls are made.
    living.start()

    told = asyncio.run(all_at_once(living.address(), living.key, 7))

    workflows = caller.every("workflows")
    parent = {id: one["parentId"] or id for id, one in workflows.items()}
    holders = {id: parent.get(asset["workflowId"]) for id, asset in caller.every("assets").items()}
    runs = {id for id, one in workflows.items() if not one["parentId"]} - before
    winners_fit(told, holders, runs, len(caller.every("clusters")))
