"""Hits: exact widths, no number before its time, names that are hostile."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.tui.stepping import program
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.scene.hits import heads_line, hit_line
from tracer.scene.palette import DARK
from tracer.text import LANGS, Lang
from tracer.trace.trace import Trace


def hostile() -> Trace:
    """Names and scopes that are markup, wide, unseen, and ten thousand cells long."""
    with record() as rec:
        x = Value(1.0, name="[red]x[/]" + "勾配" * 2500)
        with scope("[bold]" + "層" * 5000):
            (x * 2).named("\u202e[link=x]y").backward()
    return rec.trace


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("width", [20, 76, 136])
def test_a_line_takes_exactly_its_cells(lang: Lang, width: int) -> None:
    for trace in (program(), hostile()):
        lines = [hit_line(trace.cursor(-1), node, lang, DARK, width) for node in range(trace.n_nodes)]
        assert {cell_len(line.plain) for line in (*lines, heads_line(trace, lang, DARK, width))} == {width}


def test_markup_in_a_name_is_a_name() -> None:
    trace = hostile()
    assert "[link=x]y" in hit_line(trace.cursor(-1), trace.n_nodes - 1).plain
    assert "\u202e" not in hit_line(trace.cursor(-1), trace.n_nodes - 1).plain


def test_no_number_stands_in_a_line_before_its_time() -> None:
    trace = program()
    y, a = trace.resolve("y"), trace.resolve("a")
    assert hit_line(trace.cursor(0), y).plain.split()[1:4] == ["×", "?", "?"]
    made = trace.cursor(trace.made_at(y))
    assert hit_line(made, y).plain.split()[1:4] == ["×", "10", "?"]
    assert hit_line(trace.cursor(-1), a).plain.split()[1:4] == ["+", "5", "2"]


def test_a_gradient_that_misses_a_contribution_says_so() -> None:
    trace = program()
    x = trace.resolve("x")
    partial = next(p for p in range(len(trace)) if trace.cursor(p).grad_state(x) == "partial")
    assert "…" in hit_line(trace.cursor(partial), x).plain
    assert "…" not in hit_line(trace.cursor(-1), x).plain


def test_the_marked_line_is_marked_by_a_sign_too() -> None:
    trace = program()
    assert hit_line(trace.cursor(-1), 0, marked=True).plain.startswith("› ")
    assert hit_line(trace.cursor(-1), 0).plain.startswith("  ")
