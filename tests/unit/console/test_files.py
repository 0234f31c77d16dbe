"""What people hand in as a file."""

from pathlib import Path

import pytest

from colony_console.failures import BadInput
from colony_console.files import read_json


def test_an_object_is_read(tmp_path: Path) -> None:
    file = tmp_path / "cluster.json"
    file.write_bytes(b'\xef\xbb\xbf{"name": "prod"}')

    assert read_json(str(file)) == {"name": "prod"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"name": }', "Expecting value (line 1, column 10)"),
        (b"[1]", "does not hold a JSON object"),
        (b"\xff", "is not UTF-8 text"),
        (b"", "Expecting value (line 1, column 1)"),
        (b"[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "cluster.json"
    file.write_bytes(content)

    with pytest.raises(BadInput) as refused:
        read_json(str(file))
    assert told in refused.value.message
    assert refused.value.details == ()


@pytest.mark.parametrize("name", ["cluster.yaml", "cluster.yml", "cluster"])
def test_yaml_is_recognised_and_not_read(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("name: prod\n")

    with pytest.raises(BadInput) as refused:
        read_json(str(file))
    assert refused.value.details == ("YAML is not read: write it as JSON.",)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file or directory"):
        read_json(str(tmp_path / "nothing.json"))
