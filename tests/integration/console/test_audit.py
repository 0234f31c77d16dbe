"""What is done at the console shows in the trail, beside what is done over the API."""

import json
from typing import Any


def test_keys_made_and_revoked_at_the_console_are_noted(desk: Any) -> None:
    made = json.loads(desk.told("api-key", "create", "--description", "first", "--json"))
    gone = json.loads(desk.told("api-key", "create", "--description", "second", "--json"))
    desk.told("api-key", "revoke", gone["id"])
    refused = desk.colony("api-key", "revoke", "cd-00000000dead")
    desk.environment["COLONY_API_KEY"] = made["key"]
    with desk.serving("--simulator", "1"):
        desk.told("reboot", "asset-1")
        printed = desk.told("audit", "--json")
        table = desk.told("audit", "--key", "console")

    shown = [(deed["key"], deed["action"], deed["resource"], deed["code"]) for deed in json.loads(printed)["audit"]]
    assert refused.returncode == 1
    assert shown == [
        ("console", "create_api_key", f"api-keys/{made['id']}", None),
        ("console", "create_api_key", f"api-keys/{gone['id']}", None),
        ("console", "revoke_api_key", f"api-keys/{gone['id']}", None),
        ("console", "revoke_api_key", "api-keys/cd-00000000dead", "API_KEY_NOT_FOUND"),
        (made["id"], "reboot_asset", "assets/asset-1", None),
    ]
    assert len(table.splitlines()) == 5
    assert made["key"].partition("_")[2] not in printed + table
