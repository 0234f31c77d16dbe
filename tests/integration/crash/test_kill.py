"""kill -9 of a real server, over and over, while it installs fifty machines and builds five clusters."""

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest

from colony_core.domain.plans import PLANS

KILLS = int(os.environ.get("COLONY_TEST_KILLS", "5"))
"""How often the server is killed: a few times on every run, dozens of times by `make test-crash`."""

SEED = int(os.environ.get("COLONY_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
"""What decides when; a failure prints it, and COLONY_TEST_SEED takes it."""

SPEED = 80.0
"""Simulated seconds in a real one: slow enough that work lasts for all the kills, and that no step overruns."""

MACHINES = 50
"""How many are installed one by one; as many more as the clusters need stand beside them."""

CLUSTERS: tuple[tuple[str, str, int, int], ...] = (
    ("civo_stack" if KILLS > 10 else "k8s_stack", "talos", 1, 1),
    ("k8s_stack", "talos", 1, 1),
    ("k8s_stack", "k3s", 1, 1),
    ("k8s_stack", "talos", 3, 0),
    ("k8s_stack", "k3s", 1, 0),
)
"""Type, flavour, control planes and workers of each. A Civo stack takes an hour: too long for the short form."""

IN_CLUSTERS = sum(control_planes + workers for _, _, control_planes, workers in CLUSTERS)


class Caller(Protocol):
    """See `conftest.Caller`."""

    unanswered: int

    def get(self, path: str, **query: Any) -> Any: ...
    def every(self, kind: str, **query: Any) -> dict[str, Any]: ...
    def until_all_ended(self) -> dict[str, Any]: ...
    def post(self, path: str, body: object, *, again: str) -> Any: ...
    def kubeconfig(self, cluster_id: str) -> str: ...


def cluster_bodies() -> Iterator[dict[str, Any]]:
    """Yield what asks for each of the clusters, on the machines after the first fifty."""
    free = iter(range(MACHINES + 1, MACHINES + IN_CLUSTERS + 1))

    def node() -> dict[str, str]:
        number = next(free)
        return {"assetId": f"asset-{number}", "ip": f"192.168.1.{number}", "subnet": "24"}

    secrets = {"gitlabToken": "glpat-x", "imagePullSecret": "x", "civoApiToken": "x", "region": "PHX1"}
    for place, (kind, flavor, control_planes, workers) in enumerate(CLUSTERS, 1):
        yield {
            "name": f"cluster-number-{place}",
            "type": kind,
            "flavor": flavor,
            "gateway": "192.168.1.1",
            "controlPlanes": [node() for _ in range(control_planes)],
            "workers": [node() for _ in range(workers)],
        } | ({"credentials": secrets} if kind == "civo_stack" else {})


def ask(caller: Caller, chance: random.Random, answers: dict[str, Any]) -> None:
    """Ask for everything, in any order and with pauses, and keep what was answered."""
    wanted: list[tuple[str, object]] = [(f"/assets/asset-{number}/provision", {}) for number in range(1, MACHINES + 1)]
    wanted += [("/clusters", body) for body in cluster_bodies()]
    chance.shuffle(wanted)
    for place, (path, body) in enumerate(wanted):
        token = f"request-{place}"
        answers[token] = caller.post(path, body, again=token)
        time.sleep(chance.uniform(0, 0.1))


@contextmanager
def asking(caller: Caller, chance: random.Random, answers: dict[str, Any]) -> Iterator[None]:
    """Ask for everything while something else happens; raise what went wrong with it."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            ask(caller, chance, answers)
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()
    for failure in failures:
        raise failure


def kill_often(server: Any, chance: random.Random) -> None:
    """Kill the server at any moment of its life, its start included.

    Every fifth life is longer: the RSA key of a Talos cluster is up to a second of work, and is begun anew each time.
    """
    for life in range(KILLS):
        if chance.random() < 0.8:
            server.address()
            time.sleep(chance.uniform(1, 3) if life % 5 == 4 else chance.uniform(0, 1))
        else:
            time.sleep(chance.uniform(0, 0.6))
        server.kill()
        server.start()


@pytest.mark.timeout(600)
def test_killed_at_any_moment_the_server_completes_all_work_and_does_nothing_twice(
    server: Any, caller_of: Any, machines_of: Any
) -> None:
    print(f"COLONY_TEST_SEED={SEED} COLONY_TEST_KILLS={KILLS}")
    chance, answers = random.Random(SEED), dict[str, Any]()
    living = server(machines=MACHINES + IN_CLUSTERS, speed=SPEED)
    living.start()
    caller: Caller = caller_of(living)

    with asking(caller, random.Random(SEED + 1), answers):
        kill_often(living, chance)
    left = [one for one in caller.every("workflows").values() if one["status"] in ("pending", "running")]
    workflows = caller.until_all_ended()
    assets, clusters = caller.every("assets"), caller.every("clusters")
    kubeconfigs = [caller.kubeconfig(id) for id in clusters]
    living.stop()

    print(f"{caller.unanswered} requests unanswered, {len(left)} workflows at work after the last kill")
    everything_completed(workflows)
    everything_at_rest(assets, clusters)
    every_answer_is_true(answers, assets, clusters, workflows)
    every_step_inside_its_plan(workflows)
    nothing_was_done_twice(machines_of(living))
    assert all("kind: Config" in config for config in kubeconfigs)


def everything_completed(workflows: dict[str, Any]) -> None:
    lost = [one for one in workflows.values() if one["status"] != "completed"]
    for one in lost:
        print(one["id"], one["type"], one["assetId"], one["status"], one["error"])
        print([(step["name"], step["status"], step["attempt"]) for step in one["steps"] if step["attempt"]])
    assert [one["id"] for one in lost] == []
    assert len(workflows) == MACHINES + len(CLUSTERS) + IN_CLUSTERS


def everything_at_rest(assets: dict[str, Any], clusters: dict[str, Any]) -> None:
    assert {asset["status"] for asset in assets.values()} == {"provisioned"}
    assert [asset["id"] for asset in assets.values() if asset["workflowId"] or asset["lastError"]] == []
    assert [cluster["status"] for cluster in clusters.values()] == ["ready"] * len(CLUSTERS)
    members = {node["assetId"]: id for id, cluster in clusters.items() for node in cluster["nodes"]}
    assert members == {id: asset["clusterId"] for id, asset in assets.items() if asset["clusterId"]}
    assert {node["status"] for cluster in clusters.values() for node in cluster["nodes"]} == {"ready"}


def every_answer_is_true(
    answers: dict[str, Any], assets: dict[str, Any], clusters: dict[str, Any], workflows: dict[str, Any]
) -> None:
    assert len(answers) == MACHINES + len(CLUSTERS)
    for answer in answers.values():
        if answer["id"].startswith("cluster"):
            now = clusters[answer["id"]]
            same: tuple[str, ...] = ("id", "name", "type", "flavor", "workflowId", "createdAt")
        else:
            now = workflows[answer["id"]]
            same = ("id", "type", "assetId", "createdAt")
        assert {field: answer[field] for field in same} == {field: now[field] for field in same}
    assert sorted(answer["id"] for answer in answers.values()) == sorted(
        [*clusters, *(id for id, one in workflows.items() if one["type"] == "os-provision" and not one["parentId"])]
    ), "what was not answered did not happen, what was answered happened once"


def every_step_inside_its_plan(workflows: dict[str, Any]) -> None:
    known = [(plan.type.value, [step.name for step in plan.steps]) for plan in PLANS.values()]
    for one in workflows.values():
        assert (one["type"], [step["name"] for step in one["steps"]]) in known
        assert {step["status"] for step in one["steps"]} == {"completed"}


def nothing_was_done_twice(machines: list[Any]) -> None:
    """A machine boots the agent once and its system once, and its disk is written to once."""
    assert {machine.name: machine.boots for machine in machines} == {machine.name: 2 for machine in machines}
    assert len({disk.touched for machine in machines for disk in machine.disks}) == 1
    founded = {machine.installation.etcd for machine in machines if machine.installation.etcd}
    assert len(founded) == len(CLUSTERS), "each cluster's etcd was founded once"
