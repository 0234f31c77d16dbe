"""Watches a workflow to its end: the event stream says when to look again, and the clock does where there is none."""

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import httpx

from colony_console.client import Api, Json, at
from colony_console.failures import Failure

ENDED = frozenset({"completed", "failed", "cancelled"})


class Rhythm(NamedTuple):
    """Real seconds: between two looks while there is news, between two without, before the stream is had again.

    The shortest pause grows to the longest within minutes: watching for an hour costs fewer than a key's 1000 requests.
    """

    shortest: float = 1.0
    longest: float = 5.0
    reconnect: float = 2.0

    def pause(self, watched: float) -> float:
        """Return how long to wait at least before the next look, after so many seconds of watching."""
        return min(self.longest, self.shortest * (1 + watched / 30))


ORDINARY = Rhythm()


def followed(api: Api, workflow_id: str, *, report: Callable[[Json], None], rhythm: Rhythm = ORDINARY) -> Json:
    """Return the workflow once it has ended; *report* it at first, and at every look after."""
    path = at("workflows", workflow_id)
    run = api.get(path)
    report(run)
    if run["status"] in ENDED:
        return run
    began = time.monotonic()
    with News(api, f"{path}/events", rhythm=rhythm) as news:
        while run["status"] not in ENDED:
            news.wait(shortest=rhythm.pause(time.monotonic() - began))
            run = api.get(path)
            report(run)
    return run


class News:
    """Listens to a stream of events on a thread of its own, and reconnects without a gap when it breaks off.

    What is heard is only a reason to look: the truth is read from the resource. A server that streams nothing leaves
    the rhythm to the clock.
    """

    def __init__(self, api: Api, path: str, *, rhythm: Rhythm) -> None:
        self._api = api
        self._rhythm = rhythm
        self._path = path
        self._heard = threading.Event()
        self._left = threading.Event()

    def __enter__(self) -> "News":
        """Begin to listen."""
        threading.Thread(target=self._listen, name="events", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more; the thread ends with its connection."""
        self._left.set()

    def wait(self, *, shortest: float) -> None:
        """Return *shortest* seconds after the last look at the earliest, and then as soon as there is news."""
        self._left.wait(shortest)
        self._heard.wait(max(0.0, self._rhythm.longest - shortest))
        self._heard.clear()

    def _listen(self) -> None:
        last: str | None = None
        while not self._left.is_set():
            try:
                with self._api.events(self._path, after=last) as events:
                    for event in events:
                        last = event.id or last
                        self._heard.set()
                        if self._left.is_set():
                            return
            except Failure:
                return
            except (httpx.HTTPError, RuntimeError):
                pass  # the stream broke off, or the client was closed under it: it is resumed after the last event
            self._left.wait(self._rhythm.reconnect)
