"""The recorded graph of tensors run again in float64, with some tensors nudged; for finite differences.

What takes no gradient (detached, made under `no_grad`, indices) keeps the numbers it had: a slope must not see what the
backward pass cannot. A leaf that was updated between two uses has for each use the numbers it had then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from tracer.core.columns import ENDS, LIVE, Columns
from tracer.core.op import Op, Static, find_op
from tracer.core.replay import ancestors
from tracer.core.rerun import Array, Number, delivering, hand_back, run_again
from tracer.core.side_by_side import MANY, Group, groups

Arrays = Mapping[int, Array]
"""Node -> its numbers."""


class TensorReplay:
    """The part of a recording that leads to one tensor.

    Args:
        columns: the recording.
        root: the node to end at.
        dtype: what numbers of floating point are computed in.
    """

    def __init__(self, columns: Columns, root: int, dtype: Any = np.float64) -> None:
        self.columns, self.root, self.dtype = columns, root, np.dtype(dtype)
        self.nodes: list[int] = ancestors(columns, root).tolist()
        """Those that lead to the root, ascending."""
        self._flows = delivering(columns)[: int(columns.offsets[root + 1])].tolist()
        self._versions: dict[int, list[int]] = {}
        for row, node in enumerate(columns.updates.node.tolist()):
            self._versions.setdefault(node, []).append(row)
        self._users: dict[int, list[int]] = {}
        for node in self.nodes:
            if self.computed(node):
                for edge in self.edges(node):
                    if self._flows[edge]:
                        self._users.setdefault(int(columns.inputs[edge]), []).append(node)

    def edges(self, node: int) -> range:
        """The edges into `node`, in input order."""
        return range(int(self.columns.offsets[node]), int(self.columns.offsets[node + 1]))

    def computed(self, node: int) -> bool:
        """Whether `node` follows what it is made from when that is nudged."""
        c = self.columns
        return bool(c.op[node]) and bool(c.flags[node] & LIVE) and not c.flags[node] & ENDS

    def op(self, node: int) -> Op:
        return find_op(self.columns.op_names[self.columns.op[node] - 1])

    def static(self, node: int) -> Static:
        """Static arguments; where one names a type of floating point, it is ours."""
        c = self.columns
        static = c.statics[c.static[node]] if c.static[node] >= 0 else {}
        named = static.get("dtype")
        if isinstance(named, str) and named.startswith(("float", "bfloat")):
            return {**static, "dtype": self.dtype.name}
        return static

    def recorded(self, node: int) -> Number:
        """What the program had, in our dtype."""
        slot = int(self.columns.slot[node])
        return self._wide(self.columns.arena[slot]) if slot >= 0 else float(self.columns.value[node])

    def _wide(self, array: Array) -> Array:
        return array.astype(self.dtype, copy=False) if array.dtype.kind == "f" else array

    # Forward

    def forward(self, bumps: Mapping[int, Any] | None = None) -> Mapping[int, Number]:
        """Run it again.

        Args:
            bumps: node -> what is added to its numbers before any user sees them.

        Returns:
            The numbers of `self.nodes`; of a leaf those it was made with, and what was added.
        """
        if not bumps:
            return self._base
        values = dict(self._base)
        order = self.descendants(bumps)
        moved = set(order)
        for node in order if len(order) < MANY else self._order(moved):
            if isinstance(node, Group):
                node.run(values)
                for one in bumps:
                    if one in node.nodes:
                        values[one] = values[one] + bumps[one]
                continue
            if node not in bumps or self.computed(node):
                values[node] = self._compute(node, values, moved, bumps)
            if node in bumps:
                values[node] = values[node] + bumps[node]
        return values

    @cached_property
    def _base(self) -> dict[int, Number]:
        values = {node: self.recorded(node) for node in self.nodes if not self.computed(node)}
        for node in self._steps:
            if isinstance(node, Group):
                node.run(values)
            else:
                values[node] = self._compute(node, values, (), {})
        return values

    @cached_property
    def _steps(self) -> list[Group | int]:
        """The computed nodes in an order in which each follows its inputs; single numbers side by side."""
        computed = [node for node in self.nodes if self.computed(node)]
        if self.dtype != np.float64:
            return list(computed)
        return groups(self.columns, computed, self._flows, set(self._versions)) or list(computed)

    @property
    def groups(self) -> list[Group]:
        """Single numbers that are worked out side by side."""
        return [step for step in self._steps if isinstance(step, Group)]

    def _order(self, moved: set[int]) -> Iterator[Group | int]:
        """What must be worked out again when these nodes differ: leaves first."""
        yield from (node for node in sorted(moved) if not self.computed(node))
        for node in self._steps:
            if isinstance(node, Group):
                if not moved.isdisjoint(node.nodes):
                    yield node
            elif node in moved:
                yield node

    def descendants(self, bumps: Mapping[int, Any]) -> list[int]:
        """The bumped nodes and all that follows from them, ascending."""
        found, stack = set(bumps), list(bumps)
        while stack:
            for user in self._users.get(stack.pop(), ()):
                if user not in found:
                    found.add(user)
                    stack.append(user)
        return sorted(found)

    def args(
        self, node: int, values: Mapping[int, Number], moved: Any = (), bumps: Mapping[int, Any] | None = None
    ) -> list[Number]:
        """What `node` is computed from in a run.

        Args:
            values: of the run.
            moved: nodes whose numbers differ from the base run.
            bumps: what was added to which nodes.
        """
        found = []
        for edge in self.edges(node):
            source = int(self.columns.inputs[edge])
            if source in moved and not self._flows[edge]:
                found.append(self._base[source])
            elif source in self._versions and not self.computed(source):
                arg = self._version(source, node)
                found.append(arg + bumps[source] if bumps and source in bumps and self._flows[edge] else arg)
            else:
                found.append(values[source])
        return found

    def _version(self, leaf: int, user: int) -> Number:
        """The numbers a leaf had when `user` was made."""
        c, slot = self.columns, int(self.columns.slot[leaf])
        for row in self._versions[leaf]:
            if c.updates.made[row] <= user:
                slot = int(c.updates.slot[row])
        return self._wide(c.arena[slot])

    def _compute(self, node: int, values: Mapping[int, Number], moved: Any, bumps: Mapping[int, Any]) -> Number:
        return self.run(node, self.args(node, values, moved, bumps))[0]

    def run(self, node: int, args: list[Number]) -> tuple[Array, Mapping[str, Any]]:
        """The op of `node` on other inputs: its output, and what it keeps for its rules."""
        made = self.columns.arena[self.columns.slot[node]].dtype
        return run_again(self.op(node), args, self.static(node), self.dtype if made.kind == "f" else made)

    # Backward

    def backward(self, seed: Array) -> dict[int, Array]:
        """The gradient of `(seed * root).sum()` with respect to every node that receives one, by the ops' rules."""
        grads: dict[int, Array] = {self.root: self._wide(seed)}
        for node in reversed(self._steps):
            if isinstance(node, Group):
                node.back(self._base, grads)
                continue
            if node not in grads:
                continue
            for edge, part in zip(self.edges(node), self.handed(node, grads[node]), strict=True):
                if part is not None:
                    source = int(self.columns.inputs[edge])
                    with np.errstate(all="ignore"):
                        grads[source] = part if source not in grads else grads[source] + part
        return grads

    def handed(
        self, node: int, g: Array, args: list[Number] | None = None, out: Array | None = None
    ) -> tuple[Array | None, ...]:
        """What `node` hands to each input when it received `g`; None where nothing flows.

        Args:
            args: other inputs than those of the base run; `out` belongs to them.
        """
        if args is None:
            args = self.args(node, self._base)
        again, saved = self.run(node, args)
        wanted = [bool(self._flows[edge]) for edge in self.edges(node)]
        out = again if out is None else out
        return hand_back(self.op(node), wanted, g, out, args, self.static(node), saved).contribution
