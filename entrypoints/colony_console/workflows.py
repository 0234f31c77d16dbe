"""`colony workflow`: what is going on."""

import json
from pathlib import Path

import click

from colony_console import options
from colony_console.client import Api, Json, at
from colony_console.failures import Failure
from colony_console.files import hand_over
from colony_console.following import followed
from colony_console.output import Columns, note, print_fields, print_json, print_list, print_table
from colony_console.progress import current, described, watched
from colony_console.wording import clean, moment

COLUMNS: Columns = {
    "ID": lambda run: run["id"],
    "TYPE": lambda run: run["type"],
    "STATUS": lambda run: run["status"],
    "ASSET": lambda run: run.get("assetId"),
    "CLUSTER": lambda run: run.get("clusterId"),
    "DONE": lambda run: f"{run['progress']['percent']} %",
    "CREATED": lambda run: moment(run["createdAt"]),
    "STEP": current,
}
_STEPS: Columns = {
    "STEP": lambda step: step["title"],
    "STATUS": lambda step: step["status"],
    "TRY": lambda step: step["attempt"] or None,
    "STARTED": lambda step: moment(step.get("startedAt")),
    "FINISHED": lambda step: moment(step.get("finishedAt")),
    "ERROR": lambda step: (step.get("error") or {}).get("message"),
}

_TIMES = {"created": "createdAt", "started": "startedAt", "finished": "finishedAt"}


@click.group()
def workflow() -> None:
    """List, watch, cancel and retry workflows."""


@workflow.command("list")
@click.option("--status", metavar="STATUS", help="Only those with this status, such as running.")
@click.option("--type", "kind", metavar="TYPE", help="Only those of this type, such as os-provision.")
@click.option("--asset", metavar="ID", help="Only those of this machine.")
@click.option("--cluster", metavar="ID", help="Only those of this cluster.")
@options.limit
@options.as_json
@options.talks_to_server
def list_workflows(
    api: Api,
    *,
    status: str | None,
    kind: str | None,
    asset: str | None,
    cluster: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List workflows."""
    answer = api.listed("workflows", limit=limit, status=status, type=kind, assetId=asset, clusterId=cluster)
    print_list(answer, "workflows", COLUMNS, as_json=as_json)


@workflow.command()
@click.argument("workflow_id")
@options.as_json
@options.talks_to_server
def show(api: Api, *, workflow_id: str, as_json: bool) -> None:
    """Show one workflow and its steps."""
    run = api.get(at("workflows", workflow_id))
    if as_json:
        print_json(run)
        return
    fields = {"id": "id", "type": "type", "asset": "assetId", "cluster": "clusterId", "parent": "parentId"}
    known = {shown: run.get(name) for shown, name in fields.items()}
    times = {shown: moment(run.get(name)) for shown, name in _TIMES.items()}
    print_fields(known | times | {"seconds": run.get("durationSeconds"), "state": described(run).strip()})
    click.echo()
    print_table(run["steps"], _STEPS)


@workflow.command()
@click.argument("workflow_id")
@click.option("--json", "as_json", is_flag=True, help="Print the workflow as a line of JSON each time it is looked at.")
@options.talks_to_server
def watch(api: Api, *, workflow_id: str, as_json: bool) -> None:
    """Watch a workflow to its end; exit with 1 unless it completes."""
    if as_json:
        run = followed(api, workflow_id, report=lambda state: click.echo(json.dumps(state, ensure_ascii=False)))
    else:
        run = watched(api, workflow_id)
    require_completion(run)


@workflow.command()
@click.argument("workflow_id")
@options.limit
@options.as_json
@options.talks_to_server
def logs(api: Api, *, workflow_id: str, limit: int, as_json: bool) -> None:
    """Print what a workflow has noted."""
    answer = api.listed("logs", at("workflows", workflow_id, "logs"), limit=limit)
    if as_json:
        print_json(answer)
        return
    for entry in answer["logs"]:
        step = f" [{entry['step']}]" if entry.get("step") else ""
        click.echo(clean(f"{moment(entry['at'])} {entry['level']:<7}{step} {entry['message']}"))
    if answer["nextCursor"]:
        note(f"There are more than these {len(answer['logs'])}: raise --limit.")


@workflow.command()
@click.argument("workflow_id")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file that only you can read.")
@options.talks_to_server
def export(api: Api, *, workflow_id: str, output: Path | None) -> None:
    """Print a workflow's journal, for `colony replay`. It holds no secret."""
    hand_over(api.text(at("workflows", workflow_id, "journal")), output)


@workflow.command()
@click.argument("workflow_id")
@options.as_json
@options.talks_to_server
def cancel(api: Api, *, workflow_id: str, as_json: bool) -> None:
    """Ask a workflow to stop at the next safe point."""
    run = api.post(at("workflows", workflow_id, "cancel"))
    if as_json:
        print_json(run)
    else:
        click.echo(
            f"Workflow {clean(run['id'])} ({clean(run['type'])}) is {clean(run['status'])} and was told to stop."
        )


@workflow.command()
@click.argument("workflow_id")
@options.wait
@options.as_json
@options.talks_to_server
def retry(api: Api, *, workflow_id: str, wait: bool, as_json: bool) -> None:
    """Run a failed or cancelled workflow again from where it failed."""
    answer_started(api, api.post(at("workflows", workflow_id, "retry")), wait=wait, as_json=as_json)


def answer_started(api: Api, run: Json, *, wait: bool, as_json: bool) -> None:
    """Print the workflow that a command has started; watch it first, if that was asked for."""
    if not as_json:
        about = run.get("assetId") or run.get("clusterId")
        click.echo(f"Workflow {clean(run['id'])} ({clean(run['type'])}) was started on {clean(about)}.")
    if wait:
        run = watched(api, run["id"], err=as_json)
    if as_json:
        print_json(run)
    if wait:
        require_completion(run)
    elif not as_json:
        click.echo(f"Watch it: colony workflow watch {clean(run['id'])}")


def require_completion(run: Json) -> None:
    """End the command with a failure if the workflow did not complete."""
    if run["status"] != "completed":
        raise Failure(
            f"Workflow {clean(run['id'])} has {ended(run)}", f"Look at: colony workflow logs {clean(run['id'])}"
        )


def ended(run: Json) -> str:
    """Return how a workflow ended, as the end of a sentence."""
    how = {"failed": "failed", "cancelled": "been cancelled"}.get(run["status"], run["status"])
    error = run.get("error")
    return f"{how}: {clean(error['message'])} ({clean(error['code'])})" if error else str(how)
