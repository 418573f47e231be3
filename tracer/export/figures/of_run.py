"""The panels of a run that lies in a folder: which it has, and what they show of a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tracer.errors import ExportError, NotFoundError, did_you_mean
from tracer.export.figures.sheet import Sheet
from tracer.panels.data import Data
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.registry import PANELS
from tracer.text import Text, clean
from tracer.trace.observation import Observation
from tracer.train.run import Run

TRAIL = 8
"""Earlier steps that are looked at for the way that points have come."""


def view_of(run: Run, step: int | None = None, *, observed: bool = True, trail: int = 0) -> RunView:
    """A run at one of its steps, the last one by default.

    Args:
        observed: whether the step is taken once more, to see what it looks like.
        trail: how many earlier ones are, too, evenly spread.

    Raises:
        NotFoundError: it has not taken this step.
        ProgramError: the program does not work any more.
    """
    taken = run.taken
    at = taken if step is None else step
    if not 0 <= at <= taken or (step == 0 and taken):
        raise NotFoundError(
            f"--step {at}: {clean(str(run.folder))} has taken {taken:,} steps.",
            hint=f"Give one from 1 to {taken:,}." if taken else "Train it first: tracer train --resume.",
            ja=f"--step {at}: {clean(str(run.folder))} が進んだのは {taken:,} ステップです。",
            hint_ja=f"1 から {taken:,} までで指定してください。" if taken else "先に訓練してください。",
        )
    seen = run.observe(at) if observed and at else None
    earlier: tuple[Observation, ...] = ()
    if trail and seen is not None:
        steps = sorted({1 + round((at - 1) * k / trail) for k in range(trail)} - {at})
        earlier = tuple(run.observe(one) for one in steps)
    return RunView(run.setup, run.history, at, seen, earlier)


def panels_of(view: RunView) -> tuple[Panel, ...]:
    """The panels that have something to show of it."""
    return tuple(panel for panel in PANELS if panel.applies(view.setup, view.observation))


def named(id: str) -> Panel:
    """The panel of a name.

    Raises:
        NotFoundError: there is none; the nearest is named.
    """
    found = {panel.id: panel for panel in PANELS}
    if id in found:
        return found[id]
    listed = ", ".join(found)
    near = did_you_mean(id, found)
    raise NotFoundError(
        f"--panel {clean(id)[:40]}: there is no panel of this name.",
        hint=f"{near + ' ' if near else ''}Panels: {listed}, all.",
        ja=f"--panel {clean(id)[:40]}: この名前のパネルはありません。",
        hint_ja=f"パネル: {listed}、all（全部）",
    )


def sheet_of(panel: Panel, view: RunView, choice: Choice) -> Sheet:
    """What a panel shows of a choice.

    Raises:
        ExportError: the run has no such panel, or the panel no such twin or history.
        NotFoundError: the model has no such layer, head, position, document or parameter.
    """
    if not panel.applies(view.setup, view.observation):
        there = ", ".join(one.id for one in panels_of(view))
        off = panel.id in ("attention", "heads") and view.setup.settings_at(view.shown).get("attention") is False
        raise ExportError(
            f"--panel {panel.id}: this run has no such panel: "
            + ("attention is switched off in it." if off else "its model shows nothing of that kind."),
            hint=f"It has {there}.",
            ja=f"--panel {panel.id}: この訓練にはこのパネルがありません。"
            + ("注意機構が切られています。" if off else "モデルに、表示するものがありません。"),
            hint_ja=f"あるパネル: {there}",
        )
    if choice.grad and panel.twin is None:
        raise ExportError(
            f"--twin: the panel {panel.id} has no gradient to show.",
            ja=f"--twin: パネル {panel.id} に勾配の表示はありません。",
        )
    if choice.history and "history" not in panel.chooses:
        over = panel.id in ("loss", "rate")
        raise ExportError(
            f"--history: the panel {panel.id} " + ("is over the steps as it is." if over else "shows one step alone."),
            ja=f"--history: パネル {panel.id} は"
            + ("もともとステップごとの推移です。" if over else "一つのステップだけを表示します。"),
        )
    if view.observation is not None:
        _check(panel, view.observation, choice)
    data = panel.data(view, choice)
    if choice.history and isinstance(data, Data) and not is_history(data):
        raise ExportError(
            f"--history: of {panel.id}{' --twin' if choice.grad else ''} no history is kept, or there is none yet.",
            ja=f"--history: {panel.id}{' --twin' if choice.grad else ''} の推移は記録されていないか、まだありません。",
        )
    return Sheet(data, panel, choice)


def _check(panel: Panel, seen: Observation, choice: Choice) -> None:
    """Raise unless the model has what was chosen: a panel would show the last one instead."""
    limits = {"layer": panel.layers(seen), "head": seen.n_head, "document": panel.documents(seen)}
    limits["position"] = panel.positions(seen, choice)
    for name, many in limits.items():
        asked = getattr(choice, name)
        if name in panel.chooses and many and not (-many if name == "position" else 0) <= asked < many:
            raise NotFoundError(
                f"--{name} {asked}: they are 0 to {many - 1} at step {seen.step:,}.",
                ja=f"--{name} {asked}: ステップ {seen.step:,} では 0 から {many - 1} までです。",
            )
    known = panel.parameters(seen)
    if choice.parameter and "parameter" in panel.chooses and known and choice.parameter not in known:
        raise NotFoundError(
            f"--parameter {clean(choice.parameter)[:60]}: {panel.id} shows no parameter of this name.",
            hint=did_you_mean(choice.parameter, known) or f"It shows {', '.join(map(clean, filter(None, known)))}.",
            ja=f"--parameter {clean(choice.parameter)[:60]}: {panel.id} にこの名前のパラメータはありません。",
            hint_ja=f"あるもの: {', '.join(map(clean, filter(None, known)))}",
        )


@dataclass(frozen=True)
class Part:
    """One of the figures of a run, and the stem of its file."""

    sheet: Sheet
    stem: str


def parts_of(
    view: RunView, choice: Choice, panels: Sequence[Panel] | None = None, *, twins: bool, histories: bool
) -> Iterator[Part]:
    """Every panel of a run, each with its twin and its history, as far as there are.

    Args:
        choice: its `grad` and `history` do not count.
    """
    for panel in panels_of(view) if panels is None else panels:
        for grad in (False, True)[: 1 + (twins and panel.twin is not None)]:
            for history in (False, True)[: 1 + (histories and "history" in panel.chooses)]:
                of = replace(choice, grad=grad, history=history)
                sheet = Sheet(panel.data(view, of), panel, of)
                if not history or is_history(sheet.data):
                    yield Part(sheet, f"{panel.id}{'-twin' if grad else ''}{'-history' if history else ''}")


def is_history(data: Data | Text) -> bool:
    """Whether it is over the steps: curves, or points with the way that they have come."""
    return isinstance(data, Data) and (data.kind == "lines" or any(name.startswith("way ") for name in data.extra))
