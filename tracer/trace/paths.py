"""Routes from the loss to a node: each a product of local gradients, and their sum is the gradient.

A large graph has more routes than atoms in a gram; the largest come one by one, and what all of them weigh is known
from a sweep over the graph. What has not been delivered by a moment is not known at that moment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from tracer.core.rerun import Number
from tracer.trace.flow import flow
from tracer.trace.kbest import Order
from tracer.trace.segment import Pass
from tracer.trace.sweep import Sweep, sweep_of

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

ALL = 1_000
"""Routes up to which all are given where only the largest few were asked for."""
MOST_STEPS = 500_000
"""Steps at most of all routes that are listed, where a single one has a hundred thousand."""
Rule = Literal["sum", "hand", "assign", "hook"]
"""Why the routes add up to what the node holds, or need not: the pass was delivered by hand in an order of its own, by
hand with `=` instead of `+=`, or a hook replaced a gradient on the way."""


@dataclass(frozen=True)
class Path:
    """One route, or several that end alike: what they deliver to the node together."""

    edges: tuple[int, ...]
    """From the loss side to the node."""
    nodes: tuple[int, ...]
    """One more than edges: from the root (of several routes: from where they have come together) to the node."""
    locals: tuple[float | None, ...]
    """The local gradient along each edge; None where it is not known yet, or where it is no single number."""
    product: Number | None
    """Their product, times what the root starts from: a float, or an array in the shape of the node. None until its
    last part has been delivered."""
    size: float
    """log10 |product|, also where the product itself is too large or too small for a float; of arrays, of its norm."""
    count: int = 1
    """How many routes it stands for."""

    @property
    def arrived(self) -> bool:
        return self.product is not None


@dataclass(frozen=True)
class Paths:
    """The routes to one node in one pass, as far as they are known at a moment."""

    node: int
    pass_index: int
    root: int
    count: int
    """How many routes there are in all."""
    arrived: int
    """How many have delivered."""
    paths: tuple[Path, ...]
    """The largest that have arrived, then, while there are few, those to come in the order of their arrival."""
    gradient: Number | None
    """What the node received in this pass so far; None before the first contribution."""
    held: Number | None
    """What it held when the pass began, where it adds to that."""
    mass: float | None
    """The sum of |product| over all routes that arrived; of arrays, of the norms of those listed."""
    rule: Rule
    tensor: bool = False
    """Whether what was handed on are arrays."""
    element: int | None = None
    """Of a tensor: which element all numbers are about, an index into the flattened tensor; None for all of it."""

    @property
    def arrays(self) -> bool:
        """Whether the products are arrays."""
        return self.tensor and self.element is None

    @property
    def total(self) -> Number | None:
        """The sum of the products listed."""
        known = [path.product for path in self.paths if path.product is not None]
        if not known:
            return None
        return sum(known[1:], start=known[0]) if self.arrays else math.fsum(known) if _finite(known) else sum(known)

    @property
    def listed(self) -> int:
        """How many routes that arrived the list accounts for."""
        return sum(path.count for path in self.paths if path.arrived)

    @property
    def explained(self) -> float | None:
        """The share of `mass` that the list accounts for, 0..1; None where there is none to share."""
        if self.mass is None or not math.isfinite(self.mass) or self.mass == 0:
            return None
        if self.tensor or self.listed == self.arrived:
            return 1.0
        return min(1.0, math.fsum(abs(p.product) for p in self.paths if p.product is not None) / self.mass)

    def share(self, path: Path) -> float | None:
        """How much of the gradient so far a route brought: they add up to 1; one that pulls the other way is negative.

        Of arrays: how much of it along the gradient, <product, gradient> / <gradient, gradient>.
        """
        if path.product is None or self.gradient is None:
            return None
        ours, whole = np.asarray(path.product, np.float64), np.asarray(self.gradient, np.float64)
        with np.errstate(all="ignore"):
            square = float((whole * whole).sum())
            found = float((ours * whole).sum()) / square if square else math.nan
        return found if math.isfinite(found) else None


def pass_for(trace: Trace, node: int, position: int) -> Pass | None:
    """The pass whose routes to a node are asked for: the last begun that reaches it, else the first that will."""
    reaching = [p for p in trace.passes if p.reached(node) or p.root == node]
    begun = [p for p in reaching if p.start < position]
    return begun[-1] if begun else reaching[0] if reaching else None


def count_paths(trace: Trace, node: int, pass_index: int = 0) -> int:
    """How many routes lead from the root of a pass to a node; exact, however many."""
    return sweep_of(trace, pass_index).count(node)


def sum_over_paths(trace: Trace, node: int, pass_index: int = 0) -> float:
    """The sum of the products over all routes of a pass: the gradient. NaN between tensors."""
    seed = _seed(trace.passes[pass_index])
    return float(sweep_of(trace, pass_index).sum_down[node]) * seed


def mass_of_paths(trace: Trace, node: int, pass_index: int = 0) -> float:
    """The sum of the |products|. NaN between tensors."""
    return float(sweep_of(trace, pass_index).mass_down[node]) * abs(_seed(trace.passes[pass_index]))


def top_paths(
    trace: Trace,
    node: int,
    k: int = 10,
    position: int | None = None,
    pass_index: int | None = None,
    element: int | None = None,
) -> Paths | None:
    """The largest routes to a node, by |product|; all of them where there are few.

    Args:
        k: how many at most, of a graph that has more than `ALL`.
        position: the moment; the end if None.
        pass_index: as in `trace.passes`; see `pass_for` if None.
        element: of a tensor, an index into the flattened tensor: what comes to this element.

    Returns:
        None where no pass brings gradient to the node.
    """
    at = len(trace) if position is None else position
    this = pass_for(trace, node, at) if pass_index is None else trace.passes[pass_index]
    if this is None:
        return None
    done = this.delivered_by(at)
    sweep = sweep_of(trace, this.index)
    if sweep.count(node) == 0:
        return None
    if not _numbers_all_the_way(sweep, node):
        from tracer.trace.array_paths import array_paths, at_element

        found_arrays = array_paths(trace, sweep, this, node, k, at)
        return found_arrays if element is None else at_element(found_arrays, element)
    so_far = sweep if not this.by_hand or at >= this.stop else Sweep(trace, this.index, done)
    count = sweep.count(node)
    rows = so_far.rows_to(node)
    rows = rows[so_far.first[rows] < done]
    begun = this.start < at
    arrived = sum(so_far.counts(so_far.users[rows].tolist())) if node != this.root else int(begun)
    most = count if count <= ALL else k
    order = _order(trace, this.index) if so_far is sweep else Order(so_far)
    seed = _seed(this)
    every = len(rows) == len(so_far.rows_to(node))
    found: list[Path] = []
    if arrived:
        largest = _in_all(islice(order.routes(node, None if every else rows), most))
        found = sorted((_path(so_far, this, node, route, seed) for route in largest), key=lambda path: -path.size)
    if arrived < count and len(found) < most:
        known = {path.edges for path in found}
        coming = (route for route in _in_time(sweep, node) if tuple(sweep.edges[list(route)].tolist()) not in known)
        found += [_to_come(sweep, this, node, route, done) for route in _in_all(islice(coming, most - len(found)))]
    with np.errstate(all="ignore"):
        mass = float((so_far.size[rows] * so_far.mass_down[so_far.users[rows]]).sum()) * abs(seed)
    if node == this.root:
        mass = abs(seed) if begun else 0.0
    held = trace.cursor(at).held(node, this)
    return Paths(
        node,
        this.index,
        this.root,
        count,
        arrived,
        tuple(found),
        _received(trace, this, node, at, held),
        held,
        mass if arrived else None,
        rule_of(this),
    )


def _in_all(routes: Iterable[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """The first of these routes: as many as have no more than `MOST_STEPS` steps together, but one in any case."""
    steps = 0
    for route in routes:
        if steps and steps + len(route) > MOST_STEPS:
            return
        steps += len(route)
        yield route


def rule_of(this: Pass) -> Rule:
    """Whether the routes of a pass add up to what its nodes hold."""
    if this.by_hand:
        return "assign" if this.combine == "assign" else "hand"
    return "hook" if this.columns.hooked else "sum"


def _order(trace: Trace, pass_index: int) -> Order:
    key = ("routes in order", pass_index)
    found: Order | None = trace.kept.get(key)
    if found is None:
        found = trace.kept[key] = Order(sweep_of(trace, pass_index))
    return found


def _seed(this: Pass) -> float:
    """What the root's gradient starts from, where it is one number."""
    seed = np.asarray(this.seed)
    return float(seed.reshape(-1)[0]) if seed.size == 1 else math.nan


def _numbers_all_the_way(sweep: Sweep, node: int) -> bool:
    """Whether every local gradient on every route to a node is one number."""
    if sweep.numeric.all():
        return True
    start = np.zeros(sweep.n_nodes)
    start[node] = 1.0
    leads = sweep.up(np.ones(len(sweep.edges)), start) > 0
    return bool(sweep.numeric[leads[sweep.targets]].all())


def _received(trace: Trace, this: Pass, node: int, position: int, held: Number | None) -> float | None:
    """What arrived at a plain node in a pass by a moment, without what it held before."""
    if position <= this.start:
        return None
    if this.by_hand:  # its order is its own, and so is what it leaves
        left = trace.cursor(position).grad(node)
        return None if left is None else float(np.asarray(left).reshape(-1)[0])
    deliveries = this.deliveries_to(node)
    done = deliveries[deliveries < this.delivered_by(position)]
    if node == this.root:
        return _seed(this)
    if not len(done):
        return None
    if len(done) == len(deliveries) and held is None:
        return float(np.asarray(this.recorded_grad(node)).reshape(-1)[0])
    handed = flow(trace, this.index)
    total = 0.0  # in their order, as the engine adds them
    for delivery in done.tolist():
        one = handed.contribution[delivery]
        if handed.tensor[delivery]:
            one = np.asarray(trace.contribution(this.index, delivery)[2]).reshape(-1)[0]
        total += float(one)
    return total


def _path(sweep: Sweep, this: Pass, node: int, rows: tuple[int, ...], seed: float) -> Path:
    """A route that has arrived."""
    at = list(rows)
    locals_ = tuple(sweep.local[at].tolist())
    product, size = seed, _log10(seed)
    for factor in locals_:
        product *= factor
        size += _log10(factor)
    nodes = (*sweep.users[at].tolist(), node)
    return Path(tuple(sweep.edges[at].tolist()), nodes, locals_, product, math.inf if math.isnan(size) else size)


def _to_come(sweep: Sweep, this: Pass, node: int, rows: tuple[int, ...], done: int) -> Path:
    """A route whose last part has not been delivered: the factors that have been found so far, and no product."""
    at = list(rows)
    first, locals_ = sweep.first[at].tolist(), sweep.local[at].tolist()
    known = tuple(local if when < done else None for local, when in zip(locals_, first, strict=True))
    return Path(tuple(sweep.edges[at].tolist()), (*sweep.users[at].tolist(), node), known, None, math.nan)


def _in_time(sweep: Sweep, node: int) -> Iterator[tuple[int, ...]]:
    """Routes in the order in which their last parts arrive; no sizes are looked at."""
    stack: list[tuple[int, _Link | None]] = [(node, None)]
    while stack:
        at, link = stack.pop()
        if at == sweep.root:
            rows = []
            while link is not None:
                rows.append(link.row)
                link = link.below
            yield tuple(rows)
            continue
        stack += [(int(sweep.users[row]), _Link(row, link)) for row in reversed(sweep.rows_to(at).tolist())]


class _Link(NamedTuple):
    """A row, and the rows below it: routes of a hundred thousand steps are not copied step by step."""

    row: int
    below: _Link | None


def _log10(value: float) -> float:
    if math.isnan(value) or math.isinf(value):
        return math.inf
    return math.log10(abs(value)) if value else -math.inf


def _finite(values: list[float]) -> bool:
    return all(map(math.isfinite, values))
