"""Runs of models of texts on the training screen: what is written, held out, to come; left saved; broken by a nan."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.train.canned import Kept, Told, text_reports, text_running, text_setup
from tests.tui.shell import remembering, shown, until
from tests.tui.stepping import toasts
from tests.tui.test_compare import kept as compared
from tests.tui.test_dashboard import drawn
from tests.tui.test_opened_run import Process
from tracer.core.record import record
from tracer.core.value import Value
from tracer.text import LANGS, Lang
from tracer.train.process import Job, OpenedStep
from tracer.train.report import Report, Sample
from tracer.tui.app import GradientTracer
from tracer.tui.opened_run import OpenedRun
from tracer.tui.running import Running
from tracer.tui.screens.compare import CompareScreen
from tracer.tui.screens.run_to import RunToScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.screens.training import TrainingScreen
from tracer.tui.screens.why import WhyScreen


def app_of(run: Running, lang: Lang = "en", **settings: object) -> GradientTracer:
    return GradientTracer(remembering(lang, **settings), training=run)


async def settled(pilot: Pilot[None], steps: int = 200) -> TrainingScreen:
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, TrainingScreen) and app.screen.view.past.steps == steps)
    assert isinstance(app.screen, TrainingScreen)
    return app.screen


def opened(kept: Kept, **other: object) -> OpenedRun:
    return OpenedRun(kept, **other)  # type: ignore[arg-type]  # what is read of a run


async def test_of_a_step_looked_back_at_nothing_later_is_shown() -> None:
    """Every text and every held-out loss is its own here: none of a later step is on screen, all panels in sight."""

    def telling(steps: int) -> Iterator[Report]:
        for report in text_reports(steps):
            every = report.step % 10 == 0
            texts = (Sample(f"written{report.step}", 0.5),) if every else ()
            yield replace(report, samples=texts, eval=7 + report.step * 0.0111 if every else None)

    steps = 40
    made, _ = text_running(steps, reporting=telling)
    app = app_of(made)
    async with app.run_test(size=(200, 60)) as pilot:
        screen = await settled(pilot, steps)
        for at in (40, 39, 21, 10, 9, 1):
            screen.go(at)
            await until(pilot, lambda at=at: drawn(screen, at))
            text = shown(app)
            for other in range(10, steps + 1, 10):
                assert (f"written{other} " in text) == (other <= at), (at, other)
                assert (f"{7 + other * 0.0111:.4g} " in text) == (other == at - at % 10), (at, other)
            assert f"{made.past.losses[at - 1]:.4g}" in text
            assert text.count("◇") == (at // 10 + 1 if at >= 10 else 0), "one in the legend, one for each held-out loss"


async def test_q_leaves_a_run_saved_and_says_how_to_go_on() -> None:
    run, process = text_running(taken=30)
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, 30)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running or app.return_code is not None or app._exit)
    assert process.commands == ["stop"]
    assert run.farewell is not None
    assert "30 of 200 steps. tracer train --resume runs/names-42 goes on" in run.farewell.en


@pytest.mark.deep
@pytest.mark.parametrize("size", [(80, 24), (99, 30), (100, 28), (120, 40), (200, 60)])
@pytest.mark.parametrize("lang", LANGS)
async def test_it_fits(size: tuple[int, int], lang: Lang) -> None:
    run, _ = text_running(taken=150)
    app = app_of(run, lang)
    async with app.run_test(size=size) as pilot:
        await settled(pilot, 150)
        await pilot.press("left", "full_stop")
        for _ in range(3):
            await pilot.press("tab")
            assert len(shown(app).splitlines()) == size[1]
        for panel in app.screen.query("TrainingPanel"):
            assert not panel.display or panel.region.bottom <= size[1] - 1


# To a step


@pytest.mark.deep
async def test_g_looks_back_or_trains_up_to_a_step() -> None:
    run, process = text_running(taken=30)
    app = app_of(run)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot, 30)
        await pilot.press("g", *"12", "enter")
        await until(pilot, lambda: screen.view.shown == 12)
        assert process.commands == []
        await pilot.press("g")
        assert isinstance(app.screen, RunToScreen)
        assert "1–30 look back; 31–200 train up to there" in shown(app)
        await pilot.press(*"201", "enter")
        assert "There is no step 201; the last one is 200." in shown(app)
        await pilot.press("ctrl+u", *"50", "enter")
        await settled(pilot, 50)
        assert process.commands == ["to 50"]
        await until(pilot, lambda: screen.view.state == "paused")


@pytest.mark.deep
async def test_where_the_run_is_over_it_says_how_to_train_further() -> None:
    app = app_of(opened(Kept()))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        for key in ("space", "right"):
            await pilot.press(key)
            told = [one.message for one in app._notifications]
            assert len(told) == 1, key
            assert told[0].endswith("To train further: tracer train --resume runs/names-42 --steps 400")
            app._notifications.clear()
        await pilot.press("g", *"500", "enter")
        await until(pilot, lambda: "To train further: tracer train --resume" in shown(app))
        await pilot.press("escape", "left")
        await until(pilot, lambda: screen.view.shown == 199)


# Out of a folder


@pytest.mark.deep
async def test_space_goes_on_with_an_interrupted_run_and_says_so() -> None:
    process = Process(50)
    app = app_of(opened(Kept(taken=50), begin=lambda: process))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot, 50)
        assert "not finished" in shown(app)
        await pilot.press("space")
        await until(pilot, lambda: "Training goes on after step 50" in toasts(pilot))
        await settled(pilot, 200)
        assert process.commands == ["run"]
        assert screen.view.state == "done"


@pytest.mark.deep
async def test_a_run_trained_elsewhere_is_only_watched() -> None:
    kept = Kept(taken=50, writing=True)
    app = app_of(opened(kept), "ja")
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot, 50)
        await pilot.press("space")
        await until(pilot, lambda: "ここでは見ることだけできます" in toasts(pilot))
        kept.log += list(text_reports(200))[50:60]
        await settled(pilot, 60)
        kept.writing = False
        await until(pilot, lambda: "未完了" in shown(app))


@pytest.mark.deep
async def test_enter_opens_the_step_of_a_run_and_q_returns_to_the_run_there() -> None:
    asked: list[tuple[int, object]] = []

    def opener(job: Job, step: int, *, stop: threading.Event) -> OpenedStep:
        asked.append((step, job.run))
        with record() as recorder:
            w = Value(2.0, name="w")
            (w * w).named("loss").backward()
        return OpenedStep(recorder.trace, list(text_reports(200))[step - 1].loss)

    kept = Kept()
    app = app_of(opened(kept, opener=opener))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await settled(pilot)
        await pilot.press("full_stop", "left", "left", "enter")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        assert asked == [(180, kept.folder)]
        assert "names-42  step 180" in shown(app)
        await pilot.press("c")
        assert app.clipboard.startswith("tracer open runs/names-42 --step 180")
        await pilot.press("q")
        assert app.screen is screen
        assert (screen.view.shown, screen.view.said) == (180, None)


# Not finite


@pytest.mark.deep
async def test_the_step_that_a_nan_ended_opens_with_why_at_the_culprit() -> None:
    def opener(job: Job, step: int, *, stop: threading.Event) -> OpenedStep:
        with record() as recorder:
            w = Value(-2.0, name="w")
            (w.log() * 3).named("loss").backward()
        return OpenedStep(recorder.trace, float("nan"))

    kept = Kept(taken=20)
    kept.log.append(Report(21, float("nan"), 1.0, broken="w"))
    app = app_of(opened(kept, opener=opener))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot, 21)
        assert "✗ nan at step 21  w" in shown(app)
        await pilot.press("space")
        await until(pilot, lambda: "The run is over" in toasts(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, WhyScreen))
        await pilot.pause()
        text = shown(app)
        assert "log(-2)" in text or "log(w)" in text
        await pilot.press("escape", "q")
        assert isinstance(app.screen, TrainingScreen)


@pytest.mark.deep
async def test_a_checkpoint_that_fails_is_told() -> None:
    from tracer.text import Text
    from tracer.train.messages import Saved, Unsaved

    run = Running(Job(text_setup().folder), text_setup(), Told(), iter(()))  # type: ignore[arg-type]
    run.take(Report(1, 3.0, 0.1))
    run.take(Unsaved(1, Text("no space left on the device.", "空き容量がありません。")))
    app = app_of(run)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "Not saved: no space left" in shown(app))
        run.take(Saved(1))
        await until(pilot, lambda: "Not saved" not in shown(app))


# Beside another


@pytest.mark.deep
async def test_the_palette_offers_the_other_runs_of_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.tui.commands.runs_here", lambda: ["runs/names-42", "runs/names-7"])
    monkeypatch.setattr("tracer.tui.screens.running.Run.open", lambda path: compared(Path(path).name, None))
    app = app_of(opened(Kept()))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("ctrl+p", *"compare this", "down", "enter")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        assert [run.name for run in app.screen.compared.runs] == ["names-42", "names-7"]  # type: ignore[attr-defined]
        await pilot.press("q")
        assert isinstance(app.screen, TrainingScreen)


@pytest.mark.deep
async def test_the_name_of_the_run_is_whole_while_one_looks_back() -> None:
    run, _ = text_running(3000, 506)
    app = app_of(run, "ja")
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot, 506)
        await pilot.press("left")
        await pilot.pause()
        assert shown(app).splitlines()[0].startswith(" names-42")
