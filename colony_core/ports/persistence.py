"""The door to what is remembered."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from colony_core.domain.api_keys import ApiKey
from colony_core.domain.assets import Asset
from colony_core.domain.audit import Deed
from colony_core.domain.clusters import Cluster
from colony_core.domain.events import Entry
from colony_core.domain.healths import Health, HealthCount
from colony_core.domain.histories import Happening
from colony_core.domain.secrets import Secret
from colony_core.domain.webhooks import DeadLetter, Webhook
from colony_core.domain.workflows import Run
from colony_core.errors import Conflict, Invalid, Unavailable

T = TypeVar("T")


class StoreUnavailable(Unavailable):
    """The store is out of reach, or too busy to answer in time."""

    code = "UNAVAILABLE"
    summary = "Service unavailable"
    advice = "Try again after `Retry-After` seconds; if it lasts, look at the server's log."


class StaleWrite(Conflict):
    """Somebody else changed the thing in the meantime; nothing was written."""

    code = "CHANGED_MEANWHILE"
    summary = "Changed in the meantime"
    advice = "Read it again, and repeat the call if it still makes sense."


class CursorInvalid(Invalid):
    """The cursor was not made by this service."""

    code = "INVALID_CURSOR"
    summary = "Invalid cursor"
    advice = "Use `nextCursor` of the page before as it is, or leave the cursor out."


class Page(Struct, Generic[T], frozen=True):
    """Some of a list, oldest first; `next_cursor` is None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


class Paging(Struct, frozen=True, kw_only=True):
    """Which part of a list: at most `limit` items after `cursor` (opaque, from the page before)."""

    limit: int = 100
    cursor: str | None = None


class InMaintenance(Struct, frozen=True):
    """Which assets: those that are in maintenance at `now`, or (`yes` is False) those that are not."""

    now: datetime
    yes: bool = True


class AssetFilter(Struct, frozen=True, kw_only=True):
    """Which assets; `tags` must all match."""

    status: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    maintenance: InMaintenance | None = None


class ClusterFilter(Struct, frozen=True, kw_only=True):
    """Which clusters."""

    status: str | None = None
    type: str | None = None


class RunFilter(Struct, frozen=True, kw_only=True):
    """Which workflows."""

    status: str | None = None
    type: str | None = None
    asset_id: str | None = None
    cluster_id: str | None = None


class EntryFilter(Struct, frozen=True, kw_only=True):
    """Which entries of the journal."""

    run_id: str | None = None


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Which deeds."""

    actor: str | None = None
    action: str | None = None
    resource: str | None = None


class Assets(Protocol):
    """Every asset that is not forgotten.

    `get` raises `AssetNotFound`. `add` raises `AssetExists` when the id, or the controller's address and port, is
    taken. `put` replaces the asset of the same `revision` and raises `StaleWrite` otherwise, at the latest when the
    transaction commits. Reading after writing in one transaction gives what was written. `maintenance_over` gives those
    whose maintenance ends at *now* or earlier, at most *limit*; `next_maintenance_end` when the next one ends.
    """

    async def get(self, asset_id: str) -> Asset: ...
    async def get_many(self, asset_ids: Sequence[str]) -> dict[str, Asset]: ...
    async def find_by_boot_identity(self, mac: str, uuid: str) -> Asset | None: ...
    async def page(self, paging: Paging, where: AssetFilter) -> Page[Asset]: ...
    async def of_cluster(self, cluster_id: str) -> tuple[Asset, ...]: ...
    async def maintenance_over(self, now: datetime, limit: int) -> tuple[Asset, ...]: ...
    async def next_maintenance_end(self) -> datetime | None: ...
    async def count_by_status(self) -> dict[str, int]: ...
    def add(self, asset: Asset) -> None: ...
    def put(self, asset: Asset) -> None: ...
    def remove(self, asset: Asset) -> None: ...


class Healths(Protocol):
    """How the controllers of assets are; an asset takes its health along when it is removed.

    There are no revisions: the last writer wins. `put` adds or replaces, and `touch` moves the times of what is there
    and leaves the rest, cheaply; both do nothing for an asset that is not there, as it may have gone meanwhile.
    `touch` leaves the time of the power reading alone without *read_at*. `get_many` gives those of *asset_ids* that
    have one; `count_by_state` counts those that were ever asked.
    """

    async def get_many(self, asset_ids: Sequence[str]) -> dict[str, Health]: ...
    async def count_by_state(self) -> dict[str, HealthCount]: ...
    def put(self, health: Health) -> None: ...
    def touch(self, asset_id: str, checked_at: datetime, *, read_at: datetime | None) -> None: ...
    def remove(self, asset_id: str) -> None: ...


class Clusters(Protocol):
    """Every living cluster.

    `get` raises `ClusterNotFound`; `add` raises `ClusterNameTaken` when a living cluster has the name; `put` as for
    assets. A name, once removed, is free again; an id is not.
    """

    async def get(self, cluster_id: str) -> Cluster: ...
    async def all(self) -> tuple[Cluster, ...]: ...
    async def page(self, paging: Paging, where: ClusterFilter) -> Page[Cluster]: ...
    def add(self, cluster: Cluster) -> None: ...
    def put(self, cluster: Cluster) -> None: ...
    def remove(self, cluster: Cluster) -> None: ...


class Runs(Protocol):
    """Every workflow there ever was.

    `get` raises `WorkflowNotFound`; `put` as for assets. `due` gives the living runs whose `Run.due` is *now* or
    earlier, the longest overdue first; `next_due` the earliest of all; `in_flight` the living ones that a process is
    at: whose present step was begun, and does not wait for a machine or for children (`plans.performs`).
    `count` gives how many a list with that filter would have; it reads none of them.
    """

    async def get(self, run_id: str) -> Run: ...
    async def get_many(self, run_ids: Sequence[str]) -> dict[str, Run]: ...
    async def children_of(self, run_ids: Sequence[str]) -> dict[str, tuple[Run, ...]]: ...
    async def find_by_ticket(self, ticket: str) -> Run | None: ...
    async def page(self, paging: Paging, where: RunFilter) -> Page[Run]: ...
    async def due(self, now: datetime, limit: int) -> tuple[Run, ...]: ...
    async def next_due(self) -> datetime | None: ...
    async def in_flight(self) -> tuple[Run, ...]: ...
    async def count(self, where: RunFilter) -> int: ...
    async def count_by_status(self) -> dict[str, int]: ...
    def add(self, run: Run) -> None: ...
    def put(self, run: Run) -> None: ...


class Histories(Protocol):
    """What made each workflow what it is, in the order in which it was written; nothing is ever changed or removed.

    `of` gives the histories of those of *run_ids* that have one.
    """

    def write(self, run_id: str, happening: Happening) -> None: ...
    async def of(self, run_ids: Sequence[str]) -> dict[str, tuple[Happening, ...]]: ...


class ApiKeys(Protocol):
    """Every API key there ever was. `find` gives None for an unknown id; `touch` notes the last use, cheaply."""

    async def find(self, key_id: str) -> ApiKey | None: ...
    async def page(self, paging: Paging) -> Page[ApiKey]: ...
    async def any(self) -> bool: ...
    def add(self, key: ApiKey) -> None: ...
    def put(self, key: ApiKey) -> None: ...
    def touch(self, key_id: str, at: datetime) -> None: ...


class Journal(Protocol):
    """What happened, in commit order. `after` gives at most *limit* entries with `seq` above *seq*, oldest first."""

    def write(self, entry: Entry) -> None: ...
    async def after(self, seq: int, limit: int, where: EntryFilter) -> tuple[Entry, ...]: ...
    async def page(self, paging: Paging, where: EntryFilter) -> Page[Entry]: ...
    async def last(self) -> int: ...


class Vault(Protocol):
    """Secrets, sealed at rest and bound to their owner and name: `("asset-1", "bmc-password")`.

    `get_many` gives the secrets of that name by owner, for those of *owners* that have one.
    """

    async def get(self, owner: str, name: str) -> Secret | None: ...
    async def get_many(self, owners: Sequence[str], name: str) -> dict[str, Secret]: ...
    def put(self, owner: str, name: str, secret: Secret) -> None: ...
    def remove(self, owner: str) -> None: ...


class Answer(Struct, frozen=True, kw_only=True):
    """What was answered to a request that may be repeated: its digest, and the answer word for word."""

    digest: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: datetime


class Answers(Protocol):
    """Answers by idempotency key, sealed at rest, kept for 24 hours. Expired ones are as if never given."""

    async def get(self, caller: str, key: str, *, now: datetime) -> Answer | None: ...
    def put(self, caller: str, key: str, answer: Answer) -> None: ...


class Audit(Protocol):
    """Who did what, in commit order; nothing is ever changed or removed."""

    def write(self, deed: Deed) -> None: ...
    async def page(self, paging: Paging, where: AuditFilter) -> Page[Deed]: ...


class Webhooks(Protocol):
    """Every endpoint that is told of events. `get` raises `WebhookNotFound`; `remove` takes its dead letters along.

    There are no revisions: whoever changes one reads it in the same transaction.
    """

    async def get(self, webhook_id: str) -> Webhook: ...
    async def all(self) -> tuple[Webhook, ...]: ...
    async def page(self, paging: Paging) -> Page[Webhook]: ...
    def put(self, webhook: Webhook) -> None: ...
    def remove(self, webhook_id: str) -> None: ...


class DeadLetters(Protocol):
    """What endpoints did not take, by endpoint and seq of the entry, oldest entry first.

    `put` adds or replaces; `asked_for` gives those to be sent once more; `count` those of each endpoint that has any.
    """

    async def page(self, webhook_id: str, paging: Paging) -> Page[DeadLetter]: ...
    async def asked_for(self, webhook_id: str, limit: int) -> tuple[DeadLetter, ...]: ...
    async def count(self, webhook_ids: Sequence[str]) -> dict[str, int]: ...
    def put(self, letter: DeadLetter) -> None: ...
    def remove(self, webhook_id: str, seq: int) -> None: ...


class Transaction(Protocol):
    """A look at everything at one moment, and changes that all happen or none.

    Reads see the transaction's own writes. `put` carries the revision that was read; the stored one is one higher.
    """

    @property
    def assets(self) -> Assets: ...
    @property
    def healths(self) -> Healths: ...
    @property
    def clusters(self) -> Clusters: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def histories(self) -> Histories: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def answers(self) -> Answers: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def dead_letters(self) -> DeadLetters: ...

    async def next_id(self, kind: str) -> str:
        """Return the next free id of *kind*: `asset-1`, `asset-2`, ... An id is never given twice."""

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call *call* once everything is on disk; never if the transaction fails."""


class Store(Protocol):
    """What is remembered, on disk.

    `transaction` commits on a clean exit (then everything is on disk) and drops everything on an exception. A
    transaction that is begun inside another one of the same task joins it: it commits with the outer one, and its
    failure dooms the outer one. `reading` is a consistent look that holds up no writer and cannot write. Both may
    raise `StoreUnavailable`.
    """

    def transaction(self) -> AbstractAsyncContextManager[Transaction]: ...
    def reading(self) -> AbstractAsyncContextManager[Transaction]: ...

    def on_news(self, call: Callable[[], None]) -> None:
        """Call *call* after every commit that wrote to the journal, whichever process made it."""

    async def check(self) -> None:
        """Return if the store is reachable and its schema is current; raise `StoreUnavailable` otherwise."""

    async def aclose(self) -> None:
        """Let go of every connection."""
