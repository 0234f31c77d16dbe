"""Journals as files: what `colony workflow export` writes, and `colony replay` reads."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from colony_core.domain.histories import Began, Happening, History, Journal
from colony_core.domain.workflows import Run
from colony_core.errors import Invalid

FORMAT = "colony-journal"
VERSION = 1
"""Rises when a file of before would be misread; a field that is added with a default needs no new version."""


class NotAJournal(Invalid):
    """The file is no journal, or one that this release cannot read."""

    code = "NOT_A_JOURNAL"
    summary = "Not a journal"
    advice = "Hand in a file as `colony workflow export` wrote it."


class Heading(Struct, frozen=True, kw_only=True):
    """What kind of file it is, whatever else it holds."""

    format: str
    version: int


class Content(Struct, frozen=True, kw_only=True):
    """What else a file of today's version holds."""

    histories: tuple[History, ...]


def written(journal: Journal) -> bytes:
    """Return the file of *journal*: JSON with a line for each happening, so that two of them can be compared."""
    heading = msgspec.json.encode(Heading(format=FORMAT, version=VERSION)).removesuffix(b"}")
    histories = b",\n".join(map(_history, journal.histories))
    return b"%b,\n" % heading + b'"histories":[\n' + histories + b"\n]}\n"


def read(data: bytes) -> Journal:
    """Return the journal in a file, or raise `NotAJournal`."""
    try:
        heading = msgspec.json.decode(data, type=Heading)
        if heading.format != FORMAT:
            raise NotAJournal(f"The format is '{heading.format[:40]}', and not '{FORMAT}'")
        if heading.version != VERSION:
            raise NotAJournal(f"It has version {heading.version}; this release reads version {VERSION}")
        journal = Journal(msgspec.json.decode(data, type=Content).histories)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAJournal(f"It cannot be read: {error}") from error
    for problem in _problems(journal):
        raise NotAJournal(problem)
    return journal


def _history(history: History) -> bytes:
    happenings = b",\n".join(map(msgspec.json.encode, history.happenings))
    return b'{"run":%b,\n"happenings":[\n%b\n]}' % (msgspec.json.encode(history.run), happenings)


def _problems(journal: Journal) -> Iterator[str]:
    """Yield what is wrong with a journal that is well formed; a replay relies on none of it being so."""
    if not journal.histories:
        yield "It holds no workflow"
    for history in journal.histories:
        yield from _faults_of(history.run, history.happenings)


def _faults_of(run: Run, happenings: tuple[Happening, ...]) -> Iterator[str]:
    beginnings = [happening.what.run for happening in happenings if isinstance(happening.what, Began)]
    if len(beginnings) != 1 or not isinstance(happenings[0].what, Began):
        yield f"The history of '{run.id}' does not begin with its beginning"
        return
    began = beginnings[0]
    if began.id != run.id:
        yield f"The history of '{run.id}' is that of '{began.id}'"
    if not 0 <= began.position < len(began.steps):
        yield f"'{run.id}' stands at no step of its own"
    moments = (*_moments(began), *(happening.at for happening in happenings))
    if any(moment.tzinfo is None for moment in moments):
        yield f"The history of '{run.id}' has a time without a zone"


def _moments(run: Run) -> Iterator[datetime]:
    """Yield the times of *run* that others are compared with."""
    yield run.created_at
    for step in run.steps:
        yield from (moment for moment in (step.not_before, step.deadline) if moment is not None)
