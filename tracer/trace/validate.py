"""Is this recording one? Checks columns from a file, so that nothing later meets a number out of place."""

from __future__ import annotations

import inspect

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import BACKWARD, CONST, ENDS, FORWARD, LIVE, MARK, UPDATE, WRITE, Columns, PassColumns
from tracer.core.op import Op, find_op
from tracer.core.ops import elementwise as _registered  # noqa: F401  the ops must be known before they are looked up
from tracer.core.rerun import delivering
from tracer.errors import NotFoundError
from tracer.trace.refused import Refused, must
from tracer.trace.segment import PARTS
from tracer.trace.validate_tensors import check_pass_tensors, check_tensors


def validate(c: Columns) -> None:
    """Raise `Refused` unless every index points inside, every op has its inputs, and time covers it all once.

    A recording that passes can be walked, drawn, explained and checked without further precautions.
    """
    n, m = len(c.value), len(c.inputs)
    must(len(c.op) == len(c.flags) == len(c.scope) == len(c.line) == n, "its node columns differ in length")
    must(len(c.offsets) == n + 1 and c.offsets[0] == 0 and c.offsets[-1] == m, "its edges do not fit its nodes")
    counts = np.diff(c.offsets)
    must(not (counts < 0).any(), "its edges do not fit its nodes")
    users = np.repeat(np.arange(n), counts)
    must(_within(c.inputs, m and n) and not (c.inputs >= users).any(), "a node is used before it was made")
    must(_within(c.scope, len(c.scopes)), "a node has an unknown scope")
    rows = len(c.line_file)
    must(len(c.line_number) == rows and _within(c.line_file, len(c.files)), "its line table is broken")
    must(_within(c.line, rows, low=-1), "a node has an unknown source line")
    _check_ops(c, counts)
    must(_within(np.array(list(c.names), np.int64), n), "a name belongs to no node")
    must(_within(np.array([f[0] for f in c.frozen], np.int64), n), "a note belongs to no node")
    must(_within(np.array([f[2] for f in c.frozen], np.int64), rows, low=-1), "a note has an unknown source line")
    for table in (c.writes, c.updates, c.marks):
        sizes = {
            len(table.node),
            len(table.line),
            len(table.value),
            len(table.before),
            len(table.made),
            len(table.flag),
            len(table.slot),
            len(table.before_slot),
        }
        must(len(sizes) == 1, "an event table's columns differ in length")
        must(_within(table.node, n) and _within(table.line, rows, low=-1), "an event belongs to no node")
        must(not (table.node >= table.made).any() and not (table.made > n).any(), "an event comes before its node")
    leaf = (c.op == 0) | (c.flags & ENDS > 0)
    must(bool(leaf[c.updates.node].all()), "a computed node is updated")
    must(all(_within(one, n, low=-1) for things in c.taps.values() for one in things), "a tap belongs to no node")
    must(all(_within(one, n, low=-1) for one in c.parameters.values()), "a parameter belongs to no node")
    must(len(c.mark_texts) == len(c.marks.node), "its marks have no text")
    check_tensors(c)
    _check_time(c, users)


def _fewest(op: Op) -> int:
    """Inputs an op must have: those its forward function has no default for."""
    parameters = list(inspect.signature(op.forward).parameters.values())[1 : len(op.inputs) + 1]
    return sum(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)


def _check_ops(c: Columns, counts: NDArray[np.int64]) -> None:
    must(not len(c.op) or int(c.op.max()) <= len(c.op_names), "a node has an unknown op")
    for code, name in enumerate(c.op_names, start=1):
        op = _known(name)
        found = counts[c.op == code]
        if len(found):
            wrong = found < 1 if op.variadic else (found < _fewest(op)) | (found > len(op.inputs))
            must(not wrong.any(), f"an op {name!r} has the wrong number of inputs")
    leaf = c.op == 0
    must(not counts[leaf].any(), "a leaf has inputs")
    must(not (c.flags & ~np.uint8(LIVE | CONST | ENDS)).any(), "a node has unknown flags")
    must(not ((c.flags & CONST > 0) & ((c.flags & LIVE > 0) | ~leaf)).any(), "a constant takes a gradient")
    ends = c.flags & ENDS > 0
    must(not (ends & (leaf | (c.flags & LIVE == 0))).any(), "a node has unknown flags")
    if len(c.inputs):
        live = np.concatenate([[0], np.cumsum(c.flags[c.inputs] & LIVE > 0)])
        fed = np.where(live[c.offsets[1:]] > live[c.offsets[:-1]], LIVE, 0)
        # a tensor may be made without history (no_grad, detach, whole numbers), a plain number always has one
        without = (fed > c.flags & LIVE) & (len(c.slot) == len(c.op) and c.slot >= 0)
        must(not ((fed != c.flags & LIVE) & ~leaf & ~ends & ~without).any(), "a node's flags contradict its inputs")


def _known(name: str) -> Op:
    try:
        return find_op(name)
    except NotFoundError:
        raise Refused(f"damaged: it uses the op {name!r}, which this version does not know.") from None


def _check_time(c: Columns, users: NDArray[np.int64]) -> None:
    must(c.segments.shape[1] == 5 and not (c.segments[:, 2] < c.segments[:, 1]).any(), "its timeline is broken")
    done = {FORWARD: 0, WRITE: 0, UPDATE: 0, MARK: 0}
    delivered = [0] * len(c.passes)
    seeded = [False] * len(c.passes)
    seen_by = [0] * len(c.passes)
    tables = {WRITE: c.writes, UPDATE: c.updates, MARK: c.marks}
    begun = 0
    for kind, first, stop, index, seed in c.segments.tolist():
        if kind == BACKWARD:
            must(0 <= index < len(c.passes) and seed in (0, 1), "its timeline names an unknown pass")
            # a pass opens with its seed, once, and passes come in their order
            must(bool(seed) != seeded[index] and (not seed or index == begun), "a pass has no clear beginning")
            begun += seed
            seeded[index] = True
            must(first == delivered[index], "its timeline skips a delivery")
            delivered[index] = stop
            seen_by[index] = done[FORWARD]
            must(c.passes[index].root < done[FORWARD], "a pass begins before its root is made")
        else:
            must(kind in done and first == done[kind] and seed == 0, "its timeline is out of order")
            done[kind] = stop
            if kind in tables:
                must(stop <= len(tables[kind].made), "its timeline is longer than its events")
                must(not (tables[kind].made[first:stop] != done[FORWARD]).any(), "an event is out of order")
    must(done[FORWARD] == len(c.value), "its timeline does not cover its nodes")
    must(all(done[kind] == len(table.node) for kind, table in tables.items()), "its timeline misses an event")
    must(sum(delivered) * PARTS < 1 << 62, "its timeline is too long")
    must(all(seeded), "a pass never begins")
    flows = delivering(c)
    for index, this in enumerate(c.passes):
        _check_pass(c, this, delivered[index], seen_by[index], users, flows)


def _check_pass(
    c: Columns, this: PassColumns, deliveries: int, seen: int, users: NDArray[np.int64], flows: NDArray[np.bool_]
) -> None:
    n = seen
    must(0 <= this.root < n and bool(c.flags[this.root] & LIVE), "a pass starts at no node")
    must(-1 <= this.line < len(c.line_file), "a pass has an unknown source line")
    must(_within(this.nodes, n) and not (np.diff(this.nodes) <= 0).any(), "a pass reaches an unknown node")
    must(not (c.flags[this.nodes] & LIVE == 0).any(), "a constant received gradient")
    check_pass_tensors(c, this)
    if this.schedule is None:
        if not len(this.nodes):  # begun, but cut off before its end
            must(deliveries == 0, "a pass delivers nothing it holds")
            return
        must(this.nodes[-1] == this.root, "a pass does not begin at its root")
        must(deliveries == _expected(c, this, flows), "a pass has the wrong number of deliveries")
        return
    must(deliveries == len(this.schedule), "a pass has the wrong number of deliveries")
    must(_within(this.schedule, len(c.inputs)), "a pass uses an unknown edge")
    assert this.lines is not None
    must(_within(this.lines, len(c.line_file), low=-1), "a delivery has an unknown source line")
    targets = c.inputs[this.schedule]
    must(not (users[this.schedule] >= n).any(), "a delivery comes before its node")
    must(not (c.flags[targets] & LIVE == 0).any(), "a constant received gradient")
    must(bool(np.isin(targets, this.nodes).all() and this.root in this.nodes), "a pass forgot a node it reached")


def _expected(c: Columns, this: PassColumns, flows: NDArray[np.bool_]) -> int:
    """Deliveries of an ordinary pass: the live edges of the nodes it reached, all of which must lead to such nodes."""
    nodes = this.nodes.astype(np.int64)
    counts = c.offsets[nodes + 1] - c.offsets[nodes]
    edges = np.repeat(c.offsets[nodes] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
    targets = c.inputs[edges[flows[edges]]]
    reached = np.zeros(len(c.op), bool)
    reached[nodes] = True
    must(bool(reached[targets].all()), "a pass forgot a node it reached")
    return len(targets)


def _within(values: NDArray[np.integer], stop: int, low: int = 0) -> bool:
    return not values.size or bool(values.min() >= low and values.max() < stop)
