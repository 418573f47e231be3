"""`tracer diff RUN RUN`: the first training step that differs, then the first node in it that does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.cli.comparing import Asked, print_difference, to_json
from tracer.cli.comparing_table import rows_of_runs, table_lines
from tracer.cli.naming import Wish
from tracer.cli.runs import one_step
from tracer.cli.steps import json_number
from tracer.cli.terminal import choose_lang, interactive, line_of
from tracer.errors import NotFoundError
from tracer.lessons.runner import Thing
from tracer.text import Lang, Text
from tracer.trace.difference import Difference
from tracer.train.apart import TWO_ENGINES, first_apart, two_engines
from tracer.train.report import setting_in_words
from tracer.train.run import Run


@dataclass(frozen=True)
class Pair:
    """Two runs beside each other."""

    left: Run
    right: Run
    rtol: float
    atol: float
    lang: Lang

    @cached_property
    def settings(self) -> Mapping[str, tuple[Any, Any]]:
        """What they were told differently, by name; data and program by what is in them."""
        a, b = self.left, self.right
        asked = [(name, a.settings.get(name), b.settings.get(name)) for name in {**a.settings, **b.settings}]
        asked += [("seed", a.seed, b.seed), ("steps", a.steps, b.steps), ("mode", a.mode, b.mode)]
        asked += [("engine", a.engine, b.engine), ("device", a.device, b.device), ("dtype", a.dtype, b.dtype)]
        if a.data.sha256 != b.data.sha256:
            asked.append(("data", _named(a.data.name, a.data.sha256), _named(b.data.name, b.data.sha256)))
        if a.program.sha256 != b.program.sha256:
            one, other = a.program, b.program
            asked.append(("program", _named(one.shown, one.sha256), _named(other.shown, other.sha256)))
        return {name: (left, right) for name, left, right in asked if left != right}

    @cached_property
    def told(self) -> int | None:
        """The first step whose losses differ in the logs, or before which the checkpoints do; None where neither.

        Of two engines the losses alone count.
        """
        a, b = self.losses
        both = len(a)
        apart = np.flatnonzero(~np.isclose(a, b, self.rtol, self.atol, equal_nan=True))
        found = [int(apart[0]) + 1] if len(apart) else []
        if self.two_engines:
            return min(found, default=None)
        for step in sorted({*self.left.checkpoints} & {*self.right.checkpoints}):
            if step >= both or (found and step >= found[0]):
                break
            if not self._same_weights(step):
                found.append(step or 1)
                break
        return min(found, default=None)

    @property
    def two_engines(self) -> bool:
        """Whether every number is a node in one of them and a tensor in the other: no node has its like there."""
        return two_engines(self.left, self.right)

    @cached_property
    def losses(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of the steps that both have taken."""
        a, b = self.left.history.losses, self.right.history.losses
        both = min(len(a), len(b))
        return a[:both], b[:both]

    @cached_property
    def largest(self) -> tuple[int, float] | None:
        """The step whose losses are furthest apart, and by how much; None where no two numbers are."""
        with np.errstate(all="ignore"):
            apart = np.abs(self.losses[0] - self.losses[1])
        apart[~np.isfinite(apart)] = 0.0
        step = int(np.argmax(apart)) if len(apart) else 0
        return (step + 1, float(apart[step])) if len(apart) and apart[step] else None

    def _same_weights(self, step: int) -> bool:
        one, other = self.left.weights(step), self.right.weights(step)
        return one.keys() == other.keys() and all(
            one[name].shape == other[name].shape
            and np.allclose(one[name], other[name], self.rtol, self.atol, equal_nan=True)
            for name in one
        )

    def opened(self, step: int) -> tuple[Thing, Thing, Difference]:
        """That step of both."""
        left, right = (one_step(run.folder, (), Wish(step=step), self.lang) for run in (self.left, self.right))
        return left, right, Difference(left.trace, right.trace, self.rtol, self.atol)

    @cached_property
    def first(self) -> tuple[int, tuple[Thing, Thing, Difference] | None] | None:
        """The first step in which a number differs, opened; None where all that both have is the same.

        Of two engines no step is opened: there are no nodes to be paired.

        A loss is measured before the update. So an update that differs shows one step later in the logs: the step
        before is looked into too.
        """
        step = self.told
        if step is None:
            return None
        if self.two_engines:
            return step, None
        found = step, self.opened(step)
        while found[0] > 1:
            before = self.opened(found[0] - 1)
            if before[2].same:
                break
            found = found[0] - 1, before
        return found


def diff_runs(folders: Sequence[Path], asked: Asked, *, lang: str | None) -> int:
    """Compare two runs; 0 if they are the same, 1 if they differ. More than two are put into a table, or on screen.

    Raises:
        FileFormatError: one of them cannot be read.
    """
    words = choose_lang(lang)
    if asked.open and interactive():
        from tracer.tui.runs import compare_runs

        return compare_runs(folders, ascii_only=False, lang=None if lang is None else words)
    if len(folders) > 2:
        return _diff_many([Run.open(folder) for folder in folders], asked, words)
    left, right = map(Run.open, folders)
    pair = Pair(left, right, asked.rtol, asked.atol, words)
    taken = pair.left.taken, pair.right.taken
    if asked.as_json:
        print(json.dumps(_to_json(pair, asked.most), ensure_ascii=False, allow_nan=False))
    else:
        _print(pair, asked.most, words)
    return 0 if pair.first is None and taken[0] == taken[1] else 1


def _diff_many(runs: Sequence[Run], asked: Asked, lang: Lang) -> int:
    """A row for each of several runs; 1 where one of them measured other losses than the first."""
    rows = rows_of_runs(runs, [run.name for run in runs])
    losses = [run.history.losses for run in runs]
    same = all(len(one) == len(losses[0]) and first_apart(losses[0], one) is None for one in losses)
    if asked.as_json:
        told = [{"name": run.name, **row.to_json()} for run, row in zip(runs, rows, strict=True)]
        print(json.dumps({"same": same, "runs": told}, ensure_ascii=False, allow_nan=False))
    else:
        for line in table_lines(rows, lang):
            print(line)
    return 0 if same else 1


def refuse_two_engines(folders: Sequence[Path], step: int) -> None:
    """Raise where a step of two runs has no nodes to be paired.

    Raises:
        NotFoundError: the runs are of two engines; or one of them is not there.
    """
    left, right = map(Run.open, folders)
    if left.engine == right.engine:
        return
    raise NotFoundError(
        f"--step {step}: one run is made of {left.engine}s, the other of {right.engine}s, and nodes of two engines"
        " cannot be paired.",
        hint="Without --step their losses are compared.",
        ja=f"--step {step}: 片方は {left.engine}、もう片方は {right.engine} で計算していて、"
        "ノードどうしは対応しません。",
        hint_ja="--step を付けなければ、損失どうしを比べます。",
    )


def _to_json(pair: Pair, most: int) -> dict[str, Any]:
    taken = [pair.left.taken, pair.right.taken]
    found = pair.first
    step = None if found is None else found[0]
    return {
        "same": found is None and taken[0] == taken[1],
        "settings": {name: list(two) for name, two in pair.settings.items()},
        "taken": taken,
        "step": step,
        "losses": None
        if step is None
        else [json_number(run.reports[step - 1].loss) for run in (pair.left, pair.right)],
        "difference": None if found is None or found[1] is None else to_json(found[1][2], most),
    }


def _print(pair: Pair, most: int, lang: Lang) -> None:
    print(line_of(f"{pair.left.name}  |  {pair.right.name}"))
    for name, (left, right) in pair.settings.items():
        print(line_of(f"  {name}: {_in_words(left)} | {_in_words(right)}"))
    taken = pair.left.taken, pair.right.taken
    if pair.first is None:
        words = _SAME if taken[0] == taken[1] else _SHORTER
        print(words.format(both=f"{min(taken):,}", left=f"{taken[0]:,}", right=f"{taken[1]:,}")[lang])
        _print_engines(pair, lang)
        return
    step, opened = pair.first
    losses = [run.reports[step - 1].loss for run in (pair.left, pair.right)]
    words = _UPDATE if repr(losses[0]) == repr(losses[1]) else _FIRST
    print(words.format(step=f"{step:,}", left=repr(losses[0]), right=repr(losses[1]))[lang])
    if opened is None:
        _print_engines(pair, lang)
    else:
        print_difference(*opened, most, lang)


def _print_engines(pair: Pair, lang: Lang) -> None:
    """Of two engines: how far the losses are apart, and why nothing is said of nodes."""
    if not pair.two_engines:
        return
    if pair.largest is not None:
        step, size = pair.largest
        print(_FURTHEST.format(step=f"{step:,}", size=f"{size:.3g}")[lang])
    print(TWO_ENGINES.format(left=pair.left.engine, right=pair.right.engine)[lang])


def _named(name: str, sha256: str) -> str:
    return f"{name} ({sha256[:12]})" if name else sha256[:12]


def _in_words(value: Any) -> str:
    return "–" if value is None else setting_in_words(value)


_SAME = Text("The runs are the same, all {both} steps.", "二つの訓練は {both} ステップすべて同じです。")
_SHORTER = Text(
    en="The same for {both} steps; one has taken {left}, the other {right}.",
    ja="{both} ステップまで同じです。一つ目は {left} ステップ、二つ目は {right} ステップ進んでいます。",
)
_UPDATE = Text(
    en="First differing step: {step}. Its losses are equal ({left}); its update differs.",
    ja="最初に異なるステップ: {step}。損失は同じです（{left}）。更新が異なります。",
)
_FURTHEST = Text(
    "The losses are furthest apart at step {step}: by {size}.",
    "損失が最も離れているのはステップ {step}（差 {size}）です。",
)
_FIRST = Text(
    "First differing step: {step} (loss {left} | {right})", "最初に異なるステップ: {step}（損失 {left} | {right}）"
)
