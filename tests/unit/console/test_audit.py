"""`colony audit`: the trail, for people and for programs."""

import json
from typing import Any

AUDIT = "/api/v1/audit"


def a_deed(**differences: Any) -> dict[str, Any]:
    """Return a deed as the API shows it."""
    return {
        "seq": 1,
        "at": "2026-11-23T12:00:00Z",
        "key": "cd-0123456789ab",
        "action": "wipe_asset",
        "resource": "assets/asset-1",
        "outcome": "done",
        "code": None,
        "created": "workflows/workflow-1",
        "method": "POST",
        "status": 201,
        "requestId": "abc",
    } | differences


def test_the_trail_is_listed_in_columns(console: Any) -> None:
    refused = a_deed(seq=2, outcome="refused", code="ASSET_BUSY", created=None, status=409)
    typed = a_deed(
        seq=3, key="console", action="create_api_key", resource="api-keys/cd-1", requestId=None, created=None
    )
    console.answers("GET", AUDIT, {"audit": [a_deed(), refused, typed], "nextCursor": None})
    lines = [line.split() for line in console.run("audit").stdout.splitlines()]

    assert lines[0] == ["AT", "KEY", "ACTION", "RESOURCE", "OUTCOME", "CODE", "CREATED", "REQUEST"]
    assert lines[1][-5:] == ["assets/asset-1", "done", "-", "workflows/workflow-1", "abc"]
    assert lines[2][-5:] == ["assets/asset-1", "refused", "ASSET_BUSY", "-", "abc"]
    assert lines[3][-7:] == ["console", "create_api_key", "api-keys/cd-1", "done", "-", "-", "-"]


def test_filters_are_sent_and_of_a_whole_key_its_id_alone(console: Any) -> None:
    console.answers("GET", AUDIT, {"audit": [], "nextCursor": None})
    result = console.run(
        "audit", "--key", "cd-0123456789ab_5ec2e7", "--resource", "assets/asset-1", "--action", "wipe_asset"
    )

    assert (result.exit_code, result.stderr) == (0, "No audit.\n")
    assert dict(console.requests[0].url.params) == {
        "limit": "1000",
        "key": "cd-0123456789ab",
        "resource": "assets/asset-1",
        "action": "wipe_asset",
    }


def test_json_is_what_the_api_says_of_the_trail(console: Any) -> None:
    envelope = {"audit": [a_deed()], "nextCursor": None}
    console.answers("GET", AUDIT, envelope)

    assert json.loads(console.run("audit", "--json").stdout) == envelope
