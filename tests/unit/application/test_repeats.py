"""A request that is sent again acts once."""

from datetime import timedelta

import pytest

from colony_core.application.repeats import IdempotencyKeyReused, Undo
from colony_core.domain.workflows import Run
from colony_core.ports.persistence import Answer
from colony_testkit.lab import Lab


async def sent(lab: Lab, *, key: str = "k1", caller: str = "cd-1", digest: str = "d1") -> tuple[bytes, Run | None]:
    """Send the request to restart the machine, and return what was answered and what it started."""
    async with lab.colony.repeats.once(caller, key, digest=digest) as repeat:
        if repeat.answer is not None:
            return repeat.answer.body, None
        run = await lab.colony.assets.reboot("asset-1", boot_device=None)
        body = run.id.encode()
        repeat.keep(Answer(digest=digest, status=201, headers=(), body=body, at=lab.clock.now()))
    return body, run


async def a_lab() -> Lab:
    lab = Lab()
    await lab.enrol()
    return lab


async def test_the_second_request_gets_the_first_ones_answer_and_does_nothing() -> None:
    lab = await a_lab()

    first, second = await sent(lab), await sent(lab)

    assert second == (first[0], None)
    assert len(await lab.workflows()) == 1


async def test_a_key_that_was_used_for_another_request_is_refused() -> None:
    lab = await a_lab()
    await sent(lab)

    with pytest.raises(IdempotencyKeyReused):
        await sent(lab, digest="d2")


async def test_keys_of_different_callers_are_different_keys() -> None:
    lab = await a_lab()
    await sent(lab)
    await lab.run()

    body, run = await sent(lab, caller="cd-2")

    assert run is not None
    assert body == b"workflow-2"


async def test_after_a_day_a_key_is_as_new() -> None:
    lab = await a_lab()
    await sent(lab)
    await lab.run()
    lab.clock.advance(timedelta(hours=24))

    assert (await sent(lab, digest="d2"))[1] is not None


async def test_a_request_that_failed_leaves_no_answer_and_no_trace() -> None:
    lab = await a_lab()

    with pytest.raises(RuntimeError):
        await failing(lab, RuntimeError("half-way"))
    await failing(lab, Undo())

    assert await lab.workflows() == {}
    assert (await lab.asset()).held_by is None
    assert (await sent(lab))[1] is not None


async def failing(lab: Lab, error: Exception) -> None:
    async with lab.colony.repeats.once("cd-1", "k1", digest="d1"):
        await lab.colony.assets.reboot("asset-1", boot_device=None)
        raise error
