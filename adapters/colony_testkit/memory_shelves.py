"""Assets, clusters and workflows in memory, as one transaction sees them."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetExists, AssetNotFound, maintenance_at
from colony_core.domain.clusters import Cluster, ClusterNameTaken, ClusterNotFound
from colony_core.domain.healths import Health
from colony_core.domain.plans import performs
from colony_core.domain.workflows import Run, WorkflowNotFound
from colony_core.ports.persistence import (
    AssetFilter,
    ClusterFilter,
    CursorInvalid,
    Page,
    Paging,
    RunFilter,
    StaleWrite,
    StoreUnavailable,
)

R = TypeVar("R", Asset, Cluster, Run)
T = TypeVar("T")

# Longer numbers are out of reach of counting, and of the integers of databases.
_NUMBERED = re.compile(r"([a-z]+)-([0-9]{1,15})")


class Rows(Generic[R]):
    """The values of one kind by id, each with its place in the order of lists."""

    def __init__(self, before: "Rows[R] | None" = None) -> None:
        self.values: dict[str, tuple[int, R]] = dict(before.values) if before else {}
        self.last: int = before.last if before else 0


class Shelf(Generic[R]):
    """One kind of values; a value carries the revision that was read for as long as the transaction lasts."""

    kind = ""

    def __init__(self, rows: Rows[R], counters: dict[str, int], *, writes: bool) -> None:
        self._rows: Rows[R] = rows
        self._counters = counters
        self._writes = writes
        self._changed: set[str] = set()

    def missing(self, id: str) -> Exception:
        """Return the error that there is no such id."""
        raise NotImplementedError

    def clash(self, value: R) -> Exception | None:
        """Return the error that *value* has what another value has already."""
        raise NotImplementedError

    async def get(self, id: str) -> R:
        """Return the value of that *id*."""
        row = self._rows.values.get(id)
        if row is None:
            raise self.missing(id)
        return row[1]

    async def get_many(self, ids: Sequence[str]) -> dict[str, R]:
        """Return the values that exist, by id."""
        return {id: self._rows.values[id][1] for id in ids if id in self._rows.values}

    def add(self, value: R) -> None:
        """Add a value."""
        self._require_writable()
        clash = self.clash(value)
        if clash is not None:
            raise clash
        number = _NUMBERED.fullmatch(value.id)
        if number is not None and number[1] == self.kind:
            self._counters[self.kind] = max(self._counters.get(self.kind, 0), int(number[2]))
        self._rows.last += 1
        self._rows.values[value.id] = (self._rows.last, value)
        self._changed.add(value.id)

    def put(self, value: R) -> None:
        """Replace the value of the same revision."""
        seq = self._of_same_revision(value)
        row = self._rows.values.pop(value.id)  # a value does not clash with itself
        clash = self.clash(value)
        self._rows.values[value.id] = row if clash is not None else (seq, value)
        if clash is not None:
            raise clash
        self._changed.add(value.id)

    def remove(self, value: R) -> None:
        """Forget the value of the same revision."""
        self._of_same_revision(value)
        del self._rows.values[value.id]

    def stamp(self) -> None:
        """Count the revisions of what was changed; done once, by the commit."""
        for id in self._changed & self._rows.values.keys():
            seq, value = self._rows.values[id]
            self._rows.values[id] = (seq, replace(value, revision=value.revision + 1))

    def ordered(self, matches: Callable[[R], bool]) -> list[tuple[int, R]]:
        """Return what *matches*, oldest first."""
        return sorted((row for row in self._rows.values.values() if matches(row[1])), key=lambda row: row[0])

    def those(self, matches: Callable[[R], bool]) -> tuple[R, ...]:
        """Return what *matches*, oldest first, without its places."""
        return tuple(value for _, value in self.ordered(matches))

    async def count_by_status(self) -> dict[str, int]:
        """Return how many have each status that any has."""
        return dict(Counter(value.status.value for _, value in self._rows.values.values()))

    def _of_same_revision(self, value: R) -> int:
        self._require_writable()
        row = self._rows.values.get(value.id)
        if row is None or row[1].revision != value.revision:
            raise StaleWrite(f"The {self.kind} '{value.id}' was changed in the meantime")
        return row[0]

    def _require_writable(self) -> None:
        if not self._writes:
            raise StoreUnavailable("Nothing can be written while looking")


class MemoryAssets(Shelf[Asset]):
    """See `colony_core.ports.persistence.Assets`."""

    kind = "asset"

    def __init__(
        self, rows: Rows[Asset], counters: dict[str, int], healths: dict[str, Health], *, writes: bool
    ) -> None:
        super().__init__(rows, counters, writes=writes)
        self._healths = healths

    def remove(self, value: Asset) -> None:
        """Forget the asset, and its health."""
        super().remove(value)
        self._healths.pop(value.id, None)

    def missing(self, id: str) -> Exception:
        """Return the error that there is no such asset."""
        return AssetNotFound(id)

    def clash(self, value: Asset) -> Exception | None:
        """Return the error that the id or the controller is taken."""
        place = (value.bmc.address, value.bmc.port)
        for _, other in self._rows.values.values():
            if other.id == value.id or (other.bmc.address, other.bmc.port) == place:
                return AssetExists(f"Asset '{other.id}' has this ID or this management controller already")
        return None

    async def find_by_boot_identity(self, mac: str, uuid: str) -> Asset | None:
        """Return the asset with this MAC address or, where none has it, this UUID; a doubt is nobody."""
        found = self.those(lambda asset: mac in asset.macs) if mac else ()
        if not found:
            found = self.those(lambda asset: asset.system_uuid == uuid) if uuid else ()
        elif len(found) > 1:
            found = tuple(asset for asset in found if uuid and asset.system_uuid == uuid)
        return found[0] if len(found) == 1 else None

    async def page(self, paging: Paging, where: AssetFilter) -> Page[Asset]:
        """Return one page of the assets that match."""
        return cut(
            self.ordered(lambda asset: _matches(asset, where)),
            paging,
            of="assets",
        )

    async def of_cluster(self, cluster_id: str) -> tuple[Asset, ...]:
        """Return every asset of the cluster."""
        return self.those(lambda asset: asset.cluster_id == cluster_id)

    async def maintenance_over(self, now: datetime, limit: int) -> tuple[Asset, ...]:
        """Return the assets whose maintenance has come to its end."""
        over = self.those(lambda asset: asset.maintenance is not None and maintenance_at(asset, now) is None)
        return over[:limit]

    async def next_maintenance_end(self) -> datetime | None:
        """Return when the next maintenance ends."""
        maintenances = (asset.maintenance for asset in self.those(lambda asset: asset.maintenance is not None))
        return min((each.until for each in maintenances if each is not None and each.until is not None), default=None)


class MemoryClusters(Shelf[Cluster]):
    """See `colony_core.ports.persistence.Clusters`."""

    kind = "cluster"

    def missing(self, id: str) -> Exception:
        """Return the error that there is no such cluster."""
        return ClusterNotFound(id)

    def clash(self, value: Cluster) -> Exception | None:
        """Return the error that the name is taken."""
        taken = any(other.spec.name == value.spec.name for _, other in self._rows.values.values())
        return ClusterNameTaken(value.spec.name) if taken else None

    async def all(self) -> tuple[Cluster, ...]:
        """Return every living cluster."""
        return self.those(lambda cluster: True)

    async def page(self, paging: Paging, where: ClusterFilter) -> Page[Cluster]:
        """Return one page of the clusters that match."""
        return cut(
            self.ordered(
                lambda cluster: where.status in (None, cluster.status) and where.type in (None, cluster.spec.type)
            ),
            paging,
            of="clusters",
        )


class MemoryRuns(Shelf[Run]):
    """See `colony_core.ports.persistence.Runs`."""

    kind = "workflow"

    def missing(self, id: str) -> Exception:
        """Return the error that there is no such workflow."""
        return WorkflowNotFound(id)

    def clash(self, value: Run) -> Exception | None:
        """Return the error that the id is taken."""
        return StaleWrite(f"Workflow '{value.id}' exists already") if value.id in self._rows.values else None

    async def children_of(self, run_ids: Sequence[str]) -> dict[str, tuple[Run, ...]]:
        """Return the children of each of *run_ids*."""
        return {id: self._children_of(id) for id in run_ids}

    def _children_of(self, run_id: str) -> tuple[Run, ...]:
        return self.those(lambda run: run.parent_id == run_id)

    async def find_by_ticket(self, ticket: str) -> Run | None:
        """Return the run that has this *ticket*."""
        return next(iter(self.those(lambda run: run.ticket == ticket)), None)

    async def page(self, paging: Paging, where: RunFilter) -> Page[Run]:
        """Return one page of the workflows that match."""
        return cut(self.ordered(lambda run: _is_one_of(run, where)), paging, of="workflows")

    async def count(self, where: RunFilter) -> int:
        """Return how many workflows match."""
        return len(self.those(lambda run: _is_one_of(run, where)))

    async def due(self, now: datetime, limit: int) -> tuple[Run, ...]:
        """Return the living runs that must be woken, the longest overdue first."""
        waiting = [run for run in self.those(lambda run: not run.ended) if run.due is not None and run.due <= now]
        return tuple(sorted(waiting, key=lambda run: run.due or now)[:limit])

    async def next_due(self) -> datetime | None:
        """Return when the next run must be woken."""
        return min((run.due for run in self.those(lambda run: not run.ended) if run.due is not None), default=None)

    async def in_flight(self) -> tuple[Run, ...]:
        """Return the living runs that a process is at."""
        return self.those(performs)


def _is_one_of(run: Run, where: RunFilter) -> bool:
    return (
        where.status in (None, run.status)
        and where.type in (None, run.type)
        and where.asset_id in (None, run.asset_id)
        and where.cluster_id in (None, run.cluster_id)
    )


def _matches(asset: Asset, where: AssetFilter) -> bool:
    asked = where.maintenance
    if asked is not None and (maintenance_at(asset, asked.now) is not None) != asked.yes:
        return False
    return where.status in (None, asset.status) and all(asset.tags.get(key) == tag for key, tag in where.tags)


def cut(rows: Iterable[tuple[int, T]], paging: Paging, *, of: str) -> Page[T]:
    """Return the page of *rows* (each with its place, in order) that *paging* asks for."""
    after = seq_after(paging.cursor, of=of)
    left = [row for row in rows if row[0] > after]
    items = tuple(value for _, value in left[: paging.limit])
    if len(left) <= paging.limit:
        return Page(items)
    return Page(items, urlsafe_b64encode(f"{of}:{left[paging.limit - 1][0]}".encode()).decode().rstrip("="))


def seq_after(cursor: str | None, *, of: str) -> int:
    """Return the place that *cursor* names in the list *of* that name, 0 for none; raise `CursorInvalid`."""
    if cursor is None:
        return 0
    try:
        name, _, digits = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode().partition(":")
        seq = int(digits)
    except (binascii.Error, UnicodeError, ValueError):
        raise CursorInvalid("The cursor was not made by this service") from None
    if name != of or seq < 0:
        raise CursorInvalid(f"The cursor was not made by this service for the list of {of}")
    return seq
