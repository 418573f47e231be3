"""What a moment in a trace means, in words and numbers.

Everything is a function of the cursor: an explanation says nothing that the walk has not reached.
"""

from __future__ import annotations

from typing import Any

from tracer.explain import backward, events, forward, tensor_backward, tensor_events
from tracer.explain.about import about
from tracer.explain.explanation import Explanation
from tracer.explain.teller import Teller
from tracer.trace.cursor import Cursor
from tracer.trace.segment import PARTS, By


def explain(
    cursor: Cursor, node: Any = None, *, by: By = "edge", digits: int = 4, element: int | None = None
) -> Explanation:
    """The step that led to this moment, or what is known of `node` at it.

    Args:
        cursor: the moment.
        node: a node id or name to explain instead of the step; None, and the node at work, give the step.
        by: the granularity the reader steps at. By part, each part of a contribution has its own sentence; by edge, the
            contribution is told as a whole; by node and coarser, all contributions of one node together.
        digits: significant digits of the numbers.
        element: which element of a tensor is told in full, an index into the flattened tensor; None leaves it open.
    """
    moment, teller = cursor.moment, Teller(cursor, by, digits, element)
    if node is not None:
        asked = cursor.trace.resolve(node)
        if asked not in (moment.node, moment.user):
            return about(teller, asked)
    if moment.kind == "start":
        return forward.start(teller)
    assert moment.node is not None, "every step happens to a node"
    if moment.kind == "forward":
        return forward.made(teller, moment.node)
    if moment.kind == "seed":
        return (tensor_backward.seed if teller.is_array(moment.node) else backward.seed)(teller, moment)
    if moment.kind == "edge":
        assert moment.user is not None, "somebody hands on"
        coarse = by not in ("part", "edge") and moment.part == PARTS
        if _needs_shapes(teller, moment.user):
            return (tensor_backward.node if coarse else tensor_backward.edge)(teller, moment)
        return (backward.node if coarse else backward.edge)(teller, moment)
    if moment.kind == "mark":
        return events.mark(teller, moment)
    tensor = teller.trace.is_tensor(moment.node)
    if moment.kind == "write":
        return (tensor_events.write if tensor else events.write)(teller, moment)
    return (tensor_events.update if tensor else events.update)(teller, moment)


def _needs_shapes(teller: Teller, user: int) -> bool:
    """Whether what `user` hands on is told as arrays: some input has axes, or its slope is no single number."""
    op = teller.trace.op(user)
    assert op is not None, "an op hands on"
    slots = range(len(teller.trace.inputs(user)))
    return teller.speaks_of_shapes(user) or not all(op.spec(slot).local for slot in slots)
