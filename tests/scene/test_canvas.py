"""The drawn characters: they show exactly the graph, what is known, what is at work, and nothing else."""

from collections import Counter
from dataclasses import replace
from unicodedata import east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.scene.follow import edges_drawn
from tests.scene.polynomial import graph_edges, polynomial
from tests.strategies import programs
from tracer.core.record import mark, record
from tracer.core.value import Value
from tracer.scene.canvas import Ink, draw, fit, grad_ink, value_ink
from tracer.scene.glyphs import GLYPHS
from tracer.scene.palette import DARK
from tracer.scene.raster import Viewport
from tracer.scene.scene import NOTATIONS, build_scene
from tracer.trace.trace import Trace

notations = st.sampled_from(NOTATIONS)


def position_of_edge(trace: Trace, user: str, receiver: str) -> int:
    """The position at which this contribution has just been added."""
    for position in range(len(trace) + 1):
        moment = trace.cursor(position).moment
        if moment.part == 4 and (moment.user, moment.node) == (trace.find(user), trace.find(receiver)):
            return position
    raise AssertionError("no such contribution")


def without_label(scene):
    """A label may be written over a wire; the wires themselves are what is followed."""
    return replace(scene, wires=tuple(replace(wire, label="") for wire in scene.wires))


@given(programs(max_steps=14), notations, st.floats(0, 1))
def test_following_the_drawn_wires_finds_exactly_the_edges(program, notation, when):
    """Any program, both notations, any position: heavy, dashed, backward or not."""
    trace = program.record()
    scene = build_scene(trace.cursor(round(when * len(trace))), notation=notation)
    assert edges_drawn(draw(without_label(scene)).lines(), scene) == graph_edges(trace)


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_following_the_wires_of_a_large_random_program(seed):
    """Up to 300 nodes with far-reaching wires, every notation."""
    import random

    rng = random.Random(seed)
    with record() as rec:
        values = [Value(rng.uniform(0.5, 1.5)) for _ in range(4)]
        while len(values) < 20 + 5 * seed % 280:
            a, b = rng.choice(values[-40:]), rng.choice(values[-40:])
            values.append(rng.choice([Value.add, Value.mul, Value.sub, Value.div])(a, b))
        values[-1].backward()
    for notation in NOTATIONS:
        scene = build_scene(rec.trace.cursor(rng.randrange(len(rec.trace))), notation=notation)
        assert edges_drawn(draw(without_label(scene)).lines(), scene) == graph_edges(rec.trace)


@pytest.mark.deep
@given(programs(), notations, st.data())
def test_a_wire_taken_out_of_the_scene_is_gone_from_the_picture(program, notation, data):
    trace = program.record()
    scene = without_label(build_scene(trace.cursor(len(trace)), notation=notation))
    edges = [wire.edge for wire in scene.wires if wire.edge is not None]
    if not edges:
        return
    gone = trace.edge(data.draw(st.sampled_from(edges)))
    less = scene.without(gone.id)
    assert edges_drawn(draw(less).lines(), less) == graph_edges(trace) - Counter([(gone.input, gone.user)])
    assert less.boxes == scene.boxes, "nothing else moves"


def test_the_picture_of_the_issue():
    """b hands x its 5: a heavy wire, its arrowhead at x, `5 · 1` beside it, a double border round b, `5 …` in x."""
    trace = polynomial()
    scene = build_scene(trace.cursor(position_of_edge(trace, "b", "x")))
    lines = draw(scene).lines()
    page = "\n".join(lines)
    x, a, b = (scene.by_node[trace.find(name)] for name in "xab")
    assert lines[x.y + 1][x.x : x.right + 1] == "│ x         3 │"
    assert lines[x.y + 2][x.x : x.right + 1] == "│ ∂       5 … │"
    assert lines[a.y + 1][a.x : a.right + 1] == "│ a = x + 2   │"
    assert lines[b.y + 1][b.x : b.right + 1] == "║ b = x − 1   ║"
    assert lines[b.y + 3][b.x : b.right + 1] == "║ ∂         5 ║"
    assert lines[x.bottom + 1][x.x + x.width // 2] == "▲"
    assert lines[b.y][b.x + b.width // 2] == "╧"
    assert "┃ 5 · 1" in page
    assert page.count("▼") == 3, "the other three wires still point at their users"


def test_the_textbook_picture_of_the_issue():
    trace = polynomial()
    lines = draw(build_scene(trace.cursor(position_of_edge(trace, "b", "x")), notation="textbook")).lines()
    assert [line.rstrip() for line in lines] == [
        "",
        "                  3  ╭─────╮ a = 5",
        "            ╭───────▶│ + 2 ├───────────╮        ╭─────╮",
        "    3       │     ?  ╰─────╯ ∂ 2       ╰───────▶│     │ y = 10",
        " x ◀━━━━━━━━┪                                   │  ×  ├──────────▶",
        "    ∂ 5 …   ┃     3  ╔═════╗ b = 2     ╭───────▶│     │ ∂ 1",
        "            ┗━━━━━━━━╢ − 1 ╟───────────╯        ╰─────╯",
        "              5 · 1  ╚═════╝ ∂ 5",
        "",
    ]


def test_at_the_start_nothing_is_known_and_everything_is_dashed():
    """No number but those of the formulas, `?` for each value and gradient."""
    trace = polynomial()
    for notation in NOTATIONS:
        page = "".join(draw(build_scene(trace.cursor(0), notation=notation)).lines())
        assert "?" in page
        assert not set("│─═║┃━✓") & set(page), "solid lines are for what has been computed"
        assert not set("3456789") & set(page)


def test_known_and_unknown_differ_by_more_than_colour():
    trace = polynomial()
    scene = build_scene(trace.cursor(trace.made_at(trace.find("a"))))
    lines = draw(scene).lines()
    a, b = scene.by_node[trace.find("a")], scene.by_node[trace.find("b")]
    assert lines[a.y + 2][a.x : a.right + 1] == "║           5 ║"
    assert lines[b.y + 2][b.x : b.right + 1] == "╎           ? ╎"


def test_the_selected_node_has_a_sign_and_is_reversed():
    trace = polynomial()
    for notation in NOTATIONS:
        scene = build_scene(trace.cursor(len(trace)), notation=notation, selected=trace.find("x"))
        canvas = draw(scene)
        assert sum(line.count("▸") for line in canvas.lines()) == 1
        assert [text for row in canvas.rows for text, ink in row if ink and ink.reverse] == ["x"]
        plain = draw(build_scene(trace.cursor(len(trace)), notation=notation))
        assert not any("▸" in line for line in plain.lines())


@pytest.mark.parametrize("sign", ["✓", "?", "✗"])
def test_the_check_stands_on_the_border(sign):
    trace = polynomial()
    for notation in NOTATIONS:
        scene = build_scene(trace.cursor(len(trace)), notation=notation, checks={trace.find("a"): sign})
        box = scene.by_node[trace.find("a")]
        lines = draw(scene).lines()
        assert sign in lines[box.bottom][box.x : box.right + 1]
        assert edges_drawn(lines, scene) == graph_edges(trace)


def test_marks_hang_on_their_node_when_their_time_has_come():
    """Their row is there from the start, so the picture does not move."""
    with record() as rec:
        x = Value(3.0, name="x")
        y = (x * x).named("y")
        mark(y, "visited")
        mark(x, "order 1")
        y.backward()
    trace = rec.trace
    for notation in NOTATIONS:
        before = build_scene(trace.cursor(trace.made_at(1)), notation=notation)
        after = build_scene(trace.cursor(len(trace)), notation=notation)
        assert "visited" not in "".join(draw(before).lines())
        page = "\n".join(draw(after).lines())
        assert "visited" in page
        assert "order 1" in page
        assert [(b.x, b.y, b.width, b.height) for b in before.boxes] == [
            (b.x, b.y, b.width, b.height) for b in after.boxes
        ]


def test_a_leaf_at_work_in_textbook_notation_is_in_brackets():
    """It has no border to be doubled."""
    trace = polynomial()
    assert "[x]" in "".join(draw(build_scene(trace.cursor(1), notation="textbook")).lines())
    assert "[x]" not in "".join(draw(build_scene(trace.cursor(3), notation="textbook")).lines())


def test_a_quiz_blank_shows_no_number():
    trace = polynomial()
    x = trace.find("x")
    for notation in NOTATIONS:
        page = "\n".join(draw(build_scene(trace.cursor(len(trace)), notation=notation, blanks=frozenset({x}))).lines())
        assert "____" in page
        assert "7" not in page


@given(programs(), notations, st.integers(-20, 60), st.integers(-20, 30), st.integers(1, 50), st.integers(1, 30))
def test_a_viewport_is_a_cut_out_of_the_whole(program, notation, x, y, width, height):
    """Scrolling changes nothing: not a glyph, not a colour."""
    trace = program.record()
    scene = without_label(build_scene(trace.cursor(len(trace) * 2 // 3), notation=notation))
    whole, part = draw(scene), draw(scene, Viewport(x, y, width, height))
    page = [[(glyph, ink) for text, ink in row for glyph in text] for row in whole.rows]
    assert len(part.rows) == height
    for row, cells in enumerate(part.rows):
        seen = [(glyph, ink) for text, ink in cells for glyph in text]
        assert len(seen) == width
        for column, cell in enumerate(seen):
            inside = 0 <= row + y < scene.height and 0 <= column + x < scene.width
            assert cell == (page[row + y][column + x] if inside else (" ", None))


@given(programs(), notations, st.data())
def test_a_click_finds_the_node_that_is_drawn_there(program, notation, data):
    trace = program.record()
    scene = build_scene(trace.cursor(len(trace)), notation=notation)
    view = Viewport(data.draw(st.integers(0, 20)), data.draw(st.integers(0, 20)), 60, 20)
    canvas = draw(scene, view)
    box = data.draw(st.sampled_from(scene.boxes))
    x, y = data.draw(st.integers(box.x, box.right)), data.draw(st.integers(box.y, box.bottom))
    assert canvas.node_at(x - view.x, y - view.y) == box.node
    assert canvas.node_at(-1 - view.x, 0) is None


def test_long_and_japanese_names_stay_inside_their_box():
    """A wide letter takes two cells; what does not fit ends in `…`."""
    with record() as rec:
        x = Value(1.5, name="とても長い名前の入力層の重み行列の成分")
        (x * 2).named("出力").backward()
    for notation in NOTATIONS:
        canvas = draw(build_scene(rec.trace.cursor(len(rec.trace)), notation=notation))
        assert {cell_len(line) for line in canvas.lines()} == {canvas.scene.width}
        assert "出力" in "".join(canvas.lines())
    assert "…" in "".join(draw(build_scene(rec.trace.cursor(len(rec.trace)))).lines())


@pytest.mark.parametrize("glyphs", GLYPHS.values(), ids=lambda g: g.name)
def test_every_glyph_set_draws_the_whole_picture(glyphs):
    """The same cells, and in the safe set none of ambiguous width."""
    trace = polynomial()
    for notation in NOTATIONS:
        for position in range(len(trace) + 1):
            for line in draw(build_scene(trace.cursor(position), notation=notation)).lines():
                shown = glyphs.line(line)
                assert cell_len(shown) == cell_len(line)
                assert glyphs.name == "unicode" or not any(east_asian_width(c) in "AWF" for c in shown)
                assert glyphs.name != "ascii" or shown.isascii()


def test_numbers_that_are_not_finite_stand_out():
    with record() as rec:
        (Value(-1.0, name="x").log()).named("y").backward()
    canvas = draw(build_scene(rec.trace.cursor(len(rec.trace))))
    assert ("nan", Ink("wrong", bold=True)) in [(t.strip(), ink) for row in canvas.rows for t, ink in row]
    assert value_ink("-inf") == grad_ink("inf …", False) == Ink("wrong", bold=True)


def test_the_text_and_the_segments_say_the_same():
    trace = polynomial()
    canvas = draw(build_scene(trace.cursor(len(trace))))
    assert canvas.text(DARK).plain.split("\n") == canvas.lines()
    for y, line in enumerate(canvas.lines()):
        assert "".join(segment.text for segment in canvas.segments(y, DARK)) == line


@given(st.text(max_size=30), st.integers(0, 20))
def test_fit_never_takes_more_than_its_room(text, room):
    assert cell_len(fit(text, room)) <= room
    if cell_len(text) <= room:
        assert fit(text, room) == text
