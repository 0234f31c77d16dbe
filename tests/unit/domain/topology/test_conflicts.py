"""A request that only the present state refuses is a conflict: waiting helps. With any mistake, everything is told."""

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import AssetBusy, AssetStatus, Maintenance
from colony_core.domain.clusters import ClusterNameTaken
from colony_core.domain.topology import World, review
from colony_core.domain.topology.conflicts import conflict_in
from colony_core.errors import Conflict
from colony_testkit.topologies import a_cluster, a_request, a_spec, a_worker, a_world

LIVING = a_cluster(a_spec(replace(a_request(1, 0), vip=None)))
ELSEWHERE = replace(
    LIVING,
    spec=replace(
        LIVING.spec,
        control_planes=(
            replace(LIVING.spec.control_planes[0], asset_id="asset-29", ip="192.168.1.50", hostname="other"),
        ),
    ),
)


def conflict(world: World, **changes: object) -> Conflict | None:
    request = replace(a_request(), **changes)
    return conflict_in(review(request, world), world, name=request.name)


def test_a_sound_request_is_no_conflict() -> None:
    assert conflict(a_world()) is None
    assert conflict(a_world(asset_29={"held_by": "workflow-7"})) is None, "none of its machines"


@pytest.mark.parametrize("status", [AssetStatus.PROVISIONING, AssetStatus.DEPROVISIONING, AssetStatus.AVAILABLE])
def test_a_machine_that_is_worked_on_is_busy_whatever_its_state(status: AssetStatus) -> None:
    found = conflict(a_world(asset_1={"status": status, "held_by": "workflow-7"}))

    assert isinstance(found, AssetBusy)
    assert "workflow-7" in found.details


def test_a_name_that_a_living_cluster_has_is_taken() -> None:
    found = conflict(a_world(ELSEWHERE))

    assert isinstance(found, ClusterNameTaken)
    assert "'production'" in found.details


def test_a_machine_that_rests_in_another_state_is_told_as_a_finding() -> None:
    assert conflict(a_world(asset_1={"status": AssetStatus.PROVISIONED})) is None


@pytest.mark.parametrize(
    "beside",
    [
        {"status": AssetStatus.PROVISIONED},
        {"maintenance": Maintenance(reason="a fan", by="me")},
        {"cluster_id": "cluster-1"},
    ],
    ids=lambda beside: next(iter(beside)),
)
def test_waiting_helps_whatever_else_others_have_of_what_is_asked(beside: dict[str, object]) -> None:
    world = a_world(ELSEWHERE, asset_1={"held_by": "workflow-7", "status": AssetStatus.PROVISIONING}, asset_2=beside)

    assert isinstance(conflict(world), AssetBusy)


def test_with_a_mistake_in_the_request_itself_every_finding_is_told_at_once() -> None:
    busy = a_world(ELSEWHERE, asset_1={"status": AssetStatus.PROVISIONING, "held_by": "workflow-7"})

    assert conflict(busy, workers=(replace(a_worker(1), ip="here"),)) is None
    assert isinstance(conflict(busy), AssetBusy)
