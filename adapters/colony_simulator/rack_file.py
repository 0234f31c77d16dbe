"""A rack on disk: each machine is written down whenever something has happened to it, before anybody can act on it.

Real machines do not go back in time when the server is killed; with this file simulated ones do not either. It is
SQLite, and a commit is in the hands of the operating system when `write` returns: the end of the process loses
nothing, a power cut at most the end, and no half of anything.
"""

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from colony_simulator.machines import Machine
from colony_simulator.room import Etcd, Room
from colony_simulator.snapshots import VERSION, RackState, SnapshotInvalid, decoded, encoded

_SCHEMA = """
CREATE TABLE rack (only INTEGER PRIMARY KEY CHECK (only = 1), at TEXT NOT NULL, settings BLOB NOT NULL);
CREATE TABLE machines (name TEXT PRIMARY KEY, place INTEGER NOT NULL, state BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE etcds (id TEXT PRIMARY KEY, state BLOB NOT NULL) WITHOUT ROWID;
"""


class RackFile:
    """One rack's state in a file that only its owner may read: it holds passwords and tokens."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._link = sqlite3.connect(path, isolation_level=None)
        try:
            self._link.execute("PRAGMA journal_mode = WAL")
            self._link.execute("PRAGMA synchronous = NORMAL")
            [version] = self._link.execute("PRAGMA user_version").fetchone()
            if version == 0:
                self._link.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        except sqlite3.DatabaseError as error:
            self._link.close()
            raise SnapshotInvalid(f"{path.name} is no rack that this version reads") from error
        if version not in (0, VERSION):
            self._link.close()
            raise SnapshotInvalid(f"{path.name} is of version {version}; this version reads {VERSION}")

    @property
    def at(self) -> datetime | None:
        """Return how late it was when something was written last, or None if there never was a rack."""
        found = self._link.execute("SELECT at FROM rack").fetchone()
        return None if found is None else datetime.fromisoformat(found[0])

    @property
    def state(self) -> RackState | None:
        """Return the rack as it was written last, or None if there never was one."""
        found = self._link.execute("SELECT settings FROM rack").fetchone()
        if found is None:
            return None
        state = decoded(found[0], RackState)
        state.at = self.at or state.at
        for name, packed in self._link.execute("SELECT id, state FROM etcds"):
            state.etcds[name] = decoded(packed, Etcd)
        for (packed,) in self._link.execute("SELECT state FROM machines ORDER BY place"):
            state.machines.append(decoded(packed, Machine))
        return state

    def begin(self, room: Room) -> None:
        """Write everything down: what is in the file already, and what is not."""
        with self._link:
            self._link.execute("BEGIN IMMEDIATE")
            settings = encoded(RackState.of(room, machines=[], etcds={}))
            self._link.execute("INSERT OR REPLACE INTO rack VALUES (1, ?, ?)", (room.clock.now().isoformat(), settings))
            for machine in room.machines.values():
                self._put(room, machine)

    def write(self, room: Room, machine: Machine) -> None:
        """Write down what has become of *machine*."""
        with self._link:
            self._link.execute("BEGIN IMMEDIATE")
            self._put(room, machine)
            self._tick(room.clock.now())

    def tick(self, now: datetime) -> None:
        """Write down that it is *now*, so that time never goes back by more than since the last tick."""
        with self._link:
            self._tick(now)

    def close(self) -> None:
        """Let go of the file."""
        self._link.close()

    def _put(self, room: Room, machine: Machine) -> None:
        self._link.execute(
            "INSERT INTO machines VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state",
            (machine.name, room.place_of(machine), encoded(machine)),
        )
        founded = [(etcd.id, encoded(etcd)) for etcd in room.etcds.values() if etcd.founder == machine.name]
        self._link.executemany("INSERT OR REPLACE INTO etcds VALUES (?, ?)", founded)

    def _tick(self, now: datetime) -> None:
        self._link.execute("UPDATE rack SET at = ?", (now.isoformat(),))
