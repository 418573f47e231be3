"""A run that is killed at any moment opens, has lost nothing from before its last checkpoint, and goes on to the very
end that one which was never killed has."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from tests.train.runs import Place, checkpoints_of, log_of, place
from tracer.errors import ProgramError
from tracer.train.messages import Saved
from tracer.train.process import TrainingProcess
from tracer.train.run import Run, is_run

__all__ = ["place"]

pytestmark = [pytest.mark.deep, pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")]
STEPS = 400
MOMENTS = 50


def train_to_the_end(job) -> list[int]:  # type: ignore[no-untyped-def]
    """The steps that were saved."""
    with TrainingProcess(job) as process:
        return [message.step for message in process.messages() if isinstance(message, Saved)]


def test_killed_at_random_moments_it_goes_on_to_the_same_end(place: Place) -> None:
    """Fifty kills, most of them of a run that was killed before; each is checked as it lies there."""
    rng = random.Random(6)
    whole = place.job("whole", steps=STEPS, checkpoint_every=20)
    began = time.monotonic()
    train_to_the_end(whole)
    takes = time.monotonic() - began
    expected = log_of(place.folder / "whole")
    kept = checkpoints_of(place.folder / "whole")
    moments, finished = 0, 0
    while moments < MOMENTS:
        folder = place.folder / f"killed-{finished}"
        job = place.job(folder.name, steps=STEPS, checkpoint_every=20)
        while moments < MOMENTS:
            if is_run(folder):
                job = Run.open(folder).job(resume=True, checkpoint_every=20, grid=False)
            process = TrainingProcess(job)
            saved = 0
            try:
                deadline = time.monotonic() + rng.uniform(0.2, 1.0) * takes
                for message in process.messages():
                    if isinstance(message, Saved):
                        saved = message.step
                    if time.monotonic() > deadline:
                        break
                process._child.send_signal(signal.SIGKILL)
                process._child.wait()
            finally:
                process._kept = False
                process.close()
            moments += 1
            if not is_run(folder):
                assert saved == 0, "killed before it was there at all"
                continue
            run = Run.open(folder)
            assert run.checkpoints[-1] >= saved
            assert run.taken >= run.checkpoints[-1]
            assert log_of(run) == expected[: run.taken]
            for name, data in checkpoints_of(folder).items():
                assert kept.get(name, data) == data
            if run.taken == STEPS:
                break
        train_to_the_end(Run.open(folder).job(resume=True, checkpoint_every=20, grid=False))
        assert log_of(folder) == expected
        last = f"step-{STEPS:06}.safetensors"
        assert checkpoints_of(folder)[last] == kept[last]
        finished += 1
        shutil.rmtree(folder)
    assert finished


def test_a_killed_starter_leaves_a_run_that_is_saved(place: Place) -> None:
    """Whoever started it is gone: the run makes a checkpoint of where it was, and ends."""
    code = (
        "import sys; from pathlib import Path; from tracer.train.process import Job, TrainingProcess\n"
        f"job = Job(Path({str(place.program)!r}), run=Path({str(place.folder / 'run')!r}), steps=1_000_000,"
        " checkpoint_every=10_000_000, grid=False)\n"
        "for message in TrainingProcess(job).messages(): print(message, flush=True)"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2], stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    with starter.stdout:
        while b"step=30," not in starter.stdout.readline():
            assert starter.poll() is None
    starter.kill()
    starter.wait()
    end = time.monotonic() + 30
    while Run.open(place.folder / "run").writing:
        assert time.monotonic() < end
        time.sleep(0.05)
    run = Run.open(place.folder / "run")
    assert run.taken >= 30
    assert run.checkpoints[-1] == run.taken


def test_killed_about_changes_of_settings_it_goes_on_to_the_same_end(place: Place) -> None:
    """Twenty-four kills of a run whose settings change after steps 100, 101 and 250: while it goes on with them for the
    first time, before the first checkpoint that has them, and later. Then every step near a change opens as it was."""
    rng = random.Random(7)
    changes = [(100, {"lr": 0.02}), (101, {"lr": 0.5}), (250, {"lr": 0.1})]
    place.train(place.job("whole", steps=STEPS, checkpoint_every=20, every=50), changes[0][0])
    for (_, settings), stop in zip(changes, [101, 250, None], strict=True):
        more = {"resume": True, "settings": settings, "checkpoint_every": 20, "every": 50}
        place.train(Run.open(place.folder / "whole").job(**more), stop)
    expected = log_of(place.folder / "whole")
    folder = place.folder / "killed"
    job = place.job("killed", steps=STEPS, checkpoint_every=20, every=50)
    settings: dict[str, float] = {}
    for target, (_, following) in zip([100, 101, 250, STEPS], [*changes, (STEPS, {})], strict=True):
        for kills in count():
            if is_run(folder):
                more = {"resume": True, "settings": settings, "checkpoint_every": 20, "every": 50, "grid": False}
                job = Run.open(folder).job(**more)
            kill = kills < 6
            if not kill and is_run(folder) and Run.open(folder).taken >= target:
                taken = Run.open(folder).checkpoints[-1]
                if taken == target:
                    break
            process = TrainingProcess(job, running=False)
            try:
                process.to(target)
                seconds = rng.uniform(0.3, 1.5)
                if kill:  # by the clock: a run that stands at its target already says nothing more
                    timer = threading.Timer(seconds, process._child.send_signal, (signal.SIGKILL,))
                    timer.start()
                    with suppress(ProgramError):  # it died
                        for _ in process.messages():
                            pass
                    timer.join()
                    process._child.wait()
                    process._kept = False
                else:
                    for message in process.messages():
                        if isinstance(message, Saved) and message.step >= target:
                            break
            finally:
                process.close()
            if is_run(folder):
                run = Run.open(folder)
                assert log_of(run) == expected[: run.taken]
        settings = dict(following)
    run = Run.open(folder)
    assert log_of(run) == expected
    assert [after for after, _ in run.changes] == [100, 101, 250]
    for step in (1, 99, 100, 101, 102, 119, 250, 251, STEPS):
        opened = place.do("open", run.job(), open=step, folder=str(place.folder))["opened"][0]
        assert opened["loss"].hex() == run.reports[step - 1].loss.hex(), step
