"""Secrets and answers in PostgreSQL, sealed for the place where they lie."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import Answer
from colony_core.ports.sealing import Sealer
from colony_store.columns import micros, moment
from colony_store.postgres.held import Held
from colony_store.postgres.queries import OTHERS
from colony_store.postgres.texts import received
from colony_store.postgres.unit import Unit
from colony_store.records import ANSWERS

KEPT_FOR = timedelta(hours=24)


class PostgresVault:
    """See `colony_core.ports.persistence.Vault`."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._unit = unit
        self._sealer = sealer
        self._held = Held(unit)

    async def get(self, owner: str, name: str) -> Secret | None:
        """Return the secret, or None; raise `WrongKey` when it was altered or moved."""
        query = OTHERS["secret_get"]
        rows = await self._unit.run(lambda link: link.rows(query, owner, name))
        return self._opened(owner, name, rows[0][0]) if rows else None

    async def get_many(self, owners: Sequence[str], name: str) -> dict[str, Secret]:
        """Return the secrets of that *name*; raise `WrongKey` when one of them was altered or moved."""
        wanted = list(owners)
        rows = await self._unit.run(lambda link: link.rows(OTHERS["secrets_get"], wanted, name))
        return {(of := received(owner)): self._opened(of, name, sealed) for owner, sealed in rows}

    def put(self, owner: str, name: str, secret: Secret) -> None:
        """Hold back a secret, sealed already."""
        sealed = self._sealer.seal(secret.reveal().encode(), _place("vault", owner, name))
        self._held.add("secret_put", owner, name, sealed)

    def remove(self, owner: str) -> None:
        """Hold back the end of every secret of *owner*."""
        self._held.add("secret_remove", owner)

    def _opened(self, owner: str, name: str, sealed: bytes) -> Secret:
        return Secret(self._sealer.open(sealed, _place("vault", owner, name)).decode())


class PostgresAnswers:
    """See `colony_core.ports.persistence.Answers`. Each new answer takes the expired ones off the disk."""

    def __init__(self, unit: Unit, sealer: Sealer) -> None:
        self._unit = unit
        self._sealer = sealer
        self._held = Held(unit)

    async def get(self, caller: str, key: str, *, now: datetime) -> Answer | None:
        """Return what was answered less than 24 hours ago."""
        query = OTHERS["answer_get"]
        rows = await self._unit.run(lambda link: link.rows(query, caller, key))
        if not rows or moment(rows[0][0]) + KEPT_FOR <= now:
            return None
        _, version, sealed = rows[0]
        return ANSWERS.decode(self._sealer.open(sealed, _place("answers", caller, key)), version)

    def put(self, caller: str, key: str, answer: Answer) -> None:
        """Hold back an answer, sealed already."""
        sealed = self._sealer.seal(ANSWERS.encode(answer).encode(), _place("answers", caller, key))
        self._held.add("answer_purge", micros(answer.at - KEPT_FOR))
        self._held.add("answer_put", caller, key, micros(answer.at), ANSWERS.version, sealed)


def _place(*parts: str) -> str:
    """Return a name that no other parts give: a slash in one of them moves nothing."""
    return msgspec.json.encode(parts).decode()
