"""`GET /workflows/{id}/journal`: a document that runs again anywhere."""

import httpx

from colony_core import ApiRole
from colony_core.application.journals import read
from colony_core.domain.replaying import replay
from colony_simulator import FailsInstall
from colony_testkit.store_given import keep, workflow
from tests.integration.http.conftest import Service

JOURNAL = "/api/v1/workflows/workflow-1/journal"


async def test_a_failed_workflow_goes_as_it_went_far_from_its_server(service: Service, api: httpx.AsyncClient) -> None:
    service.rack.fault("asset-1", FailsInstall("The image is damaged"))
    await api.post("/api/v1/assets/asset-1/provision", json={})
    await service.settle()
    answer = await api.get(JOURNAL)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    replayed = replay(read(answer.content))
    assert replayed.same
    assert [(run.id, run.status.value) for run in replayed.runs] == [("workflow-1", "failed")]


async def test_whoever_may_look_may_have_the_journal(service: Service, api: httpx.AsyncClient) -> None:
    await api.post("/api/v1/assets/asset-1/provision", json={})
    viewer = await service.key(ApiRole.VIEWER)

    async with service.client(viewer) as client:
        assert (await client.get(JOURNAL)).status_code == 200
    async with service.client() as client:
        assert (await client.get(JOURNAL)).status_code == 401


async def test_a_workflow_that_is_unknown_or_too_old_has_none(service: Service, api: httpx.AsyncClient) -> None:
    await keep(service.store, workflow(1))

    known, unknown = await api.get(JOURNAL), await api.get("/api/v1/workflows/workflow-9/journal")
    assert (known.status_code, known.json()["code"]) == (409, "JOURNAL_NOT_KEPT")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "WORKFLOW_NOT_FOUND")
