"""How a database gets today's schema: the numbered .sql files beside this module, each in one transaction.

A schema serves more than one release, so that processes of two may run side by side during an upgrade: the first line
of a file, `-- serves from: N`, names the oldest release (by its newest migration) that goes on running on it. So a
file only adds what the release before it can live without knowing; what that one still needs goes a release later.
"""

import functools
import re
from importlib.resources import files

from msgspec import Struct

from colony_core.ports.persistence import StoreUnavailable
from colony_store.postgres.link import Address, Link
from colony_store.refusals import NotOurs, SchemaTooNew

_FILE = re.compile(r"(\d{4})_\w+\.sql")
_SERVES = re.compile(r"^-- serves from: (\d+)$", re.MULTILINE)
_LOCK = f"SELECT pg_advisory_xact_lock({0x436C6E79}, 2)"
_LEDGER = """
CREATE TABLE IF NOT EXISTS colony_schema (
    version integer PRIMARY KEY,
    serves_from integer NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
# Asked of the catalogue itself: `to_regclass` may answer from what the session remembers of before it had the lock.
_HAS_LEDGER = """
SELECT EXISTS (SELECT FROM pg_class WHERE relname = 'colony_schema' AND relkind = 'r' AND pg_table_is_visible(oid))
"""
_PATIENCE = {"statement_timeout": "0", "lock_timeout": "60s", "idle_in_transaction_session_timeout": "0"}


class Schema(Struct, frozen=True):
    """The last migration that a database went through, 0 for none, and the oldest release that it serves."""

    version: int
    serves_from: int = 0

    @property
    def fits(self) -> bool:
        """Tell whether this release can run on it."""
        return self.version >= current_version() >= self.serves_from


def scripts() -> dict[int, str]:
    """Return the migrations by number, in order: 1, 2, 3, ..."""
    found = ((_FILE.fullmatch(entry.name), entry) for entry in files(__name__).iterdir())
    return dict(sorted((int(match[1]), entry.read_text(encoding="utf-8")) for match, entry in found if match))


@functools.cache
def current_version() -> int:
    """Return the number of the last migration that this release knows."""
    return max(scripts())


async def schema_of(link: Link) -> Schema:
    """Return which schema the database has."""
    if not (await link.rows(_HAS_LEDGER))[0][0]:
        return Schema(0)
    rows = await link.rows("SELECT version, serves_from FROM colony_schema ORDER BY version DESC LIMIT 1")
    return Schema(*rows[0]) if rows else Schema(0)


async def migrate(address: Address) -> Schema:
    """Bring the database to today's schema and return it; raise `SchemaTooNew` or `NotOurs` and leave it alone."""
    link = await address.connect(**_PATIENCE)
    try:
        await _check_encoding(link)
        for number, script in scripts().items():
            present = await schema_of(link)
            if present.version < number:
                await _apply(link, number, script)
        present = await schema_of(link)
    finally:
        await link.close(within=2.0)
    require_fit(present)
    return present


def require_fit(present: Schema) -> None:
    """Raise `SchemaTooNew` for a schema that this release cannot run on, `StoreUnavailable` for one that is too old."""
    if present.fits:
        return
    if present.version < current_version():
        raise StoreUnavailable(
            f"The database has schema {present.version}, and this release wants {current_version()}:"
            " run `colony migrate`"
        )
    raise SchemaTooNew(
        f"The database has schema {present.version}, which serves releases from schema {present.serves_from} on, and"
        f" this release knows schemas up to {current_version()}: nothing was changed"
    )


async def _check_encoding(link: Link) -> None:
    encoding = (await link.rows("SHOW server_encoding"))[0][0]
    if encoding != "UTF8":
        raise StoreUnavailable(f"The database has the encoding {encoding}: make one with ENCODING 'UTF8'")


async def _apply(link: Link, number: int, script: str) -> None:
    served = _SERVES.search(script)
    if served is None:
        raise ValueError(f"migration {number} does not say which releases its schema serves")
    await link.do(f"BEGIN; {_LOCK}")
    try:
        # Many processes may start at once: the second finds the work done.
        present = await schema_of(link)
        if present.version < number:
            if present.version == 0:
                await _check_ours(link)
            await link.do(f"{_LEDGER};\n{script}")
            await link.rows("INSERT INTO colony_schema (version, serves_from) VALUES ($1, $2)", number, int(served[1]))
        await link.do("COMMIT")
    except BaseException:
        await link.rollback(within=5.0)
        raise


async def _check_ours(link: Link) -> None:
    tables = await link.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    if tables:
        raise NotOurs("The database holds tables of another program: nothing was changed")
