"""Every way in which a command fails, with the exit code that scripts can tell it by.

0    success
1    general error: the server refused, a workflow failed, a file cannot be written
2    wrong arguments, of the command or in what it sent (the server's 400)
3    network error: nothing answers, or the service behind it is out of reach (503, 504)
4    authentication error: no key, or one that does not open this (401, 403)
130  interrupted by Ctrl-C
"""

from collections.abc import Mapping
from typing import IO, Any

import click

from colony_console.wording import clean

INTERRUPTED = 130


class Failure(click.ClickException):
    """A command that could not do what it should: one sentence, then a line for each detail."""

    exit_code = 1

    def __init__(self, message: str, *details: str) -> None:
        super().__init__(message)
        self.details = details

    def show(self, file: IO[Any] | None = None) -> None:
        """Say it on standard error."""
        for line in (f"Error: {self.message}", *(f"  {detail}" for detail in self.details)):
            click.echo(line, file=file, err=file is None)


class BadInput(Failure):
    """What was given cannot be right."""

    exit_code = 2


class Unreachable(Failure):
    """Nothing answers."""

    exit_code = 3


class NotAdmitted(Failure):
    """The server does not let this key in."""

    exit_code = 4


_BY_STATUS = {400: BadInput, 401: NotAdmitted, 403: NotAdmitted, 503: Unreachable, 504: Unreachable}


def refused(status: int, answer: Mapping[str, Any], *, request_id: str = "") -> Failure:
    """Return the failure that the API's error *answer* is."""
    lines = [clean(answer["details"])] if answer.get("details") else []
    lines += [_violation(found) for found in answer.get("violations") or ()]
    if status == 401:
        lines.append("Set COLONY_API_KEY to a living key; `colony api-key create`, beside the server, makes one.")
    if status >= 500 and request_id:
        lines.append(f"Request: {clean(request_id)}")
    said = f"{clean(answer['error'])} ({clean(answer.get('code', status))})"
    return _BY_STATUS.get(status, Failure)(said, *lines)


def _violation(found: Mapping[str, Any]) -> str:
    hint = f" Hint: {clean(found['hint'])}" if found.get("hint") else ""
    return f"- {clean(found.get('path', ''))}: {clean(found.get('message', ''))}{hint} [{clean(found.get('rule', ''))}]"
