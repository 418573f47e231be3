"""Several unfoldings of one trace, one after the other, some of them inside others; closed in any order.

A step names its node by its number, which no unfolding changes: so the same steps can be taken again on another run of
the program, and any one of them can be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tracer.errors import TracerError
from tracer.trace.choices import How, name_of, read_choice
from tracer.trace.trace import Trace
from tracer.trace.unfold import Unfolded, unfold


def taken_from(trace: Trace, node: int) -> tuple[int, int] | None:
    """(tensor, place in row-major order) of a number that unfolding took out of a tensor; None of any other node."""
    op = trace.op(node)
    if op is None or op.name != "element":
        return None
    source = trace.inputs(node)[0]
    index: tuple[int, ...] = trace.static(node)["index"]
    return source, int(np.ravel_multi_index(index, trace.shape(source))) if index else 0


def is_own_leaf(trace: Trace, node: int) -> bool:
    """Whether `node` is a leaf that the program made, not a constant of a definition that was unfolded."""
    return trace.kind(node) == "leaf" and not any(node in span for span in trace.unfolded)


class Frame(NamedTuple):
    """What one step put in, as it stands in the last trace: nodes side by side, with all that was unfolded inside."""

    step: int
    """Which step."""
    nodes: range
    """The last one, `out`, stands where the unfolded node stood."""
    title: str
    """What was unfolded: `z1[0, 1]`."""

    @property
    def out(self) -> int:
        return self.nodes[-1]


@dataclass(frozen=True)
class Unfolding:
    """A trace and what is unfolded in it."""

    base: Trace
    steps: tuple[Unfolded, ...] = ()

    @property
    def trace(self) -> Trace:
        """The one with everything unfolded."""
        return self.steps[-1].trace if self.steps else self.base

    def open(self, node: int, how: How) -> Unfolding:
        """Unfold one more node of `trace`.

        Raises:
            GraphError: there is nothing inside, or more than can be unfolded at once.
        """
        return Unfolding(self.base, (*self.steps, unfold(self.trace, node, how)))

    def read(self, text: str) -> Unfolding:
        """Unfold what a person calls `z1`, `z1[0]` or `z1[0, 1]`.

        Raises:
            NotFoundError, GraphError: see `read_choice` and `open`.
        """
        return self.open(*read_choice(self.trace, text))

    def fold(self, index: int = -1) -> Unfolding:
        """Close one step, and those that were taken inside it."""
        index %= len(self.steps)
        inside = {frame.step for frame in self._frames(index) if frame.step >= index}
        kept = [one for i, one in enumerate(self.steps) if i not in inside]
        return Unfolding(self.base, self.steps[:index])._take(kept[index:])[0]

    def again(self, base: Trace) -> tuple[Unfolding, tuple[Unfolded, ...]]:
        """The same steps on another run of the program; and those that are not possible there any more."""
        return Unfolding(base)._take(self.steps)

    def _take(self, steps: list[Unfolded] | tuple[Unfolded, ...]) -> tuple[Unfolding, tuple[Unfolded, ...]]:
        found, lost = self, []
        for step in steps:
            node = found.trace.numbered(step.number)
            op = None if node is None else found.trace.op(node)
            was = step.base.op(step.node)
            if node is None or op is not was or found.trace.shape(node) != step.base.shape(step.node):
                lost.append(step)
                continue
            try:
                found = found.open(node, step.how)
            except TracerError:
                lost.append(step)
        return found, tuple(lost)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What to type after each `--unfold`, in order."""
        return tuple(name_of(step.base, step.node, step.how) for step in self.steps)

    # What is where

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """One for each step, in order; one that was taken inside another lies in its nodes."""
        return tuple(
            Frame(i, range(low, high + 1), name)
            for i, ((low, high), name) in enumerate(zip(self._spans(), self.names, strict=True))
        )

    def _spans(self) -> list[tuple[int, int]]:
        """(first, last) node of what each step put in, in the last trace."""
        found: list[tuple[int, int]] = []
        for step in self.steps:
            more = len(step.nodes) - 1
            found = [(low + more * (low > step.node), high + more * (high >= step.node)) for low, high in found]
            found.append((step.nodes[0], step.nodes[-1]))
        return found

    def _frames(self, index: int) -> list[Frame]:
        """The frames that lie in that of a step, its own included."""
        outer = self.frames[index].nodes
        return [f for f in self.frames if f.step >= index and f.nodes[0] >= outer[0] and f.nodes[-1] <= outer[-1]]

    def innermost(self, node: int) -> Frame | None:
        """The smallest frame around a node of `trace`, the step taken last where several are the same; else None."""
        around = [frame for frame in self.frames if node in frame.nodes]
        return min(reversed(around), key=lambda frame: len(frame.nodes), default=None)

    # The same moment, the same node

    def there(self, position: int) -> int:
        """A position of `base` as one of `trace`."""
        for step in self.steps:
            position = step.there(position)
        return position

    def back(self, position: int) -> int:
        """A position of `trace` as one of `base`."""
        for step in reversed(self.steps):
            position = step.back(position)
        return position

    def position_in(self, other: Unfolding, position: int) -> int:
        """A position of `trace` as one of another unfolding's trace; inside what both have unfolded it stays inside."""
        inside: dict[tuple[str, How, int], int] = {}
        for step in reversed(self.steps):
            for which, one in enumerate(step.stretches):
                if one.new_start < position < one.new_stop:
                    inside[step.number, step.how, which] = position - one.new_start
            position = step.back(position)
        for step in other.steps:
            before, position = position, step.there(position)
            for which, one in enumerate(step.stretches):
                offset = inside.get((step.number, step.how, which), 0)
                if before == one.start and 0 < offset < one.new_stop - one.new_start:
                    position = one.new_start + offset
        return position

    def node_in(self, other: Unfolding, node: int) -> int | None:
        """A node of `trace` as one of another unfolding's trace: where it is not unfolded, the one that holds it."""
        number = self.trace.number(node)
        while number:
            found = other.trace.numbered(number)
            if found is not None:
                return found
            number = number.rpartition(".")[0]
        return None
