"""The queries behind lists: one place in an index to begin at, and as many rows from there as the page has."""

from functools import lru_cache

from colony_core.ports.persistence import AssetFilter, ClusterFilter, RunFilter
from colony_store.shelf import Listing


def assets(where: AssetFilter) -> Listing:
    """Return the list of assets; with tags it walks along the first one's entries."""
    if not where.tags:
        status = () if where.status is None else (where.status,)
        return Listing("assets", _by_columns("assets", ("status",) * len(status)), status)
    status = () if where.status is None else (where.status,)
    first, *others = where.tags
    filters = (*first, *(part for tag in others for part in tag), *status)
    return Listing("assets", _by_tags(len(others), with_status=bool(status)), filters)


def clusters(where: ClusterFilter) -> Listing:
    """Return the list of clusters."""
    chosen = _chosen(type=where.type, status=where.status)
    return Listing("clusters", _by_columns("clusters", tuple(chosen)), tuple(chosen.values()))


def runs(where: RunFilter) -> Listing:
    """Return the list of workflows; whose they are narrows it most, so that it leads."""
    owner = _chosen(asset_id=where.asset_id, cluster_id=where.cluster_id)
    chosen = {**owner, **_chosen(type=where.type, status=where.status)}
    return Listing("workflows", _by_columns("runs", tuple(chosen)), tuple(chosen.values()))


def _chosen(**filters: str | None) -> dict[str, str]:
    return {column: value for column, value in filters.items() if value is not None}


@lru_cache(maxsize=64)
def _by_columns(table: str, columns: tuple[str, ...]) -> str:
    """Return the query that filters by *columns*."""
    conditions = [f"{column} = ${place}" for place, column in enumerate(columns, 1)]
    return _listed(table, "seq", conditions, given=len(columns))


@lru_cache(maxsize=64)
def _by_tags(others: int, *, with_status: bool) -> str:
    conditions = [
        "tag.key = $1",
        "tag.value = $2",
        *(
            "EXISTS (SELECT 1 FROM asset_tags AS other"  # noqa: S608 - our names
            f" WHERE other.key = ${place} AND other.value = ${place + 1} AND other.seq = tag.seq)"
            for place in range(3, 3 + 2 * others, 2)
        ),
    ]
    given = 2 + 2 * others + with_status
    if with_status:
        conditions.append(f"assets.status = ${given}")
    return _listed("asset_tags AS tag JOIN assets USING (seq)", "tag.seq", conditions, given=given)


def _listed(source: str, seq: str, conditions: list[str], *, given: int) -> str:
    chosen = " AND ".join([*conditions, f"{seq} > ${given + 1}"])
    return f"SELECT {seq}, revision, version, document FROM {source} WHERE {chosen} ORDER BY {seq} LIMIT ${given + 2}"  # noqa: S608 - our names
