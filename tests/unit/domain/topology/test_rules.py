"""Every rule on an example that breaks just that one."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from colony_core.domain.topology import RULES, ClusterRequest, review
from colony_testkit.broken_topologies import EXAMPLES, Example
from colony_testkit.topologies import a_civo_request, a_request, a_world, an_ssh_key

READ_AND_FOUND_GOOD = Path(__file__).with_name("findings.txt")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_one_mistake_gives_one_finding_at_its_place(example: Example) -> None:
    found = example.found()

    assert [(finding.rule, finding.path) for finding in found] == [(example.rule, example.path)]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_a_finding_repeats_its_rule_and_explains_itself(example: Example) -> None:
    for finding in example.found():
        rule = RULES[finding.rule]

        assert (finding.severity, finding.hint) == (rule.severity, rule.hint)
        assert finding.observed in finding.message
        assert finding.expected in finding.message


def test_findings_say_what_somebody_has_read_and_found_good() -> None:
    said = [f"{finding.rule}: {finding.message}" for example in EXAMPLES for finding in example.found()]

    assert said == READ_AND_FOUND_GOOD.read_text(encoding="utf-8").splitlines(), "read what is new, then write it there"


def test_every_rule_is_broken_by_an_example() -> None:
    broken = {example.rule for example in EXAMPLES}

    assert broken == set(RULES)


@pytest.mark.parametrize(
    "request_",
    [a_request(), a_civo_request(), replace(a_request(), flavor="k3s", ssh_public_key=an_ssh_key())],
    ids=["talos", "civo_stack", "k3s"],
)
def test_the_clusters_that_the_examples_start_from_are_sound(request_: ClusterRequest) -> None:
    assert review(request_, a_world()).findings == ()
