"""How the lists are found: on indexes, in a number of statements that does not grow."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from colony_core.ports.persistence import AssetFilter
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore
from tests.integration.store.lists import LISTS, PAGE, Look, filled

# What a plan may scan: the ids that it was given, the row that it makes of what was found, an index that holds nothing
# else than what is looked for, and the first row of a table.
SMALL = ("wanted VIRTUAL TABLE", "(subquery", "runs_in_flight", "assets_maintained", "api_keys")


class Traced:
    """Every statement that the store sends while it is asked to tell."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self._listens = False

    def __call__(self, statement: str) -> None:
        if self._listens:
            self.statements.append(statement)

    @contextmanager
    def told(self) -> Iterator[list[str]]:
        """Give the statements that are sent from now on, without those that begin and end."""
        self.statements, self._listens = [], True
        yield self.statements
        self._listens = False
        self.statements[:] = [each for each in self.statements if each not in ("BEGIN", "ROLLBACK", "COMMIT")]


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Traced:
    traced, connect = Traced(), sqlite3.connect

    def connect_traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(traced)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_traced)
    return traced


@pytest.fixture
async def store(traced: Traced, database: Path, sealer: Sealer) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(database, sealer=sealer, synchronous="off", readers=1)
    yield store
    await store.aclose()


@pytest.mark.parametrize("look", LISTS.values(), ids=LISTS)
async def test_nothing_is_found_by_looking_through_everything(
    store: SqliteStore, traced: Traced, database: Path, look: Look
) -> None:
    await filled(store, 1, 3)
    with traced.told() as statements:
        async with store.reading() as transaction:
            await look(transaction)

    connection = sqlite3.connect(database)
    steps = [
        row[3] for statement in statements for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    ]
    connection.close()
    assert statements
    assert not [step for step in steps if "TEMP B-TREE" in step]
    assert not [step for step in steps if step.startswith("SCAN") and not any(small in step for small in SMALL)]


@pytest.mark.parametrize("look", LISTS.values(), ids=LISTS)
async def test_the_number_of_statements_does_not_grow_with_the_list(
    store: SqliteStore, traced: Traced, look: Look
) -> None:
    counts = []
    for first, last in ((1, 3), (3, 40)):
        await filled(store, first, last)
        with traced.told() as statements:
            async with store.reading() as transaction:
                await look(transaction)
        counts.append(len(statements))

    assert counts[1] <= counts[0] <= 2


async def test_what_was_met_before_is_not_fetched_again(store: SqliteStore, traced: Traced) -> None:
    await filled(store, 1, 30)
    counts = []
    for _ in range(2):
        with traced.told() as statements:
            async with store.reading() as look:
                await look.assets.page(PAGE, AssetFilter())
        counts.append(len(statements))

    assert counts == [2, 1]


async def test_a_transaction_does_not_ask_for_what_the_last_one_met(store: SqliteStore, traced: Traced) -> None:
    await filled(store, 1, 3)
    async with store.transaction() as tx:
        tx.assets.put(await tx.assets.get("asset-1"))

    with traced.told() as statements:
        async with store.transaction() as tx:
            await tx.assets.get("asset-1")
            tx.assets.put(await tx.assets.get("asset-1"))
    assert not [statement for statement in statements if "FROM assets" in statement]
