"""The compact zoom: one glyph a node, and still exactly the graph, what is at work and what is known."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.scene.follow import edges_drawn
from tests.scene.polynomial import graph_edges, polynomial
from tests.strategies import programs
from tracer.core.op import OPS
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.layout.fold import Folding
from tracer.scene.canvas import draw
from tracer.scene.compact import compacted, reading
from tracer.scene.glyphs import GLYPHS
from tracer.scene.raster import Viewport
from tracer.scene.scene import NOTATIONS, Notation, build_scene
from tracer.trace.trace import Trace

notations = st.sampled_from(NOTATIONS)


def tangle(count: int, seed: int, reach: int = 40) -> Trace:
    """A program in which every step uses any two of the last values, now and then a sum of many."""
    rng = random.Random(seed)
    with record() as rec:
        values = [Value(rng.uniform(0.5, 1.5)) for _ in range(4)]
        while len(values) < count:
            a, b = rng.choice(values[-reach:]), rng.choice(values[-reach:])
            values.append(rng.choice([Value.add, Value.mul, Value.sub])(a, b))
        values[-1].backward()
    return rec.trace


@given(programs(max_steps=14), notations, st.floats(0, 1))
def test_following_the_drawn_wires_finds_exactly_the_edges(program, notation, when):
    """Any program, both notations, any position: none is missing, none is false, no two share a cell but to cross."""
    trace = program.record()
    scene = compacted(build_scene(trace.cursor(round(when * len(trace))), notation=notation), trace)
    assert edges_drawn(draw(scene).lines(), scene) == graph_edges(trace)


@pytest.mark.deep
@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("count", [300, 500, 1000, 2000, 5000])
def test_following_the_wires_of_large_tangles(count: int, notation: Notation):
    trace = tangle(count, seed=count)
    scene = compacted(build_scene(trace.cursor(len(trace) // 2), notation=notation, limit=count), trace)
    assert edges_drawn(draw(scene).lines(), scene) == graph_edges(trace)


@settings(max_examples=25)
@given(programs(), notations, st.data())
def test_a_wire_taken_out_of_the_scene_is_gone_from_the_picture(program, notation, data):
    """So the check above sees every single wire."""
    trace = program.record()
    scene = compacted(build_scene(trace.cursor(-1), notation=notation), trace)
    if scene.wires:
        gone = data.draw(st.sampled_from(scene.wires))
        less = replace(scene, wires=tuple(wire for wire in scene.wires if wire is not gone))
        assert edges_drawn(draw(less).lines(), less) == graph_edges(trace) - Counter([(gone.input, gone.user)])


@settings(max_examples=25)
@given(programs(), notations, st.floats(0, 1))
def test_it_shows_the_same_boxes_and_wires_elsewhere(program, notation, when):
    """What is at work, receiving, known or delivered does not depend on the zoom."""
    trace = program.record()
    large = build_scene(trace.cursor(round(when * len(trace))), notation=notation, selected=0)
    small = compacted(large, trace)
    for box, glyph in zip(large.boxes, small.boxes, strict=True):
        assert box == replace(
            glyph, x=box.x, y=box.y, width=box.width, height=box.height, shape=box.shape, title=box.title, arms=None
        )
        assert (glyph.x, glyph.y) in glyph
    edges = {wire.edge: wire for wire in large.wires}
    for wire in small.wires:
        assert replace(wire, points=(), label="") == replace(edges[wire.edge], points=(), label="")


@settings(max_examples=25)
@given(programs(max_steps=14))
def test_neighbours_of_a_row_stand_four_columns_apart(program):
    trace = program.record()
    boxes = compacted(build_scene(trace.cursor(-1)), trace).boxes
    rows: dict[int, list[int]] = {}
    for box in boxes:
        rows.setdefault(box.y, []).append(box.x + box.width // 2)
    for columns in rows.values():
        assert all(b - a >= 4 for a, b in zip(sorted(columns), sorted(columns)[1:], strict=False))


def test_five_times_as_many_fit():
    """Even where wires take most of the room."""
    trace = tangle(60, seed=1)
    for notation in NOTATIONS:
        large = build_scene(trace.cursor(-1), notation=notation)
        small = compacted(large, trace)
        assert small.width * small.height * 5 <= large.width * large.height


def test_b_hands_on_what_it_got():
    """b stands in brackets, x in parentheses, the wire is heavy and its arrowhead points at x; a is selected."""
    trace = polynomial()
    b, x = trace.find("b"), trace.find("x")
    position = next(
        p for p in range(len(trace) + 1) if (m := trace.cursor(p).moment).part == 4 and (m.user, m.node) == (b, x)
    )
    lines = draw(compacted(build_scene(trace.cursor(position), selected=trace.find("a")), trace)).lines()
    assert [line.strip() for line in lines] == [
        "(○)",
        "▲",
        "╭─┺━┓",
        "▼   ┃",
        "▸+  [−]",
        "│   │",
        "╰╮ ╭╯",
        "▼ ▼",
        "╰×╯",
        "",
    ]


def test_at_work_receiving_and_selected_are_told_apart_without_colour():
    trace = polynomial()
    for notation in NOTATIONS:
        plain = draw(compacted(build_scene(trace.cursor(0), notation=notation), trace)).lines()
        assert not set("[]()▸") & set("".join(plain))
        canvas = draw(compacted(build_scene(trace.cursor(3), notation=notation, selected=0), trace))
        page = "".join(canvas.lines())
        assert "[" in page
        assert "]" in page
        assert "▸○" in page
        reversed_cells = [text for row in canvas.rows for text, ink in row if ink and ink.reverse]
        assert len(reversed_cells) == 2


def test_what_is_not_known_yet_has_dashed_wires():
    trace = polynomial()
    page = "".join(draw(compacted(build_scene(trace.cursor(0)), trace)).lines())
    assert "╎" in page
    assert "│" not in page


def test_every_op_has_a_sign_of_one_cell():
    with record() as rec:
        x = Value(0.5, name="x")
        for name in ("exp", "log", "tanh", "relu", "sigmoid", "sqrt", "abs", "neg"):
            getattr(x, name)()
        (x**2) + (x * x) - (x / x)
    trace = rec.trace
    boxes = compacted(build_scene(trace.cursor(-1)), trace).boxes
    assert {cell_len(box.title) for box in boxes} == {1}
    signs = {box.title for box in boxes}
    assert {"○", "e", "l", "t", "r", "σ", "√", "×", "+"} <= signs
    assert {OPS["exp"].label, OPS["log"].label}.isdisjoint(signs), "a long label gives its letter"


def test_a_folded_part_is_one_glyph_a_stack_another():
    with record() as rec:
        total = Value(1.0, name="x")
        with scope("first"):
            total = (total * 2.0).tanh() * total
        for number in range(3):
            with scope(f"layer {number}"):
                total = (total * total).tanh()
        total.named("y").backward()
    trace = rec.trace
    scene = compacted(build_scene(trace.cursor(-1), folding=Folding()), trace)
    signs = Counter(box.title for box in scene.boxes)
    assert signs["■"] == 1
    assert signs["≡"] == 1
    drawn = Counter((wire.input, wire.user) for wire in scene.wires)
    assert edges_drawn(draw(scene).lines(), scene) == drawn


def test_many_inputs_arrive_on_columns_of_their_own():
    """Up to eight with a blank between them, more side by side; the sum's sign stays in the middle."""
    from tests.scene.fan import fan

    for count in (1, 2, 3, 8, 9, 12, 17):
        for notation in NOTATIONS:
            scene, trace = fan(count, notation)
            small = compacted(scene, trace)
            assert edges_drawn(draw(small).lines(), small) == Counter((n, count) for n in range(count))


@settings(max_examples=25)
@given(programs(), notations, st.integers(-5, 30), st.integers(-5, 15), st.integers(1, 30), st.integers(1, 15))
def test_a_viewport_is_a_cut_out_of_the_whole(program, notation, x, y, width, height):
    trace = program.record()
    scene = compacted(build_scene(trace.cursor(len(trace) * 2 // 3), notation=notation), trace)
    whole, part = draw(scene).lines(), draw(scene, Viewport(x, y, width, height)).lines()
    for row, line in enumerate(part):
        for column, cell in enumerate(line):
            inside = 0 <= row + y < scene.height and 0 <= column + x < scene.width
            assert cell == (whole[row + y][column + x] if inside else " ")


def test_a_step_makes_anew_only_what_it_changes():
    """Of all other boxes and wires the very same objects are drawn, so a step costs little."""
    trace = tangle(80, seed=2)
    before = compacted(build_scene(trace.cursor(100)), trace)
    after = compacted(build_scene(trace.cursor(101)), trace)
    assert sum(a is not b for a, b in zip(before.boxes, after.boxes, strict=True)) <= 4
    assert sum(a is not b for a, b in zip(before.wires, after.wires, strict=True)) <= 4


def test_one_line_tells_what_a_glyph_cannot():
    trace = polynomial()
    boxes = build_scene(trace.cursor(-1), checks={trace.find("a"): "✓"}).by_node
    assert reading(boxes[trace.find("a")]) == "a = x + 2   5   ∂ 2   ✓"
    round_one = build_scene(trace.cursor(trace.made_at(trace.find("a"))), notation="textbook").by_node[trace.find("a")]
    assert reading(round_one) == "a = + 2   5   ∂ ?"


@pytest.mark.parametrize("glyphs", GLYPHS.values(), ids=lambda g: g.name)
def test_every_glyph_set_draws_it(glyphs):
    trace = polynomial()
    for notation in NOTATIONS:
        for line in draw(compacted(build_scene(trace.cursor(6), notation=notation), trace)).lines():
            shown = glyphs.line(line)
            assert cell_len(shown) == cell_len(line)
            assert glyphs.name != "ascii" or shown.isascii()
