"""`tracer experiment`: train the variants of an experiment, two at a time, then compare them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.cli.comparing_table import rows_of_runs, table_lines
from tracer.cli.ending import as_ctrl_c
from tracer.cli.settings import settings_offered
from tracer.cli.terminal import choose_lang, interactive, line_of, plain, say, watched
from tracer.errors import LessonError, did_you_mean
from tracer.lessons.content import catalogue, find_experiment
from tracer.lessons.experiment import Experiment
from tracer.text import Lang, Text
from tracer.train.run import Run
from tracer.train.together import Going, Together, first_trouble
from tracer.tui.experiments import Arm, arms_of, folder_of, program_of


@dataclass(frozen=True)
class Asked:
    """What `tracer experiment` was asked for."""

    name: str | None
    steps: int | None
    run: Path | None
    as_json: bool
    plain: bool


def experiment(asked: Asked, *, ascii_only: bool, lang: str | None) -> int:
    """Train what is missing, then show or print the comparison; without a name, print which there are.

    Raises:
        TracerError: the experiment cannot be read, or a variant cannot be trained.
    """
    words = choose_lang(lang)
    if asked.name is None:
        for line in listed(catalogue().experiments, words):
            print(line)
        return 0
    found = find_experiment(asked.name)
    refuse_unknown_settings(found)
    arms = arms_of(found, asked.run, asked.steps)
    with as_ctrl_c():
        whole = _train(found, arms, asked, words)
    runs = [Run.open(arm.place.folder) for arm in arms]
    if asked.as_json:
        print(json.dumps(to_json(found, arms, runs), ensure_ascii=False, allow_nan=False))
    elif interactive() and not asked.plain:
        from tracer.tui.runs import compare_experiment

        return compare_experiment(found, arms, ascii_only=ascii_only, lang=None if lang is None else words)
    else:
        for line in in_lines(found, arms, runs, words):
            print(line)
    return 0 if whole else 2


def listed(experiments: Sequence[Experiment], lang: Lang) -> list[str]:
    """A line for each, its question below; then how to begin one."""
    lines = []
    for one in experiments:
        lines.append(plain(f"{one.alias:<16} {one.title[lang]}   {how_long(one)[lang]}"))
        lines.append(plain(f"{'':<16} {one.question[lang]}"))
    return [*lines, _HOW[lang]]


def how_long(found: Experiment) -> Text:
    """`6 × 60 steps, about 25 s`."""
    told = {"runs": len(found.variants), "steps": f"{found.steps:,}", "seconds": found.seconds}
    return (_LONG if found.seconds else _RUNS).format(**told)


def refuse_unknown_settings(found: Experiment) -> None:
    """Raise where a variant has a setting that the program does not take, before anything is trained.

    Raises:
        LessonError: it is none; its line, and the nearest.
    """
    program, shown = program_of(found)
    offered = settings_offered(program)
    if offered is None:
        return
    for number, variant in enumerate(found.variants, start=1):
        for name in variant.settings:
            if name not in offered:
                line = found.line_of(number, name)
                at = found.file.name if line is None else f"{found.file.name}:{line}"
                near = did_you_mean(name, offered) or f"Its settings: {', '.join(offered)}."
                raise LessonError(
                    f"{at}: variant {number}: settings: {shown or program.name} takes no {name!r}. {near}"
                )


def _train(found: Experiment, arms: Sequence[Arm], asked: Asked, lang: Lang) -> bool:
    """Train what is missing; whether everything there is was kept."""
    missing = [arm for arm in arms if not arm.place.whole]
    reused = len(arms) - len(missing)
    if not missing:
        say(_ALL_THERE.format(folder=asked.run or folder_of(found))[lang])
        return True
    told = {"runs": len(missing), "steps": f"{asked.steps or found.steps:,}", "reused": reused}
    about = found.seconds if asked.steps is None and not reused else 0
    words = (_TRAINS_AGAIN if reused else _TRAINS).format(**told)[lang]
    say(words + (_ABOUT.format(seconds=about)[lang] if about else ""))
    together = Together([arm.place.job for arm in missing])
    bar = _Bar([arm.variant.title[lang] for arm in missing])
    try:
        together.train(lambda: bar.show(together.going))
        bar.show(together.going)
    except KeyboardInterrupt:
        bar.end()
        say(_STOPPED.format(folder=asked.run or folder_of(found))[lang])
        raise
    finally:
        bar.end()
    trouble = first_trouble(together.going)
    if trouble is not None:
        say(trouble[lang])
    return trouble is None


class _Bar:
    """A line for each run that has ended; on a terminal, one that is written over for those under way."""

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles, self._live = titles, watched()
        self._told: set[int] = set()
        self._shown = False

    def show(self, going: Sequence[Going]) -> None:
        for i, one in enumerate(going):
            if one.ended and i not in self._told:
                self._told.add(i)
                loss = "" if one.loss is None else f"  loss {one.loss:.4g}"
                self.end()
                say(f"{len(self._told)}/{len(going)}  {line_of(self._titles[i])}  {one.taken:,}/{one.steps:,}{loss}")
        if self._live:
            under_way = [
                f"{line_of(self._titles[i])} {one.taken:,}/{one.steps:,}"
                for i, one in enumerate(going)
                if one.taken and not one.ended
            ]
            print(f"\r{'   '.join(under_way)[:78]}\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = True

    def end(self) -> None:
        """Wipe it away."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        self._shown = False


# What comes out


def in_lines(found: Experiment, arms: Sequence[Arm], runs: Sequence[Run], lang: Lang) -> list[str]:
    """The question, the table, the answer."""
    rows = rows_of_runs(runs, [arm.variant.title[lang] for arm in arms])
    lines = [line_of(found.title[lang]), plain(found.question[lang]), ""]
    lines += table_lines(rows, lang)
    lines += ["", plain(found.answer[lang])] if found.answer[lang] else []
    return lines


def to_json(found: Experiment, arms: Sequence[Arm], runs: Sequence[Run]) -> dict[str, Any]:
    """See `tracer experiment --help`."""
    rows = rows_of_runs(runs, [arm.variant.name for arm in arms])
    texts = {key: getattr(found, key) for key in ("title", "question", "explanation", "look", "answer")}
    return {
        "name": found.alias,
        "kind": "experiment",
        **{key: {"en": text.en, "ja": text.ja} for key, text in texts.items()},
        "variants": [
            {
                "name": arm.variant.name,
                "title": arm.variant.title.en,
                "title_ja": arm.variant.title.ja,
                "settings": dict(arm.variant.settings),
                **row.to_json(),
            }
            for arm, row in zip(arms, rows, strict=True)
        ],
    }


_HOW = Text(
    "tracer experiment NAME trains its runs and compares them.",
    "tracer experiment 名前 で、訓練してから比べます。",
)
_LONG = Text("{runs} runs of {steps} steps, about {seconds} s", "{steps} ステップを {runs} 回、約 {seconds} 秒")
_RUNS = Text("{runs} runs of {steps} steps", "{steps} ステップを {runs} 回")
_TRAINS = Text("{runs} runs of {steps} steps, two at a time", "{steps} ステップの訓練を {runs} 回（二つずつ並行）")
_TRAINS_AGAIN = Text(
    "{runs} runs of {steps} steps, two at a time; {reused} are there already",
    "{steps} ステップの訓練を {runs} 回（二つずつ並行）。ほかの {reused} 回は訓練済みです",
)
_ABOUT = Text(": about {seconds} s", "：約 {seconds} 秒")
_ALL_THERE = Text("all runs are in {folder} already", "すべて訓練済みです（{folder}）")
_STOPPED = Text(
    "stopped; the runs are kept in {folder}, and the same command goes on with them.",
    "止めました。途中の訓練は {folder} にあり、同じコマンドで続きから再開します。",
)
