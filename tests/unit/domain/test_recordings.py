"""The file that a recording is kept in."""

import json
from typing import Any

import pytest

from colony_core.domain.findings import Findings
from colony_core.domain.hardware import Protocol
from colony_core.domain.recordings import IpmiExchange, Recording, RecordingInvalid, RedfishExchange, decoded, encoded

RECORDING = Recording(
    tool="colony 0",
    findings=Findings(protocol=Protocol.REDFISH, vendor="Acme"),
    redfish=(
        RedfishExchange(path="/redfish/v1", status=200, headers={"etag": "W/1"}, body={"Systems": [1, None, {}]}),
    ),
    ipmi=(IpmiExchange(netfn=6, command=1, code=0, response="20"),),
)


def changed(**differences: Any) -> bytes:
    return json.dumps(json.loads(encoded(RECORDING)) | differences).encode()


def test_what_is_written_is_read_again() -> None:
    assert decoded(encoded(RECORDING)) == RECORDING
    assert json.loads(encoded(RECORDING))["format"] == "colony-bmc-recording"


def test_another_version_is_refused_by_its_number() -> None:
    with pytest.raises(RecordingInvalid) as refused:
        decoded(changed(version=2))

    assert refused.value.details == "The recording is of version 2; this release reads 1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        changed(format="another"),
        changed(surprise=1),
        changed(ipmi=[{"netfn": 6, "command": 1, "code": 0, "response": "2x"}]),
        changed(redfish=[{"path": "/", "status": "200"}]),
    ],
)
def test_what_is_no_recording_is_refused(content: bytes) -> None:
    with pytest.raises(RecordingInvalid):
        decoded(content)
