"""Server-sent events, read from lines."""

from hypothesis import given
from hypothesis import strategies as st

from colony_console.server_sent import Event, events_of

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"))
LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"))
EVENTS = st.builds(Event, id=TEXT, name=TEXT.filter(bool), data=LINES)


def written(event: Event) -> list[str]:
    return [f"id: {event.id}", f"event: {event.name}", *(f"data: {line}" for line in event.data.split("\n")), ""]


@given(events=st.lists(EVENTS))
def test_what_was_written_is_read(events: list[Event]) -> None:
    assert list(events_of(line for event in events for line in written(event))) == events


def test_comments_and_unknown_fields_are_no_events() -> None:
    assert list(events_of([": still here", "", "retry: 3", ""])) == []


def test_an_event_keeps_the_last_id() -> None:
    events = list(events_of(["id: 7", "data: a", "", "data: b", ""]))

    assert events == [Event("7", "message", "a"), Event("7", "message", "b")]


def test_an_event_that_was_cut_off_is_none() -> None:
    assert list(events_of(["data: half"])) == []
