"""Near and far in the stepper: one sign a node, the map of the whole, the heat map where it was."""

from __future__ import annotations

import random

import pytest
from textual.events import MouseMove
from textual.pilot import Pilot

from tests.explain.tensor_programs import layer
from tests.tui.shell import shown
from tests.tui.stepping import NARROW, WIDE, expression, press, program, thing_of, walking
from tracer.core.record import record
from tracer.core.value import Value
from tracer.lessons.runner import Thing
from tracer.tui.widgets.graph import GraphPanel

pytestmark = pytest.mark.deep  # driven by keys, which is slow; short tests of the parts stand beside theirs


def long_thing() -> Thing:
    """A graph many windows large."""
    rng = random.Random(1)
    with record() as rec:
        values = [Value(rng.uniform(0.5, 1.5), name=f"x{i}") for i in range(4)]
        while len(values) < 160:
            values.append(rng.choice(values[-20:]) * rng.choice(values[-20:]))
        values[-1].backward()
    return thing_of(rec.trace)


def graph(pilot: Pilot[None]) -> GraphPanel:
    return pilot.app.screen.query_one(GraphPanel)


async def test_minus_and_plus_go_from_boxes_to_signs_and_back() -> None:
    async with walking(thing_of(program()), at=3) as (pilot, screen):
        boxes = shown(pilot.app)  # type: ignore[arg-type]
        signs = await press(pilot, "-")
        assert screen.view.compact
        assert "╰×╯" in signs
        assert "[" in signs, "what is at work stands in brackets"
        assert await press(pilot, "+") == boxes


async def test_the_selection_moves_and_is_told_in_one_line() -> None:
    async with walking(expression(), at=8) as (pilot, screen):
        page = await press(pilot, "-", "j", "k", "k")
        selected = screen.view.selected
        assert selected is not None
        assert "▸" in page
        words = graph(pilot).border_subtitle or ""
        assert "∂" in words
        assert screen.view.cursor.trace.label(selected) in words


async def test_a_click_on_a_sign_selects_its_node() -> None:
    async with walking(expression(), at=8) as (pilot, screen):
        await press(pilot, "-")
        panel = graph(pilot)
        assert panel.scene is not None
        box = panel.scene.boxes[2]
        at = box.x - panel._at.x + 1, box.y - panel._at.y
        await pilot.click(panel, offset=(at[0] + 1, at[1] + 1))
        assert screen.view.selected == box.node


async def test_a_picture_does_not_depend_on_the_way_there() -> None:
    """The zoom is part of the view: zoomed out and stepped on is stepped on and zoomed out."""
    async with walking(expression(), at=4) as (pilot, _):
        one = await press(pilot, "-", "right", "right")
        await press(pilot, "+", "left", "left", "right", "right")
        assert await press(pilot, "-") == one


async def test_with_a_tensor_in_front_they_change_its_numbers_only() -> None:
    async with walking(Thing("layer", layer()), WIDE, at=1) as (pilot, screen):
        await press(pilot, "-")
        assert screen.view.compact
        assert screen.view.zoom == "auto"
        screen.query_one("#values").focus()
        await press(pilot, "+", "-")
        assert screen.view.zoom == "heat"
        assert screen.view.compact, "the graph stays as it is"


async def test_on_a_small_terminal_the_graph_comes_to_the_front() -> None:
    async with walking(expression(), NARROW, at=4) as (pilot, screen):
        await press(pilot, "tab", "-")
        assert screen.tab == "graph"
        assert screen.view.compact


async def test_m_shows_the_map_and_puts_it_away() -> None:
    async with walking(long_thing(), at=40) as (pilot, screen):
        assert screen.view.minimap is None
        before = graph(pilot).shows_map
        await press(pilot, "m")
        assert graph(pilot).shows_map is not before
        await press(pilot, "m")
        assert graph(pilot).shows_map is before


async def test_where_all_is_in_sight_there_is_nothing_to_map() -> None:
    async with walking(expression(), at=4) as (pilot, _):
        before = shown(pilot.app)  # type: ignore[arg-type]
        assert await press(pilot, "m") == before


async def test_the_mouse_moves_the_window_in_the_map() -> None:
    """A click goes there, dragging goes along, and no node is selected by it."""
    async with walking(long_thing(), at=0) as (pilot, screen):
        panel = graph(pilot)
        if not panel.shows_map:
            await press(pilot, "m")
        found = panel._map
        assert found is not None
        inside = found.x + 1 + found.columns // 2, found.y + 1 + found.rows // 2
        middle = found.scene_at(*inside)
        await pilot.mouse_down(panel, offset=(inside[0] + 1, inside[1] + 1))  # the panel's border
        await pilot.pause()
        assert (panel._at.x + panel.size.width // 2, panel._at.y + panel.size.height // 2) == middle
        before = panel._at
        panel.post_message(_dragged(panel, inside[0] + 1, found.y + found.rows + 1))
        await pilot.pause()
        assert panel._at.y > before.y
        await pilot.mouse_up(panel, offset=(inside[0] + 1, found.y + found.rows + 1))
        await pilot.pause()
        assert screen.view.selected is None
        await press(pilot, "right")
        assert panel._at.y < middle[1], "the next step takes the window back to where the walk is"


def _dragged(panel: GraphPanel, x: int, y: int) -> MouseMove:
    """The mouse, button down, at a cell of the panel."""
    at = panel.region
    return MouseMove(panel, x, y, 0, 1, 1, False, False, False, at.x + x, at.y + y)


async def test_brackets_in_a_name_are_told_as_brackets() -> None:
    """The line below the picture holds what a user called the node."""
    with record() as rec:
        x = Value(2.0, name="[red]x")
        (x * x).named("y").backward()
    async with walking(thing_of(rec.trace), at=2) as (pilot, screen):
        screen.select(0)
        page = await press(pilot, "-")
        below = [line for line in page.splitlines() if "╰─" in line and "∂" in line]
        assert below
        assert "[red]x" in below[0]
