"""`colony bmc rotate`."""

from pathlib import Path
from typing import Any

import pytest


def place(number: int) -> str:
    return f"/api/v1/assets/asset-{number}/bmc/rotate"


def test_one_machine_gets_a_password_that_is_made(console: Any) -> None:
    console.answers("POST", place(1), console.a_run(type="bmc-rotation"), status=201)
    result = console.run("bmc", "rotate", "asset-1")

    assert result.exit_code == 0
    assert console.bodies("POST") == [{}]
    assert result.stdout.splitlines()[0] == "Workflow workflow-1 (bmc-rotation) was started on asset-1."


def test_a_password_comes_from_a_file_and_is_not_printed(console: Any, tmp_path: Path) -> None:
    console.answers("POST", place(1), console.a_run(type="bmc-rotation"), status=201)
    file = tmp_path / "password"
    file.write_text("Planted-in-file\nand more\n")
    result = console.run("bmc", "rotate", "asset-1", "--password-file", str(file))

    assert console.bodies("POST") == [{"password": "Planted-in-file"}]
    assert "Planted-in-file" not in result.stdout + result.stderr


def test_of_many_those_that_are_busy_are_told_and_the_others_begun(console: Any) -> None:
    busy = {"error": "Asset is busy", "code": "ASSET_BUSY", "details": "Asset 'asset-1' is held"}
    console.answers("GET", "/api/v1/assets", {"assets": [{"id": "asset-1"}, {"id": "asset-2"}], "nextCursor": None})
    console.answers("POST", place(1), busy, status=409)
    console.answers("POST", place(2), console.a_run(type="bmc-rotation"), status=201)
    result = console.run("bmc", "rotate", "--all", "--yes")

    assert result.exit_code == 1
    assert result.stdout == "Workflow workflow-1 (bmc-rotation) was started on asset-2.\n"
    assert "asset-1: Asset is busy (ASSET_BUSY)" in result.stderr
    assert "1 of 2 were not begun" in result.stderr


@pytest.mark.parametrize("words", [(), ("asset-1", "--all")])
def test_machines_are_named_or_all_are_meant(console: Any, words: tuple[str, ...]) -> None:
    result = console.run("bmc", "rotate", *words)

    assert result.exit_code == 2
    assert console.requests == []


def test_a_password_for_many_machines_is_refused(console: Any, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("Planted-in-file\n")
    result = console.run("bmc", "rotate", "asset-1", "asset-2", "--password-file", str(file))

    assert result.exit_code == 2
    assert console.requests == []
