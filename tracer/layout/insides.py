"""What unfolded nodes opened into, as far as it is drawn: the frames around the scalars of a tensor."""

from __future__ import annotations

from typing import NamedTuple

from tracer.layout.graph import Graph
from tracer.trace.trace import Trace


class Inside(NamedTuple):
    """What an unfolded node opened into, as far as it is drawn."""

    number: int
    """Which of the trace's unfoldings."""
    out: int
    """The node that stands where the unfolded one stood."""
    nodes: frozenset[int]
    title: str
    """`p = softmax(z, dim=1)`; of some elements alone `z[0, 1]`."""


def insides(trace: Trace, graph: Graph[int]) -> tuple[Inside, ...]:
    """The unfolded nodes of a drawn graph, in the order in which they were unfolded."""
    found: list[Inside] = []
    for number, span in enumerate(trace.unfolded):
        nodes = frozenset(node for node in graph if node in span)
        given = {node for node in nodes if any(user not in nodes for user in graph.successors(node))}
        if nodes and given <= {span[-1]}:  # a file may say anything
            found.append(Inside(number, span[-1], nodes, _opened(trace, number, span[-1])))
    return tuple(found)


def _opened(trace: Trace, number: int, out: int) -> str:
    from tracer.trace.choices import name_of  # only where something is unfolded

    op, formulas = trace.op(out), trace.unfolded_formulas
    again = any(span[-1] == out for span in trace.unfolded[number + 1 :])  # its last op was unfolded in its turn
    if op is not None and op.name == "place" and not again:
        return name_of(trace, out, tuple(trace.static(out)["places"]))
    formula = formulas[number] if number < len(formulas) else ""
    return f"{trace.label(out)} = {formula}" if formula else trace.label(out)
