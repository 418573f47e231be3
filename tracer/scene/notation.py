"""How a node is written in each notation: a box with its formula, or the textbook's operator in a circle."""

from __future__ import annotations

from typing import Literal

from tracer.layout.fold import is_folded
from tracer.trace.trace import Trace

Notation = Literal["boxes", "textbook"]
NOTATIONS: tuple[Notation, ...] = ("boxes", "textbook")

Shape = Literal["box", "circle", "plain", "fold", "glyph"]


def shape(trace: Trace, node: int, notation: Notation) -> Shape:
    if notation == "boxes":
        return "box"
    return "plain" if trace.op(node) is None else "circle"


def title(trace: Trace, node: int, notation: Notation) -> str:
    """`x` for a leaf; `a = x + 2` in a box; `+ 2` in a circle, where the constant has no wire of its own."""
    op = trace.op(node)
    if op is None:
        return trace.label(node)
    if notation == "boxes":
        label, formula = trace.label(node), trace.formula(node)
        return label if formula == label else f"{label} = {formula}"  # an element is called what it is
    inputs = trace.inputs(node)
    if callable(op.show) or op.variadic or not any(is_folded(trace, source) for source in inputs):
        return op.label
    # the formula with blanks where wires arrive: `x + 2` is written `+ 2`
    names = {
        slot.name: trace.label(source) if is_folded(trace, source) else ""
        for slot, source in zip(op.inputs, inputs, strict=False)
    }
    return op.show.format(**trace.static(node), **names).strip()
