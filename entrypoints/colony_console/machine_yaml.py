"""Lists of machines as YAML: `machines:` with one mapping each, or the list alone.

Every value is taken as the text that it is written as, so that a password of 0123 stays one. Anchors, aliases and deep
nesting are refused before anything is built of them.
"""

from collections.abc import Sequence

import yaml

from colony_console.failures import BadInput
from colony_console.machine_rows import Cell, Row, RowWrong, Unusable, cells_of, field_of, row_of

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_NULL = "tag:yaml.org,2002:null"
_DEEPEST = 5
"""Levels of nesting: the document, its list, a machine, its tags."""


def read_yaml(text: str, where: str) -> list[Row | Unusable]:
    """Return every row of *text*; raise `BadInput` where it is no list of machines at all."""
    try:
        _require_plain(text, where)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"{where}{place}: not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise BadInput(f"{where}: not YAML: {str(error).splitlines()[0]}") from None
    return [_row(node) for node in _machines(root, where)]


def write_yaml(rows: Sequence[Row], *, secrets: bool) -> str:
    """Return *rows* as a document, in which passwords have a key if *secrets*."""
    machines = []
    for row in rows:
        cells = cells_of(row)
        machine: dict[str, object] = {
            name: cell for name, cell in cells.items() if cell is not None and (secrets or name != "ipmi_pass")
        }
        machine |= {"port": row.port} if row.port is not None else {}
        machine |= {"insecure": row.insecure} if row.insecure is not None else {}
        machine |= {"macs": list(row.macs)} if row.macs else {}
        machine |= {"tags": dict(sorted(row.tags.items()))} if row.tags else {}
        machines.append(machine)
    written: str = yaml.dump(
        {"machines": machines}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False
    )
    return written


def _require_plain(text: str, where: str) -> None:
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise BadInput(f"{where}, line {line}: anchors and aliases are not read: write each machine out")
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise BadInput(f"{where}, line {line}: there is more than one document")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise BadInput(f"{where}, line {line}: it is nested too deeply for a list of machines")


def _machines(root: yaml.Node | None, where: str) -> list[yaml.Node]:
    if isinstance(root, yaml.MappingNode) and [key.value for key, _ in root.value] == ["machines"]:
        root = root.value[0][1]
    if not isinstance(root, yaml.SequenceNode):
        raise BadInput(f"{where} is not a list of machines", "Write `machines:`, and under it an entry for each.")
    if not root.value:
        raise BadInput(f"{where} names no machine")
    return list(root.value)


def _row(node: yaml.Node) -> Row | Unusable:
    line = node.start_mark.line + 1
    try:
        return row_of(_cells(node), line=line)
    except RowWrong as error:
        return Unusable(line, str(error))


def _cells(node: yaml.Node) -> dict[str, Cell]:
    if not isinstance(node, yaml.MappingNode):
        raise RowWrong("it is not a mapping such as {hostname: server01, ip: 192.168.2.50}")
    cells: dict[str, Cell] = {}
    for key, value in node.value:
        name = _text(key) or ""
        field = field_of(name)
        if field is None:
            raise RowWrong(f"nothing is known of a key called {name[:40]!r}")
        if field in cells:
            raise RowWrong(f"two keys stand for one thing ({name})")
        cells[field] = _cell(value)
    return cells


def _cell(node: yaml.Node) -> Cell:
    if isinstance(node, yaml.SequenceNode):
        return [_text(one) or "" for one in node.value]
    if isinstance(node, yaml.MappingNode):
        pairs = [(_text(key) or "", _text(value) or "") for key, value in node.value]
        if len(dict(pairs)) != len(pairs):
            raise RowWrong("a tag is given twice")
        return dict(pairs)
    return _text(node)


def _text(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.ScalarNode):
        raise RowWrong("it is nested too deeply")
    return None if node.tag == _NULL else str(node.value)
