"""Adding nodes to a living cluster, and taking them out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from colony_core.domain.assets import AssetStatus
from colony_core.domain.clusters import NodeStatus, Role
from colony_core.domain.topology import (
    Growth,
    NodeNotFound,
    NodeNotRemovable,
    Severity,
    removal_findings,
    review_growth,
    without_node,
)
from colony_testkit.topologies import (
    a_civo_request,
    a_cluster,
    a_control_plane,
    a_disk,
    a_request,
    a_spec,
    a_worker,
    a_world,
    an_inventory,
)


def test_new_nodes_follow_the_old_ones_with_the_next_names() -> None:
    cluster = a_cluster(a_spec(a_request(1, 1)))
    growth = Growth(control_planes=(a_control_plane(2), a_control_plane(3)), workers=(a_worker(2),))

    spec = review_growth(cluster, growth, world=a_world(cluster)).accepted()

    assert [node.hostname for node in spec.nodes] == [
        "production-cp-1",
        "production-cp-2",
        "production-cp-3",
        "production-worker-1",
        "production-worker-2",
    ]
    assert spec.control_planes[0] == cluster.spec.control_planes[0]


def test_members_need_not_be_available_nor_known() -> None:
    cluster = a_cluster(a_spec(a_request()))
    world = a_world(cluster, asset_1={"status": AssetStatus.PROVISIONED, "cluster_id": "cluster-1"})

    answer = review_growth(cluster, Growth(workers=(a_worker(3),)), world=world)

    assert answer.findings == ()


def test_what_was_true_of_the_cluster_before_is_not_said_again() -> None:
    cluster = a_cluster(a_spec(replace(a_civo_request(), control_planes=(a_control_plane(1),), vip=None)))

    answer = review_growth(cluster, Growth(workers=(a_worker(3),)), world=a_world(cluster))

    assert answer.findings == ()


def test_a_number_that_was_freed_is_given_again() -> None:
    cluster = a_cluster(a_spec(a_request(1, 3)))
    smaller = replace(cluster, spec=without_node(cluster, "asset-12"))

    spec = review_growth(smaller, Growth(workers=(a_worker(4),)), world=a_world(smaller)).accepted()

    assert [node.hostname for node in spec.workers] == [f"production-worker-{n}" for n in (1, 3, 2)]


def test_a_worker_may_go_and_the_last_one_with_a_warning() -> None:
    two, one = a_cluster(a_spec(a_request(1, 2))), a_cluster(a_spec(a_request(1, 1)))

    assert removal_findings(two, "asset-11") == ()
    assert [(one_.rule, one_.path) for one_ in removal_findings(one, "asset-11")] == [("workers.none", "workers")]
    assert without_node(one, "asset-11").workers == ()


def test_a_failed_control_plane_of_three_may_be_replaced() -> None:
    cluster = a_cluster(a_spec(a_request()), asset_1=NodeStatus.FAILED)

    spec = without_node(cluster, "asset-1")

    assert [node.asset_id for node in spec.control_planes] == ["asset-2", "asset-3"]


def test_a_refused_removal_says_what_would_be_left_and_what_is_needed() -> None:
    with pytest.raises(NodeNotRemovable) as refused:
        without_node(a_cluster(a_spec(a_request())), "asset-2")

    assert refused.value.details == (
        "removing nodes[asset-2] would leave 2 control planes, 2 of them ready;"
        " to survive the loss of one it needs 3 that are ready"
    )


def test_a_machine_that_is_no_node_cannot_be_removed() -> None:
    with pytest.raises(NodeNotFound, match="has no node on asset"):
        removal_findings(a_cluster(a_spec(a_request())), "asset-29")


@given(statuses=st.lists(st.sampled_from(NodeStatus), min_size=1, max_size=7))
def test_no_removal_takes_the_quorum_or_the_last_control_plane(statuses: list[NodeStatus]) -> None:
    request = a_request(len(statuses), 1)
    names = {f"asset_{number}": status for number, status in enumerate(statuses, start=1)}
    cluster = a_cluster(a_spec(request), **names)

    for node in cluster.spec.control_planes:
        errors = [f for f in removal_findings(cluster, node.asset_id) if f.severity is Severity.ERROR]
        if not errors:
            stay = [n for n in cluster.nodes if n.role is Role.CONTROL_PLANE and n.asset_id != node.asset_id]
            ready = sum(n.status is NodeStatus.READY for n in stay)
            assert stay
            assert ready > len(stay) / 2


@pytest.mark.parametrize(
    ("control_planes", "rules"), [(5, []), (4, []), (3, ["removal.last_spare"]), (1, ["removal.last_control_plane"])]
)
def test_a_control_plane_may_leave_as_long_as_the_rest_survives_the_loss_of_one(
    control_planes: int, rules: list[str]
) -> None:
    cluster = a_cluster(a_spec(a_request(control_planes)))

    errors = [one.rule for one in removal_findings(cluster, "asset-1") if one.severity is Severity.ERROR]

    assert errors == rules


def test_what_cannot_be_read_of_a_new_node_is_not_judged_as_if_it_had_not_been_given() -> None:
    cluster = a_cluster(a_spec(a_request()))
    two = an_inventory(disks=(a_disk(), a_disk("/dev/nvme1n1", serial="S2")))
    broken = replace(a_worker(3), disk_device="/dev/sda1; rm")

    found = review_growth(cluster, Growth(workers=(broken,)), world=a_world(cluster, asset_13={"inventory": two}))

    assert [finding.rule for finding in found.findings] == ["disk.malformed"]
