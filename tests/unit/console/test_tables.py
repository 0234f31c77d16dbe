"""Text in columns."""

from hypothesis import given
from hypothesis import strategies as st

from colony_console.tables import table
from colony_console.wording import clean

CELLS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
ROWS = st.integers(1, 6).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1))


def test_columns_are_aligned() -> None:
    assert table(["ID", "STATUS", "CPU"], [["asset-1", "available", "Xeon"], ["asset-10", "-", "Intel Xeon"]]) == [
        "ID        STATUS     CPU",
        "asset-1   available  Xeon",
        "asset-10  -          Intel Xeon",
    ]


def test_long_cells_are_cut_first() -> None:
    assert table(["NOTE", "ID"], [["the controller has been silent for an hour", "asset-1"]], width=40) == [
        "NOTE                             ID",
        "the controller has been silent…  asset-1",
    ]


def test_what_does_not_fit_then_is_cut_off_at_the_right() -> None:
    assert table(["ID", "STATUS", "CPU"], [["asset-1", "available", "Intel Xeon"]], width=22) == [
        "ID       STATUS     C…",
        "asset-1  available  I…",
    ]


@given(rows=ROWS, width=st.integers(1, 100))
def test_no_line_is_wider_than_the_terminal(rows: list[list[str]], width: int) -> None:
    titles, *rest = rows

    assert all(len(line) <= width for line in table(titles, rest, width=width))


@given(rows=ROWS)
def test_nothing_is_cut_where_nobody_looks(rows: list[list[str]]) -> None:
    titles, *rest = rows

    assert [line.split() for line in table(titles, rest)] == rows


@given(text=st.text())
def test_nothing_from_elsewhere_steers_the_terminal(text: str) -> None:
    assert clean(text).isprintable()
    assert len(clean(text)) == len(text)
