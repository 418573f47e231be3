"""Training runs on the command line: opened as a whole, or one of their steps; and their weights, taken out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tracer.cli.ending import as_ctrl_c
from tracer.cli.naming import Wish, run_folder
from tracer.cli.progress import data_in_words, report_line
from tracer.cli.terminal import choose_lang, interactive, line_of, plain, say, watched
from tracer.cli.writing import check_writable
from tracer.errors import FileFormatError, NotFoundError, TracerError
from tracer.lessons.given import parse_assignments
from tracer.lessons.leaves import overrides_of
from tracer.lessons.runner import Thing
from tracer.text import Lang, Text
from tracer.train.looks import spacing
from tracer.train.process import OpenedStep, open_step
from tracer.train.run import Run
from tracer.train.weights import check_ending, write_weights


def open_folder(path: Path) -> Run:
    """The run in a folder, or in that of the `run.json` that was named.

    Raises:
        NotFoundError, FileFormatError: there is none, or it is broken.
    """
    return Run.open(run_folder(str(path)) or path)


def open_run(folder: Path, *, at: str | None, ascii_only: bool, lang: str | None) -> int:
    """Open a run in the app, to be scrubbed through; or print what it is and its log."""
    if at is not None:
        raise NotFoundError(
            f"--at {at}: a position in which step? {folder} is a run.",
            hint=f"tracer open {folder} --step 1 --at {at}",
            ja=f"--at {at}: どのステップの位置ですか。{folder} は訓練の記録です。",
            hint_ja=f"tracer open {folder} --step 1 --at {at}",
        )
    words = choose_lang(lang)
    if interactive():
        from tracer.tui.runs import open_run

        return open_run(folder, ascii_only=ascii_only, lang=None if lang is None else words)
    for line in in_lines(Run.open(folder), words):
        print(plain(line))
    return 0


def list_runs(folders: Sequence[Path], lang: Lang) -> int:
    """A line for each of several runs; 1 where one of them is broken, which is said on stderr."""
    code = 0
    for folder in folders:
        try:
            run = Run.open(folder)
        except TracerError as error:
            say(error.told(lang))
            code = 1
            continue
        last = f"  loss={run.reports[-1].loss:.4g}" if run.reports else ""
        print(line_of(f"{folder}  {_head(run, lang)}{last}"))
    return code


def _head(run: Run, lang: Lang) -> str:
    """What a run is, in a few words."""
    setup, data = run.setup, run.data
    count = data_in_words(setup, run.mode)[lang]
    told = {
        "program": setup.program,
        "data": f"{data.name} ({count})" if data.name else count,
        "parameters": f"{setup.parameters:,}",
        "engine": run.engine,
        "taken": f"{run.taken:,}",
        "steps": f"{run.steps:,}",
    }
    return _HEAD.format(**told)[lang]


def in_lines(run: Run, lang: Lang) -> list[str]:
    """What a run is, then lines of its log as `tracer train` prints them."""
    every = spacing(run.steps)
    log = [r for r in run.reports if r.step in (1, run.taken) or r.step % every == 0]
    quoted = shlex.quote(str(run.folder))
    there = ", ".join(f"{step:,}" for step in run.checkpoints)
    return [
        f"{run.name}  {_head(run, lang)}",
        run.setup.settings_in_words(" ", "="),
        f"{_CHECKPOINTS[lang]}{there or '–'}",
        *map(report_line, log),
        _HOW.format(run=quoted, step=max(run.taken, 1))[lang],
        *([] if run.taken >= run.steps else [_RESUME.format(run=quoted)[lang]]),
    ]


def one_step(folder: Path, values: Sequence[str], wish: Wish, lang: Lang) -> Thing:
    """The step of a run that was wished for, recorded, as something to walk.

    Raises:
        TracerError: no step, or one that the run does not have; the run is broken; a name in `values` is unknown.
    """
    run, given = Run.open(folder), parse_assignments(values)
    if wish.step is None:
        raise NotFoundError(
            f"{folder} is a run: say which of its steps.",
            hint=f"For example --step {max(run.taken, 1)}. `tracer open` without it shows all of the run.",
            ja=f"{folder} は訓練の記録です。どのステップかを指定してください。",
            hint_ja=f"例: --step {max(run.taken, 1)}。`tracer open` なら全体を見られます。",
        )
    if not 1 <= wish.step <= run.steps:
        raise NotFoundError(
            f"--step {wish.step}: the steps of {folder} are 1 to {run.steps:,}.",
            ja=f"--step {wish.step}: {folder} のステップは 1 から {run.steps:,} までです。",
        )
    job = run.job()
    try:
        with as_ctrl_c():
            opened = open_step(job, wish.step, replayed=tell_replayed)
    finally:
        end_replayed()
    _tell_exactness(run, wish.step, opened, lang)
    from tracer.tui.running import thing_of_step

    thing = thing_of_step(
        job, wish.step, opened, ("tracer", "open", str(folder), "--step", str(wish.step)), name=run.name
    )
    return thing.rerun(overrides_of(thing.trace, given, thing.title)) if given else thing


def _tell_exactness(run: Run, step: int, opened: OpenedStep, lang: Lang) -> None:
    """Say so where the step measured something else than it did in training."""
    if opened.loss is None or step > run.taken:
        return
    logged = run.reports[step - 1].loss
    if opened.loss.hex() != logged.hex():
        told = {
            "step": f"{step:,}",
            "now": repr(opened.loss),
            "then": repr(logged),
            "by": f"{opened.loss - logged:.3g}",
        }
        say(_OTHER.format(**told)[lang])


def tell_replayed(step: int) -> None:
    """Which step is being taken again, on a terminal only."""
    if watched():
        print(f"\r… {step:,}\x1b[K", end="", file=sys.stderr, flush=True)


def end_replayed() -> None:
    """Wipe it away."""
    if watched():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


# Weights


def weights(folder: Path, out: Path, at: int | None, lang: str | None) -> int:
    """Write a run's weights to a file: those after step `at`, which must have a checkpoint, or the last ones."""
    check_ending(out)
    check_writable(out, FileFormatError)
    run = open_folder(folder)
    arrays = run.weights(at)
    write_weights(out, arrays)
    told = {
        "out": out,
        "names": f"{len(arrays):,}",
        "numbers": f"{sum(array.size for array in arrays.values()):,}",
        "step": f"{max(run.checkpoints) if at is None else at:,}",
    }
    say(_WRITTEN.format(**told)[choose_lang(lang)])
    return 0


_HEAD = Text(
    en="{program}, {data}, {parameters} parameters ({engine}), {taken} of {steps} steps taken",
    ja="{program}、{data}、パラメータ {parameters} 個（{engine}）、{steps} ステップ中 {taken} ステップ済み",
)
_CHECKPOINTS = Text("checkpoints after step: ", "チェックポイント（ステップの後）: ")
_HOW = Text("to walk a step: tracer open {run} --step {step}", "ステップをたどるには: tracer open {run} --step {step}")
_RESUME = Text("to go on: tracer train --resume {run}", "続きから再開するには: tracer train --resume {run}")
_OTHER = Text(
    en="step {step} measures {now} here; in training it was {then} (apart by {by}). Only on the same engine, device"
    " and versions it is the same to the bit.",
    ja="ステップ {step} の損失はここでは {now} です。訓練のときは {then} でした（差 {by}）。"
    "ビット単位で一致するのは、エンジン・デバイス・版が同じときだけです。",
)
_WRITTEN = Text(
    "{out}: {names} parameters, {numbers} numbers, after step {step}",
    "{out}: パラメータ {names} 種類、数 {numbers} 個（ステップ {step} の後）",
)
