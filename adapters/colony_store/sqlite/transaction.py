"""Everything in the store as one unit of work sees it."""

from collections.abc import Callable
from functools import cached_property

from msgspec import Struct

from colony_core.domain.assets import Asset
from colony_core.domain.clusters import Cluster
from colony_core.domain.workflows import Run
from colony_core.ports.sealing import Sealer
from colony_store.sqlite import assets, clusters, runs
from colony_store.sqlite.api_keys import SqliteApiKeys
from colony_store.sqlite.assets import SqliteAssets
from colony_store.sqlite.audit import SqliteAudit
from colony_store.sqlite.clusters import SqliteClusters
from colony_store.sqlite.counters import SqliteCounters
from colony_store.sqlite.healths import SqliteHealths
from colony_store.sqlite.histories import SqliteHistories
from colony_store.sqlite.journal import SqliteJournal
from colony_store.sqlite.known_keys import KnownKeys
from colony_store.sqlite.runs import SqliteRuns
from colony_store.sqlite.table import Table
from colony_store.sqlite.unit import Unit
from colony_store.sqlite.vault import SqliteAnswers, SqliteVault
from colony_store.sqlite.webhooks import SqliteDeadLetters, SqliteWebhooks
from colony_store.touches import Touches


class Shared(Struct, frozen=True):
    """What all transactions of one store have in common."""

    sealer: Sealer
    touches: Touches
    known_keys: KnownKeys
    news: Callable[[], None]
    assets: Table[Asset]
    clusters: Table[Cluster]
    runs: Table[Run]

    @classmethod
    def beginning(cls, sealer: Sealer, touches: Touches, known: KnownKeys, news: Callable[[], None]) -> "Shared":
        """Return what a store has in common that nobody has used yet."""
        return cls(sealer, touches, known, news, assets.table(), clusters.table(), runs.table())

    def doubt(self) -> None:
        """Trust nothing that earlier transactions met."""
        self.assets.newest.clear()
        self.clusters.newest.clear()
        self.runs.newest.clear()


class SqliteTransaction:
    """See `colony_core.ports.persistence.Transaction`; made anew for each, so nothing is built before it is used."""

    def __init__(self, unit: Unit, shared: Shared) -> None:
        self.unit = unit
        self._shared = shared

    @cached_property
    def assets(self) -> SqliteAssets:
        """Return the assets."""
        return SqliteAssets(self.unit, self._counters, self._shared.assets)

    @cached_property
    def healths(self) -> SqliteHealths:
        """Return the healths of controllers."""
        return SqliteHealths(self.unit)

    @cached_property
    def clusters(self) -> SqliteClusters:
        """Return the clusters."""
        return SqliteClusters(self.unit, self._counters, self._shared.clusters)

    @cached_property
    def runs(self) -> SqliteRuns:
        """Return the workflows."""
        return SqliteRuns(self.unit, self._counters, self._shared.runs)

    @cached_property
    def histories(self) -> SqliteHistories:
        """Return the histories of workflows."""
        return SqliteHistories(self.unit)

    @cached_property
    def api_keys(self) -> SqliteApiKeys:
        """Return the API keys."""
        return SqliteApiKeys(self.unit, self._shared.touches, self._shared.known_keys)

    @cached_property
    def journal(self) -> SqliteJournal:
        """Return the journal."""
        return SqliteJournal(self.unit, self._shared.news)

    @cached_property
    def vault(self) -> SqliteVault:
        """Return the vault."""
        return SqliteVault(self.unit, self._shared.sealer)

    @cached_property
    def answers(self) -> SqliteAnswers:
        """Return the answers."""
        return SqliteAnswers(self.unit, self._shared.sealer)

    @cached_property
    def audit(self) -> SqliteAudit:
        """Return the audit trail."""
        return SqliteAudit(self.unit)

    @cached_property
    def webhooks(self) -> SqliteWebhooks:
        """Return the webhooks."""
        return SqliteWebhooks(self.unit)

    @cached_property
    def dead_letters(self) -> SqliteDeadLetters:
        """Return the dead letters."""
        return SqliteDeadLetters(self.unit)

    async def next_id(self, kind: str) -> str:
        """Return the next free id of *kind*."""
        return await self._counters.next(kind)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call *call* once everything is on disk."""
        self.unit.after_commit(call)

    @cached_property
    def _counters(self) -> SqliteCounters:
        return SqliteCounters(self.unit)
