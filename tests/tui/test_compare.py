"""Comparing runs: their curves, where they part, and the step that differs opened in lockstep."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tests.train.canned import Kept
from tests.train.test_diagnosis import signals
from tests.tui.shell import remembering, shown, until
from tests.tui.stepping import toasts
from tracer.core.record import record
from tracer.core.value import Value
from tracer.lessons.runner import Thing
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer
from tracer.tui.screens.compare import CompareScreen
from tracer.tui.screens.lockstep import LockstepScreen

pytestmark = pytest.mark.deep  # driven by keys, which is slow; curves and legend are tested without the app
Compare = Callable[..., bool]


def kept(name: str, parts: int | None, lr: float = 0.01, taken: int = 200) -> Any:
    """A run that measures something else from step `parts` on, and takes `taken` steps."""
    run: Any = Kept(taken=taken, name=name, settings={"lr": lr, "n_layer": 1, "seed": 42})
    if parts is not None:
        for one in run.log[parts - 1 :]:
            object.__setattr__(one, "loss", one.loss + lr)
    vanishing = lr > 0.05
    for one in run.log[::20]:
        object.__setattr__(one, "signals", signals(stages=(1e-7, 1e-4, 0.03) if vanishing else (0.03, 0.03, 0.03)))
    run.settings, run.seed, run.steps = run.setup.settings, 42, 200
    run.engine, run.device, run.dtype, run.mode = "Tensor", "cpu", "float32", "lines"
    run.data = SimpleNamespace(name="names.txt", sha256="aa" * 32)
    run.program = SimpleNamespace(shown="gpt.py", sha256="bb" * 32)
    return run


def pair() -> list[Any]:
    return [kept("names-42", None), kept("names-42-2", 7, 0.1)]


def app_of(runs: Sequence[Any], lang: Lang = "en", *, opener: Any = None, **settings: object) -> GradientTracer:
    def screen() -> CompareScreen:
        return CompareScreen(runs, opener=opener)

    return GradientTracer(remembering(lang, **settings), screen=screen)


def screen_of(app: GradientTracer) -> CompareScreen:
    assert isinstance(app.screen, CompareScreen), app.screen
    return app.screen


def a_step(by_lr: float, *, update: bool) -> Thing:
    """A recorded step whose loss is the same for all, and whose update is not."""
    with record() as recorder:
        w = Value(2.0, name="w")
        loss = (w * w if update else w * by_lr).named("loss")
        loss.backward()
        w.data = w.data - by_lr * w.grad
    return Thing("step", recorder.trace, name="step")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: "x".join(map(str, size)))
def test_snapshots(snap_compare: Compare, size: tuple[int, int], lang: Lang) -> None:
    assert snap_compare(app_of(pair(), lang), terminal_size=size)


def test_snapshot_of_three_in_light_colours(snap_compare: Compare) -> None:
    runs = [*pair(), kept("names-7", 1, 0.5, taken=90)]
    assert snap_compare(app_of(runs, "en", theme="light"), terminal_size=(160, 50), press=["tab", "right"])


async def test_it_begins_where_the_two_part_and_says_what_they_were_told() -> None:
    app = app_of(pair())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        text = shown(app)
        assert screen_of(app).compared.shown == 7
        assert "names-42 and names-42-2 differ from step 7 on." in text
        assert "lr 0.01" in text
        assert "lr 0.1" in text
        assert "n_layer" not in text
        await pilot.press("home", "left", "full_stop", "right")
        assert screen_of(app).compared.shown == 11
        await pilot.press("equals_sign")
        assert screen_of(app).compared.shown == 7
        await pilot.press("g", *"200", "enter")
        assert screen_of(app).compared.shown == 200


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50), (200, 60)])
@pytest.mark.parametrize("lang", LANGS)
async def test_it_fits(size: tuple[int, int], lang: Lang) -> None:
    app = app_of([*pair(), kept("names-7", 1, 0.5, taken=90)], lang)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("tab")
        assert len(shown(app).splitlines()) == size[1]
        assert "names-7" in shown(app)


@pytest.mark.parametrize("lang", LANGS)
def test_snapshot_of_losses_and_depth_side_by_side(snap_compare: Compare, lang: Lang) -> None:
    runs = [*pair(), kept("names-7", 1, 0.5, taken=90)]
    assert snap_compare(app_of(runs, lang), terminal_size=(200, 60))


def test_snapshot_of_gradients_by_depth(snap_compare: Compare) -> None:
    assert snap_compare(app_of(pair(), "ja"), terminal_size=(80, 24), press=["v"])


async def test_v_flips_between_losses_and_depth_and_y_tells_all_that_is_read() -> None:
    app = app_of(pair())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        assert "smoothed" in shown(app)
        assert "✗ vanishing" in shown(app)
        await pilot.press("v")
        assert "residual stream" in shown(app)
        assert "smoothed" not in shown(app)
        await pilot.press("v")
        assert "smoothed" in shown(app)
        await pilot.press("y")
        assert "Residual connections let it pass" in shown(app)


async def test_nothing_after_the_step_shown_is_told() -> None:
    """The two part at step 7: at step 3 nobody says so, and no curve goes further."""
    app = app_of(pair())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("home", "right", "right")
        text = shown(app)
        assert screen_of(app).compared.shown == 3
        assert "the same loss at every step so far" in text
        assert "step 7" not in text
        curve = [line[20:] for line in text.splitlines()[2:12]]
        assert not any(one > "\u2800" and one < "\u2900" for line in curve for one in line)


async def test_runs_of_two_engines_are_not_paired_node_by_node() -> None:
    runs = pair()
    runs[1].engine = "Value"
    app = app_of(runs, opener=lambda run, step, stop: pytest.fail("no step may be opened"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("enter")
        assert "nodes of two engines cannot be" in " ".join(toasts(pilot).split())
        assert screen_of(app).compared.said is None


async def test_enter_walks_the_step_in_which_they_part_in_lockstep() -> None:
    """Step 7 measured another loss because the update of step 6 was another one: that is where they part."""
    asked: list[tuple[str, int]] = []

    def opener(run: Any, step: int, stop: threading.Event) -> Thing:
        asked.append((run.name, step))
        return a_step(run.settings["lr"], update=True)

    app = app_of(pair(), opener=opener)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LockstepScreen))
        assert asked == [("names-42", 6), ("names-42-2", 6)]
        await until(pilot, lambda: "First difference" in shown(app))
        assert "They part in the step before: step 6" in toasts(pilot)
        await pilot.press("q")
        assert screen_of(app).compared.said is None


async def test_a_step_before_which_all_is_the_same_is_opened_itself() -> None:
    asked: list[int] = []

    def opener(run: Any, step: int, stop: threading.Event) -> Thing:
        asked.append(step)
        return a_step(run.settings["lr"] if step == 7 else 1.0, update=False)

    app = app_of(pair(), opener=opener)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, LockstepScreen))
        assert asked == [6, 6, 7, 7]


async def test_a_step_that_one_of_them_does_not_have_is_refused() -> None:
    app = app_of([kept("names-42", None), kept("names-7", 1, 0.5, taken=90)])
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("end", "enter")
        assert "One of the two has no such step." in toasts(pilot)


async def test_escape_gives_up_opening() -> None:
    given_up = threading.Event()

    def opener(run: Any, step: int, stop: threading.Event) -> Thing:
        assert stop.wait(60)
        given_up.set()
        return a_step(1.0, update=False)

    app = app_of(pair(), opener=opener)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await pilot.press("enter")
        assert "Opening step 7 of both" in shown(app)
        await pilot.press("escape")
        await until(pilot, given_up.is_set)
        await pilot.pause()
        assert screen_of(app).compared.said is None
