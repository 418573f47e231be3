"""Nudge and edit: the program runs again beside the app, and one stays where one was."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace

import pytest
from textual.widgets import Input

from tests.tui.shell import shown, until
from tests.tui.stepping import NARROW, expression, press, program, thing_of, toasts, walking
from tracer.core.record import LeafKey, record
from tracer.core.value import Value
from tracer.lessons.runner import Thing
from tracer.tui.screens.edit import EditScreen

pytestmark = pytest.mark.deep  # driven by keys, which is slow


async def test_a_nudge_moves_the_leaf_at_work_and_is_compared_with_the_gradient() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        await press(pilot, "end", "n")
        await until(pilot, lambda: screen.view.nudge is not None)
        page = shown(pilot.app)  # type: ignore[arg-type]
        assert "w 2 → 2.001   moved 0.001" in page, "the last step gave to w"
        assert "y 10 → 10.002   moved 0.002" in page
        assert "gradient × nudge = 2 × 0.001 = 0.002" in page
        assert screen.view.cursor.position == len(screen.view.cursor.trace)
        assert screen.view.selected == screen.thing.trace.resolve("w")


async def test_nudges_add_up_and_the_other_key_takes_them_back() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        screen.select(0)
        for key, value in (("n", 3.001), ("n", 3.002), ("N", 3.001), ("N", 3.0), ("N", 2.999)):
            await press(pilot, key)
            await until(pilot, lambda value=value: screen.thing.trace.columns.value[0] == value)
        assert screen.view.nudge is not None
        assert screen.view.nudge.before.data("x") is None, "position 0: nothing has been made"


async def test_the_change_is_seen_travelling_step_by_step() -> None:
    async with walking(thing_of(program()), NARROW) as (pilot, screen):
        screen.select(0)
        await press(pilot, "n")
        await until(pilot, lambda: screen.view.nudge is not None)
        assert "Step on until y is there." in shown(pilot.app)  # type: ignore[arg-type]
        seen = [await press(pilot, "right") for _ in range(6)]
        assert ["a 5 → 5.001" in page for page in seen[:5]] == [False, False, True, True, True]
        assert ["10.007" in page for page in seen] == [False] * 5 + [True]
        assert "Walk back to x" in seen[-1]


async def test_nudges_typed_faster_than_the_program_runs_are_not_lost() -> None:
    gate = threading.Event()
    runs: list[Mapping[LeafKey, float]] = []
    base = thing_of(program())

    def slow(overrides: Mapping[LeafKey, float], /, stop: threading.Event | None = None) -> Thing:
        runs.append(overrides)
        gate.wait(10)
        return replace(base.rerun(overrides), rerun=slow)

    async with walking(replace(base, rerun=slow)) as (pilot, screen):
        screen.select(0)
        await press(pilot, "n", "n", "n", "n")
        await until(pilot, lambda: "running…" in shown(pilot.app))  # type: ignore[arg-type]
        gate.set()
        await until(pilot, lambda: screen.thing.trace.columns.value[0] == 3.004)
        assert screen.view.busy is None
        assert len(runs) == 2, "the nudges in between are one run"


async def test_an_edit_runs_the_program_and_keeps_the_place() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        await press(pilot, *["right"] * 8)
        here = screen.view.cursor.position
        await press(pilot, "e")
        dialog = pilot.app.screen
        assert isinstance(dialog, EditScreen)
        dialog.query_one(Input).value = "1/2"
        await press(pilot, "enter")
        await until(pilot, lambda: bool(screen.thing.overrides) and screen.view.busy is None)
        assert screen.view.cursor.position == here
        assert "0.5" in shown(pilot.app)  # type: ignore[arg-type]
        assert screen.view.nudge is None


@pytest.mark.parametrize(("lang", "words"), [("en", "is not a number"), ("ja", "数ではありません")])
async def test_a_bad_number_is_told_in_place_until_it_is_changed(lang: str, words: str) -> None:
    async with walking(thing_of(program()), lang=lang) as (pilot, screen):  # type: ignore[arg-type]
        await press(pilot, "e")
        dialog = pilot.app.screen
        assert isinstance(dialog, EditScreen)
        dialog.query_one(Input).value = "three"
        page = await press(pilot, "enter")
        assert words in page
        assert "✗" in page
        assert pilot.app.screen is dialog
        assert words not in await press(pilot, "backspace")
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert screen.thing.overrides == {}


async def test_arrows_choose_the_leaf_and_an_empty_line_gives_its_own_number_back() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        await press(pilot, "e")
        dialog = pilot.app.screen
        assert isinstance(dialog, EditScreen)
        assert dialog.leaf.label == "x"
        assert "Another value for w" in await press(pilot, "down")
        assert dialog.query_one(Input).value == "2"
        dialog.query_one(Input).value = "9"
        await press(pilot, "enter")
        await until(pilot, lambda: screen.thing.trace.columns.value[1] == 9)
        await press(pilot, "e")
        assert "back to 2" in shown(pilot.app)  # type: ignore[arg-type]
        pilot.app.screen.query_one(Input).value = ""
        await press(pilot, "enter")
        await until(pilot, lambda: screen.thing.trace.columns.value[1] == 2)


async def test_a_run_that_fails_is_told_and_changes_nothing() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        await press(pilot, "e")
        pilot.app.screen.query_one(Input).value = "666"
        await press(pilot, "enter")
        await until(pilot, lambda: "did not survive" in toasts(pilot))
        assert screen.view.busy is None
        assert screen.thing.trace.columns.value[0] == 3


async def test_a_trace_without_leaves_has_nothing_to_change() -> None:
    with record() as rec:
        pass
    async with walking(thing_of(rec.trace)) as (pilot, screen):
        await press(pilot, "n")
        await until(pilot, lambda: "no leaf to change" in toasts(pilot))
        await press(pilot, "e")
        assert pilot.app.screen is screen


async def test_a_program_that_takes_another_way_shows_the_other_graph() -> None:
    def run(overrides: Mapping[LeafKey, float] | None = None) -> object:
        with record(overrides) as rec:
            x = Value(1.0, name="x")
            (x * 2 if x <= 1 else (x + 1) * x * x).named("y").backward()
        return rec.trace

    def again(overrides: Mapping[LeafKey, float], /, stop: threading.Event | None = None) -> Thing:
        return replace(thing, trace=run(overrides), overrides=dict(overrides))  # type: ignore[arg-type]

    thing = Thing("branch.py", run(), rerun=again)  # type: ignore[arg-type]
    async with walking(thing) as (pilot, screen):
        await press(pilot, "end", "n")
        await until(pilot, lambda: screen.view.nudge is not None)
        assert "took another way" in shown(pilot.app)  # type: ignore[arg-type]
        assert screen.view.cursor.position == len(screen.thing.trace), "the end stays the end"
        await press(pilot, "left", "home", "end")


async def test_an_expression_is_edited_in_this_process() -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "end", "e")
        pilot.app.screen.query_one(Input).value = "-0.5"
        await press(pilot, "enter")
        await until(pilot, lambda: bool(screen.thing.overrides))
        assert screen.view.cursor.grad("x") == 0


async def test_escape_takes_back_a_nudge_then_the_selection_and_then_leaves() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        await press(pilot, "end", "n")
        await until(pilot, lambda: screen.view.nudge is not None)
        assert "w = 2.001" in shown(pilot.app).splitlines()[0], "the title says what was changed"  # type: ignore[arg-type]
        await press(pilot, "escape")
        assert screen.view.nudge is None
        assert screen.thing.overrides == {}
        assert screen.view.cursor.position == len(screen.thing.trace)
        assert "w = 2.001" not in shown(pilot.app)  # type: ignore[arg-type]
        assert screen.view.selected is not None
        await press(pilot, "escape")
        assert screen.view.selected is None
        await press(pilot, "escape")
        assert pilot.app.screen is screen, "the only screen stays: escape never quits"


async def test_escape_ends_a_run_that_does_not_end_by_itself() -> None:
    base = thing_of(program())

    def endless(overrides: Mapping[LeafKey, float], /, stop: threading.Event | None = None) -> Thing:
        assert stop is not None
        assert stop.wait(20), "nobody stopped it"
        return replace(base.rerun(overrides), rerun=endless)

    async with walking(replace(base, rerun=endless)) as (pilot, screen):
        screen.select(0)
        await press(pilot, "n")
        await until(pilot, lambda: "esc stops" in shown(pilot.app))  # type: ignore[arg-type]
        await press(pilot, "escape")
        await until(pilot, lambda: screen.view.nudge is not None)
        assert screen.view.busy is None
        assert pilot.app.screen is screen


async def test_leaving_ends_the_run_under_way() -> None:
    base, ended = thing_of(program()), threading.Event()

    def endless(overrides: Mapping[LeafKey, float], /, stop: threading.Event | None = None) -> Thing:
        assert stop is not None
        stop.wait(20)
        ended.set()
        return base

    async with walking(replace(base, rerun=endless)) as (pilot, screen):
        screen.select(0)
        await press(pilot, "n", "q")
    assert ended.wait(5)
