"""A server whose simulated machines are made like a recorded one."""

from pathlib import Path

import pytest

from colony_core.domain.assets import Asset, AssetStatus
from colony_core.domain.hardware import Protocol
from colony_core.domain.recordings import RecordingInvalid, decoded
from colony_core.ports.persistence import Paging
from colony_wiring.assembly import assembled
from colony_wiring.settings import Settings

FILE = Path(__file__).parents[3] / "docs" / "recordings" / "sushy-emulator.json"
RECORDING = decoded(FILE.read_bytes())


def settings_in(folder: Path, recording: Path = FILE, *, machines: int = 2) -> Settings:
    return Settings(
        database_url=f"sqlite:///{folder / 'it.db'}",
        simulator=machines,
        simulator_recording=recording,
        health_interval=0,
    )


async def assets_of(settings: Settings) -> tuple[Asset, ...]:
    async with assembled(settings) as service:
        return tuple((await service.colony.assets.page(Paging(limit=10))).items)


async def test_its_machines_are_available_as_they_were_recorded_and_stay_so(tmp_path: Path) -> None:
    before = await assets_of(settings_in(tmp_path, machines=2))
    assets = await assets_of(settings_in(tmp_path, machines=3))

    assert [asset.inventory for asset in assets[:2]] == [asset.inventory for asset in before]
    assert [asset.status for asset in assets] == [AssetStatus.AVAILABLE] * 3
    assert {asset.bmc.protocol for asset in assets} == {Protocol.REDFISH}
    assert len({asset.inventory.system.uuid for asset in assets if asset.inventory}) == 3
    assert assets[0].inventory is not None
    assert assets[0].inventory.system == RECORDING.findings.identity


async def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingInvalid, match="cannot be read"):
        async with assembled(settings_in(tmp_path, tmp_path / "absent.json")):
            pass
