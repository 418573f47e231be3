"""What a moment in a trace means, in words and numbers.

Everything is a function of the cursor: an explanation says nothing that the walk has not reached.
"""

from __future__ import annotations

from typing import Any

from tracer.explain import backward, events, forward
from tracer.explain.about import about
from tracer.explain.explanation import Explanation
from tracer.explain.teller import Teller
from tracer.trace.cursor import Cursor
from tracer.trace.segment import PARTS, By


def explain(cursor: Cursor, node: Any = None, *, by: By = "edge", digits: int = 4) -> Explanation:
    """The step that led to this moment, or what is known of `node` at it.

    Args:
        cursor: the moment.
        node: a node id or name to explain instead of the step; None, and the node at work, give the step.
        by: the granularity the reader steps at. By part, each part of a contribution has its own sentence; by edge, the
            contribution is told as a whole; by node and coarser, all contributions of one node together.
        digits: significant digits of the numbers.
    """
    moment, teller = cursor.moment, Teller(cursor, by, digits)
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
        return backward.seed(teller, moment)
    if moment.kind == "edge":
        coarse = by not in ("part", "edge") and moment.part == PARTS
        return (backward.node if coarse else backward.edge)(teller, moment)
    return {"mark": events.mark, "write": events.write, "update": events.update}[moment.kind](teller, moment)
