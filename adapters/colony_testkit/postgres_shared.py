"""One PostgreSQL server for all processes of a test run, and a database for each test.

Whoever uses the server holds a shared lock on a file. The keeper, a process that the first of them starts, waits for
that lock alone: it gets it when the last user has ended, however that ended, and then stops the server.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from colony_testkit.postgres_server import PostgresServer, find_bindir, wait_for


@contextlib.contextmanager
def shared_server(run: str) -> Iterator[str]:
    """Give the URL of the server of the test run of that name: COLONY_TEST_POSTGRES_URL if set, else one of our own."""
    given = os.environ.get("COLONY_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    find_bindir()
    folder = Path(tempfile.gettempdir()) / f"colony-postgres-{os.getuid()}-{run}"
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "users").open("a") as users, (folder / "starting").open("a") as starting:
        fcntl.flock(users, fcntl.LOCK_SH)
        with _locked(starting.fileno()):
            if not (folder / "keeper").exists():
                (folder / "keeper").touch()
                _start_keeper(folder)
        said = wait_for(folder / "url")
        if not said.startswith("postgresql://"):
            raise RuntimeError(said)
        yield said


def database_of(server_url: str, name: str) -> str:
    """Return the URL of the database *name* on the server of *server_url*."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


async def create_database(server_url: str, name: str, *, template: str = "template0") -> str:
    """Make the database *name*, a copy of *template*, and return its URL."""
    await _command(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return database_of(server_url, name)


async def drop_database(server_url: str, name: str) -> None:
    """Remove a database, whoever is connected to it."""
    await _command(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


async def _command(server_url: str, statement: str) -> None:
    connection: Any = await asyncpg.connect(server_url, timeout=60)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextlib.contextmanager
def _locked(file: int) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _start_keeper(folder: Path) -> None:
    command = [sys.executable, "-m", "colony_testkit.postgres_shared", str(folder)]
    subprocess.run(  # noqa: S603 - ourselves
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )


def _keep(folder: Path) -> None:
    """Start the server, wait until nobody uses it, stop it, and remove every trace."""
    told = folder / "url.new"
    server: PostgresServer | None = None
    try:
        try:
            server = PostgresServer.make(folder / "server")
            told.write_text(server.url)
        except Exception as failure:  # noqa: BLE001 - whoever waits for the URL is to hear of it
            told.write_text(f"The test server did not start: {failure}")
        told.rename(folder / "url")
        with (folder / "users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
    finally:
        if server is not None:
            server.stop(mode="immediate")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    # It is nobody's child: whoever starts it may end before it, or after it, and never waits for it.
    if os.fork() == 0:
        os.setsid()
        _keep(Path(sys.argv[1]))
