from collections.abc import Sequence
from datetime import datetime

import pytest
from msgspec.structs import replace

from colony_core.domain.clusters import (
    Cluster,
    ClusterCredentials,
    ClusterSpec,
    ClusterStatus,
    ClusterType,
    Flavor,
    NodeSpec,
)
from colony_core.domain.hardware import BootDevice, Power
from colony_core.domain.orders import WipeMethod
from colony_core.domain.secrets import Secret
from colony_core.errors import Unavailable
from colony_core.ports.platform import Milestone, NotYet
from colony_simulator import BootstrappedTwice, NeverRegisters, SimulatedRack, VirtualClock
from colony_simulator.platforms import RackPlatform
from colony_testkit.rack_operator import RackOperator, a_wipe, an_install

AUTHORITY = Secret("the cluster's own")


@pytest.fixture
def operator() -> RackOperator:
    clock = VirtualClock()
    return RackOperator(SimulatedRack.of(5, seed=1, clock=clock), clock=clock)


@pytest.fixture
def platform(operator: RackOperator) -> RackPlatform:
    return operator.rack.platform


def a_cluster(flavor: Flavor = Flavor.TALOS, *, control_planes: int = 1, workers: int = 1, first: int = 1) -> Cluster:
    def nodes(numbers: range) -> tuple[NodeSpec, ...]:
        return tuple(
            NodeSpec(
                asset_id=f"asset-{number}", ip=f"192.168.1.{100 + number}", prefix=24, hostname=f"server{number:02d}"
            )
            for number in numbers
        )

    noon = datetime.fromisoformat("2026-01-01T12:00:00Z")
    spec = ClusterSpec(
        name="production",
        type=ClusterType.K8S_STACK,
        flavor=flavor,
        gateway="192.168.1.1",
        control_planes=nodes(range(first, first + control_planes)),
        workers=nodes(range(first + control_planes, first + control_planes + workers)),
    )
    return Cluster(
        id="cluster-1",
        spec=spec,
        status=ClusterStatus.PROVISIONING,
        nodes=(),
        workflow_id=None,
        created_at=noon,
        updated_at=noon,
    )


async def install(operator: RackOperator, nodes: Sequence[NodeSpec], flavor: Flavor) -> None:
    for node in nodes:
        machine = operator.rack.machine(node.asset_id)
        await operator.install(machine, an_install(machine, template=flavor.value, ip=node.ip))


async def reached(platform: RackPlatform, cluster: Cluster, milestone: Milestone = Milestone.NODES) -> bool:
    try:
        await platform.check(cluster, AUTHORITY, milestone)
    except NotYet:
        return False
    return True


async def test_talos_answers_some_time_after_its_bootstrap_and_registers_its_nodes_later(
    operator: RackOperator, platform: RackPlatform
) -> None:
    cluster = a_cluster(control_planes=3, workers=2)
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await operator.wait(3600)
    before = await reached(platform, cluster, Milestone.API)
    await platform.bootstrap(cluster, AUTHORITY)
    steps = []
    for _ in range(13):
        steps.append([await reached(platform, cluster, stone) for stone in (Milestone.API, Milestone.NODES)])
        await operator.wait(10)

    assert not before
    assert steps == sorted(steps), "what was reached stays reached"
    assert {tuple(step) for step in steps} == {(False, False), (True, False), (True, True)}


async def test_a_node_that_is_not_up_cannot_be_bootstrapped(operator: RackOperator, platform: RackPlatform) -> None:
    with pytest.raises(NotYet):
        await platform.bootstrap(a_cluster(), AUTHORITY)


async def test_a_bootstrap_that_is_repeated_changes_nothing(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster()
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    for _ in range(3):
        await platform.bootstrap(cluster, AUTHORITY)
        await operator.wait(60)

    assert [each.event for each in operator.rack.history if "founded" in each.event] == ["founded etcd-asset-1-2"]
    assert await reached(platform, cluster)


async def test_a_second_bootstrap_on_another_node_is_an_error(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster(control_planes=3)
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    turned = replace(cluster, spec=replace(cluster.spec, control_planes=cluster.spec.control_planes[::-1]))

    with pytest.raises(BootstrappedTwice):
        await platform.bootstrap(turned, AUTHORITY)


async def test_two_clusters_of_one_control_plane_each_do_not_make_one(
    operator: RackOperator, platform: RackPlatform
) -> None:
    one, other = a_cluster(workers=0), a_cluster(workers=0, first=2)
    both = a_cluster(control_planes=3, workers=0)
    await install(operator, both.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(one, AUTHORITY)
    await platform.bootstrap(other, AUTHORITY)

    with pytest.raises(BootstrappedTwice):
        await platform.check(both, AUTHORITY, Milestone.API)


async def test_k3s_needs_no_bootstrap(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster(Flavor.K3S, control_planes=3, workers=1)
    await install(operator, cluster.spec.nodes, Flavor.K3S)
    await operator.wait(130)

    assert await reached(platform, cluster)


async def test_a_node_of_another_flavour_is_none_of_the_cluster(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster(Flavor.K3S)
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await operator.wait(3600)

    assert not await reached(platform, cluster, Milestone.API)


async def test_a_cluster_without_a_majority_does_not_answer(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster(control_planes=3, workers=0)
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    await operator.wait(180)
    answers = [await reached(platform, cluster, Milestone.API)]
    for name in ("asset-1", "asset-2"):
        await operator.controller(operator.rack.machine(name)).set_power(Power.OFF)
        await operator.wait(5)
        answers.append(await reached(platform, cluster, Milestone.API))
    await operator.start(operator.rack.machine("asset-2"), BootDevice.DISK)
    answers.append(await reached(platform, cluster, Milestone.API))

    assert answers == [True, True, False, True]


async def test_a_cluster_whose_disks_were_wiped_is_gone(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster(workers=0)
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    await operator.wait(180)
    machine = operator.rack.machine("asset-1")
    await operator.give(machine, a_wipe(machine, method=WipeMethod.SIGNATURES))

    assert not await reached(platform, cluster, Milestone.API)


async def test_a_node_may_never_register(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster(control_planes=1, workers=1)
    operator.rack.fault("asset-2", NeverRegisters())
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    await operator.wait(3600)

    with pytest.raises(NotYet, match="server02"):
        await platform.check(cluster, AUTHORITY, Milestone.NODES)


async def test_a_node_joins_a_living_cluster_by_itself(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster(control_planes=1, workers=1)
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    await operator.wait(180)
    grown = a_cluster(control_planes=3, workers=1)
    await install(operator, grown.spec.nodes[2:], Flavor.TALOS)
    first = await reached(platform, grown)
    await operator.wait(70)

    assert (first, await reached(platform, grown)) == (False, True)


async def test_a_node_that_was_removed_is_no_node_any_more(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster(control_planes=3, workers=1)
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    await operator.wait(180)
    assert await reached(platform, cluster)
    for name in ("asset-4", "asset-1", "asset-1", "asset-99"):
        await platform.remove_node(cluster, AUTHORITY, name)
    left = replace(cluster, spec=replace(cluster.spec, control_planes=cluster.spec.control_planes[1:], workers=()))
    await operator.wait(60)

    assert not await reached(platform, cluster)
    assert await reached(platform, left)


async def test_the_stack_is_installed_once_and_takes_its_time(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster()
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    with pytest.raises(NotYet):
        await platform.install_stack(cluster, AUTHORITY, ClusterCredentials())
    await operator.wait(180)
    without = await reached(platform, cluster, Milestone.STACK)
    for _ in range(2):
        await platform.install_stack(cluster, AUTHORITY, ClusterCredentials())
        await operator.wait(600)
    soon = await reached(platform, cluster, Milestone.STACK)
    await operator.wait(2550 - 1200)

    assert (without, soon, await reached(platform, cluster, Milestone.STACK)) == (False, False, True)


async def test_a_stranger_s_authority_is_not_trusted(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster()
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    await operator.wait(180)

    with pytest.raises(Unavailable, match="unknown authority"):
        await platform.check(cluster, Secret("another's"), Milestone.API)


async def test_clusters_survive_a_restart_of_the_simulator(operator: RackOperator, platform: RackPlatform) -> None:
    cluster = a_cluster()
    await install(operator, cluster.spec.nodes, Flavor.TALOS)
    await platform.bootstrap(cluster, AUTHORITY)
    await operator.wait(180)

    restored = SimulatedRack.restore(operator.rack.snapshot())

    assert await reached(restored.platform, cluster)
