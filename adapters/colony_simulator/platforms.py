"""The rack behind the `Platform` port: what a cluster's software would say, read off its machines' installed systems.

Nodes are found as in life, by the address that their installed system has. Nothing here is told by the caller: a
cluster whose control planes are switched off does not answer, and one whose disks were wiped is gone.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from colony_core.domain.clusters import Cluster, ClusterCredentials, Flavor, NodeSpec
from colony_core.domain.secrets import Secret
from colony_core.errors import Refused, Unavailable
from colony_core.ports.platform import Milestone, NotYet
from colony_simulator.disks import Installation
from colony_simulator.faults import NeverRegisters
from colony_simulator.machines import Machine
from colony_simulator.room import Etcd, Room


class BootstrappedTwice(Refused):
    """A second node of one cluster was to be bootstrapped, or was: two etcds that will never agree."""

    code = "BOOTSTRAPPED_TWICE"
    summary = "Cluster was bootstrapped on two nodes"
    advice = "Wipe the cluster's machines and build it anew; bootstrap one control plane, once."


class RackPlatform:
    """Clusters, as far as the machines of the rack have come."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def bootstrap(self, cluster: Cluster, authority: Secret) -> None:
        """Found the cluster's etcd on its first control plane, unless that is a member of one already."""
        first = cluster.spec.control_planes[0]
        machine, installed = self._up(cluster, first)
        self._join(cluster, authority)
        if installed.etcd:
            return
        if self._members(cluster):
            self._room.note(machine, "bootstrapped twice")
            raise BootstrappedTwice(f"'{first.hostname}' is not a member of the etcd that another node has founded")
        self._found(machine, installed, authority, since=self._room.clock.now())

    async def check(self, cluster: Cluster, authority: Secret, milestone: Milestone) -> None:
        """Return if *milestone* is reached, as the machines have it."""
        etcd, since = self._api(cluster, authority)
        match milestone:
            case Milestone.API:
                return
            case Milestone.NODES:
                missing = [node.hostname for node in cluster.spec.nodes if not self._registered(cluster, node, since)]
                if missing:
                    raise NotYet(f"Not registered yet: {', '.join(missing)}")
            case Milestone.STACK:
                if etcd.stack_due is None or etcd.stack_due > self._room.clock.now():
                    raise NotYet("The stack's installer is not through")

    async def install_stack(
        self,
        cluster: Cluster,
        authority: Secret,
        credentials: ClusterCredentials,  # noqa: ARG002 - the simulated installer fetches nothing
    ) -> None:
        """Start the installer in the cluster, unless it was started already."""
        etcd, _ = self._api(cluster, authority)
        if etcd.stack_due is None:
            machine = self._room.machines[etcd.founder]
            seconds = self._room.lasts(machine, self._room.timings.stack, what="stack")
            etcd.stack_due = self._room.clock.now() + timedelta(seconds=seconds)
            self._room.note(machine, "started the stack's installer")
            self._room.changed(machine)

    async def remove_node(self, cluster: Cluster, authority: Secret, asset_id: str) -> None:
        """Take the node's system out of etcd and forget it; a node that is gone already is no error."""
        self._api(cluster, authority)
        node = cluster.spec.node(asset_id)
        found = None if node is None else self._found_at(cluster, node)
        if found is not None:
            machine, installed = found
            installed.left, installed.etcd = True, ""
            self._room.note(machine, f"{installed.hostname} left its cluster")
            self._room.changed(machine)

    def _found_at(self, cluster: Cluster, node: NodeSpec) -> tuple[Machine, Installation] | None:
        """Return the machine that has the node's address and runs its flavour, on or off."""
        at_address = self._room.at_address(node.ip) or self._room.at_address(node.hostname)
        for machine in sorted(at_address, key=lambda each: each.up_since is None):
            installed = machine.installation
            if installed is not None and installed.template == cluster.spec.flavor.value:
                return machine, installed
        return None

    def _up(self, cluster: Cluster, node: NodeSpec) -> tuple[Machine, Installation]:
        found = self._found_at(cluster, node)
        if found is None or found[0].up_since is None:
            raise NotYet(f"'{node.hostname}' does not answer at {node.ip}")
        return found

    def _members(self, cluster: Cluster) -> list[tuple[Machine, Installation]]:
        """Return the control planes that are members of an etcd, on or off."""
        found = [self._found_at(cluster, node) for node in cluster.spec.control_planes]
        return [each for each in found if each is not None and each[1].etcd]

    def _found(self, machine: Machine, installed: Installation, authority: Secret, *, since: datetime) -> None:
        installed.etcd = f"etcd-{machine.name}-{machine.boots}"
        self._room.etcds[installed.etcd] = Etcd(
            id=installed.etcd, founder=machine.name, since=since, authority=_fingerprint(authority)
        )
        self._room.note(machine, f"founded {installed.etcd}")
        self._room.changed(machine)

    def _join(self, cluster: Cluster, authority: Secret) -> None:
        """Let the control planes do what they do by themselves: the first k3s server founds, later nodes join."""
        members = self._members(cluster)
        if not members and cluster.spec.flavor is Flavor.K3S:
            found = self._found_at(cluster, cluster.spec.control_planes[0])
            if found is not None and found[0].up_since is not None:
                self._found(*found, authority, since=found[0].up_since)
        since = self._answering_since(cluster)
        if since is None or since > self._room.clock.now():
            return
        joined = self._members(cluster)[0][1].etcd
        for node in cluster.spec.control_planes:
            found = self._found_at(cluster, node)
            if found is not None and not found[1].etcd and self._registered(cluster, node, since):
                found[1].etcd = joined
                self._room.changed(found[0])

    def _answering_since(self, cluster: Cluster) -> datetime | None:
        """Return when a majority of the members was there to answer; None without one."""
        members = self._members(cluster)
        if len({installed.etcd for _, installed in members}) > 1:
            raise BootstrappedTwice(f"The control planes of '{cluster.spec.name}' are members of two etcds")
        ready = sorted(
            self._ready(machine, self._room.etcds[installed.etcd], up_since=machine.up_since)
            for machine, installed in members
            if machine.up_since is not None
        )
        majority = len(members) // 2 + 1
        return ready[majority - 1] if len(ready) >= majority else None

    def _ready(self, machine: Machine, etcd: Etcd, *, up_since: datetime) -> datetime:
        if machine.name != etcd.founder:
            return up_since
        api = self._room.lasts(machine, self._room.timings.api, what="api")
        return max(up_since, etcd.since) + timedelta(seconds=api)

    def _api(self, cluster: Cluster, authority: Secret) -> tuple[Etcd, datetime]:
        """Return the etcd behind the cluster's API, and since when that answers."""
        self._join(cluster, authority)
        since = self._answering_since(cluster)
        if since is None or since > self._room.clock.now():
            raise NotYet(f"The Kubernetes API at {cluster.spec.api_url} does not answer")
        etcd = self._room.etcds[self._members(cluster)[0][1].etcd]
        if etcd.authority != _fingerprint(authority):
            raise Unavailable(f"The certificate of {cluster.spec.api_url} is signed by an unknown authority")
        return etcd, since

    def _registered(self, cluster: Cluster, node: NodeSpec, since: datetime) -> bool:
        """Tell whether the node has had its time to register: from its start, or the API's if that was later."""
        found = self._found_at(cluster, node)
        if found is None or found[0].up_since is None or found[1].left:
            return False
        machine, _ = found
        takes = self._room.lasts(machine, self._room.timings.registration, what="registration")
        due = max(since, found[0].up_since) + timedelta(seconds=takes)
        return due <= self._room.clock.now() and not self._room.struck(machine, NeverRegisters)


def _fingerprint(authority: Secret) -> str:
    return sha256(authority.reveal().encode()).hexdigest()
