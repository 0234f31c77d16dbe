"""The SQL that is known beforehand, by name; `-- name: x` begins a query in the .sql files beside this module."""

from colony_store.named_sql import load


def keys_of(selection: str) -> str:
    """Return a query for what *selection* gives (`seq, revision`) as one row with two lists, `1,2,3` and `1,1,7`.

    One row instead of many: for every row Python's sqlite3 lets go of the interpreter lock and waits for it again,
    which beside a busy event loop costs more than the query. SQLite promises no order here: whoever needs one sorts.
    """
    return f"SELECT group_concat(seq), group_concat(revision) FROM ({selection})"  # noqa: S608 - constant SQL


def documents_of(selection: str) -> str:
    """Return a query for what *selection* gives (`seq, version, document`) as one JSON text of triples."""
    return (
        f"SELECT '[' || group_concat('[' || seq || ',' || version || ',' || document || ']') || ']' FROM ({selection})"  # noqa: S608 - constant SQL
    )


ASSETS = load(__name__, "assets")
CLUSTERS = load(__name__, "clusters")
RUNS = load(__name__, "runs")
OTHERS = load(__name__, "others")
