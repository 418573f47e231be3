"""`tracer train`: the training screen where there is a terminal for it, else lines; or one document, measured."""

from __future__ import annotations

import json
import math

from tracer.cli.asked import Wanted, claimed, job_of, typed, whole
from tracer.cli.ending import as_ctrl_c
from tracer.cli.steps import json_number
from tracer.cli.terminal import choose_lang, interactive, say
from tracer.cli.writing import check_writable
from tracer.errors import FileFormatError, TracerError
from tracer.text import Lang
from tracer.train.entry import MOST_STEPS
from tracer.train.job import Job
from tracer.train.process import TrainingProcess, measure
from tracer.train.report import Setup
from tracer.train.weights import check_ending


def train(wanted: Wanted, *, ascii_only: bool, lang: str | None) -> int:
    """Do what the command line asks for; the exit code."""
    job, words = job_of(wanted), choose_lang(lang)
    if wanted.open is not None:
        from tracer.cli.opened import open_one

        step = whole("--open", wanted.open, 1, MOST_STEPS)
        return open_one(job, step, typed(wanted), at=wanted.at, text=wanted.plain, ascii_only=ascii_only, lang=lang)
    if wanted.save_weights is not None:
        check_ending(wanted.save_weights)
        check_writable(wanted.save_weights, FileFormatError)  # before hours of training
    with as_ctrl_c():
        if job.document is not None:
            return _measure(job, as_json=wanted.as_json)
        with claimed(job, wanted) as job:
            if wanted.plain or wanted.as_json or not interactive():
                from tracer.cli.progress import print_run

                code = print_run(job, as_json=wanted.as_json, samples=wanted.samples, lang=words)
            else:
                code = _show(job, typed(wanted), ascii_only=ascii_only, lang=None if lang is None else words)
    if wanted.save_weights is not None and job.run is not None:
        from tracer.cli.runs import weights

        weights(job.run, wanted.save_weights, None, lang)
    return code


def _measure(job: Job, *, as_json: bool) -> int:
    """Print the loss of one document, and how long each parameter's gradient is; nothing is updated."""
    found = measure(job)
    loss, norms = found.loss, found.grad_norm
    if as_json:
        told = {"loss": json_number(loss), "grad_norm": {name: json_number(norm) for name, norm in norms.items()}}
        print(json.dumps(told, ensure_ascii=False, allow_nan=False))
    else:
        print(f"loss={loss!r}")
        for name, norm in norms.items():
            print(f"grad_norm {name}={norm!r}")
    return 0 if math.isfinite(loss) else 2


def _show(job: Job, typed: list[str], *, ascii_only: bool, lang: Lang | None) -> int:
    """The app's training screen, once the program has proved that it can be trained."""
    with TrainingProcess(job) as process:
        import tracer.tui.app
        import tracer.tui.screens.training  # noqa: F401  while the program builds its model on another core

        messages = process.messages()
        setup = next(messages, None)
        if not isinstance(setup, Setup):
            raise TracerError("the training ended before it began.")
        from tracer.tui.running import Running
        from tracer.tui.start import run_app

        running = Running(job, setup, process, messages, typed)
        code = run_app(training=running, ascii_only=ascii_only, lang=lang)
    if running.farewell is not None:
        say(running.farewell[choose_lang(lang)])
    return code
