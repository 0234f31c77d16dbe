"""Faults to plant in a copy of the code, as data: what is changed, why it matters, and which suites must find it."""

from typing import NamedTuple


class Edit(NamedTuple):
    """One exact change of one file: `was` must stand in it exactly once."""

    path: str
    was: str
    now: str


class Fault(NamedTuple):
    """One fault. Every one of `suites` must find it by itself (`planting.SUITES` says what they are)."""

    name: str
    why: str
    suites: tuple[str, ...]
    edits: tuple[Edit, ...]


def fault(name: str, why: str, *edits: Edit, suites: str) -> Fault:
    """Return the fault; *suites* is a list of names with commas."""
    return Fault(name, why, tuple(suites.split(", ")), edits)


FAULTS = (
    fault(
        "lost update",
        "A write to a row that somebody else has changed is dropped, and whoever wrote it is told that it is kept.",
        Edit(
            "adapters/colony_store/sqlite/table.py",
            "if changed != len(batch.delete) + len(batch.update) + len(batch.rewrite):",
            "if changed > len(batch.delete) + len(batch.update) + len(batch.rewrite):",
        ),
        suites="contract of stores",
    ),
    fault(
        "missing fence",
        "The outcome of an attempt that was given up is taken for that of the present one.",
        Edit(
            "colony_core/domain/deciding.py",
            "(state.name, state.attempt) == (event.step, event.attempt)",
            "state.name == event.step",
        ),
        suites="lives, test_deciding.py",
    ),
    fault(
        "missing fence of a machine",
        "What a workflow does for a machine that was forgotten is done to the machine that has its id now.",
        Edit("colony_core/application/performing.py", "if asset is not None and asset.held_by != run.id:", "if False:"),
        suites="lives, test_replaced_machines.py",
    ),
    fault(
        "wrong table entry",
        "A machine whose wipe failed is available, with somebody's data on its disks.",
        Edit(
            "colony_core/domain/assets.py",
            "(AssetStatus.DEPROVISIONING, Move.WIPE_FAILED): AssetStatus.PROVISIONED",
            "(AssetStatus.DEPROVISIONING, Move.WIPE_FAILED): AssetStatus.AVAILABLE",
        ),
        suites="lives, test_outcomes.py",
    ),
    fault(
        "off by one in the limiter",
        "A key is allowed one request more than its limit in every window.",
        Edit("colony_core/domain/rate_limits.py", "if len(log) < window.limit:", "if len(log) <= window.limit:"),
        suites="contract of limiters, test_rate_limits.py",
    ),
    fault(
        "swallowed error",
        "What a controller refuses, or does not hear, counts as done.",
        Edit(
            "colony_core/application/performing.py",
            "return _lost(act, Fault(error.code, error.details), final=isinstance(error, Refused))",
            "return Outcome(act, Succeeded(act.step, act.attempt))",
        ),
        suites="lives, test_runner.py",
    ),
    fault(
        "skipped read-back of the boot device",
        "A controller that forgets what it was told boots the machine from its old disk.",
        Edit("colony_core/application/machine_actions.py", "if reported is not device:", "if reported is ...:"),
        suites="lives, test_runner.py",
    ),
    fault(
        "disk match that falls back",
        "A choice that no disk answers to takes the first disk there is: the wrong one is erased.",
        Edit(
            "colony_core/domain/disks.py",
            "tuple(inventory.disks_named(wanted))",
            "(tuple(inventory.disks_named(wanted)) or inventory.disks[:1])",
        ),
        suites="lives, test_disks.py",
    ),
    fault(
        "effect inside a transaction that rolls back",
        "A machine is told something before it is stored that it shall be; should the transaction fail, nobody knows.",
        Edit(
            "colony_core/application/runner.py",
            "tasks = await self._advance_all(tx, items, now)\n",
            "tasks = await self._advance_all(tx, items, now)\n"
            "                for task in tasks:\n"
            "                    self._start(task, None)\n"
            "                if self._acting:\n"
            "                    await asyncio.wait(self._acting, timeout=1)\n",
        ),
        Edit(
            "colony_core/application/runner.py",
            "self._start(task, places.get(task.act.run_id))",
            "places.pop(task.act.run_id, None)",
        ),
        suites="lives",
    ),
    fault(
        "unverified wipe taken for good",
        "A drive says that it is erased, nobody has looked, and the machine is given away.",
        Edit("colony_core/domain/proofs.py", "return one.verified and one.method", "return one.method"),
        suites="lives, test_proofs.py",
    ),
    fault(
        "claim not checked",
        "Two workflows work on one machine.",
        Edit("colony_core/domain/assets.py", "if asset.held_by is not None:", "if asset.held_by == by:"),
        suites="lives, test_assets.py",
    ),
    fault(
        "one try too many",
        "A step is tried more often than its plan says: a wipe that fails, in a loop.",
        Edit("colony_core/domain/deciding.py", "state.failures < step.tries", "state.failures <= step.tries"),
        suites="lives, test_deciding.py",
    ),
    fault(
        "wait without a deadline",
        "A machine that never says anything is waited for until somebody looks.",
        Edit(
            "colony_core/domain/deciding.py",
            "deadline=now + _time_for(step, run),",
            "deadline=None,",
        ),
        suites="lives, test_deciding.py",
    ),
    fault(
        "secret in an event",
        "Whoever may read events reads the password of a controller.",
        Edit(
            "colony_core/application/assets.py",
            "        tx.vault.put(asset.id, BMC_PASSWORD, registration.password)\n        return asset",
            "        tx.vault.put(asset.id, BMC_PASSWORD, registration.password)\n"
            '        told = f"Asset {asset.id} has the password {registration.password.reveal()}"\n'
            "        tx.journal.write(Entry(at=asset.created_at, type=EventType.LOG, message=told))\n"
            "        return asset",
        ),
        Edit(
            "colony_core/application/assets.py",
            "from colony_core.domain.clusters import",
            "from colony_core.domain.events import Entry, EventType\nfrom colony_core.domain.clusters import",
        ),
        suites="lives",
    ),
    fault(
        "plan hash that ignores disks",
        "A cluster is created as planned, and writes to another disk than the plan showed.",
        Edit(
            "colony_core/domain/plan_hashes.py",
            'is now {written}", _digest(disk))',
            'is now {written}", _digest(_NO_DISK))',
        ),
        suites="test_plan_hashes.py",
    ),
)
