"""No explanation, check or word on trouble holds a number the walk has not reached; and the scanner would see one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests.explain.future import Recipe, Scanner, recipes
from tracer.explain.explain import explain
from tracer.explain.proof import check_at
from tracer.explain.trouble import first_trouble
from tracer.numbers import format_number
from tracer.text import LANGS, Text
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.trace.trace import Trace

SHOWN: tuple[By, ...] = ("part", "edge", "node")
KNOWN = Recipe((1234, 5678, 2469), (("mul", 0, 1), ("tanh", 3, 0), ("mul", 4, 2), ("add", 5, 3)), 2, True)


def said(cursor: Cursor) -> list[str]:
    """Everything that can be said at a moment, in both languages."""
    texts: list[Text] = []
    for by in SHOWN:
        texts += explain(cursor, by=by).texts()
    for node in range(cursor.trace.n_nodes):
        texts += explain(cursor, node).texts()
        if node in (cursor.moment.node, cursor.moment.user) or cursor.position % 4 == 0:
            texts.append(check_at(cursor, node).reason)
    trouble = first_trouble(cursor)
    if trouble is not None:
        texts.append(trouble.text)
    return [text[lang] for text in dict.fromkeys(texts) for lang in LANGS]


def leaks(trace: Trace, positions: range | None = None) -> list[tuple[int, str, str]]:
    scanner = Scanner.of(trace)
    found = []
    for position in positions or range(len(trace) + 1):
        cursor = trace.cursor(position)
        for text in said(cursor):
            found += [(position, number, text) for number in scanner.leaks(cursor, text)]
    return found


@settings(max_examples=10, deadline=None)
@given(recipes())
def test_nothing_that_is_said_comes_from_later(recipe: Recipe) -> None:
    assert leaks(recipe.record()) == []


def test_the_program_that_is_always_tried_has_nothing_to_hide() -> None:
    assert leaks(KNOWN.record()) == []


@pytest.mark.parametrize("what", ["data", "grad"])
def test_the_scanner_sees_a_number_read_from_the_end(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were `cursor.grad` or `cursor.data` to answer with final numbers, the test above would fail."""
    trace = KNOWN.record()
    honest = getattr(Cursor, what)
    last = trace.cursor(len(trace))
    final = {node: honest(last, node) for node in range(trace.n_nodes)}
    monkeypatch.setattr(Cursor, what, lambda self, node: final[self.trace.resolve(node)])
    if what == "data":
        monkeypatch.setattr(Cursor, "is_made", lambda self, node: True)
    scanner = Scanner(tuple(_honest_numbers))
    cursor = trace.cursor(trace.passes[0].start + 2)
    assert any(list(scanner.leaks(cursor, text)) for text in said(cursor))


_honest_numbers = Scanner.of(KNOWN.record()).numbers


def test_the_scanner_sees_every_later_number_planted_in_a_sentence() -> None:
    trace = KNOWN.record()
    scanner = Scanner.of(trace)
    cursor = trace.cursor(4)
    known = {format_number(v) for p, v in scanner.numbers if p <= 4}
    later = [v for p, v in scanner.numbers if p > 4 and format_number(v) not in known]
    assert len(later) > 20
    told = explain(cursor)
    for number in later:
        planted = replace(
            told, sentence=Text(f"So it is {format_number(-number)}.", f"これは {format_number(number)} です。")
        )
        for lang in LANGS:
            assert list(scanner.leaks(cursor, planted.plain(lang)))
