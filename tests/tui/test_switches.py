"""Other settings on the dashboard: typed without consequences, tried before anything changes, refused with words."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.train.canned import Kept, text_running, text_setup
from tests.tui.test_training_runs import app_of
from tracer.errors import ProgramError
from tracer.train.job import Job
from tracer.train.process import TrainingProcess
from tracer.train.run import Run
from tracer.train.trials import Tried
from tracer.tui.opened_run import OpenedRun
from tracer.tui.running import Running
from tracer.tui.screens import switches
from tracer.tui.screens.switches import SwitchesScreen, wish_of, wish_to_go_on
from tracer.tui.screens.training import TrainingScreen
from tracer.tui.switching import Wish
from tracer.tui.typed import Refused

MODELS = Path(__file__).resolve().parents[2] / "models"


async def until(pilot: Pilot[int], true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        await pilot.pause(0.02)


def words_of(screen: SwitchesScreen) -> str:
    return str(screen.query_one("#dialog-words").render())


async def test_what_is_typed_is_told_and_nothing_happens_before_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switches by space, numbers by typing; a refusal of the program arrives in the dialog and what was typed stays."""
    asked: list[Wish] = []

    def tried(job: Job, was: Job, taken: int, **_: object) -> Tried:
        asked.append(Wish(job.settings))
        if len(asked) == 1:
            raise ProgramError("lr=0.5: it must be small.", ja="lr=0.5: 小さくしてください。")
        return Tried({}, ProgramError("lr=0.5: this run cannot.", ja="lr=0.5: できません。"))

    monkeypatch.setattr(switches, "try_settings", tried)
    monkeypatch.setattr(switches, "only_new", lambda job, stop: iter(["n_embd"]))
    monkeypatch.setattr(switches, "job_of", lambda run: run.job)
    made, told = text_running(200, 50)
    async with app_of(made).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: made.past.steps == 50)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, SwitchesScreen))
        screen = pilot.app.screen
        assert isinstance(screen, SwitchesScreen)
        assert told.commands == ["pause"], "it ran, so it is paused first"
        assert screen.heading().en == "Settings from step 51 on"
        await until(pilot, lambda: screen.only_new == {"n_embd"})
        screen.list.marked = screen.names.index("residual")
        screen._to_field()
        await pilot.press("space")
        screen.list.marked = screen.names.index("lr")
        screen._to_field()
        await pilot.press(*"0.5")
        await pilot.pause()
        assert screen.edits == {"residual": "off", "lr": "0.5"}
        assert "residual on → off   lr 0.01 → 0.5" in words_of(screen)
        await pilot.press("enter")
        await until(pilot, lambda: "it must be small" in words_of(screen))
        await pilot.press("enter")
        await until(pilot, lambda: "this run cannot. ctrl+n begins a new run" in words_of(screen))
        assert screen.edits == {"residual": "off", "lr": "0.5"}
        assert asked[0].settings == {"residual": "off", "lr": 0.5}
        await pilot.press("backspace", "backspace", "backspace", *"0.01")
        await pilot.pause()
        assert screen.edits == {"residual": "off"}, "what is as it was is no change"
        await pilot.press("escape")
        await pilot.pause()
        assert told.commands == ["pause"]


@pytest.mark.parametrize(
    ("made", "edits", "words"),
    [
        (lambda: text_running(200, 50, said=text_setup(200, folder=""))[0], {"lr": "1"}, "not kept"),
        (lambda: OpenedRun(Kept()), {"lr": "1"}, "200 steps are taken"),  # type: ignore[arg-type]
        (lambda: OpenedRun(Kept(taken=50)), {}, "Nothing is changed yet"),  # type: ignore[arg-type]
        (lambda: OpenedRun(Kept(taken=50)), {"lr": ""}, "lr needs a value"),  # type: ignore[arg-type]
        (lambda: OpenedRun(Kept(taken=50)), {"steps": "many"}, "steps: a whole number"),  # type: ignore[arg-type]
        (lambda: OpenedRun(Kept(taken=50)), {"steps": "20"}, "50 steps are taken"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_gone_on_with_is_said_without_a_process(
    made: Callable[[], Running], edits: dict[str, str], words: str
) -> None:
    run = made()
    with pytest.raises(Refused) as refused:
        wish_to_go_on(run, edits)
    assert words in refused.value.words.en
    assert refused.value.words.ja != refused.value.words.en


def test_what_is_typed_is_a_number_where_it_reads_as_one() -> None:
    wish = wish_of({"lr": "−1e-3", "norm": "layer", "residual": "off", "steps": "1,200", "seed": "7"}, new=True)
    assert wish == Wish({"lr": -0.001, "norm": "layer", "residual": "off"}, 1200, 7, new=True)
    job = wish.job(Job(Path("gpt.py"), settings={"lr": 0.1, "n_embd": 8}, steps=3))
    assert (job.settings["n_embd"], job.settings["lr"], job.steps, job.seed) == (8, -0.001, 1200, 7)


@pytest.mark.deep
@pytest.mark.parametrize("new", [False, True])
async def test_a_run_under_way_goes_on_with_other_settings_or_a_new_one_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: bool
) -> None:
    """With real processes: paused, changed, gone on with; both sides of the change open as they were taken."""
    monkeypatch.chdir(tmp_path)
    job = Job(MODELS / "two_layer.py", run=tmp_path / "runs" / "moons-42", steps=400)
    with TrainingProcess(job, running=False) as process:
        messages = process.messages()
        made = Running(job, next(messages), process, messages)  # type: ignore[arg-type]
        made.paused = True
        async with app_of(made).run_test(size=(120, 40)) as pilot:
            made.to(30)
            await until(pilot, lambda: made.past.steps == 30)
            await pilot.press("s")
            await until(pilot, lambda: isinstance(pilot.app.screen, SwitchesScreen))
            screen = pilot.app.screen
            assert isinstance(screen, SwitchesScreen)
            screen.edits = {"lr": "0.01", "steps": "60"}
            await pilot.press("ctrl+n" if new else "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, TrainingScreen))
            await until(pilot, lambda: made.successor is not None)
            after = made.successor
            assert after is not None
            await until(pilot, lambda: after.past.steps == 60)
            await until(pilot, lambda: not Run.open(after.setup.folder).writing)
            shown = pilot.app.screen
            assert isinstance(shown, TrainingScreen)
            assert shown.training is after
            await asyncio.sleep(0)
            assert made.farewell is not None
            assert made.farewell.en.count("\n") == new
    first, last = Run.open(job.run or ""), Run.open(after.setup.folder)
    assert (first.taken, last.taken) == ((30, 60) if new else (60, 60))
    assert (last.settings["lr"], last.steps) == (0.01, 60)
    assert last.changes == (() if new else ((30, {"lr": (0.5, 0.01)}),))
    for step in (30, 31, 60):
        assert after.open(step, threading.Event())[1], f"step {step} opens to the bit"


def test_what_is_said_at_the_end_is_said_of_the_run_as_it_went_on_and_of_a_new_one(tmp_path: Path) -> None:
    """A folder may be named from here or whole; a run that is not kept has nothing to say."""
    first, again, other = (OpenedRun(Kept(taken=50)) for _ in range(3))  # type: ignore[arg-type]
    for run in (again, other):
        run._had = 0
    again.setup = replace(again.setup, folder=str(Path("runs/names-42").absolute()))
    other.setup = replace(other.setup, folder=str(tmp_path / "other"))
    assert first.farewell is None
    first.successor = again
    assert first.farewell == again.own_farewell
    again.successor = other
    assert first.farewell is not None
    assert [line.partition(":")[0] for line in first.farewell.en.split("\n")][1].endswith("other")
    made, _ = text_running(200, 50, said=text_setup(200, folder=""))
    assert made.farewell is None
