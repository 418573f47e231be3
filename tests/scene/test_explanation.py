"""The explanation panel: nothing too wide, nothing lost, columns under each other, in any language."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tests.explain import programs
from tracer.core.record import record
from tracer.core.value import Value
from tracer.explain.explain import explain
from tracer.explain.proof import check_at
from tracer.scene.explanation import ExplanationPanel, explanation_panel, lines_of
from tracer.scene.palette import LIGHT, PALETTES
from tracer.text import LANGS, Lang
from tracer.trace.cursor import Cursor
from tracer.trace.segment import GRANULARITIES, By
from tracer.trace.trace import Trace

WIDTHS = (20, 38, 52, 80, 120)


def panel(cursor: Cursor, lang: Lang = "en", by: By = "edge", **more: bool) -> ExplanationPanel:
    told = explain(cursor, by=by)
    checks = [check_at(cursor, n) for n in dict.fromkeys((told.user, told.node)) if n is not None]
    return explanation_panel(told, lang, checks=checks, step=cursor.index(by), **more)


def test_the_sixth_section_reads_as_designed() -> None:
    lines = list(lines_of(panel(programs.product().cursor(19)), 52))
    assert lines == [
        "BACKWARD   step 10 of 11   edge b → x",
        "",
        "b = x − 1 hands its gradient to x.",
        "",
        "  contribution = upstream · local",
        "               =    ∂y/∂b · ∂b/∂x",
        "               =        5 · 1",
        "               =        5   ◀ now",
        "        x.grad += 5   0 → 5",
        "",
        "Nudge x, and b moves by the same amount.",
        "",
        "x is used twice, so two routes bring gradient back.",
        "They add up:",
        "  through b   5   ◀ arriving",
        "  through a   ?",
        "  ∂y/∂x = ?",
        "",
        "✓ ∂y/∂b = 5: nudging b shows the same (difference 0)",
        "? x: 1 route still missing",
    ]


def test_it_reads_as_designed_in_japanese() -> None:
    lines = list(lines_of(panel(programs.product().cursor(19), "ja"), 52))
    assert lines[:9] == [
        "逆伝播   10 / 11 歩目   辺 b → x",
        "",
        "b = x − 1 が勾配を x に渡します。",
        "",
        "    寄与 = 上流の勾配 · 局所勾配",
        "         =      ∂y/∂b · ∂b/∂x",
        "         =          5 · 1",
        "         =          5   ◀ いま",
        "  x.grad += 5   0 → 5",
    ]
    assert "  b を通って   5   ◀ 到着" in lines


def test_a_whole_contribution_fits_the_panel_of_a_medium_terminal() -> None:
    """SCREENS.md gives the panel 21 lines of 52 cells at 120x40."""
    trace = programs.product()
    for position in trace.stops("edge").tolist()[:-1]:
        for lang in LANGS:
            assert len(list(lines_of(panel(trace.cursor(position), lang), 52))) <= 21


@pytest.mark.parametrize("program", programs.ALL)
@pytest.mark.parametrize("lang", LANGS)
def test_no_line_is_wider_than_the_panel_and_no_word_is_lost(program: str, lang: Lang) -> None:
    trace = programs.ALL[program]()
    for position in range(0, len(trace) + 1, 3):
        for by in GRANULARITIES[:3]:
            cursor = trace.cursor(position)
            told = explain(cursor, by=by)
            for width in WIDTHS:
                lines = list(lines_of(explanation_panel(told, lang), width))
                assert max(cell_len(line) for line in lines) <= width
                shown = "".join("".join(lines).split())
                for text in (told.lead, told.sentence, *(note.text for note in told.notes)):
                    assert "".join(text[lang].split()) in shown
                for block in told.blocks:
                    for row in block:
                        for term in row.terms:
                            assert "".join(term[lang].split()) in shown


def long_names() -> Trace:
    with record() as rec:
        weights = {"layers[0].neurons[12].weights": Value(0.12345, name="network.layers[0].neurons[12].weights[3]")}
        signal = Value(1.5, name="入力信号")
        for weight in weights.values():
            (weight * signal).tanh().named("hidden_activation_before_the_gate").backward()
    return rec.trace


@settings(max_examples=40, deadline=None)
@given(st.integers(12, 60), st.integers(0, 30), st.sampled_from(LANGS))
def test_long_names_wrap_at_any_width(width: int, position: int, lang: Lang) -> None:
    trace = _LONG
    lines = list(lines_of(panel(trace.cursor(min(position, len(trace))), lang), width))
    assert max(cell_len(line) for line in lines) <= width


_LONG = long_names()


def test_names_that_look_like_markup_are_shown_as_they_are() -> None:
    with record() as rec:
        Value(1.0, name="[bold red]x[/]")
    lines = list(lines_of(panel(rec.trace.cursor(1)), 60))
    assert "  [bold red]x[/] = 1   ◀ now" in lines


def test_the_words_of_the_field_can_follow_with_their_meanings() -> None:
    cursor = programs.product().cursor(19)
    assert "Words" not in list(lines_of(panel(cursor), 52))
    lines = list(lines_of(panel(cursor, glossary=True), 52))
    after = lines[lines.index("Words") :]
    assert any(line.startswith("contribution  What one edge delivers") for line in after)


@pytest.mark.parametrize("name", PALETTES)
def test_it_prints_in_every_theme(name: str) -> None:
    console = Console(width=52, record=True, file=io.StringIO())
    console.print(explanation_panel(explain(programs.product().cursor(19)), "en", PALETTES[name]))
    assert "through b" in console.export_text()


def test_wrong_and_right_differ_by_sign_and_by_colour() -> None:
    trace = programs.recursion()
    cursor = trace.cursor(len(trace))
    told = explain(cursor, "b")
    shown = explanation_panel(told, "en", LIGHT, checks=[check_at(cursor, "b"), check_at(cursor, "a")])
    lines = shown.lines(Console(width=60), 60)
    checked = [line for line in lines if line.plain.startswith("✓")]
    assert len(checked) == 1  # of the node it is about, not of all
    assert checked[0].spans[0].style == LIGHT.style("ok", bold=True) or checked[0].style == LIGHT.style("ok", bold=True)
