"""`colony provision`, `reboot` and `deprovision`: work on one machine."""

from pathlib import Path

import click

from colony_console import options
from colony_console.client import Api, at
from colony_console.failures import BadInput
from colony_console.workflows import answer_started


@click.command()
@click.argument("asset_id")
@click.option("--template", metavar="NAME", help="What to install; ubuntu-jammy unless named.")
@click.option("--disk-device", metavar="DISK", help="Where to: path, by-id name, serial or WWN.")
@click.option(
    "--ssh-key-file", "ssh_key_files", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of SSH public keys to let in; may be repeated.",
)  # fmt: skip
@click.option("--ip", help="A static address, with --subnet and --gateway; DHCP otherwise.")
@click.option("--subnet", metavar="PREFIX", help="Its subnet, such as 24 or 255.255.255.0.")
@click.option("--gateway", metavar="IP", help="Its gateway.")
@options.yes
@options.wait
@options.as_json
@options.talks_to_server
def provision(
    api: Api,
    *,
    asset_id: str,
    template: str | None,
    disk_device: str | None,
    ssh_key_files: tuple[Path, ...],
    ip: str | None,
    subnet: str | None,
    gateway: str | None,
    yes: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Install an operating system on a machine. What its disk holds is lost."""
    network = {"ip": ip, "subnet": subnet, "gateway": gateway}
    if any(network.values()) and not all(network.values()):
        raise BadInput("A static address takes all of --ip, --subnet and --gateway")
    body = {
        "template": template,
        "diskDevice": disk_device,
        "sshPublicKeys": [key for file in ssh_key_files for key in _keys(file)] or None,
        "network": network if ip else None,
    }
    options.confirmed(f"Install {asset_id}? What its disk holds is lost.", yes=yes)
    asked = {name: value for name, value in body.items() if value is not None}
    answer_started(api, api.post(at("assets", asset_id, "provision"), asked), wait=wait, as_json=as_json)


@click.command()
@click.argument("asset_id")
@click.option("--boot-device", type=click.Choice(["pxe", "disk"]), help="What to boot from, this time; its own choice.")
@options.wait
@options.as_json
@options.talks_to_server
def reboot(api: Api, *, asset_id: str, boot_device: str | None, wait: bool, as_json: bool) -> None:
    """Restart a machine, through its controller."""
    body = {"bootDevice": boot_device} if boot_device else {}
    answer_started(api, api.post(at("assets", asset_id, "reboot"), body), wait=wait, as_json=as_json)


@click.command()
@click.argument("asset_id")
@click.option("--method", type=click.Choice(["signatures", "zero", "secure-erase"]), help="How; the server's default.")
@options.yes
@options.wait
@options.as_json
@options.talks_to_server
def deprovision(api: Api, *, asset_id: str, method: str | None, yes: bool, wait: bool, as_json: bool) -> None:
    """Wipe the disks of a provisioned machine.

    It is available again after that.
    """
    options.confirmed(f"Wipe every disk of {asset_id}? What they hold is lost.", yes=yes)
    body = {"method": method} if method else {}
    answer_started(api, api.post(at("assets", asset_id, "wipe"), body), wait=wait, as_json=as_json)


def _keys(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {file}: {error}") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
