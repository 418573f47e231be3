"""`tracer train`: the training screen where there is a terminal for it, else a line for every so many steps."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tracer.cli.ending import as_ctrl_c
from tracer.cli.terminal import choose_lang, interactive, plain, say, watched
from tracer.errors import ExpressionError, NotFoundError, TracerError, did_you_mean
from tracer.lessons.content import content_root
from tracer.lessons.formula import parse_assignments
from tracer.text import Lang
from tracer.train.entry import MOST_STEPS
from tracer.train.history import History
from tracer.train.loop import spacing
from tracer.train.process import Job, TrainingProcess
from tracer.train.report import Report, Setup

LINES = 20
"""Lines of a whole run, about, unless the user says: every other look's."""


@dataclass(frozen=True)
class Wanted:
    """The command line, as it was typed."""

    model: str
    settings: Sequence[str] = ()
    data: str | None = None
    steps: str | None = None
    lr: str | None = None
    hidden: str | None = None
    seed: str | None = None
    every: str | None = None
    open: str | None = None
    at: str | None = None


def train(wanted: Wanted, *, text: bool, ascii_only: bool, lang: str | None) -> int:
    """Train a program; the exit code.

    Args:
        text: print lines even where the app could run.
    """
    job = job_of(wanted)
    words = choose_lang(lang)
    if wanted.open is not None:
        from tracer.cli.opened import open_one

        step = whole("--open", wanted.open, least=1, most=MOST_STEPS)
        return open_one(job, step, typed(wanted), at=wanted.at, text=text, ascii_only=ascii_only, lang=lang)
    with as_ctrl_c():
        if text or not interactive():
            return _print(job, words)
        return _show(job, typed(wanted), ascii_only=ascii_only, lang=None if lang is None else words)


def job_of(wanted: Wanted) -> Job:
    """What the command line asks for.

    Raises:
        TracerError: one of its words is wrong.
    """
    settings = dict(parse_assignments(wanted.settings))
    if wanted.lr is not None:
        settings["lr"] = _number("--lr", wanted.lr)
    if wanted.hidden is not None:
        settings["hidden"] = whole("--hidden", wanted.hidden, least=1, most=100_000)
    if "lr" in settings and not 0 < settings["lr"] < math.inf:
        raise ExpressionError(
            f"the learning rate must be a number above 0, not {settings['lr']:g}.",
            ja=f"学習率は 0 より大きい数です（指定: {settings['lr']:g}）。",
        )
    steps = None if wanted.steps is None else whole("--steps", wanted.steps, least=1, most=MOST_STEPS)
    seed = None if wanted.seed is None else whole("--seed", wanted.seed, least=0, most=2**63 - 1)
    every = None if wanted.every is None else whole("--every", wanted.every, least=1, most=MOST_STEPS)
    program, shown = find_program(wanted.model)
    return Job(program, shown, wanted.data, seed, settings, steps, every)


def find_program(name: str) -> tuple[Path, str]:
    """The program called `name`, and what to call it: an existing file, else a model of ours.

    Raises:
        NotFoundError: there is none; the nearest names are offered.
    """
    path = Path(name)
    try:
        if path.exists():
            return path, ""
    except (OSError, ValueError):  # too long, or a null byte
        pass
    models = content_root() / "models"
    known = {one.stem: one for one in sorted(models.glob("*.py"))}
    stem = name.removeprefix("models/").removesuffix(".py")
    if stem in known:
        return known[stem], f"models/{stem}.py"
    folder = path.parent if path.parent.is_dir() else Path()
    beside = [str(one) for one in sorted(folder.glob("*.py"))][:200]
    hint = did_you_mean(name, [*known, *(f"models/{one}.py" for one in known), *beside])
    raise NotFoundError(
        f"there is no program or model called {name!r}.",
        hint=hint or f"Models: {', '.join(known)}; or name a program that defines `training`.",
        ja=f"{name!r} というプログラムやモデルはありません。",
        hint_ja=None if hint else f"モデル: {', '.join(known)}。または、`training` を定義したプログラムを指定します。",
    )


def whole(option: str, typed: str, *, least: int, most: int) -> int:
    """The whole number that was typed after an option.

    Raises:
        ExpressionError: it is none, or outside least..most.
    """
    number = _number(option, typed)
    if number != int(number) or not least <= number <= most:
        raise ExpressionError(
            f"{option} {typed}: a whole number from {least:,} to {most:,} is needed.",
            ja=f"{option} {typed}: {least:,} から {most:,} までの整数を指定してください。",
        )
    return int(number)


def _number(option: str, typed: str) -> float:
    try:
        number = float(typed.replace("−", "-"))  # `-1` arrives with a minus sign: see `tracer.cli.commands._shield`
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ExpressionError(f"{option} {typed}: a number is needed.", ja=f"{option} {typed}: 数を指定してください。")
    return number


def _print(job: Job, lang: Lang) -> int:
    """A line on stdout every so many steps; words on stderr."""
    history, shown = History(), job.shown or str(job.program)
    with TrainingProcess(replace(job, grid=False)) as process:
        try:
            every = steps = 1
            for message in process.messages():
                if isinstance(message, Setup):
                    steps = message.steps
                    every = job.every or (2 * spacing(steps) if steps > LINES else 1)
                    _introduce(message, shown)
                    continue
                history.add(message)
                if message.step in (1, steps) or message.step % every == 0 or not math.isfinite(message.loss):
                    print(report_line(message), flush=True)
        except KeyboardInterrupt:
            say(f"stopped after step {len(history):,}.")
            raise
        finally:
            process.close()
            output = process.output.rstrip("\n")
            if output:
                print(plain(output), file=sys.stderr)
    past = history.past
    if watched() and past.speed is not None:
        say(f"{past.steps:,} steps, {past.speed:,.0f} a second.")
    if past.warning is not None:
        say(past.warning[lang])
    return 2 if past.trouble == "not finite" else 0


def report_line(report: Report) -> str:
    """`step=20 loss=0.25 accuracy=0.9`: as documented in the help of `tracer train`."""
    words = [f"step={report.step}", f"loss={report.loss!r}"]
    return " ".join([*words, *([] if report.look is None else [f"accuracy={report.look.accuracy!r}"])])


def _introduce(setup: Setup, shown: str) -> None:
    if watched():
        settings = setup.settings_in_words(", ", "=")
        say(f"{shown}: {setup.parameters:,} parameters ({setup.engine}), {len(setup.rows):,} rows, {settings}")


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

        return run_app(training=Running(job, setup, process, messages, typed), ascii_only=ascii_only, lang=lang)


def typed(wanted: Wanted) -> list[str]:
    """The words that train this once more."""
    words = ["tracer", "train", wanted.model, *wanted.settings]
    for name in ("data", "steps", "lr", "hidden", "seed"):
        value = getattr(wanted, name)
        words += [] if value is None else [f"--{name}", value.replace("−", "-")]
    return words
