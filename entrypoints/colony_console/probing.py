"""`colony bmc probe`: one management controller, asked directly from where the command runs."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from colony_console.controllers import print_seen, view
from colony_console.failures import BadInput, Failure, NotAdmitted, Unreachable
from colony_console.files import hand_over, read_bytes
from colony_console.inside import run
from colony_console.output import note, print_json
from colony_console.wording import clean
from colony_core.domain.hardware import Protocol
from colony_core.domain.recordings import Recording, encoded
from colony_core.domain.registration import Registration
from colony_core.domain.secrets import Secret
from colony_core.errors import ColonyError
from colony_core.ports.hardware import BmcBusy, BmcCommandRefused, BmcRefused, BmcUnreachable
from colony_wiring.probing import probe as look

_EXITS: Mapping[type[ColonyError], type[Failure]] = {
    BmcUnreachable: Unreachable,
    BmcBusy: Unreachable,
    BmcCommandRefused: Failure,
    BmcRefused: NotAdmitted,
}
"""Which failure each error is, the first that fits; any other is a general one."""


@click.command()
@click.argument("address")
@click.option("--protocol", type=click.Choice(["ipmi", "redfish"]), help="Ask for this one alone.")
@click.option("--port", type=click.IntRange(1, 65535), help="The protocol's own unless named.")
@click.option(
    "--username", envvar="IPMI_USERNAME", show_envvar=True, help="Log in as this user, and look at everything."
)
@click.option(
    "--password", envvar="IPMI_PASSWORD", show_envvar=True,
    help="The password; asked for on a terminal. Other users of this computer can see flags: prefer the variable.",
)  # fmt: skip
@click.option("--insecure", "--no-verify-tls", "insecure", is_flag=True, help="Accept any certificate (redfish).")
@click.option("--ca-file", metavar="FILE", help="PEM of the authority that signed its certificate (redfish).")
@click.option("--tls-fingerprint", metavar="SHA256", help="The controller's one right certificate (redfish).")
@click.option(
    "--record", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write a recording that can be shown to others: names, numbers and addresses are replaced in it.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Let --record write over a file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def probe(
    *,
    address: str,
    protocol: str | None,
    port: int | None,
    username: str | None,
    password: str | None,
    insecure: bool,
    ca_file: str | None,
    tls_fingerprint: str | None,
    record: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Ask one management controller for all that it tells, and change nothing.

    It is asked directly, without a server and without a database. Without --username it tells what it tells anybody:
    which protocols it speaks, and the fingerprint of its certificate.
    """
    if record is not None:
        _require_place(record, username, force=force)
    registration = Registration(
        address=address,
        protocol=Protocol(protocol) if protocol else None,
        port=port,
        username=username or "",
        password=_password(username, password),
        verify_tls=not insecure,
        ca_certificate=read_bytes(ca_file).decode(errors="replace") if ca_file else "",
        tls_fingerprint=tls_fingerprint or "",
    )
    seen = run(look(registration, log_in=username is not None, record=record is not None))
    if as_json:
        print_json(view(address, seen))
    else:
        print_seen(address, seen)
    if seen.error is not None:
        raise _failure(seen.error)
    if record is not None:
        _write(record, seen.recording)


def _password(username: str | None, given: str | None) -> Secret:
    if username is None:
        return Secret("")
    if given is not None:
        return Secret(given)
    if not sys.stdin.isatty():
        raise BadInput("There is no password", "Set IPMI_PASSWORD, or give --password.")
    return Secret(click.prompt("BMC password", hide_input=True, err=True))


def _require_place(record: Path, username: str | None, *, force: bool) -> None:
    if username is None:
        raise BadInput("A recording is of what the controller tells behind a login", "Give --username.")
    if record.exists() and not force:
        raise BadInput(f"There is a file {record} already", "Give another name, or --force.")


def _write(record: Path, recording: Recording | None) -> None:
    if recording is None:
        raise Failure("This controller's adapter records nothing")
    hand_over(encoded(recording).decode(), record)
    kept = len(recording.redfish) + len(recording.ipmi)
    note(
        f"It holds {kept} answers. Look it over before you show it to anybody: docs/probing.md tells what is replaced."
    )


def _failure(error: ColonyError) -> Failure:
    kind = next((failure for known, failure in _EXITS.items() if isinstance(error, known)), Failure)
    return kind(f"{clean(error.details)} ({error.code})", clean(error.advice))
