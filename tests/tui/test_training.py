"""Following a run: what is shown of it, how one looks back, and that any step opens."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.train.canned import STEPS, Told, report, running
from tests.tui.shell import remembering, shown, until
from tracer.core.record import record
from tracer.core.value import Value
from tracer.errors import ProgramError
from tracer.text import LANGS, Lang
from tracer.train.process import Job, OpenedStep
from tracer.train.report import Report
from tracer.tui.app import GradientTracer
from tracer.tui.running import Running
from tracer.tui.screens.notice import NoticeScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.screens.training import TrainingScreen
from tracer.tui.widgets.run_panel import RunPanel

pytestmark = pytest.mark.deep  # driven by keys, which is slow; the short run has those of test_training_runs


def app_of(run: Running, lang: Lang = "en", **settings: object) -> GradientTracer:
    return GradientTracer(remembering(lang, **settings), training=run)


def screen_of(app: GradientTracer) -> TrainingScreen:
    assert isinstance(app.screen, TrainingScreen), app.screen
    return app.screen


async def settled(pilot: Pilot[None], steps: int = STEPS) -> TrainingScreen:
    app = pilot.app
    assert isinstance(app, GradientTracer)
    await until(pilot, lambda: isinstance(app.screen, TrainingScreen) and app.screen.view.past.steps == steps)
    return screen_of(app)


def a_step(job: Job, step: int, *, stop: threading.Event) -> OpenedStep:
    """A recorded step that measured what `canned.report` says."""
    with record() as recorder:
        w = Value(2.0, name="w")
        (w * w).named("loss").backward()
    return OpenedStep(recorder.trace, report(step).loss)


# What is shown


async def test_it_shows_the_run_and_the_newest_step() -> None:
    run, _ = running(taken=57)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot, 57)
        text = shown(app)
        assert "models/mlp.py" in text
        assert "step 57 / 200" in text
        assert "running" in text
        assert "─ step 55 ─" in text, "of the boundary, which is not looked at in every step"
        assert screen.view.shown == 57


async def test_every_panel_has_its_turn_on_a_small_terminal() -> None:
    run, _ = running()
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        many = len(screen.panels)
        for number, key in ((1, "tab"), (2, "tab"), (3, "shift+tab"), (2, "1"), (1, "2"), (2, "9")):
            contents = screen.panel.contents
            assert screen.panels.index(contents.id) == number - 1
            assert f"─ {number}/{many} {contents.title.en}" in shown(app)
            await pilot.press(key)


@pytest.mark.parametrize("size", [(80, 24), (99, 30), (100, 28), (120, 40), (200, 60)])
@pytest.mark.parametrize("lang", LANGS)
async def test_it_fits(size: tuple[int, int], lang: Lang) -> None:
    run, _ = running()
    app = app_of(run, lang)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        for _ in range(3):
            await pilot.press("tab")
            lines = shown(app).splitlines()
            assert len(lines) == size[1]
        for panel in app.screen.query(RunPanel):
            assert not panel.display or panel.region.bottom <= size[1] - 2


async def test_a_program_that_predicts_nothing_says_so() -> None:
    run, _ = running()
    run.setup = replace(run.setup, predicts=False)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "shows no decision" in shown(app)


# Running and pausing


async def test_space_pauses_and_goes_on() -> None:
    run, told = running(taken=20)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot, 20)
        await pilot.press("space")
        assert told.commands == ["pause"]
        assert "paused" in shown(app)
        await pilot.press("space")
        assert told.commands == ["pause", "run"]


async def test_right_at_the_newest_step_takes_one_and_stands_still() -> None:
    run, told = running(taken=20)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot, 20)
        await pilot.press("right")
        await settled(pilot, 21)
        assert told.commands == ["step"]
        assert screen.view.shown == 21
        assert screen.view.state == "paused"


async def test_big_strides_take_many() -> None:
    run, told = running(taken=20)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot, 20)
        await pilot.press("full_stop")
        assert "±10" in shown(app)
        await pilot.press("right")
        await settled(pilot, 30)
        assert told.commands == ["to 30"]
        await pilot.press("left")
        assert screen.view.shown == 20
        await pilot.press("comma", "left")
        assert screen.view.shown == 19


async def test_when_it_is_over_nothing_more_is_taken() -> None:
    run, told = running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("right", "space")
        assert told.commands == []
        assert "done" in shown(app)


# Looking back


async def test_looking_back_shows_what_was_then() -> None:
    run, _ = running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        await pilot.press("left", "left")
        assert screen.view.shown == STEPS - 2
        assert "◂ step 198" in shown(app)
        await pilot.press("home")
        assert (screen.view.shown, "─ step 1 ─" in shown(app)) == (1, True)
        await pilot.press("left")
        assert screen.view.shown == 1
        await pilot.press("end")
        assert screen.view.shown == STEPS


async def test_looking_back_stays_there_while_it_runs() -> None:
    run, told = running(taken=20)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot, 20)
        await pilot.press("left")
        told.allowed.release()
        await settled(pilot, 21)
        assert screen.view.shown == 19
        await pilot.press("escape")
        assert screen.view.shown == 21


async def test_a_click_on_the_curve_goes_to_its_step() -> None:
    run, _ = running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        panel = screen.query_one("#loss")
        await pilot.click(panel, offset=(panel.size.width // 2, 5))
        await until(pilot, lambda: screen.view.shown < STEPS)
        assert 60 < screen.view.shown < 140


# Opening a step


async def test_enter_opens_the_step_shown_and_q_comes_back() -> None:
    asked: list[int] = []

    def opener(job: Job, step: int, *, stop: threading.Event) -> OpenedStep:
        asked.append(step)
        return a_step(job, step, stop=stop)

    run, _ = running(opener=opener)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("left", "enter")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        assert asked == [199]
        assert "mlp.py  step 199" in shown(app)
        await pilot.press("q")
        assert screen_of(app).view.said is None


async def test_another_loss_than_in_training_is_said() -> None:
    def opener(job: Job, step: int, *, stop: threading.Event) -> OpenedStep:
        return OpenedStep(a_step(job, step, stop=stop).trace, report(step).loss + 1e-16 + 1e-9)

    run, _ = running(opener=opener)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        await pilot.press("q")
        await pilot.pause()
        assert "gave another loss" in shown(app)


async def test_what_cannot_be_opened_is_told() -> None:
    def opener(job: Job, step: int, *, stop: threading.Event) -> OpenedStep:
        raise ProgramError("it is gone.", ja="なくなりました。")

    run, _ = running(opener=opener)
    app = app_of(run, "ja")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, NoticeScreen))
        assert "なくなりました。" in shown(app)


async def test_escape_gives_up_opening() -> None:
    given_up = threading.Event()

    def opener(job: Job, step: int, *, stop: threading.Event) -> OpenedStep:
        assert stop.wait(60)
        given_up.set()
        raise ProgramError("it was stopped.")

    run, _ = running(opener=opener)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "Opening step 200" in shown(app))
        await pilot.press("escape")
        await until(pilot, given_up.is_set)
        await pilot.pause()
        assert app.screen is screen
        assert screen.view.said is None


async def test_before_the_first_step_there_is_nothing_to_open() -> None:
    run, _ = running(taken=0, opener=a_step)
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot, 0)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, TrainingScreen)
        assert "No step has been taken yet." in shown(app)


async def test_copy_names_the_command_that_opens_the_step() -> None:
    run, _ = running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("left", "c")
        assert app.clipboard == "tracer train mlp --data moons --open 199"


# What goes wrong


async def test_an_error_of_the_program_is_told_and_what_was_reported_stays() -> None:
    def messages() -> Iterator[Report]:
        yield from map(report, range(1, 8))
        raise ProgramError("prog.py raised ZeroDivisionError: division by zero", where="prog.py:7")

    made, _ = running()
    app = app_of(Running(made.job, made.setup, Told(), messages()))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, NoticeScreen))
        assert "ZeroDivisionError" in shown(app)
        assert "prog.py:7" in shown(app)
        await pilot.press("enter")
        assert screen_of(app).view.past.steps == 7
        assert "ended early" in shown(app)


@pytest.mark.parametrize(
    ("losses", "says"), [([1.0, float("nan")], "The loss is nan at step 2"), ([1.0] * 10 + [90.0] * 60, "growing")]
)
async def test_trouble_is_said(losses: list[float], says: str) -> None:
    made, _ = running()
    messages = iter([report(i, loss) for i, loss in enumerate(losses, start=1)])
    app = app_of(Running(made.job, replace(made.setup, steps=len(losses)), Told(), messages))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot, len(losses))
        await until(pilot, lambda: says in shown(app))


async def test_help_has_the_training_keys_first() -> None:
    run, _ = running()
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        text = shown(app)
        assert "walk the step shown" in text
        assert text.index("Loss") < text.index("Training")
        assert "Everywhere" not in text, "further down"


async def test_the_first_run_asks_for_the_language_and_then_trains() -> None:
    run, _ = running()
    app = GradientTracer(remembering(None), training=run)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "日本語" in shown(app))
        await pilot.press("2")
        await settled(pilot)
        assert "決定境界" in shown(app)
