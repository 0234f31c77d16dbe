"""The guide from the demo to three workers on PostgreSQL is run as it is written: line by line, by a shell."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from colony_testkit.postgres_server import free_port
from colony_testkit.postgres_shared import create_database, drop_database

GUIDE = (Path(__file__).parents[3] / "docs/processes.md").read_text()
BLOCK = re.search(r"Then, in one folder.*?```console\n(.*?)```", GUIDE, re.DOTALL)

BEFORE = """\
set -euo pipefail
trap 'kill $(jobs -p) && wait || true' EXIT
"""
UNTIL_READY = r"""
until grep -qs "is ready" "$COLONY_TEST_LOG.{number}"; do kill -0 $!; sleep 0.1; done
"""


@pytest.fixture
def database(postgres_server: str, tmp_path: Path) -> Iterator[str]:
    yield asyncio.run(create_database(postgres_server, tmp_path.name))
    asyncio.run(drop_database(postgres_server, tmp_path.name))


def script(url: str) -> str:
    """Return the lines of the guide for *url*; what goes on beside them is waited for where people would see it."""
    assert BLOCK is not None
    lines = [line.removeprefix("$ ") for line in BLOCK[1].splitlines()]
    told = []
    for number, line in enumerate(lines):
        if line.endswith("&"):
            told.append(f'{line.removesuffix("&")} >"$COLONY_TEST_LOG.{number}" 2>&1 &')
        else:
            told.append(line.replace("postgresql://colony:colony@127.0.0.1/colony", f"'{url}'"))
        if line.endswith("&") and not lines[number + 1].endswith("&"):
            told += [UNTIL_READY.format(number=each) for each, began in enumerate(lines) if began.endswith("&")]
    return BEFORE + "\n".join(told)


@pytest.mark.timeout(300)
def test_the_guide_leads_to_three_workers_that_install_a_machine(database: str, tmp_path: Path) -> None:
    port, log = str(free_port()), tmp_path / "log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COLONY_")}
    path = f"{Path(sys.executable).parent}:{kept['PATH']}"
    chosen = {
        "PATH": path,
        "COLONY_PORT": port,
        "COLONY_API_URL": f"http://127.0.0.1:{port}",
        "COLONY_TEST_LOG": str(log),
    }

    done = subprocess.run(
        ["bash", "-c", script(database)], cwd=tmp_path, env=kept | chosen, capture_output=True, text=True, check=False
    )

    logs = "\n".join(each.read_text() for each in sorted(tmp_path.glob("log.*")))
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{logs}"
    assert logs.count("Colony worker is ready") == 3
    assert "asset-5" in done.stdout
    assert "completed" in done.stdout
