"""`colony replay`: a journal runs again, without a server, a database or a machine."""

import json
from pathlib import Path

import click
import msgspec

from colony_console.failures import BadInput, Failure
from colony_console.files import read_bytes
from colony_console.output import Columns, note, print_json, print_table
from colony_console.regression import write_test
from colony_console.wording import clean, moment
from colony_core.application.journals import NotAJournal, read
from colony_core.domain import replaying
from colony_core.domain.histories import History, Journal
from colony_core.domain.replaying import Difference, Replay, kind_of
from colony_core.domain.workflows import Run

_DIFFERENCES: Columns = {
    "WORKFLOW": lambda found: found["run_id"],
    "WHERE": lambda found: f"{found['number']}: {found['what']}" if found["number"] else "at last",
    "AT": lambda found: moment(found["at"]),
    "FIELD": lambda found: found["field"],
    "RECORDED": lambda found: found["recorded"],
    "REPLAYED": lambda found: found["replayed"],
}
_HAPPENINGS: Columns = {
    "": lambda line: line["number"],
    "AT": lambda line: moment(line["at"]),
    "WHAT": lambda line: line["what"],
    "STEP": lambda line: line["step"],
    "STATE": lambda line: line["state"],
    "TRY": lambda line: line["attempt"] or None,
    "ASKS FOR": lambda line: line["asks"],
}


@click.command()
@click.argument("file")
@click.option("--events", is_flag=True, help="Print everything that happened, and where it led.")
@click.option(
    "--as-test",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the journal and a test that replays it, for pytest, into this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(file: str, *, events: bool, folder: Path | None, as_json: bool) -> None:
    """Run a workflow's journal again, offline; end with 1 if it goes another way.

    FILE is what `colony workflow export` wrote; - is standard input. Nothing is asked of any machine, server or
    database: what they said is in the journal. What is not a journal ends with 2.
    """
    data = read_bytes(file)
    journal = _read(data, "standard input" if file == "-" else file)
    replayed = replaying.replay(journal)
    if as_json:
        print_json(_answer(journal, replayed))
    else:
        _tell(journal, replayed, events=events)
    if folder is not None:
        note(f"Written to {write_test(journal, data, folder)}")
    if not replayed.same:
        raise Failure(f"{_name(journal)} does not go as it went: see the differences")


def _read(data: bytes, where: str) -> Journal:
    try:
        return read(data)
    except NotAJournal as error:
        raise BadInput(f"{where} is not a journal: {clean(error.details)}", error.advice) from error


def _tell(journal: Journal, replayed: Replay, *, events: bool) -> None:
    for history, run in zip(journal.histories, replayed.runs, strict=True):
        if events:
            _tell_happenings(history)
        click.echo(f"{_title(run)}: {len(history.happenings)} happenings, {_end(run)}")
    if replayed.same:
        click.echo("Everything goes as it went.")
        return
    print_table(map(_as_json, replayed.differences), _DIFFERENCES)


def _tell_happenings(history: History) -> None:
    print_table((_line(history, place) for place in range(len(history.happenings))), _HAPPENINGS)


def _line(history: History, place: int) -> dict[str, object]:
    happening = history.happenings[place]
    after = happening.after
    return {
        "number": place + 1,
        "at": msgspec.to_builtins(happening.at),
        "what": kind_of(happening.what),
        "step": after.step,
        "state": after.state or after.status,
        "attempt": after.attempt,
        "asks": after.asks,
    }


def _answer(journal: Journal, replayed: Replay) -> dict[str, object]:
    return {
        "same": replayed.same,
        "workflows": [
            {
                "id": run.id,
                "type": run.type,
                "happenings": len(history.happenings),
                "recorded": history.run.status,
                "replayed": run.status,
            }
            for history, run in zip(journal.histories, replayed.runs, strict=True)
        ],
        "differences": [_as_json(difference) for difference in replayed.differences],
    }


def _as_json(difference: Difference) -> dict[str, object]:
    found: dict[str, object] = json.loads(msgspec.json.encode(difference))
    return found


def _name(journal: Journal) -> str:
    return _title(journal.histories[0].run)


def _title(run: Run) -> str:
    return f"{clean(run.id)} ({run.type.value})"


def _end(run: Run) -> str:
    error = f": {clean(run.error.message)} ({clean(run.error.code)})" if run.error else ""
    return f"{run.status.value}{error}"
