"""Redfish controllers to read, living and dead, and who reads them: our adapter, and sushy in threads."""

import asyncio
import datetime
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import bcrypt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.bmc_rack import Rack, Target, address
from benchmarks.bmc_readers import Reader, Sweep, swept
from colony_bmc.redfish import DEADLINE, RedfishHardware
from colony_core.domain.hardware import Protocol
from colony_testkit.sushy_emulator import PASSWORD, USER

EACH = 50
"""Controllers in one process of emulators."""

THREADS = 32
"""In how many threads sushy reads: with 16 and with 64 it took as long, or longer."""

STARTING = 300.0
"""Seconds that a process of emulators has until they listen."""


@asynccontextmanager
async def redfish_rack(living: int, *, dead: int, folder: Path) -> AsyncIterator[Rack]:
    """Run so many controllers while inside. A dead one takes connections, and says nothing on any."""
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(dir=folder, prefix="colony-redfish-")))
        numbers = range(living)
        parts = [numbers[first : first + EACH] for first in range(0, living, EACH)]
        started = [await _started(stack, place / str(part.start), part) for part in parts]
        mute = [_mute(stack, number) for number in range(dead)]
        yield Rack(tuple(target for targets in started for target in targets), tuple(mute))


async def _started(stack: AsyncExitStack, folder: Path, numbers: range) -> list[Target]:
    await asyncio.to_thread(_furnish, folder)
    addresses = [address(82, number) for number in numbers]
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.bmc_emulators", str(folder), *addresses, stdout=PIPE, stderr=output
        )
    stack.push_async_callback(_ended, process)
    assert process.stdout is not None
    async with asyncio.timeout(STARTING):
        ports = [int(await process.stdout.readline() or 0) for _ in addresses]
    if not all(ports):
        raise RuntimeError(f"The emulators did not start: {(folder / 'output').read_text()[-2000:]}")
    return [
        Target(where, port, lives=True, protocol=Protocol.REDFISH) for where, port in zip(addresses, ports, strict=True)
    ]


def _furnish(folder: Path) -> None:
    folder.mkdir()
    (folder / "passwords").write_text(f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
    (folder / "certificate.pem").write_bytes(_certificate())


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


def _mute(stack: AsyncExitStack, number: int) -> Target:
    end = stack.enter_context(socket.socket())
    end.bind((address(83, number), 0))
    end.listen(128)
    where, port = end.getsockname()
    return Target(where, port, lives=False, protocol=Protocol.REDFISH)


def _certificate() -> bytes:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bmc")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=2))
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return own + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


async def by_colony(targets: Sequence[Target]) -> Sweep:
    """Read all at once, in this process."""
    return await swept(RedfishHardware(), targets)


async def by_sushy(targets: Sequence[Target], *, python: str) -> Sweep:
    """Let sushy read them in threads, with our deadline for each request."""
    script = str(Path(__file__).with_name("bmc_sushy.py"))
    process = await asyncio.create_subprocess_exec(
        *(python, script, USER, PASSWORD, str(DEADLINE), str(THREADS)), stdin=PIPE, stdout=PIPE
    )
    said, _ = await process.communicate("\n".join(target.place for target in targets).encode())
    if process.returncode:
        raise RuntimeError(f"{python} could not run sushy: see above")
    *answered, over, cpu = map(float, said.split())
    return Sweep(max(answered, default=0.0), over, cpu, len(answered))


def redfish_readers(sushy: str | None) -> dict[str, Reader]:
    """Return who reads: sushy too, if the Python *sushy* that has it is named."""
    if sushy is None:
        return {"colony": by_colony}
    return {"colony": by_colony, f"sushy, {THREADS} threads": partial(by_sushy, python=sushy)}
