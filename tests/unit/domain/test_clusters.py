"""What a spec says of its nodes, and what a refused request about a cluster is told."""

import pytest
from msgspec.structs import replace

from colony_core.domain.clusters import (
    ClusterBusy,
    ClusterNameTaken,
    ClusterNotFound,
    ClusterNotReady,
    ClusterStatus,
    KubeconfigNotReady,
    NodeStatus,
    Role,
    TalosconfigNotAvailable,
    with_statuses,
)
from colony_core.errors import ColonyError
from colony_testkit.topologies import a_cluster, a_request, a_spec

SPEC = a_spec(a_request())
CLUSTER = a_cluster(SPEC)


def test_the_api_is_reached_at_the_virtual_address_or_at_the_first_control_plane() -> None:
    assert SPEC.api_url == "https://192.168.1.100:6443"
    assert replace(SPEC, vip=None).api_url == "https://192.168.1.101:6443"


def test_a_node_is_found_by_its_machine_and_has_one_role() -> None:
    assert [SPEC.role_of(node.asset_id) for node in SPEC.nodes] == [Role.CONTROL_PLANE] * 3 + [Role.WORKER] * 2
    assert [SPEC.node(node.asset_id) for node in SPEC.nodes] == list(SPEC.nodes)
    assert SPEC.node("asset-29") is None


def test_only_nodes_that_are_named_change_their_status() -> None:
    nodes = with_statuses(CLUSTER.nodes, {"asset-2": NodeStatus.FAILED})

    assert [node.status for node in nodes if node.asset_id == "asset-2"] == [NodeStatus.FAILED]
    assert [node for node in nodes if node.asset_id != "asset-2"] == [
        node for node in CLUSTER.nodes if node.asset_id != "asset-2"
    ]


@pytest.mark.parametrize(
    ("refusal", "details"),
    [
        (ClusterNotFound("cluster-7"), "Cluster with ID 'cluster-7' does not exist"),
        (
            ClusterNameTaken("dev"),
            "A cluster named 'dev' exists already: choose another name, or delete that cluster first",
        ),
        (
            ClusterBusy(replace(CLUSTER, held_by="workflow-7")),
            "Cluster 'cluster-1' is ready and held by workflow 'workflow-7': wait for it to end, or cancel it",
        ),
        (
            ClusterNotReady(replace(CLUSTER, status=ClusterStatus.ERROR)),
            "Cluster 'cluster-1' is error: wait until it is ready,"
            " or retry its workflow or delete it if it is in error",
        ),
        (
            KubeconfigNotReady(replace(CLUSTER, status=ClusterStatus.PROVISIONING)),
            "Cluster 'cluster-1' is provisioning: its credentials can be had once it is ready",
        ),
        (
            TalosconfigNotAvailable(CLUSTER),
            "Cluster 'cluster-1' is of flavor talos: only talos has a talosconfig",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ColonyError) else "",
)
def test_a_refusal_names_the_cluster_and_its_state(refusal: ColonyError, details: str) -> None:
    assert refusal.details == details
