"""A control plane inside your own program: provision a machine, and follow the work until it is done."""

import asyncio
import sys

from colony_core import ProvisionRequest
from colony_core.ports.persistence import EntryFilter
from colony_wiring.assembly import assembled
from colony_wiring.settings import Settings


async def main(database: str) -> None:
    # Without `simulator` the machines are real ones, registered with `colony.assets.register(...)`.
    settings = Settings(database_url=f"sqlite:///{database}", simulator=3, simulator_speed=600)
    async with assembled(settings) as service:
        colony = service.colony
        run = await colony.assets.provision("asset-1", ProvisionRequest(template="ubuntu-noble"))
        async for entry in colony.workflows.follow(EntryFilter(run_id=run.id), after=0):
            print(f"{entry.at:%H:%M:%S}  {entry.message}")
            if (await colony.workflows.get(run.id)).ended and entry.status in ("completed", "failed"):
                break


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "embedded.db"))
