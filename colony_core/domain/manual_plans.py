"""How work is done on a machine without a management controller: a person presses, the machine's own word counts.

Nobody is called only to switch a machine off: it is left as it is when the work ends, and whoever starts it for other
work switches it off first. An agent that is still there has lost its token with the end of the work.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from colony_core.domain.workflows import Ask, Await, Chore, Plan, Signal, Step, WorkflowType

BY_HAND = timedelta(hours=24)
"""How long a person has for one task, unless the operator's setting says otherwise."""

START_FROM_NETWORK = Step(
    name="start-from-network",
    title="Start the machine from the network, by hand",
    do=Ask(Chore.START_FROM_NETWORK, evidence=(Signal.ASKED_FOR_BOOT,)),
    within=BY_HAND,
)
AWAIT_BOOT = Step(
    name="await-boot-request",
    title="Wait for the machine to ask for its boot script",
    do=Await(
        Signal.ASKED_FOR_BOOT,
        overrun=(
            "BOOT_NOT_REQUESTED",
            "The start was confirmed but the machine never asked for its boot script: check its MAC address here, its"
            " network boot setting, cabling and DHCP",
        ),
    ),
    within=timedelta(minutes=30),
    tries=3,
    back_to="start-from-network",
)
AWAIT_INVENTORY = Step(
    name="await-inventory",
    title="Wait for the machine's inventory",
    do=Await(
        Signal.SENT_INVENTORY,
        overrun=("INVENTORY_NOT_SENT", "The machine asked for its boot script but never sent its inventory"),
    ),
    within=timedelta(minutes=10),
    tries=3,
    back_to="start-from-network",
)
AWAIT_INSTALL = Step(
    name="await-install",
    title="Wait for the installation",
    do=Await(
        Signal.INSTALLED,
        overrun=("INSTALL_NOT_REPORTED", "The machine never reported the end of its installation"),
    ),
    within=timedelta(minutes=45),
    tries=2,
    back_to="start-from-network",
)
AWAIT_WIPE = Step(
    name="await-wipe",
    title="Wait for the disks to be erased",
    do=Await(Signal.WIPED, overrun=("WIPE_NOT_REPORTED", "The machine never reported that its disks are erased")),
    within=timedelta(hours=12),
    tries=2,
    back_to="start-from-network",
)
START_FROM_DISK = Step(
    name="start-from-disk",
    title="Start the installed system, by hand",
    do=Ask(Chore.START_FROM_DISK, evidence=(Signal.BOOTED,)),
    within=BY_HAND,
)
AWAIT_FIRST_BOOT = Step(
    name="await-first-boot",
    title="Wait for the installed system to come up",
    do=Await(
        Signal.BOOTED,
        overrun=("FIRST_BOOT_NOT_REPORTED", "The installed system never reported that it is up"),
    ),
    within=timedelta(minutes=20),
    tries=2,
    back_to="start-from-disk",
)
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
