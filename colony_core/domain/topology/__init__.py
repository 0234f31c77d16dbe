"""Whether a cluster can be built as it is asked for: `review` answers with every reason at once."""

from colony_core.domain.topology.canonical_form import Canonical, canonical
from colony_core.domain.topology.catalogue import RULES
from colony_core.domain.topology.judgement import review, review_growth
from colony_core.domain.topology.outcome import Review
from colony_core.domain.topology.page import rules_page
from colony_core.domain.topology.removal import (
    NodeNotFound,
    NodeNotRemovable,
    removal_findings,
    without_node,
)
from colony_core.domain.topology.request import ClusterRequest, Growth, NodeRequest, as_request
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

__all__ = [
    "RULES",
    "Canonical",
    "ClusterRequest",
    "Finding",
    "Growth",
    "NodeNotFound",
    "NodeNotRemovable",
    "NodeRequest",
    "Review",
    "Rule",
    "Severity",
    "World",
    "as_request",
    "canonical",
    "removal_findings",
    "review",
    "review_growth",
    "rules_page",
    "without_node",
]
