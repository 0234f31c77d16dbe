"""`colony import`: the machines of a list become known, or different, one row at a time."""

from collections.abc import Mapping
from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import replace

from colony_console import machine_lists, options
from colony_console.client import Api, Json, at
from colony_console.failures import Failure, NotAdmitted, Unreachable
from colony_console.output import note, print_json
from colony_console.upserting import Intent, intended
from colony_console.wording import clean

_ALL = 1_000_000
_RESULTS = ("created", "updated", "unchanged", "refused", "not tried")


class Result(Struct, frozen=True):
    """What came of a row; `result` is one of the words above, under `--dry-run` what would come of it."""

    intent: Intent
    result: str
    asset_id: str | None = None
    detail: str = ""

    def shown(self) -> Json:
        """Return the same as JSON."""
        about = {"line": self.intent.line, "machine": self.intent.place, "result": self.result}
        return about | {"assetId": self.asset_id, "detail": self.detail or None}


@click.command("import")
@click.argument("file", metavar="FILE")
@machine_lists.form
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--username", envvar="IPMI_USERNAME", show_envvar=True, help="For new machines whose row names none.")
@click.option("--password", envvar="IPMI_PASSWORD", show_envvar=True, help="For new machines whose row names none.")
@machine_lists.passphrase_file
@options.as_json
@options.talks_to_server
def import_machines(
    api: Api,
    *,
    file: str,
    form: str | None,
    dry_run: bool,
    username: str | None,
    password: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Register and change the machines of a list.

    FILE is CSV or YAML; - is standard input. A machine is known by its controller's address, then by its serial number.
    What a row does not say stays as it is, so that importing a list again changes nothing. Every row has its own
    result; the command ends with 1 if any was refused, and the others are done.

    \b
    Forms of CSV:   hostname,ipmi_ip,ipmi_user,ipmi_pass,datacenter,rack,slot
                    hardware-id,ip,user,password,insecure
                    ip,username,password (each line, without a header)
    and what `colony export` writes. datacenter, rack and slot become tags; insecure: TLS is not verified.
    """
    api.be_patient()
    rows = machine_lists.opened(
        machine_lists.read_list(file, form), lambda: machine_lists.passphrase(passphrase_file, new=False)
    )
    defaults = {"username": username, "password": password}
    intents = [_completed(intent, defaults) for intent in intended(rows, api.listed("assets", limit=_ALL)["assets"])]
    work = _Work(api, dry_run=dry_run)
    results = []
    for intent in intents:
        results.append(work.done(intent))
        if not as_json:
            click.echo(_line(results[-1], width=max(len(one.place) for one in intents)))
    counts = {word: sum(result.result == word for result in results) for word in _RESULTS}
    if as_json:
        print_json({"dryRun": dry_run, "rows": [result.shown() for result in results], "summary": counts})
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    note(f"Nothing was done. It would be: {said}." if dry_run else f"{said}.")
    if work.stopped is not None:
        raise work.stopped
    if counts["refused"]:
        click.get_current_context().exit(1)


class _Work:
    """Does what is intended, or only says so; after the server or the key fails, it tries nothing more."""

    def __init__(self, api: Api, *, dry_run: bool) -> None:
        self._api = api
        self._dry_run = dry_run
        self.stopped: Failure | None = None

    def done(self, intent: Intent) -> Result:
        """Return what came of one intent."""
        if intent.why:
            return Result(intent, "refused", intent.asset_id, intent.why)
        if self.stopped is not None:
            return Result(intent, "not tried", intent.asset_id)
        if self._dry_run:
            return _foreseen(intent)
        try:
            return self._sent(intent)
        except (NotAdmitted, Unreachable) as failure:
            self.stopped = failure
            return Result(intent, "not tried", intent.asset_id, clean(failure.message))
        except Failure as failure:
            return Result(
                intent, "refused", intent.asset_id, "; ".join(map(clean, (failure.message, *failure.details)))
            )

    def _sent(self, intent: Intent) -> Result:
        if intent.asset_id is None:
            return Result(intent, "created", self._api.post("/assets", intent.body)["id"])
        if not intent.body:
            return Result(intent, "unchanged", intent.asset_id)
        changed = self._api.patch(at("assets", intent.asset_id), intent.body)["changed"]
        return Result(intent, "updated" if changed else "unchanged", intent.asset_id, ", ".join(changed))


def _foreseen(intent: Intent) -> Result:
    if intent.asset_id is None:
        return Result(intent, "created")
    sure = [field for field in intent.fields if field != "bmc.password"]
    if sure:
        return Result(intent, "updated", intent.asset_id, ", ".join(sure))
    doubt = "unless its password differs, which only the import itself finds out" if intent.fields else ""
    return Result(intent, "unchanged", intent.asset_id, doubt)


def _completed(intent: Intent, defaults: Mapping[str, str | None]) -> Intent:
    """Return *intent* with the credentials that a new machine's row does not name, or refused without any."""
    if not intent.creates or intent.body["bmc"].get("protocol") == "manual":
        return intent
    bmc = {name: value for name, value in defaults.items() if value is not None} | intent.body["bmc"]
    missing = [name for name in ("username", "password") if name not in bmc]
    if missing:
        remedy = "name it in the row, or set " + " and ".join(f"IPMI_{name.upper()}" for name in missing)
        return replace(intent, why=f"a new machine needs a {' and a '.join(missing)}: {remedy}")
    return replace(intent, body=intent.body | {"bmc": bmc})


def _line(result: Result, *, width: int) -> str:
    """Return one result for people; each is told when it is known, so that the columns cannot follow the widest."""
    intent = result.intent
    start = f"line {intent.line:<5}  {clean(intent.place):<{width}}  {result.result:<9}"
    return f"{start}  {result.asset_id or '-':<10}  {clean(result.detail)}".rstrip(" -")
