"""How the lists are found: on indexes, in a number of statements that does not grow."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from colony_core.ports.persistence import (
    AssetFilter,
    AuditFilter,
    ClusterFilter,
    EntryFilter,
    InMaintenance,
    Paging,
    RunFilter,
    Transaction,
)
from colony_crypto.sealing import Sealer
from colony_store.sqlite import SqliteStore
from colony_testkit.builders import NOON
from colony_testkit.store_given import cluster, entry, keep, key, machine, workflow
from colony_testkit.store_histories_contract import happen
from colony_testkit.store_told_contract import deed, letter, tell, webhook

Look = Callable[[Transaction], Awaitable[object]]

PAGE = Paging(limit=20)
OF_RUNS = {"status": "pending", "type": "os-provision", "asset_id": "asset-1", "cluster_id": "cluster-1"}
OF_AUDIT = {"actor": "cd-1", "action": "wipe_asset", "resource": "assets/asset-1"}
OF_CLUSTERS = {"status": "ready", "type": "k8s_stack"}
TAGS = (("rack", "r1"), ("row", "a"))


def some_of(filters: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield every choice among *filters*."""
    for count in range(len(filters) + 1):
        yield from map(dict, combinations(filters.items(), count))


LISTS: dict[str, Look] = {
    **{
        f"assets {status} {len(tags)} tags, in maintenance {maintenance and maintenance.yes}": partial(
            lambda where, look: look.assets.page(PAGE, where),
            AssetFilter(status=status, tags=tags, maintenance=maintenance),
        )
        for status in (None, "available")
        for tags in ((), TAGS[:1], TAGS)
        for maintenance in (None, InMaintenance(NOON), InMaintenance(NOON, yes=False))
    },
    **{
        f"clusters {sorted(where)}": partial(
            lambda where, look: look.clusters.page(PAGE, where), ClusterFilter(**where)
        )
        for where in some_of(OF_CLUSTERS)
    },
    **{
        f"workflows {sorted(where)}": partial(lambda where, look: look.runs.page(PAGE, where), RunFilter(**where))
        for where in some_of(OF_RUNS)
    },
    **{
        f"workflows counted {sorted(where)}": partial(lambda where, look: look.runs.count(where), RunFilter(**where))
        for where in some_of(OF_RUNS)
        if where
    },
    **{
        f"audit {sorted(where)}": partial(lambda where, look: look.audit.page(PAGE, where), AuditFilter(**where))
        for where in some_of(OF_AUDIT)
    },
    "webhooks": lambda look: look.webhooks.page(PAGE),
    "every webhook": lambda look: look.webhooks.all(),
    "one webhook": lambda look: look.webhooks.get("webhook-1"),
    "dead letters": lambda look: look.dead_letters.page("webhook-1", PAGE),
    "letters asked for": lambda look: look.dead_letters.asked_for("webhook-1", 20),
    "letters counted": lambda look: look.dead_letters.count([f"webhook-{number}" for number in range(50)]),
    "keys": lambda look: look.api_keys.page(PAGE),
    "journal": lambda look: look.journal.page(PAGE, EntryFilter()),
    "journal of one": lambda look: look.journal.after(5, 20, EntryFilter(run_id="workflow-1")),
    "histories": lambda look: look.histories.of([f"workflow-{number}" for number in range(50)]),
    "every cluster": lambda look: look.clusters.all(),
    "assets of a cluster": lambda look: look.assets.of_cluster("cluster-1"),
    "many healths": lambda look: look.healths.get_many([f"asset-{number}" for number in range(50)]),
    "maintenance over": lambda look: look.assets.maintenance_over(NOON, 20),
    "next maintenance end": lambda look: look.assets.next_maintenance_end(),
    "many assets": lambda look: look.assets.get_many([f"asset-{number}" for number in range(50)]),
    "many workflows": lambda look: look.runs.get_many([f"workflow-{number}" for number in range(50)]),
    "children": lambda look: look.runs.children_of([f"workflow-{number}" for number in range(50)]),
    "secrets": lambda look: look.vault.get_many([f"asset-{number}" for number in range(50)], "bmc-password"),
    "due": lambda look: look.runs.due(NOON, 20),
    "next due": lambda look: look.runs.next_due(),
    "in flight": lambda look: look.runs.in_flight(),
    "assets counted": lambda look: look.assets.count_by_status(),
    "workflows counted": lambda look: look.runs.count_by_status(),
    "by address and uuid": lambda look: look.assets.find_by_boot_identity("52:54:00:00:99:99", "uuid"),
    "by ticket": lambda look: look.runs.find_by_ticket("ticket"),
    "one asset": lambda look: look.assets.get("asset-1"),
    "one key": lambda look: look.api_keys.find("cd-1"),
    "any key": lambda look: look.api_keys.any(),
    "one secret": lambda look: look.vault.get("asset-1", "bmc-password"),
    "one answer": lambda look: look.answers.get("cd-1", "key", now=NOON),
    "last entry": lambda look: look.journal.last(),
}

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


async def filled(store: SqliteStore, first: int, last: int) -> None:
    """Fill *store* with things that every list finds."""
    for number in range(first, last):
        await keep(
            store,
            machine(number, tags=dict(TAGS)),
            cluster(number),
            workflow(number, parent_id="workflow-1"),
            key(number),
            entry("line", run_id="workflow-1"),
        )
        await happen(store, f"workflow-{number}", number)
        await tell(store, deed(number), webhook(number), letter(number, asked_for=True))


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
