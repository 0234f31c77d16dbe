"""What the contract does not ask of every adapter: how this one behaves towards a strip that is ill."""

from collections.abc import AsyncIterator

import pytest
from power_strip import PowerStrips
from switchpod import SwitchPod

from colony_core.domain.hardware import System
from colony_core.ports.hardware import BmcProtocolError, Controller


@pytest.fixture
async def pod() -> AsyncIterator[SwitchPod]:
    async with SwitchPod() as pod:
        yield pod


@pytest.fixture
async def outlet(pod: SwitchPod) -> AsyncIterator[Controller]:
    strips = PowerStrips(deadline=0.2)
    yield strips.controller(pod.access)
    await strips.aclose()


async def test_the_label_says_what_the_machine_is(outlet: Controller) -> None:
    assert await outlet.identity() == System(manufacturer="SwitchPod", model="SP-1", serial="0001")


async def test_an_answer_that_makes_no_sense_may_be_asked_for_again(pod: SwitchPod, outlet: Controller) -> None:
    pod.garbled = True

    with pytest.raises(BmcProtocolError, match="no JSON"):
        await outlet.power()
