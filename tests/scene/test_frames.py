"""What is unfolded stands in a titled frame: on the canvas, in both notations, and in what is exported."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import pytest

import tracer
from tests.explain.tensor_future import scanner_of
from tests.scene.follow import edges_drawn
from tracer.core.record import record
from tracer.export.dot import to_dot
from tracer.scene.canvas import OPEN, draw
from tracer.scene.raster import Viewport
from tracer.scene.scene import NOTATIONS, Notation, Scene, build_scene
from tracer.trace.trace import Trace
from tracer.trace.unfolding import Unfolding

each_notation = pytest.mark.parametrize("notation", NOTATIONS)


@cache
def unfolded(*names: str) -> Trace:
    """A softmax with these things unfolded."""
    with record() as rec:
        z = tracer.tensor([[1.25, 2.0, 0.5], [-1.5, 0.75, 3.0]], requires_grad=True).named("z")
        p = z.softmax(dim=1).named("p")
        (p * z).sum().named("L").backward()
    unfolding = Unfolding(rec.trace)
    for name in names:
        unfolding = unfolding.read(name)
    return unfolding.trace


def scene_of(notation: Notation, *names: str) -> Scene:
    return build_scene(unfolded(*names).cursor(-1), notation=notation)


@each_notation
def test_a_frame_has_its_title_in_its_upper_border_and_its_nodes_inside(notation: Notation) -> None:
    scene = scene_of(notation, "p", "p[0]")
    outer, inner = scene.frames
    assert (outer.title, inner.title) == ("p = softmax(z, dim=1)", "p[0]")
    lines = draw(scene).lines()
    assert lines[outer.y][outer.x] == "┌"
    assert lines[outer.bottom][outer.right] == "┘"
    assert f"{OPEN} p = " in lines[outer.y]
    assert f"{OPEN} p[0]" in lines[inner.y]
    for frame in scene.frames:
        for box in scene.boxes:
            within = frame.x < box.x and box.right < frame.right and frame.y < box.y and box.bottom < frame.bottom
            assert within == (box.node in frame.nodes)


@each_notation
def test_following_the_wires_through_the_borders_finds_exactly_the_edges(notation: Notation) -> None:
    trace = unfolded("p", "p[0]", "L")
    for position in (0, len(trace) // 2, len(trace)):
        scene = build_scene(trace.cursor(position), notation=notation)
        drawn = edges_drawn(draw(scene).lines(), scene)
        expected = [(w.input, w.user) for w in scene.wires if w.user is not None]
        assert sorted(drawn.elements()) == sorted(expected)


def test_a_viewport_is_a_cut_out_of_the_whole_with_frames_too() -> None:
    scene = build_scene(unfolded("p", "p[0]").cursor(0))  # nothing is at work: its label would keep in sight
    whole = draw(scene).lines()
    for x in range(0, scene.width, 17):
        for y in range(0, scene.height, 11):
            view = Viewport(x, y, 40, 15)
            part = draw(scene, view).lines()
            assert part == [line[x : x + 40].ljust(40) for line in whole[y : y + 15]] + [" " * 40] * (
                15 - len(whole[y : y + 15])
            )


def test_a_title_bar_is_found_where_it_is_drawn() -> None:
    scene = scene_of("boxes", "p", "p[0]")
    outer, inner = scene.frames
    assert scene.frame_at(inner.x + 2, inner.y) == inner
    assert scene.frame_at(outer.x + 2, outer.y) == outer
    assert scene.frame_at(outer.x + 2, outer.y + 1) is None


def test_a_title_has_room_beside_the_wires() -> None:
    """It is cut where it must be, and never written over a wire."""
    for name in ("p", "p[0]", "p[1, 2]"):
        scene = scene_of("boxes", name)
        frame = scene.frames[0]
        line = draw(scene).lines()[frame.y]
        crossed = {
            x0
            for wire in scene.wires
            for (x0, y0), (_, y1) in pairwise(wire.points)
            if min(y0, y1) <= frame.y <= max(y0, y1) and frame.x < x0 < frame.right
        }
        assert crossed
        assert all(line[x] in "│┃" for x in crossed)


def test_elements_are_called_what_they_are() -> None:
    scene = scene_of("boxes", "p[0, 1]")
    titles = {box.title for box in scene.boxes}
    assert any(re.fullmatch(r"z\[0, \d\]", title) for title in titles), titles
    assert not any("float64" in box.dims for box in scene.boxes if not box.dims.startswith("("))


@each_notation
def test_no_number_before_its_time_inside(notation: Notation) -> None:
    trace = unfolded("p", "L")
    scanner = scanner_of(trace)
    for position in range(0, len(trace) + 1, 7):
        cursor = trace.cursor(position)
        for line in draw(build_scene(cursor, notation=notation)).lines():
            assert list(scanner.leaks(cursor, line)) == []


@each_notation
def test_dot_has_a_cluster_for_each_frame_one_in_another(notation: Notation) -> None:
    scene = scene_of(notation, "p", "p[0]")
    text = to_dot(scene)
    outer, inner = text.index("subgraph cluster0"), text.index("subgraph cluster1")
    assert outer < inner
    depth = text[outer:inner].count("{") - text[outer:inner].count("}")
    assert depth >= 1, "the inner one is within the outer one"
    for node in scene.frames[1].nodes:
        assert re.search(rf"\bn{node}\b", text[inner:])


def test_a_file_that_says_nonsense_of_what_is_unfolded_draws_no_frame() -> None:
    from dataclasses import replace

    trace = unfolded("p")
    for said in ("x", [[0, 99]], [[1, -1]], [["a", 1]], [[0, 2]]):
        columns = replace(trace.columns, info={**trace.info, "unfolded": said, "unfolded_formulas": [3]})
        scene = build_scene(Trace(columns).cursor(-1))
        assert scene.boxes
        for frame in scene.frames:
            assert {w.input for w in scene.wires if w.input in frame.nodes and w.user not in frame.nodes} <= {frame.out}
