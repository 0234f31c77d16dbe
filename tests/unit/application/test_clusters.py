"""What people do with clusters, over a simulated rack."""

import pytest
from msgspec.structs import replace

from colony_core.application.safekeeping import AUTHORITY, CREDENTIALS
from colony_core.domain.assets import AssetStatus
from colony_core.domain.clusters import (
    ClusterBusy,
    ClusterNotFound,
    ClusterNotReady,
    ClusterStatus,
    ClusterType,
    Flavor,
    KubeconfigNotReady,
    NodeStatus,
    TalosconfigNotAvailable,
)
from colony_core.domain.steps import WorkflowType
from colony_core.domain.topology import Growth, NodeNotFound, NodeNotRemovable
from colony_core.domain.workflows import RunStatus
from colony_core.errors import ColonyError, Conflict
from colony_core.ports.persistence import ClusterFilter, Paging
from colony_simulator import FailsInstall, NeverRegisters
from colony_testkit.builders import CLUSTER_KINDS
from colony_testkit.lab import (
    Lab,
    a_cluster_request,
    a_node,
    broken_laws,
    building,
    growing,
    shrinking,
)

TALOS, K3S, CIVO = CLUSTER_KINDS
every_kind = pytest.mark.parametrize(("kind", "flavor"), CLUSTER_KINDS)


async def a_ready_cluster(machines: int = 4, *, control_planes: tuple[int, ...] = (1, 2, 3)) -> Lab:
    """Return a lab of so many machines with a ready cluster on these control planes and one worker."""
    lab = Lab(machines)
    await lab.enrol()
    await lab.colony.clusters.create(a_cluster_request(control_planes=control_planes, workers=(4,)))
    await lab.run()
    assert (await lab.clusters())["cluster-1"].status is ClusterStatus.READY
    return lab


@every_kind
async def test_a_cluster_is_built_and_ready_with_every_node(kind: ClusterType, flavor: Flavor) -> None:
    lab = Lab(5)
    await lab.enrol()
    request = a_cluster_request(kind=kind, flavor=flavor, control_planes=(1, 2, 3), workers=(4, 5))

    cluster = await lab.colony.clusters.create(request)
    assert cluster.status is ClusterStatus.PROVISIONING
    assert all(asset.held_by == cluster.workflow_id for asset in (await lab.assets()).values())
    await lab.run()

    built, assets = (await lab.clusters())["cluster-1"], await lab.assets()
    assert (built.status, built.held_by, built.error) == (ClusterStatus.READY, None, None)
    assert {node.status for node in built.nodes} == {NodeStatus.READY}
    assert {(asset.status, asset.cluster_id) for asset in assets.values()} == {(AssetStatus.PROVISIONED, "cluster-1")}
    assert {machine.installation and machine.installation.template for machine in lab.rack.machines} == {flavor}
    assert await broken_laws(lab) == []


async def test_a_cluster_of_one_machine_is_built() -> None:
    lab = Lab()
    await lab.enrol()
    await lab.colony.clusters.create(a_cluster_request())

    await lab.run()

    assert (await lab.clusters())["cluster-1"].status is ClusterStatus.READY


async def test_each_cluster_has_one_child_run_for_each_machine() -> None:
    lab = await a_ready_cluster()

    children = (await lab.colony.workflows.children_of(["workflow-1"]))["workflow-1"]

    assert sorted(str(child.asset_id) for child in children) == ["asset-1", "asset-2", "asset-3", "asset-4"]
    assert {child.type for child in children} == {WorkflowType.OS_PROVISION}
    assert {child.cluster_id for child in children} == {"cluster-1"}


async def test_a_plan_changes_nothing() -> None:
    lab = Lab(2)
    await lab.enrol()
    before = await lab.assets()

    plan = await lab.colony.clusters.plan(a_cluster_request(workers=(2,)))

    assert [machine.asset_id for machine in plan.machines] == ["asset-1", "asset-2"]
    assert (await lab.assets(), await lab.workflows(), await lab.clusters()) == (before, {}, {})


async def test_machines_are_claimed_all_or_none() -> None:
    lab = Lab(2)
    await lab.enrol()
    await lab.colony.assets.reboot("asset-2", boot_device=None)

    with pytest.raises(ColonyError):
        await lab.colony.clusters.create(a_cluster_request(workers=(2,)))

    assert (await lab.asset("asset-1")).held_by is None
    assert await lab.clusters() == {}


async def test_a_name_is_free_again_when_its_cluster_is_deleted() -> None:
    lab = await a_ready_cluster()
    with pytest.raises(Conflict):
        await lab.colony.clusters.create(replace(a_cluster_request(), control_planes=(a_node(1),)))

    await lab.colony.clusters.delete("cluster-1", wipe=True)
    await lab.run()
    again = await lab.colony.clusters.create(a_cluster_request())

    assert (again.id, again.spec.name) == ("cluster-2", "dev")


async def test_a_build_that_fails_keeps_what_was_installed_and_frees_the_rest() -> None:
    lab = Lab(2)
    lab.rack.fault("asset-2", FailsInstall())
    await building(*TALOS)(lab)

    await lab.run()

    cluster, assets = (await lab.clusters())["cluster-1"], await lab.assets()
    assert cluster.status is ClusterStatus.ERROR
    assert cluster.error is not None
    assert cluster.error.code == "NODES_FAILED"
    assert (assets["asset-1"].status, assets["asset-1"].cluster_id) == (AssetStatus.PROVISIONED, "cluster-1")
    assert (assets["asset-2"].status, assets["asset-2"].cluster_id) == (AssetStatus.AVAILABLE, None)
    assert assets["asset-2"].last_error is not None
    assert await broken_laws(lab) == []


async def test_a_node_that_never_registers_fails_the_build_after_its_time_and_says_which() -> None:
    lab = Lab(2)
    lab.rack.fault("asset-2", NeverRegisters())
    await building(*TALOS)(lab)

    await lab.run()

    cluster = (await lab.clusters())["cluster-1"]
    assert cluster.error is not None
    assert (cluster.error.code, cluster.error.message) == ("NOT_YET", "Not registered yet: dev-worker-1")
    assert await broken_laws(lab) == []


# Growing and shrinking


async def test_a_cluster_grows() -> None:
    lab = Lab(3)
    run_id = await growing(lab)
    assert (await lab.clusters())["cluster-1"].held_by == run_id

    await lab.run()

    cluster = (await lab.clusters())["cluster-1"]
    assert (await lab.workflow(run_id)).status is RunStatus.COMPLETED
    assert [node.asset_id for node in cluster.spec.workers] == ["asset-2", "asset-3"]
    assert {node.status for node in cluster.nodes} == {NodeStatus.READY}
    assert await broken_laws(lab) == []


async def test_a_growth_that_fails_leaves_the_cluster_ready_without_the_machine() -> None:
    lab = Lab(3)
    lab.rack.fault("asset-3", FailsInstall())
    run_id = await growing(lab)

    await lab.run()

    cluster = (await lab.clusters())["cluster-1"]
    assert (await lab.workflow(run_id)).status is RunStatus.FAILED
    assert cluster.status is ClusterStatus.READY
    assert cluster.spec.node("asset-3") is None
    assert (await lab.asset("asset-3")).status is AssetStatus.AVAILABLE
    assert await broken_laws(lab) == []


async def test_a_growth_that_failed_can_be_tried_again_also_when_the_machine_had_left() -> None:
    lab = Lab(3)
    lab.rack.fault("asset-3", FailsInstall())
    run_id = await growing(lab)
    await lab.run()
    lab.rack.mend("asset-3")

    await lab.colony.workflows.retry(run_id)
    await lab.run()

    assert (await lab.clusters())["cluster-1"].spec.node("asset-3") is not None
    assert await broken_laws(lab) == []


async def test_a_cluster_shrinks_and_the_machine_stays_installed_and_is_off() -> None:
    lab = Lab(3)
    run_id = await shrinking(lab)
    assert [node.status for node in (await lab.clusters())["cluster-1"].nodes] == [NodeStatus.READY, NodeStatus.LEAVING]

    await lab.run()

    asset = await lab.asset("asset-2")
    assert (await lab.workflow(run_id)).status is RunStatus.COMPLETED
    assert (await lab.clusters())["cluster-1"].spec.node("asset-2") is None
    assert (asset.status, asset.cluster_id, asset.held_by) == (AssetStatus.PROVISIONED, None, None)
    assert lab.rack.machine("asset-2").power == "off"
    assert await broken_laws(lab) == []


async def test_a_shrinking_that_is_tried_again_shows_the_node_as_leaving() -> None:
    lab = Lab(3)
    run_id = await shrinking(lab)
    await lab.colony.workflows.cancel(run_id)
    await lab.run()

    await lab.colony.workflows.retry(run_id)

    assert [node.status for node in (await lab.clusters())["cluster-1"].nodes] == [NodeStatus.READY, NodeStatus.LEAVING]


async def test_what_a_cluster_cannot_go_on_without_stays() -> None:
    lab = await a_ready_cluster(4, control_planes=(1,))

    with pytest.raises(NodeNotRemovable):
        await lab.colony.clusters.shrink("cluster-1", "asset-1")
    with pytest.raises(NodeNotFound):
        await lab.colony.clusters.shrink("cluster-1", "asset-2")


async def test_a_cluster_that_is_worked_on_or_broken_neither_grows_nor_shrinks() -> None:
    lab = Lab(3)
    lab.rack.fault("asset-2", FailsInstall())
    run_id = await building(*TALOS)(lab)
    growth = Growth(workers=(a_node(3),))

    with pytest.raises(ClusterBusy) as busy:
        await lab.colony.clusters.grow("cluster-1", growth)
    await lab.run()

    assert f"held by workflow '{run_id}'" in busy.value.details
    with pytest.raises(ClusterNotReady):
        await lab.colony.clusters.grow("cluster-1", growth)
    with pytest.raises(ClusterNotReady):
        await lab.colony.clusters.shrink("cluster-1", "asset-1")


# Deleting


async def test_a_deleted_cluster_leaves_its_machines_installed_and_its_secrets_nowhere() -> None:
    lab = await a_ready_cluster()

    deleted = await lab.colony.clusters.delete("cluster-1")
    await lab.run()

    assert deleted.status is ClusterStatus.READY
    assert {(asset.status, asset.cluster_id) for asset in (await lab.assets()).values()} == {
        (AssetStatus.PROVISIONED, None)
    }
    await nothing_is_kept_of_the_cluster(lab)
    with pytest.raises(ClusterNotFound):
        await lab.colony.clusters.get("cluster-1")


async def nothing_is_kept_of_the_cluster(lab: Lab) -> None:
    async with lab.store.reading() as look:
        assert await look.vault.get("cluster-1", AUTHORITY) is None
        assert await look.vault.get("cluster-1", CREDENTIALS) is None
    assert await lab.clusters() == {}
    assert await broken_laws(lab) == []
    assert not any(asset.held_by for asset in (await lab.assets()).values())


async def test_a_cluster_is_deleted_with_its_disks_wiped_when_that_is_asked() -> None:
    lab = await a_ready_cluster()

    await lab.colony.clusters.delete("cluster-1", wipe=True)
    assert {asset.status for asset in (await lab.assets()).values()} == {AssetStatus.DEPROVISIONING}
    await lab.run()

    assert {asset.status for asset in (await lab.assets()).values()} == {AssetStatus.AVAILABLE}
    assert not any(machine.installation for machine in lab.rack.machines)


async def test_a_cluster_that_is_built_is_only_deleted_by_force() -> None:
    lab = Lab(2)
    await building(*TALOS)(lab)

    with pytest.raises(ClusterBusy):
        await lab.colony.clusters.delete("cluster-1")

    assert "cluster-1" in await lab.clusters()


@pytest.mark.parametrize("wipe", [False, True])
@pytest.mark.parametrize("step", ["create-authority", "install-nodes", "bootstrap", "check-api", "check-nodes"])
async def test_force_deletes_a_cluster_at_any_step_of_its_building_and_frees_every_machine(
    step: str,
    wipe: bool,  # noqa: FBT001
) -> None:
    lab = Lab(2)
    run_id = await building(*TALOS)(lab)
    await lab.run_to(run_id, step)

    await lab.colony.clusters.delete("cluster-1", force=True, wipe=wipe)
    await lab.run()

    assert (await lab.workflow(run_id)).ended
    assert all(run.ended for run in (await lab.workflows()).values())
    await nothing_is_kept_of_the_cluster(lab)
    installed = {AssetStatus.AVAILABLE if wipe else AssetStatus.PROVISIONED}
    unfinished = {AssetStatus.AVAILABLE}
    expected = unfinished if step in ("create-authority", "install-nodes") else installed
    assert {asset.status for asset in (await lab.assets()).values()} == expected


async def test_force_deletes_a_cluster_of_which_one_machine_is_installed_and_one_is_not() -> None:
    lab = Lab(2)
    run_id = await building(*TALOS)(lab)
    await lab.run(when=lambda: any(machine.up_since for machine in lab.rack.machines))
    await lab.colony.runner.settle()

    await lab.colony.clusters.delete("cluster-1", force=True)
    await lab.run()

    assert (await lab.workflow(run_id)).status is RunStatus.CANCELLED
    await nothing_is_kept_of_the_cluster(lab)
    assert {asset.status for asset in (await lab.assets()).values()} <= {AssetStatus.AVAILABLE, AssetStatus.PROVISIONED}


async def test_a_broken_cluster_can_be_deleted() -> None:
    lab = Lab(2)
    lab.rack.fault("asset-2", FailsInstall())
    await building(*TALOS)(lab)
    await lab.run()

    await lab.colony.clusters.delete("cluster-1")

    await nothing_is_kept_of_the_cluster(lab)


# Credentials


@every_kind
async def test_credentials_can_be_had_once_the_cluster_is_ready(kind: ClusterType, flavor: Flavor) -> None:
    lab = Lab(2)
    await building(kind, flavor)(lab)
    with pytest.raises(KubeconfigNotReady):
        await lab.colony.clusters.kubeconfig("cluster-1")
    await lab.run()

    kubeconfig = await lab.colony.clusters.kubeconfig("cluster-1")

    assert "https://192.168.1.101:6443" in kubeconfig.reveal()
    if flavor is Flavor.TALOS:
        assert "talosconfig" in (await lab.colony.clusters.talosconfig("cluster-1")).reveal()
    else:
        with pytest.raises(TalosconfigNotAvailable):
            await lab.colony.clusters.talosconfig("cluster-1")


async def test_no_credential_is_in_anything_that_is_shown() -> None:
    lab = Lab(2)
    run_id = await building(*CIVO)(lab)
    await lab.run()

    shown = repr((await lab.clusters(), await lab.workflows(), await lab.assets()))
    shown += repr((await lab.colony.workflows.logs(run_id, Paging(limit=1000))).items)
    shown += repr(lab.rack.history)

    assert "planted" not in shown
    assert lab.registration(1).password.reveal() == "planted-password"


async def test_clusters_are_listed_by_status_and_type() -> None:
    lab = await a_ready_cluster()
    desk = lab.colony.clusters

    assert len((await desk.page(Paging(), ClusterFilter(status="ready", type="k8s_stack"))).items) == 1
    assert (await desk.page(Paging(), ClusterFilter(type="civo_stack"))).items == ()
    assert (await desk.page(Paging(), ClusterFilter(status="error"))).items == ()
