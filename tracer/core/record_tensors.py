"""What a recording notes of tensors: their arrays, in one arena, and the events on them.

Arrays are kept by reference where nobody can write into them any more, and copied where somebody could: a leaf's
always, an op's output never, because it is marked read-only here and such memory is copied before it is written.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.backend import to_host
from tracer.core.columns import BACKWARD, CONST, ENDS, FORWARD, LIVE, UPDATE, WRITE, PassColumns
from tracer.core.growing import locked
from tracer.core.op import Op
from tracer.core.scope import current_scope
from tracer.core.serial import next_serial

if TYPE_CHECKING:
    from tracer.core.record import Recorder
    from tracer.core.tensor import Tensor

NO_SLOT = -1


class Arena:
    """A growing list of arrays that never change."""

    def __init__(self) -> None:
        self.arrays: list[NDArray[Any]] = []
        self._known: dict[int, int] = {}

    def refill(self, arrays: Sequence[NDArray[Any]]) -> None:
        """Hold these instead, some of those that are held."""
        known = {id(self.arrays[row]) for row in self._known.values()}
        self.arrays = list(arrays)
        self._known = {id(array): row for row, array in enumerate(arrays) if id(array) in known}

    def keep(self, given: Any, *, copy: bool = False) -> int:
        """The row of `given`, kept as it is now."""
        row = self._known.get(id(given))
        if row is not None and self.arrays[row] is given:
            return row
        kept = to_host(given)
        if kept is given and (copy or _writable_elsewhere(kept)):
            kept = kept.copy()
        kept.flags.writeable = False
        self.arrays.append(kept)
        row = len(self.arrays) - 1
        if kept is given:
            self._known[id(given)] = row
        return row


def _writable_elsewhere(kept: NDArray[Any]) -> bool:
    """Whether somebody can change these numbers through another array."""
    owner: Any = kept
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
        if owner.flags.writeable:
            return True
    return owner.base is not None  # a buffer that is not NumPy's


def summary(values: NDArray[Any]) -> float:
    """The one number that stands for an array in the column of values.

    Its own if it has one element, else the first that is not finite, else 0.
    """
    if values.size == 1:
        return float(values.reshape(-1)[0])
    if values.dtype.kind != "f":
        return 0.0
    finite = np.isfinite(values)
    return 0.0 if finite.all() else float(values[~finite][0])


class GrowingTensorPass:
    """A backward pass over tensors while it is walked."""

    def __init__(self, index: int, root: int, line: int, seed: int, accumulates: bool, retains: bool) -> None:
        self.index, self.root, self.line, self.seed = index, root, line, seed
        self.accumulates, self.retains = accumulates, retains
        self.grads: dict[int, int] = {}
        """Node -> arena row."""
        self.hooked: tuple[int, ...] = ()
        self.aside: tuple[int, ...] = ()

    def refill(self, index: int, columns: PassColumns) -> None:
        """Be this pass instead: the same one in another numbering."""
        assert columns.slots is not None, "a pass over tensors"
        self.index, self.root, self.seed = index, columns.root, columns.seed
        self.grads = dict(zip(columns.nodes.tolist(), columns.slots.tolist(), strict=True))
        self.hooked, self.aside = columns.hooked, columns.aside

    def freeze(self, arena: Arena) -> PassColumns:
        nodes = sorted(self.grads)
        slots = [self.grads[node] for node in nodes]
        return PassColumns(
            self.root,
            "add",
            self.line,
            locked(np.array(nodes, np.int32)),
            locked(np.array([summary(arena.arrays[slot]) for slot in slots], np.float64)),
            slots=locked(np.array(slots, np.int32)),
            seed=self.seed,
            accumulates=self.accumulates,
            retains=self.retains,
            hooked=self.hooked,
            aside=self.aside,
        )


class TensorEvents:
    """The part of a `Recorder` that tensors talk to."""

    def __init__(self) -> None:
        super().__init__()
        self.arena = Arena()
        self.slot, self.static = array("i"), array("i")
        self.statics: list[Mapping[str, Any]] = []
        self.update_notes: list[Mapping[str, Any] | None] = []

    def made_leaf(self: Recorder, tensor: Tensor) -> int:  # type: ignore[misc]
        """A leaf came into being, from numbers of the program."""
        with self.lock:
            row = self.here()
            changes = self.override_elements(row)
            if changes:
                changed = tensor._array.copy()
                for place, number in changes.items():
                    if 0 <= place < changed.size:
                        changed.reshape(-1)[place] = number
                tensor._array = changed
            return self._node(tensor, None, (), {}, row)

    def made_tensor(self: Recorder, tensor: Tensor, op: Op, given: Sequence[Any], static: Mapping[str, Any]) -> int:  # type: ignore[misc]
        """An op computed a tensor."""
        with self.lock:
            row = self.here()
            inputs = [self.id_of(x) if hasattr(x, "_serial") else self._constant(x, row) for x in given]
            return self._node(tensor, op, inputs, static, row)

    def _constant(self: Recorder, number: float, row: int) -> int:  # type: ignore[misc]
        self.settle()
        self._row("", CONST, row, NO_SLOT, NO_SLOT, float(number))
        return len(self.value) - 1

    def _node(  # type: ignore[misc]
        self: Recorder, tensor: Tensor, op: Op | None, inputs: Sequence[int], static: Mapping[str, Any], row: int
    ) -> int:
        self.settle()
        values = tensor._array
        slot = self.arena.keep(values, copy=op is None)
        self.inputs.extend(inputs)
        self._ids[tensor._serial] = node = len(self.value)
        if tensor._name is not None:
            self.names[node] = tensor._name
        elif tensor._grad_of is not None:
            owner = tensor._grad_of()
            known = None if owner is None else self._ids.get(owner._serial)
            if known is not None:
                self.grad_names[node] = known
        at = NO_SLOT
        if static:
            self.statics.append(dict(static))
            at = len(self.statics) - 1
        flags = LIVE if tensor._requires_grad else 0
        self._row(op.name if op is not None else "", flags, row, slot, at, summary(self.arena.arrays[slot]))
        return node

    def adopt_tensor(self: Recorder, tensor: Tensor) -> None:  # type: ignore[misc]
        """Take in a tensor made before recording began, with what it was made from, as far as that is still there."""
        found: dict[int, Tensor] = {}
        stack = [tensor]
        while stack:
            one = stack.pop()
            if one._serial in found or one._serial in self._ids:
                continue
            found[one._serial] = one
            if one._fn is not None and one._fn.inputs is not None:
                stack.extend(x for x in one._fn.inputs if hasattr(x, "_array"))
        for serial in sorted(found):
            one = found[serial]
            row, fn = self.adopting(one), one._fn
            if fn is None or fn.inputs is None:
                self._node(one, None, (), {}, row)
                if one._grad is not None and fn is None:
                    self.brought.append(len(self.writes))
                    self.wrote_tensor(one, one._grad._array)
            else:
                inputs = [self._ids[x._serial] if hasattr(x, "_array") else self._constant(x, row) for x in fn.inputs]
                self._node(one, fn.op, inputs, fn.static, row)

    def wants_grad(self: Recorder, tensor: Tensor) -> None:  # type: ignore[misc]
        """`requires_grad` of a leaf was set.

        What was computed with it before keeps the leaf as it was: from here on the tensor is another node of that name.
        """
        with self.lock:
            self.settle()
            node = self._ids.get(tensor._serial)
            if node is None or tensor._fn is not None:
                return
            flags = LIVE | (ENDS if self.op[node] else 0) if tensor._requires_grad else 0
            if self.flags[node] == flags:
                return
            if node not in self.inputs:
                self.flags[node] = flags
            else:
                name = self.names.get(node, self.bound.get(node))
                tensor._serial = next_serial()
                again = self._node(tensor, None, (), {}, self.here())
                if name is not None:
                    self.names[again] = name
            if tensor._requires_grad and tensor._grad is not None:
                self.wrote_tensor(tensor, tensor._grad._array)  # what was added up before goes on under this node

    def forget_tensor(self: Recorder, tensor: Tensor) -> None:  # type: ignore[misc]
        """A gradient's own numbers changed, added to or overwritten: where it is used next, it is another node."""
        with self.lock:
            self._ids.pop(tensor._serial, None)

    def is_leaf(self: Recorder, node: int) -> bool:  # type: ignore[misc]
        """Whether the program takes this node as a leaf, whose numbers may be updated."""
        return not self.op[node] or bool(self.flags[node] & ENDS)

    def wrote_tensor(self: Recorder, tensor: Tensor, grad: Any | None) -> None:  # type: ignore[misc]
        """A gradient was assigned or overwritten: zeroed, usually, or set to None."""
        with self.lock:
            node = self.id_of(tensor)
            self._extend(WRITE, len(self.writes))
            slot = NO_SLOT if grad is None else self.arena.keep(grad, copy=True)
            value = 0.0 if grad is None else summary(self.arena.arrays[slot])
            self.writes.add(node, self.here(), len(self.value), value, flag=int(grad is None), slot=slot)

    def updated_tensor(self: Recorder, tensor: Tensor, new: Any, note: Mapping[str, Any] | None = None) -> None:  # type: ignore[misc]
        """A leaf's numbers are about to become `new`: an optimizer's step, or an assignment in place."""
        with self.lock:
            node = self.id_of(tensor)
            self._extend(UPDATE, len(self.updates))
            slot = self.arena.keep(new, copy=True)
            before = self._last_slot(node)
            arrays = self.arena.arrays
            kept = None
            if note is not None:
                kept = {k: arrays[self.arena.keep(v, copy=True)] if hasattr(v, "shape") else v for k, v in note.items()}
            self.update_notes.extend([None] * (len(self.updates) - len(self.update_notes)))
            self.update_notes.append(kept)
            self.updates.add(
                node,
                self.here(),
                len(self.value),
                summary(arrays[slot]),
                before=summary(arrays[before]),
                slot=slot,
                before_slot=before,
            )
            self.latest[node] = slot

    def _last_slot(self: Recorder, node: int) -> int:  # type: ignore[misc]
        """The arena row of what the leaf holds now."""
        return self.latest.get(node, self.slot[node])

    def began_tensor_pass(  # type: ignore[misc]
        self: Recorder, root: Tensor, seed: Tensor, *, accumulates: bool, retains: bool
    ) -> GrowingTensorPass:
        with self.lock:
            node = self.id_of(root)
            ones = bool((to_host(seed._array) == 1).all())
            row = NO_SLOT if ones else self.arena.keep(seed._array, copy=True)
            growing = GrowingTensorPass(len(self.passes), node, self.here(), row, accumulates, retains)
            self.passes.append(growing)
            self._extend(BACKWARD, 0, growing.index, seed=1)
            return growing

    def ended_tensor_pass(  # type: ignore[misc]
        self: Recorder,
        growing: GrowingTensorPass,
        reached: Mapping[int, Any],
        hooked: Sequence[int],
        aside: Sequence[int] = (),
    ) -> None:
        """All gradients as the engine left them; the order of deliveries is implied."""
        with self.lock:
            ids = self._ids
            growing.grads = {ids[s]: self.arena.keep(g) for s, g in reached.items() if s in ids}
            growing.hooked = tuple(sorted(ids[s] for s in hooked if s in ids))
            growing.aside = tuple(sorted(ids[s] for s in aside if s in ids))
            segment = next(s for s in reversed(self.segments) if s[0] == BACKWARD and s[3] == growing.index)
            segment[2] = sum(self._delivers(node) for node in growing.grads)

    def _delivers(self: Recorder, node: int) -> int:  # type: ignore[misc]
        """How many contributions this node hands on."""
        if self.is_leaf(node):
            return 0
        op = self.op_of(self.op[node])
        edges = range(self.offsets[node], self.offsets[node + 1])
        return sum(
            bool(self.flags[self.inputs[e]] & LIVE) and op.spec(slot).vjp is not None for slot, e in enumerate(edges)
        )

    def _row(  # type: ignore[misc]
        self: Recorder, op: str, flags: int, row: int, slot: int, static: int, value: float
    ) -> None:
        """One more node in the columns."""
        self._cut(len(self.value))
        self.check_limit()
        if not op:
            self.leaf_made_at(row)
        self.op.append(self.code_of(op) if op else 0)
        self.flags.append(flags)
        self.scope.append(self.scope_ids.setdefault(current_scope(), len(self.scope_ids)))
        self.line.append(row)
        self.offsets.append(len(self.inputs))
        for column, one in ((self.slot, slot), (self.static, static)):
            if len(column) < len(self.value):  # plain numbers came before, which have neither
                column.extend([NO_SLOT] * (len(self.value) - len(column)))
            column.append(one)
        self.value.append(value)  # last: its length says how many nodes are whole
        self._extend(FORWARD, len(self.value) - 1)
