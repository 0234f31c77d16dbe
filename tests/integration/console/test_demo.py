"""`colony demo`, as a newcomer meets it; faster, so that the test is."""

import re
import signal
from typing import Any


def test_the_demo_shows_a_rack_an_address_a_key_and_a_cluster_becoming_ready(desk: Any) -> None:
    done = desk.colony("demo", "--once", "--port", "0", "--simulator-speed", "60")

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert not set(done.stdout) & set("\x1b\r")
    assert re.search(r"^  address   http://127\.0\.0\.1:\d+$", done.stdout, re.MULTILINE)
    assert re.search(r"^  key       cd-[0-9a-f]{12}_[0-9a-f]{40}$", done.stdout, re.MULTILINE)
    assert len(re.findall(r"^asset-\d  server0\d  available", done.stdout, re.MULTILINE)) == 5
    assert "100 %  completed" in done.stdout
    assert re.search(r"^status    ready$", done.stdout, re.MULTILINE)
    assert len(re.findall(r"^demo-\S+ .* ready$", done.stdout, re.MULTILINE)) == 3


def test_the_demo_leaves_nothing_behind(desk: Any) -> None:
    desk.environment["TMPDIR"] = str(desk.folder)
    with desk.begun("demo", "--port", "0") as demo:
        demo.says("address   (http)")
        during = list(desk.folder.glob("colony-demo-*"))

        assert demo.stopped_by(signal.SIGINT) == 0
        assert len(during) == 1
        assert list(desk.folder.glob("colony-demo-*")) == []
        assert demo.errors == ""


def test_a_demo_that_is_stopped_early_did_not_succeed(desk: Any) -> None:
    with desk.begun("demo", "--once", "--port", "0") as demo:
        demo.says("address   (http)")

        assert demo.stopped_by(signal.SIGTERM) == 1
        assert "Traceback" not in demo.errors


def test_the_demo_does_not_touch_the_database_of_the_environment(desk: Any) -> None:
    desk.environment["COLONY_DATABASE_URL"] = f"sqlite:///{desk.folder / 'mine.db'}"
    with desk.begun("demo", "--port", "0") as demo:
        demo.says("address   (http)")
        demo.stopped_by(signal.SIGTERM)

    assert not (desk.folder / "mine.db").exists()
