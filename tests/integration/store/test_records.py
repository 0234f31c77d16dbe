"""What was written once can be read for good."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from colony_store.records import (
    ANSWERS,
    API_KEYS,
    ASSETS,
    AUDIT,
    CLUSTERS,
    DEAD_LETTERS,
    ENTRIES,
    HEALTHS,
    RUNS,
    STRETCHES,
    WEBHOOKS,
    Codec,
    RecordTooNew,
)

# <kind>-<version>.jsonl: documents as a release wrote them. A new version gets a new file; the old ones stay.
DOCUMENTS = sorted((Path(__file__).parent / "documents").glob("*.jsonl"))
CODECS: dict[str, Codec[Any]] = {
    "answers": ANSWERS,
    "api_keys": API_KEYS,
    "assets": ASSETS,
    "audit": AUDIT,
    "clusters": CLUSTERS,
    "dead_letters": DEAD_LETTERS,
    "entries": ENTRIES,
    "healths": HEALTHS,
    "runs": RUNS,
    "stretches": STRETCHES,
    "webhooks": WEBHOOKS,
}


class Thing(Struct):
    """A type that has gone through three versions."""

    name: str
    size: int


UPGRADES = {
    1: lambda old: {"name": old["title"]},
    2: lambda old: {**old, "size": len(old["name"])},
}


def is_in(old: object, new: object) -> bool:
    """Tell whether everything that *old* says is said by *new* too."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and is_in(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_in, old, new))
    return old == new


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.stem))
def test_documents_of_every_release_are_read_and_nothing_of_them_is_lost(file: Path) -> None:
    kind, _, version = file.stem.rpartition("-")
    codec = CODECS[kind]
    for document in file.read_text(encoding="utf-8").splitlines():
        value = codec.decode(document, int(version))

        if int(version) == codec.version:
            assert is_in(json.loads(document), json.loads(codec.encode(value)))


@pytest.mark.parametrize("kind", CODECS)
def test_todays_version_of_every_record_has_its_documents(kind: str) -> None:
    assert any(file.stem == f"{kind}-{CODECS[kind].version}" for file in DOCUMENTS)


@pytest.mark.parametrize(
    ("document", "version"),
    [('{"title":"four"}', 1), ('{"name":"four"}', 2), ('{"name":"four","size":4}', 3)],
)
def test_an_old_document_goes_through_every_upgrade_since(document: str, version: int) -> None:
    codec = Codec(Thing, version=3, upgrades=UPGRADES)

    assert codec.decode(document, version) == Thing("four", 4)


def test_a_document_of_a_newer_release_is_refused() -> None:
    with pytest.raises(RecordTooNew, match=r"Thing has version 4.*up to 3"):
        Codec(Thing, version=3, upgrades=UPGRADES).decode("{}", 4)
