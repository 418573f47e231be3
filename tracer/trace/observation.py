"""What a training step shows: every tapped thing with its gradient, every parameter with its gradient and its update.

An observation is read off the trace of the step, at the end of its last backward pass: nothing has been zeroed or
updated by then. It is what all panels are drawn from, and it says the same in both engines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace import observation_file
from tracer.trace.moments import row_positions
from tracer.trace.things import (
    Part,
    Thing,
    Tokens,
    lengths_of,
    numbers_of,
    parameters_of,
    split,
    tokens_of,
    wholes_of,
)
from tracer.trace.trace import Trace

Array = NDArray[Any]
"""float64 of `Value`s, the tensor's own dtype else."""
_LAYER = re.compile(r"layer(\d{1,6})\.", re.ASCII)


@dataclass(frozen=True, eq=False)
class Seen:
    """A tapped thing, or one document's part of it."""

    value: Array
    """nan where a cell has no number: a position that is still to come, the end of a shorter row."""
    grad: Array | None
    """The loss's gradient, same shape; None where no cell has one."""


@dataclass(frozen=True, eq=False)
class Weights:
    """A parameter in a step. All arrays have its shape, (out, in) of a matrix."""

    value: Array
    """What the step computed with, before its update."""
    grad: Array | None
    """None where no gradient came."""
    update: Array | None
    """After less before; None where nobody knows."""
    m: Array | None = None
    """Adam's running mean of the gradient, after the update."""
    v: Array | None = None
    """Adam's running mean of its square, after the update."""


@dataclass(frozen=True, eq=False)
class Observation:
    """One training step."""

    step: int
    """From 1."""
    loss: float
    documents: int
    """Read in this step; 1 where nothing says."""
    tokens: Tokens
    """Of each document the numbers of the symbols read; () where nothing is tapped so."""
    targets: Tokens
    """Of each document the numbers of the symbols that were wanted next."""
    taps: Mapping[str, tuple[Seen, ...]]
    """One `Seen` a document for the names of `tracer.core.taps`, padding cut away: attn (H, T, T), logits and probs
    (T, V), the others (T, C) or (T, 4C). For other names the things as they are, in order."""
    weights: Mapping[str, Weights]
    """By the program's names, in its order."""
    lr: float | None = None
    """The learning rate of the update, where the program says."""

    @property
    def layers(self) -> int:
        """How many there are, by the names `layer0.`, `layer1.`, ...; 0 for a model without."""
        found = (_LAYER.match(name) for name in (*self.taps, *self.weights))
        return max((int(one[1]) + 1 for one in found if one), default=0)

    @property
    def n_head(self) -> int:
        """Attention heads of a layer; 0 where no attention is tapped."""
        return max((seen[0].value.shape[0] for name, seen in self.taps.items() if name.endswith(".attn")), default=0)

    def positions(self, document: int = 0) -> int:
        """How many positions a document has; 0 where there are none."""
        if document < len(self.tokens):
            return len(self.tokens[document])
        for name in ("logits", "embed", "probs"):
            seen = self.seen(name, document)
            if seen is not None and seen.value.ndim == 2:
                return len(seen.value)
        return 0

    def seen(self, name: str, document: int = 0) -> Seen | None:
        """A tapped thing of one document; None where there is none."""
        things = self.taps.get(name, ())
        return things[document] if 0 <= document < len(things) else None

    def save(self, path: str | Path) -> None:
        """Write one `.safetensors` file, atomically.

        Raises:
            FileFormatError: it cannot be written.
        """
        observation_file.save(self, path)

    @staticmethod
    def load(path: str | Path) -> Observation:
        """Read what `save` wrote.

        Raises:
            NotFoundError: no such file.
            FileFormatError: it is damaged, newer, or something else.
        """
        return observation_file.load(path)


@dataclass(frozen=True, eq=False)
class Moments:
    """What an optimizer remembers of one parameter, after the update."""

    m: Array | None = None
    v: Array | None = None


_NOTHING = Moments()


def observe(
    trace: Trace,
    *,
    step: int,
    loss: float,
    held: Mapping[str, Array] | None = None,
    moments: Mapping[str, Moments] | None = None,
    lr: float | None = None,
) -> Observation:
    """The observation of a recorded training step.

    Args:
        trace: of the step, with its `parameters` named.
        held: what every parameter holds after the step, in the program's order: of those that the step had nothing to
            do with, this is their value. Without it they are left out.
        moments: by parameter.
    """
    numbers = _Numbers(trace, observed_position(trace))
    there, weights = parameters_of(trace), {}
    for name in dict.fromkeys((*(held or {}), *there)):
        known = (moments or {}).get(name, _NOTHING)
        if name in there:
            weights[name] = numbers.weights(there[name], known)
        elif held is not None:
            weights[name] = Weights(held[name], None, np.zeros_like(held[name]), known.m, known.v)
    taps = {name: [numbers.seen(one) for one in things] for name, things in wholes_of(trace).items()}
    return assemble(taps, numbers_of(trace), step=step, loss=loss, weights=weights, lr=lr)


def assemble(
    things: Mapping[str, Sequence[Seen]],
    numbers: Mapping[str, Sequence[Array]],
    *,
    step: int,
    loss: float,
    weights: Mapping[str, Weights],
    lr: float | None,
) -> Observation:
    """An observation of things as the program marked them: batches are split, padding is cut away.

    Args:
        things: by name, in order.
        numbers: what was tapped as `tokens` and `targets`.
    """
    lengths = lengths_of(numbers)
    taps = {}
    for name, some in things.items():
        parts = split(name, [one.value.shape for one in some], lengths)
        taps[name] = _without_future(
            name, tuple(_part(one, part) for one, its in zip(some, parts, strict=True) for part in its)
        )
    logits = taps.get("logits", ())
    if "probs" not in taps and logits and all(one.value.ndim == 2 for one in logits):
        taps["probs"] = tuple(Seen(softmax(one.value), None) for one in logits)
    tokens, targets = tokens_of(numbers)
    documents = len(tokens) or len(targets) or max((len(taps.get(name, ())) for name in ("embed", "logits")), default=0)
    return Observation(step, loss, documents or 1, tokens, targets, taps, weights, lr)


def _part(whole: Seen, part: Part) -> Seen:
    return Seen(whole.value[part.index], None if whole.grad is None else whole.grad[part.index])


def observed_position(trace: Trace) -> int:
    """The position at which a step is looked at: the end of its last backward pass.

    One of `autograd.grad` counts only where there is no other; without any, it is the moment before the first update.
    """
    keeping = [this.stop for this in trace.passes if this.accumulates] or [this.stop for this in trace.passes]
    if keeping:
        return keeping[-1]
    return min((s.start for s in trace.segments if s.kind == "update"), default=len(trace))


def softmax(logits: Array) -> NDArray[np.float64]:
    """Over the last axis, in float64; nan where a row is not finite."""
    with np.errstate(all="ignore"):
        scores = logits.astype(np.float64)
        exps = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
        found: NDArray[np.float64] = exps / exps.sum(axis=-1, keepdims=True)
        return found


class _Numbers:
    """The numbers of a trace at one position, and at its end."""

    def __init__(self, trace: Trace, position: int) -> None:
        self._trace, self._cursor, self._end = trace, trace.cursor(position), trace.cursor(-1)
        self._values, self._after = _values(trace, position), _values(trace, len(trace))
        self._has, self._grads = _gradients(trace, position)

    def seen(self, thing: Thing) -> Seen:
        """A thing and its gradient."""
        value = thing.read(self._trace, self._values, self._value)
        assert value is not None, "a node has a value"
        return Seen(value, self._grad(thing))

    def weights(self, thing: Thing, known: Moments) -> Weights:
        """A parameter, its gradient, and what the update made of it."""
        seen = self.seen(thing)
        after = thing.read(self._trace, self._after, lambda node: _array(self._end.data(node)))
        assert after is not None, "a node has a value"
        with np.errstate(all="ignore"):
            return Weights(seen.value, seen.grad, after - seen.value, known.m, known.v)

    def _value(self, node: int) -> Array | None:
        return _array(self._cursor.data(node))

    def _gradient(self, node: int) -> Array | None:
        return _array(self._cursor.grad(node)) if self._trace.requires_grad(node) else None

    def _grad(self, thing: Thing) -> Array | None:
        if not thing.is_numbers(self._trace) or self._has[thing.nodes[thing.cut]].any():
            return thing.read(self._trace, self._grads, self._gradient)
        return None


def _array(number: Any) -> Array | None:
    return None if number is None else np.asarray(number)


def _values(trace: Trace, position: int) -> NDArray[np.float64]:
    """(n + 1,) the value of every plain number at a position; the last row is for node -1."""
    table = trace.columns.updates
    found = np.append(trace.columns.value, np.nan)
    done = row_positions(trace, "update") <= position
    found[table.node[done]] = table.value[done]  # of several the last stays
    return found


def _gradients(trace: Trace, position: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """(n + 1,) twice: whether gradient came to every plain number, or was left there, and how much.

    At a position where no pass is under way. It is 0 where none came, as a `Value` has it; the last row is for node -1.
    """
    has, grad = np.zeros(trace.n_nodes + 1, bool), np.zeros(trace.n_nodes + 1)
    grad[-1] = np.nan
    table, times = trace.columns.writes, row_positions(trace, "write")
    written = 0

    def write(until: int) -> None:
        nonlocal written
        rows = slice(written, int(np.searchsorted(times, until, side="right")))
        grad[table.node[rows]] = table.value[rows]
        has[table.node[rows]] |= table.value[rows] != 0
        written = rows.stop

    for this in trace.passes:
        if this.start < position and this.columns.slots is None and this.accumulates:
            write(this.start)
            keeps = ~np.isin(this.columns.nodes, this.columns.aside)
            nodes = this.columns.nodes[keeps]
            has[nodes], grad[nodes] = True, this.columns.grads[keeps]
    write(position)
    return has, grad


def _without_future(name: str, seen: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """Attention weights, nan where a position looks at a later one: those are no numbers that anybody computed."""
    if not name.endswith(".attn") or not all(one.value.ndim == 3 and _is_causal(one.value) for one in seen):
        return seen
    return tuple(Seen(_lower(one.value), None if one.grad is None else _lower(one.grad)) for one in seen)


def _is_causal(attn: Array) -> bool:
    """Whether no position draws anything from a later one."""
    later = attn[:, np.triu(np.ones(attn.shape[1:], bool), 1)]
    return not np.nan_to_num(later, nan=0.0).any()


def _lower(array: Array) -> Array:
    return np.where(np.tril(np.ones(array.shape[1:], bool)), array, np.asarray(np.nan, array.dtype))
