"""Plain lists of documents: rows of `seq, version, document`, a page at a time."""

from colony_core.ports.persistence import Page, Paging
from colony_store.cursors import cursor_after, seq_of
from colony_store.postgres.unit import Unit

Row = tuple[int, int, str]


async def page_of(unit: Unit, query: str, filters: tuple[str, ...], *, paging: Paging, of: str) -> Page[Row]:
    """Return one page of the rows of *query*; it reads one row more, to know whether there is a next page."""
    rows = await rows_of(unit, query, *filters, seq_of(paging.cursor, of), paging.limit + 1)
    items = tuple(rows[: paging.limit])
    return Page(items, cursor_after(items[-1][0], of) if len(rows) > paging.limit else None)


async def rows_of(unit: Unit, query: str, *arguments: object) -> list[Row]:
    """Return all rows of *query*."""
    return [tuple(row) for row in await unit.run(lambda link: link.rows(query, *arguments))]
