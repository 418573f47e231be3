"""The worst trouble of a whole trace, for a test suite: what is not finite, then huge, then dead, then tiny.

Single neurons that are dead are everyday life. Trouble is a *parameter* that is dead: all numbers of it. The scalars
`w[0]`, `w[1]`, ... of one name count as one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tracer.core.columns import CONST, ENDS, LIVE
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace
from tracer.trace.why import amounts, broken
from tracer.trace.why.answer import Place, Question, Why
from tracer.trace.why.ask import why
from tracer.trace.why.faults import meant
from tracer.trace.why.reader import Reader, standing_for


def worst(
    trace: Trace, position: int | None = None, *, huge: float = amounts.HUGE, tiny: float = amounts.TINY
) -> Why | None:
    """The answer about the worst that is known at a moment; None where nothing is wrong.

    Args:
        position: the moment; None is the end.
        huge, tiny: see `amounts`.
    """
    at = trace.cursor(len(trace) if position is None else position).position
    reader = Reader(trace, at)
    for node, question in _suspects(reader, huge, tiny):
        found = why(trace, node, at, question=question, huge=huge, tiny=tiny)
        idle = found.verdict == "unused" and not trace.is_tensor(node)  # every plain number takes gradient: data too
        if not found.fine and not idle:
            return found
    return None


def _suspects(reader: Reader, huge: float, tiny: float) -> Iterator[tuple[int, Question | None]]:
    trace = reader.trace
    bad = np.flatnonzero(~np.isfinite(trace.columns.value)).tolist()
    first = next((node for node in bad if reader.cursor.is_made(node) and not _harmless(reader, node)), None)
    if first is not None:
        yield first, "nan" if math.isnan(trace.columns.value[first]) else "inf"
    begun = [this for this in trace.passes if this.start < reader.position]
    for this in begun:
        nodes = this.columns.nodes[~np.isfinite(this.columns.grads)]
        known = (int(n) for n in nodes[::-1] if _spoilt(reader, int(n)))
        node = next(known, None)
        if node is not None:
            yield node, None
    yield from _updated(reader)
    if not begun or reader.position < begun[-1].stop:
        return  # what is missing may still come
    yield from _of_parameters(reader, begun[-1], huge, tiny)


def _updated(reader: Reader) -> Iterator[tuple[int, Question | None]]:
    """The first leaf that an update has left with numbers that are not finite."""
    updates = reader.trace.columns.updates
    for node in dict.fromkeys(updates.node[~np.isfinite(updates.value)].tolist()):
        value = reader.cursor.data(node)
        numbers = None if value is None else np.asarray(value).reshape(-1)
        if numbers is not None and numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
            yield node, "nan" if np.isnan(numbers).any() else "inf"
            return


def _harmless(reader: Reader, node: int) -> bool:
    """Whether a number is not finite because the program wants it so: the −inf of a mask."""
    trace = reader.trace
    if meant(reader, node):
        return True
    if not trace.is_tensor(node) or math.isnan(trace.columns.value[node]):
        return False
    element = standing_for(np.asarray(trace.value(node)).reshape(-1))
    return broken.written_down(reader, Place(node, element))


def _spoilt(reader: Reader, node: int) -> bool:
    grad = reader.grad(Place(node))
    return grad is not None and not math.isfinite(grad)


def _of_parameters(reader: Reader, this: Pass, huge: float, tiny: float) -> Iterator[tuple[int, Question | None]]:
    groups = _parameters(reader, this)
    sizes = {name: [_size(reader, node) for node in nodes] for name, nodes in groups.items()}
    largest = {name: max((s for s in some if s is not None), default=None) for name, some in sizes.items()}
    top = max((name for name in groups if largest[name] is not None), key=lambda n: largest[n] or 0.0, default=None)
    if top is not None and (largest[top] or 0.0) >= huge:
        yield groups[top][int(np.argmax([s or 0.0 for s in sizes[top]]))], "huge"
    for wanted in (None, 0.0):  # those that received none, those that received nothing
        for name, nodes in groups.items():
            if largest[name] == wanted:
                yield nodes[0], "none" if wanted is None else "zero"
    low = min((name for name in groups if largest[name]), key=lambda n: largest[n] or 0.0, default=None)
    if low is not None and (largest[low] or 0.0) <= tiny:
        yield groups[low][int(np.argmax([s or 0.0 for s in sizes[low]]))], "tiny"


def _parameters(reader: Reader, this: Pass) -> dict[str, list[int]]:
    """Leaves that take gradient and were made before the root, by name; those without one each by itself."""
    c = reader.trace.columns
    made = (c.op == 0) | (c.flags & ENDS > 0)  # w = (randn(3) * 0.1).requires_grad_() is a leaf, too
    leaves = np.flatnonzero(made & (c.flags & LIVE > 0) & (c.flags & CONST == 0))
    groups: dict[str, list[int]] = {}
    for node in leaves[leaves <= this.root].tolist():
        if 0 in reader.trace.shape(node):
            continue  # no elements, nothing to miss
        name = reader.trace.name(node)
        groups.setdefault(name.partition("[")[0] if name else f"v{node}", []).append(node)
    return groups


def _size(reader: Reader, node: int) -> float | None:
    """The largest |gradient| of the pass at a leaf, whatever was written later; None where there is none."""
    for this in reversed(reader.trace.passes):
        if this.start < reader.position and this.reached(node):
            grad = np.abs(np.asarray(this.recorded_grad(node), np.float64))
            return float(grad.max()) if grad.size else 0.0
    return None
