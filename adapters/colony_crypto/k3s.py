"""What a K3s cluster is born with: the files its first server finds before its first start, and its tokens."""

import hashlib
import secrets
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from colony_core.domain.secrets import Secret
from colony_crypto.certificates import K3S_CA, K3S_ROOT, Pair, ca_pair, ec_key, name_of, private_pem, root_der, rsa_key


class K3sAuthority(Struct, frozen=True, kw_only=True, tag_field="form", tag="k3s-1"):
    """The keys of one K3s cluster: five authorities below one root, whose own key no machine ever gets.

    Each `crt` below the root is the bundle that K3s reads from disk: the authority, then the root. A change of shape
    gets a new tag, and this one stays readable.
    """

    admin_name: ClassVar[str] = "system:admin"

    root: Pair
    server: Pair
    client: Pair
    request_header: Pair
    etcd_peer: Pair
    etcd_server: Pair
    service_key: Secret
    server_token: Secret
    """What another server shows to join; it opens every key of the cluster, so agents must not have it."""
    agent_token: Secret

    @property
    def trusted(self) -> str:
        """Return the PEM that the Kubernetes API's server certificate is checked against."""
        return self.server.crt

    @property
    def clients(self) -> Pair:
        """Return what signs the Kubernetes API's clients."""
        return self.client


def k3s_authority(*, now: datetime) -> K3sAuthority:
    """Return a new authority."""
    moment = int(now.timestamp())
    root = ca_pair(name_of(common=f"k3s-root-ca@{moment}"), K3S_ROOT, key=ec_key(), now=now)

    def below(kind: str) -> Pair:
        return ca_pair(name_of(common=f"k3s-{kind}-ca@{moment}"), K3S_CA, key=ec_key(), now=now, signed_by=root)

    return K3sAuthority(
        root=root,
        server=below("server"),
        client=below("client"),
        request_header=below("request-header"),
        etcd_peer=below("etcd-peer"),
        etcd_server=below("etcd-server"),
        service_key=Secret(private_pem(rsa_key(2048))),
        server_token=_token("server", root),
        agent_token=_token("node", root),
    )


def _token(user: str, root: Pair) -> Secret:
    """Return a full token: a machine that joins knows the cluster by the hash and is known by the password.

    K3s hashes the root's DER when its bundle has more than one certificate (pkg/clientaccess/token.go).
    """
    return Secret(f"K10{hashlib.sha256(root_der(root)).hexdigest()}::{user}:{secrets.token_hex(16)}")
