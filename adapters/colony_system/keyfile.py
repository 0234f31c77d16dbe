"""Where the server's secret key comes from: given, in a file that is given, or made beside the database."""

import base64
import os
import secrets
import stat
from pathlib import Path

from msgspec import Struct

from colony_core.domain.secrets import Secret
from colony_core.errors import Invalid

_KEY_BYTES = 32
_LONGEST = 4096


class SecretKeyUnusable(Invalid):
    """No key, more than one, or one that others can read; the message never shows it."""

    code = "SECRET_KEY_UNUSABLE"
    summary = "Secret key cannot be used"
    advice = "Follow the details; keep a copy of the key apart from the database, which cannot be read without it."


class FoundKey(Struct, frozen=True, kw_only=True):
    """A secret key as text, and a sentence for people on where it came from; `made` at this very start or not."""

    secret: Secret
    origin: str
    made: bool = False


def find_secret_key(given: Secret | None, file: Path | None, *, database: Path | None) -> FoundKey:
    """Return the key *given*, the one in *file*, or the one kept beside *database*, which the first start makes.

    Empty settings count as unset. Only a database that is not there yet gets a new key: an existing one was sealed
    with another. The text is not parsed here. Raises `SecretKeyUnusable`.
    """
    if given and file:
        raise SecretKeyUnusable("Both COLONY_SECRET_KEY and COLONY_SECRET_KEY_FILE are set: unset one of them")
    if given:
        return FoundKey(secret=given, origin="The secret key is the one in COLONY_SECRET_KEY.")
    if file:
        return _kept(file)
    if database is None:
        raise SecretKeyUnusable("Set COLONY_SECRET_KEY or COLONY_SECRET_KEY_FILE: this database is not a file")
    return _kept_or_made(database.with_name(f"{database.name}.key"), database)


def _kept_or_made(path: Path, database: Path) -> FoundKey:
    if not os.path.lexists(path):
        if database.exists() and database.stat().st_size:
            raise SecretKeyUnusable(
                f"{database} exists but its secret key {path} does not: put it back,"
                " or set COLONY_SECRET_KEY or COLONY_SECRET_KEY_FILE"
            )
        if _make(path):
            return FoundKey(
                secret=_read(path),
                origin=f"Made a new secret key in {path}: keep a copy of it apart from the database,"
                " which cannot be read without it.",
                made=True,
            )
    return _kept(path)


def _kept(path: Path) -> FoundKey:
    return FoundKey(secret=_read(path), origin=f"The secret key is the one in {path}.")


def _read(path: Path) -> Secret:
    try:
        # Without O_NONBLOCK a pipe in the key's place would hold the server up for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise SecretKeyUnusable(f"The secret key {path} cannot be read: {error.strerror}") from None
    try:
        _check_mode(path, os.fstat(descriptor))
        text = os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)
    return Secret(text.decode("ascii", errors="replace").strip())


def _check_mode(path: Path, found: os.stat_result) -> None:
    """Refuse what others can read or change; a group may read what somebody else (root, a mount) let it read."""
    if not stat.S_ISREG(found.st_mode):
        raise SecretKeyUnusable(f"The secret key {path} is not a regular file")
    forbidden = 0o077 if found.st_uid == os.geteuid() else 0o027
    if found.st_mode & forbidden:
        mode = stat.S_IMODE(found.st_mode)
        raise SecretKeyUnusable(f"The secret key {path} is open to others (mode {mode:04o}): chmod 600 {path}")


def _make(path: Path) -> bool:
    """Make a key at *path*, whole and on disk, unless another start was faster; return whether it is ours."""
    _check_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft)
        os.link(draft, path)
        _settle(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise SecretKeyUnusable(f"The secret key {path} cannot be made: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
    return True


def _check_folder(folder: Path) -> None:
    """Refuse a folder where anybody may put another file in the key's place."""
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise SecretKeyUnusable(f"The folder {folder} for the secret key cannot be used: {error.strerror}") from None
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise SecretKeyUnusable(f"Everybody may write to the folder {folder} of the secret key: chmod o-w {folder}")


def _write(draft: Path) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)  # whatever the umask
        file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(descriptor)


def _settle(folder: Path) -> None:
    """Make the folder's entry as durable as the file it names."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
