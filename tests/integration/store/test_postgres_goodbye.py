"""A connection that the server has sent away, when its end has not been heard yet: what the driver then raises."""

from typing import Any

import asyncpg
import pytest

from colony_core.domain.secrets import Secret
from colony_core.ports.persistence import StoreUnavailable
from colony_dispatch.line import Line
from colony_store.postgres.link import Address, Link
from colony_store.postgres.pool import Pool


class SentAway:
    """A connection that has read the server's good-bye."""

    def __init__(self) -> None:
        self.aborted = False

    async def execute(self, *_: object) -> Any:
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

    fetch = fetchmany = execute

    def is_closed(self) -> bool:
        return self.aborted

    def terminate(self) -> None:
        self.aborted = True


async def test_a_connection_that_was_sent_away_is_out_of_reach_and_broken() -> None:
    link = Link(SentAway())

    with pytest.raises(StoreUnavailable, match="the connection broke"):
        await link.rows("SELECT 1")

    assert link.is_broken()


async def test_a_connection_that_was_sent_away_while_idle_is_replaced_at_once(postgres_url: str) -> None:
    pool = Pool(Address(url=Secret(postgres_url)), room=1)
    await pool._wait()
    pool.give_back(Link(SentAway()), clean=True)

    assert await pool.ask(lambda link: link.rows("SELECT 1"))
    await pool.close()


async def test_a_queue_whose_connection_was_sent_away_is_out_of_reach(postgres_url: str) -> None:
    line = Line(Secret(postgres_url))

    with pytest.raises(StoreUnavailable, match="out of reach"):
        async with line.queries():
            await SentAway().execute()
    line.drop()
