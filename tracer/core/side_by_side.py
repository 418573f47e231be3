"""Single numbers in a graph of tensors, worked out side by side: an unfolded tensor brings thousands of them.

Numbers that the same op makes at the same distance from the leaves are one group: an array call each way.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracer.core.columns import LIVE, Columns
from tracer.core.op import Op, find_op

MANY = 64
"""Single numbers from which on grouping pays."""
Numbers = Mapping[int, Any]
"""Node -> its number or array."""


@dataclass(frozen=True)
class Group:
    """Numbers made by one op from numbers, none from another of them."""

    op: Op
    nodes: tuple[int, ...]
    sources: tuple[tuple[int, ...], ...]
    """For each input of the op the node that each number was made from."""
    flows: tuple[tuple[bool, ...], ...]
    """The same, whether gradient flows back to it."""

    def arrays(self, values: Numbers, which: Sequence[int] | None = None) -> list[Any]:
        """(k,) numbers of each input, of the members named or of all."""
        chosen = range(len(self.nodes)) if which is None else which
        return [np.array([values[slot[i]] for i in chosen], np.float64) for slot in self.sources]

    def run(self, values: MutableMapping[int, Any]) -> None:
        """Work out all of them from what is in `values`, into it."""
        with np.errstate(all="ignore"):
            made = np.asarray(self.op.forward(np, *self.arrays(values)), np.float64)
        for i, node in enumerate(self.nodes):
            values[node] = made[i, ...]

    def back(self, values: Numbers, grads: MutableMapping[int, Any]) -> None:
        """Hand the gradients of those that have one on to what they were made from."""
        which = [i for i, node in enumerate(self.nodes) if node in grads]
        if not which:
            return
        g = np.array([grads[self.nodes[i]] for i in which], np.float64)
        out = np.array([values[self.nodes[i]] for i in which], np.float64)
        wanted = [any(flows) for flows in self.flows]
        with np.errstate(all="ignore"):
            parts = self.op.contributions(np, wanted, g, out, self.arrays(values, which), {}, {})
            for part, sources, flows in zip(parts, self.sources, self.flows, strict=True):
                if part is None:
                    continue
                handed = np.broadcast_to(np.asarray(part, np.float64), g.shape)
                for k, i in enumerate(which):
                    if flows[i]:
                        source = sources[i]
                        grads[source] = handed[k, ...] if source not in grads else grads[source] + handed[k]


def groups(c: Columns, computed: Sequence[int], flows: Sequence[bool], apart: set[int]) -> list[Group | int] | None:
    """The computed nodes in an order in which they can be worked out, numbers in groups; None where grouping is no use.

    Args:
        computed: nodes, ascending.
        flows: of each edge, whether gradient flows along it.
        apart: nodes whose users must be worked out by themselves.
    """
    level: dict[int, int] = {}
    found: dict[tuple[int, int], list[int]] = {}
    alone: list[tuple[int, int]] = []
    ops = [None, *(find_op(name) for name in c.op_names)]
    slots, flags = c.slot.tolist(), c.flags.tolist()
    single = [slot < 0 or not c.arena[slot].ndim for slot in slots]
    offsets, inputs, codes = c.offsets.tolist(), c.inputs.tolist(), c.op.tolist()
    static, kinds = c.static.tolist(), [array.dtype.char for array in c.arena]
    for node in computed:
        edges = range(offsets[node], offsets[node + 1])
        sources = inputs[edges.start : edges.stop]
        level[node] = 1 + max((level.get(source, 0) for source in sources), default=0)
        op = ops[codes[node]]
        assert op is not None, "an op computed it"
        together = (
            op.elementwise
            and not op.saves
            and not op.boolean
            and op.joint_vjp is None
            and static[node] < 0
            and single[node]
            and kinds[slots[node]] == "d"
            and all(single[source] for source in sources)
            and all(flows[edge] or not flags[source] & LIVE for edge, source in zip(edges, sources, strict=True))
            and apart.isdisjoint(sources)
        )
        if together:
            found.setdefault((level[node], codes[node]), []).append(node)
        else:
            alone.append((level[node], node))
    if sum(map(len, found.values())) < MANY:
        return None
    placed: list[tuple[int, int, Group | int]] = [(at, node, node) for at, node in alone]
    for (at, code), nodes in found.items():
        op = ops[code]
        assert op is not None, "an op computed them"
        many = range(max(offsets[node + 1] - offsets[node] for node in nodes))
        sources_ = tuple(tuple(inputs[offsets[node] + k] for node in nodes) for k in many)
        flows_ = tuple(tuple(bool(flows[offsets[node] + k]) for node in nodes) for k in many)
        placed.append((at, nodes[0], Group(op, tuple(nodes), sources_, flows_)))
    return [item for _, _, item in sorted(placed, key=lambda one: one[:2])]
