"""The door to what runs on installed machines: etcd, Kubernetes, the stack on top."""

from enum import StrEnum
from typing import Protocol

from colony_core.domain.clusters import Cluster, ClusterCredentials
from colony_core.domain.secrets import Secret
from colony_core.errors import Unavailable


class NotYet(Unavailable):
    """It has not happened yet; look again later."""

    code = "NOT_YET"
    summary = "Not ready yet"
    advice = "Wait: the workflow looks again by itself until its deadline."


class Milestone(StrEnum):
    """How far a cluster has come."""

    API = "api"
    NODES = "nodes"
    STACK = "stack"


class Platform(Protocol):
    """One cluster's software, reached with the authority that it was born with. Every call is safe to repeat.

    Every call may raise `NotYet` (the state that it needs is still to come) or `Unavailable` (out of reach).
    """

    async def bootstrap(self, cluster: Cluster, authority: Secret) -> None:
        """Bootstrap etcd on the first control plane, and on no other ever; a bootstrapped cluster is left alone."""

    async def check(self, cluster: Cluster, authority: Secret, milestone: Milestone) -> None:
        """Return if *milestone* is reached: the API answers, every node has registered, the stack is installed."""

    async def install_stack(self, cluster: Cluster, authority: Secret, credentials: ClusterCredentials) -> None:
        """Start the installer of the Civo stack, unless it was started already."""

    async def remove_node(self, cluster: Cluster, authority: Secret, asset_id: str) -> None:
        """Drain the node, take it out of etcd if it is a control plane, and forget it."""
