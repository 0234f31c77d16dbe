"""Every list and search of a store, and what fills one so that each of them finds something."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import combinations

from colony_core.ports.persistence import (
    AssetFilter,
    AuditFilter,
    ClusterFilter,
    EntryFilter,
    InMaintenance,
    Paging,
    RunFilter,
    Store,
    Transaction,
)
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


async def filled(store: Store, first: int, last: int) -> None:
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
