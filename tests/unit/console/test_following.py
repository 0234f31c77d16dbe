"""Watching a workflow: by its events where there are some, by the clock where there are none."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from colony_console.failures import Failure
from colony_console.following import ORDINARY, News, Rhythm, followed

RUN = "/api/v1/workflows/workflow-1"
EVENTS = f"{RUN}/events"
QUICK = Rhythm(shortest=0, longest=0.01, reconnect=0)
SLOW_CLOCK = Rhythm(shortest=0, longest=60, reconnect=0)
DONE = {"status": "completed", "currentStep": None}


class Streaming(httpx.SyncByteStream):
    """A stream that gives its events, and then breaks off or stays silent."""

    def __init__(self, *events: str, silent: threading.Event | None = None) -> None:
        self._events = events
        self._silent = silent

    def __iter__(self) -> Iterator[bytes]:
        for event in self._events:
            yield event.encode()
        if self._silent is None:
            raise httpx.ReadError("broken off")
        self._silent.wait(30)


def a_stream(*events: str, silent: threading.Event | None = None) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Streaming(*events, silent=silent))


def test_without_events_the_clock_says_when_to_look(console: Any) -> None:
    console.answers("GET", EVENTS, {"error": "Not found", "code": "NOT_FOUND", "details": ""}, status=404)
    states = [console.a_run(), console.a_run(), console.a_run(**DONE)]
    console.answers("GET", RUN, *states)
    seen: list[Any] = []
    run = followed(console.api(), "workflow-1", report=seen.append, rhythm=QUICK)

    assert run == states[-1]
    assert seen == states


def test_an_event_is_a_reason_to_look(console: Any) -> None:
    over = threading.Event()
    console.answers("GET", EVENTS, a_stream("id: 1\ndata: {}\n\n", silent=over))
    console.answers("GET", RUN, console.a_run(), console.a_run(**DONE))
    run = followed(console.api(), "workflow-1", report=lambda _: None, rhythm=SLOW_CLOCK)
    over.set()

    assert run["status"] == "completed"


def test_a_stream_that_breaks_off_is_resumed_after_the_last_event(console: Any) -> None:
    over, resumed = threading.Event(), list[str | None]()

    def second(request: httpx.Request) -> httpx.Response:
        resumed.append(request.headers.get("last-event-id"))
        return a_stream("id: 8\ndata: b\n\n", silent=over)

    console.answers("GET", EVENTS, a_stream("id: 7\ndata: a\n\n"), second)
    console.answers("GET", RUN, console.a_run(), lambda _: _until(resumed, console))
    run = followed(console.api(), "workflow-1", report=lambda _: None, rhythm=SLOW_CLOCK)
    over.set()

    assert run["status"] == "completed"
    assert resumed == ["7"]


def _until(resumed: list[str | None], console: Any) -> httpx.Response:
    return httpx.Response(200, json=console.a_run(**(DONE if resumed else {})))


def test_a_workflow_that_has_ended_is_looked_at_once(console: Any) -> None:
    console.answers("GET", RUN, console.a_run(**DONE))
    followed(console.api(), "workflow-1", report=lambda _: None)

    assert len(console.requests) == 1


def test_a_workflow_that_is_not_there_is_told(console: Any) -> None:
    console.answers("GET", RUN, {"error": "Workflow not found", "code": "WORKFLOW_NOT_FOUND"}, status=404)

    with pytest.raises(Failure, match="WORKFLOW_NOT_FOUND"):
        followed(console.api(), "workflow-1", report=lambda _: None)


def test_an_hour_of_watching_stays_within_the_limits_of_a_key() -> None:
    looks, watched = 0, 0.0
    while watched < 3600:
        watched += ORDINARY.pause(watched)
        looks += 1

    assert looks < 900
    assert ORDINARY.pause(0) >= 60 / 100


def test_news_that_nobody_waits_for_any_more_are_not_listened_to(console: Any) -> None:
    over = threading.Event()
    console.answers("GET", EVENTS, a_stream(silent=over))
    with News(console.api(), "/workflows/workflow-1/events", rhythm=QUICK) as news:
        news.wait(shortest=0)
    over.set()

    assert all(request.url.path == EVENTS for request in console.requests)
