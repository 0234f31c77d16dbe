"""The queries behind lists: one place in an index to begin at, and as many rows from there as the page has."""

from functools import lru_cache

from colony_core.ports.persistence import AssetFilter, ClusterFilter, RunFilter
from colony_store.columns import micros
from colony_store.shelf import Listing
from colony_store.sqlite.queries import keys_of


def assets(where: AssetFilter) -> Listing:
    """Return the list of assets; with tags it walks along the first one's entries."""
    status = () if where.status is None else (where.status,)
    asked = where.maintenance
    ends = () if asked is None else (micros(asked.now),)
    yes = asked.yes if asked is not None else None
    if not where.tags:
        return Listing("assets", _by_status(with_status=bool(status), maintained=yes), (*status, *ends))
    first, *others = where.tags
    filters = (*first, *(part for tag in others for part in tag), *status, *ends)
    return Listing("assets", _by_tags(len(others), with_status=bool(status), maintained=yes), filters)


def clusters(where: ClusterFilter) -> Listing:
    """Return the list of clusters."""
    chosen = _chosen(type=where.type, status=where.status)
    return Listing("clusters", _by_columns("clusters", tuple(chosen)), tuple(chosen.values()))


def runs(where: RunFilter) -> Listing:
    """Return the list of workflows; whose they are narrows it most, so that it leads."""
    chosen, leading = _wanted(where)
    return Listing("workflows", _by_columns("runs", tuple(chosen), leading=leading), tuple(chosen.values()))


def run_count(where: RunFilter) -> tuple[str, tuple[str, ...]]:
    """Return the query for how many workflows the list has, and what it is given."""
    chosen, leading = _wanted(where)
    conditions = _conditions(tuple(chosen), leading)
    return f"SELECT count(*) FROM runs WHERE {conditions or 'TRUE'}", tuple(chosen.values())  # noqa: S608 - our names


def _wanted(where: RunFilter) -> tuple[dict[str, str], int]:
    """Return the columns that are filtered by, and how many of them choose the index."""
    owner = _chosen(asset_id=where.asset_id, cluster_id=where.cluster_id)
    return {**owner, **_chosen(type=where.type, status=where.status)}, 1 if owner else 2


def _chosen(**filters: str | None) -> dict[str, str]:
    return {column: value for column, value in filters.items() if value is not None}


@lru_cache(maxsize=64)
def _by_columns(table: str, columns: tuple[str, ...], *, leading: int = 2) -> str:
    """Return the query that filters by *columns*: the first *leading* ones choose the index."""
    conditions = " AND ".join(filter(None, (_conditions(columns, leading), "seq > ?")))
    return keys_of(f"SELECT seq, revision FROM {table} WHERE {conditions} ORDER BY seq LIMIT ?")  # noqa: S608 - our names


def _conditions(columns: tuple[str, ...], leading: int) -> str:
    """Return the conditions; a plus before a column keeps SQLite, which has no statistics, from choosing by it."""
    marked = (column if place < leading else f"+{column}" for place, column in enumerate(columns))
    return " AND ".join(f"{column} = ?" for column in marked)


@lru_cache(maxsize=64)
def _by_status(*, with_status: bool, maintained: bool | None) -> str:
    """Return the query for assets; those in maintenance are few, and have an index of their own."""
    status = " AND status = ?" if with_status else ""
    if maintained and with_status:
        status = " AND +status = ?"
    condition = f"TRUE{status}{_maintained(maintained)}"
    return keys_of(f"SELECT seq, revision FROM assets WHERE {condition} AND seq > ? ORDER BY seq LIMIT ?")  # noqa: S608 - our names


@lru_cache(maxsize=64)
def _by_tags(others: int, *, with_status: bool, maintained: bool | None) -> str:
    more = (
        " AND EXISTS (SELECT 1 FROM asset_tags AS other"
        " WHERE other.key = ? AND other.value = ? AND other.seq = assets.seq)"
    )
    status = " AND +assets.status = ?" if with_status else ""
    return keys_of(
        "SELECT assets.seq, assets.revision FROM asset_tags AS tag CROSS JOIN assets ON assets.seq = tag.seq"  # noqa: S608 - our names
        f" WHERE tag.key = ? AND tag.value = ?{more * others}{status}{_maintained(maintained)}"
        " AND tag.seq > ? ORDER BY tag.seq LIMIT ?"
    )


def _maintained(yes: bool | None) -> str:  # noqa: FBT001 - one of three answers
    if yes is None:
        return ""
    return " AND maintained_until > ?" if yes else " AND ifnull(maintained_until, 0) <= ?"
