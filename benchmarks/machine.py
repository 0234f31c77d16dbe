"""The machine that the figures come from: without it they mean nothing."""

import os
import platform
import sqlite3
import sys
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

LIBRARIES = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "aiosqlite", "cryptography")


class Machine(Struct, frozen=True, kw_only=True):
    """What the figures depend on beside the code; `load` is the load average of the last minute before the run."""

    cores: int
    processor: str
    kernel: str
    python: str
    sqlite: str
    libraries: dict[str, str]
    file_system: str
    load: float


def machine(folder: Path) -> Machine:
    """Return this machine, with the file system of *folder*."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        processor=_processor(),
        kernel=platform.release(),
        python=f"{platform.python_implementation()} {sys.version.split()[0]}",
        sqlite=sqlite3.sqlite_version,
        libraries={name: version(name) for name in LIBRARIES},
        file_system=_file_system(folder.resolve()),
        load=os.getloadavg()[0],
    )


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _file_system(folder: Path) -> str:
    """Return the type of the file system that *folder* is on: fsync costs nothing on some."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    above = [(place, kind) for place, kind in mounts if folder.is_relative_to(place)]
    return max(above, key=lambda mount: len(mount[0]), default=("/", "unknown"))[1]
