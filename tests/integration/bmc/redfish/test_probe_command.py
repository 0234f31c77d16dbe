"""`colony bmc probe` over TLS: who is not believed is shown, and told nothing."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest
from click.testing import CliRunner, Result

from colony_console.menu import cli
from colony_testkit.redfish_tree import PASSWORD, USER, RedfishTree
from colony_testkit.redfish_trees import IDRAC, V1
from tests.integration.bmc.redfish.conftest import Authority, fingerprint

WHO = {"IPMI_USERNAME": USER, "IPMI_PASSWORD": PASSWORD}


@pytest.fixture
async def tree(authority: Authority) -> AsyncIterator[tuple[RedfishTree, str]]:
    certificate = authority.certificate()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    async with RedfishTree(IDRAC, tls=tls) as tree:
        yield tree, fingerprint(certificate)


async def probe(port: int, *args: str) -> Result:
    words = ["bmc", "probe", "127.0.0.1", "--port", str(port), "--protocol", "redfish", *args]
    return await asyncio.to_thread(CliRunner().invoke, cli, words, env=WHO, prog_name="colony")


async def test_a_certificate_that_is_not_believed_is_shown_and_gets_no_credentials(
    tree: tuple[RedfishTree, str],
) -> None:
    controller, its = tree
    shown = await probe(controller.port)

    assert shown.exit_code == 4
    assert f"SHA-256 {its}" in shown.stdout
    assert "(BMC_UNTRUSTED)" in shown.stderr
    assert {(method, path) for method, path, _ in controller.asked} == {("GET", f"{V1}/")}


async def test_the_fingerprint_that_was_shown_opens(tree: tuple[RedfishTree, str]) -> None:
    controller, its = tree
    shown = await probe(controller.port, "--tls-fingerprint", its)

    assert shown.exit_code == 0, shown.output
    assert "PowerEdge R650" in shown.stdout


async def test_another_fingerprint_does_not(tree: tuple[RedfishTree, str]) -> None:
    controller, _ = tree
    shown = await probe(controller.port, "--tls-fingerprint", "ab" * 32)

    assert shown.exit_code == 4
    assert controller.opened == 0
