"""A real kubectl with our kubeconfig, at an API that believes nothing but certificates of the cluster's authority."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from tests.integration.kubernetes.conftest import Cluster, Kubectl, Serve

YEAR = timedelta(days=365)


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["get", "nodes", "--no-headers"], "n1"),
        (["version"], "Server Version: v1.36.3"),
        (["get", "--raw", "/readyz"], "ok"),
    ],
    ids=["nodes", "version", "readyz"],
)
def test_kubectl_reaches_the_cluster(
    cluster: Cluster, serve: Serve, kubectl: Kubectl, *, arguments: list[str], answer: str
) -> None:
    api = serve(cluster)

    result = kubectl(cluster.kubeconfig(), api, *arguments)

    assert result.code == 0, result.err
    assert answer in result.out
    assert {caller["organizationName"] for caller in api.callers} == {"system:masters"}
    assert {caller["commonName"] for caller in api.callers} <= {"admin", "system:admin"}
    assert api.refusals.empty()


def test_kubectl_finds_its_context(cluster: Cluster, serve: Serve, kubectl: Kubectl) -> None:
    result = kubectl(cluster.kubeconfig(), serve(cluster), "config", "current-context")

    assert result.out == "admin@dev\n"


def test_a_cluster_refuses_the_client_of_another(
    cluster: Cluster, stranger: Cluster, serve: Serve, kubectl: Kubectl
) -> None:
    api = serve(cluster)

    result = kubectl(with_client_of(stranger, trusting=cluster), api, "get", "--raw", "/readyz")

    assert result.code != 0
    assert "tls: unknown certificate authority" in result.err
    assert api.callers == []
    assert api.refusals.get(timeout=10) == "CERTIFICATE_VERIFY_FAILED"


def test_kubectl_refuses_another_cluster(cluster: Cluster, stranger: Cluster, serve: Serve, kubectl: Kubectl) -> None:
    api = serve(cluster)

    result = kubectl(stranger.kubeconfig(), api, "get", "--raw", "/readyz")

    assert result.code != 0
    assert "x509: certificate signed by unknown authority" in result.err
    assert api.callers == []


@pytest.mark.parametrize("signed", [-YEAR, timedelta(minutes=10)], ids=["expired", "not yet valid"])
def test_a_kubeconfig_is_refused_outside_its_year(
    cluster: Cluster, serve: Serve, kubectl: Kubectl, *, signed: timedelta
) -> None:
    api = serve(cluster)

    result = kubectl(cluster.kubeconfig(now=datetime.now(UTC) + signed), api, "get", "--raw", "/readyz")

    assert result.code != 0
    assert "remote error: tls: " in result.err
    assert api.callers == []
    assert api.refusals.get(timeout=10) == "CERTIFICATE_VERIFY_FAILED"


def test_a_server_that_is_four_minutes_behind_accepts_a_fresh_kubeconfig(
    cluster: Cluster, serve: Serve, kubectl: Kubectl
) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=4)

    assert kubectl(cluster.kubeconfig(now=ahead), serve(cluster), "get", "--raw", "/readyz").out == "ok"


def test_a_kubeconfig_without_its_client_is_refused(cluster: Cluster, serve: Serve, kubectl: Kubectl) -> None:
    config = yaml.safe_load(cluster.kubeconfig())
    config["users"][0]["user"] = {"token": "something else"}
    api = serve(cluster)

    result = kubectl(yaml.safe_dump(config), api, "get", "--raw", "/readyz")

    assert result.code != 0
    assert "tls: certificate required" in result.err
    assert api.refusals.get(timeout=10) == "PEER_DID_NOT_RETURN_A_CERTIFICATE"


def test_a_kubeconfig_leads_to_port_6443_of_the_virtual_address(
    cluster_here: Cluster, serve: Serve, kubectl: Kubectl
) -> None:
    api = serve(cluster_here, cluster_here.spec.endpoint, 6443)

    result = kubectl(cluster_here.kubeconfig(), None, "get", "--raw", "/readyz")

    assert result.out == "ok", result.err
    assert api.callers


def with_client_of(one: Cluster, *, trusting: Cluster) -> str:
    """Return a kubeconfig that knows the right server and shows it the wrong client."""
    config, other = yaml.safe_load(one.kubeconfig()), yaml.safe_load(trusting.kubeconfig())
    config["clusters"] = other["clusters"]
    return str(yaml.safe_dump(config))
