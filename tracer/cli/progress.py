"""`tracer train --plain`: lines or JSON lines on stdout, and on a terminal's stderr a bar that moves."""

from __future__ import annotations

import json
import math
import os
import shlex
import sys
import time
from dataclasses import replace
from typing import Any

from tracer.cli.steps import json_number
from tracer.cli.terminal import plain, say, watched
from tracer.errors import TracerError
from tracer.text import Lang, Text
from tracer.train.history import History, Past
from tracer.train.job import Job
from tracer.train.looks import spacing
from tracer.train.messages import Saved, Unsaved
from tracer.train.process import TrainingProcess
from tracer.train.report import Report, Setup
from tracer.train.run import taken_before

LINES = 20
"""Lines of a whole run, about, unless the user says: every other look's."""
REFRESH = 0.1
"""Seconds between two pictures of the bar."""


def print_run(job: Job, *, as_json: bool, samples: bool, lang: Lang) -> int:
    """Train, and print as it goes: data on stdout, words on stderr; the exit code.

    Args:
        samples: whether to print the texts that the model writes on the way.
    """
    history = History()
    teller = _Teller(as_json=as_json, samples=samples)
    folder = "" if job.run is None else str(job.run)
    bar: _Bar | None = None
    lost = False
    with TrainingProcess(replace(job, grid=False)) as process:
        try:
            for message in process.messages():
                match message:
                    case Setup():
                        for report in taken_before(message):
                            history.add(report)
                        teller.begin(message, job.every)
                        _introduce(message, job, folder, lang)
                        bar = _Bar(message) if _animated() else None
                    case Report():
                        history.add(message)
                        teller.tell(message)
                        if bar is not None and bar.due():
                            bar.show(history.past, message)
                    case Unsaved():
                        lost = True
                        say(message.reason[lang])
                    case Saved():
                        lost = False
        except TracerError:
            if folder and len(history):  # what there is can be opened
                _end(bar)
                say(_KEPT.format(run=folder)[lang])
            raise
        except KeyboardInterrupt:
            _end(bar)
            say(_STOPPED.format(step=f"{teller.last:,}")[lang])
            process.close()
            if folder and teller.begun:
                say(_RESUME.format(run=shlex.quote(folder))[lang])
            raise
        finally:
            _end(bar)
            process.close()
            output = process.output.rstrip("\n")
            if output:
                print(plain(output), file=sys.stderr)
    past = history.past
    if folder and not watched():
        say(_KEPT.format(run=folder)[lang])
    if watched() and past.speed is not None:
        say(_SPEED.format(steps=f"{past.steps:,}", speed=f"{past.speed:,.0f}")[lang])
    if past.warning is not None:
        say(past.warning[lang])
    if past.stopped:
        from tracer.cli.culprits import tell_culprit

        tell_culprit(job, past.steps, lang)
        return 2
    return 2 if lost else 0


def report_line(report: Report) -> str:
    """`step=20 loss=0.25 accuracy=0.9`: as documented in the help of `tracer train`."""
    words = [f"step={report.step}", f"loss={report.loss!r}"]
    words += [] if report.look is None else [f"accuracy={report.look.accuracy!r}"]
    words += [] if report.eval is None else [f"eval={report.eval!r}"]
    words += [] if report.broken is None else [f"broken={plain(report.broken)}"]
    return " ".join(words)


def report_json(report: Report) -> dict[str, Any]:
    """The same as an object."""
    return {
        "step": report.step,
        "loss": json_number(report.loss),
        "accuracy": None if report.look is None else report.look.accuracy,
        "eval": json_number(report.eval),
        "lr": json_number(report.lr),
        "broken": report.broken,
        "samples": [{"text": sample.text, "temperature": sample.temperature} for sample in report.samples],
    }


def data_in_words(setup: Setup, mode: str | None) -> Text:
    """What is learned from: how many, and of documents how many are held out."""
    if not setup.documents:
        return _ROWS.format(count=f"{len(setup.rows):,}")
    if mode == "text":
        return _TEXT if setup.held_out else _WHOLE_TEXT
    parts = {"learned": f"{setup.documents:,}", "held_out": f"{setup.held_out:,}"}
    words = _PARTS if setup.held_out else _DOCUMENTS
    return words.format(count=f"{setup.documents + setup.held_out:,}", **parts)


class _Teller:
    """Prints a report of every so many steps."""

    def __init__(self, *, as_json: bool, samples: bool) -> None:
        self._as_json, self._samples = as_json, samples
        self._steps = self._every = 1
        self.begun = False
        """Whether training has begun: then the run's folder is there."""
        self.last = 0
        """The last step that was told of."""

    def begin(self, setup: Setup, every: int | None) -> None:
        self.begun, self._steps, self.last = True, setup.steps, setup.taken
        self._every = every or (2 * spacing(setup.steps) if setup.steps > LINES else 1)

    def tell(self, report: Report) -> None:
        again, self.last = report.step == self.last, report.step
        ended = report.broken is not None or not math.isfinite(report.loss)
        if again or not (ended or report.step in (1, self._steps) or report.step % self._every == 0):
            return
        if self._as_json:
            print(json.dumps(report_json(report), ensure_ascii=False, allow_nan=False), flush=True)
            return
        print(report_line(report), flush=True)
        for sample in report.samples if self._samples else ():
            text = json.dumps(sample.text, ensure_ascii=False)
            print(plain(f"step={report.step} temperature={sample.temperature:g} sample={text}"), flush=True)


def _introduce(setup: Setup, job: Job, folder: str, lang: Lang) -> None:
    if watched():
        told = {
            "shown": job.shown or str(job.program),
            "parameters": f"{setup.parameters:,}",
            "engine": setup.engine,
            "data": data_in_words(setup, job.mode),
            "settings": setup.settings_in_words(", ", "="),
        }
        say(_ABOUT.format(**told)[lang])
    if folder and setup.taken >= setup.steps:
        say(_ALL_TAKEN.format(run=folder, steps=f"{setup.steps:,}")[lang])
    elif folder and setup.taken:
        say(_GOES_ON.format(run=folder, step=f"{setup.taken:,}")[lang])
    elif folder and watched():
        say(_KEPT.format(run=folder)[lang])
    for note in setup.notes:
        say(note[lang])


# The bar


def _animated() -> bool:
    """Whether a bar that moves can be drawn on stderr."""
    return watched() and os.environ.get("TERM", "") not in ("dumb", "unknown")


class _Bar:
    """How far the run is, what it measures, and how long it will take; gone when the run has ended."""

    def __init__(self, setup: Setup) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.progress = Progress(
            MofNCompleteColumn(),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[told]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False),
            redirect_stdout=sys.stdout.isatty(),  # what is printed on the same screen stands above the bar
            redirect_stderr=True,
            transient=True,
        )
        self._task = self.progress.add_task("", total=setup.steps, completed=setup.taken, told="")
        self.progress.start()
        self._shown = 0.0

    def due(self) -> bool:
        """Whether what it shows is old enough to be shown anew."""
        return time.monotonic() - self._shown > REFRESH

    def show(self, past: Past, report: Report) -> None:
        self._shown = time.monotonic()
        told = [f"loss {report.loss:.4g}", f"smoothed {past.smoothed[-1]:.4g}"]
        told += [] if report.lr is None else [f"lr {report.lr:.3g}"]
        told += [] if past.speed is None else [f"{past.speed:,.0f}/s"]
        self.progress.update(self._task, completed=report.step, told="  ".join(told))


def _end(bar: _Bar | None) -> None:
    if bar is not None:
        bar.progress.stop()


_ABOUT = Text(
    en="{shown}: {parameters} parameters ({engine}), {data}, {settings}",
    ja="{shown}: パラメータ {parameters} 個（{engine}）、{data}、{settings}",
)
_DOCUMENTS = Text("{count} documents", "文書 {count} 件")
_PARTS = Text(
    "{count} documents: {learned} to learn from, {held_out} held out",
    "文書 {count} 件: 訓練用 {learned} 件、検証用 {held_out} 件",
)
_TEXT = Text("one text, its end held out", "一つの文章、終わりは検証用")
_WHOLE_TEXT = Text("one text", "一つの文章")
_ROWS = Text("{count} rows", "{count} 行")
_STOPPED = Text("stopped after step {step}.", "ステップ {step} で止めました。")
_RESUME = Text("to go on: tracer train --resume {run}", "続きから再開するには: tracer train --resume {run}")
_KEPT = Text("kept in {run}", "保存先: {run}")
_GOES_ON = Text("{run} goes on after step {step}", "{run} をステップ {step} のあとから再開します")
_ALL_TAKEN = Text(
    "{run}: all {steps} steps are taken; --steps N goes on to step N.",
    "{run}: 予定の {steps} ステップはすべて済んでいます。--steps N でステップ N まで続けます。",
)
_SPEED = Text("{steps} steps, {speed} a second.", "{steps} ステップ、毎秒 {speed} ステップ。")
