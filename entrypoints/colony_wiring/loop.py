"""The event loop that everything runs on: uvloop where it is installed, as it wakes for the store's threads faster."""

import asyncio
from collections.abc import Callable, Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")

new_loop: Callable[[], asyncio.AbstractEventLoop] = (
    import_module("uvloop").new_event_loop if find_spec("uvloop") else asyncio.new_event_loop
)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run *work* to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work)
