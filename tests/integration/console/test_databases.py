"""`colony migrate` and `colony copy`, as somebody types them."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from colony_console.menu import cli
from colony_core.domain.secrets import Secret
from colony_store.postgres.link import Address
from colony_testkit.postgres_shared import create_database, drop_database

KEY = "00" * 32


def colony(*arguments: str) -> Result:
    return CliRunner(env={"COLONY_SECRET_KEY": KEY}).invoke(cli, arguments)


@pytest.fixture
def empty_database(postgres_server: str, tmp_path: Path) -> str:
    return asyncio.run(create_database(postgres_server, tmp_path.name))


async def schemas(url: str) -> list[int]:
    link = await Address(url=Secret(url)).connect()
    rows = await link.rows("SELECT version FROM colony_schema ORDER BY version")
    await link.close(within=2.0)
    return [version for (version,) in rows]


def test_a_database_is_migrated_by_hand_and_copied_to_and_from(
    empty_database: str, postgres_server: str, tmp_path: Path
) -> None:
    file, back = f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
    for url in (empty_database, file):
        refused = colony("migrate", "--check", "--database", url)
        assert (refused.exit_code, "has schema 0" in refused.output) == (1, True)
        migrated = colony("migrate", "--database", url)
        assert (migrated.exit_code, "Schema 0 was brought to" in migrated.output) == (0, True)
        assert colony("migrate", "--check", "--database", url).exit_code == 0
    assert asyncio.run(schemas(empty_database)) == list(range(1, len(asyncio.run(schemas(empty_database))) + 1))

    key = colony("api-key", "create", "--description", "first", "--database", file).stdout.strip()
    there = colony("copy", "--from", file, "--to", empty_database, "--json")
    assert json.loads(there.stdout)["rows"]["api_keys"] == 1
    assert colony("copy", "--from", empty_database, "--to", back).exit_code == 0
    assert key.partition("_")[0] in colony("api-key", "list", "--database", back).stdout
    again = colony("copy", "--from", file, "--to", empty_database)
    assert (again.exit_code, "not empty" in again.output) == (1, True)
    asyncio.run(drop_database(postgres_server, tmp_path.name))


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused = colony("copy", "--from", f"sqlite:///{tmp_path / 'no.db'}", "--to", f"sqlite:///{tmp_path / 'b.db'}")

    assert (refused.exit_code, "no.db to copy from" in refused.output) == (2, True)
