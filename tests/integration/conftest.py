"""What the tests of every folder may begin with: a PostgreSQL server of the whole run, and a database on it."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from colony_core.domain.secrets import Secret
from colony_store.postgres.link import Address
from colony_store.postgres.migrations import migrate
from colony_testkit.postgres_shared import create_database, drop_database, shared_server

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server(testrun_uid: str) -> Iterator[str]:
    """Give the URL of the server that all processes of this run share; it is started when the first test wants it."""
    with shared_server(testrun_uid) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """Give the name of a database with today's schema and nothing in it, of which others are copies."""
    name = f"colony-template-{os.getpid()}"

    async def make() -> None:
        await migrate(Address(url=Secret(await create_database(postgres_server, name))))

    asyncio.run(make())
    yield name
    asyncio.run(drop_database(postgres_server, name))


@pytest.fixture
async def postgres_url(postgres_server: str, postgres_template: str) -> AsyncIterator[str]:
    """Give the URL of a new database with today's schema."""
    name = f"colony-{os.getpid()}-{next(_numbers)}"
    yield await create_database(postgres_server, name, template=postgres_template)
    await drop_database(postgres_server, name)
