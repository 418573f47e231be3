"""What a training step shows: every tapped thing with its gradient, every parameter with its gradient and its update.

An observation is read off the trace of the step, at the end of its last backward pass: nothing has been zeroed or
updated by then. It is what all panels are drawn from, and it says the same in both engines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace import observation_file
from tracer.trace.moments import row_positions
from tracer.trace.things import Thing, parameters_of, things_of, tokens_of
from tracer.trace.trace import Trace

Array = NDArray[Any]
"""float64 of `Value`s, the tensor's own dtype else."""
Tokens = tuple[tuple[int, ...], ...]
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
    moment = observed_position(trace)
    numbers = _Numbers(trace, moment)
    taps = {name: tuple(map(numbers.seen, things)) for name, things in things_of(trace).items()}
    taps = {name: _without_future(name, seen) for name, seen in taps.items() if seen}
    if "logits" in taps and "probs" not in taps:
        probs = tuple(Seen(softmax(one.value), None) for one in taps["logits"] if one.value.ndim == 2)
        taps |= {"probs": probs} if len(probs) == len(taps["logits"]) else {}
    tokens, targets = tokens_of(trace)
    there, weights = parameters_of(trace), {}
    for name in dict.fromkeys((*(held or {}), *there)):
        known = (moments or {}).get(name, Moments())
        if name in there and (there[name].nodes >= 0).all():
            weights[name] = numbers.weights(there[name], known)
        elif held is not None and name in held:
            still = held[name]
            weights[name] = Weights(still, None, np.zeros_like(still) if trace.parameters else None, known.m, known.v)
    documents = len(tokens) or len(targets) or max((len(taps.get(name, ())) for name in ("embed", "logits")), default=0)
    return Observation(step, loss, documents or 1, tokens, targets, taps, weights, lr)


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
    """The numbers of a trace at one position."""

    def __init__(self, trace: Trace, position: int) -> None:
        self._trace, self._cursor, self._end = trace, trace.cursor(position), trace.cursor(-1)
        # a row more, for node -1
        self._values = np.append(_values(trace, position), np.nan)
        self._after = np.append(_values(trace, len(trace)), np.nan)
        self._grads = np.append(_gradients(trace, position), np.nan)

    def seen(self, thing: Thing) -> Seen:
        """A thing and its gradient."""
        value = thing.read(self._trace, lambda nodes: self._values[nodes], lambda node: self._array(node, "data"))
        assert value is not None, "a node has a value"
        return Seen(value, self._grad(thing))

    def weights(self, thing: Thing, known: Moments) -> Weights:
        """A parameter, its gradient, and what the update made of it."""
        seen = self.seen(thing)
        after = thing.read(self._trace, lambda nodes: self._after[nodes], lambda node: self._array(node, "after"))
        assert after is not None, "a node has a value"
        with np.errstate(all="ignore"):
            update = after - seen.value if seen.value.dtype.kind == "f" else None
        return Weights(seen.value, seen.grad, update, known.m, known.v)

    def _grad(self, thing: Thing) -> Array | None:
        grad = thing.read(self._trace, lambda nodes: self._grads[nodes], lambda node: self._array(node, "grad"))
        numbers = not self._trace.columns.arena or (thing.nodes.ndim and grad is not None)
        # of a number that is nan itself the gradient is nan too: whether there is one, the nodes say
        return None if grad is None or (numbers and not self._reached(thing)) else grad

    def _reached(self, thing: Thing) -> bool:
        nodes = thing.nodes[thing.nodes >= 0]
        return bool(self._has[nodes].any())

    @property
    def _has(self) -> NDArray[np.bool_]:
        return _has_gradient(self._trace, self._cursor.position)

    def _array(self, node: int, what: str) -> Array | None:
        if what == "grad":
            found = self._cursor.grad(node) if self._trace.requires_grad(node) else None
        else:
            found = (self._end if what == "after" else self._cursor).data(node)
        return None if found is None else np.asarray(found)


