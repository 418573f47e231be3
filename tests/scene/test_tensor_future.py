"""No panel shows a tensor's number that the walk has not reached; and the scanner would see one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.explain.tensor_future import KNOWN, TensorRecipe, scanner_of, tensor_recipes
from tracer.explain.explain import explain
from tracer.scene.canvas import draw
from tracer.scene.explanation import explanation_panel, lines_of
from tracer.scene.scene import build_scene
from tracer.scene.tensor import tensor_panel
from tracer.scene.values import values_panel
from tracer.text import LANGS
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.trace.trace import Trace

WIDTH = 70
SHOWN: tuple[By, ...] = ("part", "node")


def shown(cursor: Cursor) -> list[str]:
    """Every line of every panel at a moment, some node selected; the picture in both notations."""
    lines: list[str] = []
    trace, selected = cursor.trace, cursor.position % cursor.trace.n_nodes
    for lang in LANGS:
        for by in SHOWN:
            for node in (None, selected):
                told = explain(cursor, node, by=by, element=1)
                lines += [text[lang] for text in told.texts()]
                lines += lines_of(explanation_panel(told, lang), WIDTH)
        lines += [line.plain for line in values_panel(cursor, lang, height=20, selected=selected).lines(WIDTH)]
        for node in {selected, cursor.moment.node} - {None}:
            if trace.shape(node):
                for zoom in ("numbers", "heat"):
                    panel = tensor_panel(cursor, node, lang, height=14, cell=0, zoom=zoom)  # type: ignore[arg-type]
                    lines += [line.plain for line in panel.lines(WIDTH)]
    for notation in ("boxes", "textbook"):
        lines += draw(build_scene(cursor, by="node", notation=notation)).lines()  # type: ignore[arg-type]
    return lines


def leaks(trace: Trace) -> list[tuple[int, str, str]]:
    scanner, found = scanner_of(trace), []
    for position in range(0, len(trace) + 1, 3):
        cursor = trace.cursor(position)
        found += [(position, n, line) for line in dict.fromkeys(shown(cursor)) for n in scanner.leaks(cursor, line)]
    return found


@settings(max_examples=2, deadline=None)
@given(tensor_recipes())
def test_no_panel_shows_a_tensors_number_of_the_future(recipe: TensorRecipe) -> None:
    assert leaks(recipe.record()) == []


def test_the_program_that_is_always_tried_has_nothing_to_hide() -> None:
    assert leaks(KNOWN.record()) == []


@pytest.mark.parametrize("what", ["data", "grad"])
def test_a_panel_that_read_final_numbers_would_be_caught(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = KNOWN.record()
    scanner, last = scanner_of(trace), trace.cursor(len(trace))
    final = {node: getattr(last, what)(node) for node in range(trace.n_nodes)}
    cursor = trace.cursor(4 if what == "data" else trace.passes[0].start + 2)
    node = 0 if what == "grad" else 1
    panel = tensor_panel(cursor, trace.n_nodes - 3 if what == "data" else node, height=14)
    assert not [n for line in panel.lines(WIDTH) for n in scanner.leaks(cursor, line.plain)]
    monkeypatch.setattr(Cursor, what, lambda self, node: final[self.trace.resolve(node)])
    panel = tensor_panel(cursor, trace.n_nodes - 3 if what == "data" else trace.passes[0].root - 2, height=14)
    assert [n for line in panel.lines(WIDTH) for n in scanner.leaks(cursor, line.plain)]
