"""Who may call, what each role may do, and how often."""

from datetime import timedelta

import httpx
import pytest

from colony_core import ApiRole
from colony_core.domain.rate_limits import Limits
from colony_http.app import create_app
from colony_http.forwarding import Proxies
from tests.integration.http.conftest import Service
from tests.integration.http.test_errors import assert_error

ASSETS = "/api/v1/assets"
LOOKS = [ASSETS, "/api/v1/clusters", "/api/v1/workflows", f"{ASSETS}/asset-1"]
UNKNOWN = f"cd-{'0' * 12}_{'0' * 40}"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer nonsense", f"Bearer {UNKNOWN}", f"Basic {UNKNOWN}", "Bearer cd-\xe9"]
)
async def test_without_a_living_key_there_is_one_answer(service: Service, header: str | None) -> None:
    headers = [] if header is None else [(b"authorization", header.encode("latin-1"))]
    async with service.client() as client:
        answer = await client.get(ASSETS, headers=headers)

    details = assert_error(answer, 401, "UNAUTHORIZED")
    assert details == "The API key is missing, malformed, unknown, revoked or expired"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_revoked_and_expired_keys_are_refused_like_unknown_ones(service: Service) -> None:
    revoked = await service.key()
    await service.colony.api_keys.revoke(revoked.partition("_")[0])
    expired = await service.key(expires_at=service.wall.now() + timedelta(seconds=5))
    service.wait(6)
    for key in (revoked, expired):
        async with service.client(key) as client:
            assert_error(await client.get(ASSETS), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("path", ["//api/v1/assets", "/api//v1/assets", "/api/v1/assets/", "/api/v1/./assets"])
async def test_no_spelling_of_a_path_leads_around_the_key(service: Service, path: str) -> None:
    async with service.client() as client:
        answer = await client.get(httpx.URL("http://colony.test", raw_path=path.encode()))

    assert answer.status_code in (401, 404)


async def test_the_scheme_is_spelt_in_any_case(service: Service) -> None:
    key = await service.key()
    async with service.client() as client:
        answer = await client.get(ASSETS, headers={"Authorization": f"bearer {key}"})

    assert answer.status_code == 200


async def test_a_viewer_looks_and_nothing_else(service: Service) -> None:
    async with service.client(await service.key(ApiRole.VIEWER)) as client:
        for path in LOOKS:
            assert (await client.get(path)).status_code == 200
        for method, path in [
            ("POST", ASSETS),
            ("PATCH", f"{ASSETS}/asset-1"),
            ("DELETE", f"{ASSETS}/asset-1"),
            ("POST", f"{ASSETS}/asset-1/wipe"),
            ("POST", "/api/v1/clusters"),
            ("GET", "/api/v1/api-keys"),
        ]:
            assert_error(await client.request(method, path), 403, "FORBIDDEN")


async def test_an_operator_does_everything_but_keys(service: Service) -> None:
    async with service.client(await service.key(ApiRole.OPERATOR)) as client:
        assert (await client.post(f"{ASSETS}/asset-1/reboot")).status_code == 201
        for method in ("GET", "POST"):
            details = assert_error(await client.request(method, "/api/v1/api-keys"), 403, "FORBIDDEN")
            assert details.endswith("has the role operator; this call needs admin")


async def test_the_limits_of_a_key_are_exact_and_retry_after_is_enough(service: Service) -> None:
    async with service.client(await service.key()) as client:
        for _ in range(100):
            assert (await client.get(f"{ASSETS}/asset-1")).status_code == 200
        service.wait(10)

        refused = await client.get(f"{ASSETS}/asset-1")
        assert_error(refused, 429, "RATE_LIMITED")
        assert refused.headers["retry-after"] == "50"
        service.wait(49)
        assert (await client.get(f"{ASSETS}/asset-1")).status_code == 429
        service.wait(1)
        assert (await client.get(f"{ASSETS}/asset-1")).status_code == 200


async def test_a_key_may_have_limits_of_its_own_and_each_counts_by_itself(service: Service) -> None:
    few = await service.key(limits=Limits(per_minute=50, per_hour=2))
    async with service.client(few) as client, service.client(await service.key()) as other:
        assert [(await client.get(ASSETS)).status_code for _ in range(3)] == [200, 200, 429]
        assert (await other.get(ASSETS)).status_code == 200
        assert (await client.get(ASSETS)).headers["retry-after"] == "3600"


async def test_a_request_that_is_refused_for_its_role_or_its_form_counts(service: Service) -> None:
    key = await service.key(ApiRole.VIEWER, limits=Limits(per_minute=2, per_hour=2))
    async with service.client(key) as client:
        codes = [(await client.post(ASSETS)).status_code, (await client.get(f"{ASSETS}?limit=0")).status_code]

        assert codes == [403, 400]
        assert (await client.get(ASSETS)).status_code == 429


async def test_callers_without_a_key_are_limited_by_their_address(service: Service) -> None:
    async with service.client() as client, service.client(await service.key()) as known:
        answers = [(await client.get(ASSETS)).status_code for _ in range(61)]

        assert answers == [401] * 60 + [429]
        assert (await known.get(ASSETS)).status_code == 200
        assert (await client.get("/healthz")).status_code == 200


async def test_behind_a_trusted_proxy_each_caller_without_a_key_has_a_limit_of_its_own(service: Service) -> None:
    service.app = create_app(service.colony, version="1", proxies=Proxies.of("192.0.2.0/24"))

    async def asked(address: str) -> int:
        return (await client.get(ASSETS, headers={"X-Forwarded-For": f"{made_up}, {address}"})).status_code

    async with service.client() as client:
        made_up = "198.51.100.1"
        assert [await asked("203.0.113.7") for _ in range(61)] == [401] * 60 + [429]
        made_up = "198.51.100.2"
        assert await asked("203.0.113.7") == 429
        assert await asked("203.0.113.8") == 401


async def test_without_trusted_proxies_nobody_lifts_his_limit_by_a_header(service: Service) -> None:
    async with service.client() as client:
        answers = [
            (await client.get(ASSETS, headers={"X-Forwarded-For": f"203.0.113.{number}"})).status_code
            for number in range(61)
        ]

    assert answers == [401] * 60 + [429]


async def test_a_key_is_shown_whole_once_and_masked_ever_after(api: httpx.AsyncClient, service: Service) -> None:
    made = await api.post("/api/v1/api-keys", json={"description": "Nightly report", "role": "viewer"})
    assert made.status_code == 201
    key_id, whole = made.json()["id"], made.json()["key"]
    assert whole.startswith(f"{key_id}_")
    assert made.headers["location"] == f"/api/v1/api-keys/{key_id}"

    listed = (await api.get("/api/v1/api-keys")).json()["apiKeys"][-1]
    assert listed["key"] == f"{key_id}_••••••••"
    assert (listed["status"], listed["role"]) == ("active", "viewer")
    assert (await api.get(made.headers["location"])).json()["key"] == listed["key"]
    async with service.client(whole) as client:
        assert (await client.get(ASSETS)).status_code == 200

    revoked = await api.delete(f"/api/v1/api-keys/{key_id}")
    assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
    assert key_id in [each["id"] for each in (await api.get("/api/v1/api-keys")).json()["apiKeys"]]
    async with service.client(whole) as client:
        assert (await client.get(ASSETS)).status_code == 401


async def test_a_whole_key_in_a_path_is_taken_for_its_id_and_not_repeated(api: httpx.AsyncClient) -> None:
    answer = await api.delete(f"/api/v1/api-keys/{UNKNOWN}")

    assert_error(answer, 404, "API_KEY_NOT_FOUND")
    assert UNKNOWN not in answer.text


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "description: required"),
        ({"description": ""}, "description"),
        ({"description": "x", "role": "root"}, "role: must be one of admin, operator, viewer"),
        ({"description": "x", "limits": {"perMinute": 1}}, "limits.perHour: required"),
        ({"description": "x", "limits": {"perMinute": "1", "perHour": 1}}, "limits.perMinute: Expected `int`"),
        ({"description": "x", "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt: must be in the future"),
        ({"description": "x", "expiresAt": "2030-01-01T00:00:00"}, "expiresAt"),
        ({"description": "x", "expiresAt": "0001-01-01T00:00:00+10:00"}, "expiresAt: out of the calendar"),
    ],
)
async def test_a_key_that_cannot_be_meant_is_not_made(
    api: httpx.AsyncClient, body: dict[str, object], named: str
) -> None:
    assert named in assert_error(await api.post("/api/v1/api-keys", json=body), 400, "INVALID_REQUEST")
