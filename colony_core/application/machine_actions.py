"""What steps do to one machine through its controller.

Nothing here waits: a state that is still to come is `NotConfirmed`, and the plan tries again after its pause, so
that waiting is stored, bounded and survives the end of the process.
"""

from colony_core.application.protocol_finding import with_protocol
from colony_core.application.workplace import Sighting, Tools, Workplace
from colony_core.domain.assets import cycles_at
from colony_core.domain.hardware import BootDevice, Power, PowerReading, Protocol, is_whole
from colony_core.domain.orders import Reboot
from colony_core.errors import Refused, Unavailable
from colony_core.ports.hardware import Access, Controller


class NotConfirmed(Unavailable):
    """The controller took the order but does not report its effect."""

    code = "NOT_CONFIRMED"
    summary = "The controller does not confirm the change"
    advice = "The workflow asks again by itself; if it lasts, look at the machine and its controller."


class PowerBudgetSpent(Refused):
    """The machine was switched on as often as it may be in an hour."""

    code = "POWER_BUDGET_SPENT"
    summary = "Power budget is spent"
    advice = "Find out why the machine needs so many starts; try again when the hour is over, or raise the setting."


async def contact(tools: Tools, place: Workplace) -> Sighting:
    """Find out whether the controller answers, by which protocol, and what it says of its machine."""
    controller = _controller(tools, await with_protocol(tools, place))
    power = await controller.power()
    return Sighting(power=_read(tools, power), identity=await controller.identity())


async def inspect(tools: Tools, place: Workplace) -> Sighting | None:
    """Find out what the machine is made of without booting it; enough if the controller tells all that matters."""
    inventory = await _controller(tools, place).inventory()
    return None if inventory is None else Sighting(inventory=inventory, enough=is_whole(inventory))


async def power_off(tools: Tools, place: Workplace) -> Sighting:
    """Cut the power; done once the controller reports it."""
    return await _bring(tools, place, Power.OFF)


async def power_off_removed(tools: Tools, place: Workplace) -> Sighting | None:
    """Cut the power of a machine that has left its cluster, unless it was forgotten or has no controller."""
    manual = place.asset is not None and place.asset.bmc.protocol is Protocol.MANUAL
    return await _bring(tools, place, Power.OFF) if place.asset is not None and not manual else None


async def power_on(tools: Tools, place: Workplace) -> Sighting:
    """Give power; done once the controller reports it."""
    return await _bring(tools, place, Power.ON)


async def restart(tools: Tools, place: Workplace) -> Sighting:
    """Take the power away and give it back."""
    _check_budget(tools, place)
    await _controller(tools, place).restart()
    return Sighting(restarted=True)


async def boot_from_network(tools: Tools, place: Workplace) -> None:
    """Make the next start a network boot, and read that back."""
    await _boot_from(_controller(tools, place), BootDevice.PXE)


async def boot_from_disk(tools: Tools, place: Workplace) -> None:
    """Make the next start boot from disk, and read that back."""
    await _boot_from(_controller(tools, place), BootDevice.DISK)


async def set_asked_boot_device(tools: Tools, place: Workplace) -> None:
    """Make the next start boot from the device that the order names, if it names one."""
    order = place.run.order
    if isinstance(order, Reboot) and order.boot_device is not None:
        await _boot_from(_controller(tools, place), order.boot_device)


async def _bring(tools: Tools, place: Workplace, wanted: Power) -> Sighting:
    controller = _controller(tools, place)
    power = await controller.power()
    if power is not wanted:
        if wanted is Power.ON:
            _check_budget(tools, place)
        await controller.set_power(wanted)
        power = await controller.power()
    if power is not wanted:
        raise NotConfirmed(f"Power {wanted} was ordered, but the controller still reports {power}")
    return Sighting(power=_read(tools, power))


def _check_budget(tools: Tools, place: Workplace) -> None:
    """Refuse to give power once more than the budget allows: it wears machines out, and helps none that is broken."""
    assert place.asset is not None, "machine actions belong to runs of one machine"
    cycles = cycles_at(place.asset, tools.clock.now())
    if len(cycles) >= tools.power_cycles_per_hour:
        raise PowerBudgetSpent(
            f"Machine '{place.asset.id}' was given power {len(cycles)} times in the last hour, which is its budget:"
            " find out why it does not come up, and start the work again later"
        )


async def _boot_from(controller: Controller, device: BootDevice) -> None:
    await controller.set_boot_device(device)
    reported = await controller.boot_device()
    if reported is not device:
        raise NotConfirmed(f"Boot device {device} was ordered, but the controller reports {reported or 'none'}")


def _controller(tools: Tools, place: Workplace) -> Controller:
    assert place.asset is not None, "machine actions belong to runs of one machine"
    return tools.hardware.controller(Access(place.asset.bmc, place.password), asker=place.run.id, mine=place.mine)


def _read(tools: Tools, power: Power) -> PowerReading:
    return PowerReading(power, tools.clock.now())
