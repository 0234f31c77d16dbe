"""Makes a test of a journal: a file for pytest, and the journal beside it."""

import re
from pathlib import Path

from colony_console.failures import Failure
from colony_core.domain.histories import Journal

_TEST = '''"""{title} must go on as it went: {end}.

Written by `colony replay --as-test`; run it with pytest. It needs no server, no database and no machine.
"""

from pathlib import Path

from colony_core.application.journals import read
from colony_core.domain.replaying import replay

JOURNAL = Path(__file__).with_name("{journal}")


def test_{name}_goes_as_it_went() -> None:
    replayed = replay(read(JOURNAL.read_bytes()))

    assert replayed.differences == ()
'''


def write_test(journal: Journal, data: bytes, folder: Path) -> Path:
    """Write *data*, which *journal* was read from, and its test into *folder*; return where the test is."""
    run = journal.histories[0].run
    name = re.sub(r"[\W_]+", "_", f"{run.type.value}_{run.id}", flags=re.ASCII).strip("_").lower()
    why = f", {run.error.code}" if run.error else ""
    title, end = (re.sub(r"[^\w (),.-]", "", text) for text in (f"{run.id} ({run.type.value})", run.status + why))
    test, kept = folder / f"test_{name}.py", f"{name}.journal.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / kept).write_bytes(data)
        test.write_text(_TEST.format(title=title, end=end, journal=kept, name=name), encoding="utf-8")
    except OSError as error:
        raise Failure(f"Cannot write {error.filename or folder}: {error.strerror}") from error
    return test
