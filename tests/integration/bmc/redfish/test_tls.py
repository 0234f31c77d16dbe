"""Whose certificate is believed: emulators that speak TLS with certificates of every kind."""

import pytest

from colony_bmc.redfish import RedfishHardware
from colony_core.domain.hardware import Power
from colony_core.ports.hardware import BmcUntrusted
from colony_testkit.sushy_emulator import PASSWORD, SushyEmulator
from tests.integration.bmc.redfish.conftest import Authority, StartSushy, fingerprint

ANSWERS = (Power.ON, Power.OFF)


async def power(hardware: RedfishHardware, sushy: SushyEmulator, **trust: object) -> Power:
    access = sushy.access_as(PASSWORD, verify_tls=True)
    return await hardware.controller(
        sushy.access_as(PASSWORD, **{"verify_tls": True} | trust) if trust else access
    ).power()


async def test_the_right_authority_or_fingerprint_or_no_question_opens_the_door(
    hardware: RedfishHardware, start_sushy: StartSushy, authority: Authority
) -> None:
    certificate = authority.certificate()
    sushy = start_sushy(certificate=certificate)

    assert await power(hardware, sushy, ca_certificate=authority.pem) in ANSWERS
    assert await power(hardware, sushy, tls_fingerprint=fingerprint(certificate)) in ANSWERS
    assert await power(hardware, sushy, verify_tls=False) in ANSWERS


async def test_an_unknown_authority_is_not_believed_and_the_fingerprint_is_told(
    hardware: RedfishHardware, start_sushy: StartSushy, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    certificate = authority.certificate()
    sushy = start_sushy(certificate=certificate)
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "somebody else")

    for trust in ({}, {"ca_certificate": stranger.pem}, {"tls_fingerprint": "ab" * 32}):
        with pytest.raises(BmcUntrusted, match=fingerprint(certificate)):
            await power(hardware, sushy, **trust)


async def test_a_certificate_that_is_over_or_anothers_is_not_believed(
    hardware: RedfishHardware, start_sushy: StartSushy, authority: Authority
) -> None:
    expired = start_sushy(certificate=authority.certificate(expired=True))
    anothers = start_sushy(certificate=authority.certificate("192.0.2.7"))

    with pytest.raises(BmcUntrusted, match="expired"):
        await power(hardware, expired, ca_certificate=authority.pem)
    with pytest.raises(BmcUntrusted, match="IP address mismatch"):
        await power(hardware, anothers, ca_certificate=authority.pem)
