"""No panel shows a number the walk has not reached; and the scanner would see one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.explain.future import Recipe, Scanner, recipes
from tracer.explain.explain import explain
from tracer.explain.proof import check_at
from tracer.scene.explanation import explanation_panel, lines_of
from tracer.scene.source import source_panel
from tracer.scene.timeline import timeline
from tracer.scene.values import values_panel
from tracer.text import LANGS
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

WIDTH = 70
KNOWN = Recipe((1234, 5678, 2469), (("mul", 0, 1), ("tanh", 3, 0), ("mul", 4, 2), ("add", 5, 3)), 2, True)


def shown(cursor: Cursor) -> list[str]:
    """Every line of every panel at a moment, nothing and one node selected. Line numbers of the source do not count."""
    lines: list[str] = []
    at_work = {n for n in (cursor.moment.node, cursor.moment.user) if n is not None}
    for lang in LANGS:
        checks = [check_at(cursor, node) for node in at_work]
        for selected in (None, cursor.position % cursor.trace.n_nodes):
            told = explain(cursor, selected)
            lines += lines_of(
                explanation_panel(told, lang, checks=checks, step=cursor.index("edge"), glossary=True), WIDTH
            )
            lines += [line.plain for line in values_panel(cursor, lang, height=12, selected=selected).lines(WIDTH)]
        lines.append(timeline(cursor, lang, width=WIDTH).text.plain)
        lines += [line.plain[4:] for line in source_panel(cursor, lang, height=12).lines(WIDTH)]
    return lines


def leaks(trace: Trace) -> list[tuple[int, str, str]]:
    scanner = Scanner.of(trace)
    found = []
    for position in range(len(trace) + 1):
        cursor = trace.cursor(position)
        found += [(position, n, line) for line in dict.fromkeys(shown(cursor)) for n in scanner.leaks(cursor, line)]
    return found


@settings(max_examples=6, deadline=None)
@given(recipes())
def test_no_panel_shows_a_number_of_the_future(recipe: Recipe) -> None:
    assert leaks(recipe.record()) == []


@pytest.mark.parametrize("what", ["data", "grad"])
def test_a_panel_that_read_final_numbers_would_be_caught(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = KNOWN.record()
    scanner = Scanner.of(trace)
    last = trace.cursor(len(trace))
    final = {node: getattr(last, what)(node) for node in range(trace.n_nodes)}
    cursor = trace.cursor(3 if what == "data" else trace.passes[0].start + 2)
    assert not [n for line in shown(cursor) for n in scanner.leaks(cursor, line)]
    monkeypatch.setattr(Cursor, what, lambda self, node: final[self.trace.resolve(node)])
    values = [line.plain for line in values_panel(cursor, height=12).lines(WIDTH)]
    assert [n for line in values for n in scanner.leaks(cursor, line)]
