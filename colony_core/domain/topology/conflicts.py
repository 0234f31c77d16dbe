"""When a well-formed request is refused by the present state alone: waiting helps, and correcting it does not."""

from colony_core.domain.assets import AssetBusy
from colony_core.domain.clusters import ClusterNameTaken
from colony_core.domain.topology.collisions import ADDRESS_IN_USE, HOSTNAME_TAKEN, NAME_TAKEN
from colony_core.domain.topology.machines import HELD, IN_CLUSTER, IN_MAINTENANCE, UNAVAILABLE
from colony_core.domain.topology.outcome import Review
from colony_core.domain.topology.world import World
from colony_core.errors import Conflict

OF_THE_STATE = frozenset(
    rule.id for rule in (ADDRESS_IN_USE, HOSTNAME_TAKEN, NAME_TAKEN, HELD, IN_CLUSTER, IN_MAINTENANCE, UNAVAILABLE)
)
"""The rules that a request breaks because of what others have, not because of what it says."""


def conflict_in(verdict: Review, world: World, *, name: str) -> Conflict | None:
    """Return the conflict that *verdict* amounts to: somebody is at work on a machine, or has the cluster's *name*.

    None where anything else is wrong too, or where nothing moves by itself: then every finding is told at once.
    """
    if not verdict.errors or any(finding.rule not in OF_THE_STATE for finding in verdict.errors):
        return None
    busy = next((asset for asset in world.assets.values() if asset.held_by is not None), None)
    if busy is not None:
        return AssetBusy(busy)
    if any(finding.rule == NAME_TAKEN.id for finding in verdict.errors):
        return ClusterNameTaken(name)
    return None
