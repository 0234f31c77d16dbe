"""Who may call, and how often."""

from datetime import timedelta

import pytest

from colony_core.application.api_keys import ApiKeyDesk
from colony_core.domain.api_keys import ApiKeyNotFound, ApiRole, KeyStatus
from colony_core.domain.rate_limits import UNAUTHENTICATED, Limits, Verdict, Window
from colony_core.errors import RateLimited, Unauthorized
from colony_core.ports.persistence import Paging
from colony_testkit.lab import Lab


class CountingLimiter:
    """Notes who was counted, and lets in as many calls as it is told."""

    def __init__(self, room: int = 1000) -> None:
        self.counted: list[tuple[str, tuple[Window, ...]]] = []
        self._room = room

    async def admit(self, subject: str, windows: tuple[Window, ...]) -> Verdict:
        """Admit while there is room."""
        self.counted.append((subject, windows))
        return Verdict(admitted=len(self.counted) <= self._room, retry_after=7)


def a_desk(lab: Lab, limiter: CountingLimiter, limits: Limits = Limits()) -> ApiKeyDesk:
    """Return a desk that counts with *limiter*."""
    return ApiKeyDesk(lab.store, clock=lab.clock, chance=lab.chance, limiter=limiter, limits=limits)


async def test_a_new_key_opens_what_it_should_and_is_shown_once() -> None:
    lab, limiter = Lab(), CountingLimiter()
    desk = a_desk(lab, limiter)
    assert not await desk.any()

    made = await desk.create("ci", ApiRole.OPERATOR)

    admitted = await desk.admit(made.whole.reveal(), client="10.0.0.1")
    assert (admitted.id, admitted.role) == (made.key.id, ApiRole.OPERATOR)
    assert await desk.any()
    secret = made.whole.reveal().partition("_")[2]
    assert secret not in repr((await desk.page(Paging())).items)
    assert secret not in repr(made)


async def test_calls_with_a_key_are_counted_against_it_and_others_against_the_address() -> None:
    lab, limiter = Lab(), CountingLimiter()
    desk = a_desk(lab, limiter)
    made = await desk.create("ci")

    await desk.admit(made.whole.reveal(), client="10.0.0.1")
    for wrong in ("", "nonsense", made.whole.reveal()[:-1] + "x", f"{made.key.id}_{'0' * 40}"):
        with pytest.raises(Unauthorized):
            await desk.admit(wrong, client="10.0.0.1")

    assert limiter.counted[0] == (f"key {made.key.id}", Limits().windows)
    assert limiter.counted[1:] == [("client 10.0.0.1", UNAUTHENTICATED)] * 4


async def test_a_key_with_limits_of_its_own_keeps_to_those() -> None:
    lab, limiter = Lab(), CountingLimiter()
    desk = a_desk(lab, limiter, Limits(per_minute=5, per_hour=6))
    own = await desk.create("own", limits=Limits(per_minute=1, per_hour=2))
    other = await desk.create("other")

    for made in (own, other):
        await desk.admit(made.whole.reveal(), client="10.0.0.1")

    assert [windows[0].limit for _, windows in limiter.counted] == [1, 5]


async def test_too_many_calls_are_refused_with_the_time_to_wait() -> None:
    lab = Lab()
    desk = a_desk(lab, CountingLimiter(room=0))
    made = await desk.create("ci")

    with pytest.raises(RateLimited) as refused:
        await desk.admit(made.whole.reveal(), client="10.0.0.1")

    assert refused.value.retry_after == 7
    assert "100 requests in 60 seconds and 1000 requests in 3600 seconds" in refused.value.details


async def test_a_revoked_key_opens_nothing_and_its_row_stays() -> None:
    lab = Lab()
    desk = a_desk(lab, CountingLimiter())
    made = await desk.create("ci")

    first = await desk.revoke(made.key.id)
    lab.clock.advance(timedelta(hours=1))
    second = await desk.revoke(made.key.id)

    with pytest.raises(Unauthorized):
        await desk.admit(made.whole.reveal(), client="10.0.0.1")
    (kept,) = (await desk.page(Paging())).items
    assert kept.status(lab.clock.now()) is KeyStatus.REVOKED
    assert first.revoked_at == second.revoked_at == kept.revoked_at


async def test_a_key_that_expires_is_refused_from_then_on() -> None:
    lab = Lab()
    desk = a_desk(lab, CountingLimiter())
    made = await desk.create("ci", expires_at=lab.clock.now() + timedelta(hours=1))
    await desk.admit(made.whole.reveal(), client="10.0.0.1")

    lab.clock.advance(timedelta(hours=1))

    with pytest.raises(Unauthorized):
        await desk.admit(made.whole.reveal(), client="10.0.0.1")


async def test_the_last_use_of_a_key_is_noted() -> None:
    lab = Lab()
    desk = a_desk(lab, CountingLimiter())
    made = await desk.create("ci")
    lab.clock.advance(timedelta(minutes=1))

    await desk.admit(made.whole.reveal(), client="10.0.0.1")

    (seen,) = (await desk.page(Paging())).items
    assert seen.last_used_at == lab.clock.now()


async def test_a_key_that_is_not_there_cannot_be_revoked() -> None:
    with pytest.raises(ApiKeyNotFound):
        await a_desk(Lab(), CountingLimiter()).revoke("cd-000000000000")
