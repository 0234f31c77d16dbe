"""What a refusal says, and which rules refuse."""

import importlib
import pkgutil

import colony_core.domain
from colony_core.domain.topology import RULES
from colony_core.domain.validation import Rule, Severity, ValidationFailed, Violation


def violation(message: str) -> Violation:
    return Violation(rule="a.rule", path="here", message=message, hint="")


def every_rule() -> set[Rule]:
    names = [module.name for module in pkgutil.walk_packages(colony_core.domain.__path__, "colony_core.domain.")]
    return {one for name in names for one in vars(importlib.import_module(name)).values() if isinstance(one, Rule)}


def test_an_id_means_one_rule() -> None:
    ids = [rule.id for rule in every_rule()]

    assert [one for one in set(ids) if ids.count(one) > 1] == []


def test_every_rule_but_those_of_a_clusters_shape_refuses() -> None:
    others = {rule.id: rule.severity for rule in every_rule() - set(RULES.values())}

    assert {"asset.id.invalid", "asset.bmc.ca-certificate.invalid", "template.unknown"} <= others.keys()
    assert {identifier for identifier, severity in others.items() if severity is not Severity.ERROR} == set()


def test_a_refusal_says_what_the_first_violation_says_and_how_many_there_are() -> None:
    one, two = violation("it is wrong"), violation("so is this")

    assert ValidationFailed((one,)).details == "it is wrong"
    assert ValidationFailed((one, two)).details == "it is wrong; and 1 more, all in the violations"
    assert ValidationFailed(()).details == "The request was refused"
