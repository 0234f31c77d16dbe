"""Authorities as stored text."""

import base64
import json
import re
import traceback
from datetime import UTC, datetime

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from colony_core.domain.clusters import Flavor
from colony_core.domain.secrets import Secret
from colony_crypto.authorities import AuthorityUnreadable, ClusterAuthorities, read_authority
from colony_crypto.talos import TalosAuthority
from colony_testkit.authority_contract import a_spec

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AUTHORITIES = ClusterAuthorities()


@pytest.fixture(scope="module")
def talos() -> Secret:
    return AUTHORITIES.create(a_spec(Flavor.TALOS), now=NOW)


@pytest.fixture(scope="module")
def k3s() -> Secret:
    return AUTHORITIES.create(a_spec(Flavor.K3S), now=NOW)


def test_a_talos_authority_holds_every_secret_of_a_machine_config(talos: Secret) -> None:
    keys = read_authority(talos)

    assert isinstance(keys, TalosAuthority)
    for token in (keys.token, keys.bootstrap_token):
        assert re.fullmatch(r"[a-z0-9]{6}\.[a-z0-9]{16}", token.reveal())
    for text in (keys.cluster_id, keys.cluster_secret.reveal(), keys.secretbox_key.reveal()):
        assert len(base64.b64decode(text, validate=True)) == 32
    account = load_pem_private_key(keys.service_account_key.reveal().encode(), password=None)
    assert isinstance(account, rsa.RSAPrivateKey)
    assert account.key_size == 4096


def test_the_stored_text_names_its_form(talos: Secret, k3s: Secret) -> None:
    assert [json.loads(each.reveal())["form"] for each in (talos, k3s)] == ["talos-1", "k3s-1"]


@pytest.mark.parametrize("name", ["dev", "no", "on", "null", "1e3", "123", "0x1f", "a" * 63])
def test_any_name_of_a_cluster_reads_back_as_text(k3s: Secret, talos: Secret, name: str) -> None:
    kubeconfig = yaml.safe_load(AUTHORITIES.kubeconfig(k3s, a_spec(Flavor.K3S, name=name), now=NOW).reveal())
    talosconfig = yaml.safe_load(AUTHORITIES.talosconfig(talos, a_spec(Flavor.TALOS, name=name), now=NOW).reveal())

    assert kubeconfig["current-context"] == f"admin@{name}"
    assert kubeconfig["contexts"] == [
        {"name": f"admin@{name}", "context": {"cluster": name, "namespace": "default", "user": f"admin@{name}"}}
    ]
    assert list(talosconfig["contexts"]) == [talosconfig["context"]] == [name]


@pytest.mark.parametrize("text", ["", "{}", "hunter2", '{"form": "talos-9", "key": "hunter2"}', '{"form": "hunter2"}'])
def test_a_text_of_unknown_form_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(AuthorityUnreadable) as refused:
        read_authority(Secret(text))

    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_a_k3s_cluster_has_no_talosconfig(k3s: Secret) -> None:
    with pytest.raises(AuthorityUnreadable, match="not one of Talos"):
        AUTHORITIES.talosconfig(k3s, a_spec(Flavor.K3S), now=NOW)
