"""What an accepted cluster asks of its machines."""

import pytest
from msgspec.structs import replace

from colony_core.domain.building import build_plan, installs, new_cluster, new_run
from colony_core.domain.clusters import ClusterSpec, ClusterStatus, ClusterType, Flavor, NodeSpec, NodeStatus, Role
from colony_core.domain.machine_plans import ASSET_DISCOVERY, OS_PROVISION
from colony_core.domain.orders import Discovery
from colony_core.domain.plans import cluster_plan
from colony_core.domain.topology import ClusterRequest, review
from colony_core.domain.workflows import RunStatus, StepStatus
from colony_testkit.builders import NOON, a_disk, an_asset, an_inventory
from colony_testkit.topologies import a_civo_request, a_request, a_world, an_ssh_key

K3S_REQUEST = replace(a_request(), flavor="k3s", ssh_public_key=an_ssh_key())


def a_spec(**changes: object) -> ClusterSpec:
    """Return the spec of a cluster on asset-1 alone."""
    node = NodeSpec(asset_id="asset-1", ip="192.168.1.101", prefix=24, hostname="dev-cp-1")
    spec = ClusterSpec(
        name="dev",
        type=ClusterType.K8S_STACK,
        flavor=Flavor.K3S,
        gateway="192.168.1.1",
        control_planes=(node,),
        dns=("1.1.1.1",),
        ntp=("time.example.org",),
    )
    return replace(spec, **changes)


@pytest.mark.parametrize("request_", [a_request(), a_civo_request(), K3S_REQUEST], ids=["talos", "civo", "k3s"])
def test_a_plan_shows_what_would_be_done_to_every_machine(request_: ClusterRequest) -> None:
    world = a_world()
    verdict = review(request_, world)
    spec = verdict.accepted()

    plan = build_plan(spec, world.assets, warnings=verdict.advice)

    assert plan.steps == cluster_plan(spec.type, spec.flavor).steps
    assert [machine.asset_id for machine in plan.machines] == [node.asset_id for node in spec.nodes]
    assert all(machine.steps == OS_PROVISION.steps for machine in plan.machines)
    assert all(machine.install.template == spec.flavor for machine in plan.machines)
    assert [machine.role for machine in plan.machines] == [Role.CONTROL_PLANE] * 3 + [Role.WORKER] * 2
    assert plan.estimate == cluster_plan(spec.type, spec.flavor).typical


def test_a_machine_is_installed_with_the_clusters_network_unless_it_has_its_own() -> None:
    spec = a_spec()
    own = replace(spec.control_planes[0], gateway="192.168.1.2", dns=("9.9.9.9",), ntp=("ntp.example.org",))

    shared = installs(spec, spec.nodes, {"asset-1": an_asset()})["asset-1"].network
    itself = installs(spec, (own,), {"asset-1": an_asset()})["asset-1"].network

    assert shared is not None
    assert (shared.ip, shared.prefix, shared.gateway) == ("192.168.1.101", 24, "192.168.1.1")
    assert (shared.dns, shared.ntp) == (("1.1.1.1",), ("time.example.org",))
    assert itself is not None
    assert (itself.gateway, itself.dns, itself.ntp) == ("192.168.1.2", ("9.9.9.9",), ("ntp.example.org",))


def test_the_disk_is_resolved_when_the_cluster_is_accepted() -> None:
    two = an_inventory(disks=(a_disk(serial="S1"), a_disk("/dev/nvme1n1", serial="S2")))
    node = replace(a_spec().control_planes[0], disk_device="S2")
    spec = a_spec(control_planes=(node,))

    order = installs(spec, spec.nodes, {"asset-1": an_asset(inventory=two)})["asset-1"]

    assert (order.disk.name, order.disk.serial) == ("/dev/nvme1n1", "S2")


def test_a_clusters_key_goes_to_every_machine() -> None:
    spec = a_spec(ssh_public_key=an_ssh_key())

    assert installs(spec, spec.nodes, {"asset-1": an_asset()})["asset-1"].ssh_public_keys == (an_ssh_key(),)


def test_a_new_run_has_every_step_before_it_and_is_due_at_once() -> None:
    run = new_run(ASSET_DISCOVERY, Discovery(), run_id="workflow-1", asset_id="asset-1", now=NOON)

    assert (run.status, run.plan, run.plan_version) == (RunStatus.PENDING, "asset-discovery", 2)
    assert [state.name for state in run.steps] == [step.name for step in ASSET_DISCOVERY.steps]
    assert {state.status for state in run.steps} == {StepStatus.PENDING}
    assert run.due == NOON
    assert run.revision == 0, "stored by nobody yet"


def test_a_new_cluster_is_being_built_by_its_run() -> None:
    cluster = new_cluster(a_spec(), cluster_id="cluster-1", run_id="workflow-1", warnings=(), now=NOON)

    assert (cluster.id, cluster.status) == ("cluster-1", ClusterStatus.PROVISIONING)
    assert (cluster.workflow_id, cluster.held_by) == ("workflow-1", "workflow-1")
    assert (cluster.created_at, cluster.updated_at, cluster.revision) == (NOON, NOON, 0)
    (node,) = cluster.nodes
    assert (node.asset_id, node.role, node.ip, node.hostname) == (
        *("asset-1", Role.CONTROL_PLANE),
        *("192.168.1.101", "dev-cp-1"),
    )
    assert node.status is NodeStatus.PENDING
