"""A list of routes, line by line, and the marked one in the picture."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.trace.test_residual import residual_mlp
from tracer import Value
from tracer.core.record import record
from tracer.explain.paths import PathsTold, tell_paths
from tracer.layout.fold import Folding
from tracer.scene.canvas import draw
from tracer.scene.raster import Viewport
from tracer.scene.routes import fits, route_in_full, route_line
from tracer.scene.scene import Scene, build_scene
from tracer.text import LANGS, Lang
from tracer.trace.trace import Trace


def two_ways(name: str = "x") -> Trace:
    with record() as recorder:
        x = Value(3.0, name=name)
        ((x + 2).named("a") * (x - 1).named("b")).named("y").backward()
    return recorder.trace


def told(trace: Trace) -> PathsTold:
    found = tell_paths(trace.cursor(-1), 0)
    assert found is not None
    return found


def test_a_line_says_product_share_trail_and_numbers_where_there_is_room() -> None:
    assert route_line(told(two_ways()), 0, width=60, marked=True).plain.rstrip() == (
        "› 5  71.4 %  y → b → x   ∂y/∂b · ∂b/∂x = 5 · 1 = 5"
    )
    assert route_line(told(two_ways()), 1, width=40).plain.rstrip() == "  2  28.6 %  y → a → x"
    assert fits(told(two_ways()), 0, "en", 60)
    assert not fits(told(two_ways()), 0, "en", 40)
    assert route_in_full(told(two_ways()), 0).plain == "y → b → x\n∂y/∂b · ∂b/∂x = 5 · 1 = 5"


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["x", "[bold]重み" * 40, "‮\x1b[31m" + "w" * 10_000])
def test_a_line_is_exactly_as_wide_as_it_may_be(name: str, lang: Lang) -> None:
    found = told(two_ways(name))
    for width in (12, 20, 41, 76, 130):
        for marked in (False, True):
            line = route_line(found, 0, lang, width=width, marked=marked)
            assert cell_len(line.plain) == width
            assert "\x1b" not in line.plain


def heavy(scene: Scene) -> set[int | None]:
    return {wire.edge for wire in scene.wires if wire.on_route}


def test_the_marked_route_is_heavy_and_nothing_else_is() -> None:
    trace = two_ways()
    end = trace.cursor(-1)
    for path in told(trace).paths.paths:
        scene = build_scene(end, route=frozenset(path.edges))
        assert heavy(scene) == set(path.edges)
        assert not any(wire.working for wire in scene.wires)
        lines = [
            "".join(text for text, _ in row) for row in draw(scene, Viewport(0, 0, scene.width, scene.height)).rows
        ]
        assert "┃" in "\n".join(lines)
    assert build_scene(end).wires == build_scene(end, route=frozenset()).wires
    assert not heavy(build_scene(end))


def test_in_a_folded_picture_the_bundles_on_the_route_are_heavy() -> None:
    trace = residual_mlp(0)
    found = tell_paths(trace.cursor(-1), trace.resolve("x0"))
    assert found is not None
    folded = Folding().open("layer 1")
    scene = build_scene(trace.cursor(-1), folding=folded, route=frozenset(found.paths.paths[0].edges))
    assert 0 < len(heavy(scene)) < len(scene.wires)
    assert any(edge is not None and edge < 0 for edge in heavy(scene))
