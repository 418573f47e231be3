"""Unfolding: a tensor's node replaced, in a new trace, by the smaller ops or the scalars that it stands for.

The new trace is whole: walked, explained, checked, exported and saved like any other. Everything outside what was
unfolded keeps its numbers bit for bit, so that a moment of one trace is a moment of the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tracer.core.columns import ENDS, LIVE
from tracer.core.unfold.part import Part, composite_part, scalar_part
from tracer.text import Text
from tracer.trace.choices import How, nothing_inside, refused, size, too_many
from tracer.trace.splice import Stretch, splice
from tracer.trace.trace import Trace


@dataclass(frozen=True)
class Unfolded:
    """A trace in which one node is unfolded."""

    trace: Trace
    """The new one."""
    base: Trace
    """The one it was made from."""
    node: int
    """In `base`."""
    how: How
    nodes: range
    """In `trace`: what came in place of the node. The last has its name, its value and its gradients."""
    stretches: tuple[Stretch, ...] = field(repr=False)

    @property
    def out(self) -> int:
        """The new node that stands where the old one stood."""
        return self.nodes[-1]

    @property
    def number(self) -> str:
        """What tells the node in every unfolding of the same program."""
        return self.base.number(self.node)

    def there(self, position: int) -> int:
        """A position of `base` as one of `trace`. Amid the node's own steps it is before all that stands for them."""
        return _moved(position, ((s.start, s.stop, s.new_start, s.new_stop) for s in self.stretches))

    def back(self, position: int) -> int:
        """A position of `trace` as one of `base`. Amid the new nodes' steps it is before the old node's."""
        return _moved(position, ((s.new_start, s.new_stop, s.start, s.stop) for s in self.stretches))

    def node_there(self, node: int) -> int:
        """A node of `base` as one of `trace`; the unfolded one is `out`."""
        return node if node < self.node else node + len(self.nodes) - 1

    def node_back(self, node: int) -> int | None:
        """A node of `trace` as one of `base`; None of one that is only there when unfolded."""
        if node < self.node:
            return node
        return node - len(self.nodes) + 1 if node >= self.out else None


def unfold(trace: Trace, node: int, how: How) -> Unfolded:
    """Unfold one node.

    Args:
        how: "composite" into the smaller ops of a fat op's definition, "all" into scalars, or these elements alone, by
            their places in row-major order.

    Raises:
        GraphError: there is nothing inside, or more than can be unfolded at once.
    """
    reason = nothing_inside(trace, node)
    if reason is None and how != "composite":
        reason = too_many(trace, node, how, size(trace, node, how))
    op = trace.op(node)
    if reason is None and how == "composite" and op is not None and op.composite is None:
        reason = _NOT_FAT.format(op=op.name)
    if reason is not None:
        raise refused(trace, node, reason)
    made = splice(trace, node, part_of(trace, node, how))
    ids = {serial: at + (made.out - made.first) * (at >= node) for serial, at in trace.ids.items()}
    return Unfolded(Trace(made.columns, ids), trace, node, how, range(made.first, made.out + 1), made.stretches)


_NOT_FAT = Text(
    "{op} has no smaller ops; unfold its elements", "{op} はこれより小さな演算に分かれません。要素を展開してください"
)


def part_of(trace: Trace, node: int, how: How) -> Part:
    """The small recording that stands for a node."""
    op = trace.op(node)
    assert op is not None, "only computed nodes are unfolded"
    flags = trace.columns.flags
    takes = bool(flags[node] & LIVE) and not flags[node] & ENDS
    live = [takes and trace.requires_grad(source) for source in trace.inputs(node)]
    args, static, out = trace.args(node), trace.static(node), trace.value(node)
    nodes = trace.inputs(node)
    if how == "composite":
        return composite_part(op, args, static, live, nodes=nodes, out=out)
    elements = None if isinstance(how, str) else how
    return scalar_part(op, args, static, live, elements, nodes=nodes, out=out)


def _moved(position: int, stretches: Iterable[tuple[int, int, int, int]]) -> int:
    """A position where stretches of time, (start, stop) each, were replaced by (other start, other stop)."""
    shift = 0
    for start, stop, other_start, other_stop in stretches:
        if position <= start:
            break
        if position < stop:
            return other_start
        shift = other_stop - stop
    return position + shift
