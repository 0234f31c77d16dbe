"""What a Talos cluster is born with: the secrets that its machine configs will carry."""

import base64
import os
import secrets
import string
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from colony_core.domain.secrets import Secret
from colony_crypto.certificates import (
    TALOS_CA,
    Pair,
    ca_pair,
    client_pair,
    ec_key,
    ed25519_key,
    name_of,
    private_pem,
    rsa_key,
)

_LETTERS = string.digits + string.ascii_lowercase


class TalosAuthority(Struct, frozen=True, kw_only=True, tag_field="form", tag="talos-1"):
    """The keys of one Talos cluster. Certificates and keys are PEM; what is random is as the machine config wants it.

    A change of shape gets a new tag, and this one stays readable.
    """

    admin_name: ClassVar[str] = "admin"

    os: Pair
    """Signs the clients of Talos' own API (Ed25519, with the usual label `PRIVATE KEY`)."""
    kubernetes: Pair
    etcd: Pair
    aggregator: Pair
    service_account_key: Secret
    token: Secret
    """What a machine shows to join, `[a-z0-9]{6}.[a-z0-9]{16}`."""
    bootstrap_token: Secret
    """What a kubelet shows to join, of the same form."""
    cluster_id: str
    cluster_secret: Secret
    secretbox_key: Secret

    @property
    def trusted(self) -> str:
        """Return the PEM that the Kubernetes API's server certificate is checked against."""
        return self.kubernetes.crt

    @property
    def clients(self) -> Pair:
        """Return what signs the Kubernetes API's clients."""
        return self.kubernetes

    def talos_admin(self, *, now: datetime) -> Pair:
        """Return a client that may do everything with the machines; Talos reads its role from the organisation."""
        return client_pair(self.os, name_of(organisation="os:admin"), now=now, key_encipherment=False)


def talos_authority(*, now: datetime) -> TalosAuthority:
    """Return a new authority; most of its half a second goes into the service account's RSA key."""

    def ecdsa(subject: str) -> Pair:
        return ca_pair(name_of(organisation=subject), TALOS_CA, key=ec_key(), now=now)

    return TalosAuthority(
        os=ca_pair(name_of(organisation="talos"), TALOS_CA, key=ed25519_key(), now=now),
        kubernetes=ecdsa("kubernetes"),
        etcd=ecdsa("etcd"),
        # Talos leaves this subject empty, which strict verifiers refuse in an authority.
        aggregator=ca_pair(name_of(common="front-proxy"), TALOS_CA, key=ec_key(), now=now),
        service_account_key=Secret(private_pem(rsa_key(4096))),
        token=_token(),
        bootstrap_token=_token(),
        cluster_id=_random_base64(),
        cluster_secret=Secret(_random_base64()),
        secretbox_key=Secret(_random_base64()),
    )


def _token() -> Secret:
    first, last = ("".join(secrets.choice(_LETTERS) for _ in range(length)) for length in (6, 16))
    return Secret(f"{first}.{last}")


def _random_base64() -> str:
    return base64.b64encode(os.urandom(32)).decode()
