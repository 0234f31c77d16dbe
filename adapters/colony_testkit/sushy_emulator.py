"""A Redfish controller that nobody here wrote: OpenStack's `sushy-emulator` (package `sushy-tools`) on loopback.

It runs as a process of its own with its fake driver, and keeps its own state. Two things are added from outside, as it
has no settings for them: power follows at once instead of within 11 s, and the machine has processors and memory.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from colony_core.domain.hardware import Bmc, Protocol
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access

USER, PASSWORD = "admin", "sushy-passw0rd"
UUID = "27946b59-9e44-4fa7-8e91-f3527a1ef094"
MAC = "00:5c:52:31:3a:9c"

STARTS = 1500
"""How often, 20 ms apart, a starting emulator is asked whether it listens."""

LAUNCHER = """
import json, sys
from unittest import mock
from sushy_tools.emulator import main
from sushy_tools.emulator.resources.systems import fakedriver

settings = json.loads(sys.argv.pop(1))
fakedriver.random = mock.Mock(randint=lambda least, most: 0)
if settings["whole"]:
    fakedriver.FakeDriver.get_processors = lambda self, identity: [
        {"id": f"CPU{n}", "socket": f"CPU {n}", "vendor": "Intel", "model": "Intel Xeon", "cores": 8, "threads": 16}
        for n in (0, 1)
    ]
    fakedriver.FakeDriver.get_total_memory = lambda self, identity: 64
    fakedriver.FakeDriver.get_total_cpus = lambda self, identity: 2
sys.exit(main.main())
"""
CONFIG = """
SUSHY_EMULATOR_STATE_DIR = {state!r}
SUSHY_EMULATOR_AUTH_FILE = {passwords!r}
SUSHY_EMULATOR_STORAGE = {{{uuid!r}: [{{"Id": "1", "Name": "Local Storage", "StorageControllers": [],
                                       "Drives": ["32ADF365C6C1B7BD"]}}]}}
SUSHY_EMULATOR_DRIVES = {{({uuid!r}, "1"): [{{"Id": "32ADF365C6C1B7BD", "Name": "Drive 1",
                                             "CapacityBytes": 899527000000, "Protocol": "SAS"}}]}}
"""


class SushyEmulator(Struct, frozen=True):
    """A running emulator."""

    access: Access
    process: subprocess.Popen[str]

    def access_as(self, password: str, **changes: object) -> Access:
        """Return the way in with another password, or by another way of reaching it."""
        return Access(bmc=replace(self.access.bmc, **changes), password=Secret(password))


@contextmanager
def sushy_emulator(
    folder: Path, *, password_hash: str, whole: bool = True, certificate: tuple[Path, Path] | None = None
) -> Iterator[SushyEmulator]:
    """Run an emulator of a machine that is off, until the end of the block.

    *password_hash* is `PASSWORD` as bcrypt has it; a machine that is not *whole* has no processors; *certificate* and
    key make it speak TLS.
    """
    port = _free_port()
    (folder / "state").mkdir()
    passwords = folder / "passwords"
    passwords.write_text(f"{USER}:{password_hash}\n")
    (folder / "config").write_text(CONFIG.format(state=str(folder / "state"), passwords=str(passwords), uuid=UUID))
    options = ["--fake", "--interface", "127.0.0.1", "--port", str(port), "--config", str(folder / "config")]
    if certificate is not None:
        options += ["--ssl-certificate", str(certificate[0]), "--ssl-key", str(certificate[1])]
    settings = '{"whole": true}' if whole else '{"whole": false}'
    with (
        (folder / "output").open("w") as output,
        subprocess.Popen(  # noqa: S603  # what runs is written above
            [sys.executable, "-c", LAUNCHER, settings, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        try:
            _await_start(process, port)
            bmc = Bmc(protocol=Protocol.REDFISH, address="127.0.0.1", port=port, username=USER, verify_tls=False)
            yield SushyEmulator(Access(bmc, Secret(PASSWORD)), process)
        finally:
            process.kill()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _await_start(process: subprocess.Popen[str], port: int) -> None:
    for _ in range(STARTS):
        if process.poll() is not None:
            raise RuntimeError(f"sushy-emulator ended with {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    raise RuntimeError("sushy-emulator does not listen")
