"""What `pytest --colony-adapter cases:strip` tests."""

from collections.abc import AsyncIterator

from power_strip import PowerStrips
from switchpod import SwitchPod

from colony_testkit.cases import HardwareCase


async def strip() -> AsyncIterator[HardwareCase]:
    """Yield the adapter, with a strip of its own to try it on."""
    async with SwitchPod() as pod:
        hardware = PowerStrips(deadline=0.2)
        yield HardwareCase(hardware=hardware, access=pod.access, silence=pod.silence)
        await hardware.aclose()
