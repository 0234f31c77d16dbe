"""A real `colony serve` in a process of its own, and a person with a terminal beside it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

COLONY = (sys.executable, "-m", "colony_console")
READY = r"Colony is ready at (http://\S+)"

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As for whatever a shell runs in the background: the commands would inherit it, and nobody could interrupt them.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Running:
    """A command that goes on."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        self.process = process
        self._errors = errors

    @property
    def errors(self) -> str:
        """What it has said on standard error."""
        return self._errors.read_text()

    def says(self, pattern: str) -> str:
        """Wait for a line that fits *pattern*, and return its group; the time limit of the test bounds the wait."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if match := re.search(pattern, line):
                return match[1]
        raise AssertionError(f"it ended without saying {pattern}: {self.errors}")

    def rest(self) -> str:
        """Wait for its end, and return what it has said since."""
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def stopped_by(self, number: signal.Signals) -> int:
        """Send a signal, and return the code that it exits with."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


class Desk:
    """A folder where somebody types commands; what they have exported is in `environment`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("COLONY_", "IPMI_"))}
        self.environment = inherited | {"PYTHONUNBUFFERED": "1"}

    def colony(self, *args: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*COLONY, *args],
            cwd=self.folder,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def told(self, *args: str) -> str:
        """Run a command that has to succeed, and return what it printed."""
        done = self.colony(*args)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def begun(self, *args: str) -> Iterator[Running]:
        """Run a command that goes on, and end it when the test does not."""
        errors = self.folder / f"{args[0]}.stderr"
        with (
            errors.open("w") as written,
            subprocess.Popen(
                [*COLONY, *args],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=written,
                text=True,
            ) as process,
        ):
            try:
                yield Running(process, errors)
            finally:
                process.kill()

    @contextmanager
    def serving(self, *args: str) -> Iterator[Running]:
        """Run a server that the commands find, once it answers."""
        with self.begun("serve", "--port", "0", *args) as server:
            self.environment["COLONY_API_URL"] = server.says(READY)
            yield server


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk where nothing has been done yet."""
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk beside a server with five simulated machines that live fast, and a key to it."""
    desk = Desk(tmp_path_factory.mktemp("served"))
    with desk.serving("--simulator", "5", "--simulator-speed", "80"):
        desk.environment["COLONY_API_KEY"] = desk.told("api-key", "create", "--description", "tests").strip()
        yield desk
