"""The map of the whole picture: each dot and each reversed cell held to the drawn cells, one by one."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.strategies import programs
from tracer.core.record import record
from tracer.core.value import Value
from tracer.scene.canvas import Ink, draw
from tracer.scene.compact import compacted
from tracer.scene.glyphs import ASCII, SAFE
from tracer.scene.minimap import MANY, SMALLEST, Minimap, minimap, overlaid, wanted
from tracer.scene.raster import Viewport
from tracer.scene.scene import NOTATIONS, Scene, build_scene
from tracer.trace.trace import Trace


def tangle(count: int, seed: int = 1) -> Trace:
    rng = random.Random(seed)
    with record() as rec:
        values = [Value(rng.uniform(0.5, 1.5)) for _ in range(4)]
        while len(values) < count:
            values.append(rng.choice(values[-20:]) * rng.choice(values[-20:]))
        values[-1].backward()
    return rec.trace


def drawn_cells(scene: Scene) -> set[tuple[int, int]]:
    """Every cell of the scene that a box or a wire covers, one by one."""
    cells = {(x, y) for box in scene.boxes for x in range(box.x, box.right + 1) for y in range(box.y, box.bottom + 1)}
    for wire in scene.wires:
        for (x0, y0), (x1, y1) in pairwise(wire.points):
            cells |= {(x, y) for x in range(min(x0, x1), max(x0, x1) + 1) for y in range(min(y0, y1), max(y0, y1) + 1)}
    return cells


def cells_of(found: Minimap) -> list[list[tuple[str, Ink | None]]]:
    """The map's cells without its border."""
    lines = [[(glyph, ink) for text, ink in line for glyph in text] for line in found.lines]
    return [line[1:-1] for line in lines[1:-1]]


def hold_to_the_cells(scene: Scene, view: Viewport) -> None:
    found = minimap(scene, view)
    assert found is not None
    dots = {(x * found.wide // scene.width, y * found.high // scene.height) for x, y in drawn_cells(scene)}
    seen = {
        (x * found.wide // scene.width // 2, y * found.high // scene.height // 4)
        for x in range(max(view.x, 0), min(view.x + view.width, scene.width))
        for y in range(max(view.y, 0), min(view.y + view.height, scene.height))
    }
    marked = {
        ((b.x + b.width // 2) * found.wide // scene.width // 2, (b.y + b.height // 2) * found.high // scene.height // 4)
        for b in scene.boxes
        if b.working or b.receiving or b.selected
    }
    order = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]  # of a braille code's bits
    for row, line in enumerate(cells_of(found)):
        for column, (glyph, ink) in enumerate(line):
            assert ink is not None
            assert ink.reverse == ((column, row) in seen)
            if (column, row) in marked:
                assert glyph in "●○▸"
                continue
            code = 0 if glyph == " " else ord(glyph) - 0x2800
            for bit, (dx, dy) in enumerate(order):
                assert bool(code >> bit & 1) == ((2 * column + dx, 4 * row + dy) in dots)


@given(programs(max_steps=14), st.sampled_from(NOTATIONS), st.booleans(), st.data())
@settings(max_examples=30)
def test_a_dot_is_set_if_and_only_if_a_drawn_cell_falls_on_it(program, notation, small, data):
    """Any program, both notations, both zooms, any window; the cells that the window covers are the reversed ones."""
    trace = program.record()
    scene = build_scene(trace.cursor(data.draw(st.integers(0, len(trace)))), notation=notation, selected=0)
    scene = compacted(scene, trace) if small else scene
    width, height = SMALLEST[0] + data.draw(st.integers(0, 60)), SMALLEST[1] + data.draw(st.integers(0, 20))
    x, y = data.draw(st.integers(0, scene.width - 1)), data.draw(st.integers(0, scene.height - 1))
    if scene.width > width or scene.height > height:
        hold_to_the_cells(scene, Viewport(x, y, width, height))


@pytest.mark.deep
@pytest.mark.parametrize("count", [300, 1000, 3000])
def test_large_pictures_hold_too(count: int):
    trace = tangle(count)
    for notation in NOTATIONS:
        scene = build_scene(trace.cursor(len(trace) // 2), notation=notation, limit=count)
        for picture in (scene, compacted(scene, trace)):
            hold_to_the_cells(picture, Viewport(picture.width // 3, picture.height // 2, 100, 40))


def test_where_all_is_in_sight_there_is_no_map():
    scene = build_scene(tangle(6).cursor(0))
    assert minimap(scene, Viewport(0, 0, scene.width, scene.height)) is None
    assert minimap(build_scene(tangle(80).cursor(0)), Viewport(0, 0, SMALLEST[0] - 1, 40)) is None, "nor without room"


def test_it_takes_a_third_of_the_window_and_at_most_24_by_8():
    scene = build_scene(tangle(80).cursor(0))
    for width, height in ((200, 60), (64, 24), (78, 18), (30, 12)):
        found = minimap(scene, Viewport(0, 0, width, height))
        assert found is not None
        assert found.columns <= min(24, max(width // 3, 10))
        assert found.rows <= min(8, max(height // 3, 3))
        assert {cell_len("".join(text for text, _ in line)) for line in found.lines} == {found.width}


def test_it_lies_in_a_corner_that_hides_nothing_of_the_step():
    trace = tangle(80)
    scene = build_scene(trace.cursor(100))
    box = next(box for box in scene.boxes if box.working)
    for dx, dy in ((2, 2), (70, 2), (2, 30), (70, 30)):
        view = Viewport(box.x - dx, box.y - dy, 100, 40)
        found = minimap(scene, view)
        assert found is not None
        hidden = Viewport(view.x + found.x, view.y + found.y, found.width, found.height)
        assert not hidden.meets(box.x, box.y, box.right, box.bottom)


def test_a_click_leads_to_what_the_cell_shows():
    scene = build_scene(tangle(80).cursor(0))
    found = minimap(scene, Viewport(0, 0, 100, 40))
    assert found is not None
    for column in range(found.columns):
        for row in range(found.rows):
            x, y = found.scene_at(found.x + 1 + column, found.y + 1 + row)
            assert (x * found.wide // scene.width // 2, y * found.high // scene.height // 4) == (
                min(column, (found.wide - 1) // 2),
                min(row, (found.high - 1) // 4),
            )
    assert found.scene_at(-5, -5) == found.scene_at(found.x + 1, found.y + 1), "beyond it: the nearest"


def test_it_comes_unasked_where_the_picture_is_many_windows_large():
    scene = build_scene(tangle(80).cursor(0))
    assert not wanted(scene, Viewport(0, 0, scene.width, scene.height))
    assert wanted(scene, Viewport(0, 0, scene.width // MANY, scene.height))


def test_laid_over_a_line_it_takes_just_its_cells():
    """Wide characters that it cuts in half give way to blanks."""
    scene = build_scene(tangle(80).cursor(0))
    found = minimap(scene, Viewport(0, 0, 101, 40))
    assert found is not None
    wide = (("あ" * 50 + "x", Ink("text")),)
    rows = overlaid([wide] * 40, found)
    for y, row in enumerate(rows):
        text = "".join(run for run, _ in row)
        assert cell_len(text) == 101
        assert (text != wide[0][0]) == (found.y <= y < found.y + found.height)


def test_the_other_glyph_sets_draw_it():
    trace = tangle(80)
    scene = build_scene(trace.cursor(60), selected=0)
    view = Viewport(0, 0, 100, 40)
    found = minimap(scene, view)
    assert found is not None
    for row in overlaid(draw(scene, view).rows, found):
        line = "".join(text for text, _ in row)
        assert ASCII.line(line).isascii()
        assert cell_len(SAFE.line(line)) == cell_len(line)
