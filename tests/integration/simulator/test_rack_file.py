"""A rack's file: what happened is in it at once, and nothing else is."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from colony_core.domain.hardware import BootDevice, Power
from colony_simulator import RackFile, SimulatedRack, SnapshotInvalid, VirtualClock, reference_machine
from colony_testkit.rack_operator import RackOperator, a_wipe, an_install


@pytest.fixture
def file(tmp_path: Path) -> Iterator[RackFile]:
    with closing(RackFile(tmp_path / "colony.db.rack")) as opened:
        yield opened


@pytest.fixture
def operator(file: RackFile) -> RackOperator:
    clock = VirtualClock()
    operator = RackOperator(SimulatedRack.of(3, disks=2, seed=7, clock=clock), clock=clock)
    operator.rack.keep_in(file)
    return operator


def as_written(file: RackFile, operator: RackOperator) -> bytes:
    """Return the snapshot of a rack that is read from *file* now."""
    assert file.state is not None
    return SimulatedRack.of_state(file.state, clock=operator.clock).snapshot()


def test_a_new_file_holds_no_rack(file: RackFile) -> None:
    assert file.state is None
    assert file.at is None


async def test_whatever_happens_to_machines_is_in_the_file_at_once(file: RackFile, operator: RackOperator) -> None:
    machine = operator.rack.machine("asset-1")
    await operator.install(machine, an_install(machine, disk=1))
    assert as_written(file, operator) == operator.rack.snapshot()

    await operator.give(machine, a_wipe(machine, 1))
    assert as_written(file, operator) == operator.rack.snapshot()

    await operator.controller(machine).set_boot_device(BootDevice.DISK)
    await operator.controller(machine).set_power(Power.OFF)
    assert as_written(file, operator) == operator.rack.snapshot()


async def test_what_is_half_done_is_in_the_file_too(file: RackFile, operator: RackOperator) -> None:
    machine = operator.rack.machine("asset-1")
    operator.netboot.jobs[machine.mac] = an_install(machine)
    await operator.controller(machine).set_boot_device(BootDevice.PXE)
    await operator.controller(machine).set_power(Power.ON)
    for _ in range(40):
        await operator.wait(25)

        assert as_written(file, operator) == operator.rack.snapshot()


def test_a_machine_that_is_added_later_is_in_the_file(file: RackFile, operator: RackOperator) -> None:
    operator.rack.add(reference_machine(4))

    assert file.state is not None
    assert [machine.name for machine in file.state.machines] == ["asset-1", "asset-2", "asset-3", "asset-4"]


def test_the_time_is_that_of_the_last_tick(file: RackFile, operator: RackOperator) -> None:
    operator.clock.advance_to(operator.clock.now().replace(year=2031))
    file.tick(operator.clock.now())

    assert file.at == operator.clock.now()


def test_only_its_owner_may_read_it(file: RackFile, operator: RackOperator, tmp_path: Path) -> None:
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {
        "colony.db.rack": "0o600",
        "colony.db.rack-wal": "0o600",
        "colony.db.rack-shm": "0o600",
    }


def test_a_file_that_is_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "colony.db.rack"
    path.write_bytes(b"something else entirely, and longer than the head of a database file" * 20)
    before = path.read_bytes()

    with pytest.raises(SnapshotInvalid, match=r"colony\.db\.rack is no rack that this version reads"):
        RackFile(path)

    assert path.read_bytes() == before
