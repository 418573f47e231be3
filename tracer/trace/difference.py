"""What differs between two runs of one program: the first thing in time, then everything by size.

Compared are the value each node was made with, its gradient at the end of each backward pass, and what leaves hold at
the end. A size is |left - right|, of tensors the largest over the elements; where only one of the two is a number (nan,
or no gradient at all) it is inf. Nodes that only one run has are counted, not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import PassColumns
from tracer.core.rerun import Number
from tracer.trace.lockstep import Divergence, Lockstep
from tracer.trace.matching import Matching, match
from tracer.trace.trace import Trace

Floats = NDArray[np.float64]
Fact = Literal["value", "gradient", "end value"]
FACTS: tuple[Fact, ...] = ("value", "gradient", "end value")
VALUE, GRADIENT, END = range(3)
RTOL = 1e-12
"""The same sum added up in another order differs by less."""
LARGEST = 20
"""Changes told, unless somebody asks for more."""


@dataclass(frozen=True)
class Change:
    """One number that differs."""

    fact: Fact
    nodes: tuple[int, int]
    """The node in each run."""
    numbers: tuple[Number | None, Number | None]
    """Floats, or arrays of tensors; None where a run has no gradient there."""
    size: float
    """|left - right|, the largest over a tensor's elements; inf where only one is a finite number."""
    positions: tuple[int, int]
    """From where on each run has the number; of a gradient, where its pass is over."""
    pass_index: int | None = None

    @property
    def relative(self) -> float:
        """The size as a part of the larger of the two numbers, 0..2; inf where only one is a finite number."""
        if not np.isfinite(self.size):
            return self.size
        most = max(float(np.abs(np.asarray(number, np.float64)).max(initial=0)) for number in self.numbers)
        return self.size / most if most else 0.0


@dataclass(frozen=True)
class Difference:
    """Two runs compared.

    Args:
        rtol, atol: numbers agree within `atol + rtol * |right|`; nan agrees with nan.
    """

    left: Trace
    right: Trace
    rtol: float = RTOL
    atol: float = 0.0

    @cached_property
    def matching(self) -> Matching:
        return match(self.left, self.right)

    @cached_property
    def first(self) -> Divergence | None:
        """The first thing that differs in time, at the strictest: a value to the last bit."""
        return Lockstep(self.left, self.right).first_divergence

    @property
    def same(self) -> bool:
        """Whether every node has its partner, every number agrees, and as many passes were made."""
        alone = any(len(nodes) for nodes in self.matching.alone)
        return not (len(self) or alone) and len(self.left.passes) == len(self.right.passes)

    def __len__(self) -> int:
        """How many numbers differ."""
        return len(self._rows.size)

    def __bool__(self) -> bool:
        return not self.same

    def largest(self, most: int = LARGEST) -> tuple[Change, ...]:
        """What differs most, the largest first; equal sizes in the order in which the runs come to them."""
        rows = self._rows
        return tuple(map(self._change, np.lexsort([rows.position, -rows.size])[:most].tolist()))

    @property
    def earliest(self) -> Change | None:
        """The number that differs first in the left run; None where all agree."""
        return self._change(int(np.argmin(self._rows.position))) if len(self) else None

    # Facts, as rows

    @cached_property
    def _rows(self) -> _Rows:
        return _Rows.joined([self._values(), *self._gradients(), self._ends()])

    def _values(self) -> _Rows:
        pairs = self.matching
        found = self._sizes(self.left.columns.value[pairs.left], self.right.columns.value[pairs.right])
        for at in self._tensor_pairs.tolist():
            found[at] = self._size(self.left.value(int(pairs.left[at])), self.right.value(int(pairs.right[at])))
        at = np.flatnonzero(found > 0)
        return _Rows.of(VALUE, at, found[at], np.array([self.left.made_at(n) for n in pairs.left[at].tolist()]))

    def _gradients(self) -> Iterator[_Rows]:
        pairs = self.matching
        for a, b in zip(self.left.passes, self.right.passes, strict=False):
            ours, theirs = (_dense(t, this.columns) for t, this in ((self.left, a), (self.right, b)))
            found = self._sizes(ours[1][pairs.left], theirs[1][pairs.right])
            found[ours[0][pairs.left] != theirs[0][pairs.right]] = np.inf
            if a.columns.slots is not None or b.columns.slots is not None:
                for at in self._tensor_pairs.tolist():
                    grads = a.recorded_grad(int(pairs.left[at])), b.recorded_grad(int(pairs.right[at]))
                    found[at] = self._size(*grads)
            at = np.flatnonzero(found > 0)
            yield _Rows.of(GRADIENT, at, found[at], np.full(len(at), a.stop), a.index)

    def _ends(self) -> _Rows:
        """What updates have left: the values of leaves in the end."""
        pairs, ends = self.matching, (self.left.cursor(-1), self.right.cursor(-1))
        updated = [np.array(sorted(trace.events("update")), np.int64) for trace in (self.left, self.right)]
        at = np.flatnonzero(np.isin(pairs.left, updated[0]) | np.isin(pairs.right, updated[1]))
        sizes = np.array(
            [self._size(ends[0].data(int(pairs.left[i])), ends[1].data(int(pairs.right[i]))) for i in at.tolist()]
        )
        kept = sizes > 0
        return _Rows.of(END, at[kept], sizes[kept], np.full(int(kept.sum()), ends[0].position))

    def _change(self, row: int) -> Change:
        rows = self._rows
        at, fact, index = int(rows.pair[row]), int(rows.fact[row]), int(rows.pass_index[row])
        nodes = int(self.matching.left[at]), int(self.matching.right[at])
        numbers: tuple[Number | None, Number | None]
        if fact == GRADIENT:
            both = self.left.passes[index], self.right.passes[index]
            numbers = both[0].recorded_grad(nodes[0]), both[1].recorded_grad(nodes[1])
            positions = both[0].stop, both[1].stop
        elif fact == VALUE:
            numbers = self.left.value(nodes[0]), self.right.value(nodes[1])
            positions = self.left.made_at(nodes[0]), self.right.made_at(nodes[1])
        else:
            ends = self.left.cursor(-1), self.right.cursor(-1)
            numbers = ends[0].data(nodes[0]), ends[1].data(nodes[1])
            positions = ends[0].position, ends[1].position
        return Change(FACTS[fact], nodes, numbers, float(rows.size[row]), positions, index if index >= 0 else None)

    # Numbers

    @cached_property
    def _tensor_pairs(self) -> NDArray[np.int64]:
        """Pairs in which one is a tensor: a single number says too little of it."""
        found = np.zeros(len(self.matching.left), np.bool_)
        for c, nodes in ((self.left.columns, self.matching.left), (self.right.columns, self.matching.right)):
            if len(c.slot):
                found |= c.slot[nodes] >= 0
        return np.flatnonzero(found)

    def _sizes(self, a: Floats, b: Floats) -> Floats:
        """How much numbers differ, one by one; 0 where they agree."""
        with np.errstate(all="ignore"):
            sizes: Floats = np.abs(a - b)
            close = (sizes <= self.atol + self.rtol * np.abs(b)) & np.isfinite(b)
        sizes[~np.isfinite(sizes)] = np.inf
        sizes[close | (a == b) | ((a != a) & (b != b))] = 0.0
        return sizes

    def _size(self, left: Number | None, right: Number | None) -> float:
        """How much two numbers or arrays differ; 0 where they agree."""
        if left is None or right is None:
            return 0.0 if left is right else float("inf")
        a, b = np.asarray(left), np.asarray(right)
        if a.shape != b.shape:
            return float("inf")
        return float(self._sizes(*(one.astype(np.float64).reshape(-1) for one in (a, b))).max(initial=0))


@dataclass(frozen=True)
class _Rows:
    """Facts that differ, a row each."""

    fact: NDArray[np.int64]
    pair: NDArray[np.int64]
    """Of the matching."""
    size: Floats
    position: NDArray[np.int64]
    """Of the left run."""
    pass_index: NDArray[np.int64]

    @classmethod
    def of(cls, fact: int, pair: NDArray[Any], size: Floats, position: NDArray[Any], pass_index: int = -1) -> _Rows:
        same = np.full(len(pair), 1, np.int64)
        return cls(fact * same, pair.astype(np.int64), size, position.astype(np.int64), pass_index * same)

    @classmethod
    def joined(cls, parts: Sequence[_Rows]) -> _Rows:
        names = ("fact", "pair", "size", "position", "pass_index")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _dense(trace: Trace, pass_columns: PassColumns) -> Floats:
    """(2, n) whether each node received gradient in a pass, and how much; 0 where it did not."""
    found = np.zeros((2, trace.n_nodes))
    found[0, pass_columns.nodes] = 1
    found[1, pass_columns.nodes] = pass_columns.grads
    return found
