"""What of a run's gradients is compared: with their own past, with one another, and along their way through layers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from statistics import median

from tracer.train.signals import RESIDUAL, OfWeights, Signals

SOME = 5
"""Signals that a number "now" and a number "at first" are the median of: one document's step says little."""
DEEP = 4
"""Layers from which on depth can be spoken of, in a model without a residual stream."""
Seen = list[tuple[int, Signals]]
_NUMBER = re.compile(r"\d+", re.ASCII)


def known(weights: Mapping[str, OfWeights]) -> dict[str, float]:
    """Parameter -> its gradient's size, of those that have a gradient and whose gradient is finite."""
    return {name: one.grad for name, one in weights.items() if math.isfinite(one.grad)}


def sizes(seen: Seen, size: Callable[[Signals], float]) -> tuple[float, float]:
    """What a number was at first, and is now: medians of a few looks; 0 where none is finite."""
    numbers = [one for one in (size(signals) for _, signals in seen) if math.isfinite(one)]
    some = max(1, min(SOME, len(numbers) // 2))
    return (median(numbers[:some]), median(numbers[-some:])) if numbers else (0.0, 0.0)


def by_depth(signals: Signals) -> dict[str, float]:
    """The gradient's size from the input to the loss: at each stage of the residual stream, by its name.

    In a model without one: of each matrix, in the program's order. nan where there is no gradient.
    """
    stages = _stages(signals)
    if stages:
        return {name: signals.taps[name].grad for name in stages}
    return {name: one.grad for name, one in signals.weights.items() if not name.endswith("bias")}


def has_stream(signals: Signals) -> bool:
    """Whether there is a residual stream."""
    return bool(_stages(signals))


def update_ratio(signals: Signals) -> float:
    """By which share of itself the step has changed all weights together; nan where nobody knows."""
    total = signals.total
    return total.update / total.weight if total.weight > 0 else math.nan


def ways(seen: Seen) -> Iterator[tuple[float, float, tuple[str, str]]]:
    """Ways that the gradient goes back: its size where it arrives, where it set out, and what those are called.

    The residual stream, from the last stage to the embedding; in a model without, parameters that differ only in a
    number of their name (`layer0.w`, `layer3.w`), or all of them from the last to the first where there are many.
    """
    recent = seen[-SOME:]
    now = recent[-1][1]
    stages = _stages(now)
    if stages:
        yield from _way_of(
            recent, stages, lambda signals, name: signals.taps[name].grad if name in signals.taps else math.nan
        )
        return
    alike: dict[str, list[str]] = {}
    for name in now.weights:
        alike.setdefault(_NUMBER.sub("#", name, count=1), []).append(name)
    for names in alike.values():
        matrices = [name for name in names if not name.endswith("bias")]
        if len(matrices) >= DEEP:
            # the first and the last layer have other shapes than those between
            yield from _way_of(recent, matrices[1:-1], _grad)


def _stages(signals: Signals) -> list[str]:
    """Of the residual stream, in the order in which they are computed."""
    found = [name for name in signals.taps if name.rpartition(".")[2] in RESIDUAL]
    return found if len(found) >= 2 else []


def _grad(signals: Signals, name: str) -> float:
    return signals.weights[name].grad if name in signals.weights else math.nan


def _way_of(
    seen: Seen, names: list[str], size: Callable[[Signals, str], float]
) -> Iterator[tuple[float, float, tuple[str, str]]]:
    first, last = names[0], names[-1]
    pairs = [(size(signals, first), size(signals, last)) for _, signals in seen]
    pairs = [pair for pair in pairs if all(map(math.isfinite, pair))]
    if pairs:
        yield median(one for one, _ in pairs), median(one for _, one in pairs), (first, last)
