"""How progress looks, to people and in a pipe."""

import io
import os
from typing import Any

import pytest

from colony_console.progress import Progress, bar, described


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_where_a_workflow_stands_is_one_line(console: Any) -> None:
    assert described(console.a_run()) == " 40 %  running  Write the image"


def test_why_a_workflow_failed_stands_where_its_step_stood(console: Any) -> None:
    error = {"code": "BMC_UNREACHABLE", "message": "Silence"}

    assert described(console.a_run(status="failed", error=error)) == " 40 %  failed  BMC_UNREACHABLE: Silence"


@pytest.mark.parametrize(("percent", "filled"), [(0, 0), (50, 12), (100, 24)])
def test_a_bar_is_as_full_as_the_work_is_done(percent: int, filled: int) -> None:
    assert bar({"progress": {"percent": percent}}) == f"[{'#' * filled}{'.' * (24 - filled)}]"


def test_a_state_that_has_not_changed_is_not_repeated(console: Any, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    for run in (console.a_run(), console.a_run(), console.a_run(status="completed", currentStep=None)):
        progress(run)
    progress.done()

    assert capsys.readouterr().out == " 40 %  running  Write the image\n 40 %  completed\n"


def test_on_a_terminal_the_line_is_drawn_over(console: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((50, 24)))
    progress = Progress()
    progress(console.a_run())
    progress(console.a_run(status="completed", currentStep=None))
    progress.done()

    first, second = terminal.getvalue().split("\r\x1b[K")[1:]
    assert first == "[#########...............]  40 %  running  Write "
    assert second == "[#########...............]  40 %  completed\n"
