"""How a file gets today's schema: the numbered .sql files beside this module, each in one transaction."""

import functools
import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

from colony_store.refusals import NotOurs, SchemaTooNew

APPLICATION_ID = 0x436C6E79
"""`Clny`: marks the file as Colony's, as SQLite's header has it."""

_FILE = re.compile(r"(\d{4})_\w+\.sql")


def scripts() -> dict[int, str]:
    """Return the migrations by number, in order: 1, 2, 3, ..."""
    found = ((_FILE.fullmatch(entry.name), entry) for entry in files(__name__).iterdir())
    return dict(sorted((int(match[1]), entry.read_text(encoding="utf-8")) for match, entry in found if match))


@functools.cache
def current_version() -> int:
    """Return the number of the last migration that this release knows."""
    return max(scripts())


def version_of(connection: sqlite3.Connection) -> int:
    """Return the number of the last migration that the file went through."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to today's schema; raise `SchemaTooNew` or `NotOurs` and leave it alone if that is impossible."""
    known = scripts()
    _check_ours(connection)
    present = version_of(connection)
    if present > current_version():
        raise SchemaTooNew(
            f"The database has schema {present}, and this release knows schemas up to {current_version()}:"
            " nothing was changed"
        )
    for number, script in known.items():
        if number > present:
            _apply(connection, number, script)


def _check_ours(connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and tables:
        raise NotOurs("The file is a SQLite database of another program: nothing was changed")


def _apply(connection: sqlite3.Connection, number: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Two processes may start at once: the second finds the work done.
        if version_of(connection) < number:
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of *script*; unlike `executescript` this leaves the transaction open."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
