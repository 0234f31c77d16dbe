"""Health is told when it changes, and a power that nobody ordered is noticed."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.assets import Asset, AssetStatus, LastError
from colony_core.domain.decisions import Level
from colony_core.domain.events import EventType
from colony_core.domain.hardware import Power, PowerReading
from colony_core.domain.healths import BmcState, Health, latest_power, news, same_but_for_time, unexpected
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


def seen(state: BmcState, *, why: str = "", power: PowerReading | None = None) -> Health:
    return Health(asset_id="asset-1", state=state, why=why, checked_at=NOON + timedelta(minutes=2), power=power)


@pytest.mark.parametrize(
    ("before", "after", "level", "words"),
    [
        (None, BmcState.DEGRADED, Level.WARNING, "is degraded: why"),
        (None, BmcState.REFUSED, Level.ERROR, "refuses its credentials: why"),
        (BmcState.UNKNOWN, BmcState.DEGRADED, Level.WARNING, "is degraded: why"),
        (BmcState.OK, BmcState.REFUSED, Level.ERROR, "refuses its credentials: why"),
        (BmcState.DEGRADED, BmcState.OK, Level.INFO, "is ok again"),
        (BmcState.REFUSED, BmcState.OK, Level.INFO, "is ok again"),
    ],
)
def test_a_controller_that_fails_or_works_again_is_news(
    asset: Asset, before: BmcState | None, after: BmcState, level: Level, words: str
) -> None:
    (told,) = news(asset, seen(before) if before else None, seen(after, why="why"))

    assert (told.type, told.level, told.status) == (EventType.BMC, level, after)
    assert told.message == f"The controller of asset asset-1 {words}"
    assert (told.at, told.asset_id, told.cluster_id) == (NOON + timedelta(minutes=2), "asset-1", asset.cluster_id)


@pytest.mark.parametrize("before", [None, *BmcState])
def test_a_state_that_stays_and_one_that_is_first_known_to_be_good_are_no_news(
    asset: Asset, before: BmcState | None
) -> None:
    assert news(asset, seen(before) if before else None, seen(before or BmcState.OK)) == ()
    assert news(asset, seen(before) if before else None, seen(BmcState.UNKNOWN)) == ()
    assert news(asset, seen(BmcState.UNKNOWN), seen(BmcState.OK)) == ()


def test_a_power_that_nobody_ordered_is_told_as_a_warning(asset: Asset) -> None:
    (told,) = news(asset, polled(Power.ON, 1), seen(BmcState.OK, power=reading(Power.OFF, 2)))

    assert (told.type, told.level, told.status) == (EventType.POWER, Level.WARNING, Power.OFF)
    assert told.message == "Asset asset-1 was on and is off, and no work of Colony's is why"
    assert news(asset, polled(Power.ON, 1), seen(BmcState.OK, power=reading(Power.ON, 2))) == ()


def test_a_reading_that_is_no_newer_than_the_last_tells_no_change(asset: Asset) -> None:
    assert unexpected(replace(asset, updated_at=NOON), polled(Power.ON, -1), reading(Power.OFF, 0)) is None
    for minutes in (2, 3):
        assert unexpected(asset, polled(Power.ON, minutes), reading(Power.OFF, 2)) is None
