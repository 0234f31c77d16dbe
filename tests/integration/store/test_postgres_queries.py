"""How the lists are found in PostgreSQL: on indexes, whatever it believes to know of the tables."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from colony_core.domain.assets import AssetStatus
from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import AssetFilter
from colony_crypto.sealing import Sealer
from colony_store.postgres import PostgresStore
from colony_store.postgres.link import Address, Link
from colony_testkit.store_given import keep, machine
from tests.integration.store.lists import LISTS, PAGE, Look, filled

# What a plan may scan whole: the first row of a table, and what holds one row for each status.
SMALL = ("api_keys", "tallies", "webhooks")


class Traced:
    """Every query that the store sends while it is asked to tell, with what it is given."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, tuple[object, ...]]] = []

    @contextmanager
    def told(self) -> Iterator[list[tuple[str, tuple[object, ...]]]]:
        """Give the queries that are sent from now on."""
        self.queries = []
        yield self.queries


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Traced:
    traced, rows = Traced(), Link.rows

    async def traced_rows(self: Link, query: str, *arguments: object) -> list[Any]:
        traced.queries.append((query, arguments))
        return await rows(self, query, *arguments)

    monkeypatch.setattr(Link, "rows", traced_rows)
    return traced


@pytest.fixture
async def store(traced: Traced, postgres_url: str) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(postgres_url, sealer=Sealer(bytes(32)))
    yield store
    await store.aclose()


@pytest.mark.parametrize("analysed", [False, True], ids=["unknown tables", "known tables"])
async def test_nothing_is_found_by_looking_through_everything(
    store: PostgresStore,
    traced: Traced,
    postgres_url: str,
    analysed: bool,  # noqa: FBT001 - a parameter of pytest
) -> None:
    await filled(store, 1, 40)
    link = await Address(url=Secret(postgres_url)).connect()
    if analysed:
        await link.do("ANALYZE")
    wrong = []
    for name, look in LISTS.items():
        with traced.told() as queries:
            async with store.reading() as transaction:
                await look(transaction)
        assert queries
        plans = [await plan(link, query, arguments) for query, arguments in tuple(queries)]
        wrong += [(name, each) for each in plans if any(map(is_slow, each.splitlines()))]
    await link.close(within=2)

    assert not wrong, "\n\n".join(f"{name}:\n{each}" for name, each in wrong)


def is_slow(step: str) -> bool:
    """Tell whether a step of a plan reads a whole table, or all of a list before it gives its first row."""
    return "Sort" in step or ("Seq Scan" in step and not any(small in step for small in SMALL))


async def plan(link: Link, query: str, arguments: tuple[object, ...]) -> str:
    """Return the plan that a prepared statement has in the long run, whatever it is given."""
    await link.do(f"PREPARE asked AS {query}")
    given = f"({', '.join(map(literal, arguments))})" if arguments else ""
    rows = await link.connection.fetch(f"EXPLAIN EXECUTE asked{given}")
    await link.do("DEALLOCATE asked")
    return "\n".join(row[0] for row in rows)


def literal(value: object) -> str:
    """Return *value* as SQL writes it."""
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(literal, value))}]"
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else f"'{value}'"


@pytest.mark.parametrize("look", LISTS.values(), ids=LISTS)
async def test_the_number_of_queries_does_not_grow_with_the_list(
    store: PostgresStore, traced: Traced, look: Look
) -> None:
    counts = []
    for first, last in ((1, 3), (3, 40)):
        await filled(store, first, last)
        with traced.told() as queries:
            async with store.reading() as transaction:
                await look(transaction)
        counts.append(len(queries))

    assert counts[1] <= counts[0] <= 2


async def test_the_rare_is_found_without_a_walk_over_the_frequent(
    store: PostgresStore, traced: Traced, postgres_url: str
) -> None:
    await keep(store, *(machine(number) for number in range(1, 2001)))
    link = await Address(url=Secret(postgres_url)).connect()
    await link.do("ANALYZE")
    await keep(store, machine(2001, AssetStatus.PROVISIONED))
    with traced.told() as queries:
        async with store.reading() as look:
            page = await look.assets.page(PAGE, AssetFilter(status="provisioned"))
    (explained,) = [await plan(link, query, arguments) for query, arguments in queries]
    await link.close(within=2)

    assert [asset.id for asset in page.items] == ["asset-2001"]
    assert "assets_by_status" in explained
