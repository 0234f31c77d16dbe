"""The page of docs/ that lists every command: click's own help, put together."""

from collections.abc import Iterator
from inspect import cleandoc

import click

from colony_console import failures
from colony_console.menu import cli

_WIDTH = 100
_BEFORE = """\
# Command line

`colony` serves, and talks to what serves. This page is made from the command's own help.

The environment says where the server is (`COLONY_API_URL`), which key it is shown (`COLONY_API_KEY`), and how a server
is set up; a flag beats the environment.

- Tables are for people: aligned, cut to the width of the terminal (never in a pipe). `--json` prints what the API
  answered; `workflow watch --json` prints a line of JSON for each look.
- Lists follow the API's pages up to `--limit` entries (1000 unless given), oldest first; they say when there are more,
  and `nextCursor` of `--json` is then not null.
- Errors go to standard error: a sentence with the API's code, the details, a line for each violation with its hint.
- When the server says that there were too many requests, a command says so and waits as long as it asks: at most twice,
  and never for more than two minutes.
- `workflow watch` and `--wait` listen to the workflow's events and look at it when something happens; where there are
  no events they look every few seconds. Ctrl-C stops the watching, not the workflow.
- Commands that destroy something ask first; `--yes` answers them.

## Exit codes

"""


def page() -> str:
    """Return the page as Markdown."""
    table = cleandoc(failures.__doc__ or "").partition("\n\n")[2]
    blocks = "\n\n".join(f"## {path}\n\n```text\n{help_text}\n```" for path, help_text in _helps(cli, "colony", None))
    return f"{_BEFORE}```text\n{cleandoc(table)}\n```\n\n{blocks}\n"


def _helps(command: click.Command, path: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    """Give the path and the help of *command* and of everything below it; no environment can change them."""
    name = path.rpartition(" ")[2]
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            child = command.get_command(context, below)
            if child is not None:
                yield from _helps(child, f"{path} {below}", context)
