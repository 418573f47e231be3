"""What is tapped, over the training: means over the positions of a step, as the run's signals keep them."""

from __future__ import annotations

import numpy as np

from tracer.panels.data import Data
from tracer.panels.histories import history, records
from tracer.panels.panel import NOT_YET, Choice, RunView
from tracer.panels.stepped import AT_LOSS
from tracer.text import Text
from tracer.trace.cells import Cell

MEAN = Text("L2 norm, mean over positions", "L2 ノルム（位置の平均）")
GRADIENTS = Text(
    "How long its gradient was in each step, the mean over positions.",
    "訓練中の勾配の長さ（位置の平均）の移り変わりです。",
)
"""What the history of a twin shows."""
LENGTHS = Text("How long it was in each step, the mean over positions.", "訓練中の長さ（位置の平均）の移り変わりです。")
NATS = Text("nats, mean over positions", "nat（位置の平均）")


def norms_of(
    view: RunView, names: tuple[str, ...], labels: tuple[str, ...], title: Text, choice: Choice, *, current: int | None
) -> Data | Text:
    """A series for each tapped thing: how long its rows are, or their gradients.

    Args:
        names: of things that are tapped.
        current: the series that is chosen.
    """
    found = {step: one for step, one in records(view).items() if any(name in one.taps for name in names)}
    if not found:
        return NOT_YET
    steps = np.array(list(found), np.int64)
    values = np.full((len(names), len(found)), np.nan)
    for column, one in enumerate(found.values()):
        for row, name in enumerate(names):
            if name in one.taps:
                values[row, column] = one.taps[name].grad if choice.grad else one.taps[name].norm
    cells = tuple(Cell(name, grad=choice.grad) for name in names)
    return history(view, title, steps, values, labels, cells, MEAN, log=choice.log, current=current)


def entropies(view: RunView, name: str, title: Text, choice: Choice) -> Data | Text:
    """A series for each head of a layer: 0 where it looks at one position only, more the more evenly it looks."""
    found = {step: one.entropy[name] for step, one in records(view).items() if one.entropy.get(name)}
    if not found:
        return NOT_YET
    heads = max(map(len, found.values()))
    values = np.full((heads, len(found)), np.nan)
    for column, of in enumerate(found.values()):
        values[: len(of), column] = of
    cells = tuple(Cell(name, (head,)) for head in range(heads))
    labels = tuple(f"H{head}" for head in range(heads))
    steps = np.array(list(found), np.int64)
    return history(view, title, steps, values, labels, cells, NATS, log=choice.log, current=choice.head_of(heads))


def target_probabilities(view: RunView, title: Text, choice: Choice, position: int) -> Data | Text:
    """How probable the target was at each position, e to the power of minus its loss; one series a position.

    Args:
        position: the one that is chosen.
    """
    found = {step: one.positions for step, one in records(view).items() if one.positions}
    if not found:
        return NOT_YET
    many = max(map(len, found.values()))
    values = np.full((many, len(found)), np.nan)
    for column, losses in enumerate(found.values()):
        values[: len(losses), column] = np.exp(-np.array(losses))
    steps = np.array(list(found), np.int64)
    axis = Text("p of the target at each position", "各位置での正解の確率")
    cells = (AT_LOSS,) * many  # a mean over documents, of which some are shorter
    labels = tuple(map(str, range(many)))
    return history(view, title, steps, values, labels, cells, axis, log=choice.log, current=min(position, many - 1))
