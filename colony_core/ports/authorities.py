"""The door to cluster certificate authorities."""

from datetime import datetime
from typing import Protocol

from colony_core.domain.clusters import ClusterSpec
from colony_core.domain.secrets import Secret


class Authorities(Protocol):
    """Makes a cluster's own authority, and what it signs. An authority is opaque outside its adapter.

    Nothing here waits for anything but the processor; `create` may take a second and must be safe to run in a thread.
    """

    def create(self, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return a new authority with every key that the cluster of this type and flavour is born with."""

    def kubeconfig(self, authority: Secret, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return a kubeconfig (YAML) for `admin@<name>`: valid from 5 minutes before *now*, for one year."""

    def talosconfig(self, authority: Secret, spec: ClusterSpec, *, now: datetime) -> Secret:
        """Return a talosconfig (YAML) for the cluster's nodes: valid from 5 minutes before *now*, for one year."""
