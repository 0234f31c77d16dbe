"""API keys as they were last read, for as long as nobody has committed anything since.

Every request needs its key. A trip to a reader's thread costs 60 to 120 microseconds; to ask a connection on the event
loop's own thread whether the file has changed costs about 5, and it hears of the commits of other processes too, so a
key that was revoked anywhere stops working at once.
"""

import sqlite3
from pathlib import Path

from colony_core.domain.api_keys import ApiKey

_MOST = 1000


class KnownKeys:
    """Remembers keys between two commits of whomever; it never waits, and in doubt it knows nothing."""

    def __init__(self, path: Path) -> None:
        # No time-out: a file that is busy is a reason to ask a reader, not to hold the event loop up.
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        self._version: int | None = None
        self._keys: dict[str, ApiKey] = {}

    def find(self, key_id: str) -> ApiKey | None:
        """Return the key as of the last `version`, or None when it is not known without a look."""
        return self._keys.get(key_id)

    def version(self) -> int | None:
        """Return a number that every commit changes, None in doubt; forget what an earlier one had."""
        try:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            version = None
        if version is None or version != self._version:
            self._keys.clear()
            self._version = version
        return self._version

    def remember(self, key: ApiKey, *, as_of: int | None) -> None:
        """Remember *key*, which was read after version *as_of* was seen."""
        if as_of is not None and as_of == self._version and len(self._keys) < _MOST:
            self._keys[key.id] = key

    def close(self) -> None:
        """Let go of the connection; from now on nothing is known."""
        self._keys.clear()
        self._connection.close()
