"""What a trace says of a node's numbers: plain floats, or arrays of the arena, and the arithmetic between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.core.dtype import DType, float64, from_numpy_dtype
from tracer.core.op import Static
from tracer.core.rerun import Number, hand_back, run_again
from tracer.trace.tensors import Tensors, memory

if TYPE_CHECKING:
    from tracer.trace.trace import Trace


class Numbers:
    """The part of a `Trace` that answers with numbers."""

    # Tensors

    def is_tensor(self: Trace, node: int) -> bool:  # type: ignore[misc]
        """Whether `node` is an array; else it is a plain number."""
        return self._slot(node) >= 0

    def _slot(self: Trace, node: int) -> int:  # type: ignore[misc]
        slots = self.columns.slot  # empty in a recording that has no tensors
        return int(slots[node]) if len(slots) else -1

    def shape(self: Trace, node: int) -> tuple[int, ...]:  # type: ignore[misc]
        """The shape of a tensor; () of a plain number."""
        slot = self._slot(node)
        return () if slot < 0 else self.columns.arena[slot].shape

    def dtype(self: Trace, node: int) -> DType:  # type: ignore[misc]
        """The element type of a tensor; float64 of a plain number."""
        slot = self._slot(node)
        return float64 if slot < 0 else from_numpy_dtype(self.columns.arena[slot].dtype)

    def value(self: Trace, node: int) -> Number:  # type: ignore[misc]
        """What `node` was when it was made: a float, or a read-only array."""
        slot = self._slot(node)
        return float(self.columns.value[node]) if slot < 0 else self.columns.arena[slot]

    def static(self: Trace, node: int) -> Static:  # type: ignore[misc]
        """The static arguments `node` was computed with: `dim`, an index."""
        rows = self.columns.static
        row = int(rows[node]) if len(rows) else -1
        return self.columns.statics[row] if row >= 0 else {}

    def kept_by(self: Trace, node: int) -> Static:  # type: ignore[misc]
        """What a tensor's op keeps of its forward step for its rules, computed again: a mask, attention weights."""
        op = self.op(node)
        if op is None or not op.saves:
            return {}
        return run_again(op, self.args(node), self.static(node), self.value(node).dtype)[1]

    @cached_property
    def memory(self: Trace) -> int:  # type: ignore[misc]
        """Bytes of all arrays of the recording: values, gradients, versions. What several share counts once."""
        return memory(self.columns.arena)

    def total(self: Trace, pass_index: int, node: int, deliveries: Sequence[int]) -> Number:  # type: ignore[misc]
        """The sum of some deliveries of a pass to one tensor: the first ones, in their order."""
        return self._tensors.total(pass_index, node, deliveries)

    @cached_property
    def _tensors(self: Trace) -> Tensors:  # type: ignore[misc]
        return Tensors(self)

    # Numbers

    def edge_value(self: Trace, edge: int) -> Number:  # type: ignore[misc]
        """The value this edge carried: its input's when the user was made, whatever was assigned later."""
        node = int(self.columns.inputs[edge])
        rows = self.events("update").get(node)
        if rows:
            user = int(np.searchsorted(self.columns.offsets, edge, side="right")) - 1
            table = self.columns.updates
            before = [row for _, row in rows if table.made[row] <= user]
            if before:
                return self.written("update", before[-1])
        return self.value(node)

    def written(self: Trace, kind: str, row: int) -> Number:  # type: ignore[misc]
        """What an "update" or a "write" left: a float, or an array; None where a gradient was set to None."""
        table = self.table(kind)
        if kind == "write" and table.flag[row]:
            return None
        slot = int(table.slot[row]) if len(table.slot) else -1
        return float(table.value[row]) if slot < 0 else self.columns.arena[slot]

    def before_update(self: Trace, row: int) -> Number:  # type: ignore[misc]
        """What an update replaced: a float, or an array."""
        table = self.columns.updates
        slot = int(table.before_slot[row]) if len(table.before_slot) else -1
        return float(table.before[row]) if slot < 0 else self.columns.arena[slot]

    def note(self: Trace, row: int) -> Mapping[str, Any] | None:  # type: ignore[misc]
        """How an optimizer came to an update: its rule, and the numbers on the way."""
        notes = self.columns.update_notes
        return notes[row] if row < len(notes) else None

    def args(self: Trace, node: int) -> tuple[Number, ...]:  # type: ignore[misc]
        """What `node` was computed from, as it was then: floats, or arrays."""
        return tuple(self.edge_value(e) for e in self.edges_in(node))

    def local_gradient(self: Trace, edge: int) -> Number:  # type: ignore[misc]
        """∂user/∂input along one edge.

        Of tensors: element by element, in the shape of the user; None where the op is not elementwise.
        """
        e = self.edge(edge)
        op = self.op(e.user)
        assert op is not None, "an edge leads into an op's output"
        if self.is_tensor(e.user):
            out, args = self.value(e.user), self.args(e.user)
            wanted = [slot == e.slot for slot in range(len(args))]
            static, kept = self.static(e.user), self.kept_by(e.user)
            return hand_back(op, wanted, np.ones(out.shape, out.dtype), out, args, static, kept).local[e.slot]
        return op.local_gradient(e.slot, float(self.columns.value[e.user]), self.args(e.user))

    def contribution(self: Trace, pass_index: int, delivery: int) -> tuple[Number, Number, Number]:  # type: ignore[misc]
        """(upstream, local, contribution) of one delivery, with the arithmetic the program used.

        Of tensors: arrays, the contribution in the shape of the input; local is None where the op is not elementwise.
        """
        from tracer.core import floats

        this = self.passes[pass_index]
        e = self.edge(int(this.edges[delivery]))
        if self.is_tensor(e.user):
            handed = self._tensors.handed(pass_index, e.user)
            return handed.upstream, handed.local[e.slot], handed.contribution[e.slot]
        op = self.op(e.user)
        assert op is not None, "an edge leads into an op's output"
        vjp = op.inputs[e.slot].vjp
        assert vjp is not None, "only edges with a rule deliver"
        if this.columns.upstream is not None:
            g = float(this.columns.upstream[delivery])
        else:
            g = this.recorded_grad(e.user)
            assert g is not None, "a user delivers after it received"
        args, out = self.args(e.user), float(self.columns.value[e.user])
        return g, op.local_gradient(e.slot, out, args), float(vjp(floats, g, out, *args))
