"""The first fact on which two traces disagree. See `tracer.trace.lockstep` for what is compared with what."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.rerun import Number
from tracer.trace.flow import flow
from tracer.trace.lockstep import Divergence, Fact, Lockstep, Phase
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

Seen = tuple[int | None, int | None, Number | None]
"""(node, position, number) on one side; of a tensor, the array."""
NOWHERE: Seen = (None, None, None)

REL_TOL = 1e-12
"""The same sum added up in another order differs by less."""


def first_divergence(both: Lockstep) -> Divergence | None:
    """The first difference in time, or None. Later phases are not looked at once one differs."""
    for a, b in both.phases:
        found = list(_in_phase(both, a, b))
        if found:
            return min(found, key=lambda one: one.index)
    return None


def _in_phase(both: Lockstep, a: Phase | None, b: Phase | None) -> Iterator[Divergence]:
    if "mark" in (phase.kind for phase in (a, b) if phase is not None):
        return  # what a program hangs on its nodes is talk, not a number
    if a is None or b is None:
        yield _one_sided(both, a, b)
    elif a.kind == "forward":
        yield from _forward(both, a, b)
    elif a.kind == "backward":
        yield from _backward(both, both.left.passes[a.first], both.right.passes[b.first])
    else:
        yield from _events(both, a, b)


def _make(
    both: Lockstep, fact: Fact, left: Seen, right: Seen, users: tuple[int | None, int | None] = (None, None)
) -> Divergence:
    indices = []
    if left[1] is not None:
        indices.append(both.index_at(0, left[1]))
    if right[1] is not None:
        indices.append(both.index_at(1, right[1]))
    nodes, positions, numbers = (left[0], right[0]), (left[1], right[1]), (left[2], right[2])
    return Divergence(fact, nodes, positions, numbers, users, min(indices))


def _one_sided(both: Lockstep, a: Phase | None, b: Phase | None) -> Divergence:
    """A phase that only one of them has: its first event is the difference."""
    trace, phase = (both.left, a) if a is not None else (both.right, b)
    assert phase is not None, "a pair of phases has at least one"
    moment = trace.cursor(phase.start + 1).moment
    here = (moment.node, phase.start + 1, moment.after)
    return _make(both, "event", here, NOWHERE) if a is not None else _make(both, "event", NOWHERE, here)


# Forward


def _forward(both: Lockstep, a: Phase, b: Phase) -> Iterator[Divergence]:
    """The first node that is made of something else, or comes out as another number."""
    left, right = both.left, both.right
    n = min(a.last - a.first, b.last - b.first)
    at = 0  # where an earlier phase made more nodes in one of them; that has been reported there
    if a.first == b.first:
        differs = _made_differently(left, right, a.first, n)
        if differs is None and a.last == b.last:
            return
        at = n if differs is None else differs
    sides = [
        (phase.first + at, trace.made_at(phase.first + at), trace.value(phase.first + at))
        if phase.first + at < phase.last
        else NOWHERE
        for trace, phase in ((left, a), (right, b))
    ]
    same = at < n and _structure(left, a.first + at) == _structure(right, b.first + at)
    yield _make(both, "value" if same else "node", sides[0], sides[1])


def _made_differently(left: Trace, right: Trace, first: int, n: int) -> int | None:
    """The first of `n` nodes whose op, inputs or value differ."""
    a, b = left.columns, right.columns
    rows = slice(first, first + n)
    bad = ~_same_numbers(a.value[rows], b.value[rows])
    tensors = np.flatnonzero([(c.slot[rows] >= 0) if len(c.slot) else np.zeros(n, bool) for c in (a, b)])
    for node in sorted({first + int(i) % n for i in tensors}):
        bad[node - first] |= not _same(left.value(node), right.value(node))
    bad |= np.array(["", *a.op_names])[a.op[rows]] != np.array(["", *b.op_names])[b.op[rows]]
    sizes = np.diff(a.offsets[first : first + n + 1]), np.diff(b.offsets[first : first + n + 1])
    bad |= sizes[0] != sizes[1]
    found = int(np.argmax(bad)) if bad.any() else n
    # up to there both have equally many inputs, so their edges stand beside each other
    low, high = int(a.offsets[first]), int(a.offsets[first + found])
    shift = int(b.offsets[first]) - low
    other = np.flatnonzero(a.inputs[low:high] != b.inputs[low + shift : high + shift])
    if len(other):
        found = int(np.searchsorted(a.offsets[first : first + n + 1], low + int(other[0]), side="right")) - 1
    return found if found < n else None


def _structure(trace: Trace, node: int) -> tuple[object, ...]:
    op = trace.op(node)
    return (op.name if op else trace.kind(node), trace.inputs(node))


def _same(a: Number | None, b: Number | None) -> bool:
    """Whether two numbers or arrays are the same; nan counts as nan."""
    if a is None or b is None:
        return a is b
    one, other = np.asarray(a), np.asarray(b)
    return one.shape == other.shape and bool(_same_numbers(one, other).all())


def _same_numbers(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    same: NDArray[Any] = (a == b) | ((a != a) & (b != b))
    return same


# Backward


def _backward(both: Lockstep, a: Pass, b: Pass) -> Iterator[Divergence]:
    """Edges are compared with themselves: the kth delivery of an edge here with its kth delivery there."""
    if not a.by_hand and not b.by_hand and _same_pass(a, b):
        return
    if a.root != b.root:
        seeds = [(this.root, this.start + 1, this.seed) for this in (a, b)]
        yield _make(both, "event", seeds[0], seeds[1])
        return
    if not a.by_hand and not b.by_hand and np.array_equal(a.edges, b.edges):
        yield from _same_order(both, a, b)
        return
    left, right = _deliveries(a), _deliveries(b)
    for edge in sorted(left.keys() | right.keys()):
        ours, theirs = left.get(edge, []), right.get(edge, [])
        for k in range(max(len(ours), len(theirs))):
            found = _compare(both, a, b, ours[k : k + 1], theirs[k : k + 1])
            if found is not None:
                yield found
                break
    yield from _held(both, a, b, np.intersect1d(a.targets, b.targets))


def _same_order(both: Lockstep, a: Pass, b: Pass) -> Iterator[Divergence]:
    """The same edges in the same order: the first delivery that carries something else, or that finds something else.

    A sum can differ although all that came was the same only where leaves held something else before.
    """
    flows = flow(both.left, a.index), flow(both.right, b.index)
    ours, theirs = (one.contribution for one in flows)
    with np.errstate(all="ignore"):
        close = np.abs(ours - theirs) <= REL_TOL * np.maximum(np.abs(ours), np.abs(theirs))
    tensor = flows[0].tensor | flows[1].tensor
    differ = ~(close & np.isfinite(ours) | _same_numbers(ours, theirs)) & ~tensor
    first = int(np.argmax(differ)) if differ.any() else len(differ)
    for delivery in [*np.flatnonzero(tensor[:first]).tolist(), *([first] if first < len(differ) else [])]:
        found = _compare(both, a, b, [delivery], [delivery])
        if found is not None:
            yield found
            break
    starts = both.left.cursor(a.start), both.right.cursor(b.start)
    leaves = [node for node in np.unique(a.targets).tolist() if both.left.accumulates(node)]
    kept = [leaf for leaf in leaves if not _close(starts[0].held(leaf, a), starts[1].held(leaf, b))]
    yield from _held(both, a, b, np.array(kept, np.int64))


def _same_pass(a: Pass, b: Pass) -> bool:
    if not np.array_equal(a.columns.nodes, b.columns.nodes):
        return False
    if a.columns.slots is None and b.columns.slots is None:
        return bool(_same_numbers(a.columns.grads, b.columns.grads).all())
    return all(_same(a.recorded_grad(node), b.recorded_grad(node)) for node in a.columns.nodes.tolist())


def _deliveries(this: Pass) -> dict[int, list[int]]:
    """Edge -> its deliveries, in time order."""
    found: dict[int, list[int]] = defaultdict(list)
    for delivery, edge in enumerate(this.edges.tolist()):
        found[edge].append(delivery)
    return found


def _compare(both: Lockstep, a: Pass, b: Pass, ours: list[int], theirs: list[int]) -> Divergence | None:
    """One delivery of one edge on each side; an empty list where it does not happen."""
    sides: list[Seen] = []
    users: list[int | None] = []
    for trace, this, found in ((both.left, a, ours), (both.right, b, theirs)):
        if found:
            number = trace.contribution(this.index, found[0])[2]
            sides.append((int(this.targets[found[0]]), this.position_of(found[0]), number))
            users.append(int(this.users[found[0]]))
        else:
            sides.append(NOWHERE)
            users.append(None)
    if ours and theirs and _close(sides[0][2], sides[1][2]):
        return None
    return _make(both, "contribution" if ours and theirs else "delivery", sides[0], sides[1], (users[0], users[1]))


def _held(both: Lockstep, a: Pass, b: Pass, nodes: NDArray[np.int64]) -> Iterator[Divergence]:
    """Nodes that hold something else after the same edges have delivered: `=` where `+=` was due."""
    for node in nodes.tolist():
        ours, theirs = a.deliveries_to(node).tolist(), b.deliveries_to(node).tolist()
        for k in range(1, min(len(ours), len(theirs)) + 1):
            if sorted(a.edges[ours[:k]].tolist()) != sorted(b.edges[theirs[:k]].tolist()):
                continue
            places = a.position_of(ours[k - 1]), b.position_of(theirs[k - 1])
            held = both.left.cursor(places[0]).grad(node), both.right.cursor(places[1]).grad(node)
            if not _close(*held):
                users = int(a.users[ours[k - 1]]), int(b.users[theirs[k - 1]])
                yield _make(both, "gradient", (node, places[0], held[0]), (node, places[1], held[1]), users)
                break


def _close(a: Number | None, b: Number | None) -> bool:
    if a is None or b is None:
        return a is b
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return _close_arrays(np.asarray(a), np.asarray(b))
    return math.isclose(a, b, rel_tol=REL_TOL) or (math.isnan(a) and math.isnan(b))


def _close_arrays(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether two arrays are the same, but for the order in which sums were added up."""
    if a.shape != b.shape:
        return False
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return _same(a, b)
    part = max(REL_TOL, 16 * float(max(np.finfo(a.dtype).eps, np.finfo(b.dtype).eps)))
    with np.errstate(all="ignore"):
        size = np.abs(a[np.isfinite(a)]).max(initial=0)
        same = _same_numbers(a, b) | (np.abs(a - b) <= part * size)
    return bool(same.all())


# Writes and updates


def _events(both: Lockstep, a: Phase, b: Phase) -> Iterator[Divergence]:
    """The first write or update that hits another node, or leaves another number."""
    for k in range(max(a.last - a.first, b.last - b.first)):
        ours, theirs = _event(both.left, a, k), _event(both.right, b, k)
        if ours[0] != theirs[0] or not _close(ours[2], theirs[2]):
            yield _make(both, "event", ours, theirs)
            return


def _event(trace: Trace, phase: Phase, k: int) -> Seen:
    """The kth write or update of a phase."""
    row = phase.first + k
    if row >= phase.last:
        return NOWHERE
    table = trace.table(phase.kind)
    segment = next(s for s in trace.segments if s.kind == phase.kind and s.first <= row < s.first + len(s))
    number = trace.written(phase.kind, row)
    return int(table.node[row]), segment.start + row - segment.first + 1, number
