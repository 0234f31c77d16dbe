"""The examples of the published API reference, word for word, and some beside them."""

from typing import Any

CLUSTER: dict[str, Any] = {
    "name": "production-cluster",
    "type": "civo_stack",
    "flavor": "talos",
    "gateway": "192.168.1.1",
    "controlPlanes": [{"assetId": "asset-1", "ip": "192.168.1.101", "subnet": "24"}],
    "workers": [{"assetId": "asset-2", "ip": "192.168.1.201", "subnet": "24"}],
    "credentials": {
        "gitlabToken": "glpat-xxx",
        "imagePullSecret": "base64-encoded-secret",
        "civoApiToken": "api-token",
        "region": "PHX1",
    },
}
ASSETS: dict[str, Any] = {
    "assets": [
        {
            "id": "asset-1",
            "hostname": "server01",
            "status": "available",
            "ipmi": "192.168.2.50",
            "specs": {"cpu": "Intel Xeon", "ram": "64GB", "disk": "1TB NVMe"},
        }
    ]
}
ASSET_NOT_FOUND: dict[str, Any] = {
    "error": "Asset not found",
    "code": "ASSET_NOT_FOUND",
    "details": "Asset with ID 'asset-123' does not exist",
}
SENSORS: dict[str, Any] = {
    "sensors": [
        {"name": "Inlet Temp", "kind": "temperature", "value": 23.0, "unit": "C"},
        {"name": "Fan1", "kind": "fan", "value": 5400.0, "unit": "rpm"},
        {"name": "Power Draw", "kind": "power", "value": 187.0, "unit": "W"},
    ],
    "readAt": "2026-11-23T20:00:00Z",
}
REGISTER: dict[str, Any] = {
    "ipmi": "192.168.2.50",
    "hostname": "server01",
    "bmc": {"protocol": "ipmi", "username": "admin", "password": "a-password"},
    "tags": {"rack": "r1"},
}
CHANGE: dict[str, Any] = {"tags": {"rack": "r2"}, "maintenance": {"reason": "A fan is being replaced"}}
PROVISION: dict[str, Any] = {
    "template": "ubuntu-jammy",
    "network": {"ip": "192.168.1.50", "subnet": "24", "gateway": "192.168.1.1"},
}
GROWTH: dict[str, Any] = {"workers": [{"assetId": "asset-3", "ip": "192.168.1.202", "subnet": "24"}]}
API_KEY: dict[str, Any] = {
    "description": "Nightly report",
    "role": "viewer",
    "limits": {"perMinute": 20, "perHour": 200},
}
WEBHOOK: dict[str, Any] = {
    "url": "https://hooks.example/colony",
    "events": ["asset", "cluster"],
    "description": "Tells the on-call channel",
}
AUDIT: dict[str, Any] = {
    "audit": [
        {
            "seq": 17,
            "at": "2026-11-23T12:00:00Z",
            "key": "cd-0123456789ab",
            "action": "wipe_asset",
            "resource": "assets/asset-1",
            "outcome": "done",
            "code": None,
            "created": "workflows/workflow-9",
            "method": "POST",
            "status": 201,
            "requestId": "4f1c0a2b9d3e5f60",
        }
    ],
    "nextCursor": None,
}
VIOLATIONS: dict[str, Any] = {
    "details": "workers[0].ip is 192.168.9.201; it must be inside 192.168.1.0/24",
    "violations": [
        {
            "rule": "node.ip.outside_subnet",
            "path": "workers[0].ip",
            "message": "workers[0].ip is 192.168.9.201; it must be inside 192.168.1.0/24",
            "hint": "Give the node an address of its gateway's subnet.",
        }
    ],
}
