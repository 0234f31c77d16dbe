"""Requests that may be sent again: the first one acts, every further one gets the same answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colony_core.errors import Conflict
from colony_core.ports.clock import Clock
from colony_core.ports.persistence import Answer, Store, Transaction


class IdempotencyKeyReused(Conflict):
    """The key was used for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"
    summary = "Idempotency key was used for another request"
    advice = "Use a new key for a new request; repeat a request word for word."

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency-Key '{key}' was used with another request in the last 24 hours: use a new key")


class Undo(Exception):
    """Raised inside `once` to drop everything that the request did; it goes no further."""


class Repeat:
    """One request that may be a repetition: either `answer` is what was answered before, or it is to be given."""

    def __init__(self, tx: Transaction, caller: str, key: str, *, answer: Answer | None) -> None:
        self._tx = tx
        self._caller = caller
        self._key = key
        self.answer = answer

    def keep(self, answer: Answer) -> None:
        """Give this answer to every repetition. It is on disk together with what the request did, or neither is."""
        self._tx.answers.put(self._caller, self._key, answer)


class Repeats:
    """Binds a request's doing and its answer into one transaction."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @asynccontextmanager
    async def once(self, caller: str, key: str, *, digest: str) -> AsyncIterator[Repeat]:
        """Enter with the answer to an earlier request of *caller* with *key*, if there was one.

        Use cases called inside join the transaction. An exception drops what they did; `Undo` does so silently.
        Raises `IdempotencyKeyReused` when the earlier request had another *digest*.
        """
        try:
            async with self._store.transaction() as tx:
                answer = await tx.answers.get(caller, key, now=self._clock.now())
                if answer is not None and answer.digest != digest:
                    raise IdempotencyKeyReused(key)
                yield Repeat(tx, caller, key, answer=answer)
        except Undo:
            return
