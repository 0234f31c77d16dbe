"""What the errors of PostgreSQL, and of the way to it, mean to a caller."""

import contextlib
import socket
from collections.abc import Iterator

import asyncpg

from colony_core.ports.persistence import StoreUnavailable

_BY_STATE = {
    "25006": "this server is a standby, which cannot be written to",
    "25P03": "a transaction stood still for too long",
    "28000": "it does not let this user in",
    "28P01": "it does not let this user in",
    "3D000": "there is no such database",
    "40001": "another transaction was faster; nothing was written",
    "40P01": "another transaction was in the way; nothing was written",
    "42501": "the user of the database lacks a privilege",
    "53100": "its disk is full",
    "53200": "it is out of memory",
    "53300": "it has no connection to spare",
    "55P03": "another transaction holds it up",
    "57014": "a statement took too long",
}
"""By SQLSTATE: what says something about the server, its disk or its other users, and nothing about our SQL."""

_BY_CLASS = {
    "08": "the connection broke",
    "53": "it lacks a resource",
    "57": "it is stopping or starting",
    "58": "its disk cannot be read or written",
    "F0": "its configuration is at fault",
    "XX": "its data is damaged",
}
"""By the first two characters of the SQLSTATE."""

_BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises where a connection is of no use; the second between a server's good-bye and the end of it."""


def reason_of(error: BaseException) -> str | None:
    """Return what *error* says about the server, or None when it is our own fault."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    if isinstance(error, socket.gaierror):
        return "its host is unknown"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return "the connection broke" if isinstance(error, (OSError, *_BROKEN)) else None


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what is said about the server and its users into `StoreUnavailable`."""
    try:
        yield
    except (asyncpg.PostgresError, OSError, *_BROKEN) as error:
        reason = reason_of(error)
        if reason is None:
            raise
        raise StoreUnavailable(f"The database is out of reach: {reason}") from error
