"""`y`: why a gradient is as it is, in a list over the graph which follows along."""

from __future__ import annotations

import pytest

from tests.trace.why.planted import FAULTS
from tests.tui.stepping import HUGE, NARROW, WIDE, expression, press, thing_of, walking
from tracer.core.record import record
from tracer.core.value import Value
from tracer.text import Lang
from tracer.trace.trace import Trace
from tracer.tui.screens.why import WhyScreen

pytestmark = pytest.mark.deep  # driven by keys, which is slow; short tests of the parts stand beside theirs


def dead() -> Trace:
    with record() as rec:
        w, b = Value(0.5, "w"), Value(-4.0, "b")
        h = (w * 1.5 + b).relu().named("h")
        ((h - 1.0) * 2).named("loss").backward()
    return rec.trace


@pytest.mark.parametrize(("size", "lang"), [(NARROW, "en"), (NARROW, "ja"), (WIDE, "ja"), (HUGE, "en")])
async def test_the_culprit_is_marked_and_the_graph_points_at_it(size: tuple[int, int], lang: Lang) -> None:
    """Question, answer and chain fit at every size, in both languages."""
    trace = dead()
    async with walking(thing_of(trace), size, lang=lang, at=len(trace)) as (pilot, screen):
        screen.select(trace.resolve("w"))
        page = await press(pilot, "y")
        assert isinstance(pilot.app.screen, WhyScreen)
        assert {"en": "Why is ∂loss/∂w zero?", "ja": "∂loss/∂w はなぜ 0 なのか"}[lang] in page
        assert {"en": "The gate h = relu(v4) is closed", "ja": "ゲート h = relu(v4) が閉じています"}[lang] in page
        assert "2 · 0 = 0" in page
        culprit = next(line for line in page.splitlines() if "✗" in line)
        assert "v4" in culprit
        assert screen.view.selected == trace.find("v4")
        assert len(screen.view.route) == 3


async def test_arrows_step_along_and_esc_comes_back_to_where_one_was() -> None:
    """The selection and the heavy edges follow the mark; afterwards all is as it was."""
    trace = dead()
    async with walking(thing_of(trace), at=len(trace)) as (pilot, screen):
        w = trace.resolve("w")
        screen.select(w)
        before = screen.view
        await press(pilot, "y", "up", "up", "up")
        assert (screen.view.selected, len(screen.view.route)) == (w, 1)
        await press(pilot, "end")
        assert screen.view.selected == trace.resolve("h")
        await press(pilot, "escape")
        assert screen.view == before


async def test_enter_goes_to_the_moment_of_a_link_and_ctrl_o_comes_back() -> None:
    """That of the marked contribution: there 0 has just been handed to v4."""
    trace = dead()
    async with walking(thing_of(trace), at=len(trace)) as (pilot, screen):
        screen.select(trace.resolve("w"))
        await press(pilot, "y", "enter")
        moment = screen.view.cursor.moment
        assert (moment.kind, moment.node, moment.contribution) == ("edge", trace.find("v4"), 0)
        await press(pilot, "ctrl+o")
        assert screen.view.cursor.position == len(trace)


async def test_tab_asks_where_it_came_from_instead() -> None:
    trace = dead()
    async with walking(thing_of(trace), at=len(trace)) as (pilot, screen):
        screen.select(trace.resolve("w"))
        page = await press(pilot, "y", "tab")
        assert "Where did ∂loss/∂w come from?" in page
        page = await press(pilot, "tab")
        assert "Why is ∂loss/∂w zero?" in page


async def test_before_the_pass_nothing_is_known_and_no_number_is_shown() -> None:
    thing = expression()
    async with walking(thing, at=4) as (pilot, screen):
        screen.select(thing.trace.resolve("x"))
        page = await press(pilot, "y")
        assert "Not known yet: step on to position" in page
        assert "· 1" not in page


@pytest.mark.parametrize("name", ["tensor zeroed weight", "scalar log of 0", "tensor detached"])
async def test_planted_faults_are_told_on_a_small_terminal(name: str) -> None:
    """Arrays, values that are not finite, cuts: each link can be stepped to."""
    fault = next(one for one in FAULTS if one.name == name)
    trace = fault.trace()
    async with walking(thing_of(trace), NARROW, at=len(trace)) as (pilot, screen):
        screen.select(trace.resolve(fault.ask))
        page = await press(pilot, "y")
        assert "✗" in page
        await press(pilot, "home", *["down"] * 5)
        assert isinstance(pilot.app.screen, WhyScreen)
        await press(pilot, "y")
        assert screen.is_current
