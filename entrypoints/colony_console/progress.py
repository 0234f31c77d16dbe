"""How a workflow's progress looks: a bar that is drawn over where people watch, a line for each change elsewhere."""

import shutil
import sys

import click

from colony_console.client import Api, Json
from colony_console.following import followed
from colony_console.wording import clean

_BAR = 24


class Progress:
    """Shows a workflow again and again; call it with each look. *err* keeps standard output for the answer."""

    def __init__(self, *, err: bool = False) -> None:
        self._err = err
        self._live = (sys.stderr if err else sys.stdout).isatty()
        self._last = ""

    def __call__(self, run: Json) -> None:
        """Show *run*, if anything has changed."""
        line = described(run)
        if line == self._last:
            return
        self._last = line
        if self._live:
            shown = f"{bar(run)} {line}"[: shutil.get_terminal_size().columns - 1]
            click.echo(f"\r\x1b[K{shown}", nl=False, err=self._err)
        else:
            click.echo(line, err=self._err)

    def done(self) -> None:
        """Leave the last state standing."""
        if self._live and self._last:
            click.echo(err=self._err)


def described(run: Json) -> str:
    """Return where a workflow stands, on one line: ` 42 %  running  Install the operating system`."""
    percent = (run.get("progress") or {}).get("percent", 0)
    return f"{percent:>3} %  {clean(run['status'])}  {clean(current(run))}".rstrip()


def bar(run: Json) -> str:
    """Return the share that is done as a bar."""
    filled = _BAR * int((run.get("progress") or {}).get("percent", 0)) // 100
    return f"[{'#' * filled}{'.' * (_BAR - filled)}]"


def current(run: Json) -> str:
    """Return the title of the step that a workflow stands at, or why it ended as it did."""
    if error := run.get("error"):
        return f"{error['code']}: {error['message']}"
    name = run.get("currentStep")
    titles = {step["name"]: step["title"] for step in run.get("steps") or ()}
    return str(titles.get(name, name) or "")


def watched(api: Api, workflow_id: str, *, err: bool = False) -> Json:
    """Show a workflow until it has ended, and return it."""
    progress = Progress(err=err)
    try:
        return followed(api, workflow_id, report=progress)
    finally:
        progress.done()
