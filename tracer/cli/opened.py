"""`tracer train --open K`: one step of a training run, recorded and walked, without the training screen."""

from __future__ import annotations

from tracer.cli.ending import as_ctrl_c
from tracer.cli.naming import position_of
from tracer.cli.opening import exit_code, tell_outcome
from tracer.cli.runs import end_replayed, tell_replayed
from tracer.cli.terminal import choose_lang, interactive
from tracer.train.process import Job, open_step


def open_one(
    job: Job, step: int, typed: list[str], *, at: str | None, text: bool, ascii_only: bool, lang: str | None
) -> int:
    """Open step `step` of the run in the stepper; print it where there is no terminal for that.

    Args:
        typed: the words that train this.
        at: the position to start from, as `--at` takes it.
    """
    words = choose_lang(lang)
    try:
        with as_ctrl_c():
            opened = open_step(job, step, replayed=tell_replayed)
    finally:
        end_replayed()
    from tracer.tui.running import thing_of_step

    thing = thing_of_step(job, step, opened, (*typed, "--open", str(step)))
    position = None if at is None else position_of(thing.trace, at)
    if text or not interactive():
        from tracer.cli.steps import print_steps

        tell_outcome(thing, words)
        print_steps(thing, "edge", words)
        return exit_code(thing)
    from tracer.tui.messages import Request
    from tracer.tui.start import run_app

    request = Request(thing.name, (), position)
    return run_app(request, thing, ascii_only=ascii_only, lang=None if lang is None else words)
