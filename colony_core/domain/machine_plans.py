"""How work is done on one machine through its controller, as literal tuples of steps.

The steps are those a real machine goes through; `typical` durations are from the documents of the original, and
deadlines leave about twice that.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from msgspec.structs import replace

from colony_core.domain.steps import Action, Await, Perform, Plan, Signal, Step, WorkflowType


def minutes(least: float, most: float) -> tuple[timedelta, timedelta]:
    """Return the typical duration of a plan, from *least* to *most* minutes."""
    return timedelta(minutes=least), timedelta(minutes=most)


CONTACT = Step(
    name="contact",
    title="Reach the management controller",
    do=Perform(Action.CONTACT),
    within=timedelta(seconds=30),
    tries=4,
)
INSPECT = Step(
    name="inspect",
    title="Ask the management controller what the machine is made of",
    do=Perform(Action.INSPECT),
    within=timedelta(seconds=90),
    tries=3,
    optional=True,
)
POWER_OFF = Step(
    name="power-off",
    title="Power the machine off",
    do=Perform(Action.POWER_OFF),
    within=timedelta(seconds=30),
    tries=8,
    pause=timedelta(seconds=2),
)
BOOT_FROM_NETWORK = Step(
    name="boot-from-network",
    title="Set the boot device to network",
    do=Perform(Action.BOOT_FROM_NETWORK),
    within=timedelta(seconds=30),
    tries=4,
    resume_at="power-off",
)
POWER_ON = Step(
    name="power-on",
    title="Power the machine on",
    do=Perform(Action.POWER_ON),
    within=timedelta(seconds=30),
    tries=8,
    pause=timedelta(seconds=2),
    resume_at="power-off",
)
AWAIT_BOOT = Step(
    name="await-boot-request",
    title="Wait for the machine to ask for its boot script",
    do=Await(
        Signal.ASKED_FOR_BOOT,
        overrun=(
            "BOOT_NOT_REQUESTED",
            "BMC accepted boot device pxe but the machine never asked for its boot script: check its network boot"
            " setting, cabling and DHCP",
        ),
    ),
    within=timedelta(minutes=10),
    tries=3,
    back_to="power-off",
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
    back_to="power-off",
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
    back_to="power-off",
)
AWAIT_WIPE = Step(
    name="await-wipe",
    title="Wait for the disks to be erased",
    do=Await(Signal.WIPED, overrun=("WIPE_NOT_REPORTED", "The machine never reported that its disks are erased")),
    within=timedelta(hours=12),
    tries=2,
    back_to="power-off",
)
STOP_AFTER_INSTALL = replace(POWER_OFF, name="stop-after-install", title="Power the machine off after the installation")
BOOT_FROM_DISK = Step(
    name="boot-from-disk",
    title="Set the boot device to disk",
    do=Perform(Action.BOOT_FROM_DISK),
    within=timedelta(seconds=30),
    tries=4,
)
START_INSTALLED = replace(
    POWER_ON, name="start-installed", title="Start the installed system", resume_at="boot-from-disk"
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
    back_to="stop-after-install",
)
TURN_OFF = replace(POWER_OFF, name="turn-off")
LEAVE_OFF = replace(POWER_OFF, name="leave-off", title="Leave the machine powered off", tries=3)

SETTLE_PASSWORD = Step(
    name="settle-password",
    title="Find out which password holds, if that is in doubt",
    do=Perform(Action.SETTLE_PASSWORD),
    within=timedelta(minutes=1),
    tries=4,
    pause=timedelta(seconds=30),
)

INTO_AGENT = (CONTACT, POWER_OFF, BOOT_FROM_NETWORK, POWER_ON, AWAIT_BOOT, AWAIT_INVENTORY)
"""How every machine is brought under control: it boots our agent from the network, and the agent reports."""

ONTO_DISK = (STOP_AFTER_INSTALL, BOOT_FROM_DISK, START_INSTALLED, AWAIT_FIRST_BOOT)
"""How an installed machine gets into its own system."""

ASSET_DISCOVERY_1 = Plan(
    key="asset-discovery",
    version=1,
    type=WorkflowType.ASSET_DISCOVERY,
    steps=(*INTO_AGENT, TURN_OFF),
    after_failure=(LEAVE_OFF,),
    after_cancel=(LEAVE_OFF,),
    typical=minutes(3, 8),
)
ASSET_DISCOVERY = Plan(
    key="asset-discovery",
    version=2,
    type=WorkflowType.ASSET_DISCOVERY,
    # A machine whose controller tells all of it is done after the second step, and is left as it runs.
    steps=(CONTACT, INSPECT, *INTO_AGENT[1:], TURN_OFF),
    after_failure=(LEAVE_OFF,),
    after_cancel=(LEAVE_OFF,),
    typical=minutes(3, 8),
)
OS_PROVISION = Plan(
    key="os-provision",
    version=1,
    type=WorkflowType.OS_PROVISION,
    steps=(*INTO_AGENT, AWAIT_INSTALL, *ONTO_DISK),
    after_failure=(LEAVE_OFF,),
    after_cancel=(LEAVE_OFF,),
    typical=minutes(14, 23),
)
DISK_WIPE = Plan(
    key="disk-wipe",
    version=1,
    type=WorkflowType.DISK_WIPE,
    steps=(*INTO_AGENT, AWAIT_WIPE, TURN_OFF),
    after_failure=(LEAVE_OFF,),
    after_cancel=(LEAVE_OFF,),
    typical=minutes(5, 10),
)
ASSET_REBOOT = Plan(
    key="asset-reboot",
    version=1,
    type=WorkflowType.ASSET_REBOOT,
    steps=(
        CONTACT,
        Step(
            name="set-boot-device",
            title="Set the boot device that was asked for",
            do=Perform(Action.SET_ASKED_BOOT_DEVICE),
            within=timedelta(seconds=30),
            tries=4,
        ),
        Step(
            name="restart",
            title="Restart the machine",
            do=Perform(Action.RESTART),
            within=timedelta(seconds=30),
            tries=3,
        ),
        replace(POWER_ON, name="confirm-power", title="Confirm that the machine has power", resume_at=None),
    ),
    typical=minutes(0.2, 1),
)

BMC_ROTATION = Plan(
    key="bmc-rotation",
    version=1,
    type=WorkflowType.BMC_ROTATION,
    steps=(
        Step(
            name="change-password",
            title="Change the password on the controller, and log in with the new one",
            do=Perform(Action.CHANGE_PASSWORD),
            within=timedelta(minutes=3),
            tries=4,
            pause=timedelta(seconds=15),
        ),
    ),
    after_failure=(SETTLE_PASSWORD,),
    after_cancel=(SETTLE_PASSWORD,),
    typical=minutes(0.1, 0.5),
)

MACHINE_PLANS: Mapping[WorkflowType, Plan] = MappingProxyType(
    {plan.type: plan for plan in (ASSET_DISCOVERY, OS_PROVISION, DISK_WIPE, ASSET_REBOOT)}
)
"""Today's plan of each kind of work on one machine with a controller."""
