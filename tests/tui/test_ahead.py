"""What is painted before it is asked for is the very picture that would be painted then."""

from __future__ import annotations

import pytest

from tests.tui.stepping import expression, press, walking
from tests.tui.test_folding import small
from tracer.lessons.runner import Thing
from tracer.text import LANGS
from tracer.trace.breakpoints import parse_break
from tracer.tui.pulse import HEARD, PULSE
from tracer.tui.screens.ahead import AT_LATEST
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.start import Keys
from tracer.tui.widgets.panel import Panel


def foresee(screen: StepperScreen) -> None:
    """Do all that an idle moment would be used for."""
    for _ in (*screen.work_ahead(), *screen.work_at_rest()):
        pass


def pictures(screen: StepperScreen) -> list[tuple[object, ...]]:
    """What each panel shows, and what it knows of it."""
    return [
        (panel._lines, panel._below, getattr(panel, "_at", None), getattr(panel, "scene", None), panel.border_subtitle)
        for panel in screen.query(Panel)
    ]


def forget(screen: StepperScreen) -> None:
    for panel in screen.query(Panel):
        panel._remembered.clear()


async def check_steps(thing: Thing, keys: str) -> None:
    async with walking(thing) as (pilot, screen):
        for key in keys.split():
            foresee(screen)
            before = pictures(screen)
            foresee(screen)
            assert pictures(screen) == before, "what is on screen stays"
            await press(pilot, key)
            found = pictures(screen)
            forget(screen)
            for panel in screen.query(Panel):
                if panel.display and panel.size:
                    panel._repaint(panel.size)
            assert pictures(screen) == found, f"after {key}"


async def test_a_step_that_was_painted_ahead_is_the_step() -> None:
    await check_steps(expression(), "right right left right . right v right , ,")


@pytest.mark.deep
async def test_a_step_that_was_painted_ahead_is_the_step_in_a_folded_graph() -> None:
    keys = (
        "right " * 5
        + "left " * 3
        + "b right right , right right . . right left enter right j right m right ctrl+l right"
    )
    await check_steps(small(), keys)


async def test_a_foreseen_step_is_not_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "right")
        foresee(screen)
        panel = screen.query_one("#graph", Panel)
        monkeypatch.setattr(type(panel), "paint", lambda *_: pytest.fail("it was painted when the key was pressed"))
        await press(pilot, "right")
        await press(pilot, "left")  # what was on screen before is remembered too
        assert screen.view.cursor.position == 1


async def test_what_is_foreseen_is_the_next_step_in_the_same_direction() -> None:
    async with walking(expression(), at=4) as (pilot, screen):
        await press(pilot, "left")
        assert list(screen.foreseen()) == [screen.walked(screen.walker.step(-1, screen.by))]
        await press(pilot, "home")
        assert not list(screen.foreseen()), "there is no step before the first"


@pytest.mark.deep
async def test_the_next_hit_and_the_next_breakpoint_are_foreseen_as_they_come() -> None:
    async with walking(small(), at=30) as (pilot, screen):
        screen.find_first("op == *")
        for key in ("semicolon", "semicolon", "right", "colon", "semicolon"):
            await press(pilot, key)
            likeliest = next(screen.foreseen())
            await press(pilot, key)
            assert screen.view == likeliest, f"{key} after {key}"
        screen.set_breaks(screen.breaks.plus(parse_break("op == *")))
        await press(pilot, "0", ")")
        for key in ")))((":
            likeliest = next(screen.foreseen())
            await press(pilot, ")" if screen._last[1] > 0 else "(")
            assert screen.view == likeliest
            await press(pilot, key)


async def test_a_picture_in_another_language_is_another_picture() -> None:
    async with walking(expression()) as (pilot, screen):
        foresee(screen)
        app = screen.tracer
        app.lang = LANGS[1]
        page = await press(pilot, "right")
        assert "順伝播" in page


async def test_what_the_user_has_pushed_goes_back_at_the_next_step_painted_ahead_or_not() -> None:
    async with walking(expression(), (80, 24)) as (pilot, screen):
        await press(pilot, "right", "right")
        panel = screen.query_one("#graph", Panel)
        foresee(screen)
        screen.query_one("#graph").push(0, 3)  # type: ignore[attr-defined]
        foresee(screen)
        await press(pilot, "right")
        found = list(panel._lines)
        forget(screen)
        panel._repaint(panel.size)
        assert panel._lines == found


@pytest.mark.deep
@pytest.mark.parametrize(
    "keys", ["enter left", "enter k", "enter backspace", "enter colon", "enter )", "backspace enter"]
)
async def test_at_rest_whatever_key_comes_next_has_been_painted(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    begin, key = keys.split()
    async with walking(small(), at=30) as (pilot, screen):
        screen.find_first("op == *")
        screen.set_breaks(screen.breaks.plus(parse_break("op == *")))
        await press(pilot, "right", "escape", begin)
        foresee(screen)
        before = screen.view
        panel = screen.query_one("#graph", Panel)
        monkeypatch.setattr(type(panel), "paint", lambda *_: pytest.fail("it was painted when the key was pressed"))
        await press(pilot, key)
        assert screen.view != before


@pytest.mark.deep
async def test_what_is_on_screen_is_written_before_anything_is_painted_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "right")
        monkeypatch.setattr(screen, "_work", iter([None]))
        screen.query_one("#graph").refresh()
        screen._dirty_widgets.add(screen.query_one("#graph"))
        screen._paint_on()
        assert next(screen._work, "done") is None, "nothing was done of it yet"
        screen._stop_ahead()


def follow(screen: StepperScreen) -> None:
    """Large pictures follow, as in a terminal."""
    for panel in screen.query(Panel):
        panel.later = screen.paint_later


@pytest.mark.deep
@pytest.mark.parametrize(
    "keys", ["right", "b right", "j j enter", "j k l h", "right right left", "end home", "m right"]
)
async def test_a_large_picture_follows_what_the_other_panels_say(keys: str) -> None:
    async with walking(small()) as (pilot, screen):
        follow(screen)
        await press(pilot, *keys.split())
        await pilot.pause(0.2)
        assert not screen._late
        found = pictures(screen)
        forget(screen)
        for panel in screen.query(Panel):
            panel._repaint(panel.size)
        assert pictures(screen) == found


async def test_a_picture_that_follows_is_painted_when_nothing_else_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async with walking(small()) as (_, screen):
        follow(screen)
        monkeypatch.setattr(type(screen), "_writes_first", property(lambda _: waits))
        waits = True
        graph, explanation = screen.query_one("#graph", Panel), screen.query_one("#explanation", Panel)
        before = graph._lines, explanation._lines
        screen.action_step(1)
        assert graph._lines is before[0], "not yet"
        assert explanation._lines != before[1], "at once"
        screen._paint_late()
        assert graph._lines is before[0], "something has not been written"
        waits = False
        screen._paint_late()
        assert graph._lines != before[0]
        assert not screen._late


async def test_however_fast_the_keys_come_the_picture_is_never_far_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    async with walking(small()) as (_, screen):
        follow(screen)
        monkeypatch.setattr(type(screen), "_writes_first", property(lambda _: True))
        graph = screen.query_one("#graph", Panel)
        before = graph._lines
        screen.action_step(1)
        screen._paint_late()
        assert graph._lines is before
        screen._late_since -= AT_LATEST
        screen._paint_late()
        assert graph._lines != before


async def test_a_picture_that_is_there_comes_with_the_others() -> None:
    async with walking(small()) as (_, screen):
        follow(screen)
        foresee(screen)
        screen.action_step(1)
        assert not screen._late


async def test_nothing_is_painted_ahead_while_a_key_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that reads keys tells of it before the app hears of the key."""
    async with walking(expression()) as (_, screen):
        monkeypatch.setattr(type(screen), "_writes_first", property(lambda _: False))
        monkeypatch.setattr(screen, "_work", iter([None]))
        Keys().decode(b"x")
        assert PULSE.fresh
        screen._paint_on()
        assert next(screen._work, "done") is None, "nothing was done of it yet"
        screen._stop_ahead()
        monkeypatch.setattr(screen, "_work", iter([None]))
        PULSE.typed -= HEARD
        screen._paint_on()
        assert next(screen._work, "done") == "done"
        screen._stop_ahead()
