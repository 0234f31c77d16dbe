"""`colony cluster`: Kubernetes on machines."""

from pathlib import Path

import click

from colony_console import options
from colony_console.client import Api, Json, at
from colony_console.files import hand_over, read_json
from colony_console.output import Columns, note, print_fields, print_json, print_list, print_table
from colony_console.planning import print_plan
from colony_console.progress import watched
from colony_console.wording import clean, moment
from colony_console.workflows import require_completion

COLUMNS: Columns = {
    "ID": lambda cluster: cluster["id"],
    "NAME": lambda cluster: cluster["name"],
    "TYPE": lambda cluster: f"{cluster['type']}/{cluster['flavor']}",
    "STATUS": lambda cluster: cluster["status"],
    "NODES": lambda cluster: len(cluster.get("nodes") or ()),
    "DONE": lambda cluster: f"{cluster['progress']['percent']} %",
    "CREATED": lambda cluster: moment(cluster["createdAt"]),
    "WORKFLOW": lambda cluster: cluster.get("workflowId"),
}
_NODES: Columns = {
    "NODE": lambda node: node["hostname"],
    "ROLE": lambda node: node["role"],
    "IP": lambda node: node["ip"],
    "ASSET": lambda node: node["assetId"],
    "STATUS": lambda node: node["status"],
}


@click.group()
def cluster() -> None:
    """Create, list, show and delete clusters."""


@cluster.command()
@click.option(
    "-f",
    "--file",
    required=True,
    metavar="FILE",
    help="The request as JSON; - is standard input.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@click.option("--plan-hash", metavar="HASH", help="Create it only if the plan is still the one of that dry run.")
@options.wait
@options.as_json
@options.talks_to_server
def create(
    api: Api, *, file: str, dry_run: bool, strict: bool, plan_hash: str | None, wait: bool, as_json: bool
) -> None:
    """Create a cluster. What the disks of its machines hold is lost."""
    body = read_json(file)
    if dry_run:
        plan = api.post("/clusters", body, dryRun=True, strict=strict)
        if as_json:
            print_json(plan)
        else:
            print_plan(plan)
            note_warnings(plan)
        return
    made = api.post("/clusters", body, strict=strict, planHash=plan_hash)
    _answer_made(api, made, wait=wait, as_json=as_json)


@cluster.command("list")
@click.option("--status", metavar="STATUS", help="Only those with this status, such as ready.")
@click.option("--type", "kind", metavar="TYPE", help="Only those of this type, such as k8s_stack.")
@options.limit
@options.as_json
@options.talks_to_server
def list_clusters(api: Api, *, status: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """List clusters."""
    answer = api.listed("clusters", limit=limit, status=status, type=kind)
    print_list(answer, "clusters", COLUMNS, as_json=as_json)


@cluster.command()
@click.argument("cluster_id")
@options.as_json
@options.talks_to_server
def show(api: Api, *, cluster_id: str, as_json: bool) -> None:
    """Show one cluster and its nodes."""
    answer = api.get(at("clusters", cluster_id))
    if as_json:
        print_json(answer)
    else:
        print_cluster(answer)


@cluster.command()
@click.argument("cluster_id")
@click.option("--wipe", is_flag=True, help="Wipe its machines too; they stay provisioned otherwise.")
@click.option("--force", is_flag=True, help="Cancel its workflow first, if one is changing it.")
@options.yes
@options.as_json
@options.talks_to_server
def delete(api: Api, *, cluster_id: str, wipe: bool, force: bool, yes: bool, as_json: bool) -> None:
    """Delete a cluster."""
    fate = "its machines are wiped" if wipe else "its machines keep their disks"
    options.confirmed(f"Delete cluster {cluster_id}? Its credentials are lost, {fate}.", yes=yes)
    gone = api.delete(at("clusters", cluster_id), wipe=wipe, force=force)
    if as_json:
        print_json(gone)
    else:
        click.echo(f"Cluster {clean(gone['id'])} ({clean(gone['name'])}) is deleted: {fate}.")


@cluster.command()
@click.argument("cluster_id")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file that only you can read.")
@options.talks_to_server
def kubeconfig(api: Api, *, cluster_id: str, output: Path | None) -> None:
    """Print what kubectl needs to reach a ready cluster."""
    hand_over(api.text(at("clusters", cluster_id, "kubeconfig")), output)


@cluster.command()
@click.argument("cluster_id")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file that only you can read.")
@options.talks_to_server
def talosconfig(api: Api, *, cluster_id: str, output: Path | None) -> None:
    """Print what talosctl needs to reach a ready Talos cluster."""
    hand_over(api.text(at("clusters", cluster_id, "talosconfig")), output)


def print_cluster(cluster: Json) -> None:
    """Print what is known of a cluster."""
    progress, error = cluster["progress"], cluster.get("error")
    print_fields(
        {
            "id": cluster["id"],
            "name": cluster["name"],
            "type": f"{cluster['type']}/{cluster['flavor']}",
            "status": cluster["status"],
            "done": f"{progress['percent']} % {progress.get('stage') or ''}".rstrip(),
            "error": f"{error['code']}: {error['message']}" if error else None,
            "gateway": cluster.get("gateway"),
            "vip": cluster.get("vip"),
            "workflow": cluster.get("workflowId"),
            "created": moment(cluster.get("createdAt")),
            "updated": moment(cluster.get("updatedAt")),
        }
    )
    click.echo()
    print_table(cluster.get("nodes") or (), _NODES)
    note_warnings(cluster)


def note_warnings(answer: Json) -> None:
    """Tell what was accepted and is worth reading."""
    for warning in answer.get("warnings") or ():
        hint = f" Hint: {warning['hint']}" if warning.get("hint") else ""
        note(clean(f"Warning: {warning['path']}: {warning['message']}{hint} [{warning['rule']}]"))


def _answer_made(api: Api, made: Json, *, wait: bool, as_json: bool) -> None:
    workflow_id = clean(made["workflowId"])
    if not as_json:
        click.echo(f"Cluster {clean(made['id'])} ({clean(made['name'])}) is being built by {workflow_id}.")
        note_warnings(made)
    run = watched(api, made["workflowId"], err=as_json) if wait else None
    if as_json:
        print_json(api.get(at("clusters", made["id"])) if wait else made)
    if run is not None:
        require_completion(run)
    if not as_json:
        then = f"workflow watch {workflow_id}" if run is None else f"cluster kubeconfig {clean(made['id'])}"
        click.echo(f"Next: colony {then}")
