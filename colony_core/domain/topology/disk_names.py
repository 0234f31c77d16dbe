"""How a disk may be called: by a device path, or by the serial or WWN that its maker gave it."""

import re

from colony_core.domain.topology.wording import shown
from colony_core.domain.validation import Finding, Rule, Severity

DISK_MALFORMED = Rule(
    id="disk.malformed",
    severity=Severity.ERROR,
    summary="A disk is named by the path of a whole disk, by a by-id or by-path link, by serial or by WWN.",
    reason="The name reaches an installer that writes to it: a partition, a blank or a shell character is a mistake.",
    hint="Write /dev/nvme0n1, /dev/disk/by-id/..., or the serial or WWN of the inventory.",
)

_PATH = re.compile(
    r"/dev/(?:sd[a-z]{1,2}|vd[a-z]|xvd[a-z]|hd[a-z]|nvme[0-9]+n[0-9]+|mmcblk[0-9]+"
    r"|disk/by-(?:id|path)/[A-Za-z0-9._:+-]+)"
)
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")


def read_disk(text: str | None, path: str, *, notes: list[Finding]) -> str | None:
    """Return the name of a disk in *text*, or None where there is none to read."""
    name = (text or "").strip()
    if name and not (_PATH.fullmatch(name) or _SERIAL.fullmatch(name)):
        expected = "the path of a whole disk, a serial or a WWN"
        notes.append(DISK_MALFORMED.broken(path, observed=shown(name), expected=expected))
        return None
    return name or None
