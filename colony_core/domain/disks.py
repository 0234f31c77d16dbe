"""Which disk an installation writes to. A wrong answer destroys data, so every doubt is a refusal."""

from colony_core.domain.hardware import GB, Disk, Inventory
from colony_core.domain.validation import Finding, Rule, Severity, ValidationFailed

DISK_ABSENT = Rule(
    id="disk.absent",
    severity=Severity.ERROR,
    summary="The machine has the disk that is asked for.",
    reason="An installation that finds no disk fails late; one that guesses destroys data.",
    hint="Name a fixed disk of the asset's inventory by path, by-id, serial or WWN.",
    sentence="{path}: found {observed}, but the installation needs {expected}",
)
DISK_AMBIGUOUS = Rule(
    id="disk.ambiguous",
    severity=Severity.ERROR,
    summary="Exactly one disk answers to the choice, or fits when there is none.",
    reason="The chosen disk is wiped: a choice that two disks answer to is no choice.",
    hint="Set diskDevice to the serial, the WWN or the by-id path of one disk.",
    sentence="{path}: found {observed}, but the installation needs {expected}",
)
DISK_REMOVABLE = Rule(
    id="disk.removable",
    severity=Severity.ERROR,
    summary="The disk is not removable.",
    reason="A USB stick or a virtual medium can vanish, and with it the node.",
    hint="Name a fixed disk of the asset's inventory.",
    sentence="{path}: found {observed}, but the installation needs {expected}",
)
DISK_TOO_SMALL = Rule(
    id="disk.too_small",
    severity=Severity.ERROR,
    summary="The disk is at least as large as the platform can be installed on at all.",
    reason="Talos refuses a smaller disk, and k3s has no room for its images.",
    hint="Name a larger disk, or use another machine.",
    sentence="{path}: found {observed}, but the installation needs {expected}",
)
DISK_RULES = (DISK_ABSENT, DISK_AMBIGUOUS, DISK_REMOVABLE, DISK_TOO_SMALL)


class DiskNotResolved(ValidationFailed):
    """No disk, or more than one, answers to the choice; `finding` says which rule that breaks."""

    def __init__(self, finding: Finding) -> None:
        super().__init__((finding.violation(),))
        self.finding = finding


def resolve_disk(inventory: Inventory, wanted: str | None, *, minimum_bytes: int, path: str = "diskDevice") -> Disk:
    """Return the one disk that *wanted* names; without a choice, the only fixed disk that is large enough.

    *wanted* is a kernel path, a by-id path, a serial or a WWN. A disk that has a twin (the same model, serial, WWN and
    size) cannot be meant: its path may be the twin's at the next start. Raises `DiskNotResolved`, found at *path*.
    """
    named = inventory.disks if wanted is None else tuple(inventory.disks_named(wanted))
    called = "" if wanted is None else f" that answers to {_shown(wanted)}"
    if not named:
        raise _refused(DISK_ABSENT, path, f"no disk{called} among {_listed(inventory.disks)}", "a fixed disk")
    fixed = tuple(disk for disk in named if not disk.removable)
    if not fixed:
        raise _refused(DISK_REMOVABLE, path, f"only the removable {_listed(named)}", "a fixed disk")
    fitting = tuple(disk for disk in fixed if disk.size_bytes >= minimum_bytes)
    if not fitting:
        raise _refused(DISK_TOO_SMALL, path, f"only {_listed(fixed)}", f"at least {_size(minimum_bytes)}")
    # A name must mean one disk, whatever the others are like; only without a name do kind and size choose.
    candidates = fitting if wanted is None else named
    if len(candidates) > 1:
        raise _refused(DISK_AMBIGUOUS, path, f"{len(candidates)} disks{called}: {_listed(candidates)}", "one")
    (chosen,) = candidates
    twins = tuple(disk for disk in inventory.disks if disk.marks == chosen.marks)
    if len(twins) > 1:
        alike = f"{len(twins)} disks with the same model, serial and WWN: {_listed(twins)}"
        raise _refused(DISK_AMBIGUOUS, path, alike, "one that can be told from the others")
    return chosen


def _refused(rule: Rule, path: str, observed: str, expected: str) -> DiskNotResolved:
    return DiskNotResolved(rule.broken(path, observed=observed, expected=expected))


def _listed(disks: tuple[Disk, ...]) -> str:
    return ", ".join(f"{disk.name} ({_size(disk.size_bytes)})" for disk in disks) or "no disks"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / GB:.4g} GB"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
