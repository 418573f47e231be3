"""`a`: all routes to a node, in a list over the graph."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.trace.test_paths import ladder
from tests.tui.shell import shown
from tests.tui.stepping import HUGE, LOW, NARROW, WIDE, expression, press, thing_of, toasts, walking
from tracer.core.record import record
from tracer.core.value import Value
from tracer.text import Lang
from tracer.tui.screens.paths import PathsScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.widgets.graph import GraphPanel

pytestmark = pytest.mark.deep  # driven by keys, which is slow; short tests of the parts stand beside theirs


def drawn_heavy(screen: StepperScreen) -> frozenset[int]:
    return screen.view.route


async def test_the_list_shows_every_route_and_the_marked_one_in_the_graph() -> None:
    thing = expression()
    async with walking(thing, at=len(thing.trace)) as (pilot, screen):
        x = thing.trace.resolve("x")
        screen.select(x)
        page = await press(pilot, "a")
        assert isinstance(pilot.app.screen, PathsScreen)
        assert "2 routes from y to x" in page
        assert "71.4 %" in page
        assert "∂y/∂x = 5 + 2 = 7" in page
        first = drawn_heavy(screen)
        await press(pilot, "down")
        second = drawn_heavy(screen)
        assert len(first) == len(second) == 2
        assert not first & second
        await press(pilot, "down")
        assert drawn_heavy(screen) == second, "the last one is the last one"
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, PathsScreen)
        assert not drawn_heavy(screen)
        assert screen.view.selected == x


async def test_enter_goes_to_where_the_route_arrives_and_ctrl_o_comes_back() -> None:
    thing = expression()
    end = len(thing.trace)
    async with walking(thing, at=end) as (pilot, screen):
        x = thing.trace.resolve("x")
        screen.select(x)
        await press(pilot, "a", "enter")
        this = thing.trace.passes[0]
        assert screen.view.cursor.position == this.position_of(int(this.deliveries_to(x)[0]))
        assert screen.view.cursor.grad(x) == 5.0
        assert len(drawn_heavy(screen)) == 2
        await press(pilot, "right")
        assert not drawn_heavy(screen), "the walk goes on"
        await press(pilot, "ctrl+o")
        assert screen.view.cursor.position == end


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("size", [NARROW, LOW, WIDE, HUGE])
async def test_before_the_pass_there_are_routes_and_no_numbers(size: tuple[int, int], lang: Lang) -> None:
    thing = expression()
    async with walking(thing, size, lang=lang, at=0) as (pilot, screen):
        screen.select(thing.trace.resolve("x"))
        page = await press(pilot, "a")
        assert "? · ? = ?" in page
        assert "%" not in page
        assert "∂y/∂x = ?" in page


async def test_more_routes_than_anybody_lists_are_listed_from_the_largest() -> None:
    thing = thing_of(ladder(40, 0.5))
    async with walking(thing, NARROW, at=len(thing.trace)) as (pilot, screen):
        screen.select(thing.trace.resolve("x"))
        page = await press(pilot, "a")
        assert "1.1e12 routes from" in page
        assert "Listed: 20 of 1.1e12 routes" in page
        shares = await press(pilot, "tab")
        assert "›" not in shares
        assert "Nearly all" not in shares
        assert "›" in await press(pilot, "tab")


async def test_a_node_without_routes_says_why() -> None:
    with record() as recorder:
        x, _ = Value(3.0, name="x"), Value(1.0, name="y")
        (x * x).named("z").backward()
    thing = replace(thing_of(recorder.trace))
    async with walking(thing, at=len(thing.trace)) as (pilot, screen):
        screen.select(thing.trace.resolve("y"))
        assert "No route leads from z to y" in await press(pilot, "a")
        await press(pilot, "enter")
        assert pilot.app.screen is screen


async def test_without_a_node_it_asks_for_one() -> None:
    async with walking(expression(), at=0) as (pilot, screen):
        await press(pilot, "a")
        assert pilot.app.screen is screen
        assert "Select a node" in toasts(pilot)


async def test_the_language_changes_in_place() -> None:
    thing = expression()
    async with walking(thing, at=len(thing.trace)) as (pilot, screen):
        screen.select(thing.trace.resolve("x"))
        await press(pilot, "a")
        screen.tracer.lang = "ja"
        await pilot.pause()
        assert "y から x への経路：2 本" in shown(screen.tracer)


async def test_what_is_pointed_out_stands_above_the_list() -> None:
    """In a tall narrow graph the list covers the lower half: the window moves what is asked about above it."""
    thing = thing_of(ladder(12, 0.5))
    async with walking(thing, NARROW, at=len(thing.trace)) as (pilot, screen):
        screen.select(thing.trace.resolve("x"))
        await press(pilot, "a")
        graph = screen.query_one(GraphPanel)
        list_top = pilot.app.screen.query_one("#dialog").region.y
        assert screen.view.covered == graph.content_region.bottom - list_top > 5
        assert graph.scene is not None
        box = graph.scene.by_node[thing.trace.resolve("x")]
        shown_at = graph.content_region.y + box.bottom - graph._at.y
        assert shown_at < list_top
        await press(pilot, "escape")
        assert screen.view.covered == 0
