"""How work is done on a machine without a management controller: a person presses, the machine's own word counts.

Nobody is called only to switch a machine off: it is left as it is when the work ends, and whoever starts it for other
work switches it off first. An agent that is still there has lost its token with the end of the work.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from msgspec.structs import replace

from colony_core.domain import machine_plans
from colony_core.domain.steps import Ask, Await, Chore, Plan, Signal, Step, WorkflowType

BY_HAND = timedelta(hours=24)
"""How long a person has for one task, unless the operator's setting says otherwise."""

START_FROM_NETWORK = Step(
    name="start-from-network",
    title="Start the machine from the network, by hand",
    do=Ask(Chore.START_FROM_NETWORK, evidence=(Signal.ASKED_FOR_BOOT,)),
    within=BY_HAND,
)
AWAIT_BOOT = replace(
    machine_plans.AWAIT_BOOT,
    do=Await(
        Signal.ASKED_FOR_BOOT,
        overrun=(
            "BOOT_NOT_REQUESTED",
            "The start was confirmed but the machine never asked for its boot script: check its MAC address here, its"
            " network boot setting, cabling and DHCP",
        ),
    ),
    within=timedelta(minutes=30),
    back_to=START_FROM_NETWORK.name,
)
AWAIT_INVENTORY = replace(machine_plans.AWAIT_INVENTORY, back_to=START_FROM_NETWORK.name)
AWAIT_INSTALL = replace(machine_plans.AWAIT_INSTALL, back_to=START_FROM_NETWORK.name)
AWAIT_WIPE = replace(machine_plans.AWAIT_WIPE, back_to=START_FROM_NETWORK.name)
START_FROM_DISK = Step(
    name="start-from-disk",
    title="Start the installed system, by hand",
    do=Ask(Chore.START_FROM_DISK, evidence=(Signal.BOOTED,)),
    within=BY_HAND,
)
AWAIT_FIRST_BOOT = replace(machine_plans.AWAIT_FIRST_BOOT, back_to=START_FROM_DISK.name)
RESTART = Step(
    name="restart",
    title="Restart the machine, by hand",
    do=Ask(Chore.RESTART),
    within=BY_HAND,
)

_INTO_AGENT = (START_FROM_NETWORK, AWAIT_BOOT, AWAIT_INVENTORY)


def _plan(type_: WorkflowType, steps: tuple[Step, ...]) -> Plan:
    typical = (timedelta(minutes=10), timedelta(hours=8))
    return Plan(key=f"{type_.value}/manual", version=1, type=type_, steps=steps, typical=typical)


MANUAL_PLANS: Mapping[WorkflowType, Plan] = MappingProxyType(
    {
        plan.type: plan
        for plan in (
            _plan(WorkflowType.ASSET_DISCOVERY, _INTO_AGENT),
            _plan(WorkflowType.OS_PROVISION, (*_INTO_AGENT, AWAIT_INSTALL, START_FROM_DISK, AWAIT_FIRST_BOOT)),
            _plan(WorkflowType.DISK_WIPE, (*_INTO_AGENT, AWAIT_WIPE)),
            _plan(WorkflowType.ASSET_REBOOT, (RESTART,)),
        )
    }
)
"""The plan of each kind of work on one machine without a controller."""
