"""The figures of the contract, at their edges."""

from typing import Any

import pytest
from msgspec.structs import replace

from colony_core.domain.hardware import GB, GIB
from colony_core.domain.topology import ClusterRequest, review
from colony_testkit.topologies import a_disk, a_request, a_world, an_inventory, an_ssh_key

TALOS = a_request()
K3S = replace(a_request(), flavor="k3s", ssh_public_key=an_ssh_key())
DISK = 10 * GIB


def rules(request: ClusterRequest, machine: str, *, cores: int, memory_mb: int, disk: int) -> set[str]:
    mac = f"52:54:00:00:00:{int(machine.removeprefix('asset_')):02x}"
    inventory = an_inventory(cores=cores, memory_mb=memory_mb, disks=(a_disk(size=disk),), mac=mac)
    changed: dict[str, Any] = {machine: {"inventory": inventory}}
    return {finding.rule for finding in review(request, a_world(**changed)).findings}


@pytest.mark.parametrize(
    ("request_", "machine", "cores", "memory_mb"),
    [(TALOS, "asset_1", 2, 2048), (TALOS, "asset_11", 1, 1024), (K3S, "asset_1", 2, 2048), (K3S, "asset_11", 1, 512)],
)
def test_below_the_floor_is_an_error_and_on_it_is_not(
    request_: ClusterRequest, machine: str, cores: int, memory_mb: int
) -> None:
    on = rules(request_, machine, cores=cores, memory_mb=memory_mb, disk=DISK)
    below = rules(request_, machine, cores=cores - 1, memory_mb=memory_mb * 94 // 100, disk=DISK - 1)

    assert on.isdisjoint({"hardware.cores.floor", "hardware.memory.floor", "disk.too_small"})
    assert below == {"hardware.cores.floor", "hardware.memory.floor", "disk.too_small"}


@pytest.mark.parametrize(
    ("request_", "machine", "cores", "gib", "gb"),
    [
        (TALOS, "asset_1", 4, 8, 64),
        (TALOS, "asset_11", 4, 16, 128),
        (K3S, "asset_1", 2, 4, 32),
        (K3S, "asset_11", 2, 4, 64),
    ],
)
def test_below_the_documented_minimum_is_a_warning_and_on_it_nothing(
    request_: ClusterRequest, machine: str, cores: int, gib: int, gb: int
) -> None:
    on = rules(request_, machine, cores=cores, memory_mb=gib * 1024, disk=gb * GB)
    with_slack = rules(request_, machine, cores=cores, memory_mb=gib * 1024 * 95 // 100 + 1, disk=gb * GB)
    below = rules(request_, machine, cores=cores, memory_mb=gib * 1024 * 94 // 100, disk=gb * GB - 1)

    assert (on, with_slack) == (set(), set())
    assert below == {"hardware.memory.minimum", "hardware.disk.minimum"}
