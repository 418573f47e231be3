"""What can be found out about one tensor of a pass: its value, its gradient, and its slopes.

Stored numbers are held to arithmetic in their own dtype, step by step. Slopes are measured in float64, and compared
with the gradient that the same rules give in float64: float32 would drown them in rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.rerun import hand_back, run_again
from tracer.core.tensor_replay import TensorReplay
from tracer.explain.columns import AGREES, EPS, JUMP, STEP, own_error
from tracer.explain.edges import once
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

Array = NDArray[Any]

EACH = 32
"""Elements up to which each one is nudged alone."""
DIRECTIONS = 3
"""Random directions in which a larger tensor is moved as a whole."""
SEED = 20
ROUNDS = {"f8": 1e-12, "f4": 4e-6, "f2": 4e-3}
"""By dtype: the part of its size by which a number may differ when it is computed again, in another order perhaps."""
DRIFTS = {"f8": 1e-7, "f4": 2e-3, "f2": 5e-2}
"""By dtype: the part of its size by which a gradient may differ from the same rules in float64."""


def rounds(dtype: np.dtype[Any]) -> float:
    """What part of its size a number of this type may be off by; whole numbers are exact."""
    return ROUNDS.get(dtype.str[1:], 0.0)


def size(*arrays: Any) -> float:
    """The largest finite magnitude in some arrays, 0 where there is none."""
    found = 0.0
    for one in arrays:
        values = np.abs(np.asarray(one, np.float64))
        finite = values[np.isfinite(values)]
        found = max(found, float(finite.max())) if finite.size else found
    return found


def worst(a: Array, b: Array) -> tuple[float, int]:
    """The largest difference of two arrays of one shape, and the place of it; 0 where both are the same nan or
    infinity, infinite where only one of them is."""
    x, y = np.asarray(a, np.float64).reshape(-1), np.asarray(b, np.float64).reshape(-1)
    if not x.size:
        return 0.0, 0
    with np.errstate(all="ignore"):
        off = np.where((x == y) | (np.isnan(x) & np.isnan(y)), 0.0, np.abs(x - y))
    off = np.where(np.isnan(off), np.inf, off)
    place = int(np.argmax(off))
    return float(off[place]), place


class Compared(NamedTuple):
    """A stored array against the same computed again."""

    wrong: bool
    error: float
    """The largest difference of an element."""
    place: int
    """Where it is, in row-major order."""
    stored: float
    again: float
    """The two numbers there."""


def compared(stored: Array, again: Array, allowed: float) -> Compared:
    """Two arrays, element by element."""
    if stored.shape != again.shape:
        return Compared(True, np.inf, 0, np.nan, np.nan)
    error, place = worst(stored, again)
    both = [float(np.asarray(x, np.float64).reshape(-1)[place]) if x.size else 0.0 for x in (stored, again)]
    return Compared(error > allowed, error, place, both[0], both[1])


def value(trace: Trace, node: int) -> Compared | None:
    """A computed tensor against its op run again on its inputs; None for a leaf, which follows from nothing."""
    return once(trace, ("tensor value", node), lambda: _value(trace, node))


def _value(trace: Trace, node: int) -> Compared | None:
    op, stored = trace.op(node), trace.value(node)
    if op is None:
        return None
    args = trace.args(node)
    again, _ = run_again(op, args, trace.static(node), stored.dtype)
    # an elementwise op is exact to the last bit or two; a sum may cancel, and is as good as what went into it
    inputs = () if op.elementwise else [a for a in args if np.asarray(a).dtype.kind == "f"]
    found = compared(stored, again, rounds(stored.dtype) * size(stored, again, *inputs))
    if found.wrong and (largest := _on_the_way(trace, node)):
        return compared(stored, again, rounds(stored.dtype) * largest)
    return found


def _on_the_way(trace: Trace, node: int) -> float:
    """The largest number inside an unfolded node: its value was computed in one go, and rounded otherwise."""
    return max((_largest(trace, span) for span in trace.unfolded if span[-1] == node), default=0.0)


def _largest(trace: Trace, span: range) -> float:
    return once(trace, ("largest", span), lambda: size(*(trace.value(n) for n in span[:-1])))


class Gradient(NamedTuple):
    """A tensor's gradient in one pass."""

    recorded: Array
    """What the program had when the pass ended."""
    expected: Array
    """What the contributions make, with what a leaf held before."""
    alone: Array
    """What this pass brought."""
    against: Compared


def gradient(trace: Trace, this: Pass, node: int) -> Gradient:
    """The recorded gradient of a tensor against the sum of its contributions."""
    return once(trace, ("tensor gradient", this.index, node), lambda: _gradient(trace, this, node))


def _gradient(trace: Trace, this: Pass, node: int) -> Gradient:
    deliveries = this.deliveries_to(node).tolist()
    alone: Array = trace.total(this.index, node, deliveries) if deliveries else _start(trace, this, node)
    before = trace.cursor(this.start).held(node, this)
    with np.errstate(all="ignore"):
        expected = alone if before is None else np.asarray(before + alone)
    parts = [trace.contribution(this.index, one)[2] for one in deliveries[:64]]
    recorded = this.recorded_grad(node)
    sizes = [expected, *parts] if before is None else [expected, before, *parts]
    found = compared(recorded, expected, rounds(recorded.dtype) * size(*sizes))
    if found.wrong and (largest := _on_the_way_back(trace, this, node)):
        found = compared(recorded, expected, rounds(recorded.dtype) * max(size(*sizes), largest))
    return Gradient(recorded, expected, alone, found)


def _start(trace: Trace, this: Pass, node: int) -> Array:
    """What a node has to which nothing is delivered: the root its seed, another zeros.

    Unfolded, an op hands nothing to an input of which it used no element.
    """
    return np.asarray(this.seed) if node == this.root else np.zeros_like(this.recorded_grad(node))


def _on_the_way_back(trace: Trace, this: Pass, node: int) -> float:
    """The largest contribution inside those unfolded nodes that hand some to `node`, which lies outside of them."""
    if not trace.unfolded:
        return 0.0
    users = this.users[this.deliveries_to(node)]
    around = [s for s in trace.unfolded if node not in s and ((users >= s.start) & (users < s.stop)).any()]
    return max((_largest_back(trace, this, span) for span in around), default=0.0)


def _largest_back(trace: Trace, this: Pass, span: range) -> float:
    def found() -> float:
        inside = np.flatnonzero((this.users >= span.start) & (this.users < span.stop)).tolist()
        return size(*(trace.contribution(this.index, one)[2] for one in inside))

    return once(trace, ("largest back", this.index, span), found)


def replay_of(trace: Trace, this: Pass) -> TensorReplay:
    """The graph under the root of a pass; the last one asked for is kept."""
    kept: dict[int, TensorReplay] = once(trace, ("tensor replay",), dict)
    if this.root not in kept:
        made = TensorReplay(trace.columns, this.root)
        kept.clear()
        kept[this.root] = made
    return kept[this.root]


def rederived(trace: Trace, this: Pass) -> dict[int, Array]:
    """Node -> its gradient in this pass by the same rules in float64, without hooks."""
    return once(trace, ("tensor gradients", this.index), lambda: replay_of(trace, this).backward(this.seed))


def drift(trace: Trace, this: Pass, node: int) -> bool:
    """Whether what the pass brought differs from float64 by more than rounding explains."""
    found, again = gradient(trace, this, node).alone, rederived(trace, this).get(node)
    if again is None:
        return False
    largest = once(trace, ("tensor reach", this.index), lambda: size(*rederived(trace, this).values()))
    coarse = once(trace, ("coarsest", this.index), lambda: _coarsest(trace, this))
    floor = 1e3 * float(np.finfo(coarse).eps) * largest  # a small gradient may be what is left of large ones
    return worst(found, again)[0] > DRIFTS[coarse.str[1:]] * size(again) + floor


def _coarsest(trace: Trace, this: Pass) -> np.dtype[Any]:
    """The type of a pass that rounds most: what went through it is no better, whatever type it has now."""
    kinds = {this.recorded_grad(node).dtype for node in this.columns.nodes.tolist()}
    return max(kinds, key=lambda kind: DRIFTS[kind.str[1:]])


def chained(trace: Trace, this: Pass) -> dict[int, Array]:
    """Node -> its gradient in this pass by the rules from the stored values, in their dtypes, without hooks."""
    return once(trace, ("tensor chain", this.index), lambda: _chained(trace, this))


def _chained(trace: Trace, this: Pass) -> dict[int, Array]:
    grads: dict[int, Array] = {this.root: np.asarray(this.seed)}
    for user in reversed(this.columns.nodes.tolist()):
        op = trace.op(user)
        if op is None or trace.accumulates(user) or user not in grads:
            continue
        edges, args, static = trace.edges_in(user), trace.args(user), trace.static(user)
        wanted = [trace.delivers(edge) for edge in edges]
        parts = hand_back(op, wanted, grads[user], trace.value(user), args, static, trace.kept_by(user)).contribution
        for edge, part in zip(edges, parts, strict=True):
            if part is not None:
                source = int(trace.columns.inputs[edge])
                with np.errstate(all="ignore"):
                    grads[source] = part if source not in grads else np.asarray(grads[source] + part)
    return grads


class Slope(NamedTuple):
    """What nudging shows, along one direction."""

    place: int | None
    """The element that was nudged; None where all moved."""
    measured: float
    says: float
    """What the gradient says, along the same direction."""
    error: float
    """What the finite difference may be off by on its own account."""
    terms: float
    """How large the products are that `says` sums."""
    kinked: bool
    """Whether the slopes to both sides differ by a jump."""

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.measured) and np.isfinite(self.says))

    @property
    def wrong(self) -> bool:
        """Whether gradient and nudging contradict each other."""
        return self.finite and abs(self.measured - self.says) > self.error + AGREES * (self.terms + abs(self.measured))


def slopes(trace: Trace, this: Pass, node: int) -> Iterator[Slope]:
    """Nudge a tensor, each element of a small one, a large one along random directions, and watch the root."""
    replay, grads = replay_of(trace, this), rederived(trace, this)
    at = np.asarray(replay.forward()[node], np.float64)
    g = grads.get(node, np.zeros(at.shape))
    noise = once(trace, ("tensor noise", this.index), lambda: _noise(replay, grads))
    with np.errstate(all="ignore"):
        reach = np.maximum(np.where(np.isfinite(at), np.abs(at), 1.0), 1e-2)
    for place, direction in _directions(at.shape, reach):
        yield _slope(replay, np.asarray(this.seed, np.float64), node, place, direction, g, noise)


def _directions(shape: tuple[int, ...], reach: Array) -> Iterator[tuple[int | None, Array]]:
    if reach.size <= EACH:
        for place in range(reach.size):
            direction = np.zeros(reach.size)
            direction[place] = reach.reshape(-1)[place]
            yield place, direction.reshape(shape)
        return
    rng = np.random.default_rng(SEED)
    for _ in range(DIRECTIONS):
        yield None, rng.choice([-1.0, 1.0], shape) * reach


def _noise(replay: TensorReplay, grads: dict[int, Array]) -> float:
    """How uncertain the root is: every number is rounded once, and acts on the root by its gradient."""
    total = 0.0
    for node, g in grads.items():
        with np.errstate(all="ignore"):
            acts = np.asarray(replay.forward()[node], np.float64) * g
        total += float(np.sum(acts[np.isfinite(acts)] ** 2))
    return 4 * EPS * float(np.sqrt(total))


def _slope(
    replay: TensorReplay, seed: Array, node: int, place: int | None, direction: Array, g: Array, noise: float
) -> Slope:
    def root_at(t: float) -> float:
        with np.errstate(all="ignore"):
            made = replay.forward({node: t * direction} if t else None)[replay.root]
            return float(np.sum(np.asarray(made, np.float64) * seed))

    here = root_at(0.0)
    up, down, far_up, far_down = (root_at(t) for t in (STEP, -STEP, 2 * STEP, -2 * STEP))
    with np.errstate(all="ignore"):
        near, far = (up - down) / (2 * STEP), (far_up - far_down) / (4 * STEP)
        error = float(own_error(np.array(near), np.array(far), np.array(noise / STEP)))
        jump, far_jump = abs(up - 2 * here + down) / STEP, abs(far_up - 2 * here + far_down) / (2 * STEP)
        terms = g * direction
        scale = max(abs(up - here), abs(here - down)) / STEP
        # a bend halves with the step, a kink in the middle does not
        kinked = jump > max(JUMP * scale, 20 * noise / STEP) and far_jump < 1.5 * jump
        says, total = float(np.sum(terms)), float(np.sqrt(np.sum(terms**2)))
    return Slope(place, float(near), says, error, total, bool(kinked))


def kink(trace: Trace, this: Pass, node: int) -> int | None:
    """A node whose rule says something else when `node` is nudged by no more than a nudge; None where none does."""
    replay = replay_of(trace, this)
    base = replay.forward()
    with np.errstate(all="ignore"):
        reach = np.maximum(np.where(np.isfinite(base[node]), np.abs(base[node]), 1.0), 1e-2)
    rng = np.random.default_rng(SEED)
    ways: list[Array] = [STEP * reach, -STEP * reach, STEP * reach * rng.choice([-1.0, 1.0], reach.shape)]
    for bump in ways:
        bumps = {node: bump}
        values = replay.forward(bumps)
        moved = replay.descendants(bumps)
        among = set(moved)
        for user in moved:
            if not replay.computed(user) or user == node:
                continue
            args = replay.args(user, values, among, bumps)
            if jumps(replay, user, replay.args(user, base), args):
                return user
    return None


def gate(trace: Trace, this: Pass) -> int | None:
    """A node whose rule says one thing on the recorded numbers and another on those of float64."""
    replay = replay_of(trace, this)
    base = replay.forward()
    for user in replay.nodes:
        if replay.computed(user):
            recorded = [np.asarray(a, np.float64) if np.asarray(a).dtype.kind == "f" else a for a in trace.args(user)]
            if jumps(replay, user, replay.args(user, base), recorded):
                return user
    return None


def jumps(replay: TensorReplay, user: int, here: list[Any], there: list[Any]) -> bool:
    """Whether the rules of an op differ between two nearby places by more than a bend explains."""
    op = replay.op(user)
    if op.view:
        return False  # moving numbers has no kinks
    out, _ = replay.run(user, here)
    if out.dtype.kind != "f":
        return False
    ones = np.ones(out.shape)
    for a, b in zip(replay.handed(user, ones, here), replay.handed(user, ones, there), strict=True):
        if a is not None and b is not None:
            with np.errstate(all="ignore"):
                off, scale = np.abs(a - b), max(size(a), size(b))
            if off.size and bool((off > JUMP * max(scale, 1e-300)).any()):
                return True
    return False
