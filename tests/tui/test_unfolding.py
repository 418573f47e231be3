"""Unfolding in the stepper: Enter opens a tensor in place, everything goes on working inside, and folding closes it."""

from __future__ import annotations

import pytest

from tests.explain.tensor_programs import single
from tests.tui.shell import shown, until
from tests.tui.stepping import NARROW, WIDE, expression, press, toasts, walking
from tests.tui.test_stepper_tensors import thing
from tracer.lessons.runner import Thing
from tracer.scene.canvas import OPEN
from tracer.scene.scene import Frame
from tracer.text import Lang
from tracer.tui.screens.inspect import InspectScreen
from tracer.tui.screens.predict import PredictScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.screens.unfold import UnfoldScreen
from tracer.tui.widgets.graph import GraphPanel

pytestmark = pytest.mark.deep  # driven by keys, which is slow


def find(screen: StepperScreen, name: str) -> int:
    return int(screen.view.cursor.trace.find(name))


def frames(screen: StepperScreen) -> tuple[Frame, ...]:
    scene = screen.query_one("#graph", GraphPanel).scene
    assert scene is not None
    return scene.frames


async def test_enter_asks_how_much_and_opens_it_in_place() -> None:
    async with walking(thing()) as (pilot, screen):
        screen.select(find(screen, "H"))
        page = await press(pilot, "enter")
        assert isinstance(pilot.app.screen, UnfoldScreen)
        assert "the element H[0, 0]" in page
        assert "the row H[0]" in page
        assert "all of H" in page
        assert page.count("nodes") >= 3, "each says how many it comes to"
        before = screen.view.cursor.trace
        page = await press(pilot, "a")
        trace = screen.view.cursor.trace
        assert trace.n_nodes > before.n_nodes + 8
        assert [frame.title for frame in frames(screen)] == ["H = relu(C)"]
        assert f"{OPEN} H = relu(C)" in page
        assert screen.view.selected == find(screen, "H")
        assert "H is unfolded" in toasts(pilot)


@pytest.mark.parametrize(("key", "title"), [("e", "C[1, 1]"), ("r", "C[1]")])
async def test_the_chosen_element_or_its_row_is_offered(key: str, title: str) -> None:
    async with walking(thing()) as (pilot, screen):
        node = find(screen, "C")
        screen.select(node)
        screen._choose(node, 5)
        await press(pilot, "enter", key)
        assert [frame.title for frame in frames(screen)] == [title]
        assert screen.thing.command().endswith(f"--unfold '{title}'")


async def test_the_moment_stays_and_everything_inside_is_walked() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "end", *["left"] * 3)
        before = screen.view.cursor
        grads = {before.trace.label(n): before.grad(n) for n in range(before.trace.n_nodes)}
        screen.select(find(screen, "H"))
        await press(pilot, "enter", "a")
        after = screen.view.cursor
        for name, grad in grads.items():
            there = after.grad(after.trace.resolve(name))
            assert (there is None) == (grad is None)
            assert grad is None or (there == grad).all()
        assert "H[0, 0] = " in await press(pilot, "f", *["right"] * 8)


async def test_with_nothing_selected_it_is_the_node_at_work() -> None:
    """In a backward pass the one that hands on, in its double border; not the leaf that receives."""
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "end")
        assert screen.view.cursor.moment.user is not None
        page = await press(pilot, "enter")
        assert "Unfold v3" in page
        await press(pilot, "escape", "f", *["right"] * 6)
        assert screen.view.node == find(screen, "H")
        assert "Unfold H" in await press(pilot, "enter")


async def test_escape_folds_what_was_just_unfolded_and_leaves_last() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, *["right"] * 7)
        position, trace = screen.view.cursor.position, screen.view.cursor.trace
        screen.select(find(screen, "L"))
        await press(pilot, "enter")  # a single number: there is nothing to ask
        screen.select(find(screen, "H"))
        await press(pilot, "enter", "e")
        assert len(frames(screen)) == 2
        await press(pilot, "escape")
        assert [frame.title for frame in frames(screen)] == ["L = sum(H)"]
        assert screen.view.selected == find(screen, "H")
        await press(pilot, "escape")
        assert screen.view.selected is None
        assert len(frames(screen)) == 1, "first the selection goes"
        await press(pilot, "escape")
        assert frames(screen) == ()
        assert screen.view.selected is None, "the next one leaves"
        assert screen.view.cursor.trace.n_nodes == trace.n_nodes
        assert screen.view.cursor.position == position


async def test_a_fat_op_opens_into_its_smaller_ops_at_once_and_enter_folds_it() -> None:
    async with walking(probabilities()) as (pilot, screen):
        screen.select(find(screen, "p"))
        await press(pilot, "enter")
        assert [frame.title for frame in frames(screen)] == ["p = softmax(z, dim=1)"]
        trace = screen.view.cursor.trace
        assert "exp" in {op.name for n in range(trace.n_nodes) if (op := trace.op(n)) is not None}
        page = await press(pilot, "enter")
        assert "fold p again" in page, "its last op can be opened in its turn"
        await press(pilot, "enter")
        assert frames(screen) == ()


async def test_frames_stand_within_frames() -> None:
    async with walking(probabilities()) as (pilot, screen):
        screen.select(find(screen, "p"))
        await press(pilot, "enter")
        await press(pilot, "enter", "r")
        outer, inner = frames(screen)
        assert (outer.title, inner.title) == ("p = softmax(z, dim=1)", "p[0]")
        assert inner.nodes < outer.nodes
        assert outer.x < inner.x
        assert inner.right < outer.right
        command = screen.thing.command()
        assert command == "tracer open p.py --unfold p --unfold 'p[0]'"
        await press(pilot, "escape", "escape")
        assert frames(screen) == ()


async def test_a_tensor_without_axes_opens_at_once_and_where_nothing_is_inside_one_looks_closer() -> None:
    async with walking(Thing("single.py", single())) as (pilot, screen):
        screen.select(find(screen, "x"))
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, InspectScreen)
    async with walking(expression()) as (pilot, screen):
        screen.select(2)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, InspectScreen)


async def test_looking_closer_stays_in_reach() -> None:
    async with walking(thing()) as (pilot, screen):
        screen.select(find(screen, "H"))
        await press(pilot, "z")
        assert isinstance(pilot.app.screen, InspectScreen)
        await press(pilot, "escape", "enter", "z")
        assert isinstance(pilot.app.screen, InspectScreen)


async def test_the_dialog_is_walked_with_the_arrows_and_the_mouse() -> None:
    async with walking(thing()) as (pilot, screen):
        screen.select(find(screen, "H"))
        page = await press(pilot, "enter", "down", "down")
        assert any("▸ a" in line for line in page.splitlines())
        await press(pilot, "escape")
        assert frames(screen) == ()
        await press(pilot, "enter")
        await pilot.click("#unfold-rows", offset=(6, 1))
        await pilot.pause()
        assert [frame.title for frame in frames(screen)] == ["H[0]"]


async def test_a_click_on_the_title_folds() -> None:
    async with walking(thing()) as (pilot, screen):
        screen.select(find(screen, "L"))
        page = await press(pilot, "enter")
        y, line = next((y, line) for y, line in enumerate(page.splitlines()) if f"{OPEN} L" in line)
        await pilot.click(offset=(line.index(OPEN) + 2, y))
        await pilot.pause()
        assert frames(screen) == ()


async def test_a_nudge_goes_on_inside_and_an_edit_is_unfolded_again() -> None:
    async with walking(thing()) as (pilot, screen):
        await press(pilot, "end")
        screen.select(find(screen, "C"))
        await press(pilot, "enter", "e")
        screen.select(find(screen, "b"))
        await press(pilot, "n")
        await until(pilot, lambda: screen.view.nudge is not None)
        nudge = screen.view.nudge
        assert nudge is not None
        assert [frame.title for frame in frames(screen)] == ["C[0, 0]"]
        assert nudge.before.trace.n_nodes == nudge.after.trace.n_nodes == screen.view.cursor.trace.n_nodes
        screen.select(find(screen, "H"))
        await press(pilot, "enter", "e")
        nudge = screen.view.nudge
        assert nudge is not None, "unfolding keeps the nudge"
        assert nudge.before.trace.n_nodes == screen.view.cursor.trace.n_nodes
        assert len(frames(screen)) == 2
        await press(pilot, "escape")  # the nudge goes first
        assert screen.view.nudge is None
        assert len(frames(screen)) == 2


async def test_a_number_taken_out_of_a_leaf_is_nudged_as_the_leafs_own() -> None:
    """`n` on `b[2]`, a number inside, moves that element of `b`; a constant of a definition is no leaf to change."""
    async with walking(thing()) as (pilot, screen):
        screen.select(find(screen, "C"))
        screen._choose(find(screen, "C"), 6)
        await press(pilot, "enter", "e")
        b = find(screen, "b")
        screen.select(find(screen, "b[2]"))
        assert screen.target_leaf() == b
        await press(pilot, "n")
        await until(pilot, lambda: screen.view.nudge is not None)
        nudge = screen.view.nudge
        assert nudge is not None
        assert (nudge.leaf, nudge.element) == (b, 2)
        trace = screen.view.cursor.trace
        assert [leaf.label.split("[")[0] for leaf in screen.leaves()] == [
            trace.label(n) for n in range(trace.n_nodes) if trace.kind(n) == "leaf"
        ]


async def test_gradients_inside_are_predicted() -> None:
    async with walking(Thing("single.py", single())) as (pilot, screen):
        await press(pilot, "b")
        screen.select(find(screen, "y"))
        await press(pilot, "p")
        assert isinstance(pilot.app.screen, PredictScreen)


async def test_a_quiz_asks_inside_too_and_forgets_no_answer() -> None:
    async with walking(probabilities(), quiz=True) as (pilot, screen):
        await press(pilot, "b")
        screen._asked.add((0, find(screen, "p")))
        screen._right.add((0, find(screen, "p")))
        before = screen.view.quiz
        screen.select(find(screen, "p"))
        await press(pilot, "enter")
        quiz = screen.view.quiz
        assert before is not None
        assert quiz is not None
        assert quiz.asked > before.asked
        assert screen._right == {(0, find(screen, "p"))}


async def test_what_is_too_large_says_so_and_the_way_out() -> None:
    async with walking(large()) as (pilot, screen):
        screen.select(find(screen, "y"))
        page = await press(pilot, "enter", "a")
        assert isinstance(pilot.app.screen, UnfoldScreen)
        assert "choose a row or an element" in page
        await press(pilot, "e")
        assert [frame.title for frame in frames(screen)] == ["y[0, 0]"]


@pytest.mark.parametrize(
    ("size", "lang"),
    [
        (NARROW, "en"),
        (WIDE, "ja"),
        pytest.param(NARROW, "ja", marks=pytest.mark.deep),
        pytest.param(WIDE, "en", marks=pytest.mark.deep),
    ],
)
async def test_every_step_inside_is_drawn_in_every_size(lang: Lang, size: tuple[int, int]) -> None:
    async with walking(probabilities(), size, lang=lang) as (pilot, screen):
        screen.select(find(screen, "p"))
        await press(pilot, "enter")
        screen.select(find(screen, "L"))
        await press(pilot, "enter", "a")
        screen.select(None)
        trace = screen.view.cursor.trace
        for position in range(0, len(trace) + 1, 5):
            screen.walk_to(trace.cursor(position))
            await pilot.pause()
            assert shown(pilot.app)  # type: ignore[arg-type]


def probabilities() -> Thing:
    import tracer
    from tracer.core.record import record

    with record() as rec:
        z = tracer.tensor([[1.0, 2.0], [0.5, -1.0]], requires_grad=True).named("z")
        p = z.softmax(dim=1).named("p")
        (p * p).sum().named("L").backward()
    return Thing("p.py", rec.trace, name="p.py")


def large() -> Thing:
    import tracer
    from tracer.core.record import record

    with record() as rec:
        x = tracer.ones((60, 60), requires_grad=True).named("x")
        y = (x @ x).named("y")
        y.sum().named("L").backward()
    return Thing("large.py", rec.trace, name="large.py")
