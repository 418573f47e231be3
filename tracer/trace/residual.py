"""How much of a gradient came by the residual route: past each x + f(x), and past all of them.

A residual add is found by its shape, not by a name: an addition one of whose inputs, x, also leads to the other, f(x),
by way of at least two ops. Gradient goes from it to x along the identity edge, and to f along the branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tracer.trace.flow import Floats, Ints
from tracer.trace.sweep import Sweep, sweep_of

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

BATCH = 256
"""Additions looked at together."""
WORK = 20_000_000
"""Edges looked at, at most, to tell which additions are residual."""


@dataclass(frozen=True)
class Part:
    """What came along some edges: a signed sum of products, and the sum of their sizes."""

    gradient: float
    mass: float


@dataclass(frozen=True)
class Stage:
    """Residual adds of which no route passes two: one layer's, at all positions and places."""

    adds: tuple[int, ...]
    identity: Part
    branch: Part

    @property
    def passed(self) -> float:
        """The mass of the routes that pass any of them."""
        return self.identity.mass + self.branch.mass


@dataclass(frozen=True)
class Residual:
    """How gradient came to one node past the residual adds above it."""

    stages: tuple[Stage, ...]
    """From the loss down; only those that routes to the node pass."""
    highway: Part
    """The routes that leave the identity edges as seldom as any: never, or only into the branch that the node is in."""
    branches: int
    """How many branches those pass."""
    whole: Part
    """All routes."""


@dataclass(frozen=True)
class Adds:
    """The residual adds of a pass."""

    nodes: Ints
    """(r,)"""
    identity: Ints
    """(r,) the row, in the sweep, of x."""
    branch: Ints
    """(r,) the row of f(x)."""
    stage: Ints
    """(r,) how many residual adds a route from the root has passed at most, this one included, from 1."""


def residual_adds(trace: Trace, pass_index: int) -> Adds:
    """All x + f(x) that a pass went through. Looked for once a trace."""
    key = ("residual adds", pass_index)
    found: Adds | None = trace.kept.get(key)
    if found is None:
        found = trace.kept[key] = _find(trace, sweep_of(trace, pass_index))
    return found


def residual_share(trace: Trace, node: int, pass_index: int) -> Residual | None:
    """How much of a node's gradient came by the residual route; None where no route to it passes a residual add.

    Every number is an exact sum over all routes. Plain numbers only; of tensors see `array_residual`.
    """
    adds, sweep = residual_adds(trace, pass_index), sweep_of(trace, pass_index)
    if not len(adds.nodes):
        return None
    start = np.zeros(trace.n_nodes)
    start[node] = 1.0
    onward, weight = sweep.up(sweep.local, start), sweep.up(sweep.size, start)
    stages = []
    with np.errstate(all="ignore"):
        for stage in range(1, int(adds.stage.max()) + 1):
            here = adds.stage == stage
            parts = [_along(sweep, rows[here], onward, weight) for rows in (adds.identity, adds.branch)]
            on_the_way = weight[adds.nodes[here]] > 0
            if on_the_way.any():
                stages.append(Stage(tuple(adds.nodes[here][on_the_way].tolist()), *parts))
    if not stages:
        return None
    least, gradient, mass = _highway(trace, pass_index)
    return Residual(
        tuple(stages),
        Part(float(gradient[node]), float(mass[node])),
        int(least[node]),
        Part(float(sweep.sum_down[node]), float(sweep.mass_down[node])),
    )


def _along(sweep: Sweep, rows: Ints, onward: Floats, weight: Floats) -> Part:
    """All routes that pass one of these rows; no route passes two."""
    users, targets = sweep.users[rows], sweep.targets[rows]
    gradient = (sweep.sum_down[users] * sweep.local[rows] * onward[targets]).sum()
    mass = (sweep.mass_down[users] * sweep.size[rows] * weight[targets]).sum()
    return Part(float(gradient), float(mass))


def _highway(trace: Trace, pass_index: int) -> tuple[Floats, Floats, Floats]:
    """(n,) three times: the fewest branches on a route to each node, and what the routes with so few bring."""
    key = ("residual highway", pass_index)
    found: tuple[Floats, Floats, Floats] | None = trace.kept.get(key)
    if found is None:
        sweep, adds = sweep_of(trace, pass_index), residual_adds(trace, pass_index)
        branch = np.zeros(len(sweep.edges))
        branch[adds.branch] = 1.0
        least = -sweep.best(-branch)
        fewest = fewest_rows(sweep, branch, least)
        found = least, sweep.down(sweep.local * fewest), sweep.down(sweep.size * fewest)
        trace.kept[key] = found
    return found


def fewest_rows(sweep: Sweep, branch: Floats, least: Floats) -> NDArray[np.bool_]:
    """(D,) the rows on which a route may go on without more branches than need be."""
    with np.errstate(invalid="ignore"):  # inf - inf, where nothing comes
        return np.asarray(least[sweep.users] + branch == least[sweep.targets])


# Finding them


def _find(trace: Trace, sweep: Sweep) -> Adds:
    identity, branch = _pairs(trace, sweep)
    wanted = _leads_far(sweep, sweep.targets[identity], sweep.targets[branch])
    identity, branch = identity[wanted], branch[wanted]
    nodes = sweep.users[identity]
    passes_one = np.zeros(len(sweep.edges))
    is_add = np.zeros(trace.n_nodes, bool)
    is_add[nodes] = True
    passes_one[is_add[sweep.users]] = 1.0
    stage = sweep.best(passes_one)[nodes] + 1 if len(nodes) else np.zeros(0)
    return Adds(nodes, identity, branch, stage.astype(np.int64))


def _pairs(trace: Trace, sweep: Sweep) -> tuple[Ints, Ints]:
    """Rows (x, f) of additions whose older input x is used elsewhere too."""
    names = trace.columns.op_names
    code = names.index("add") + 1 if "add" in names else -1
    adds = np.flatnonzero(trace.columns.op[sweep.users] == code) if code > 0 else np.zeros(0, np.int64)
    both = adds[:-1][sweep.users[adds[:-1]] == sweep.users[adds[1:]]]  # two rows of one user stand side by side
    left, right = both, both + 1
    older = np.where(sweep.targets[left] < sweep.targets[right], left, right)
    newer = left + right - older
    uses = np.bincount(sweep.targets, minlength=trace.n_nodes)
    may = (sweep.targets[older] != sweep.targets[newer]) & (uses[sweep.targets[older]] > 1)
    return older[may], newer[may]


def _leads_far(sweep: Sweep, sources: Ints, ends: Ints) -> NDArray[np.bool_]:
    """(c,) whether each source leads to its end by way of at least two ops."""
    found = np.zeros(len(sources), bool)
    order = np.argsort(sources, kind="stable")
    work = 0
    for at in range(0, len(order), BATCH):
        some = order[at : at + BATCH]
        low, high = int(sources[some].min()), int(ends[some].max())
        first, last = np.searchsorted(-sweep.users, [-high, -low])  # users stand in descending order
        work += int(last - first)
        if work > WORK:
            break
        users, targets = sweep.users[first:last][::-1], sweep.targets[first:last][::-1]
        between = targets >= low
        pairs = zip((sources[some] - low).tolist(), (ends[some] - low).tolist(), strict=True)
        found[some] = _reaching(high - low + 1, users[between] - low, targets[between] - low, list(pairs))
    return found


def _reaching(n: int, users: Ints, targets: Ints, pairs: list[tuple[int, int]]) -> list[bool]:
    """Whether the first of each pair leads to the second over another node.

    Args:
        n: nodes looked at; all ids count from the first of them.
        users, targets: the edges between them, users ascending.
    """
    own, seen, far = [0] * n, [0] * n, [0] * n  # a bit for each pair
    for bit, (source, _) in enumerate(pairs):
        own[source] |= 1 << bit
    for user, target in zip(users.tolist(), targets.tolist(), strict=True):
        come = seen[target]
        if come:
            far[user] |= come
            seen[user] |= come
        if own[target]:
            seen[user] |= own[target]
    return [bool(far[end] >> bit & 1) for bit, (_, end) in enumerate(pairs)]
