"""A talosconfig in use: TLS with Ed25519 on both ends, as Talos' own API speaks it."""

from __future__ import annotations

import base64
import ssl
from typing import TYPE_CHECKING

import pytest
import yaml

from colony_core.domain.secrets import Secret
from colony_crypto.certificates import Pair

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kubernetes.conftest import Cluster, MutualTls


def test_a_talosconfig_opens_the_api_of_its_cluster(talos: Cluster, mutual_tls: MutualTls) -> None:
    seen = mutual_tls(talos, client_of(talos))

    assert seen == {"organizationName": "os:admin"}


def test_the_clusters_api_refuses_another_clusters_talosconfig(
    talos: Cluster, other_talos: Cluster, mutual_tls: MutualTls
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        mutual_tls(talos, client_of(other_talos))


def test_the_key_is_read_by_nothing_but_talos_until_it_is_relabelled(talos: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("".join(parts(talos)[name] for name in ("crt", "key")))

    with pytest.raises(ssl.SSLError):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(path)


def client_of(cluster: Cluster) -> Pair:
    """Return what is in the cluster's talosconfig, the key under the label that the standard library reads."""
    found = parts(cluster)
    return Pair(crt=found["crt"], key=Secret(found["key"].replace("ED25519 PRIVATE KEY", "PRIVATE KEY")))


def parts(cluster: Cluster) -> dict[str, str]:
    context = yaml.safe_load(cluster.talosconfig())["contexts"]["dev"]
    return {name: base64.b64decode(context[name]).decode() for name in ("ca", "crt", "key")}
