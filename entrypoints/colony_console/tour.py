"""What a newcomer is shown: a rack, an address, a key, and a first cluster becoming ready. It uses the API alone."""

from contextlib import closing

import click

from colony_console import assets, clusters
from colony_console.client import Api, Json, at
from colony_console.failures import Failure
from colony_console.following import Rhythm, followed
from colony_console.output import note, print_table
from colony_console.progress import Progress
from colony_console.workflows import ended
from colony_wiring.version import version

_RHYTHM = Rhythm(shortest=0.8, longest=1.6, reconnect=0.5)


def tour(address: str, key: str, *, machines: int, speed: float) -> None:
    """Print the way in, the rack, and a cluster of at most three machines from the request to its kubeconfig."""
    click.echo(f"Colony {version()}: {machines} simulated machines that live {speed:g} times as fast as real ones.\n")
    click.echo(f"  address   {address}\n  pages     {address}/docs\n  key       {key}\n")
    click.echo("To use it from another terminal:\n")
    click.echo(f"  export COLONY_API_URL={address} COLONY_API_KEY={key}\n  colony assets\n")
    with closing(Api(address, key, notify=note)) as api:
        click.echo("The rack:\n")
        rack = api.listed("assets", limit=10)["assets"]
        print_table(rack, assets.COLUMNS)
        names = [asset["id"] for asset in rack[:3]]
        click.echo(f"\nA Talos cluster is being made of the first {len(names)}, as `colony cluster create` does it:\n")
        made = api.post("/clusters", first_cluster(names))
        _built(api, made["workflowId"])
        click.echo(f"\nCluster {made['name']} is ready:\n")
        clusters.print_cluster(api.get(at("clusters", made["id"])))
        click.echo(f"\nIts kubeconfig: colony cluster kubeconfig {made['id']}")


def first_cluster(machines: list[str]) -> Json:
    """Return the request for a cluster of one control plane and a worker on each machine that is left."""
    nodes = [{"assetId": name, "ip": f"192.168.1.{101 + place}", "subnet": "24"} for place, name in enumerate(machines)]
    return {
        "name": "demo",
        "type": "k8s_stack",
        "flavor": "talos",
        "gateway": "192.168.1.1",
        "controlPlanes": nodes[:1],
        "workers": nodes[1:],
    }


def _built(api: Api, workflow_id: str) -> None:
    progress = Progress()
    try:
        run = followed(api, workflow_id, report=progress, rhythm=_RHYTHM)
    finally:
        progress.done()
    if run["status"] != "completed":
        raise Failure(f"The cluster's workflow has {ended(run)}", f"Look at: colony workflow logs {workflow_id}")
