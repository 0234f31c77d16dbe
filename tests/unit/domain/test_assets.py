"""The lifecycle: its table, its refusals, and who may hold a machine."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import (
    LIFECYCLE,
    POWER_WINDOW,
    REQUESTS,
    AssetBusy,
    AssetInCluster,
    AssetInMaintenance,
    AssetNotAvailable,
    AssetNotFound,
    AssetStatus,
    LastError,
    Maintenance,
    Move,
    advance,
    claimed,
    cycles_at,
    inspected,
    maintenance_at,
    moves_from,
    released,
)
from colony_core.domain.hardware import System
from colony_testkit.builders import NOON, an_asset, an_inventory

LATER = NOON + timedelta(hours=1)


def reachable_from(status: AssetStatus) -> set[AssetStatus]:
    """Return every status that moves lead to from *status*."""
    reached = {status}
    while more := {LIFECYCLE[origin, move] for origin, move in LIFECYCLE if origin in reached} - reached:
        reached |= more
    return reached


@pytest.mark.parametrize("status", AssetStatus)
@pytest.mark.parametrize("move", Move)
def test_a_move_leads_where_the_table_says_and_nowhere_else(status: AssetStatus, move: Move) -> None:
    asset = an_asset(status)
    target = LIFECYCLE.get((status, move))

    if target is None:
        with pytest.raises(AssetNotAvailable):
            advance(asset, move, now=LATER)
    else:
        assert advance(asset, move, now=LATER) == replace(asset, status=target, updated_at=LATER)


@pytest.mark.parametrize("status", AssetStatus)
def test_from_every_status_there_is_a_way_to_available(status: AssetStatus) -> None:
    assert AssetStatus.AVAILABLE in reachable_from(status)


@pytest.mark.parametrize("status", AssetStatus)
def test_every_status_can_be_reached_by_a_machine_that_was_just_registered(status: AssetStatus) -> None:
    assert status in reachable_from(AssetStatus.DISCOVERING)


@pytest.mark.parametrize("status", [AssetStatus.PROVISIONING, AssetStatus.DEPROVISIONING])
def test_work_on_disks_ends_by_itself_either_way(status: AssetStatus) -> None:
    ends = [move for move in moves_from(status) if move not in REQUESTS]

    assert len(ends) == 2
    assert moves_from(status) == tuple(ends)


def test_no_move_makes_a_machine_available_whose_disks_a_wipe_failed_to_erase() -> None:
    assert LIFECYCLE[AssetStatus.DEPROVISIONING, Move.WIPE_FAILED] is AssetStatus.PROVISIONED
    assert (AssetStatus.PROVISIONED, Move.GIVE_UP) not in LIFECYCLE


@pytest.mark.parametrize(
    ("status", "move", "details"),
    [
        (
            AssetStatus.PROVISIONED,
            Move.PROVISION,
            "Asset 'asset-1' is provisioned: it cannot provision now; it can only wipe",
        ),
        (
            AssetStatus.AVAILABLE,
            Move.WIPE,
            "Asset 'asset-1' is available: it cannot wipe now; it can only discover or provision",
        ),
        (
            AssetStatus.PROVISIONING,
            Move.WIPE,
            "Asset 'asset-1' is provisioning: it cannot wipe now; wait for its workflow to end, or cancel it",
        ),
    ],
)
def test_a_refusal_says_the_present_state_and_what_is_allowed(status: AssetStatus, move: Move, details: str) -> None:
    with pytest.raises(AssetNotAvailable) as refused:
        advance(an_asset(status), move, now=NOON)

    assert refused.value.details == details


@pytest.mark.parametrize("status", AssetStatus)
@pytest.mark.parametrize("move", sorted(REQUESTS))
def test_every_refusal_of_a_request_names_the_status_and_a_way_on(status: AssetStatus, move: Move) -> None:
    if (status, move) in LIFECYCLE:
        return
    with pytest.raises(AssetNotAvailable) as refused:
        advance(an_asset(status), move, now=NOON)

    assert f"is {status}" in refused.value.details
    allowed = [each for each in moves_from(status) if each in REQUESTS]
    assert all(each in refused.value.details for each in allowed)
    assert allowed or "wait for its workflow" in refused.value.details


def test_a_claim_names_its_workflow_and_a_release_leaves_the_reason() -> None:
    held = claimed(replace(an_asset(), updated_at=LATER), by="workflow-7", now=NOON)
    assert held.updated_at == NOON
    error = LastError(code="BROKEN", message="It is broken", at=LATER)

    free = released(held, error=error, now=LATER)

    assert held.held_by == "workflow-7"
    assert (free.held_by, free.last_error, free.updated_at) == (None, error, LATER)


def test_a_machine_that_is_held_is_refused_to_everybody_else_naming_its_holder() -> None:
    with pytest.raises(AssetBusy) as refused:
        claimed(an_asset(AssetStatus.PROVISIONING, held_by="workflow-7"), by="workflow-8", now=NOON)

    assert "is provisioning and held by workflow 'workflow-7'" in refused.value.details


def test_maintenance_refuses_claims_until_its_time_is_over() -> None:
    maintenance = Maintenance(reason="new fans", by="ops", until=LATER)
    asset = replace(an_asset(), maintenance=maintenance)

    with pytest.raises(AssetInMaintenance) as refused:
        claimed(asset, by="workflow-1", now=NOON)

    assert "in maintenance until 2026-01-01T13:00:00Z by ops: new fans" in refused.value.details
    assert claimed(asset, by="workflow-1", now=LATER).held_by == "workflow-1"


def test_maintenance_without_an_end_binds_for_ever() -> None:
    asset = replace(an_asset(), maintenance=Maintenance(reason="scrap", by="ops"))

    assert maintenance_at(asset, NOON + timedelta(days=10_000)) is not None


def test_a_machine_without_maintenance_is_bound_by_none() -> None:
    assert maintenance_at(an_asset(), NOON) is None


def test_the_firmwares_uuid_is_the_agents_word_before_the_controllers() -> None:
    told = replace(an_asset(inventory=None), identity=System(uuid="FROM-FRU"))
    seen = replace(told, inventory=replace(an_inventory(), system=System(uuid="From-DMI")))

    assert told.system_uuid == "from-fru"
    assert seen.system_uuid == "from-dmi"
    assert an_asset(inventory=None).system_uuid == ""


def test_errors_about_assets_name_them() -> None:
    assert AssetNotFound("asset-123").details == "Asset with ID 'asset-123' does not exist"
    assert "belongs to cluster 'cluster-1'" in AssetInCluster(an_asset(cluster_id="cluster-1")).details


def test_power_cycles_count_for_an_hour() -> None:
    assert timedelta(hours=1) == POWER_WINDOW
    old, young = NOON - POWER_WINDOW, NOON - POWER_WINDOW + timedelta(microseconds=1)

    assert cycles_at(replace(an_asset(), power_cycles=(old, young, NOON)), NOON) == (young, NOON)


def test_a_firmware_that_gave_the_agent_no_uuid_has_the_one_that_its_controller_told() -> None:
    asset = replace(an_asset(inventory=replace(an_inventory(), system=System())), identity=System(uuid="FROM-FRU"))

    assert asset.system_uuid == "from-fru"


def test_a_machine_that_an_agent_has_seen_is_known_by_its_interfaces_since_then() -> None:
    seen = inspected(an_asset(inventory=None), an_inventory(), now=LATER)

    assert (seen.inventory, seen.updated_at) == (an_inventory(), LATER)
    assert set(seen.macs) >= {nic.mac.lower() for nic in an_inventory().nics}
