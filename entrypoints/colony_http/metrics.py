"""What Prometheus may know: how the service answers, and how many machines and workflows are in which state."""

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from colony_core import AssetStatus, Colony, RunStatus
from colony_core.domain.healths import BmcState, HealthCount
from colony_core.ports.persistence import StoreUnavailable

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

PASSING = (AssetStatus.DISCOVERING, AssetStatus.PROVISIONING, AssetStatus.DEPROVISIONING)
"""The statuses that a machine should not stay in."""

_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "OPTIONS", "HEAD", "PUT"})


class Metrics:
    """One service's registry; labels are taken from closed sets, so that no client can make it grow."""

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "colony_http_requests_total", "Requests answered.", ["method", "route", "status"], registry=self._registry
        )
        self._latency = Histogram(
            "colony_http_request_seconds",
            "Seconds from a request to the first byte of its answer.",
            ["method", "route"],
            registry=self._registry,
        )
        self._assets = Gauge("colony_assets", "Assets by status.", ["status"], registry=self._registry)
        self._workflows = Gauge("colony_workflows", "Workflows by status.", ["status"], registry=self._registry)
        self._ages = Gauge(
            "colony_asset_state_age_seconds",
            "Seconds that the slowest asset has been in a status that it should only pass through.",
            ["status"],
            registry=self._registry,
        )
        self._bmcs = Gauge(
            "colony_bmcs", "Management controllers by what was last seen of them.", ["state"], registry=self._registry
        )
        self._checks = Gauge(
            "colony_bmc_check_age_seconds",
            "Seconds since that controller was asked that was asked longest ago.",
            ["state"],
            registry=self._registry,
        )
        self._journal = Gauge("colony_journal_seq", "Number of the newest journal entry.", registry=self._registry)
        self._store = Gauge(
            "colony_store_up", "Whether the store could be read (1) or not (0).", registry=self._registry
        )
        build = Gauge("colony_build_info", "The release that runs.", ["version"], registry=self._registry)
        build.labels(version).set(1)
        # labels() takes a lock and builds a tuple each time; what it returns never changes.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str | None, *, status: int, seconds: float) -> None:
        """Count one request to *route* (its template; None for no route)."""
        key = (method, route or "", status)
        children = self._children.get(key)
        if children is None:
            labels = (method if method in _METHODS else "other", route or "unmatched")
            children = self._requests.labels(*labels, str(status)), self._latency.labels(*labels)
            if method in _METHODS:
                self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    async def page(self, colony: Colony) -> bytes:
        """Return everything as Prometheus reads it; a store out of reach is itself a figure."""
        try:
            await self._look(colony)
        except StoreUnavailable:
            self._store.set(0)
        return generate_latest(self._registry)

    async def _look(self, colony: Colony) -> None:
        async with colony.ports.store.reading() as look:
            assets = await look.assets.count_by_status()
            workflows = await look.runs.count_by_status()
            healths = await look.healths.count_by_state()
            newest = await look.journal.last()
        _show(self._assets, {status.value: assets.get(status.value, 0) for status in AssetStatus})
        _show(self._workflows, {status.value: workflows.get(status.value, 0) for status in RunStatus})
        ages = await colony.watch.longest_in_between()
        _show(self._ages, {status.value: ages.get(status.value, 0.0) for status in PASSING})
        self._show_healths(healths, assets=sum(assets.values()), now=colony.ports.clock.now())
        self._journal.set(newest)
        self._store.set(1)

    def _show_healths(self, healths: Mapping[str, HealthCount], *, assets: int, now: datetime) -> None:
        counts = {state.value: healths[state].number if state in healths else 0 for state in BmcState}
        counts[BmcState.UNKNOWN.value] += max(0, assets - sum(counts.values()))
        ages = {state: max(0.0, (now - count.oldest).total_seconds()) for state, count in healths.items()}
        _show(self._bmcs, counts)
        _show(self._checks, {state.value: ages.get(state, 0.0) for state in BmcState})


def _show(gauge: Gauge, counts: Mapping[str, float]) -> None:
    for status, count in counts.items():
        gauge.labels(status).set(count)
