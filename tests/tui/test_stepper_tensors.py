"""Tensors in the stepper: nodes as steps, elements chosen, nudged and edited, in numbers and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from threading import Event

import numpy as np
import pytest
from textual.widgets import Input

import tracer
from tests.explain.tensor_programs import layer
from tests.tui.shell import shown, until
from tests.tui.stepping import NARROW, WIDE, press, toasts, walking
from tracer.core.record import LeafKey, Override, record
from tracer.lessons.again import perform
from tracer.lessons.runner import Thing
from tracer.text import LANGS, Lang
from tracer.trace.trace import Trace
from tracer.tui.screens.edit import EditScreen
from tracer.tui.widgets.values import ValuesPanel


def thing(overrides: Mapping[LeafKey, Override] | None = None) -> Thing:
    """`layer` as a program that can be run again."""

    def again(overrides: Mapping[LeafKey, Override], /, stop: Event | None = None) -> Thing:
        return replace(opened, trace=layer(overrides), overrides=dict(overrides))

    opened = Thing("layer.py", layer(overrides), rerun=again, name="layer.py")
    return opened


def stack() -> Trace:
    """A stack of two tables, too many numbers for one glance."""
    with record() as rec:
        q = tracer.tensor(np.arange(2400.0).reshape(2, 30, 40), requires_grad=True).named("q")
        (q * q).mean().named("L").backward()
    return rec.trace


async def test_tensors_are_walked_node_by_node() -> None:
    async with walking(thing()) as (pilot, screen):
        assert screen.by == "node"
        page = await press(pilot, *["right"] * 4)
        assert "(2, 3) @ (3, 4) → (2, 4)" in page
        assert "v3  (2, 4)  float32   ∂ ?" in page


async def test_the_values_panel_chooses_elements_once_it_has_the_focus() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "end")
        screen.select(0)
        screen.query_one(ValuesPanel).focus()
        await press(pilot, "l")
        page = await press(pilot, "l", "j")
        assert screen.view.cell == (0, 4)
        assert "A[1, 1] = 5   ∂ 1.5" in page
        assert screen.view.selected == 0, "the graph's selection stays"


async def test_on_a_small_terminal_the_values_in_front_have_the_arrows() -> None:
    async with walking(thing(), NARROW) as (pilot, screen):
        await press(pilot, "end", "shift+tab")
        assert screen.tab == "values"
        page = await press(pilot, "l", "l")
        node = screen.view.about
        assert screen.view.cell == (node, 1)
        assert "[0, 1] = " in page


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("numbers", [np.zeros((0, 3), np.float32), np.array([0, 1]), np.array([True])])
async def test_what_takes_no_small_change_is_not_nudged(numbers: np.ndarray, lang: Lang) -> None:
    with record() as rec:
        leaf = tracer.from_numpy(numbers).named("leaf")
        (leaf.sum() * tracer.ones(1, requires_grad=True)).sum().backward()

    def again(*_: object, **__: object) -> Thing:
        raise AssertionError("nothing is run again")

    given = Thing("a.py", rec.trace, rerun=again, name="a.py")
    async with walking(given, lang=lang) as (pilot, screen):
        screen.select(next(n for n in range(rec.trace.n_nodes) if rec.trace.label(n) == "leaf"))
        await press(pilot, "n")
        assert screen.view.nudge is None
        await until(pilot, lambda: ("cannot be nudged" if lang == "en" else "動かすことができません") in toasts(pilot))


@pytest.mark.parametrize("lang", LANGS)
async def test_a_saved_trace_of_tensors_says_in_words_of_the_app_why_it_cannot_change(lang: Lang) -> None:
    with record() as rec:
        tracer.tensor([1.0, 2.0], requires_grad=True).named("x").sum().backward()
    saved = Thing("a.trace", rec.trace, rerun=partial(_performed, rec.trace), name="a.trace")
    async with walking(saved, lang=lang) as (pilot, _screen):
        await press(pilot, "n")
        await until(pilot, lambda: ("holds tensors" if lang == "en" else "テンソルの計算です") in toasts(pilot))


def _performed(trace: Trace, overrides: Mapping[LeafKey, Override], stop: Event | None = None) -> Thing:
    return Thing("a.trace", perform(trace, overrides))


async def test_a_nudge_moves_the_chosen_element_alone() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "end")
        screen._choose(0, 4)
        await press(pilot, "n")
        await until(pilot, lambda: screen.view.nudge is not None)
        before, after = layer().value(0), screen.thing.trace.value(0)
        assert np.flatnonzero(before.reshape(-1) != after.reshape(-1)).tolist() == [4]
        page = shown(pilot.app)  # type: ignore[arg-type]
        assert "A[1, 1] 5 → 5.001   moved 0.001" in page
        assert "gradient × nudge = 1.5 × 0.001 = 0.0015" in page
        assert "A[1, 1] = 5.001" in page, "the title says what was changed"
        await press(pilot, "escape")
        assert screen.view.nudge is None
        assert screen.thing.trace.value(0).reshape(-1)[4] == 5


async def test_an_element_is_edited_and_the_program_runs_again() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "end")
        screen._choose(2, 3)
        await press(pilot, "e")
        assert isinstance(pilot.app.screen, EditScreen)
        assert pilot.app.screen.leaf.label == "b[3]"
        pilot.app.screen.query_one(Input).value = "-50"
        await press(pilot, "enter")
        await until(pilot, lambda: screen.thing.trace.value(2)[3] == -50)
        assert "b[3] = -50" in shown(pilot.app)  # type: ignore[arg-type]
        screen._choose(2, 0)
        await press(pilot, "n")
        await until(pilot, lambda: screen.thing.trace.value(2)[0] != 1)
        assert screen.thing.trace.value(2)[3] == -50, "what was edited before stays"


async def test_pictures_numbers_and_slices_of_a_large_tensor() -> None:
    async with walking(Thing("stack", stack()), NARROW) as (pilot, screen):
        page = await press(pilot, "right", "shift+tab")
        assert "▀▀▀▀▀▀" in page
        page = await press(pilot, "+")
        assert "▀▀▀▀▀▀" not in page
        page = await press(pilot, "-", "i")
        assert "[1, :, :]" in page
        assert screen.view.cell == (0, 1200)
        assert "[0, :, :]" in await press(pilot, "I")


async def test_the_wheel_moves_over_a_large_tensor_until_the_next_step() -> None:
    async with walking(Thing("stack", stack()), NARROW) as (pilot, screen):
        before = await press(pilot, "right", "shift+tab")
        screen.query_one(ValuesPanel).push(4, 0)
        await pilot.pause()
        assert shown(pilot.app) != before  # type: ignore[arg-type]
        await press(pilot, "left")
        assert await press(pilot, "right") == before


async def test_a_click_chooses_the_element_under_it() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "right")
        panel = screen.query_one(ValuesPanel)
        await pilot.pause()
        lines = ["".join(segment.text for segment in line) for line in panel._lines]
        row = next(y for y, line in enumerate(lines) if line.split()[:2] == ["1", "4"])
        await pilot.click(ValuesPanel, offset=(lines[row].index("5") + 1, row + 1))
        await pilot.pause()
        assert screen.view.cell == (0, 4)


async def test_a_prediction_asks_for_one_element_and_knows_its_answer() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "b", "right", "right", "right")
        page = await press(pilot, "p")
        assert "[0, 0] = ?" in page or "[0] = ?" in page
        assert screen.view.blanks


@pytest.mark.parametrize(
    ("size", "lang"),
    [
        (NARROW, "en"),
        pytest.param(WIDE, "ja", marks=pytest.mark.deep),
        pytest.param(NARROW, "ja", marks=pytest.mark.deep),
        pytest.param(WIDE, "en", marks=pytest.mark.deep),
    ],
)
async def test_every_step_of_every_size_is_drawn(size: tuple[int, int], lang: Lang) -> None:
    async with walking(thing(), size, lang=lang) as (pilot, screen):
        for by in ("part", "edge", "node"):
            screen.step_by(by)
            await press(pilot, "0")
            for _ in range(len(screen.view.cursor.trace.stops(by))):
                await pilot.press("right")
            await pilot.pause()
            assert screen.view.at_end
        assert "(2, 3)" in await press(pilot, "d")


async def test_looking_closer_at_a_tensor_tells_its_shape_and_what_came_by_which_way() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "end")
        screen.select(2)
        page = await press(pilot, "enter")
        assert "(4,)  float32" in page
        assert "[1, -2, -20, 4]" in page
        assert "[2, 2, 0, 2]" in page
