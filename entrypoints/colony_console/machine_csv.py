"""Lists of machines as CSV: three documented forms to read, and one form to write that holds everything.

Rows are told apart as RFC 4180 has it; besides, blank lines and lines that begin with `#` are passed over.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote

from colony_console.failures import BadInput
from colony_console.machine_rows import EXPORTED, Cell, Row, RowWrong, Unusable, cells_of, field_of, row_of
from colony_core.domain.topology.names import is_dns_name

HEADERLESS = ("address", "username", "password")
"""What the columns of a list without a header are."""

_SPECIAL = ',"\r\n#'


def read_csv(text: str, where: str) -> list[Row | Unusable]:
    """Return every row of *text*; raise `BadInput` where it is no list of machines at all."""
    records = _records(text, where)
    first = next(records, None)
    if first is None:
        raise BadInput(f"{where} names no machine")
    line, cells = first
    if field_of(cells[0]) is None:
        _require_headerless(cells, f"{where}, line {line}")
        return [_row(HEADERLESS, *first), *(_row(HEADERLESS, *record) for record in records)]
    columns = _columns(cells, f"{where}, line {line}")
    return [_row(columns, *record) for record in records]


def write_csv(rows: Sequence[Row], *, secrets: bool) -> str:
    """Return *rows* as a list with a header, in which passwords have a column if *secrets*."""
    names = [name for name in EXPORTED if secrets or name != "ipmi_pass"]
    lines = [[*names, "macs", "tags"]]
    for row in rows:
        cells = cells_of(row)
        tags = "&".join(f"{quote(key, safe='/')}={quote(value, safe='')}" for key, value in sorted(row.tags.items()))
        lines.append([*(cells[name] or "" for name in names), " ".join(row.macs), tags])
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)


class _Lines:
    """The lines of a text for `csv.reader`; where a row could begin, blank lines and comments are left out."""

    def __init__(self, text: str) -> None:
        self._lines = iter(io.StringIO(text, newline=""))
        self._number = 0
        self.between_rows = True
        self.begun_at = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self._number += 1
            if self.between_rows and (not line.strip() or line.lstrip().startswith("#")):
                continue
            if self.between_rows:
                self.begun_at = self._number
                self.between_rows = False
            yield line


def _records(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of each row that has any, with the line where it begins."""
    lines = _Lines(text)
    reader = csv.reader(iter(lines), strict=True, skipinitialspace=True)
    while True:
        lines.between_rows = True
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise BadInput(f"{where}, line {lines.begun_at}: {error}; a quote that is not closed?") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield lines.begun_at, cells


def _require_headerless(cells: list[str], where: str) -> None:
    forms = (
        "Begin with a header such as hostname,ipmi_ip,ipmi_user,ipmi_pass,datacenter,rack,slot",
        "or hardware-id,ip,user,password,insecure; or leave it out and give ip,username,password in each line.",
    )
    if len(cells) == 1 and ";" in cells[0]:
        raise BadInput(f"{where}: the columns are separated by semicolons: save the list with commas")
    if not _is_host(cells[0].strip()):
        raise BadInput(f"{where} is neither a header nor does it begin with an address", *forms)
    if len(_trimmed(cells, len(HEADERLESS))) != len(HEADERLESS):
        raise BadInput(f"{where}: a list without a header has three columns, and this has {len(cells)}", *forms)


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return "." in text and is_dns_name(text)
    return True


def _columns(cells: list[str], where: str) -> tuple[str, ...]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    columns: list[str] = []
    for cell in cells:
        field = field_of(cell)
        if field is None:
            raise BadInput(f"{where}: nothing is known of a column called {cell[:40]!r}")
        if field in columns:
            raise BadInput(f"{where}: two columns stand for one thing ({cell.strip()})")
        columns.append(field)
    return tuple(columns)


def _row(columns: tuple[str, ...], line: int, cells: list[str]) -> Row | Unusable:
    cells = _trimmed(cells, len(columns))
    if len(cells) != len(columns):
        return Unusable(
            line, f"it has {len(cells)} cells where there are {len(columns)} columns: quote what has a comma"
        )
    try:
        given: dict[str, Cell] = dict(zip(columns, cells, strict=True))
        if tags := str(given.get("tags") or "").strip():
            given["tags"] = _tags(tags)
        return row_of(given, line=line)
    except RowWrong as error:
        return Unusable(line, str(error))


def _trimmed(cells: list[str], width: int) -> list[str]:
    """Return *cells* without the empty ones that a spreadsheet leaves behind the last column."""
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _tags(cell: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(cell, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=1000)
    except ValueError:
        raise RowWrong("tags must be written like rack=r1&slot=7") from None
    return dict(pairs)


def _quoted(cell: str) -> str:
    if any(each in cell for each in _SPECIAL) or cell != cell.strip():
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'
    return cell
