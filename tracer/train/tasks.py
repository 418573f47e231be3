"""What a child process can be asked to do with a program that is trained."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tracer.core.record import Recorder, record
from tracer.errors import FileFormatError, NotFoundError, ProgramError, TracerError
from tracer.programs.frames import told
from tracer.text import clean
from tracer.trace import observation_file
from tracer.train import checkpoint, lock, parameters
from tracer.train.about import About
from tracer.train.anchors import Anchors, Axes
from tracer.train.built import Built, build_training
from tracer.train.control import Control, Sender
from tracer.train.entry import ENTRY, Training
from tracer.train.looking_back import LookingBack
from tracer.train.looks import Watcher, asked_at, draw, spacing
from tracer.train.loop import recorded_step, train
from tracer.train.program import fields, raised
from tracer.train.report import Report
from tracer.train.resuming import bring, go_on
from tracer.train.run import Run, is_run
from tracer.train.saying import number_of
from tracer.train.signals import observed_at
from tracer.train.trying import search_it, try_it
from tracer.train.watching import Watching
from tracer.train.writer import RunWriter, begin, check_own

TRACE = "step.trace"
"""What a recording leaves in the job's folder."""
Json = dict[str, Any]


def train_it(job: Json, control: Control, send: Sender) -> None:
    """Take the steps, send a report of each, keep the run."""
    with ExitStack() as kept:
        _train(job, control, send, kept)


def _train(job: Json, control: Control, send: Sender, kept: ExitStack) -> None:
    folder = None if job["run"] is None else Path(job["run"])
    resumed = folder is not None and job["resume"]
    if folder is not None and resumed:
        kept.callback(os.close, _lock(folder))
        asked = About.read(folder).asked  # what nobody names stays as it was
        job = {**job, "settings": {**asked["settings"], **job["settings"]}, "steps": job["steps"] or asked["steps"]}
    built = build_training(job, init=not job["resume"])
    training, setup = built.training, built.setup()
    writer: RunWriter | None = None
    spent = 0.0
    if folder is not None:
        keeping: dict[str, Any] = {
            "every": job["checkpoint_every"],
            "saved": lambda step: send("saved", {"step": step}),
            "unsaved": lambda what: send("unsaved", what.to_json()),
        }
        if resumed:
            at = go_on(built, folder, force=job["force"])
            writer = RunWriter(folder, training, taken=at.taken, size=at.size, keep=at.keep, **keeping)
            setup = replace(setup, taken=at.taken, notes=(*setup.notes, *at.notes), changes=at.changes)
            spent = at.spent
        else:
            kept.callback(os.close, begin(folder, built.about(), built.source, training))
            writer = RunWriter(folder, training, **keeping)
        kept.callback(writer.close)
        setup = replace(setup, folder=str(folder))
    send("setup", setup.to_json())
    control.took(setup.taken)
    every = job["every"] or spacing(built.steps)
    wanted = partial(asked_at, steps=built.steps, every=job["every"])
    watching = Watching(
        training,
        due=lambda step: observed_at(step, built.steps, every),
        live=_wanting(training, control) if job["folder"] else lambda step: False,
        anchors=Anchors(built.steps, _last_anchors(folder, setup.taken)),
    )
    reports = train(
        training,
        built.steps,
        taken=setup.taken,
        spent=spent,
        looks=lambda step: step % every == 0 or step in (1, built.steps) or wanted(step),
        look=(look := Watcher(training, built.seed, grid=job["grid"], asked=wanted)),
        watching=watching,
    )
    show = Showing(watching, job["folder"], send)
    for report in _paced(reports, look, control, writer, show):
        send("report", report.to_json(), now=report.look is not None or control.waits)
    if writer is not None:
        writer.end()
    send("end", {"stopped": control.stopped})


def _lock(folder: Path) -> int:
    """The lock of a run that is to be gone on with.

    Raises:
        NotFoundError, FileFormatError: there is no whole run, or another process trains it.
    """
    About.read(folder)
    check_own(folder)
    try:
        return lock.take(folder)
    except OSError as problem:
        why = (problem.strerror or str(problem)).lower()
        raise FileFormatError(
            f"{folder}: cannot be written: {why}.", ja=f"{folder}: 書き込めません（{why}）。"
        ) from None


def _wanting(training: Training, control: Control) -> Callable[[int], bool]:
    """Step -> whether to watch it for somebody outside.

    Once somebody looks, every step is watched, for the run may stand still after any; from a GPU all would have to be
    fetched each time, so there only those that are asked for.
    """
    if parameters.device_and_dtype(training)[0] == "cpu":
        return lambda step: control.watched
    return control.asks


def _last_anchors(folder: Path | None, taken: int) -> dict[str, Axes]:
    """The axes that a run which is gone on with kept last."""
    kept: dict[str, Axes] = {}
    for report in Run.open(folder).reports[:taken] if folder is not None and taken else ():
        kept |= report.anchors
    return kept


class Showing:
    """Sends what was seen of steps, each once, by a file in a folder.

    Args:
        folder: whoever reads a file takes it away.
    """

    def __init__(self, watching: Watching, folder: str, send: Sender) -> None:
        self._watching, self._folder, self._send = watching, folder, send
        self._shown = 0

    def __call__(self) -> bool:
        """Show the step that was taken last, if it was watched and is not shown yet; whether it is shown now."""
        began = time.perf_counter()
        seen = self._watching.seen if self._folder else None
        if seen is None or seen.step == self._shown:
            return seen is not None
        self._shown = seen.step
        path = Path(self._folder, f"step-{seen.step}.safetensors")
        with suppress(OSError):  # where nothing can be written, nothing is shown
            path.write_bytes(observation_file.to_bytes(seen))
            seconds = self._watching.seconds + time.perf_counter() - began
            self._send("observed", {"path": str(path), "seconds": seconds})
        return True


def _paced(
    reports: Iterator[Report], look: Watcher, control: Control, writer: RunWriter | None, show: Showing
) -> Iterator[Report]:
    """The reports, one more wherever the run stands still after a step that has no look; what is kept is written."""
    last: Report | None = None
    wanted = False
    while True:
        if control.waits:
            if control.watched:
                show()
            if last is not None and last.look is None and last.eval is None and not last.samples:
                seen = look(last.step, wanted=True)
                if seen.look is not None or seen.eval is not None or seen.samples:
                    last = replace(last, look=seen.look, eval=seen.eval, samples=seen.samples)
                    yield last
            if writer is not None:
                writer.save(passing=True)
        if not control.wait():
            return
        report = next(reports, None)
        if report is None:
            if control.watched:
                show()
            return
        last = report
        if writer is not None:
            writer.add(report)
        control.took(report.step)
        yield report
        wanted = control.observes() or wanted
        if wanted and show():  # else it was asked for in the middle of a step that nobody watched: it is the next one
            wanted = False


def open_it(job: Json, control: Control, send: Sender) -> None:
    """Record one step of the run into the folder."""
    folder, step = _kept(job), job["open"]
    ticking = _every(0.1, lambda step: send("replayed", step))
    brought = bring(job, folder, step - 1, step, ticking)
    built = brought.built
    recorder, loss, error = recorded_step(
        built.training,
        step,
        taken=brought.taken,
        limit=job["limit"],
        replayed=ticking,
        changes={name: _elements(value) for name, value in job["changes"]},
        overrides={(file, line, k): _elements(value) for file, line, k, value in job["overrides"]},
    )
    recorder.info["title"] = f"{Path(job['shown']).name} · {step:,}"
    nothing = ProgramError(
        f"{job['shown']}: step {step} made no Value or Tensor of ours, so there is nothing to walk.",
        ja=f"{job['shown']}: ステップ {step} は Value や Tensor を作らないので、たどるものがありません。",
    )
    _leave_trace(job, built, recorder, error, nothing)
    send("opened", {"loss": loss})


def observe_it(job: Json, control: Control, send: Sender) -> None:
    """Show steps that were taken before, as they are asked for; of several, the last."""
    back, made = LookingBack(job), 0
    step = job["step"] if job["step"] is not None else control.wanted()
    while True:
        try:
            seen = back.observation(step, lambda: control.wants)
            if seen is not None:
                made += 1
                path = Path(job["folder"], f"{made}.safetensors")
                seen.save(path)
                send("observed", {"path": str(path), "step": step})
        except TracerError as error:
            send("unobserved", {"step": step, "error": fields(error)})
        except Exception as error:  # the program's
            send("unobserved", {"step": step, "error": fields(raised(error, job["shown"]))})
        step = control.wanted()


def sample_it(job: Json, control: Control, send: Sender) -> None:
    """Draw texts of the model as it was after some step, one after the other from one seed."""
    training = _at(job, send).training
    rng = random.Random(job["drawn_from"])
    for _ in range(job["number"]):
        send("text", draw(training, rng, job["temperature"]))
    send("end", {})


def record_sample_it(job: Json, control: Control, send: Sender) -> None:
    """Record how one text is drawn."""
    built = _at(job, send)
    training, error, text = built.training, None, None
    assert training.sample is not None, "it was asked before"
    recorder = record(limit=job["limit"])
    recorder.__enter__()
    try:
        text = training.sample(random.Random(job["drawn_from"]), job["temperature"])
    except Exception as found:
        error = found
    finally:
        recorder.__exit__(None, None, None)
    recorder.info |= {
        "title": Path(job["shown"]).name,
        "text": text if isinstance(text, str) else None,
        "symbols": list(training.symbols),
        "temperature": job["temperature"],
        "mode": job["mode"] or "lines",
    }
    nothing = ProgramError(
        f"{job['shown']}: sample() made no Value or Tensor of ours, so there is nothing to walk.",
        ja=f"{job['shown']}: sample() は Value や Tensor を作らないので、たどるものがありません。",
    )
    _leave_trace(job, built, recorder, error, nothing)
    send("opened", {"text": text})


def measure_it(job: Json, control: Control, send: Sender) -> None:
    """The loss of one document and the size of every gradient, nothing updated."""
    built = build_training(job)
    training = built.training
    if training.loss is None:
        raise ProgramError(
            f"{job['shown']}: its Training has no `loss`, so a document cannot be measured.",
            hint="Training(..., loss=function of a document): see models/gpt.py.",
            ja=f"{job['shown']}: Training に `loss` がないので、文書の損失を測れません。",
            hint_ja="Training(..., loss=文書の関数) とします。例: models/gpt.py",
        )
    loss = training.loss(job["document"])
    number = number_of(loss)
    loss.backward()
    norms = {}
    for name, thing in training.named_parameters().items():
        found = parameters.gradient(thing)
        norms[name] = 0.0 if found is None else float(np.sqrt(np.sum(np.square(found.astype(np.float64)))))
    send("measured", {"loss": number, "grad_norm": norms})


TASKS: dict[str, Callable[[Json, Control, Sender], None]] = {
    "train": train_it,
    "open": open_it,
    "observe": observe_it,
    "sample": sample_it,
    "record_sample": record_sample_it,
    "measure": measure_it,
    "try": try_it,
    "search": search_it,
}


def _at(job: Json, send: Sender) -> Built:
    """The model after the step that is asked for; by default after the last that has a checkpoint.

    Raises:
        ProgramError: it cannot write.
        NotFoundError: the run has not come so far.
    """
    folder, at = _kept(job), job["at"] or 0
    if folder is not None:
        at = _reached(folder, job["at"])
    ticking = _every(0.1, lambda step: send("replayed", step))
    brought = bring(job, folder, at, at, ticking)
    built = brought.built
    if built.training.sample is None:
        raise ProgramError(
            f"{job['shown']}: its Training has no `sample`, so it writes nothing.",
            hint="Training(..., sample=function of a random.Random and a temperature): see models/gpt.py.",
            ja=f"{job['shown']}: Training に `sample` がないので、文を生成できません。",
            hint_ja="Training(..., sample=乱数と温度の関数) とします。例: models/gpt.py",
        )
    for i in range(brought.taken, at):
        built.training.step(i)
        ticking(i + 1)
    return built


def _reached(folder: Path, at: int | None) -> int:
    """The step of a run that is meant: by None the last that has a checkpoint, or where there is none the last of all.

    Raises:
        NotFoundError: the run has not come so far.
    """
    taken = Run.open(folder).taken
    if at is None:
        return max((step for step in checkpoint.steps_in(folder) if step <= taken), default=taken)
    if at > taken:
        raise NotFoundError(
            clean(f"{folder}: the run has taken {taken:,} steps; step {at:,} was asked for."),
            ja=clean(f"{folder}: まだ {taken:,} ステップしか進んでいません（指定: {at:,}）。"),
        )
    return at


def _kept(job: Json) -> Path | None:
    """The job's folder, if there is a run in it yet."""
    return Path(job["run"]) if job["run"] is not None and is_run(job["run"]) else None


def _leave_trace(
    job: Json, built: Built, recorder: Recorder, error: BaseException | None, nothing: ProgramError
) -> None:
    """Write a recording into the job's folder."""
    recorder.take_names({name: thing for name, thing in built.namespace.items() if name != ENTRY})
    recorder.info["program"] = job["shown"]
    if error is not None:
        kind = dict(zip(("error", "file", "line", "traceback"), told(error, job["shown"]), strict=True))
        recorder.info["outcome"] = {"kind": "raised", **kind}
    trace = recorder.trace
    if not trace.n_nodes:
        raise nothing
    trace.save(os.path.join(job["folder"], TRACE))


def _elements(value: Any) -> Any:
    """A number, or place -> number: JSON has no keys that are numbers."""
    return dict(value) if isinstance(value, list) else value


def _every(seconds: float, act: Callable[[int], object]) -> Callable[[int], None]:
    """`act`, but not more often than every so many seconds."""
    last = [time.monotonic()]

    def tick(step: int) -> None:
        now = time.monotonic()
        if now - last[0] >= seconds:
            last[0] = now
            act(step)

    return tick
