"""Whether a cluster can be built as it is asked for: `review` answers with every reason at once."""

from colony_core.domain.topology.outcome import Review
from colony_core.domain.topology.request import ClusterRequest, Growth, NodeRequest, as_request
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

__all__ = [
    "ClusterRequest",
    "Finding",
    "Growth",
    "NodeRequest",
    "Review",
    "Rule",
    "Severity",
    "World",
    "as_request",
]
