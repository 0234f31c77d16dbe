"""A store in one SQLite file: for one server, with nothing else to install."""

from colony_store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
