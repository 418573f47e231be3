"""Predicting gradients: blanks, helpful replies, and the walk going on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.shell import shown, until
from tests.tui.stepping import NARROW, WIDE, expression, press, program, thing_of, toasts, walking
from tracer.lessons.runner import open_thing
from tracer.scene.scene import BLANK
from tracer.text import Lang
from tracer.tui.screens.predict import PredictScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.widgets.explanation import told
from tracer.tui.widgets.graph import GraphPanel

pytestmark = pytest.mark.deep  # driven by keys, which is slow


async def answer(pilot: object, text: str) -> str:
    pilot.app.screen.query_one(Input).value = text  # type: ignore[attr-defined]
    return await press(pilot, "enter")  # type: ignore[arg-type]


def after_b(screen: StepperScreen) -> None:
    """To where x has received 5 of its 7."""
    trace = screen.view.cursor.trace
    screen.walk_to(trace.cursor(int(trace.stops("edge")[-2])))


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_number_is_a_blank_until_it_is_typed(size: tuple[int, int]) -> None:
    async with walking(expression(), size) as (pilot, screen):
        after_b(screen)
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, PredictScreen)
        x = screen.view.cursor.trace.resolve("x")
        assert screen.view.blanks == {x}
        scene = screen.query_one("#graph", GraphPanel).scene
        assert scene is not None
        assert scene.by_node[x].grad == BLANK
        routes = told(screen.view).routes
        assert routes is not None
        assert routes.total.terms[0].en == BLANK
        await press(pilot, "escape")
        assert screen.view.blanks == frozenset()
        assert "10/11" in shown(pilot.app)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lang", "reply"),
    [
        ("en", "That is the route through v4 alone. x is used by v2 as well"),
        ("ja", "それは v4 を通る経路だけの値です。x は v2 でも使われています"),
    ],
)
async def test_a_wrong_answer_is_helped_and_the_right_one_walks_on(lang: str, reply: str) -> None:
    async with walking(expression(), lang=lang) as (pilot, screen):  # type: ignore[arg-type]
        after_b(screen)
        await press(pilot, "p")
        page = await answer(pilot, "5")
        assert reply in page
        assert "7" not in page.split(reply)[1][:40]
        assert "✓" in (page := await answer(pilot, "5 + 2"))
        assert "7" in page
        await press(pilot, "enter")
        assert pilot.app.screen is screen
        assert "11/11" in shown(pilot.app)  # type: ignore[arg-type]


async def test_a_question_mark_shows_the_answer() -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "p")
        await answer(pilot, "？")
        assert pilot.app.screen is screen
        assert screen.view.cursor.moment.kind == "seed"


async def test_what_is_no_number_is_told_in_place() -> None:
    async with walking(expression()) as (pilot, _):
        await press(pilot, "p")
        assert "is not a number" in await answer(pilot, "seven")


async def test_at_the_end_there_is_nothing_to_predict() -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "end", "p")
        await until(pilot, lambda: "No gradient is still to come" in toasts(pilot))
        assert pilot.app.screen is screen


async def test_as_a_quiz_it_asks_before_each_gradient_is_given_away() -> None:
    async with walking(thing_of(program()), quiz=True) as (pilot, screen):
        asked = []
        for _ in range(40):
            await press(pilot, "right")
            if isinstance(pilot.app.screen, PredictScreen):
                question = pilot.app.screen.question
                asked.append(screen.view.cursor.trace.label(question.node))
                assert screen.view.cursor.grad_state(question.node) != "complete"
                await answer(pilot, "?")
            if screen.view.cursor.position == len(screen.view.cursor.trace):
                break
        assert asked == ["y", "a", "b", "x", "w"]


async def test_a_question_put_aside_is_not_asked_again() -> None:
    async with walking(thing_of(program()), quiz=True) as (pilot, screen):
        await press(pilot, "b", "right")
        assert isinstance(pilot.app.screen, PredictScreen)
        await press(pilot, "escape", "right")
        assert pilot.app.screen is screen
        assert screen.view.cursor.moment.kind == "seed"


async def test_play_stops_to_ask() -> None:
    async with walking(thing_of(program()), quiz=True) as (pilot, screen):
        await press(pilot, ">", ">", ">", "space")
        await until(pilot, lambda: isinstance(pilot.app.screen, PredictScreen))
        assert not screen.playing


@pytest.mark.deep
async def test_a_lesson_that_marks_one_stop_is_asked_wherever_it_stops_for_a_complete_gradient() -> None:
    thing = open_thing("start/01_multiply")
    assert thing.lesson is not None
    assert sum(stop.quiz for stop in thing.lesson.stops) == 1
    async with walking(thing, quiz=True) as (pilot, screen):
        await press(pilot, *["right"] * 4)
        assert pilot.app.screen is screen, "the starting 1 is no such stop"
        for gradient in (3, 4):
            await press(pilot, "right")
            assert isinstance(pilot.app.screen, PredictScreen)
            assert pilot.app.screen.question.answer == gradient
            await answer(pilot, "?")


Move = Callable[[Pilot[None]], Awaitable[None]]


async def scrub_to_the_end(pilot: Pilot[None]) -> None:
    end = pilot.app.screen.query_one("#timeline").size.width
    await pilot.click("#timeline", offset=(end, 1))


async def go_to_the_end(pilot: Pilot[None]) -> None:
    await press(pilot, "g")
    await answer(pilot, "end")


async def play_by_passes(pilot: Pilot[None]) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, StepperScreen)
    await press(pilot, ".", ".", ".", ">", ">", ">")
    for _ in range(3):  # it pauses wherever the lesson has something to say
        if pilot.app.screen is screen:
            await press(pilot, "space")
            await until(pilot, lambda: not screen.playing)


def keys(*names: str) -> Move:
    async def press_them(pilot: Pilot[None]) -> None:
        await press(pilot, *names)

    return press_them


MOVES: dict[str, Move] = {
    "read on": keys("r", "r", "r"),
    "to the end": keys("$"),
    "go to": go_to_the_end,
    "play": play_by_passes,
    "page down": keys(*["pagedown"] * 5),
    "scrub": scrub_to_the_end,
    "by whole passes": keys(".", ".", ".", "right", "right"),
}


FEW = ("read on", "play")
"""Ways to move that are tried at every change; the others in the long run."""


@pytest.mark.parametrize(
    "move", [pytest.param(move, id=name, marks=() if name in FEW else pytest.mark.deep) for name, move in MOVES.items()]
)
async def test_no_move_forward_passes_a_question_or_the_one_after_it(move: Move) -> None:
    async with walking(open_thing("start/01_multiply"), quiz=True) as (pilot, screen):
        await move(pilot)
        await until(pilot, lambda: isinstance(pilot.app.screen, PredictScreen))
        count, price = (screen.view.cursor.trace.resolve(name) for name in ("count", "price"))
        assert screen.view.cursor.grad_state(count) != "complete"
        assert screen.view.cursor.moment.kind == "seed", "what the answer is made of is there to be seen"
        await answer(pilot, "?")
        if pilot.app.screen is screen:
            await move(pilot)
            await until(pilot, lambda: isinstance(pilot.app.screen, PredictScreen))
        assert screen.view.cursor.grad_state(price) != "complete"
        await answer(pilot, "?")
        assert pilot.app.screen is screen
        assert screen.view.cursor.grad_state(price) == "complete"


async def test_back_over_what_was_not_asked_is_free() -> None:
    async with walking(thing_of(program()), quiz=True, at=-1) as (pilot, screen):
        await press(pilot, "left", "0")
        assert pilot.app.screen is screen
        assert screen.view.cursor.position == 0


async def test_by_nodes_every_gradient_is_asked() -> None:
    async with walking(thing_of(program()), quiz=True) as (pilot, screen):
        asked = []
        await press(pilot, ".", "$")
        while isinstance(pilot.app.screen, PredictScreen):
            asked.append(screen.view.cursor.trace.label(pilot.app.screen.question.node))
            await answer(pilot, "?")
        assert sorted(asked) == ["a", "b", "w", "x", "y"]
        assert screen.view.at_end


@pytest.mark.parametrize("size", [WIDE, pytest.param(NARROW, marks=pytest.mark.deep)])
@pytest.mark.parametrize(
    ("lang", "header", "note"),
    [
        ("en", "quiz {n}/2", "you will be asked for the gradient of {name}."),
        ("ja", "クイズ {n}/2", "{name} の勾配を質問"),
    ],
)
async def test_a_quiz_says_so_and_what_it_will_ask(lang: Lang, header: str, note: str, size: tuple[int, int]) -> None:
    async with walking(open_thing("start/01_multiply"), size, lang=lang, quiz=True) as (pilot, _):
        page = await press(pilot, "right")
        assert header.format(n=0) in page
        assert note.format(name="count") in page
        await press(pilot, "$")
        assert note.format(name="count") not in shown(pilot.app), "it is asking"  # type: ignore[arg-type]
        await answer(pilot, "3")
        page = await press(pilot, "enter", "escape")
        assert header.format(n=1) in page
        await press(pilot, "$")
        assert header.format(n=1) in shown(pilot.app)  # type: ignore[arg-type]


async def test_what_was_only_shown_is_not_counted() -> None:
    async with walking(open_thing("start/01_multiply"), quiz=True) as (pilot, _):
        await press(pilot, "$")
        await answer(pilot, "?")
        assert "quiz 0/2" in await answer(pilot, "?")


async def test_without_a_quiz_there_is_no_mark_of_one() -> None:
    async with walking(open_thing("start/01_multiply")) as (pilot, _):
        assert "quiz 0" not in await press(pilot, "right")


async def test_at_the_end_it_says_where_gradients_can_be_predicted() -> None:
    async with walking(expression()) as (pilot, _):
        await press(pilot, "end", "p")
        await until(pilot, lambda: "b goes back" in toasts(pilot))


@pytest.mark.parametrize("key", ["right", "space", "enter", "pagedown"])
async def test_after_the_right_answer_nothing_more_is_typed_and_every_key_forward_goes_on(key: str) -> None:
    async with walking(expression()) as (pilot, screen):
        after_b(screen)
        await press(pilot, "p", "7", "enter", "8")
        assert pilot.app.screen.query_one(Input).value == "7"
        await press(pilot, key)
        assert pilot.app.screen is screen
        assert screen.view.at_end


async def test_what_is_typed_after_a_wrong_answer_takes_its_place() -> None:
    async with walking(expression()) as (pilot, screen):
        after_b(screen)
        await press(pilot, "p", "5", "enter", "7")
        assert pilot.app.screen.query_one(Input).value == "7"
        assert "✓" in await press(pilot, "enter")


async def test_before_an_answer_no_key_goes_on() -> None:
    async with walking(expression()) as (pilot, _):
        await press(pilot, "p", "right", "pagedown")
        assert isinstance(pilot.app.screen, PredictScreen)
        assert "2*5 or 1/3" in shown(pilot.app)  # type: ignore[arg-type]
