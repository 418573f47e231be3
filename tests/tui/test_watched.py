"""Watches at a moment: by name, as figures, and none before its time."""

from __future__ import annotations

from rich.cells import cell_len

from tests.tui.stepping import program
from tracer.scene.palette import DARK
from tracer.scene.watches import watch_line, watch_lines
from tracer.trace.watches import parse_watch
from tracer.tui.watched import node_of, watch_of, watched

TEXTS = ("w", "y", "norm grad", "count of op == add", "max value", "nobody")


def test_at_every_position_a_watch_shows_what_the_cursor_knows() -> None:
    trace = program()
    watches = [parse_watch(text) for text in TEXTS]
    w, y = trace.resolve("w"), trace.resolve("y")
    for position in range(len(trace) + 1):
        cursor = trace.cursor(position)
        rows = watched(cursor, "edge", watches, "en")
        assert (rows[0].value.words == "?") == (cursor.data(w) is None)
        assert (rows[0].grad.words == "?") == (cursor.grad(w) is None)
        assert (rows[1].value.words == "10") == cursor.is_made(y)
        assert (rows[2].grad.words == "?") == all(cursor.grad(node) is None for node in range(trace.n_nodes))
        assert rows[3].value.words == "1"
        assert rows[5].value.words == "not here"


def test_only_what_the_last_step_changed_is_marked() -> None:
    trace = program()
    y = trace.made_at(trace.resolve("y"))
    watches = [parse_watch("y"), parse_watch("a")]
    assert [row.changed for row in watched(trace.cursor(y), "part", watches, "en")] == [True, False]
    assert not any(row.changed for row in watched(trace.cursor(0), "part", watches, "en"))


def test_a_node_is_watched_by_a_name_that_finds_it() -> None:
    trace = program()
    for node in range(trace.n_nodes):
        assert node_of(watch_of(trace, node), trace) == node


def test_rows_and_the_line_have_exact_widths_and_count_what_they_leave_out() -> None:
    trace = program()
    rows = watched(trace.cursor(-1), "edge", [parse_watch(text) for text in TEXTS] * 3, "ja")
    for width in (24, 40, 78):
        assert {cell_len(line.plain) for line in watch_lines(rows, "ja", DARK, width, 5)} == {width}
        assert cell_len(watch_line(rows, "ja", DARK, width).plain) == width
    assert "14" in watch_lines(rows, "en", DARK, 40, 5)[-1].plain
    assert "+" in watch_line(rows, "en", DARK, 78).plain
