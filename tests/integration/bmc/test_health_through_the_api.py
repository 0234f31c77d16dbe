"""How a real controller is, as everybody sees it: in its asset, in metrics and in events."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from colony_testkit.ipmi_sim import PASSWORD, USER, IpmiSim
from colony_testkit.ipmi_wire import Wire
from tests.integration.bmc.served import PATIENCE, Served


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    folder = tmp_path / "served"
    folder.mkdir()
    served = Served(folder, COLONY_HEALTH_INTERVAL="1")
    await served.begin()
    yield served
    await served.end()


async def test_a_controller_that_falls_silent_and_comes_back_is_seen_to_everywhere(
    served: Served, sim: IpmiSim, wire: Wire
) -> None:
    bmc = {"protocol": "ipmi", "address": sim.address, "port": wire.port, "username": USER, "password": PASSWORD}
    asset = (await served.answer("POST", "/assets", {"ipmi": sim.address, "bmc": bmc}, status=201))["id"]
    await served.at_rest(asset)
    told = asyncio.create_task(states(served, "degraded", "ok"))

    await served.until(f"/assets/{asset}", lambda seen: seen["bmc"]["health"]["state"] == "ok")
    assert 'colony_bmcs{state="ok"} 1.0' in await metrics(served)
    wire.cut()
    dead = await served.until(f"/assets/{asset}", lambda seen: seen["bmc"]["health"]["state"] == "degraded")
    assert "did not answer" in dead["bmc"]["health"]["why"]
    assert dead["bmc"]["health"]["since"] <= dead["bmc"]["health"]["checkedAt"]
    shown = await metrics(served)
    assert 'colony_bmcs{state="degraded"} 1.0' in shown
    assert 'colony_bmc_check_age_seconds{state="degraded"}' in shown
    assert "degraded" in await served.told("assets", "--api-url", served.address, "--api-key", served.key)

    wire.silent = False
    await served.until(f"/assets/{asset}", lambda seen: seen["bmc"]["health"]["state"] == "ok")
    assert await told == ["degraded", "ok"]


async def metrics(served: Served) -> str:
    return (await served.http.get(f"{served.address}/metrics")).text


async def states(served: Served, *awaited: str) -> list[str]:
    """Return what events told of controllers, once they have told the last of what is *awaited*."""
    told: list[str] = []
    async with asyncio.timeout(PATIENCE), served.http.stream("GET", "/events", headers={"Last-Event-ID": "0"}) as news:
        async for line in news.aiter_lines():
            event: dict[str, Any] = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            told += [event["status"]] if event.get("type") == "bmc" else []
            if told[-1:] == [awaited[-1]] and len(told) >= len(awaited):
                break
    return told
