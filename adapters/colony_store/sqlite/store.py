"""The store itself: who may read and write the file when."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal

from colony_core.ports.persistence import Transaction
from colony_store.sealing import Sealer

Synchronous = Literal["full", "off"]


class SqliteStore:
    """Everything that Colony remembers, in the SQLite file at *path*; made with `SqliteStore.open`."""

    @classmethod
    async def open(cls, path: Path, *, sealer: Sealer, synchronous: Synchronous = "full") -> "SqliteStore":
        """Return the store in the file at *path*, made and migrated if need be."""
        raise NotImplementedError

    def acquire_server_lock(self) -> None:
        """Keep every other server off this file until `aclose`; raise `StoreInUse` when one has it."""
        raise NotImplementedError

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin to change things; see `colony_core.ports.persistence.Store`."""
        raise NotImplementedError

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin to look at things; see `colony_core.ports.persistence.Store`."""
        raise NotImplementedError

    async def check(self) -> None:
        """Return if the store is reachable and its schema is current; raise `StoreUnavailable` otherwise."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Let go of every connection."""
        raise NotImplementedError
