"""`tracer diagnose`: what a training run's gradients say, in words, each with the numbers it was read from."""

from __future__ import annotations

import json
import math
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from tracer.cli.naming import Wish, run_folder
from tracer.cli.terminal import choose_lang, line_of, plain
from tracer.errors import NotFoundError
from tracer.text import Lang, Text
from tracer.trace.observation import observe
from tracer.trace.trace import Trace
from tracer.train.diagnosis import Reading, diagnose
from tracer.train.history import History, Past
from tracer.train.report import Report
from tracer.train.run import Run
from tracer.train.signals import signals_of

WIDTH = 100
"""Columns that words are broken at."""


@dataclass(frozen=True)
class Diagnosed:
    """What was read of a thing."""

    name: str
    step: int
    """The last that was looked at; 1 of a step that was recorded alone."""
    readings: tuple[Reading, ...]
    alone: bool = False

    @property
    def warns(self) -> bool:
        return any(one.warns for one in self.readings)

    def to_json(self) -> dict[str, Any]:
        """See `tracer diagnose --help`."""
        return {
            "name": self.name,
            "step": self.step,
            "warns": self.warns,
            "readings": [one.to_json() for one in self.readings],
        }


def diagnose_thing(name: str, wish: Wish, *, as_json: bool, lang: str | None, nodes: int) -> int:
    """Print what is read of a run, or of one recorded training step; 1 where something warns.

    Raises:
        NotFoundError: nothing can be read of it: no steps, no parameters, a step that it has not taken.
    """
    words, folder = choose_lang(lang), run_folder(name)
    found = _of_run(folder, wish.step) if folder is not None else _of_trace(name, wish, lang=lang, nodes=nodes)
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False, allow_nan=False))
    else:
        for line in in_lines(found, words):
            print(line)
    return 1 if found.warns else 0


def _of_run(folder: Path, step: int | None) -> Diagnosed:
    run = Run.open(folder)
    past = run.history
    if not past.steps:
        raise NotFoundError(
            f"{folder}: no step has been taken yet: there is nothing to read.",
            hint=f"To go on with it: tracer train --resume {folder}",
            ja=f"{folder}: まだ 1 ステップも進んでいないので、診断できません。",
            hint_ja=f"続きから再開するには: tracer train --resume {folder}",
        )
    if step is not None and step > past.steps:
        raise NotFoundError(
            f"--step {step}: {folder} has taken {past.steps:,} steps.",
            ja=f"--step {step}: {folder} は {past.steps:,} ステップまでです。",
        )
    if not past.signals:
        raise NotFoundError(
            f"{folder}: its log has no signals; it was trained by an older version.",
            hint="Train it once more to have them.",
            ja=f"{folder}: 古い版で訓練されたため、診断に使う数がログにありません。",
            hint_ja="もう一度訓練すると記録されます。",
        )
    at = step or past.steps
    return Diagnosed(run.name, at, diagnose(past, at, run.setup.settings_at(at)))


def _of_trace(name: str, wish: Wish, *, lang: str | None, nodes: int) -> Diagnosed:
    from tracer.cli.opening import open_quietly

    thing = open_quietly(name, (), nodes=nodes, lang=lang, wish=wish)
    past = past_of(thing.trace)
    if past is None:
        raise NotFoundError(
            f"{name}: is no recorded step of a training run, so nothing says which of its numbers are parameters.",
            hint="Give a run's folder, or a step of one: tracer record RUN --step K -o step.trace. For any other"
            " program `tracer why` finds the worst gradient.",
            ja=f"{name}: 訓練のステップの記録ではないので、どれがパラメータか分かりません。",
            hint_ja="訓練の記録のフォルダか、その 1 ステップ（tracer record RUN --step K -o step.trace）を指定して"
            "ください。ほかのプログラムでは `tracer why` が最も怪しい勾配を探します。",
        )
    return Diagnosed(name, 1, diagnose(past), alone=True)


def past_of(trace: Trace) -> Past | None:
    """A recorded training step as a run of one step; None where it is none: no backward pass, no known parameters."""
    passes = [one for one in trace.passes if one.accumulates] or list(trace.passes)
    if not passes:
        return None
    root = trace.cursor(-1).data(passes[-1].root)
    loss = float(root) if root is not None and getattr(root, "size", 1) == 1 else math.nan
    seen = observe(trace, step=1, loss=loss)
    if not seen.weights:
        return None
    history = History()
    history.add(Report(1, loss, 0.0, signals=signals_of(seen)))
    return history.past


# In words


def in_lines(found: Diagnosed, lang: Lang) -> list[str]:
    """Each reading: what it is, then its evidence and what to try."""
    head = Text.same("{name}") if found.alone else _HEAD
    lines = [line_of(head.format(name=found.name, step=f"{found.step:,}")[lang])]
    for one in found.readings:
        sign = "✗" if one.warns else "✓" if one.kind in ("balanced", "converging") else "·"
        lines += _broken(f"{sign} ", one.says[lang])
        rows = {_EVIDENCE: one.evidence, _ADVICE: one.advice}
        for name, words in rows.items():
            if words[lang]:
                after = Text(" (step {step})", "（ステップ {step}）").format(step=f"{one.step:,}")
                at = after[lang] if name is _EVIDENCE and one.step != found.step else ""
                lines += _broken(f"    {name[lang]}  ", words[lang] + at)
    return lines


def _broken(start: str, words: str) -> list[str]:
    """Lines of at most `WIDTH` columns; those after the first stand below the words, not below their start."""
    width = WIDTH - cell_len(start)
    wide = cell_len(words) > 1.5 * len(words)  # Japanese breaks anywhere
    parts = textwrap.wrap(plain(words), width // 2 if wide else width) or [""]
    return [start + parts[0], *(" " * cell_len(start) + part for part in parts[1:])]


_HEAD = Text("{name}, up to step {step}", "{name}（ステップ {step} まで）")
_EVIDENCE, _ADVICE = Text("evidence", "根拠"), Text("try", "対策")
