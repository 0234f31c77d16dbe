"""Where the secret key comes from, on a real file system."""

import os
import re
import stat
import threading
from pathlib import Path

import pytest

from colony_core.domain.secrets import Secret
from colony_crypto.sealing import parse_key
from colony_system.keyfile import FoundKey, SecretKeyUnusable, find_secret_key

KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "colony.db"


def test_a_first_start_makes_a_key_that_only_its_owner_can_read_and_says_so(database: Path) -> None:
    found = find_secret_key(None, None, database=database)

    path = database.with_name("colony.db.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert found.made
    assert str(path) in found.origin
    assert "keep a copy" in found.origin
    assert len(parse_key(found.secret)) == 32
    assert names_in(path.parent) == [path.name]


def test_later_starts_find_the_same_key(database: Path) -> None:
    first = find_secret_key(None, None, database=database)
    database.write_bytes(b"something sealed")

    second = find_secret_key(None, None, database=database)

    assert second.secret == first.secret
    assert not second.made


def test_two_databases_have_two_keys(tmp_path: Path) -> None:
    one, other = (find_secret_key(None, None, database=tmp_path / name) for name in ("one.db", "other.db"))

    assert one.secret != other.secret


def test_starts_at_the_same_moment_agree_on_one_key(database: Path) -> None:
    found: list[FoundKey] = []
    ready = threading.Barrier(8)

    def start() -> None:
        ready.wait(10)
        found.append(find_secret_key(None, None, database=database))

    starts = [threading.Thread(target=start) for _ in range(8)]
    for each in starts:
        each.start()
    for each in starts:
        each.join(10)

    assert len(found) == 8
    assert len({each.secret for each in found}) == 1
    assert sum(each.made for each in found) == 1
    assert names_in(database.parent) == ["colony.db.key"]


def test_an_existing_database_gets_no_new_key(database: Path) -> None:
    database.write_bytes(b"something sealed")

    with pytest.raises(SecretKeyUnusable, match="put it back"):
        find_secret_key(None, None, database=database)

    assert names_in(database.parent) == ["colony.db"]


def test_a_given_key_is_taken_and_nothing_is_written(database: Path) -> None:
    found = find_secret_key(Secret(KEY), None, database=database)

    assert found.secret.reveal() == KEY
    assert KEY not in found.origin
    assert names_in(database.parent) == []


def test_a_given_file_is_read_without_its_newline(tmp_path: Path, database: Path) -> None:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    path.chmod(0o400)

    found = find_secret_key(Secret(""), path, database=database)

    assert found.secret.reveal() == KEY
    assert names_in(tmp_path) == ["key"]


def test_a_key_and_a_file_are_one_too_many(tmp_path: Path, database: Path) -> None:
    with pytest.raises(SecretKeyUnusable, match="unset one"):
        find_secret_key(Secret(KEY), tmp_path / "key", database=database)


def test_a_database_that_is_no_file_needs_a_given_key() -> None:
    with pytest.raises(SecretKeyUnusable, match="Set COLONY_SECRET_KEY"):
        find_secret_key(None, None, database=None)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(mode)

    with pytest.raises(SecretKeyUnusable, match=re.escape(f"mode {mode:04o}): chmod 600 {path}")) as refused:
        find_secret_key(None, path, database=None)

    assert KEY not in str(refused.value)


def test_a_key_beside_the_database_that_others_can_read_is_refused(database: Path) -> None:
    find_secret_key(None, None, database=database)
    database.with_name("colony.db.key").chmod(0o644)

    with pytest.raises(SecretKeyUnusable, match="chmod 600"):
        find_secret_key(None, None, database=database)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize(("mode", "readable"), [(0o440, True), (0o400, True), (0o444, False), (0o460, False)])
def test_a_mounted_key_may_be_read_by_the_group_that_its_owner_chose(
    tmp_path: Path, *, mode: int, readable: bool
) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    os.chown(path, 65534, 65534)
    path.chmod(mode)

    if readable:
        assert find_secret_key(None, path, database=None).secret.reveal() == KEY
    else:
        with pytest.raises(SecretKeyUnusable, match="open to others"):
            find_secret_key(None, path, database=None)


def test_a_missing_file_a_folder_and_a_pipe_are_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)

    for path, reason in [
        (tmp_path / "absent", "No such file"),
        (tmp_path, "not a regular file"),
        (pipe, "not a regular file"),
    ]:
        with pytest.raises(SecretKeyUnusable, match=reason):
            find_secret_key(None, path, database=None)


def test_no_key_is_made_where_anybody_could_exchange_it(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)

    with pytest.raises(SecretKeyUnusable, match="chmod o-w"):
        find_secret_key(None, None, database=folder / "colony.db")

    assert names_in(folder) == []


def test_a_folder_as_open_as_tmp_will_do_as_nobody_can_exchange_files_there(tmp_path: Path) -> None:
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)

    assert find_secret_key(None, None, database=folder / "colony.db").made


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretKeyUnusable, match="absent for the secret key"):
        find_secret_key(None, None, database=tmp_path / "absent" / "colony.db")


def test_a_link_to_nowhere_is_not_followed_to_make_a_key(tmp_path: Path, database: Path) -> None:
    database.with_name("colony.db.key").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(SecretKeyUnusable, match="No such file"):
        find_secret_key(None, None, database=database)

    assert not (tmp_path / "elsewhere").exists()


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())
