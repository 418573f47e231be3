"""A node with any number of inputs, as a scene."""

from __future__ import annotations

from tracer.core.record import record
from tracer.core.value import Value
from tracer.scene.picture import Box, Scene, Wire
from tracer.scene.scene import Notation
from tracer.trace.trace import Trace


def fan(count: int, notation: Notation) -> tuple[Scene, Trace]:
    """`count` leaves and one node that uses each once. Where they stand in the large picture is left open."""
    with record() as rec:
        leaves = [Value(1.0) for _ in range(count)]
        leaves[0].exp()
    boxes = tuple(Box(node, 0, 0, 1, 1, "box", "", "", "") for node in range(count + 1))
    wires = tuple(Wire(edge, edge, count, ()) for edge in range(count))
    return Scene(notation, boxes, wires, 1, 1), rec.trace
