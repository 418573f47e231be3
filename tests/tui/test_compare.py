"""Comparing runs: their curves, where they part, and the step that differs opened in lockstep."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tests.train.canned import Kept
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
