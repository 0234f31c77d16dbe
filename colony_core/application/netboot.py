"""Answers booting machines: which boot, which job, and whose word counts."""

import hashlib
from datetime import datetime

from msgspec.structs import replace

from colony_core.application.advancing import advance, befall
from colony_core.application.bell import Bell
from colony_core.domain.assets import inspected
from colony_core.domain.decisions import Event, Heard
from colony_core.domain.events import Entry, EventType
from colony_core.domain.hardware import Inventory
from colony_core.domain.histories import Reported
from colony_core.domain.orders import Install, Wipe
from colony_core.domain.plans import plan_of
from colony_core.domain.proofs import unlike, unproven
from colony_core.domain.reports import Report, WipeCertificate
from colony_core.domain.secrets import Secret
from colony_core.domain.steps import Await, Signal
from colony_core.domain.workflows import Fault, Run, StepStatus
from colony_core.errors import Unauthorized
from colony_core.ports.chance import Chance
from colony_core.ports.clock import Clock
from colony_core.ports.netboot import AskAgain, BootAgent, BootAnswer, BootLocalDisk, Job, TurnOff
from colony_core.ports.persistence import Store, Transaction

POLL = 5
"""Seconds between two questions of an agent that has nothing to do."""

RESTARTED = Fault("MACHINE_RESTARTED", "The machine restarted in the middle of its job")


class NetbootDesk:
    """Implements the `Netboot` port on the store: every word of a machine is an event of the run that holds it."""

    def __init__(self, store: Store, *, clock: Clock, chance: Chance, work: Bell) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._work = work

    async def boot(self, mac: str, *, uuid: str = "") -> BootAnswer:
        """Boot the agent if a run wants it on this machine; leave every other machine to its own disk.

        A machine that asks in the middle of its job has restarted by itself: that try is over, and the run, which
        counts its tries, begins the next one. Until then the machine waits.
        """
        token = Secret(self._chance.token(40))
        async with self._store.transaction() as tx:
            asset = await tx.assets.find_by_boot_identity(mac.lower(), uuid.lower())
            run = await tx.runs.get(asset.held_by) if asset and asset.held_by else None
            if run is None or not _wants_agent(run):
                return BootLocalDisk()
            if job := _under_way(run):
                await self._hear(tx, run, Heard(job, RESTARTED))
                return AskAgain(POLL)
            tx.runs.put(replace(run, ticket=_stub(token)))
            await self._hear(tx, await tx.runs.get(run.id), Heard(Signal.ASKED_FOR_BOOT))
        return BootAgent(token)

    async def send_inventory(self, token: Secret, inventory: Inventory) -> None:
        """Remember what the machine is made of; one that the order was not made for fails the run."""
        async with self._store.transaction() as tx:
            run = await self._run_of(tx, token)
            asset = await tx.assets.get(str(run.asset_id))
            tx.assets.put(inspected(asset, inventory, now=self._clock.now()))
            fault = unlike(run.order, inventory)
            await self._hear(tx, run, Heard(Signal.SENT_INVENTORY, fault, final=fault is not None))

    async def job(self, token: Secret) -> Job:
        """Give the order as soon as the run waits for it to be carried out."""
        async with self._store.reading() as look:
            run = await self._run_of(look, token)
        signal = _awaited_signal(run)
        if isinstance(run.order, Install) and signal is Signal.INSTALLED:
            return run.order
        if isinstance(run.order, Wipe) and signal is Signal.WIPED:
            return run.order
        return TurnOff() if signal is None and _nothing_left_for_agent(run) else AskAgain(POLL)

    async def progress(self, token: Secret, message: str) -> None:
        """Write the machine's own words into the log of its run."""
        async with self._store.transaction() as tx:
            run = await self._run_of(tx, token)
            tx.journal.write(_said(run, message, self._clock.now()))

    async def done(self, token: Secret, report: Report) -> None:
        """Keep the report as the run's proof; one that does not prove the whole order fails the run."""
        async with self._store.transaction() as tx:
            run = await self._run_of(tx, token)
            fault = unproven(run.order, report)
            signal = Signal.WIPED if isinstance(report, WipeCertificate) else Signal.INSTALLED
            if fault is None:
                run = befall(tx, run, Reported(report), now=self._clock.now())
            await self._hear(tx, run, Heard(signal, fault))

    async def failed(self, token: Secret, message: str) -> None:
        """Fail what the run waits for."""
        async with self._store.transaction() as tx:
            run = await self._run_of(tx, token)
            signal = _awaited_signal(run) or Signal.INSTALLED
            await self._hear(tx, run, Heard(signal, Fault("MACHINE_REPORTED_FAILURE", message)))

    async def booted(self, token: Secret) -> None:
        """Take the installed system's word that it is up."""
        async with self._store.transaction() as tx:
            await self._hear(tx, await self._run_of(tx, token), Heard(Signal.BOOTED))

    async def _hear(self, tx: Transaction, run: Run, event: Event) -> None:
        await advance(tx, run, event, now=self._clock.now())
        tx.after_commit(self._work.ring)

    async def _run_of(self, tx: Transaction, token: Secret) -> Run:
        run = await tx.runs.find_by_ticket(_stub(token))
        if run is None or run.ended or not await _holds(tx, run):
            raise Unauthorized("The token belongs to no living workflow")
        return run


async def _holds(tx: Transaction, run: Run) -> bool:
    """Tell whether *run* still holds its machine: one that was forgotten by force is none of its own any more."""
    asset_id = str(run.asset_id)
    asset = (await tx.assets.get_many([asset_id])).get(asset_id)
    return asset is not None and asset.held_by == run.id


def _wants_agent(run: Run) -> bool:
    """Tell whether the run has a step before it that needs the agent on the machine."""
    return any(
        isinstance(do := plan_of(run).step(state.name).do, Await) and do.signal is not Signal.BOOTED
        for state in run.steps[run.position :]
        if state.status in (StepStatus.PENDING, StepStatus.RUNNING) and not run.ending
    )


def _nothing_left_for_agent(run: Run) -> bool:
    return not _wants_agent(run)


def _under_way(run: Run) -> Signal | None:
    """Return what the run waits to hear while the agent has a job to do; None while it has none."""
    state, signal = run.steps[run.position], _awaited_signal(run)
    return signal if state.status is StepStatus.RUNNING and signal in (Signal.INSTALLED, Signal.WIPED) else None


def _awaited_signal(run: Run) -> Signal | None:
    state = run.steps[run.position]
    do = plan_of(run).step(state.name).do
    return do.signal if isinstance(do, Await) else None


def _said(run: Run, message: str, now: datetime) -> Entry:
    state = run.current
    return Entry(
        at=now,
        type=EventType.LOG,
        message=message[:2000],
        run_id=run.id,
        asset_id=run.asset_id,
        cluster_id=run.cluster_id,
        step=state.name if state else None,
    )


def _stub(token: Secret) -> str:
    return hashlib.sha256(token.reveal().encode()).hexdigest()
