"""The `colony` command as a menu; what stands behind an entry is imported when it is chosen."""

import importlib
from typing import NamedTuple

import click

from colony_console.failures import INTERRUPTED, Failure


class Entry(NamedTuple):
    """One command: the module and the name in it, and the line that `colony --help` shows without importing either."""

    place: str
    line: str


MENU = {
    "serve": Entry("serving:serve", "Serve the API, and do the work, unless workers do it."),
    "demo": Entry("demo:demo", "Build a first cluster in a simulated rack, then serve it until Ctrl-C."),
    "worker": Entry("working:worker", "Do the work of servers that share a PostgreSQL database."),
    "rack": Entry("racking:rack", "Hold a simulated rack that servers and workers share."),
    "api-key": Entry("api_keys:api_key", "Make, list and revoke API keys."),
    "add-ipmi": Entry("registering:add_ipmi", "Register a machine by its management controller."),
    "add-manual": Entry("tasks:add_manual", "Register a machine that has no management controller."),
    "tasks": Entry("tasks:tasks", "List what somebody has to do by hand, or confirm it."),
    "import": Entry("importing:import_machines", "Register and change the machines of a list."),
    "export": Entry("exporting:export", "Write every machine into a list that `colony import` reads."),
    "assets": Entry("assets:assets", "List machines, or show one."),
    "provision": Entry("machines:provision", "Install an operating system on a machine."),
    "sensors": Entry("sensors:sensors", "Show a machine's temperatures, fans and power."),
    "bmc": Entry("bmc:bmc", "Ask management controllers, and change their passwords."),
    "reboot": Entry("machines:reboot", "Restart a machine, through its controller."),
    "deprovision": Entry("machines:deprovision", "Wipe the disks of a provisioned machine."),
    "cluster": Entry("clusters:cluster", "Create, list, show and delete clusters."),
    "workflow": Entry("workflows:workflow", "List, watch, cancel and retry workflows."),
    "replay": Entry("replaying:replay", "Run a workflow's journal again, offline; end with 1 if it goes another way."),
    "audit": Entry("audit:audit", "List who did what, and what came of it."),
    "migrate": Entry("databases:migrate", "Bring the schema of the database up to date."),
    "copy": Entry("databases:copy", "Copy everything from one database to another, SQLite or PostgreSQL."),
    "doctor": Entry("doctor:doctor", "Check settings, database and server, and say what to do."),
    "version": Entry("version:version", "Show the installed release."),
    "completion": Entry("completion:completion", "Print the completion script of a shell."),
}

_EXTRAS = {"httpx": "console", "msgspec": "console", "yaml": "console", "aiosqlite": "sqlite", "asyncpg": "postgres"}


class Menu(click.Group):
    """A group whose commands are imported by name, when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the menu."""
        return list(MENU)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command, or say which extra brings what it needs."""
        if cmd_name not in MENU:
            return None
        module, _, name = MENU[cmd_name].place.partition(":")
        try:
            command: click.Command = getattr(importlib.import_module(f"colony_console.{module}"), name)
        except ModuleNotFoundError as missing:
            top = (missing.name or "").partition(".")[0]
            if top.startswith("colony_"):
                raise
            advice = f"pip install 'colony-core[{_EXTRAS.get(top, 'http,sqlite')}]'"
            raise Failure(f"`colony {cmd_name}` needs the module '{missing.name}': {advice}") from missing
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - too
        """Write the menu without importing what stands behind it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.line) for name, entry in MENU.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the chosen command; Ctrl-C ends it as shells expect."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            click.echo(err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Menu, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Turn bare metal into Kubernetes clusters.

    Commands that talk to a server find it at COLONY_API_URL (http://127.0.0.1:8000) and show it COLONY_API_KEY.
    """
