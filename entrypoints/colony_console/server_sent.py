"""Server-sent events, as the HTML standard writes them, read from lines."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Event(NamedTuple):
    """One event; `id` is what a client resumes after, or an empty string."""

    id: str
    name: str
    data: str


def events_of(lines: Iterable[str]) -> Iterator[Event]:
    """Give the events that *lines* hold; comments are skipped, and an event that was cut off is none."""
    last_id, name, data = "", "message", list[str]()
    for line in lines:
        if not line:
            if data:
                yield Event(last_id, name, "\n".join(data))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "data":
                data.append(value)
            case "event":
                name = value
            case "id" if "\0" not in value:
                last_id = value
