"""What steps do to a whole cluster through its platform.

Nothing here waits: what has not happened yet is `NotYet`, and the plan looks again after its pause.
"""

import asyncio

from colony_core.application.safekeeping import AUTHORITY
from colony_core.application.workplace import Tools, Workplace
from colony_core.domain.clusters import Cluster
from colony_core.domain.orders import Shrink
from colony_core.domain.secrets import Secret
from colony_core.ports.platform import Milestone


async def create_authority(tools: Tools, place: Workplace) -> None:
    """Give the cluster its own authority, unless it has one."""
    cluster = _cluster(place)
    if place.authority is not None:
        return
    authority = await asyncio.to_thread(tools.authorities.create, cluster.spec, now=tools.clock.now())
    async with tools.store.transaction() as tx:
        await tx.clusters.get(cluster.id)  # One that was deleted meanwhile leaves no key behind.
        if await tx.vault.get(cluster.id, AUTHORITY) is None:
            tx.vault.put(cluster.id, AUTHORITY, authority)


async def bootstrap(tools: Tools, place: Workplace) -> None:
    """Bootstrap the control plane."""
    await tools.platform.bootstrap(_cluster(place), _authority(place))


async def check_api(tools: Tools, place: Workplace) -> None:
    """Look whether the Kubernetes API answers."""
    await tools.platform.check(_cluster(place), _authority(place), Milestone.API)


async def check_nodes(tools: Tools, place: Workplace) -> None:
    """Look whether every node has registered."""
    await tools.platform.check(_cluster(place), _authority(place), Milestone.NODES)


async def install_stack(tools: Tools, place: Workplace) -> None:
    """Start the installer of the Civo stack."""
    await tools.platform.install_stack(_cluster(place), _authority(place), place.credentials)


async def check_stack(tools: Tools, place: Workplace) -> None:
    """Look whether the Civo stack is installed."""
    await tools.platform.check(_cluster(place), _authority(place), Milestone.STACK)


async def remove_node(tools: Tools, place: Workplace) -> None:
    """Take the order's machine out of the cluster."""
    assert isinstance(place.run.order, Shrink)
    await tools.platform.remove_node(_cluster(place), _authority(place), place.run.order.asset_id)


def _cluster(place: Workplace) -> Cluster:
    assert place.cluster is not None, "cluster actions belong to runs of a cluster"
    return place.cluster


def _authority(place: Workplace) -> Secret:
    assert place.authority is not None, "every plan creates the authority before it is needed"
    return place.authority
