"""Whether the machines that are asked for exist, are free, and can be recognised when they boot."""

from collections.abc import Iterator

from colony_core.domain.assets import Asset, AssetStatus, maintenance_at
from colony_core.domain.topology.draft import Draft, DraftNode
from colony_core.domain.topology.wording import shown
from colony_core.domain.topology.world import World
from colony_core.domain.validation import Finding, Rule, Severity

_SENTENCE = "{path} names {observed}; it must name {expected}"

DUPLICATE = Rule(
    id="asset.duplicate",
    severity=Severity.ERROR,
    summary="No asset is asked for twice.",
    reason="One machine is one node.",
    hint="Use another asset for one of the two.",
    sentence=_SENTENCE,
)
UNKNOWN = Rule(
    id="asset.unknown",
    severity=Severity.ERROR,
    summary="Every asset exists.",
    reason="There is nothing to install on.",
    hint="List the assets, and use an id from there.",
    sentence=_SENTENCE,
)
IN_CLUSTER = Rule(
    id="asset.in_cluster",
    severity=Severity.ERROR,
    summary="No asset belongs to another living cluster.",
    reason="Installing it would tear a node out of that cluster.",
    hint="Use a free asset, or remove the node from its cluster first.",
    sentence=_SENTENCE,
)
UNAVAILABLE = Rule(
    id="asset.unavailable",
    severity=Severity.ERROR,
    summary="Every asset is available.",
    reason="Only an available machine has disks that nobody needs: an installation wipes one.",
    hint="Wait for the machine, wipe it, or use another.",
    sentence=_SENTENCE,
)
HELD = Rule(
    id="asset.held",
    severity=Severity.ERROR,
    summary="No workflow works on the asset.",
    reason="Two workflows on one machine would undo each other's steps.",
    hint="Wait for the workflow to end, or cancel it.",
    sentence=_SENTENCE,
)
IN_MAINTENANCE = Rule(
    id="asset.maintenance",
    severity=Severity.ERROR,
    summary="No asset is in maintenance.",
    reason="Somebody asked for the machine to be left alone.",
    hint="Lift the maintenance, or use another asset.",
    sentence=_SENTENCE,
)
NO_INVENTORY = Rule(
    id="asset.no_inventory",
    severity=Severity.ERROR,
    summary="The inventory of every asset is known.",
    reason="Without it no disk can be chosen, and nobody can tell whether the machine is large enough.",
    hint="Discover the asset again.",
    sentence=_SENTENCE,
)
NO_MAC = Rule(
    id="asset.mac.missing",
    severity=Severity.ERROR,
    summary="A network interface of every asset is known.",
    reason="A machine that boots from the network is told apart by its MAC address alone.",
    hint="Discover the asset again, or register its macs.",
    sentence=_SENTENCE,
)
MULTICAST_MAC = Rule(
    id="asset.mac.multicast",
    severity=Severity.ERROR,
    summary="No MAC address is a group address.",
    reason="No interface has one: the address was mistyped, and the machine would never be recognised.",
    hint="Correct the asset's macs.",
    sentence=_SENTENCE,
)
SHARED_MAC = Rule(
    id="asset.mac.shared",
    severity=Severity.ERROR,
    summary="No two assets have a MAC address in common.",
    reason="A machine that boots from the network is told apart by its MAC address: each would get the other's work.",
    hint="Correct the macs of one, or delete the asset that was registered twice.",
    sentence=_SENTENCE,
)
ASSET_RULES = (
    DUPLICATE,
    UNKNOWN,
    IN_CLUSTER,
    UNAVAILABLE,
    HELD,
    IN_MAINTENANCE,
    NO_INVENTORY,
    NO_MAC,
    MULTICAST_MAC,
    SHARED_MAC,
)


def check_asset_choice(draft: Draft, _world: World) -> Iterator[Finding]:
    """Yield every asset that an earlier node has already."""
    first: dict[str, DraftNode] = {}
    for node in draft.members_first:
        if node.asset_id is None:
            continue
        other = first.setdefault(node.asset_id, node)
        if other is not node:
            observed = f"{shown(node.asset_id)}, which is {other.path} already"
            yield DUPLICATE.broken(f"{node.path}.assetId", observed=observed, expected="another asset")


def check_asset_state(draft: Draft, world: World) -> Iterator[Finding]:
    """Yield why an asset cannot be taken now."""
    others = world.clusters_besides(draft.cluster_id)
    owners = {cluster.id: cluster for cluster in others}
    for node in draft.newcomers:
        if node.asset_id is None:
            continue
        path, asset = f"{node.path}.assetId", world.assets.get(node.asset_id)
        owner = owners.get(asset.cluster_id or "") if asset is not None else None
        if asset is None:
            yield UNKNOWN.broken(
                path, observed=f"{shown(node.asset_id)}, which does not exist", expected="a known asset"
            )
        elif owner is not None:
            observed = f"'{asset.id}', a node of cluster '{owner.spec.name}' ({owner.id})"
            yield IN_CLUSTER.broken(path, observed=observed, expected="a free asset")
        else:
            yield from _state(asset, path, world=world)


def check_macs(draft: Draft, world: World) -> Iterator[Finding]:
    """Yield every asset that could not be recognised, or be taken for another, when it boots."""
    seen: dict[str, Asset] = {}
    for node, asset in world.assets_of(draft.newcomers):
        macs, path = _macs(asset), f"{node.path}.assetId"
        if not macs:
            observed, expected = f"'{asset.id}', of which no MAC address is known", "an asset with one"
            yield NO_MAC.broken(path, observed=observed, expected=expected)
        for mac in macs:
            if _is_group(mac):
                observed = f"'{asset.id}' with the group address {mac}"
                yield MULTICAST_MAC.broken(path, observed=observed, expected="an asset with single addresses")
            other = seen.setdefault(mac, asset)
            if other.id != asset.id:
                observed = f"'{asset.id}', which has {mac} in common with '{other.id}'"
                yield SHARED_MAC.broken(path, observed=observed, expected="an asset with its own addresses")


def _state(asset: Asset, path: str, *, world: World) -> Iterator[Finding]:
    free = asset.status is AssetStatus.AVAILABLE
    maintenance = maintenance_at(asset, world.now)
    if not free:
        observed = f"'{asset.id}', which is {asset.status.value}"
        yield UNAVAILABLE.broken(path, observed=observed, expected="an available asset")
    if free and asset.held_by is not None:
        observed = f"'{asset.id}', which workflow '{asset.held_by}' works on"
        yield HELD.broken(path, observed=observed, expected="an asset that nothing works on")
    if maintenance is not None:
        observed = f"'{asset.id}', in maintenance by {shown(maintenance.by)}: {shown(maintenance.reason)}"
        yield IN_MAINTENANCE.broken(path, observed=observed, expected="an asset that may be used")
    if free and asset.inventory is None:
        observed = f"'{asset.id}', of which nothing is known"
        yield NO_INVENTORY.broken(path, observed=observed, expected="an asset with an inventory")


def _macs(asset: Asset) -> tuple[str, ...]:
    nics = asset.inventory.nics if asset.inventory is not None else ()
    return tuple(dict.fromkeys(mac.lower() for mac in (*asset.macs, *(nic.mac for nic in nics)) if mac))


def _is_group(mac: str) -> bool:
    """Tell whether the first octet is odd, which marks a group of receivers."""
    return mac[1:2] in set("13579bdf")
