"""That the benchmarks run; what they find is nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_benchmark_runs_and_every_request_is_answered(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"

    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--tiny", "--folder", str(tmp_path), "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    found = json.loads(figures.read_text())
    assert {each["name"] for each in found["wire"]} == {"list", "get", "create-asset", "create-cluster"}
    assert [each for each in found["wire"] if each["product"]["failures"] or each["floor"]["failures"]] == []
    assert [each["provisioned"] for each in found["provisioning"]] == [3]
    assert "| list " in run.stdout
