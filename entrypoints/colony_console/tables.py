"""Text in columns."""

from collections.abc import Sequence

_GAP = 2
_READABLE = 20
"""Columns are not cut below this width: what does not fit then is cut off at the right, as `ps` does it."""


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None) -> list[str]:
    """Return the lines of a table; where it is wider than *width*, long cells are cut, then the lines."""
    lines = [list(titles), *map(list, rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    if width is not None:
        widths = _fitted(widths, width - _GAP * (len(widths) - 1))
    written = (_line(line, widths) for line in lines)
    return [_cut(line, width or len(line)) for line in written]


def _fitted(widths: list[int], room: int) -> list[int]:
    widths = list(widths)
    while sum(widths) > room and max(widths) > _READABLE:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = (_cut(cell, size).ljust(size) for cell, size in zip(cells, widths, strict=True))
    return (" " * _GAP).join(fitted).rstrip()


def _cut(cell: str, size: int) -> str:
    return cell if len(cell) <= size else cell[: size - 1] + "…"
