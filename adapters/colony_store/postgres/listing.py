"""The queries behind lists: one place in an index to begin at, and as many rows from there as the page has."""

from functools import lru_cache

from colony_core.ports.persistence import AssetFilter, ClusterFilter, RunFilter
from colony_store.columns import micros
from colony_store.shelf import Listing


def assets(where: AssetFilter) -> Listing:
    """Return the list of assets; with tags it walks along the first one's entries."""
    status = () if where.status is None else (where.status,)
    asked = where.maintenance
    ends = () if asked is None else (micros(asked.now),)
    columns = ("status",) * len(status) + (() if asked is None else ("maintained" if asked.yes else "unmaintained",))
    if not where.tags:
        return Listing("assets", _by_columns("assets", columns), (*status, *ends))
    first, *others = where.tags
    filters = (*first, *(part for tag in others for part in tag), *status, *ends)
    return Listing("assets", _by_tags(len(others), columns), filters)


def clusters(where: ClusterFilter) -> Listing:
    """Return the list of clusters."""
    chosen = _chosen(type=where.type, status=where.status)
    return Listing("clusters", _by_columns("clusters", tuple(chosen)), tuple(chosen.values()))


def runs(where: RunFilter) -> Listing:
    """Return the list of workflows; whose they are narrows it most, so that it leads."""
    chosen = _wanted(where)
    return Listing("workflows", _by_columns("runs", tuple(chosen)), tuple(chosen.values()))


def run_count(where: RunFilter) -> tuple[str, tuple[str, ...]]:
    """Return the query for how many workflows the list has, and what it is given."""
    chosen = _wanted(where)
    conditions = " AND ".join(_condition(column, place) for place, column in enumerate(chosen, 1))
    return f"SELECT count(*) FROM runs WHERE {conditions or 'TRUE'}", tuple(chosen.values())  # noqa: S608 - our names


def _wanted(where: RunFilter) -> dict[str, str]:
    """Return the columns that are filtered by."""
    owner = _chosen(asset_id=where.asset_id, cluster_id=where.cluster_id)
    return {**owner, **_chosen(type=where.type, status=where.status)}


def _chosen(**filters: str | None) -> dict[str, str]:
    return {column: value for column, value in filters.items() if value is not None}


@lru_cache(maxsize=64)
def _by_columns(table: str, columns: tuple[str, ...]) -> str:
    """Return the query that filters by *columns*.

    It asks for a stretch of the index that begins with the leading ones, and not for equality: that, PostgreSQL also
    finds by walking over everything in the order of seq, and it takes what is rare for frequent.
    """
    lead = _leading(columns)
    if not lead:
        conditions = [_condition(column, place) for place, column in enumerate(columns, 1)]
        return _listed(table, "seq", conditions, given=len(columns))
    names, places = ", ".join(lead), ", ".join(f"${place}" for place in range(1, len(lead) + 1))
    conditions = [
        f"({names}, seq) > ({places}, ${len(columns) + 1})",
        f"({names}) <= ({places})",
        *(_condition(column, place) for place, column in enumerate(columns[len(lead) :], len(lead) + 1)),
    ]
    chosen = " AND ".join(conditions)
    return (
        f"SELECT seq, revision, version, document FROM {table} WHERE {chosen}"  # noqa: S608 - our names
        f" ORDER BY {names}, seq LIMIT ${len(columns) + 2}"
    )


def _leading(columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of *columns* with which an index begins that goes on with seq."""
    if columns[:2] == ("type", "status"):
        return columns[:2]
    return tuple(column for column in columns[:1] if column not in ("maintained", "unmaintained"))


@lru_cache(maxsize=64)
def _by_tags(others: int, columns: tuple[str, ...]) -> str:
    conditions = [
        "tag.key = $1",
        "tag.value = $2",
        *(
            "EXISTS (SELECT 1 FROM asset_tags AS other"  # noqa: S608 - our names
            f" WHERE other.key = ${place} AND other.value = ${place + 1} AND other.seq = tag.seq)"
            for place in range(3, 3 + 2 * others, 2)
        ),
    ]
    tags = 2 + 2 * others
    conditions += [_condition(column, place) for place, column in enumerate(columns, tags + 1)]
    given = tags + len(columns)
    return _listed("asset_tags AS tag JOIN assets USING (seq)", "tag.seq", conditions, given=given)


def _condition(column: str, place: int) -> str:
    if column == "maintained":
        return f"maintained_until > ${place}"
    if column == "unmaintained":
        return f"coalesce(maintained_until, 0) <= ${place}"
    return f"{column} = ${place}"


def _listed(source: str, seq: str, conditions: list[str], *, given: int) -> str:
    chosen = " AND ".join([*conditions, f"{seq} > ${given + 1}"])
    return f"SELECT {seq}, revision, version, document FROM {source} WHERE {chosen} ORDER BY {seq} LIMIT ${given + 2}"  # noqa: S608 - our names
