"""How calls lie in PgQueuer's tables: one job each, whose payload is the run and whose number is the key."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from colony_core.ports.dispatch import Call

KIND = "run"
CHANNEL = "colony_calls"
SETTINGS = DBSettings(db_schema="colony_queue", channel=Channel(CHANNEL))
"""Whatever the environment says: these names are part of the database."""

_LOCK = "SELECT pg_advisory_lock(1131179641, 3)"
_UNLOCK = "SELECT pg_advisory_unlock(1131179641, 3)"
_TELL = f"SELECT pg_notify('{CHANNEL}', 'a job was given back')"
_CUT_LOG = "DELETE FROM colony_queue.pgqueuer_log WHERE created < now() - interval '1 hour'"


def queries_on(connection: asyncpg.Connection) -> Queries:
    """Return PgQueuer's queries, to be run on *connection*; in its transaction, if one is open."""
    return Queries(
        AsyncpgDriver(connection),
        qbe=QueryBuilderEnvironment(SETTINGS),
        qbq=QueryQueueBuilder(SETTINGS),
        qbs=QuerySchedulerBuilder(SETTINGS),
    )


async def install(connection: asyncpg.Connection) -> None:
    """Make PgQueuer's tables, or bring them up to date; processes that start together wait for each other."""
    queries = queries_on(connection)
    await connection.execute(_LOCK)
    try:
        if not await queries.schema_is_installed():
            await queries.install()
        elif (await queries.plan_upgrade()).statements:
            await queries.apply_upgrade()
    finally:
        await connection.execute(_UNLOCK)


async def write(queries: Queries, wakes: Sequence[tuple[str, str, timedelta]]) -> None:
    """Write a job for each run, the name of its wake-up and how far ahead that is; one that is there already stays."""
    await queries.enqueue(
        [KIND] * len(wakes),
        [run_id.encode() for run_id, _, _ in wakes],
        [0] * len(wakes),
        [ahead for _, _, ahead in wakes],
        [f"{run_id} {name}" for run_id, name, _ in wakes],
        on_conflict="skip",
    )


async def tell(connection: asyncpg.Connection) -> None:
    """Wake every worker, as a new job does."""
    await connection.execute(_TELL)


async def cut_log(connection: asyncpg.Connection) -> None:
    """Forget what was done an hour ago: nobody reads it, and PgQueuer keeps it for ever."""
    await connection.execute(_CUT_LOG)


def call_of(job: Job) -> Call:
    """Return the call that *job* is."""
    return Call((job.payload or b"").decode(), f"job-{job.id}")
