"""Secrets and answers in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import Answer

KEPT_FOR = timedelta(hours=24)


class Sealed:
    """What a store on a disk would seal."""

    def __init__(self, before: "Sealed | None" = None) -> None:
        self.secrets: dict[tuple[str, str], Secret] = dict(before.secrets) if before else {}
        self.answers: dict[tuple[str, str], Answer] = dict(before.answers) if before else {}


class MemoryVault:
    """See `colony_core.ports.persistence.Vault`."""

    def __init__(self, sealed: Sealed) -> None:
        self._secrets = sealed.secrets

    async def get(self, owner: str, name: str) -> Secret | None:
        """Return the secret, or None."""
        return self._secrets.get((owner, name))

    async def get_many(self, owners: Sequence[str], name: str) -> dict[str, Secret]:
        """Return the secrets of that *name* by owner."""
        return {owner: self._secrets[owner, name] for owner in owners if (owner, name) in self._secrets}

    def put(self, owner: str, name: str, secret: Secret) -> None:
        """Keep a secret."""
        self._secrets[owner, name] = secret

    def remove(self, owner: str) -> None:
        """Forget every secret of *owner*."""
        for place in [place for place in self._secrets if place[0] == owner]:
            del self._secrets[place]


class MemoryAnswers:
    """See `colony_core.ports.persistence.Answers`."""

    def __init__(self, sealed: Sealed) -> None:
        self._answers = sealed.answers

    async def get(self, caller: str, key: str, *, now: datetime) -> Answer | None:
        """Return what was answered less than 24 hours ago."""
        answer = self._answers.get((caller, key))
        return answer if answer is not None and now < answer.at + KEPT_FOR else None

    def put(self, caller: str, key: str, answer: Answer) -> None:
        """Keep an answer."""
        self._answers[caller, key] = answer
