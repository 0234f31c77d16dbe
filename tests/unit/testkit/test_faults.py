"""Scripts of faults play in any rack, and hold every fault that there is."""

import pytest
from hypothesis import find, given, settings
from msgspec import Struct

from colony_simulator import Chances, Fault, SimulatedRack
from colony_testkit.faults import CONTROLLER_FAULTS, FAULTS, FaultScript, chances, fault_scripts, faults
from colony_testkit.lab import Lab


@given(script=fault_scripts(["asset-1", "asset-2"]))
def test_any_script_plays(script: FaultScript) -> None:
    rack = SimulatedRack.of(2)
    script.play(rack)

    assert sum(len(machine.faults) for machine in rack.machines) == len(script.faults)


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_of_fault_is_drawn(kind: type[Struct]) -> None:
    found = find(faults(), lambda fault: isinstance(fault, kind), settings=settings(database=None, max_examples=5000))

    assert isinstance(found, kind)


@given(fault=faults(*CONTROLLER_FAULTS))
def test_only_the_kinds_that_are_named_are_drawn(fault: Fault) -> None:
    assert isinstance(fault, CONTROLLER_FAULTS)


@given(chance=chances(most=0.3))
def test_no_chance_is_above_the_most(chance: Chances) -> None:
    assert all(0 <= getattr(chance, name) <= 0.3 for name in Chances.__struct_fields__)


@settings(max_examples=20)
@given(script=fault_scripts(["asset-1"]))
async def test_a_discovery_ends_whatever_breaks(script: FaultScript) -> None:
    lab = Lab(1)
    script.play(lab.rack)
    await lab.colony.assets.register(lab.registration(1))
    await lab.run()

    assert (await lab.workflow()).ended
