"""A person beside a simulated rack: does what tasks ask for, some time after they were asked."""

from collections.abc import Callable
from datetime import datetime, timedelta

from colony_core.application.handwork import TaskDesk
from colony_core.domain.hardware import BootDevice
from colony_core.domain.tasks import Task
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import Access
from colony_simulator import SimulatedRack
from colony_simulator.simulation import Runner

NEEDS = timedelta(minutes=2)
"""How long it takes from the asking to the pressing."""


class Caretaker:
    """A runner with somebody beside it who presses buttons, and confirms; one that is `away` does neither.

    *rack*, *runner* and *tasks* give those that are there now, which a restart replaces. A person outlives the service:
    whoever has pressed and was not heard confirms again after a restart, and does not press again. `pressed` is called
    between the two.
    """

    def __init__(
        self,
        rack: Callable[[], SimulatedRack],
        *,
        clock: Clock,
        runner: Callable[[], Runner],
        tasks: Callable[[], TaskDesk],
    ) -> None:
        self._rack = rack
        self._clock = clock
        self._runner = runner
        self._tasks = tasks
        self._asked: dict[str, datetime] = {}
        self._done: set[str] = set()
        self.away = False
        self.pressed: Callable[[], None] = lambda: None

    async def settle(self) -> None:
        """Let the runner do what it can, and do what is due by hand."""
        await self._runner().settle()
        tasks = {} if self.away else {task.id: task for task in await self._tasks().all()}
        self._asked = {id: self._asked.get(id, self._clock.now() + NEEDS) for id in tasks}
        for id in [id for id, due in self._asked.items() if due <= self._clock.now()]:
            await self._do(tasks[id])
            del self._asked[id]
        await self._runner().settle()

    async def next_due(self) -> datetime | None:
        """Return when somebody has something to do again."""
        due = await self._runner().next_due()
        return min([*self._asked.values(), *([due] if due else [])], default=None)

    async def _do(self, task: Task) -> None:
        if task.id not in self._done:
            await self._press(task)
            self._done.add(task.id)
            self.pressed()
        await self._tasks().confirm(task.asset_id, task.id)

    async def _press(self, task: Task) -> None:
        rack = self._rack()
        machine = rack.machine(task.asset_id)
        controller = rack.hardware.controller(Access(machine.bmc, machine.password))
        await controller.set_boot_device(BootDevice.PXE if task.step == "start-from-network" else BootDevice.DISK)
        await controller.restart()
