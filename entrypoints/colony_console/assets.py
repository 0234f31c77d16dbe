"""`colony assets`: the machines."""

import click

from colony_console import options
from colony_console.client import Api, Json, at
from colony_console.output import Columns, print_fields, print_json, print_list
from colony_console.wording import moment

COLUMNS: Columns = {
    "ID": lambda asset: asset["id"],
    "HOSTNAME": lambda asset: asset["hostname"],
    "STATUS": lambda asset: asset["status"],
    "IPMI": lambda asset: asset["ipmi"],
    "CLUSTER": lambda asset: asset.get("clusterId"),
    "NOTE": lambda asset: remark(asset) or None,
    "POWER": lambda asset: asset.get("powerState"),
    "CPU": lambda asset: (asset.get("specs") or {}).get("cpu"),
    "RAM": lambda asset: (asset.get("specs") or {}).get("ram"),
    "DISK": lambda asset: (asset.get("specs") or {}).get("disk"),
}


STUCK_COLUMNS: Columns = {
    "ID": lambda asset: asset["id"],
    "STATUS": lambda asset: asset["status"],
    "SINCE": lambda asset: moment(asset["hindrance"]["since"]),
    "STEP": lambda asset: asset["hindrance"]["step"],
    "WHY": lambda asset: asset["hindrance"]["message"],
}


class ListByDefault(click.Group):
    """A group that lists when nothing else is asked for: `colony assets --status available`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default in front of arguments that begin with none of the commands."""
        chosen = args and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if chosen else ["list", *args])


@click.group(cls=ListByDefault)
def assets() -> None:
    """List machines, or show one. `colony assets` alone is `colony assets list`."""


@assets.command("list")
@click.option("--status", metavar="STATUS", help="Only those with this status, such as available.")
@click.option("--tag", "tags", multiple=True, metavar="KEY:VALUE", help="Only those with this tag; may be repeated.")
@click.option("--stuck", is_flag=True, help="Only those that do not get on, with what holds them up.")
@click.option("--maintenance", is_flag=True, help="Only those that are in maintenance now.")
@options.limit
@options.as_json
@options.talks_to_server
def list_assets(
    api: Api,
    *,
    status: str | None,
    tags: tuple[str, ...],
    stuck: bool,
    maintenance: bool,
    limit: int,
    as_json: bool,
) -> None:
    """List machines."""
    chosen = {"stuck": stuck or None, "maintenance": maintenance or None}
    answer = api.listed("assets", limit=limit, status=status, tag=tags, **chosen)
    print_list(answer, "assets", STUCK_COLUMNS if stuck else COLUMNS, as_json=as_json)


@assets.command()
@click.argument("asset_id")
@options.as_json
@options.talks_to_server
def show(api: Api, *, asset_id: str, as_json: bool) -> None:
    """Show one machine."""
    asset = api.get(at("assets", asset_id))
    if as_json:
        print_json(asset)
    else:
        print_asset(asset)


def print_asset(asset: Json) -> None:
    """Print what is known of a machine."""
    bmc, specs = asset.get("bmc") or {}, asset.get("specs") or {}
    inventory = asset.get("inventory") or {}
    print_fields(
        {
            "id": asset["id"],
            "hostname": asset["hostname"],
            "status": asset["status"],
            "note": remark(asset),
            "to do": (asset.get("task") or {}).get("instruction"),
            "held up": (asset.get("hindrance") or {}).get("message"),
            "power": asset.get("powerState"),
            "controller": f"{bmc.get('protocol')} {bmc.get('address')}:{bmc.get('port')}" if bmc else asset["ipmi"],
            "controller health": _health(bmc.get("health") or {}),
            "cpu": specs.get("cpu"),
            "ram": specs.get("ram"),
            "disk": specs.get("disk"),
            "disks": [_disk(disk) for disk in inventory.get("disks") or ()],
            "interfaces": [f"{nic.get('name')} {nic.get('mac')}" for nic in inventory.get("nics") or ()],
            "tags": [f"{key}:{value}" for key, value in (asset.get("tags") or {}).items()],
            "cluster": asset.get("clusterId"),
            "workflow": asset.get("workflowId"),
            "created": moment(asset.get("createdAt")),
            "updated": moment(asset.get("updatedAt")),
        }
    )


def remark(asset: Json) -> str:
    """Return what somebody who wants to use the machine should know: maintenance, or what went wrong last."""
    if maintenance := asset.get("maintenance"):
        until = f" until {moment(maintenance.get('until'))}" if maintenance.get("until") else ""
        return f"maintenance{until} by {maintenance['by']}: {maintenance['reason']}"
    if trouble := _trouble((asset.get("bmc") or {}).get("health") or {}):
        return trouble
    if error := asset.get("lastError"):
        return f"{error['code']}: {error['message']}"
    return ""


def _trouble(health: Json) -> str:
    if health.get("state") not in {"degraded", "refused"}:
        return ""
    return f"bmc {health['state']} since {moment(health.get('since'))}: {health.get('why')}"


def _health(health: Json) -> str | None:
    checked = f"checked {moment(health['checkedAt'])}" if health.get("checkedAt") else ""
    return ", ".join(filter(None, (_trouble(health) or health.get("state"), checked))) or None


def _disk(disk: Json) -> str:
    return f"{disk.get('name')} {disk.get('kind')} {int(disk.get('sizeBytes') or 0) // 10**9} GB"
