"""Health is told when it changes, and a power that nobody ordered is noticed."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetStatus, LastError
from colony_core.domain.hardware import Power, PowerReading
from colony_core.domain.healths import BmcState, Health, latest_power, same_but_for_time, unexpected
from colony_testkit.builders import NOON, an_asset


def reading(power: Power, minutes: int) -> PowerReading:
    return PowerReading(power, NOON + timedelta(minutes=minutes))


def polled(power: Power, minutes: int) -> Health:
    at = NOON + timedelta(minutes=minutes)
    return Health(asset_id="asset-1", state=BmcState.OK, since=NOON, checked_at=at, power=reading(power, minutes))


@pytest.fixture
def asset() -> Asset:
    return replace(an_asset(AssetStatus.PROVISIONED), updated_at=NOON, power=reading(Power.ON, -1), last_error=None)


def test_healths_that_differ_in_their_times_alone_say_the_same() -> None:
    assert same_but_for_time(polled(Power.ON, 1), polled(Power.ON, 9))
    assert not same_but_for_time(polled(Power.ON, 1), polled(Power.OFF, 1))
    assert not same_but_for_time(polled(Power.ON, 1), replace(polled(Power.ON, 1), power=None))
    assert not same_but_for_time(polled(Power.ON, 1), replace(polled(Power.ON, 1), why="It does not answer"))


def test_the_newest_reading_is_the_power(asset: Asset) -> None:
    assert latest_power(asset, polled(Power.OFF, 5)) == reading(Power.OFF, 5)
    assert latest_power(asset, polled(Power.OFF, -5)) == reading(Power.ON, -1)
    assert latest_power(replace(asset, power=None), None) is None


def test_a_power_that_changed_between_two_polls_was_not_expected(asset: Asset) -> None:
    assert unexpected(asset, polled(Power.ON, 1), reading(Power.OFF, 2)) is Power.ON


def test_a_power_that_is_another_than_work_left_it_was_not_expected(asset: Asset) -> None:
    assert unexpected(asset, None, reading(Power.OFF, 2)) is Power.ON


def test_the_same_power_is_no_news(asset: Asset) -> None:
    assert unexpected(asset, polled(Power.ON, 1), reading(Power.ON, 2)) is None


def test_work_changes_power_as_it_likes(asset: Asset) -> None:
    held = replace(asset, held_by="workflow-1")

    assert unexpected(held, polled(Power.ON, 1), reading(Power.OFF, 2)) is None


def test_what_was_read_before_the_work_ended_proves_nothing(asset: Asset) -> None:
    failed = replace(asset, last_error=LastError(code="A", message="b", at=NOON))

    assert unexpected(failed, polled(Power.ON, -1), reading(Power.OFF, 2)) is None
    assert unexpected(asset, None, reading(Power.OFF, -1)) is None


@pytest.mark.parametrize(("before", "now"), [(Power.UNKNOWN, Power.ON), (Power.ON, Power.UNKNOWN)])
def test_what_is_unknown_has_not_changed(asset: Asset, before: Power, now: Power) -> None:
    assert unexpected(asset, polled(before, 1), reading(now, 2)) is None
