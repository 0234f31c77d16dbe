"""OpenSSL's own command checks every chain, as strictly as it can."""

from __future__ import annotations

import base64
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import yaml

from colony_crypto.certificates import client_pair, name_of
from colony_crypto.k3s import K3sAuthority

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.kubernetes.conftest import Cluster

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def test_the_kubeconfigs_client_is_one_in_openssls_eyes(cluster: Cluster, tmp_path: Path) -> None:
    user = yaml.safe_load(cluster.kubeconfig())["users"][0]["user"]
    client = base64.b64decode(user["client-certificate-data"]).decode()

    assert verified(client, trusted=cluster.client_ca, folder=tmp_path, purpose="sslclient") == (True, "OK")
    assert not verified(client, trusted=cluster.client_ca, folder=tmp_path, purpose="sslserver")[0]


def test_a_strangers_client_is_not(cluster: Cluster, stranger: Cluster, tmp_path: Path) -> None:
    user = yaml.safe_load(stranger.kubeconfig())["users"][0]["user"]
    client = base64.b64decode(user["client-certificate-data"]).decode()

    assert not verified(client, trusted=cluster.client_ca, folder=tmp_path, purpose="sslclient")[0]


def test_every_authority_signs_what_openssl_accepts(cluster: Cluster, tmp_path: Path) -> None:
    keys = cluster.keys
    below = ("server", "client", "request_header", "etcd_peer", "etcd_server")
    for name in below if isinstance(keys, K3sAuthority) else ("os", "kubernetes", "etcd", "aggregator"):
        ca = getattr(keys, name)
        client = client_pair(ca, name_of(common="somebody"), now=datetime.now(UTC), key_encipherment=False)

        assert verified(client.crt, trusted=ca.crt, folder=tmp_path, purpose="sslclient") == (True, "OK"), name


def test_the_talosconfigs_client_is_below_the_talos_authority(talos: Cluster, tmp_path: Path) -> None:
    context = yaml.safe_load(talos.talosconfig())["contexts"]["dev"]
    client, ca = (base64.b64decode(context[name]).decode() for name in ("crt", "ca"))

    assert verified(client, trusted=ca, folder=tmp_path, purpose="sslclient") == (True, "OK")


def verified(certificate: str, *, trusted: str, folder: Path, purpose: str) -> tuple[bool, str]:
    """Return whether openssl accepts *certificate*, and its last word."""
    leaf, ca = folder / "leaf.pem", folder / "ca.pem"
    leaf.write_text(certificate)
    ca.write_text(trusted)
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, leaf],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode == 0, (done.stdout + done.stderr).split()[-1]
