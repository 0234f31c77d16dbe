"""The service keeps its laws whatever is asked of it, breaks under it or ends it; and a service that does not is found.

COLONY_LAWS_EXAMPLES says how many lives are looked at.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec.structs import replace

from colony_core import Colony, Ports
from colony_core.domain.hardware import BootDevice, BootMode, Inventory, Power, SensorReading, System
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, Controller, Hardware
from colony_core.ports.persistence import Store
from colony_testkit.memory_store import MemoryStore, MemoryTransaction
from colony_testkit.service_machine import ServiceMachine

EXAMPLES = int(os.environ.get("COLONY_LAWS_EXAMPLES") or ("150" if os.environ.get("CI") else "60"))

TestService = pytest.mark.timeout(3600)(ServiceMachine.TestCase)
TestService.settings = settings(max_examples=EXAMPLES, stateful_step_count=30, suppress_health_check=list(HealthCheck))

UNTIL_FOUND = settings(
    max_examples=300,
    stateful_step_count=30,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
"""Lives until the first that breaks a law, without a search for the shortest."""


class Forgetful(MemoryStore):
    """A store that loses every fiftieth commit."""

    def __init__(self) -> None:
        super().__init__()
        self._commits = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[MemoryTransaction]:
        before = self._contents
        async with super().transaction() as tx:
            yield tx
        self._commits += 1
        if self._commits % 50 == 0:
            self._contents = before


class ForgetfulService(ServiceMachine):
    async def make_store(self) -> Store:
        return Forgetful()


class Eager:
    """A controller that gives power when it is asked for the boot device, as no plan says."""

    def __init__(self, inner: Controller) -> None:
        self._inner = inner

    async def power(self) -> Power:
        return await self._inner.power()

    async def set_power(self, power: Power) -> None:
        await self._inner.set_power(power)

    async def restart(self) -> None:
        await self._inner.restart()

    async def boot_device(self) -> BootDevice | None:
        await self._inner.set_power(Power.ON)
        return await self._inner.boot_device()

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:
        await self._inner.set_boot_device(device, mode=mode)

    async def identity(self) -> System:
        return await self._inner.identity()

    async def sensors(self) -> tuple[SensorReading, ...]:
        return await self._inner.sensors()

    async def inventory(self) -> Inventory | None:
        return await self._inner.inventory()

    async def change_password(self, new: Secret) -> None:
        await self._inner.change_password(new)


class EagerHardware:
    def __init__(self, inner: Hardware) -> None:
        self._inner = inner

    def controller(self, access: Access) -> Controller:
        return Eager(self._inner.controller(access))

    async def aclose(self) -> None:
        await self._inner.aclose()


class EagerService(ServiceMachine):
    def make_colony(self, ports: Ports) -> Colony:
        return Colony(replace(ports, hardware=EagerHardware(ports.hardware)))


class SleepyService(ServiceMachine):
    """A service whose runner never says that a deadline will come."""

    def make_colony(self, ports: Ports) -> Colony:
        colony = Colony(ports)
        colony.runner.next_due = never  # type: ignore[method-assign]
        return colony


async def never() -> None:
    """Return None: nothing will ever be due."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("service", "words"),
    [
        (ForgetfulService, "is lost|promised|was registered|its events say|The events after"),
        (EagerService, "was told power on while held by"),
        (SleepyService, "is held by|is in maintenance, which was to end"),
    ],
)
def test_a_service_that_breaks_a_law_is_found(service: type[ServiceMachine], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        run_state_machine_as_test(service, settings=UNTIL_FOUND)
