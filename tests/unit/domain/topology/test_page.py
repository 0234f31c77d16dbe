"""The page of rules, as it is made and as it is in docs/."""

from pathlib import Path

from colony_core.domain.topology import RULES, rules_page
from colony_core.domain.topology.catalogue import SECTIONS

PAGE = Path(__file__).parents[4] / "docs" / "topology-rules.md"


def test_the_page_in_docs_says_what_the_rules_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == rules_page(), "run: python tools/write_docs.py"


def test_the_page_names_every_rule() -> None:
    page = rules_page()

    assert [rule for rule in RULES if f"### `{rule}`" not in page] == []


def test_no_two_rules_share_an_id() -> None:
    ids = [rule.id for _, rules in SECTIONS for rule in rules]

    assert len(ids) == len(set(ids))
