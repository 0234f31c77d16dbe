"""That what lies in deploy/ names nothing that is not there."""

import re
from pathlib import Path

import click
import pytest
import yaml

from colony_console.menu import cli
from colony_http.metrics import Metrics
from colony_testkit.lab import Lab
from colony_wiring.settings import Settings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"


async def test_every_metric_of_the_rules_exists_and_every_alert_says_what_it_means() -> None:
    lab = Lab(1)
    await lab.enrol()
    metrics = Metrics("1")
    metrics.count("GET", "/healthz", status=200, seconds=0.1)
    page = (await metrics.page(lab.colony)).decode()
    known = set(re.findall(r"^(\w+)", page, re.MULTILINE)) | set(re.findall(r"^# TYPE (\w+)", page, re.MULTILINE))
    rules = [
        rule
        for group in yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text())["groups"]
        for rule in group["rules"]
    ]

    named = {name for rule in rules for name in re.findall(r"colony_\w+", rule["expr"])}
    assert len(named) >= 6
    assert named - known == set()
    assert all(rule["annotations"]["summary"] for rule in rules)


def test_every_path_that_the_container_copies_is_there() -> None:
    text = (DEPLOY / "Containerfile").read_text()

    copied = [path for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for path in line.split()]
    assert len(copied) >= 5
    assert [path for path in copied if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", ["Containerfile", "colony.service", "colony-worker@.service", "nginx.conf"])
def test_every_command_and_setting_exists(name: str) -> None:
    text = (DEPLOY / name).read_text()

    commands = re.findall(r"bin/colony (\w+)", text) + re.findall(r'^CMD \["(\w+)"', text, re.MULTILINE)
    assert commands or name == "nginx.conf"
    assert [command for command in commands if command not in cli.list_commands(click.Context(cli))] == []
    settings = {f"COLONY_{field.upper()}" for field in Settings.__struct_fields__}
    assert set(re.findall(r"COLONY_[A-Z_]+", text)) <= settings
