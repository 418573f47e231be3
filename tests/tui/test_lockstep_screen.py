"""Two runs side by side on screen."""

from __future__ import annotations

import pytest

from tests.tui.shell import shown, until
from tests.tui.stepping import NARROW, WIDE, assigned, beside, press, program, thing_of, toasts
from tracer.lessons.runner import Thing, open_thing
from tracer.scene.palette import DARK
from tracer.text import LANGS, Lang
from tracer.tui.screens.endcard import EndCardScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.view import APART
from tracer.tui.widgets.graph import GraphPanel

pytestmark = pytest.mark.deep  # driven by keys, which is slow


def wide_pair() -> Thing:
    """A pair whose graphs do not fit beside each other on a small terminal."""
    return thing_of(program(), compare=thing_of(program()))


async def test_both_walk_together_with_the_same_keys() -> None:
    async with beside(assigned()) as (pilot, screen):
        await press(pilot, "right", "right", "right")
        assert screen.left.cursor.moment.kind == screen.right.cursor.moment.kind == "seed"
        await press(pilot, "left")
        assert screen.left.cursor.moment.kind == "forward"
        assert "2/5" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "end")
        assert "5/5" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "b")
        assert screen.left.cursor.position == screen.left.cursor.trace.passes[0].start
        await press(pilot, "f")
        assert screen.walker.index == 0


@pytest.mark.parametrize(
    ("lang", "left", "right"),
    [
        ("en", "after this contribution x holds 3.", "after this contribution x holds 6."),
        ("ja", "この寄与のあと、x の勾配は 3 です。", "この寄与のあと、x の勾配は 6 です。"),
    ],
)
async def test_where_they_part_is_marked_in_both(lang: Lang, left: str, right: str) -> None:
    """By a sign, in words and in colour; not before it has happened."""
    async with beside(assigned(), lang=lang) as (pilot, screen):
        await press(pilot, "right", "right", "right", "right")
        assert APART not in shown(pilot.app)  # type: ignore[arg-type]
        page = await press(pilot, "=")
        assert left in page
        assert right in page
        for side in ("left", "right"):
            panel = screen.query_one(f"#{side}", GraphPanel)
            assert panel.scene is not None
            assert panel.scene.by_node[0].check == APART
            inks = [s for y in range(panel.size.height) for s in panel.render_line(y) if s.text == APART]
            assert [ink.style.color.name for ink in inks if ink.style and ink.style.color] == [DARK.wrong]
        assert APART not in await press(pilot, "left")


async def test_a_run_that_is_not_there_yet_says_so() -> None:
    async with beside(open_thing("microgpt/07_recursion")) as (pilot, screen):
        page = await press(pilot, "u")
        assert "First difference: b hands 1 on to a, although b still" in " ".join(page.split())
        assert "This run has not got there yet." in page
        assert screen.right.cursor.grad("a") is None
        assert "b hands 2 on to a" in await press(pilot, "right")


async def test_equal_runs_say_so() -> None:
    async with beside(wide_pair()) as (pilot, screen):
        await press(pilot, "=")
        await until(pilot, lambda: "do the same" in toasts(pilot))
        assert screen.walker.index == 0


async def test_play_pauses_where_they_part() -> None:
    async with beside(assigned()) as (pilot, screen):
        await press(pilot, ">", ">", ">", "space")
        await until(pilot, lambda: not screen.playing)
        first = screen.walker.lockstep.first_divergence
        assert first is not None
        assert screen.walker.index == first.index


async def test_side_by_side_where_they_fit_and_in_turn_where_not() -> None:
    def visible() -> list[str]:
        return [side for side in ("left", "right") if screen.query_one(f"#{side}").region.area]

    async with beside(assigned(), NARROW) as (pilot, screen):
        assert visible() == ["left", "right"]
    async with beside(wide_pair(), NARROW) as (pilot, screen):
        assert visible() == ["left"]
        page = await press(pilot, "tab")
        assert visible() == ["right"]
        assert "2/2" in page
        await pilot.resize_terminal(*WIDE)
        await pilot.pause()
        assert visible() == ["left", "right"]


async def test_enter_walks_the_run_that_is_looked_at_alone() -> None:
    thing = assigned()
    async with beside(thing) as (pilot, screen):
        await press(pilot, "=", "tab", "enter")
        stepper = pilot.app.screen
        assert isinstance(stepper, StepperScreen)
        assert thing.compare is not None
        assert stepper.thing is thing.compare
        assert stepper.view.cursor.position == screen.right.cursor.position
        await press(pilot, "q")
        assert pilot.app.screen is screen


async def test_sizes_of_step_notation_and_emphasis_are_for_both() -> None:
    async with beside(assigned()) as (pilot, screen):
        await press(pilot, ",", "d", "v")
        for view in (screen.left, screen.right):
            assert (view.by, view.notation, view.show) == ("part", "textbook", "values")
        assert f"0/{len(screen.walker.lockstep)}" in shown(pilot.app)  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", LANGS)
async def test_a_lesson_of_two_speaks_and_ends_on_its_card(lang: Lang) -> None:
    thing = open_thing("microgpt/10_assign")
    assert thing.lesson is not None
    async with beside(thing, lang=lang) as (pilot, screen):
        assert thing.lesson.intro[lang][:12] in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "r")
        assert screen.left.fresh
        await press(pilot, "R")
        assert screen.walker.index == 0
        await press(pilot, "right")
        assert screen.left.note == thing.lesson.caption, "between its stops it says what the pair shows"
        await press(pilot, "end", "right")
        await until(pilot, lambda: isinstance(pilot.app.screen, EndCardScreen))


async def test_what_is_on_screen_depends_only_on_the_moment() -> None:
    async with beside(assigned()) as (pilot, _):
        straight = await press(pilot, "right", "right", "right", "right")
        assert await press(pilot, "end", "left") == straight
        assert await press(pilot, "=", "home", "right", "right", "right", "right") == straight
