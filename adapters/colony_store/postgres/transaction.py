"""Everything in the store as one unit of work sees it."""

from collections.abc import Callable
from functools import cached_property

from msgspec import Struct

from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster
from colony_core.domain.workflows import Run
from colony_core.ports.sealing import Sealer
from colony_store.postgres import assets, clusters, runs
from colony_store.postgres.api_keys import PostgresApiKeys
from colony_store.postgres.assets import PostgresAssets
from colony_store.postgres.audit import PostgresAudit
from colony_store.postgres.clusters import PostgresClusters
from colony_store.postgres.counters import PostgresCounters
from colony_store.postgres.healths import PostgresHealths
from colony_store.postgres.histories import PostgresHistories
from colony_store.postgres.journal import PostgresJournal
from colony_store.postgres.runs import PostgresRuns
from colony_store.postgres.table import Table
from colony_store.postgres.unit import Unit
from colony_store.postgres.vault import PostgresAnswers, PostgresVault
from colony_store.postgres.wakes import Tell
from colony_store.postgres.webhooks import PostgresDeadLetters, PostgresWebhooks
from colony_store.touches import Touches


class Shared(Struct, frozen=True):
    """What all transactions of one store have in common."""

    sealer: Sealer
    touches: Touches
    news: Callable[[], None]
    tell: Tell
    assets: Table[Asset]
    clusters: Table[Cluster]
    runs: Table[Run]

    @classmethod
    def beginning(cls, sealer: Sealer, touches: Touches, news: Callable[[], None], tell: Tell) -> "Shared":
        """Return what a store has in common that nobody has used yet."""
        return cls(sealer, touches, news, tell, assets.table(), clusters.table(), runs.table())


class PostgresTransaction:
    """See `colony_core.ports.persistence.Transaction`; made anew for each, so nothing is built before it is used."""

    def __init__(self, unit: Unit, shared: Shared) -> None:
        self.unit = unit
        self._shared = shared

    @cached_property
    def assets(self) -> PostgresAssets:
        """Return the assets."""
        return PostgresAssets(self.unit, self._counters, self._shared.assets)

    @cached_property
    def healths(self) -> PostgresHealths:
        """Return the healths of controllers."""
        return PostgresHealths(self.unit)

    @cached_property
    def clusters(self) -> PostgresClusters:
        """Return the clusters."""
        return PostgresClusters(self.unit, self._counters, self._shared.clusters)

    @cached_property
    def runs(self) -> PostgresRuns:
        """Return the workflows."""
        return PostgresRuns(self.unit, self._counters, self._shared.runs, tell=self._shared.tell)

    @cached_property
    def histories(self) -> PostgresHistories:
        """Return the histories of workflows."""
        return PostgresHistories(self.unit)

    @cached_property
    def api_keys(self) -> PostgresApiKeys:
        """Return the API keys."""
        return PostgresApiKeys(self.unit, self._shared.touches)

    @cached_property
    def journal(self) -> PostgresJournal:
        """Return the journal."""
        return PostgresJournal(self.unit, self._shared.news)

    @cached_property
    def vault(self) -> PostgresVault:
        """Return the vault."""
        return PostgresVault(self.unit, self._shared.sealer)

    @cached_property
    def answers(self) -> PostgresAnswers:
        """Return the answers."""
        return PostgresAnswers(self.unit, self._shared.sealer)

    @cached_property
    def audit(self) -> PostgresAudit:
        """Return the audit trail."""
        return PostgresAudit(self.unit)

    @cached_property
    def webhooks(self) -> PostgresWebhooks:
        """Return the webhooks."""
        return PostgresWebhooks(self.unit)

    @cached_property
    def dead_letters(self) -> PostgresDeadLetters:
        """Return the dead letters."""
        return PostgresDeadLetters(self.unit)

    async def next_id(self, kind: str) -> str:
        """Return the next free id of *kind*."""
        return await self._counters.next(kind)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call *call* once everything is on disk."""
        self.unit.after_commit(call)

    @cached_property
    def _counters(self) -> PostgresCounters:
        return PostgresCounters(self.unit)
