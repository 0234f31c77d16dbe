"""Everything that a Redfish controller tells with one login, and the resources that it took."""

from colony_bmc.examination import Parts, notes_on
from colony_bmc.redfish_answers import UNAUTHENTICATED, Answer, link, part, parts, text, words
from colony_bmc.redfish_boot import MODE, TARGET, read_boot_device
from colony_bmc.redfish_inventory import read_inventory
from colony_bmc.redfish_parts import collected, linked
from colony_bmc.redfish_sensors import read_sensors
from colony_bmc.redfish_session import ROOT
from colony_bmc.redfish_system import RedfishSystem, identity_of
from colony_core.domain.findings import BootOptions, Findings, Refusal
from colony_core.domain.hardware import Power, Protocol

REASONS = {
    UNAUTHENTICATED: "it wants another login",
    403: "the user may not, or a licence is missing",
    404: "not there",
}


class Seen:
    """The resources that were read, in their order."""

    def __init__(self) -> None:
        self.resources: list[tuple[str, Answer]] = []

    def note(self, path: str, answer: Answer) -> None:
        """Keep what was read."""
        self.resources.append((path, answer))

    def refused(self) -> list[Refusal]:
        """Return the resources that were not shown, without those that were with another slash at the end."""
        shown = {path.rstrip("/") for path, answer in self.resources if answer.good}
        failed = {
            path.rstrip("/"): answer.status
            for path, answer in self.resources
            if answer.status >= 400 and path.rstrip("/") not in shown
        }
        return [Refusal(what=path, why=_why(status)) for path, status in failed.items()]


async def read_findings(system: RedfishSystem, seen: Seen, power: Power) -> Findings:
    """Return all that is told of *system*, whose *power* is known already."""
    document, asked = system.document, Parts()
    root = (await system.session.look(ROOT)).document
    firmware = await asked.read("the controller's firmware", _firmware(system, link(part(root, "Managers")))) or ""
    vendor = text(document, "Manufacturer") or text(root, "Vendor")
    model = text(document, "Model") or text(root, "Product")
    boot = await asked.read("the boot override", _boot(system))
    resets = await asked.read("the ways to restart", system.offered_resets())
    inventory = await asked.read("the inventory", read_inventory(system))
    sensors = await asked.read("the sensors", read_sensors(system))
    return Findings(
        protocol=Protocol.REDFISH,
        vendor=vendor,
        model=model,
        firmware=firmware,
        identity=identity_of(document),
        power=power,
        boot=boot or BootOptions(),
        resets=tuple(resets or ()),
        inventory=inventory,
        sensors=sensors,
        quirks=notes_on(Protocol.REDFISH, vendor, model, firmware),
        refused=(*asked.refused, *seen.refused()),
    )


async def _firmware(system: RedfishSystem, managers: str) -> str:
    """Return the version of the manager that the system names, or else of the first one there is."""
    named = await linked(system.session, parts(part(system.document, "Links"), "ManagedBy"))
    found = named or await collected(system.session, managers)
    return next(filter(None, (text(manager, "FirmwareVersion") for manager in found)), "")


async def _boot(system: RedfishSystem) -> BootOptions:
    boot = part(system.document, "Boot")
    return BootOptions(
        device=await read_boot_device(system),
        mode=text(boot, MODE),
        targets=tuple(words(boot, f"{TARGET}@Redfish.AllowableValues")),
        modes=tuple(words(boot, f"{MODE}@Redfish.AllowableValues")),
    )


def _why(status: int) -> str:
    return f"status {status}" + (f": {REASONS[status]}" if status in REASONS else "")
