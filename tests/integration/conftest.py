"""What the tests of every folder may begin with: a PostgreSQL server of the whole run."""

from collections.abc import Iterator

import pytest

from colony_testkit.postgres_shared import shared_server


@pytest.fixture(scope="session")
def postgres_server(testrun_uid: str) -> Iterator[str]:
    """Give the URL of the server that all processes of this run share; it is started when the first test wants it."""
    with shared_server(testrun_uid) as url:
        yield url
