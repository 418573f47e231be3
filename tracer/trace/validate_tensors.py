"""Are the tensors of a recording ones? Every op is run again, so that each later question about it has an answer.

A file may lie about anything: an op's static arguments, an index, a shape. So each op is held to the shape and element
type it is recorded with, its rules are tried once, and it is shown as text once; all that with a bound on memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import CONST, LIVE, Columns, PassColumns, Table
from tracer.core.op import Op, find_op
from tracer.core.record_tensors import summary
from tracer.core.rerun import Number, delivering, hand_back, run_again
from tracer.trace.refused import Refused, must
from tracer.trace.tensors import memory

Array = NDArray[Any]

ROOM = 1 << 30
"""Bytes an op of a file may use beyond what its own tensors account for."""
WORK = 256 << 20
"""Bytes of results that are computed again, beyond four times what the file holds."""


def check_tensors(c: Columns) -> None:
    """Raise `Refused` unless tensors are whole and each op makes what it is recorded to have made."""
    n = len(c.value)
    must(len(c.slot) == len(c.static) == n, "its tensor columns differ in length")
    must(_within(c.slot, len(c.arena)) and _within(c.static, len(c.statics)), "a node has an unknown tensor")
    tensor = c.slot >= 0
    must(not (~tensor & (c.static >= 0)).any() and not (tensor & (c.flags & CONST > 0)).any(), "a tensor is a constant")
    must(len(c.update_notes) == len(c.updates.node), "its updates have no notes")
    for node in np.flatnonzero(tensor).tolist():
        array = c.arena[c.slot[node]]
        must(bool(_same(summary(array), float(c.value[node]))), "a tensor and its summary differ")
        must(array.dtype.kind == "f" or not c.flags[node] & LIVE, "a tensor of whole numbers takes a gradient")
    for table in (c.writes, c.updates, c.marks):
        must(
            _within(table.slot, len(c.arena)) and _within(table.before_slot, len(c.arena)),
            "an event has no such tensor",
        )
    _check_events(c, c.writes, ~(c.writes.flag > 0))
    _check_events(c, c.updates, np.ones(len(c.updates.node), bool))
    must(bool(((c.updates.before_slot >= 0) == (c.updates.slot >= 0)).all()), "an update replaces nothing")
    _check_ops(c, tensor)


def _check_events(c: Columns, table: Table, whole: NDArray[np.bool_]) -> None:
    """An event on a tensor brings an array of its shape, one on a plain number brings none."""
    must(bool(((table.slot >= 0) == ((c.slot[table.node] >= 0) & whole)).all()), "an event is of the wrong kind")
    for row in np.flatnonzero(table.slot >= 0).tolist():
        new = c.arena[table.slot[row]]
        must(new.shape == c.arena[c.slot[table.node[row]]].shape, "an event is of another shape than its tensor")
        must(new.dtype.kind in "fiub", "an event is of the wrong kind")


def check_pass_tensors(c: Columns, this: PassColumns) -> None:
    """A pass is over plain numbers or over tensors, whose gradients have their shapes."""
    tensor = this.slots is not None
    must((c.slot[this.root] >= 0) == tensor, "a pass mixes numbers and tensors")
    must(bool(((c.slot[this.nodes] >= 0) == tensor).all()), "a pass mixes numbers and tensors")
    special = [*this.hooked, *this.aside]
    must(not special or bool(np.isin(special, this.nodes).all()), "a hook is on a node that received nothing")
    if this.slots is None:
        must(this.seed == -1 and this.accumulates and not this.hooked and not this.aside, "a pass is of the wrong kind")
        return
    must(this.schedule is None and this.combine == "add", "a pass over tensors is of the wrong kind")
    must(_within(this.slots, len(c.arena), 0) and -1 <= this.seed < len(c.arena), "a gradient has no such tensor")
    seeds = [] if this.seed < 0 else [(this.root, this.seed)]
    for node, slot in [*zip(this.nodes.tolist(), this.slots.tolist(), strict=True), *seeds]:
        grad, value = c.arena[slot], c.arena[c.slot[node]]
        must(grad.shape == value.shape and grad.dtype.kind == "f", "a gradient does not fit its tensor")


def _check_ops(c: Columns, tensor: NDArray[np.bool_]) -> None:
    scalar = [name for code, name in enumerate(c.op_names, 1) if (~tensor & (c.op == code)).any()]
    must(all(find_op(name).scalar for name in scalar), "an op on tensors made a plain number")
    users = np.repeat(np.arange(len(c.op)), np.diff(c.offsets))
    plain = ~tensor[c.inputs] & (c.flags[c.inputs] & CONST == 0)
    must(not (tensor[c.inputs] & ~tensor[users]).any(), "a plain number was made from a tensor")
    must(not (plain & tensor[users]).any(), "a tensor was made from a plain number that has a history")
    nodes = np.flatnonzero(tensor & (c.op > 0)).tolist()
    if not nodes:
        return
    held, work = memory(c.arena), 0
    flows, versions = delivering(c), _versions(c)
    tried: set[Any] = set()
    np.ones((2, 2)) @ np.ones((2, 2))  # the matrix library takes its own memory before the bound is set
    with at_most(ROOM + 16 * held):
        for node in nodes:
            op, out = find_op(c.op_names[c.op[node] - 1]), c.arena[c.slot[node]]
            work += 0 if op.view else out.nbytes
            must(work <= 4 * held + WORK, "its tensors are more than its data")
            edges = range(int(c.offsets[node]), int(c.offsets[node + 1]))
            args = [_arg(c, versions, edge, node) for edge in edges]
            wanted = [bool(flows[edge]) and bool(c.flags[node] & LIVE) for edge in edges]
            static = c.statics[c.static[node]] if c.static[node] >= 0 else {}
            key = _alike(op, args, static, out, wanted)
            if key is None or key not in tried:
                _try(op, args, static, out, wanted)
                tried.add(key)


def _alike(op: Op, args: list[Number], static: Any, out: Array, wanted: list[bool]) -> Any:
    """What applications have in common of which one speaks for all: shapes, types and static arguments.

    None where whole numbers are involved: an index may be wrong in one of them.
    """
    arrays = [arg for arg in args if isinstance(arg, np.ndarray)]
    if any(array.dtype.kind != "f" for array in arrays) or not _plain(static):
        return None
    kinds = tuple((a.shape, a.dtype.str) if isinstance(a, np.ndarray) else float(a) for a in args)
    return op.name, kinds, repr(static), out.shape, out.dtype.str, tuple(wanted)


def _plain(value: Any) -> bool:
    """Whether a static argument is the same wherever it is written the same."""
    if isinstance(value, dict):
        return all(_plain(one) for one in value.values())
    if isinstance(value, tuple | list):
        return all(_plain(one) for one in value)
    return not isinstance(value, np.ndarray)


def _try(op: Op, args: list[Number], static: Any, out: Array, wanted: list[bool]) -> None:
    """Run an application again; anything it raises is the file's fault."""
    try:
        if op.elementwise:
            fits = np.broadcast_shapes(*(np.shape(arg) for arg in args)) == out.shape
            must(fits, f"the inputs of an op {op.name!r} do not make its output")
        again, saved = run_again(op, args, static, out.dtype)
        must(again.shape == out.shape and again.dtype == out.dtype, f"an op {op.name!r} makes something else")
        if any(wanted):
            hand_back(op, wanted, np.ones(out.shape, out.dtype), out, args, static, saved)
        op.written(["a"] * len(args), static)
    except Refused:
        raise
    except Exception:
        raise Refused(f"damaged: an op {op.name!r} cannot be run again on its inputs.") from None


def _versions(c: Columns) -> dict[int, list[int]]:
    """Node -> its rows in the table of updates."""
    found: dict[int, list[int]] = {}
    for row, node in enumerate(c.updates.node.tolist()):
        found.setdefault(node, []).append(row)
    return found


def _arg(c: Columns, versions: dict[int, list[int]], edge: int, user: int) -> Number:
    """What an edge carried."""
    node = int(c.inputs[edge])
    slot = int(c.slot[node])
    for row in versions.get(node, ()):
        if c.updates.made[row] <= user:
            slot = int(c.updates.slot[row])
    return c.arena[slot] if slot >= 0 else float(c.value[node])


@contextmanager
def at_most(more: int) -> Iterator[None]:
    """Let this process take at most `more` bytes beyond what it has; where the system cannot say so, no bound."""
    try:
        import resource

        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    except (ImportError, OSError, ValueError):
        yield
        return
    bound = now + more if soft == resource.RLIM_INFINITY else min(soft, now + more)
    resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def _within(values: NDArray[np.integer], stop: int, low: int = -1) -> bool:
    return not len(values) or bool(values.min() >= low and values.max() < stop)
