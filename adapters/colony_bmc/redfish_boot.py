"""The boot override of a Redfish system: where the next start boots from, once, and through which firmware."""

from colony_bmc.quirks import Behaviour, behaves
from colony_bmc.redfish_answers import Document, part, text, words
from colony_bmc.redfish_system import RedfishSystem
from colony_core.domain.hardware import BootDevice, BootMode, Protocol
from colony_core.ports.hardware import BmcCommandRefused, BmcProtocolError

ENABLED, TARGET, MODE = "BootSourceOverrideEnabled", "BootSourceOverrideTarget", "BootSourceOverrideMode"
TARGETS = {BootDevice.PXE: "Pxe", BootDevice.DISK: "Hdd"}
MODES = {BootMode.UEFI: "UEFI", BootMode.BIOS: "Legacy"}
NOT_HERE = frozenset({400, 404, 405, 409, 501})
"""How a system answers whose overrides are to be written to its settings resource instead."""


async def read_boot_device(system: RedfishSystem) -> BootDevice | None:
    """Return what the next start's override names: the one that waits in the settings, or else the one in force.

    An override that lasts (`Continuous`) may be in force while another one waits, which then takes its place.
    """
    boot = part(system.document, "Boot")
    if settings := system.settings:
        waiting = part((await system.session.look(settings)).document, "Boot")
        boot = waiting if _overrides(waiting) else boot
    if not _overrides(boot):
        return None
    return next((device for device, target in TARGETS.items() if target == text(boot, TARGET)), None)


async def override_boot(system: RedfishSystem, device: BootDevice, mode: BootMode | None) -> None:
    """Write the override, and raise unless it reads back."""
    boot = part(system.document, "Boot")
    offered = words(boot, f"{TARGET}@Redfish.AllowableValues")
    if offered and TARGETS[device] not in offered:
        raise BmcCommandRefused(
            f"The controller at {system.session.where} cannot boot its machine from {TARGETS[device]},"
            f" only from {', '.join(offered)}"
        )
    await _write(system, {"Boot": _wish(system, device, mode)})
    await system.refresh()
    kept = await read_boot_device(system)
    now = text(part(system.document, "Boot"), MODE)
    if kept is not device:
        raise BmcProtocolError(f"The controller at {system.session.where} did not keep the boot device {device}")
    if mode is not None and now and now != MODES[mode] and not system.settings:
        raise BmcProtocolError(f"The controller at {system.session.where} did not keep the firmware mode {mode}")


def _wish(system: RedfishSystem, device: BootDevice, mode: BootMode | None) -> Document:
    """Return what is written; the mode only if it changes, as some firmware refuses the word even for what is so.

    A controller that shows no mode has none to choose, and refuses to be told one (docs/quirks.md).
    """
    present = text(part(system.document, "Boot"), MODE)
    wanted = MODES[mode] if mode is not None and present else present
    maker, model = text(system.document, "Manufacturer"), text(system.document, "Model")
    says_mode = behaves(Behaviour.SAY_BOOT_MODE, Protocol.REDFISH, maker, model)
    wish = {ENABLED: "Once", TARGET: TARGETS[device]}
    return wish | ({MODE: wanted} if wanted and (wanted != present or says_mode) else {})


async def _write(system: RedfishSystem, body: Document) -> None:
    answer = await system.session.change("PATCH", system.path, body)
    system.learn_settings(answer)
    if answer.status in NOT_HERE and system.settings:
        answer = await system.session.change("PATCH", system.settings, body)
    if not answer.good:
        raise system.session.complaint(answer, "the boot override")


def _overrides(boot: Document) -> bool:
    return text(boot, ENABLED) not in ("", "Disabled") and text(boot, TARGET) not in ("", "None")
