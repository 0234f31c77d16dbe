"""Power by chassis commands (IPMI 2.0, section 28), and how to do without those that a controller lacks."""

import asyncio

from colony_bmc.ipmi_session import IpmiSession
from colony_core.domain.hardware import Power
from colony_core.ports.hardware import BmcProtocolError

CHASSIS, STATUS, CONTROL = 0x00, 0x01, 0x02
OFF, ON, CYCLE = 0x00, 0x01, 0x02

NOT_IN_THIS_STATE = 0xD5
NO_CYCLE = frozenset({0xC1, 0xC9, 0xCC, 0xD6})
"""What controllers answer that have no power cycle: invalid command, parameter out of range, invalid, disabled."""

LOOKS, BETWEEN_LOOKS = 20, 0.25
"""How often, and after how many seconds again, a machine is looked at that was told to go off."""

OFF_SECONDS = 1.0
"""How long it stays off: the least that the specification asks of a power cycle."""


async def read_power(session: IpmiSession) -> Power:
    """Return whether the chassis has power now."""
    status = await session.demand(CHASSIS, STATUS, at_least=1, what="its power state")
    return Power.ON if status[0] & 1 else Power.OFF


async def switch(session: IpmiSession, power: Power) -> None:
    """Switch, and take it for done where the controller refuses only because it is so already."""
    answer = await session.ask(CHASSIS, CONTROL, ON if power is Power.ON else OFF)
    if answer.code != NOT_IN_THIS_STATE or await read_power(session) is not power:
        session.accept(answer, what=f"power {power}")


async def restart(session: IpmiSession) -> None:
    """Cycle the power of a machine that is on, and switch on one that is off.

    A controller without power cycle is told off, watched, and told on. What is cut off between the two leaves the
    machine off: the next call then switches it on.
    """
    if await read_power(session) is Power.ON:
        answer = await session.ask(CHASSIS, CONTROL, CYCLE)
        if answer.code not in NO_CYCLE | {NOT_IN_THIS_STATE}:
            session.accept(answer, what="a power cycle")
            return
        await switch(session, Power.OFF)
        await _until_off(session)
        await asyncio.sleep(OFF_SECONDS)
    await switch(session, Power.ON)


async def _until_off(session: IpmiSession) -> None:
    for _ in range(LOOKS):
        if await read_power(session) is Power.OFF:
            return
        await asyncio.sleep(BETWEEN_LOOKS)
    raise BmcProtocolError(
        f"The controller has no power cycle, and the machine is still on {LOOKS * BETWEEN_LOOKS:g} s after power off"
    )
