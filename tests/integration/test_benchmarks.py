"""That the benchmarks run; what they find is nobody's business here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_every_benchmark_runs_and_every_request_is_answered(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"

    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--tiny", "--folder", str(tmp_path), "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    found = json.loads(figures.read_text())
    assert {each["name"] for each in found["wire"]} == {"list", "get", "create-asset", "create-cluster"}
    assert [each for each in found["wire"] if each["product"]["failures"] or each["floor"]["failures"]] == []
    assert [each["provisioned"] for each in found["provisioning"]] == [3]
    assert [(each["assets"], each["waiting"]) for each in found["waiting"]] == [(1, 0), (20, 0), (20, 20)]
    assert "| list " in run.stdout


@pytest.mark.timeout(300)
def test_the_benchmark_of_controllers_runs_and_reads_them_all(tmp_path: Path) -> None:
    missing = [program for program in ("ipmi_sim", "ipmitool", "ipmipower") if shutil.which(program) is None]
    if missing and os.environ.get("CI") != "true" and os.geteuid() != 0:
        pytest.skip(f"{' and '.join(missing)} is not installed: apt-get install openipmi ipmitool freeipmi-tools")
    figures = tmp_path / "figures.json"

    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.bmc", "--tiny", "--folder", str(tmp_path), "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    found = json.loads(figures.read_text())
    assert {(row["reader"], row["read"]) for row in found["rows"]} == {("colony", 2), ("ipmipower", 2), ("ipmitool", 2)}
    assert {(row["reader"], row["read"]) for row in found["redfish"]} >= {("colony", 2)}
    assert [(one["pace"], one["failures"]) for one in found["polled"]] == [
        ("never", 0),
        ("default", 0),
        ("at its most", 0),
    ]
    assert [one["failures"] for one in found["api"]] == [0]
    assert "| ipmipower " in run.stdout


@pytest.mark.timeout(300)
def test_the_benchmark_of_scale_runs_on_both_stores(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"

    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", "--tiny", "--folder", str(tmp_path), "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    found = json.loads(figures.read_text())
    work = {(one["store"], one["workers"], one["work"]["provisioned"]) for one in found["crowds"]}
    assert work == {("SQLite", 1, 3), ("PostgreSQL", 2, 3)}
    rows = found["rows"]
    assert {(row["request"], row["store"], row["assets"], row["waiting"]) for row in rows} == {
        (request, store, assets, waiting)
        for request in ("list", "get")
        for store in ("SQLite", "PostgreSQL")
        for assets, waiting in ((5, 0), (20, 10))
    }
    assert [row for row in rows if row["failures"]] == []
