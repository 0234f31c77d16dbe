"""Routes for machines that watch the service; none needs a key, and none shows data."""

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct

from colony_core import Colony
from colony_core.errors import Unavailable
from colony_http.metrics import CONTENT_TYPE, Metrics
from colony_http.operations import Operation, described
from colony_http.replies import Reply, shown

TAG = "Service"


class HealthView(Struct, frozen=True):
    """That the process answers, or is ready."""

    status: str


_HEALTH = Operation(summary="Is the process alive?", tag=TAG, answers={200: HealthView}, example={"status": "ok"})
_READY = Operation(
    summary="Can the service work?",
    tag=TAG,
    answers={200: HealthView},
    errors=(Unavailable,),
    example={"status": "ready"},
)
_METRICS = Operation(summary="Metrics for Prometheus", tag=TAG, answers={200: None}, media="text/plain")


@get("/healthz", **described(_HEALTH))
async def healthz() -> Reply:
    """Answer, which is all there is to say."""
    return shown(HealthView("ok"))


@get("/readyz", **described(_READY))
async def readyz(colony: NamedDependency[Colony]) -> Reply:
    """Answer 200 if the store is reachable and its schema is current, 503 otherwise."""
    await colony.ports.store.check()
    return shown(HealthView("ready"))


@get("/metrics", **described(_METRICS))
async def get_metrics(colony: NamedDependency[Colony], metrics: NamedDependency[Metrics]) -> Reply:
    """Return requests by route and status, their latency, and how many assets and workflows are in which status."""
    return Reply(await metrics.page(colony), media=CONTENT_TYPE.encode())


ROUTES = (healthz, readyz, get_metrics)
