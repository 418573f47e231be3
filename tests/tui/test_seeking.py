"""Search, hits, extremes, jumps, breakpoints and watches, by their keys."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from tests.tui.playing import playing
from tests.tui.shell import remembering, shown, until
from tests.tui.stepping import NARROW, WIDE, press, program, thing_of, toasts, walking
from tracer.core.record import record
from tracer.core.value import Value
from tracer.tui.app import GradientTracer
from tracer.tui.keys import name_of
from tracer.tui.messages import Request
from tracer.tui.screens.breakpoints import BreakpointsScreen
from tracer.tui.screens.extremes import ExtremesScreen
from tracer.tui.screens.search import SearchScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.screens.watches import WatchesScreen

pytestmark = pytest.mark.deep  # driven by keys, which is slow


async def type_in(pilot: object, text: str) -> str:
    """Put `text` into the field; pressing each key of it takes long."""
    pilot.app.screen.query_one(Input).value = text  # type: ignore[attr-defined]
    await pilot.pause()  # type: ignore[attr-defined]
    return shown(pilot.app)  # type: ignore[attr-defined]


async def test_hits_are_listed_as_one_types_walked_and_come_round() -> None:
    async with walking(thing_of(program()), at=100) as (pilot, screen):
        await press(pilot, "slash")
        page = await type_in(pilot, "|grad| > 1")
        assert "4 of 6 nodes" in page
        await press(pilot, "down", "enter")
        nodes = screen._hits.nodes.tolist()  # type: ignore[union-attr]
        assert screen.view.about == nodes[1]
        assert "/ 2/4" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "semicolon", "semicolon", "semicolon")
        assert screen.view.about == nodes[0]
        assert "the first again" in toasts(pilot)
        await press(pilot, "colon")
        assert screen.view.about == nodes[3]


@pytest.mark.parametrize(("lang", "words"), [("en", "Did you mean 'grad'?"), ("ja", "もしかして")])
async def test_a_mistake_is_pointed_at_under_its_character_and_nothing_moves(lang: str, words: str) -> None:
    async with walking(thing_of(program()), lang=lang) as (pilot, _):  # type: ignore[arg-type]
        before = (await press(pilot, "slash")).splitlines()
        wide = (await type_in(pilot, "grd > 1 and x")).splitlines()
        top = next(i for i, line in enumerate(before) if "┏" in line)
        assert "┏" in wide[top]
        field, caret = wide[top + 1], wide[top + 2]
        assert field.index("grd") == caret.index("^")
        assert words in "\n".join(wide)
        assert "┃" in (await press(pilot, "enter")).splitlines()[top + 1]
        assert isinstance(pilot.app.screen, SearchScreen)


async def test_the_largest_gradients_of_this_moment_and_the_smallest() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        assert "No gradient is known yet" in await press(pilot, "T")
        await press(pilot, "escape", "end", "T")
        dialog = pilot.app.screen
        assert isinstance(dialog, ExtremesScreen)
        grads = [abs(screen.view.cursor.grad(int(node))) for node in dialog.found.nodes]  # type: ignore[arg-type]
        assert grads == sorted(grads, reverse=True)
        await press(pilot, "tab")
        assert dialog.found.nodes[0] == screen.thing.trace.resolve("y")
        await press(pilot, "enter")
        assert screen.view.about == screen.thing.trace.resolve("y")


async def test_jumps_come_back_and_go_forward_with_position_and_selection() -> None:
    async with walking(thing_of(program()), at=3) as (pilot, screen):
        trace = screen.thing.trace
        screen.select(trace.resolve("w"))
        screen.jump(trace.resolve("a"), 9)
        screen.jump(trace.resolve("b"))
        await press(pilot, "ctrl+o")
        assert (screen.view.cursor.position, screen.view.selected) == (9, trace.resolve("a"))
        await press(pilot, "ctrl+o")
        assert (screen.view.cursor.position, screen.view.selected) == (3, trace.resolve("w"))
        await press(pilot, "ctrl+o")
        assert "Nothing to go back to" in toasts(pilot)
        await press(pilot, "ctrl+n", "ctrl+n")
        assert (screen.view.cursor.position, screen.view.selected) == (9, trace.resolve("b"))


async def test_breakpoints_are_run_to_in_both_directions_and_listed() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        await press(pilot, "right_parenthesis")
        assert "* sets one" in toasts(pilot)
        await press(pilot, "B")
        await type_in(pilot, "grad > 4")
        page = await press(pilot, "enter")
        assert "◆ grad > 4" in page
        assert "0 so far" in page, "how often it will stop is not told"
        await type_in(pilot, "op == ")
        assert "expected" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, BreakpointsScreen)
        await press(pilot, "escape", "right_parenthesis")
        first = screen.view.cursor.position
        assert first == int(screen.breaks.on[0].hits(screen.thing.trace).positions[0])
        assert screen.view.about is not None
        assert "◆ grad > 4" in toasts(pilot)
        await press(pilot, "end", "left_parenthesis")
        last = screen.breaks.on[0].hits(screen.thing.trace).positions[-1]
        assert screen.view.cursor.position == (last if last < len(screen.thing.trace) else first)
        await press(pilot, "B", "enter", "escape", "right_parenthesis")
        assert "All breakpoints are off" in toasts(pilot)
        await press(pilot, "B", "ctrl+d", "escape")
        assert not screen.breaks


async def test_play_stops_at_a_breakpoint_although_its_steps_are_bigger() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        screen.select(screen.thing.trace.resolve("a"))
        assert "◆" in await press(pilot, "asterisk")
        screen.select(None)
        screen.change(by="pass")
        await press(pilot, "space")
        screen._play_on()
        assert screen.view.cursor.position == screen.thing.trace.made_at(screen.thing.trace.resolve("a"))
        assert not screen.playing
        assert screen.view.about == screen.thing.trace.resolve("a")
        await press(pilot, "asterisk")
        assert not screen.breaks


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_what_is_watched_stays_on_screen_with_its_numbers(size: tuple[int, int]) -> None:
    async with walking(thing_of(program()), size) as (pilot, screen):
        screen.select(screen.thing.trace.resolve("w"))
        await press(pilot, "w", "W")
        await type_in(pilot, "norm grad")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, WatchesScreen)
        page = await press(pilot, "escape", "end")
        rows = [line for line in page.splitlines() if "◉" in line or "○" in line]
        assert any(" w " in row and " 2 " in row and "∂ 2" in row for row in rows)
        assert any("norm grad" in row for row in rows)
        before = await press(pilot, "home")
        assert "∂ ?" in before
        screen.select(screen.thing.trace.resolve("w"))
        await press(pilot, "w")
        assert [str(one) for one in screen.view.watches] == ["norm grad"]


async def test_watches_breakpoints_and_jumps_survive_another_block_of_a_document() -> None:
    async with playing() as (pilot, screen):
        await press(pilot, "J", "J", "J")
        screen.select(0)
        await press(pilot, "w", "asterisk")
        watches, place = screen.view.watches, screen.page.at
        assert watches
        screen.remember_place()
        await press(pilot, "J")
        assert screen.view.watches == watches
        assert screen.breaks.all
        assert screen.page.at != place
        await press(pilot, "ctrl+o")
        assert screen.page.at == place


async def test_a_list_of_hostile_names_is_a_list_of_names() -> None:
    with record() as rec:
        x = Value(1.0, name="[red]x[/]" + "勾配" * 2500)
        (x * 2).named("[bold").backward()
    async with walking(thing_of(rec.trace), NARROW, at=100) as (pilot, screen):
        screen.select(0)
        await press(pilot, "w", "asterisk", "slash")
        page = await type_in(pilot, "kind == leaf or name ~ bold")
        assert "勾配勾配" in page
        assert "[bold" in page
        await press(pilot, "enter", "B")
        assert "[red]x[/]" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "escape", "W", "escape")
        assert screen.view.watches
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_what_a_command_line_asks_for_is_there_and_copied_again() -> None:
    app = GradientTracer(
        remembering(),
        first=Request("program.py", at=3, find="op == mul", breaks=("first nan",), watches=("norm grad",)),
        thing=thing_of(program()),
    )
    async with app.run_test(size=NARROW) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, StepperScreen)
        assert screen.view.about == screen.thing.trace.resolve("y")
        assert "norm grad ∂ ?" in shown(app)
        await press(pilot, "c")
        assert "--find 'op == mul' --break 'first nan' --watch 'norm grad' --at 3" in app.clipboard


async def test_what_is_typed_ahead_of_the_search_is_searched_for_and_its_enter_goes_there() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        screen._past = ["searched before"]
        for key in "/a":  # all of it read from the terminal at once, before the field is there
            pilot.app.post_message(events.Key(name_of(key), key))
        pilot.app.post_message(events.Key("enter", "\r"))
        await until(pilot, lambda: screen._hits is not None)
        assert screen._hits.asked == "a"  # type: ignore[union-attr]
        assert pilot.app.screen is screen
