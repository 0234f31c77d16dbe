"""The SwitchPod, a power strip that speaks HTTP, as `Hardware` of Colony Core.

Each outlet feeds one machine and sets the jumper that it boots by:

    GET  /outlet         {"power": "on", "boot": "pxe", "label": {"maker": "...", "model": "...", "serial": "..."}}
    PUT  /outlet/power   "on", "off" or "cycle"
    PUT  /outlet/boot    "pxe" or "disk"

Every call needs HTTP basic authentication. The strip answers at once or, when it is ill, never.
"""

from typing import Any

import httpx

from colony_core.domain.hardware import BootDevice, BootMode, Inventory, Power, SensorReading, System
from colony_core.domain.secrets import Secret
from colony_core.ports.hardware import Access, BmcCommandRefused, BmcProtocolError, BmcRefused, BmcUnreachable

DEADLINE = 5.0
"""Seconds that a call may take."""


class PowerStrips:
    """Finds the outlet that an access is for. Implements `colony_core.ports.hardware.Hardware`."""

    def __init__(self, *, deadline: float = DEADLINE) -> None:
        self._client = httpx.AsyncClient(timeout=deadline, trust_env=False)

    def controller(self, access: Access) -> "Outlet":
        """Return the outlet; nothing is sent yet."""
        return Outlet(self._client, access)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


class Outlet:
    """One outlet. Implements `colony_core.ports.hardware.Controller`."""

    def __init__(self, client: httpx.AsyncClient, access: Access) -> None:
        bmc = access.bmc
        self._client = client
        self._address = f"http://{bmc.address}:{bmc.port}/outlet"
        self._login = httpx.BasicAuth(bmc.username, access.password.reveal())

    async def power(self) -> Power:
        """Return the power as the strip has it."""
        return Power.ON if (await self._state())["power"] == "on" else Power.OFF

    async def set_power(self, power: Power) -> None:
        """Switch the outlet; one that is on stays on without a break."""
        await self._call("PUT", "/power", power.value)

    async def restart(self) -> None:
        """Switch the outlet off and on again."""
        await self._call("PUT", "/power", "cycle")

    async def boot_device(self) -> BootDevice | None:
        """Return where the jumper points."""
        return BootDevice((await self._state())["boot"])

    async def set_boot_device(self, device: BootDevice, *, mode: BootMode | None = None) -> None:  # noqa: ARG002
        """Set the jumper; it knows no firmware modes."""
        await self._call("PUT", "/boot", device.value)

    async def identity(self) -> System:
        """Return what is written on the outlet's label."""
        label = (await self._state())["label"]
        return System(manufacturer=label["maker"], model=label["model"], serial=label["serial"])

    async def inventory(self) -> Inventory | None:
        """Return None: a strip does not see into the machine."""
        return None

    async def sensors(self) -> tuple[SensorReading, ...]:
        """Return none: the strip measures nothing."""
        await self._state()
        return ()

    async def change_password(self, new: Secret) -> None:  # noqa: ARG002
        """Refuse: a strip's password is set at the strip."""
        await self._state()
        raise BmcCommandRefused(f"{self._address} does not let its password be changed from afar")

    async def _state(self) -> dict[str, Any]:
        answer = await self._call("GET", "", None)
        if not isinstance(answer, dict) or not {"power", "boot", "label"} <= answer.keys():
            raise BmcProtocolError(f"{self._address} answered what no SwitchPod answers")
        return answer

    async def _call(self, method: str, path: str, body: str | None) -> object:
        try:
            answer = await self._client.request(method, self._address + path, json=body, auth=self._login)
        except httpx.TransportError as error:
            raise BmcUnreachable(f"{self._address} does not answer ({type(error).__name__})") from None
        if answer.status_code in (401, 403):
            raise BmcRefused(f"{self._address} refused the user name or the password")
        if answer.status_code != 200:
            raise BmcProtocolError(f"{self._address} answered with status {answer.status_code}")
        try:
            return answer.json()
        except ValueError:
            raise BmcProtocolError(f"{self._address} answered what is no JSON") from None
