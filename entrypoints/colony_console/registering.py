"""`colony add-ipmi`: a machine becomes known by its management controller."""

import sys

import click

from colony_console import options
from colony_console.assets import print_asset
from colony_console.client import Api, Json, at
from colony_console.failures import BadInput
from colony_console.files import read_bytes
from colony_console.output import note, print_json
from colony_console.progress import watched
from colony_console.wording import clean
from colony_console.workflows import require_completion


@click.command("add-ipmi")
@click.option("--ip", required=True, metavar="ADDRESS", help="Where the controller (BMC) is reached.")
@click.option("--username", envvar="IPMI_USERNAME", show_envvar=True, help="Its user; asked for on a terminal.")
@click.option(
    "--password", envvar="IPMI_PASSWORD", show_envvar=True,
    help="The password; asked for on a terminal. Other users of this computer can see flags: prefer the variable.",
)  # fmt: skip
@click.option("--protocol", type=click.Choice(["ipmi", "redfish"]), help="Found out by asking, unless named.")
@click.option("--port", type=click.IntRange(1, 65535), help="The protocol's own unless named.")
@click.option("--insecure", "--no-verify-tls", "insecure", is_flag=True, help="Accept any certificate (redfish).")
@click.option("--ca-file", metavar="FILE", help="PEM of the authority that signed its certificate (redfish).")
@click.option("--tls-fingerprint", metavar="SHA256", help="The controller's one right certificate (redfish).")
@click.option("--id", "asset_id", metavar="ID", help="What to call the machine; the server chooses.")
@click.option("--hostname", help="Its host name.")
@click.option("--mac", "macs", multiple=True, help="An interface that it boots from; may be repeated.")
@click.option("--tag", "tags", multiple=True, metavar="KEY:VALUE", help="May be repeated.")
@click.option("--auto-discover", is_flag=True, help="Watch the discovery, and show what it finds.")
@options.as_json
@options.talks_to_server
def add_ipmi(
    api: Api,
    *,
    ip: str,
    username: str | None,
    password: str | None,
    protocol: str | None,
    port: int | None,
    insecure: bool,
    ca_file: str | None,
    tls_fingerprint: str | None,
    asset_id: str | None,
    hostname: str | None,
    macs: tuple[str, ...],
    tags: tuple[str, ...],
    auto_discover: bool,
    as_json: bool,
) -> None:
    """Register a machine by its management controller.

    The server begins at once to discover what the machine is made of. Without --protocol it first asks the controller,
    without credentials, whether it speaks Redfish or IPMI; of both, Redfish is taken, as it tells more. Where the
    controller cannot tell, discovery switches the machine off and on.
    """
    bmc: Json = {
        "username": _asked(username, "username", hide=False),
        "password": _asked(password, "password", hide=True),
    }
    bmc |= {"protocol": protocol} if protocol else {}
    bmc |= {"port": port} if port else {}
    bmc |= {"verifyTls": False} if insecure else {}
    bmc |= {"caCertificate": read_bytes(ca_file).decode(errors="replace")} if ca_file else {}
    bmc |= {"tlsFingerprint": tls_fingerprint} if tls_fingerprint else {}
    chosen = {"id": asset_id, "hostname": hostname, "macs": list(macs), "tags": pairs(tags)}
    asset = api.post("/assets", {"ipmi": ip, "bmc": bmc} | {name: value for name, value in chosen.items() if value})
    if auto_discover:
        asset = _discovered(api, asset, err=as_json)
    if as_json:
        print_json(asset)
        return
    print_asset(asset)
    if not auto_discover:
        note(f"It is being discovered. Watch it: colony workflow watch {clean(asset['workflowId'])}")


def _discovered(api: Api, asset: Json, *, err: bool) -> Json:
    run = watched(api, asset["workflowId"], err=err)
    require_completion(run)
    return api.get(at("assets", asset["id"]))


def _asked(given: str | None, name: str, *, hide: bool) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise BadInput(f"There is no {name}", f"Set IPMI_{name.upper()}, or give --{name}.")
    answer: str = click.prompt(f"BMC {name}", hide_input=hide, err=True)
    return answer


def pairs(tags: tuple[str, ...]) -> dict[str, str]:
    """Return the tags of *tags*, each written `key:value`."""
    found = dict[str, str]()
    for tag in tags:
        key, colon, value = tag.partition(":")
        if not colon:
            raise BadInput(f"The tag {tag!r} is not like key:value")
        found[key] = value
    return found
