"""A dry run's fingerprint says whether the world is still the same, and where it is not."""

import pytest
from msgspec.structs import replace

from colony_core.domain.building import BuildPlan, build_plan
from colony_core.domain.plan_hashes import PlanChanged, PlanHashInvalid, plan_hash, require_plan
from colony_core.domain.topology import World
from colony_testkit.topologies import a_disk, a_request, a_spec, a_world

SPEC = a_spec(a_request(1, 1))


def a_plan(world: World) -> BuildPlan:
    return build_plan(SPEC, world.assets, warnings=())


def test_the_same_world_gives_the_same_plan() -> None:
    require_plan(plan_hash(a_plan(a_world())), a_plan(a_world()))


def test_another_disk_is_named_with_its_machine_and_serial() -> None:
    asset_id = SPEC.control_planes[0].asset_id
    before = a_world()
    inventory = before.assets[asset_id].inventory
    assert inventory is not None
    swapped = replace(before.assets[asset_id], inventory=replace(inventory, disks=(a_disk(serial="SWAPPED"),)))
    after = replace(before, assets={**before.assets, asset_id: swapped})

    with pytest.raises(PlanChanged) as refused:
        require_plan(plan_hash(a_plan(before)), a_plan(after))

    assert refused.value.changes[0].startswith(f"the disk of {asset_id} that would be written is now")
    assert "SWAPPED" in refused.value.details
    assert len(refused.value.changes) == 1


def test_another_cluster_is_another_plan() -> None:
    plan = a_plan(a_world())

    with pytest.raises(PlanChanged, match="asked for differently"):
        require_plan(plan_hash(plan), replace(plan, spec=replace(SPEC, name="another")))


def test_another_number_of_machines_is_told() -> None:
    plan = a_plan(a_world())

    with pytest.raises(PlanChanged, match="1 machines now"):
        require_plan(plan_hash(plan), replace(plan, machines=plan.machines[:1]))


@pytest.mark.parametrize("text", ["", "p1", "p0.0123456789ab", "p1.short", "p1.0123456789ab.short", "nonsense"])
def test_what_is_no_fingerprint_is_refused_as_such(text: str) -> None:
    with pytest.raises(PlanHashInvalid):
        require_plan(text, a_plan(a_world()))
