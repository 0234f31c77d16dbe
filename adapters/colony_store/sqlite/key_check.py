"""Whether the secret key is the one that the file was made with: found out at the start, not at the first secret."""

import sqlite3
from pathlib import Path

from colony_core.ports.sealing import Sealer, WrongKey
from colony_store.refusals import SecretKeyWrong
from colony_store.sqlite.queries import OTHERS

_SETTING = "key-check"
_WORDS = b"colony"


def check_key(connection: sqlite3.Connection, sealer: Sealer, path: Path) -> None:
    """Refuse another key than that of the first opening, which leaves a sealed word here."""
    sealed = _sealed_word(connection)
    if sealed is None:
        connection.execute("BEGIN IMMEDIATE")
        sealed = _sealed_word(connection)
        if sealed is None:
            sealed = sealer.seal(_WORDS, _SETTING)
            connection.execute(OTHERS["setting_put"], (_SETTING, sealed))
        connection.execute("COMMIT")
    try:
        sealer.open(sealed, _SETTING)
    except WrongKey:
        raise SecretKeyWrong(path) from None


def _sealed_word(connection: sqlite3.Connection) -> bytes | None:
    row = connection.execute(OTHERS["setting_get"], (_SETTING,)).fetchone()
    return None if row is None else bytes(row[0])
