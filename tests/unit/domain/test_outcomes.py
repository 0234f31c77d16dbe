"""What the end of a run makes of machines and clusters."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.application.retrying import OPENING
from colony_core.domain.assets import LIFECYCLE, AssetStatus, LastError, Move, advance
from colony_core.domain.building import members, new_cluster
from colony_core.domain.cluster_plans import GROW, SHRINK, TALOS
from colony_core.domain.clusters import (
    Cluster,
    ClusterSpec,
    ClusterStatus,
    ClusterType,
    Flavor,
    NodeSpec,
    NodeStatus,
)
from colony_core.domain.machine_plans import ASSET_DISCOVERY, ASSET_REBOOT, DISK_WIPE, OS_PROVISION
from colony_core.domain.outcomes import CLOSING, asset_after, cluster_after, meanwhile, member_after
from colony_core.domain.steps import Plan, WorkflowType
from colony_core.domain.workflows import ENDED, RunStatus, StepStatus
from colony_testkit.builders import BROKEN, MACHINE_PLANS, NOON, a_run, an_asset, an_ended_run

LATER = NOON + timedelta(minutes=1)
AT_WORK = {
    OPENING[kind]: status for kind in OPENING for (_, move), status in LIFECYCLE.items() if move is OPENING[kind]
}
"""The status that a machine has while work is done on it, by the move with which the work began."""


def a_cluster(*, control_planes: int = 1, workers: int = 1) -> Cluster:
    """Return a cluster that is being built of asset-1, asset-2 and so on, control planes first."""
    nodes = tuple(
        NodeSpec(asset_id=f"asset-{number}", ip=f"192.168.1.{100 + number}", prefix=24, hostname=f"node-{number}")
        for number in range(1, control_planes + workers + 1)
    )
    spec = ClusterSpec(
        name="dev",
        type=ClusterType.K8S_STACK,
        flavor=Flavor.TALOS,
        gateway="192.168.1.1",
        control_planes=nodes[:control_planes],
        workers=nodes[control_planes:],
    )
    return new_cluster(spec, cluster_id="cluster-1", run_id="workflow-1", warnings=(), now=NOON)


def statuses(cluster: Cluster) -> dict[str, NodeStatus]:
    return {node.asset_id: node.status for node in cluster.nodes}


@pytest.mark.parametrize(("kind", "status"), CLOSING)
def test_every_closing_move_is_legal_from_the_status_that_its_work_runs_in(
    kind: WorkflowType, status: RunStatus
) -> None:
    assert (AT_WORK[OPENING[kind]], CLOSING[kind, status]) in LIFECYCLE


@pytest.mark.parametrize("kind", [kind for kind in OPENING if kind is not WorkflowType.ASSET_DISCOVERY])
@pytest.mark.parametrize("status", sorted(ENDED))
def test_every_end_of_work_on_disks_closes_it(kind: WorkflowType, status: RunStatus) -> None:
    assert (kind, status) in CLOSING


@pytest.mark.parametrize(
    ("plan", "during", "completed", "failed"),
    [
        (ASSET_DISCOVERY, AssetStatus.DISCOVERING, AssetStatus.AVAILABLE, AssetStatus.DISCOVERING),
        (OS_PROVISION, AssetStatus.PROVISIONING, AssetStatus.PROVISIONED, AssetStatus.AVAILABLE),
        (DISK_WIPE, AssetStatus.DEPROVISIONING, AssetStatus.AVAILABLE, AssetStatus.PROVISIONED),
        (ASSET_REBOOT, AssetStatus.PROVISIONED, AssetStatus.PROVISIONED, AssetStatus.PROVISIONED),
    ],
    ids=lambda value: value.key if isinstance(value, Plan) else value,
)
def test_a_machine_ends_up_where_its_work_leaves_it(
    plan: Plan, during: AssetStatus, completed: AssetStatus, failed: AssetStatus
) -> None:
    asset = an_asset(during, held_by="workflow-1")

    for end, expected in ((RunStatus.COMPLETED, completed), (RunStatus.FAILED, failed), (RunStatus.CANCELLED, failed)):
        after = asset_after(asset, an_ended_run(plan, end), now=NOON)
        assert (after.status, after.held_by) == (expected, None)


@pytest.mark.parametrize("plan", MACHINE_PLANS, ids=lambda plan: plan.key)
def test_a_machine_remembers_why_its_work_failed_and_forgets_it_when_work_succeeds(plan: Plan) -> None:
    during = AT_WORK[OPENING[plan.type]] if plan.type in OPENING else AssetStatus.AVAILABLE
    asset = an_asset(during, held_by="workflow-1")

    failed = asset_after(asset, an_ended_run(plan, RunStatus.FAILED), now=NOON)
    done = asset_after(replace(asset, last_error=failed.last_error), an_ended_run(plan, RunStatus.COMPLETED), now=NOON)

    assert failed.last_error is not None
    assert (failed.last_error.code, failed.last_error.message) == (BROKEN.code, BROKEN.message)
    assert done.last_error is None


def test_a_reboot_does_not_make_a_machine_forget_why_it_could_not_be_discovered() -> None:
    reason = LastError(code="BMC_REFUSED", message="Wrong password", at=NOON)
    asset = replace(an_asset(AssetStatus.DISCOVERING, held_by="workflow-1"), last_error=reason)

    assert asset_after(asset, an_ended_run(ASSET_REBOOT, RunStatus.COMPLETED), now=NOON).last_error == reason


def test_what_was_taken_out_of_its_cluster_stays_out_even_if_switching_it_off_failed() -> None:
    run = an_ended_run(SHRINK, RunStatus.FAILED)
    removed = replace(run, steps=(replace(run.steps[0], status=StepStatus.COMPLETED), *run.steps[1:]))
    asset = an_asset(AssetStatus.PROVISIONED, held_by="workflow-1", cluster_id="cluster-1")

    gone = member_after(asset, removed, now=NOON)
    assert gone.cluster_id is None
    assert gone.last_error is not None, "somebody has to switch it off"
    assert gone.last_error.code == BROKEN.code
    assert "asset-1" not in statuses(cluster_after(a_ready_cluster(workers=1), removed, frozenset(), now=NOON))


def test_a_cancel_is_a_reason_too() -> None:
    run = replace(an_ended_run(OS_PROVISION, RunStatus.CANCELLED), error=None)

    after = asset_after(an_asset(AssetStatus.PROVISIONING, held_by="workflow-1"), run, now=NOON)

    assert after.last_error is not None
    assert after.last_error.code == "WORKFLOW_CANCELLED"


def test_a_machine_that_was_installed_for_a_cluster_is_held_by_the_clusters_run() -> None:
    asset = an_asset(AssetStatus.PROVISIONING, held_by="workflow-2", cluster_id="cluster-1")
    run = an_ended_run(OS_PROVISION, RunStatus.COMPLETED, id="workflow-2", parent_id="workflow-1")

    after = asset_after(asset, run, now=NOON)

    assert (after.status, after.held_by, after.cluster_id) == (AssetStatus.PROVISIONED, "workflow-1", "cluster-1")


def test_a_machine_that_could_not_be_installed_leaves_its_cluster() -> None:
    asset = an_asset(AssetStatus.PROVISIONING, held_by="workflow-2", cluster_id="cluster-1")
    run = an_ended_run(OS_PROVISION, RunStatus.FAILED, id="workflow-2", parent_id="workflow-1")

    after = asset_after(asset, run, now=NOON)

    assert (after.status, after.held_by, after.cluster_id) == (AssetStatus.AVAILABLE, None, None)


def test_a_reboot_that_fails_leaves_a_node_in_its_cluster() -> None:
    asset = an_asset(AssetStatus.PROVISIONED, held_by="workflow-1", cluster_id="cluster-1")

    assert asset_after(asset, an_ended_run(ASSET_REBOOT, RunStatus.FAILED), now=NOON).cluster_id == "cluster-1"


@pytest.mark.parametrize("end", sorted(ENDED))
@pytest.mark.parametrize("status", [AssetStatus.PROVISIONING, AssetStatus.PROVISIONED])
def test_a_member_that_the_clusters_run_still_held_is_free_after_its_end(end: RunStatus, status: AssetStatus) -> None:
    asset = an_asset(status, held_by="workflow-1", cluster_id="cluster-1")

    after = member_after(asset, an_ended_run(TALOS, end), now=NOON)

    assert after.held_by is None
    installed = status is AssetStatus.PROVISIONED
    assert after.status is (AssetStatus.PROVISIONED if installed else AssetStatus.AVAILABLE)
    assert after.cluster_id == ("cluster-1" if installed else None)


def test_a_member_that_was_taken_out_of_its_cluster_belongs_to_none() -> None:
    asset = an_asset(AssetStatus.PROVISIONED, held_by="workflow-1", cluster_id="cluster-1")

    after = member_after(asset, an_ended_run(SHRINK, RunStatus.COMPLETED), now=NOON)

    assert (after.status, after.held_by, after.cluster_id) == (AssetStatus.PROVISIONED, None, None)
    assert after.last_error is None


def test_a_cluster_that_was_built_is_ready_and_so_is_every_node() -> None:
    members_ = frozenset({"asset-1", "asset-2"})

    built = cluster_after(a_cluster(), an_ended_run(TALOS, RunStatus.COMPLETED), members_, now=LATER)

    assert built.updated_at == LATER
    assert (built.status, built.held_by, built.error) == (ClusterStatus.READY, None, None)
    assert set(statuses(built).values()) == {NodeStatus.READY}


@pytest.mark.parametrize("end", [RunStatus.FAILED, RunStatus.CANCELLED])
def test_a_cluster_that_was_not_built_says_why_and_which_machines_are_installed(end: RunStatus) -> None:
    failed = cluster_after(a_cluster(), an_ended_run(TALOS, end), frozenset({"asset-1"}), now=NOON)

    assert (failed.status, failed.held_by) == (ClusterStatus.ERROR, None)
    assert failed.error is not None
    assert failed.error.code == BROKEN.code
    assert statuses(failed) == {"asset-1": NodeStatus.INSTALLED, "asset-2": NodeStatus.FAILED}


def a_ready_cluster(workers: int) -> Cluster:
    cluster = a_cluster(workers=workers)
    ready = tuple(replace(node, status=NodeStatus.READY) for node in cluster.nodes)
    return replace(cluster, status=ClusterStatus.READY, nodes=ready)


def test_a_cluster_that_has_grown_has_its_new_nodes_ready() -> None:
    cluster = a_cluster(workers=1)
    grown = cluster_after(cluster, an_ended_run(GROW, RunStatus.COMPLETED), frozenset({"asset-2"}), now=NOON)

    assert statuses(grown)["asset-2"] is NodeStatus.READY
    assert grown.held_by is None


@pytest.mark.parametrize("installed", [True, False])
def test_a_growth_that_fails_keeps_what_was_installed_and_nothing_else(installed: bool) -> None:  # noqa: FBT001
    cluster = a_ready_cluster(workers=1)
    kept = frozenset({"asset-1", "asset-2"}) if installed else frozenset({"asset-1"})

    after = cluster_after(cluster, an_ended_run(GROW, RunStatus.FAILED), kept, now=NOON)

    assert after.status is ClusterStatus.READY
    assert statuses(after).get("asset-2") == (NodeStatus.INSTALLED if installed else None)
    assert statuses(after)["asset-1"] is NodeStatus.READY
    assert (after.spec.node("asset-2") is not None) == installed


def test_a_cluster_that_has_shrunk_has_forgotten_the_node() -> None:
    after = cluster_after(a_ready_cluster(workers=1), an_ended_run(SHRINK, RunStatus.COMPLETED), frozenset(), now=NOON)

    assert after.spec.node("asset-1") is None
    assert set(statuses(after)) == {"asset-2"}


def test_a_shrinking_that_fails_keeps_the_node() -> None:
    leaving = tuple(replace(node, status=NodeStatus.LEAVING) for node in a_ready_cluster(workers=1).nodes)
    cluster = replace(a_ready_cluster(workers=1), nodes=leaving[:1] + a_ready_cluster(workers=1).nodes[1:])

    still = frozenset({"asset-1", "asset-2"})
    after = cluster_after(cluster, an_ended_run(SHRINK, RunStatus.FAILED), still, now=NOON)

    assert statuses(after) == {"asset-1": NodeStatus.READY, "asset-2": NodeStatus.READY}


def test_a_shrinking_that_fails_without_its_machine_keeps_a_node_that_has_failed() -> None:
    cluster = a_ready_cluster(workers=1)

    after = cluster_after(cluster, an_ended_run(SHRINK, RunStatus.FAILED), frozenset({"asset-2"}), now=NOON)

    assert statuses(after) == {"asset-1": NodeStatus.FAILED, "asset-2": NodeStatus.READY}


def test_new_members_are_pending_in_the_roles_that_the_spec_gives_them() -> None:
    spec = a_cluster().spec

    assert [(node.asset_id, node.role, node.status) for node in members(spec, spec.nodes)] == [
        ("asset-1", "control-plane", NodeStatus.PENDING),
        ("asset-2", "worker", NodeStatus.PENDING),
    ]


def test_giving_up_is_how_an_unfinished_installation_ends_and_not_how_a_finished_one_does() -> None:
    assert advance(an_asset(AssetStatus.PROVISIONING), Move.GIVE_UP, now=NOON).status is AssetStatus.AVAILABLE


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        (RunStatus.PENDING, NodeStatus.PENDING),
        (RunStatus.RUNNING, NodeStatus.INSTALLING),
        (RunStatus.COMPLETED, NodeStatus.INSTALLED),
        (RunStatus.FAILED, NodeStatus.FAILED),
        (RunStatus.CANCELLED, NodeStatus.FAILED),
    ],
)
def test_while_a_cluster_is_built_its_nodes_are_as_their_installations_are(status: RunStatus, seen: NodeStatus) -> None:
    cluster = replace(a_cluster(), held_by="workflow-1")
    child = replace(a_run(), asset_id=cluster.nodes[0].asset_id, status=status)

    assert meanwhile(cluster, [child]).nodes[0].status is seen
    assert meanwhile(replace(cluster, held_by=None), [child]).nodes == cluster.nodes


def test_a_cluster_whose_building_was_cancelled_says_so() -> None:
    run = replace(an_ended_run(TALOS, RunStatus.CANCELLED), error=None)

    cancelled = cluster_after(a_cluster(), run, frozenset(), now=NOON)

    assert cancelled.error is not None
    assert cancelled.error.code == "WORKFLOW_CANCELLED"
