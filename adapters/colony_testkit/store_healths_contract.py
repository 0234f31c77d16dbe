"""What every store promises about the healths of controllers."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from colony_core.domain.hardware import Power, PowerReading
from colony_core.domain.healths import BmcState, Health, HealthCount
from colony_core.ports.persistence import Store
from colony_testkit.builders import NOON
from colony_testkit.store_given import keep, machine


def later(minutes: int) -> datetime:
    """Return so many minutes, and a microsecond, after noon."""
    return NOON + timedelta(minutes=minutes, microseconds=1)


def health(number: int, state: BmcState = BmcState.OK, *, minutes: int = 0) -> Health:
    """Return the health of the asset of that *number*, checked so many minutes after noon."""
    return Health(
        asset_id=f"asset-{number}",
        state=state,
        since=NOON,
        why="" if state is BmcState.OK else "The controller does not answer: é",
        checked_at=later(minutes),
        power=PowerReading(Power.ON, later(minutes)) if state is BmcState.OK else None,
    )


async def check(store: Store, *healths: Health) -> None:
    """Store *healths* in one transaction."""
    async with store.transaction() as tx:
        for one in healths:
            tx.healths.put(one)


class HealthsContract:
    """See `colony_testkit.store_contract.StoreContract`."""

    async def test_healths_come_back_as_they_were_last_put(
        self, store: Store, open_store: Callable[[], Awaitable[Store]]
    ) -> None:
        await keep(store, machine(1), machine(2), machine(3))
        await check(store, health(1), health(2, BmcState.REFUSED))
        await check(store, health(1, BmcState.DEGRADED, minutes=5))
        await store.aclose()

        again = await open_store()
        async with again.reading() as look:
            found = await look.healths.get_many(["asset-3", "asset-2", "asset-1", "asset-1", "asset-9"])
        await again.aclose()
        assert found == {
            "asset-1": health(1, BmcState.DEGRADED, minutes=5),
            "asset-2": health(2, BmcState.REFUSED),
        }

    async def test_a_touch_moves_the_times_alone(self, store: Store) -> None:
        await keep(store, machine(1), machine(2))
        await check(store, health(1), health(2, BmcState.DEGRADED))

        async with store.transaction() as tx:
            tx.healths.touch("asset-1", later(9), read_at=later(8))
            tx.healths.touch("asset-2", later(9), read_at=None)
            assert (await tx.healths.get_many(["asset-1"]))["asset-1"].checked_at == later(9)
        async with store.reading() as look:
            found = await look.healths.get_many(["asset-1", "asset-2"])
        read = PowerReading(Power.ON, later(8))
        assert found["asset-1"] == replace(health(1), checked_at=later(9), power=read)
        assert found["asset-2"] == replace(health(2, BmcState.DEGRADED), checked_at=later(9))

    async def test_a_touch_without_a_reading_leaves_the_last_one(self, store: Store) -> None:
        await keep(store, machine(1))
        await check(store, health(1))

        async with store.transaction() as tx:
            tx.healths.touch("asset-1", later(9), read_at=None)
        async with store.reading() as look:
            found = await look.healths.get_many(["asset-1"])
        assert found["asset-1"] == replace(health(1), checked_at=later(9))

    async def test_an_asset_that_is_not_there_has_no_health(self, store: Store) -> None:
        async with store.transaction() as tx:
            tx.healths.put(health(1))
            tx.healths.touch("asset-2", later(1), read_at=later(1))
            tx.healths.remove("asset-3")

        async with store.reading() as look:
            assert await look.healths.get_many(["asset-1", "asset-2", "asset-3"]) == {}
            assert await look.healths.count_by_state() == {}

    async def test_an_asset_takes_its_health_along(self, store: Store) -> None:
        await keep(store, machine(1), machine(2))
        await check(store, health(1), health(2))
        async with store.transaction() as tx:
            tx.assets.remove(await tx.assets.get("asset-1"))
        await keep(store, machine(1))

        async with store.reading() as look:
            assert list(await look.healths.get_many(["asset-1", "asset-2"])) == ["asset-2"]

    async def test_a_health_is_forgotten(self, store: Store) -> None:
        await keep(store, machine(1))
        await check(store, health(1))

        async with store.transaction() as tx:
            tx.healths.remove("asset-1")
            assert await tx.healths.get_many(["asset-1"]) == {}

    async def test_healths_leave_the_revision_of_their_assets_alone(self, store: Store) -> None:
        await keep(store, machine(1))
        async with store.reading() as look:
            before = await look.assets.get("asset-1")

        await check(store, health(1))
        async with store.reading() as look:
            assert await look.assets.get("asset-1") == before

    async def test_healths_are_counted_with_the_oldest_check_of_each_state(self, store: Store) -> None:
        await keep(store, *map(machine, range(1, 5)))
        await check(store, health(1, minutes=7), health(2, minutes=3), health(3, BmcState.DEGRADED, minutes=1))

        async with store.reading() as look:
            counts = await look.healths.count_by_state()
        assert counts == {"ok": HealthCount(2, later(3)), "degraded": HealthCount(1, later(1))}

    async def test_healths_of_a_transaction_that_fails_were_never_there(self, store: Store) -> None:
        await keep(store, machine(1))

        with pytest.raises(ZeroDivisionError):
            await _fail_after_checking(store)
        async with store.reading() as look:
            assert await look.healths.get_many(["asset-1"]) == {}


async def _fail_after_checking(store: Store) -> None:
    async with store.transaction() as tx:
        tx.healths.put(health(1))
        await tx.healths.get_many(["asset-1"])
        raise ZeroDivisionError
