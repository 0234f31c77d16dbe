"""What machines measure of themselves, read from their controllers the moment that it is asked for."""

from datetime import datetime

from msgspec import Struct

from colony_core.application.safekeeping import BMC_PASSWORD, BMC_PASSWORD_PENDING
from colony_core.domain.hardware import SensorReading
from colony_core.domain.secrets import Secret
from colony_core.ports.clock import Clock
from colony_core.ports.hardware import Access, BmcBusy, Hardware
from colony_core.ports.persistence import Store


class Readings(Struct, frozen=True):
    """All that the sensors of one machine showed at one time; nothing of it is stored."""

    at: datetime
    sensors: tuple[SensorReading, ...]


class SensorDesk:
    """Reads sensors live, with the credentials that are kept for the machine."""

    def __init__(self, store: Store, hardware: Hardware, *, clock: Clock) -> None:
        self._store = store
        self._hardware = hardware
        self._clock = clock

    async def read(self, asset_id: str) -> Readings:
        """Return what the machine's sensors show now; what its controller raises comes through.

        The look at the store is over before the controller is asked: a slow one holds no connection to a database.
        """
        async with self._store.reading() as look:
            asset = await look.assets.get(asset_id)
            password = await look.vault.get(asset_id, BMC_PASSWORD)
            if await look.vault.get(asset_id, BMC_PASSWORD_PENDING):
                raise BmcBusy(f"The password of the controller of asset '{asset_id}' is being changed: ask again later")
        controller = self._hardware.controller(Access(asset.bmc, password or Secret("")))
        sensors = await controller.sensors()
        return Readings(self._clock.now(), sensors)
