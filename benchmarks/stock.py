"""Databases with as many machines as a benchmark wants, filled through the use cases like any other."""

from pathlib import Path

from msgspec import Struct

from colony_core import Colony, Registration
from colony_core.domain.rate_limits import Limits
from colony_simulator import Machine, reference_machine
from colony_wiring.assembly import opened
from colony_wiring.settings import Settings

UNLIMITED = Limits(per_minute=10**9, per_hour=10**9)
"""Limits that are counted like all others, and never reached."""

_BATCH = 1000


class Stock(Struct, frozen=True):
    """A database in which `assets` machines are available, and a whole key to its API."""

    settings: Settings
    assets: int
    key: str

    def log(self, role: str) -> Path:
        """Return where a server with this stock writes its log: into a file, as servers do."""
        assert self.settings.database_path is not None
        return self.settings.database_path.with_suffix(f".{role}.log")


async def stocked(assets: int, *, folder: Path) -> Stock:
    """Make a database in *folder* with so many assets, `asset-1` and on."""
    settings = Settings(database_url=f"sqlite:///{folder / f'assets-{assets}.db'}", log_level="error")
    async with opened(settings) as colony:
        for first in range(1, assets + 1, _BATCH):
            await _enrol(colony, range(first, min(first + _BATCH, assets + 1)))
        made = await colony.api_keys.create("benchmark", limits=UNLIMITED)
    return Stock(settings, assets, made.whole.reveal())


def registration(machine: Machine) -> Registration:
    """Return what an operator would say of *machine*."""
    return Registration(
        id=machine.name,
        hostname=machine.hostname,
        address=machine.bmc.address,
        protocol=machine.bmc.protocol,
        port=machine.bmc.port,
        username=machine.bmc.username,
        password=machine.password,
    )


async def _enrol(colony: Colony, numbers: range) -> None:
    machines = [reference_machine(number) for number in numbers]
    await colony.assets.enrol([(registration(machine), machine.inventory) for machine in machines])
