"""What a service has answered with yes, and what must be so ever after because of it."""

from datetime import datetime

from colony_core import Asset, Cluster, Run
from colony_core.application.assets import Forgotten
from colony_core.domain.assets import Maintenance
from colony_core.domain.workflows import RunStatus
from colony_testkit.pictures import Picture
from colony_testkit.service_asks import Answer, Ask, Cancel, Delete, Maintain


class Ledger:
    """Keeps every promise by the id that it is about.

    A call whose answer was lost promises nothing, and takes back what was promised about its object: nobody can know
    whether it happened.
    """

    def __init__(self) -> None:
        self._registered: dict[str, datetime] = {}
        self._forgotten: set[str] = set()
        self._clusters: dict[str, str] = {}
        self._deleted: set[str] = set()
        self._runs: dict[str, Run] = {}
        self._cancelled: set[str] = set()
        self._maintenance: dict[str, Maintenance | None] = {}

    def answered(self, ask: Ask, answer: Answer) -> None:
        """Note that *ask* got *answer*."""
        match answer:
            case Run():
                self._runs[answer.id] = answer
                if isinstance(ask, Cancel) and answer.ending is not RunStatus.FAILED:
                    self._cancelled.add(answer.id)
            case Forgotten(asset=asset):
                self.in_doubt(asset.id)
                self._forgotten.add(asset.id)
            case Asset() if isinstance(ask, Maintain):
                self._maintenance[answer.id] = answer.maintenance
            case Asset():
                self.took_on(answer)
            case Cluster() if isinstance(ask, Delete):
                self.in_doubt(answer.id)
                self._deleted.add(answer.id)
            case Cluster():
                self._clusters[answer.id] = answer.spec.name

    def took_on(self, *assets: Asset) -> None:
        """Note that these assets were registered."""
        for asset in assets:
            self.in_doubt(asset.id)
            self._registered[asset.id] = asset.created_at

    def in_doubt(self, thing: str | None) -> None:
        """Take back what was promised about the asset or cluster of this id, except what can never change."""
        for promises in (self._registered, self._clusters, self._maintenance):
            promises.pop(thing or "", None)
        self._forgotten.discard(thing or "")

    def broken(self, picture: Picture) -> list[str]:
        """Return, in words, every promise that is not kept."""
        return self._about_things(picture) + self._about_runs(picture)

    def _about_things(self, picture: Picture) -> list[str]:
        assets, clusters = picture.assets, picture.clusters
        kept = {id for id, at in self._registered.items() if id in assets and assets[id].created_at == at}
        broken = [f"{id} was registered and is not there" for id in self._registered if id not in kept]
        broken += [f"{id} was forgotten and is there" for id in self._forgotten if id in assets]
        broken += [f"{id} was created and is not there" for id in self._clusters if id not in clusters]
        broken += [f"{id} was deleted and is there" for id in self._deleted if id in clusters]
        maintained = {id: assets[id].maintenance for id in self._maintenance if id in assets}
        return broken + [
            f"the maintenance of {id} is not what was answered"
            for id, maintenance in maintained.items()
            if maintenance != _still(self._maintenance[id], picture.at)
        ]

    def _about_runs(self, picture: Picture) -> list[str]:
        runs = picture.runs
        lost = [f"{id} was promised and is not there" for id in self._runs if id not in runs]
        changed = [
            f"{id} is not what was answered"
            for id, run in self._runs.items()
            if id in runs and (run.order, run.asset_id, run.plan) != (runs[id].order, runs[id].asset_id, runs[id].plan)
        ]
        going_on = [id for id in self._cancelled if id in runs and not runs[id].cancel_requested]
        return lost + changed + [f"{id} was cancelled and does not know it" for id in going_on]


def _still(promised: Maintenance | None, now: datetime) -> Maintenance | None:
    """Return what is left of a maintenance at *now*."""
    over = promised is not None and promised.until is not None and promised.until <= now
    return None if over else promised
