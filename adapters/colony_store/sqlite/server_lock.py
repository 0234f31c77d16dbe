"""One server for one file: a lock that the kernel takes back when its process ends, however it ends."""

import fcntl
import os
from pathlib import Path

from colony_core.errors import Conflict


class StoreInUse(Conflict):
    """Another server works on the same file."""

    code = "STORE_IN_USE"
    summary = "Database is in use by another server"
    advice = "Stop the other server, or name another database; commands such as `colony api-key` work beside a server."


class ServerLock:
    """Holds the file `<database>.lock` until it is released, or the process ends."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}.lock")
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 20).decode(errors="replace").strip()
            os.close(self._file)
            by = f" (process {holder})" if holder.isdigit() else ""
            raise StoreInUse(f"Another server{by} works on the database {database}: stop it first") from None
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let another server have the file. The lock's file stays: removing it would race with whoever opens it."""
        os.close(self._file)
