"""Whose certificate of a controller is believed: what is given, and what is wrong with it."""

import base64

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from colony_core.domain.hardware import Protocol
from colony_core.domain.registration import AssetChanges, BmcChanges, Registration, changed, registered
from colony_core.domain.validation import ValidationFailed
from colony_testkit.builders import NOON, an_asset

DER = b"\x30\x82\x01\x00" + bytes(256)
PEM = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(DER).decode()}-----END CERTIFICATE-----\n"
FINGERPRINT = "AB:" * 31 + "CD"
REGISTRATION = Registration(address="10.0.0.5", protocol=Protocol.REDFISH)


def rules(failure: ValidationFailed) -> list[tuple[str, str]]:
    return [(violation.rule, violation.path) for violation in failure.violations]


def test_a_fingerprint_is_kept_as_lower_case_digits() -> None:
    asset = registered(replace(REGISTRATION, tls_fingerprint=FINGERPRINT), asset_id="asset-1", now=NOON)

    assert asset.bmc.tls_fingerprint == "ab" * 31 + "cd"


@pytest.mark.parametrize("pem", [PEM, PEM * 2, f"\n{PEM}\n"])
def test_one_authority_or_more_are_taken(pem: str) -> None:
    asset = registered(replace(REGISTRATION, ca_certificate=pem), asset_id="asset-1", now=NOON)

    assert asset.bmc.ca_certificate == pem.strip()


@pytest.mark.parametrize(
    "pem",
    [
        "ca.pem",
        PEM[:-40],
        PEM.replace("MIIB", "MIIC"),
        PEM.replace("MIIB", "MII"),
        PEM.replace("-----\nMIIB", "-----\n=MIIB"),
        PEM + PEM.replace("MIIB", "MIIC"),
        PEM + "x",
        PEM.replace("CERTIFICATE", "PRIVATE KEY"),
    ],
)
def test_what_is_no_certificate_is_refused(pem: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        registered(replace(REGISTRATION, ca_certificate=pem), asset_id="asset-1", now=NOON)

    assert rules(failed.value) == [("asset.bmc.ca-certificate.invalid", "bmc.caCertificate")]


@pytest.mark.parametrize("text", ["abc", "ab" * 20, "zz" * 32])
def test_what_is_no_sha256_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        registered(replace(REGISTRATION, tls_fingerprint=text), asset_id="asset-1", now=NOON)

    assert rules(failed.value) == [("asset.bmc.tls-fingerprint.invalid", "bmc.tlsFingerprint")]


def test_both_at_once_are_refused_and_one_can_take_the_place_of_the_other() -> None:
    believed = changed(an_asset(), AssetChanges(bmc=BmcChanges(ca_certificate=PEM)), now=NOON)

    with pytest.raises(ValidationFailed) as failed:
        changed(believed, AssetChanges(bmc=BmcChanges(tls_fingerprint=FINGERPRINT)), now=NOON)
    after = changed(believed, AssetChanges(bmc=BmcChanges(ca_certificate="", tls_fingerprint=FINGERPRINT)), now=NOON)

    assert rules(failed.value) == [("asset.bmc.trust.ambiguous", "bmc.tlsFingerprint")]
    assert (after.bmc.ca_certificate, after.bmc.tls_fingerprint) == ("", "ab" * 31 + "cd")


def test_other_changes_leave_trust_alone() -> None:
    believed = changed(an_asset(), AssetChanges(bmc=BmcChanges(ca_certificate=PEM)), now=NOON)

    after = changed(believed, AssetChanges(bmc=BmcChanges(username="root")), now=NOON)

    assert (after.bmc.ca_certificate, BmcChanges().ca_certificate) == (PEM.strip(), UNSET)


@pytest.mark.parametrize(
    ("der", "is_one"),
    [
        (b"\x30\x81\x80" + bytes(128), True),
        (b"\x30\x83\x01\x00\x00" + bytes(65536), False),  # longer than any that is taken
        (b"\x30\x83\x00\x01\x00" + bytes(256), True),
        (b"\x30\x84\x00\x00\x01\x00" + bytes(256), False),
        (b"\x30\x7f" + bytes(127), False),
        (b"\x31\x82\x01\x00" + bytes(256), False),
        (b"\x30\x82\x01\x00" + bytes(255), False),
        (b"\x30\x82\x01\x00" + bytes(257), False),
        (b"\x30", False),
        (b"", False),
    ],
)
def test_a_certificate_is_one_sequence_as_long_as_it_says(der: bytes, *, is_one: bool) -> None:
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"
    registration = replace(REGISTRATION, ca_certificate=pem)

    if is_one:
        assert registered(registration, asset_id="asset-1", now=NOON).bmc.ca_certificate == pem.strip()
    else:
        with pytest.raises(ValidationFailed):
            registered(registration, asset_id="asset-1", now=NOON)
