"""Walking keys: five sizes of step, both ways, ends, passes, play; and what must not walk."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.command import CommandPalette
from textual.widgets import Input

from tests.tui.shell import shown, until
from tests.tui.stepping import NARROW, expression, press, program, thing_of, walking
from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.tui.screens.dialog import Dialog
from tracer.tui.screens.walking import SPEEDS, first_by, pass_start


async def test_right_and_left_step_and_step_back() -> None:
    async with walking(expression()) as (pilot, screen):
        assert "0/11" in shown(pilot.app)  # type: ignore[arg-type]
        assert "9/11" in await press(pilot, *["right"] * 9)
        assert "8/11" in await press(pilot, "left")
        assert "9/11" in await press(pilot, "pagedown")
        assert "8/11" in await press(pilot, "pageup")
        assert screen.view.cursor.position == screen.view.cursor.trace.stops("edge")[7]


async def test_finer_and_coarser_change_the_step() -> None:
    async with walking(expression()) as (pilot, screen):
        seen = [screen.by]
        for key in [",", ",", ".", ".", ".", ".", "."]:
            await press(pilot, key)
            seen.append(screen.by)
        assert seen == ["edge", "part", "part", "edge", "node", "scope", "pass", "pass"]
        assert "1/2" in await press(pilot, "right")


@pytest.mark.parametrize("keys", [("end", "home"), ("$", "0")])
async def test_ends_of_time(keys: tuple[str, str]) -> None:
    async with walking(expression()) as (pilot, _):
        assert "11/11" in await press(pilot, keys[0])
        assert "0/11" in await press(pilot, keys[1])


async def test_starts_of_forward_and_backward() -> None:
    async with walking(expression()) as (pilot, _):
        assert "6/11" in await press(pilot, "b")
        await press(pilot, "right", "right")
        assert "6/11" in await press(pilot, "b")
        assert "0/11" in await press(pilot, "f")


def test_the_start_of_a_pass_is_the_one_under_way_then_the_next() -> None:
    with record() as rec:
        x = Value(2.0, name="x")
        for _ in range(2):
            (x * x).backward()
    trace = rec.trace
    first, second = (this.start for this in trace.passes)
    assert pass_start(trace.cursor(0), backward=True).position == first
    assert pass_start(trace.cursor(first), backward=True).position == second
    assert pass_start(trace.cursor(first + 2), backward=True).position == first
    assert pass_start(trace.cursor(-1), backward=True).position == second
    between = trace.passes[0].stop
    assert pass_start(trace.cursor(first + 1), backward=False).position == between
    assert pass_start(trace.cursor(-1), backward=False).position == 0


def test_a_program_without_a_pass_has_no_start_of_one() -> None:
    with record() as rec:
        Value(2.0, name="x") * 3
    assert pass_start(rec.trace.cursor(2), backward=True).position == 2


def test_much_to_walk_begins_with_bigger_steps() -> None:
    def run(n: int, named: bool) -> str:
        with record() as rec:
            v = Value(1.0, name="x")
            for i in range(n):
                with scope(f"part{i // 10}" if named else ""):
                    v = v.tanh()
        return first_by(rec.trace)

    assert run(20, True) == "edge"
    assert run(60, True) == "scope"
    assert run(60, False) == "node", "one scope for all of it would be one step"


async def test_play_walks_to_the_end_and_space_stops_it() -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, *[">"] * 9)
        await press(pilot, "space")
        assert screen.playing
        assert screen.view.speed == max(SPEEDS)
        assert f"▸ {max(SPEEDS):g}/s" in shown(pilot.app)  # type: ignore[arg-type]
        await until(pilot, lambda: screen.view.cursor.position > 0)
        await press(pilot, "space")
        assert not screen.playing
        here = screen.view.cursor.position
        await asyncio.sleep(0.3)
        assert screen.view.cursor.position == here
        await press(pilot, "space")
        await until(pilot, lambda: not screen.playing)
        assert screen.view.cursor.position == len(screen.view.cursor.trace)


async def test_play_at_the_end_begins_again_and_slower_is_slower() -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "end", "<", "<", "<", "<", "<", "space")
        assert screen.view.speed == min(SPEEDS)
        assert screen.view.cursor.position == 0
        await press(pilot, ">")
        assert screen.playing
        assert screen.view.speed == SPEEDS[1]


async def test_read_on_without_a_lesson_goes_from_pass_to_pass() -> None:
    async with walking(expression()) as (pilot, _):
        assert "6/11" in await press(pilot, "r")
        assert "11/11" in await press(pilot, "r")
        assert "6/11" in await press(pilot, "R")


async def test_a_step_beyond_the_end_of_a_thing_without_a_lesson_stays() -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "end", "right")
        assert pilot.app.screen is screen
        assert screen.view.cursor.position == len(screen.view.cursor.trace)


@pytest.mark.parametrize("opening", ["g", "/", "e", "p", "x"])
async def test_step_keys_move_the_text_cursor_in_a_dialog_and_do_not_walk(opening: str) -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        await press(pilot, opening)
        dialog = pilot.app.screen
        assert isinstance(dialog, Dialog)
        field = dialog.query_one(Input)
        field.focus()
        await pilot.pause()
        field.value = "12"
        field.cursor_position = 2
        await press(pilot, "left")
        assert field.cursor_position == 1
        await press(pilot, "q", "space", "comma")
        assert field.value == "1q ,2"
        assert screen.view.cursor.position == 15
        await press(pilot, "escape")
        assert pilot.app.screen is screen


async def test_step_keys_leave_the_command_palette_alone() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        await press(pilot, "ctrl+p")
        assert isinstance(pilot.app.screen, CommandPalette)
        field = pilot.app.screen.query_one(Input)
        await press(pilot, "a", "b", "left")
        assert field.value == "ab"
        assert field.cursor_position == 1
        assert screen.view.cursor.position == 15
        await press(pilot, "escape")
        assert "10/11" in await press(pilot, "right")


async def test_a_focused_panel_does_not_take_the_step_keys() -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "tab")
        assert screen.focused is not None
        assert "1/11" in await press(pilot, "right")


async def test_full_width_keys_count_as_their_twins() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        for name, typed, by in (("fullwidth_full_stop", "．", "node"), ("ideographic_comma", "、", "edge")):
            pilot.app.post_message(events.Key(name, typed))
            await pilot.pause()
            assert screen.by == by


async def test_state_depends_only_on_position() -> None:
    """However one got there, the whole screen is the same."""
    thing = thing_of(program())
    async with walking(thing, NARROW) as (pilot, _):
        straight = await press(pilot, *["right"] * 9)
        assert await press(pilot, "end", "left", "left", "left", "left", "right") == straight
        await press(pilot, "b", "right", "right", "right", ",", "left", "right", ".")
        assert await press(pilot, "left", "right") == straight
