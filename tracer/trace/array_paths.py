"""Routes between tensors: what each delivers is an array, carried along that route alone by the ops' own rules.

A route's Jacobians are never written out. Where there are too many routes to carry each one, those that end alike stay
together: what comes along the last few edges is the whole gradient at their upper end, carried down. Either way the
arrays listed add up to the gradient.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tracer.core.rerun import Array, hand_back
from tracer.trace.paths import ALL, Path, Paths, rule_of
from tracer.trace.segment import Pass
from tracer.trace.sweep import Sweep

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

EACH = 64
"""Routes up to which every one is carried by itself."""
WORK = 2_000
"""Edges along which arrays are carried, at most; beyond, routes that end alike stay together."""


@dataclass(frozen=True)
class _Group:
    """All routes that end with the same edges."""

    rows: tuple[int, ...]
    """The edges they share, the last one leads to the node."""
    head: int
    """The node where they have come together."""
    count: int
    array: Array
    """What they deliver together."""


def carry(trace: Trace, edge: int, upstream: Array) -> Array:
    """What an edge hands on of an upstream gradient, in the shape of its input."""
    e = trace.edge(edge)
    op, args = trace.op(e.user), trace.args(e.user)
    assert op is not None, "an edge leads into an op's output"
    wanted = [slot == e.slot for slot in range(len(args))]
    out = np.asarray(trace.value(e.user))
    given = [a if isinstance(a, np.ndarray) else np.asarray(a) for a in args]
    handed = hand_back(op, wanted, upstream, out, given, trace.static(e.user), trace.kept_by(e.user))
    found = handed.contribution[e.slot]
    assert found is not None, "only edges with a rule deliver"
    return found


def array_paths(trace: Trace, sweep: Sweep, this: Pass, node: int, k: int, position: int) -> Paths:
    """See `tracer.trace.paths.top_paths`: the same where what is handed on are arrays."""
    done, begun = this.delivered_by(position), this.start < position
    count = sweep.count(node)
    rows = [row for row in sweep.rows_to(node).tolist() if int(sweep.first[row]) < done]
    groups = _spread(trace, sweep, this, rows, EACH if count <= EACH else k)
    found = [_path(sweep, node, group) for group in sorted(groups, key=lambda g: (-_norm(g.array), g.rows))]
    if node == this.root and begun:
        seed = np.asarray(this.seed)
        found = [Path((), (node,), (), seed, _log10(_norm(seed)))]
    if count <= ALL or not found:
        late = [row for row in sweep.rows_to(node).tolist() if int(sweep.first[row]) >= done]
        found += [
            Path((int(sweep.edges[row]),), (int(sweep.users[row]), node), (None,), None, math.nan,
                 sweep.count(int(sweep.users[row])))
            for row in late[: max(0, k - len(found))]
        ]  # fmt: skip
    arrived = sum(path.count for path in found if path.arrived)
    held = trace.cursor(position).held(node, this)
    deliveries = [int(d) for d in this.deliveries_to(node) if d < done]
    gradient = trace.total(this.index, node, deliveries) if deliveries else None
    if node == this.root and begun:
        gradient = np.asarray(this.seed)
    elif this.by_hand and gradient is not None:
        gradient = trace.cursor(position).grad(node)
    mass = math.fsum(_norm(path.product) for path in found if path.product is not None) if arrived else None
    return Paths(
        node, this.index, this.root, count, arrived, tuple(found), gradient, held, mass, rule_of(this), tensor=True
    )


def at_element(found: Paths, element: int) -> Paths:
    """What of it comes to one element, largest first."""

    def picked(array: Array | None) -> float | None:
        return None if array is None else float(np.asarray(array).reshape(-1)[element])

    paths = [replace(path, product=picked(path.product)) for path in found.paths]
    paths = [replace(p, size=math.nan if p.product is None else _log10(_norm(p.product))) for p in paths]
    paths.sort(key=lambda p: math.inf if p.product is None else -p.size)
    mass = math.fsum(abs(p.product) for p in paths if p.product is not None)
    return replace(
        found,
        paths=tuple(paths),
        gradient=picked(found.gradient),
        held=picked(found.held),
        mass=mass if found.arrived else None,
        element=element,
    )


def _spread(trace: Trace, sweep: Sweep, this: Pass, rows: Sequence[int], most: int) -> list[_Group]:
    """Take the largest group apart by where it comes from, again and again, until there are `most`."""
    heap: list[tuple[float, tuple[int, ...], _Group]] = []
    whole: list[_Group] = []
    work = 0

    def add(group: _Group) -> None:
        if group.head == sweep.root:
            whole.append(group)
        else:
            heapq.heappush(heap, (-_norm(group.array), group.rows, group))

    for row in rows:
        add(_upwards(sweep, _group(trace, sweep, this, (row,))))
    while heap and len(heap) + len(whole) < most and work < WORK:
        _, _, group = heapq.heappop(heap)
        for row in sweep.rows_to(group.head).tolist():
            work += 1 + len(group.rows)
            add(_upwards(sweep, _group(trace, sweep, this, (row, *group.rows))))
    return [*whole, *(group for _, _, group in heap)]


def _group(trace: Trace, sweep: Sweep, this: Pass, rows: tuple[int, ...]) -> _Group:
    """The routes that end with these edges: the gradient at their upper end, carried down."""
    head = int(sweep.users[rows[0]])
    array = np.asarray(this.recorded_grad(head) if head != this.root else this.seed)
    for row in rows:
        array = carry(trace, int(sweep.edges[row]), array)
    return _Group(rows, head, sweep.count(head), array)


def _upwards(sweep: Sweep, group: _Group) -> _Group:
    """The same routes, with all edges that they share: the array does not change by it."""
    rows, head = group.rows, group.head
    while head != sweep.root:
        above = sweep.rows_to(head)
        if len(above) != 1:
            break
        rows, head = (int(above[0]), *rows), int(sweep.users[above[0]])
    return _Group(rows, head, group.count, group.array)


def _path(sweep: Sweep, node: int, group: _Group) -> Path:
    at = list(group.rows)
    locals_ = tuple(
        local if numeric else None
        for local, numeric in zip(sweep.local[at].tolist(), sweep.numeric[at].tolist(), strict=True)
    )
    nodes = (*sweep.users[at].tolist(), node)
    return Path(tuple(sweep.edges[at].tolist()), nodes, locals_, group.array, _log10(_norm(group.array)), group.count)


def _norm(array: Array | float) -> float:
    """The Euclidean norm; infinite where an element is not finite, so that it is listed first."""
    with np.errstate(all="ignore"):
        found = float(np.sqrt((np.asarray(array, np.float64) ** 2).sum()))
    return found if math.isfinite(found) else math.inf


def _log10(value: float) -> float:
    return math.inf if math.isinf(value) else math.log10(value) if value > 0 else -math.inf
