"""Deadlines by the clock that machines live in, which may be a virtual one."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from colony_core.ports.clock import Clock

T = TypeVar("T")


async def within(clock: Clock, deadline: timedelta, work: Coroutine[Any, Any, T], *, silent: Exception) -> T:
    """Return what *work* gives, or end it and raise *silent* when it takes longer than *deadline*.

    However it ends, *work* is over when this returns. What needs no time at all never looks at the clock.
    """
    until = clock.now() + deadline
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(work)]
    try:
        await asyncio.sleep(0)
        if not tasks[0].done():
            tasks.append(asyncio.create_task(clock.sleep_until(until)))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not tasks[0].done():
            raise silent
        answer: T = tasks[0].result()
        return answer
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
