"""A folded picture says of its parts what their nodes say, at the time at which they say it."""

from __future__ import annotations

import math

import pytest

from tests.explain.future import Scanner
from tests.scene.folded_programs import layers, positions
from tests.scene.follow import edges_drawn
from tracer.layout.fold import Fold, Folding, draw_graph
from tracer.numbers import format_number
from tracer.scene.boxes_table import boxes_table
from tracer.scene.canvas import CLOSED, PORT, RECEIVES, draw
from tracer.scene.foldwords import about_fold
from tracer.scene.glyphs import ASCII
from tracer.scene.notation import NOTATIONS, Notation
from tracer.scene.outline import outline
from tracer.scene.scene import Box, Scene, build_scene
from tracer.text import LANGS
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

CLOSED_UP = Folding()
SOME_OPEN = Folding(frozenset({"position 0–2", "position 1"}))
LAYER_OPEN = Folding(frozenset({"layer 2", "layer 2.linear"}))


def box(scene: Scene, title: str) -> Box:
    return next(one for one in scene.boxes if one.title == title)


def norm(cursor: Cursor, fold: Fold) -> float:
    """The norm of the gradients that the nodes of a fold have by now, node by node."""
    return math.sqrt(sum((cursor.grad(node) or 0.0) ** 2 for node in fold.nodes.tolist()))


def some(trace: Trace, step: int) -> list[Cursor]:
    return [trace.cursor(position) for position in (*range(0, len(trace) + 1, step), len(trace))]


@pytest.mark.parametrize("folding", [CLOSED_UP, SOME_OPEN])
def test_a_fold_says_what_its_nodes_say_taken_together(folding: Folding) -> None:
    trace = positions()
    folds = draw_graph(trace, 0, folding=folding).folds
    for cursor in some(trace, 5):
        for one in build_scene(cursor, folding=folding).boxes:
            if one.node >= 0:
                continue
            nodes = folds[one.node].nodes.tolist()
            made = [node for node in nodes if cursor.is_made(node)]
            counted = [node for node in made if trace.kind(node) != "const"]  # those stand in formulas
            values = [float(trace.value(node)) for node in counted]
            grads = [grad for node in nodes if (grad := cursor.grad(node)) is not None]
            low, high = (format_number(pick(values)) for pick in (min, max)) if values else ("", "")
            assert one.value == ("?" if not made else low if low == high else f"{low} … {high}")
            assert one.count.startswith(f"{len(made)} of {len(nodes)}" if len(made) < len(nodes) else f"{len(nodes)} ")
            assert one.grad.removesuffix(" …") == (format_number(norm(cursor, folds[one.node])) if grads else "?")
            assert bool(one.flow) == (cursor.position >= trace.passes[0].stop)


@pytest.mark.parametrize("program", [positions, layers])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_boxes_keep_their_places_while_the_walk_goes_on(program: object, notation: Notation) -> None:
    trace = program()  # type: ignore[operator]
    folding = SOME_OPEN if program is positions else LAYER_OPEN
    found = {
        tuple(
            (one.node, one.x, one.y, one.width, one.height)
            for one in build_scene(c, notation=notation, folding=folding).boxes
        )
        for c in some(trace, 97)
    }
    assert len(found) == 1


@pytest.mark.parametrize(("program", "folding"), [(positions, CLOSED_UP), (positions, SOME_OPEN), (layers, LAYER_OPEN)])
def test_the_characters_show_just_the_wires_of_the_picture(program: object, folding: Folding) -> None:
    """Followed cell by cell; a bundle is one wire, and its number hides no wire."""
    trace = program()  # type: ignore[operator]
    for position in (0, len(trace) // 3, 2 * len(trace) // 3 + 1, len(trace)):
        scene = build_scene(trace.cursor(position), folding=folding)
        lines = draw(scene).lines()
        for wire in scene.wires:
            if wire.count_at is not None:
                x, y = wire.count_at
                text = f"×{wire.count}"
                lines[y] = lines[y].replace(text, " " * len(text)) if lines[y][x : x + len(text)] == text else lines[y]
        drawn = edges_drawn(lines, scene)
        assert dict(drawn) == {
            (w.input, w.user): 1 for w in scene.wires if w.edge in draw_graph(trace, 0, folding=folding).bundles
        } | {pair: n for pair, n in drawn.items() if min(pair) >= 0}


def test_what_happens_inside_a_fold_happens_in_its_box() -> None:
    trace = positions()
    at = trace.passes[0].start
    seen = set()
    for position in range(at + 1, len(trace) + 1):
        cursor = trace.cursor(position)
        moment = cursor.moment
        if moment.user is None:
            continue
        scene = build_scene(cursor, folding=SOME_OPEN)
        working = [one for one in scene.boxes if one.working]
        assert [
            trace.scope(moment.user).startswith(one.title) or one.node == moment.user or one.path for one in working
        ]
        wires = [wire for wire in scene.wires if wire.working]
        assert len(working) == 1
        assert len(wires) <= 1
        for wire in wires:
            assert wire.user == working[0].node
            assert wire.backward
            assert wire.label
            seen.add(wire.count > 1)
    assert seen == {True, False}, "bundles and single edges were at work"


def test_a_parameter_is_a_row_in_the_box_that_uses_it_and_marked_when_it_receives() -> None:
    trace = layers()
    cursors = [c for c in some(trace, 7) if c.moment.kind == "edge"]
    marked = 0
    for cursor in cursors:
        scene = build_scene(cursor, folding=Folding())
        moment = cursor.moment
        assert moment.node is not None
        name = trace.label(moment.node)
        rows = [(one, row) for one in scene.boxes for row in one.ports if row.receiving]
        for one, row in rows:
            marked += 1
            assert one.working
            assert name.startswith(row.name)
    assert marked
    page = "\n".join(draw(build_scene(trace.cursor(-1), folding=LAYER_OPEN)).lines())
    assert PORT in page
    assert "w2[" in page, "a single node's box names the very element"


def test_a_port_has_the_norm_of_its_leaves_gradients_so_far() -> None:
    trace = layers()
    for cursor in some(trace, 211):
        scene = build_scene(cursor, folding=Folding(frozenset({"layer 0–3"})))
        row = box(scene, "layer 1").ports[0]
        assert row.name == "w1"
        leaves = [int(trace.find(f"w1[{i},{j}]")) for i in range(6) for j in range(6)]
        grads = [grad for leaf in leaves if (grad := cursor.grad(leaf)) is not None]
        expected = format_number(math.sqrt(sum(g * g for g in grads))) if grads else "?"
        assert row.grad.removesuffix(" …") == expected
        assert row.grad.endswith("…") == (len(grads) > 0 and any(cursor.grad_state(n) != "complete" for n in leaves))


def test_a_leaf_that_is_pointed_out_is_marked_in_the_box_that_uses_it() -> None:
    trace = layers()
    scene = build_scene(trace.cursor(-1), folding=LAYER_OPEN, selected=int(trace.find("w2[3,4]")))
    chosen = next(one for one in scene.boxes if one.selected)
    assert [row.name for row in chosen.ports if row.selected] == ["w2[3,4]"]


def test_a_stack_has_a_second_edge_and_a_fold_a_sign_in_ascii_too() -> None:
    scene = build_scene(positions().cursor(0), folding=CLOSED_UP)
    stack = next(one for one in scene.boxes if one.stacked)
    assert "×3" in stack.title
    lines = draw(scene).lines()
    assert lines[stack.y + 1][stack.right - 1 : stack.right + 1] == "╎╎"
    assert lines[stack.y + 1][stack.x + 2] == CLOSED
    plain = [ASCII.line(line) for line in lines]
    assert plain[stack.y + 1][stack.right - 1 : stack.right + 1] == "::"
    assert "+ position 0-2 *3" in plain[stack.y + 1]
    assert all(line.isascii() for line in plain)


def test_a_box_says_what_it_lies_in_and_what_closes_around_it() -> None:
    scene = build_scene(positions().cursor(0), folding=SOME_OPEN)
    inner = next(one for one in scene.boxes if one.path == "position 1")
    assert inner.closes == "position 1"
    assert "position 1" in draw(scene).lines()[inner.y]


@pytest.mark.parametrize("folding", [CLOSED_UP, SOME_OPEN])
def test_no_folded_picture_table_or_sentence_shows_a_number_of_the_future(folding: Folding) -> None:
    trace = positions()
    scanner = Scanner.of(trace)
    folds = draw_graph(trace, 0, folding=folding).folds
    found = []
    for cursor in some(trace, 7):
        lines: list[str] = []
        for lang in LANGS:
            for notation in NOTATIONS:
                scene = build_scene(cursor, folding=folding, lang=lang, notation=notation)
                lines += draw(scene).lines()
            lines += [line.plain for line in boxes_table(scene, lang, height=30).lines(90)]
            for one in scene.boxes:
                told = about_fold(cursor, one.key, folding=folding) if one.key else None
                lines += told.plain(lang).split("\n") if told is not None else []
        norms = {format_number(norm(cursor, fold)) for fold in folds.values()}  # of what is known: no node has them
        leaks = ((n, line) for line in dict.fromkeys(lines) for n in scanner.leaks(cursor, line))
        found += [(cursor.position, n, line) for n, line in leaks if n not in norms]
    assert found == []


def test_the_table_has_a_line_for_each_box_under_the_parts_they_lie_in() -> None:
    scene = build_scene(positions().cursor(-1), folding=SOME_OPEN)
    table = boxes_table(scene, height=40)
    lines = [line.plain for line in table.lines(90)]
    assert len(lines) == 1 + len(scene.boxes) + 1
    at = next(i for i, line in enumerate(lines) if line.startswith(" ▾ position 1"))
    assert "mix" in lines[at + 1]
    assert table.node_at(at + 1) == next(one for one in scene.boxes if one.path).node
    assert table.node_at(at) is None, "a heading is no box"
    assert any("%" in line and "█" in line for line in lines), "shares have bars once the pass is over"


def test_a_fold_is_told_in_sentences() -> None:
    trace = positions()
    end = about_fold(trace.cursor(-1), "position 1.loss", folding=SOME_OPEN)
    assert end is not None
    for lang in LANGS:
        told = end.plain(lang)
        assert "position 1" in told
        assert "%" in told
        assert "exp" in told
    start = about_fold(trace.cursor(0), "position 1.loss", folding=SOME_OPEN)
    assert start is not None
    assert "None of it has been made yet" in start.plain("en")
    assert about_fold(trace.cursor(0), "position 1", folding=SOME_OPEN) is None, "it is open: no box stands for it"


def test_a_receiving_parameter_points_to_the_left() -> None:
    trace = layers()
    leaf = int(trace.find("w3[5,5]"))
    cursor = next(c for c in some(trace, 1) if c.moment.kind == "edge" and c.moment.node == leaf)
    assert RECEIVES in "".join(draw(build_scene(cursor, folding=Folding())).lines())


def test_an_outline_of_a_large_graph_names_its_parts() -> None:
    assert "layer 0–2 ×3" in "".join(draw(outline(layers(), 60, 20)).lines())
