"""`colony assets`: machines, for people and for programs."""

import json
from typing import Any

import pytest

ASSETS = "/api/v1/assets"


def test_machines_are_listed_in_columns(console: Any) -> None:
    held = {"status": "provisioned", "clusterId": "cluster-1", "powerState": "on"}
    broken = {"status": "discovering", "specs": None, "lastError": {"code": "BMC", "message": "Silence!"}}
    rack = [console.an_asset(1), console.an_asset(2, **held), console.an_asset(10, **broken)]
    console.answers("GET", ASSETS, {"assets": rack, "nextCursor": None})
    result = console.run("assets")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "ID        HOSTNAME  STATUS       IPMI          CLUSTER    NOTE           POWER  CPU         RAM   DISK",
        "asset-1   server01  available    192.168.2.50  -          -              off    Intel Xeon  64GB  1TB NVMe",
        "asset-2   server02  provisioned  192.168.2.51  cluster-1  -              on     Intel Xeon  64GB  1TB NVMe",
        "asset-10  server10  discovering  192.168.2.59  -          BMC: Silence!  off    -           -     -",
    ]


@pytest.mark.parametrize("args", [["assets"], ["assets", "list"]])
def test_listing_is_what_the_command_does_by_itself(console: Any, args: list[str]) -> None:
    console.answers("GET", ASSETS, {"assets": [], "nextCursor": None})
    result = console.run(*args, "--status", "available", "--tag", "rack:7", "--tag", "row:b")

    assert result.exit_code == 0
    assert (result.stdout, result.stderr) == ("", "No assets.\n")
    query = console.requests[0].url.params
    assert query.multi_items() == [("limit", "1000"), ("status", "available"), ("tag", "rack:7"), ("tag", "row:b")]


def test_json_is_what_the_api_says(console: Any) -> None:
    envelope = {"assets": [console.an_asset(1)], "nextCursor": None}
    console.answers("GET", ASSETS, envelope)

    assert json.loads(console.run("assets", "--json").stdout) == envelope


def test_a_list_that_goes_on_says_so(console: Any) -> None:
    console.answers("GET", ASSETS, {"assets": [console.an_asset(1)], "nextCursor": "more"})
    result = console.run("assets", "--limit", "1")

    assert result.stderr == "There are more than these 1: raise --limit.\n"
    assert len(result.stdout.splitlines()) == 2


def test_one_machine_is_shown_with_what_matters(console: Any) -> None:
    disk = {"name": "/dev/nvme0n1", "kind": "nvme", "sizeBytes": 1_000_204_886_016}
    more = {
        "tags": {"rack": "7"},
        "maintenance": {"reason": "new fan", "by": "cd-1", "until": None},
        "inventory": {"disks": [disk]},
    }
    console.answers("GET", f"{ASSETS}/asset-1", console.an_asset(1, **more))
    result = console.run("assets", "show", "asset-1")

    assert result.stdout.splitlines() == [
        "id          asset-1",
        "hostname    server01",
        "status      available",
        "note        maintenance by cd-1: new fan",
        "power       off",
        "controller  ipmi 192.168.2.50:623",
        "cpu         Intel Xeon",
        "ram         64GB",
        "disk        1TB NVMe",
        "disks       /dev/nvme0n1 nvme 1000 GB",
        "tags        rack:7",
        "created     2026-11-23T12:00:00Z",
        "updated     2026-11-23T12:00:00Z",
    ]


def test_a_machine_is_shown_as_the_api_says_it(console: Any) -> None:
    console.answers("GET", f"{ASSETS}/asset-1", console.an_asset(1))

    assert json.loads(console.run("assets", "show", "asset-1", "--json").stdout) == console.an_asset(1)


def test_text_of_machines_cannot_steer_the_terminal(console: Any) -> None:
    rack = [console.an_asset(1, hostname="evil\x1b[2J\nname")]
    console.answers("GET", ASSETS, {"assets": rack, "nextCursor": None})

    assert "evil [2J name" in console.run("assets").stdout


def test_machines_that_do_not_get_on_are_listed_with_the_step_that_blocks_them(console: Any) -> None:
    hindrance = {
        "since": "2026-01-01T12:00:00Z",
        "workflowId": "workflow-1",
        "step": "await-install",
        "code": "SLOW",
        "message": "The work goes on for longer than usual",
        "remedies": [],
    }
    stuck = console.an_asset(1, status="provisioning", hindrance=hindrance)
    console.answers("GET", ASSETS, {"assets": [stuck], "nextCursor": None})
    result = console.run("assets", "--stuck")

    assert ("stuck", "true") in [(name, value.lower()) for name, value in console.requests[0].url.params.multi_items()]
    assert result.stdout.splitlines()[0].split() == ["ID", "STATUS", "SINCE", "STEP", "WHY"]
    assert "await-install" in result.stdout
    assert "longer than usual" in result.stdout
