"""A management controller that nobody here wrote: OpenIPMI's `ipmi_sim` (Debian package `openipmi`) on loopback."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from colony_core.domain.hardware import Bmc, Protocol, System
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access
from colony_testkit.ipmi_records import SimSensor

USER, PASSWORD = "ipmiusr", "test"

GUID = "a123456789abcdefa123456789abcdef"
MACHINE = System(
    manufacturer="Colony Works", model="Rack One", serial="SN-0001", uuid="674523a1-ab89-efcd-a123-456789abcdef"
)
"""What the controller says of its machine; the GUID is read in the byte order of DMI."""

CONFIG = """
name "sim"
set_working_mc 0x20
  startlan 1
    addr {address} {port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid {guid}
  endlan
  chassis_control "{folder}/chassis"
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""
EMULATION = """
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
{fru}
{sensors}
mc_enable 0x20
"""
CHASSIS = """#!/bin/sh
# The machine: one file for each of its properties, and a journal of what was asked.
cd "{folder}/machine" || exit 1
echo "$@" >> ../journal
verb=$1
shift
case $verb in
get) for name; do echo "$name:$(cat "$name" 2>/dev/null || echo 0)"; done ;;
set) while [ $# -ge 2 ]; do echo "$2" > "$1"; shift 2; done ;;
esac
"""

GET_CHANNEL_CAPABILITIES = bytes.fromhex("0600ff07 00 00000000 00000000 09 20 18 c8 81 00 38 8e 04 b5")
"""The first packet of every login; any controller answers it without one."""

STARTS = 500
"""How often, 20 ms apart, a starting controller is asked whether it listens."""


class IpmiSim(Struct, frozen=True):
    """A running controller, and the folder where its machine keeps its state."""

    address: str
    port: int
    folder: Path

    @property
    def access(self) -> Access:
        """Return the way in."""
        return self.access_as(USER, PASSWORD)

    def access_as(self, user: str, password: str, *, port: int | None = None) -> Access:
        """Return the way in of any user, also through another port of the same address."""
        bmc = Bmc(protocol=Protocol.IPMI, address=self.address, port=port or self.port, username=user)
        return Access(bmc=bmc, password=Secret(password))

    def asked(self, request: str) -> int:
        """Return how often the machine was asked to do *request*, such as `set power 1`."""
        journal = self.folder / "journal"
        return journal.read_text().splitlines().count(request) if journal.exists() else 0

    def ipmitool(self, *words: str, password: str = PASSWORD) -> str:
        """Return what ipmitool prints for *words*: a second opinion."""
        host = ["-H", self.address, "-p", str(self.port), "-U", USER, "-E"]
        environment = {**os.environ, "IPMI_PASSWORD": password}
        # -C 3: without it ipmitool asks for cipher suites first, which ipmi_sim does not know, for 10 s.
        command = ["ipmitool", "-I", "lanplus", "-C", "3", *host, *words]
        answer = subprocess.run(  # noqa: S603  # the words are a test's own
            command, env=environment, capture_output=True, check=True, text=True, timeout=60
        )
        return answer.stdout


def missing_programs() -> list[str]:
    """Return the programs that are needed here and not installed."""
    return [program for program in ("ipmi_sim", "ipmitool") if shutil.which(program) is None]


@contextmanager
def ipmi_sim(
    folder: Path, *, address: str = "127.0.0.1", fru: bytes | None = None, sensors: Sequence[SimSensor] = ()
) -> Iterator[IpmiSim]:
    """Run a controller of a machine that is off, on a free port, until the end of the block.

    *folder* must exist, and its path hold no blank. *fru* is the content of FRU device 0; by default `MACHINE`'s.
    Its repository describes *sensors*, and each shows its raw value.
    """
    sim = IpmiSim(address, _free_port(address), folder)
    _write(sim, fru=product_fru(MACHINE) if fru is None else fru, sensors=sensors)
    files = ["-c", f"{folder}/lan.conf", "-f", f"{folder}/emulation", "-s", f"{folder}/state"]
    with (
        (folder / "output").open("w") as output,
        subprocess.Popen(  # noqa: S603  # what runs is written above
            ["ipmi_sim", *files, "-n"],  # noqa: S607  # wherever the system keeps it
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            _wait_until_it_answers(sim, process)
            yield sim
        finally:
            process.kill()


def product_fru(system: System) -> bytes:
    """Return a FRU with a product area that says what *system* says, and nothing else."""
    fields = [system.manufacturer, system.model, "", "", system.serial, "", ""]
    body = b"\x19" + b"".join(bytes([0xC0 | len(text)]) + text.encode("latin-1") for text in fields) + b"\xc1"
    area = b"\x01" + bytes([(len(body) + 3 + 7) // 8]) + body
    area = area.ljust(area[1] * 8 - 1, b"\0")
    return _summed(bytes([1, 0, 0, 0, 1, 0, 0])) + _summed(area)


def _summed(content: bytes) -> bytes:
    return content + bytes([-sum(content) & 0xFF])


def _write(sim: IpmiSim, *, fru: bytes, sensors: Sequence[SimSensor]) -> None:
    (sim.folder / "machine").mkdir()
    (sim.folder / "machine" / "boot").write_text("none\n")
    (sim.folder / "state").mkdir()
    config = CONFIG.format(
        address=sim.address, port=sim.port, folder=sim.folder, guid=GUID, user=USER, password=PASSWORD
    )
    (sim.folder / "lan.conf").write_text(config)
    data = f"mc_add_fru_data 0x20 0 {len(fru)} data {' '.join(map(str, fru))}" if fru else ""
    (sim.folder / "emulation").write_text(EMULATION.format(fru=data, sensors="\n".join(map(_sensor, sensors))))
    chassis = sim.folder / "chassis"
    chassis.write_text(CHASSIS.format(folder=sim.folder))
    chassis.chmod(0o700)


def _sensor(sensor: SimSensor) -> str:
    """Return the commands that make a sensor: its record, itself, and what it shows; one without value is off."""
    number, shown = sensor.number, sensor.raw is not None
    lines = [f"main_sdr_add 0x20 {' '.join(map(str, sensor.record))}"]
    lines += [f"sensor_add 0x20 0 {number} {sensor.record[12]} 1"] if sensor.exists else []
    if sensor.exists and shown:
        lines += [f"sensor_set_value 0x20 0 {number} {sensor.raw} 0"]
    if sensor.exists:
        lines += [
            f"sensor_set_event_support 0x20 0 {number} disable {'scanning' if shown else 'no-scanning'} none "
            "000000000000000 000000000000000 000000000000000 000000000000000"
        ]
    return "\n".join(lines)


def _free_port(address: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(sim: IpmiSim, process: subprocess.Popen[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.02)
        for _ in range(STARTS):
            if process.poll() is not None:
                break
            probe.sendto(GET_CHANNEL_CAPABILITIES, (sim.address, sim.port))
            try:
                probe.recv(100)
            except TimeoutError:
                continue
            return
    raise RuntimeError(f"ipmi_sim does not answer; it printed: {(sim.folder / 'output').read_text()}")
