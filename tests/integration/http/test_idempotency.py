"""A POST with an idempotency key acts once, however often it is sent."""

import asyncio

import httpx
import pytest

from colony_core import ApiRole
from tests.integration.http.conftest import Service
from tests.integration.http.test_errors import assert_error

PROVISION = "/api/v1/assets/asset-1/provision"
KEY = {"Idempotency-Key": "one"}


async def workflows(api: httpx.AsyncClient) -> int:
    return len((await api.get("/api/v1/workflows")).json()["workflows"])


async def test_a_repeated_request_gets_the_first_answer_word_for_word(api: httpx.AsyncClient) -> None:
    first = await api.post(PROVISION, headers=KEY)
    again = await api.post(PROVISION, headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert await workflows(api) == 1


async def test_requests_at_the_same_moment_act_once(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(api.post(PROVISION, headers=KEY) for _ in range(8)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    assert await workflows(api) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [(PROVISION, {"template": "ubuntu-noble"}), ("/api/v1/assets/asset-2/provision", {})],
)
async def test_a_key_is_good_for_one_request_only(api: httpx.AsyncClient, path: str, body: dict[str, str]) -> None:
    await api.post(PROVISION, headers=KEY)

    answer = await api.post(path, json=body, headers=KEY)

    assert_error(answer, 409, "IDEMPOTENCY_KEY_REUSED")
    assert await workflows(api) == 1


async def test_a_refused_request_is_not_remembered_and_leaves_nothing(api: httpx.AsyncClient) -> None:
    wrong = await api.post(PROVISION, json={"template": "windows-95"}, headers=KEY)
    right = await api.post(PROVISION, json={"template": "ubuntu-noble"}, headers=KEY)

    assert_error(wrong, 400, "VALIDATION_FAILED")
    assert right.status_code == 201
    assert await workflows(api) == 1


async def test_a_failure_after_the_work_was_done_undoes_it(
    service: Service, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    provision = service.colony.assets.provision

    async def done_and_broken(*arguments: object) -> None:
        await provision(*arguments)  # type: ignore[arg-type] # handed through as they came
        raise RuntimeError("after the work")

    monkeypatch.setattr(service.colony.assets, "provision", done_and_broken)
    assert (await api.post(PROVISION, headers=KEY)).status_code == 500
    monkeypatch.undo()

    assert await workflows(api) == 0
    assert (await api.post(PROVISION, headers=KEY)).status_code == 201


async def test_each_caller_has_keys_of_its_own(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/assets/asset-1/reboot", headers=KEY)
    async with service.client(await service.key(ApiRole.OPERATOR)) as other:
        answer = await other.post("/api/v1/assets/asset-2/reboot", headers=KEY)

    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers


async def test_after_a_day_the_key_is_free_again(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/assets/asset-1/reboot", headers=KEY)
    service.wait(24 * 3600 + 1)

    answer = await api.post("/api/v1/assets/asset-2/reboot", headers=KEY)

    assert answer.status_code == 201


async def test_the_answer_that_shows_a_key_is_repeated_too(api: httpx.AsyncClient) -> None:
    first = await api.post("/api/v1/api-keys", json={"description": "x"}, headers=KEY)
    again = await api.post("/api/v1/api-keys", json={"description": "x"}, headers=KEY)

    assert again.json()["key"] == first.json()["key"]
    assert "•" not in again.json()["key"]


@pytest.mark.parametrize("key", [b"", b"x" * 256, b"a\tb", b"\xe9"])
async def test_a_key_that_is_none_is_refused(api: httpx.AsyncClient, key: bytes) -> None:
    answer = await api.post(PROVISION, headers=[(b"idempotency-key", key)])

    assert assert_error(answer, 400, "INVALID_REQUEST").startswith("Idempotency-Key: must be")
