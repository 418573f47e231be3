"""Which nodes of a trace are drawn: constants go into their user's box, and a large graph is seen through a window.

A person can read a few hundred boxes. Above the limit the window holds a stretch of nodes that were made one after
another, with their inputs and the first of their users. It depends only on which stretch the node of interest lies
in, so the picture keeps still while the walk stays inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tracer.core.columns import CONST
from tracer.text import Text
from tracer.trace.choices import name_of
from tracer.trace.trace import Trace

LIMIT = 300
"""Drawn nodes, unless the caller asks for more; 500 is the most a person can use."""
USERS = 2
"""So many users of each node a window shows, where they are not near anyway: a weight may have thousands."""

NOTE = 60
"""Cells that the words on what is left out may take: they stand in the border of a panel 64 columns wide."""


@dataclass(frozen=True)
class Drawn:
    """A part of a trace's graph that is to be drawn."""

    graph: nx.MultiDiGraph[int]
    """Nodes are node ids in creation order; edges point from input to user, and their keys are edge ids."""
    stretch: int
    """Which window this is; 0 where all is drawn."""
    left_out: Text | None
    """What the window does not show, in words; None when all is drawn."""


def folded(trace: Trace) -> NDArray[np.bool_]:
    """(n_nodes,) True for a constant with a single use: it is written in its user's formula, not drawn."""
    columns = trace.columns
    uses = np.bincount(columns.inputs, minlength=trace.n_nodes)
    constant = (columns.op == 0) & ((columns.flags & CONST) > 0)
    return np.asarray(constant & (uses == 1), np.bool_)


def is_folded(trace: Trace, node: int) -> bool:
    """Whether `node` is a constant that is written in its user's formula."""
    return trace.kind(node) == "const" and len(trace.uses(node)) == 1


def stretch_of(trace: Trace, around: int, limit: int = LIMIT) -> int:
    """Number of the window that shows `around`; 0 if one drawing holds the whole graph."""
    shown = _shown(trace)
    if len(shown) <= limit:
        return 0
    return min(int(np.searchsorted(shown, around)), len(shown) - 1) // _size(limit)


def draw_graph(trace: Trace, around: int | None = None, limit: int = LIMIT) -> Drawn:
    """The graph to draw: all of it, or the window around a node when it has more than `limit` nodes.

    Args:
        trace: what was recorded.
        around: the node of interest; None means the first.
        limit: the most nodes to draw.
    """
    shown = _shown(trace)
    stretch = stretch_of(trace, around or 0, limit)
    if len(shown) <= limit:
        return Drawn(_graph(trace, shown.tolist()), 0, None)
    size = _size(limit)
    nodes = _grown(trace, shown[stretch * size : (stretch + 1) * size].tolist(), limit)
    return Drawn(_graph(trace, nodes), stretch, _left_out(trace, nodes))


_SHOWN: WeakKeyDictionary[Trace, NDArray[np.int64]] = WeakKeyDictionary()


def _shown(trace: Trace) -> NDArray[np.int64]:
    """The nodes that have a box, ascending. Asked for at every step, so worked out once a trace."""
    if trace not in _SHOWN:
        _SHOWN[trace] = np.flatnonzero(~folded(trace))
    return _SHOWN[trace]


def _size(limit: int) -> int:
    """How long a stretch is: a third of the window, so that the two inputs of each of its nodes surely fit too."""
    return max(1, limit // 3)


def _grown(trace: Trace, core: list[int], limit: int) -> list[int]:
    """The core, its inputs, then the first users of each core node, until the limit."""
    kept = dict.fromkeys(core)
    hidden = folded(trace)

    def add(nodes: Iterable[int]) -> None:
        for node in nodes:
            if len(kept) >= limit:
                return
            if not hidden[node]:
                kept.setdefault(node)

    for node in core:
        add(trace.inputs(node))
    for node in core:
        add(trace.edge(edge).user for edge in trace.uses(node)[:USERS])
    return sorted(kept)


def _graph(trace: Trace, nodes: list[int]) -> nx.MultiDiGraph[int]:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_nodes_from(nodes)
    for node in nodes:
        for edge, source in zip(trace.edges_in(node), trace.inputs(node), strict=True):
            if source in graph:
                graph.add_edge(source, node, key=edge)
    return graph


class Inside(NamedTuple):
    """What an unfolded node opened into, as far as it is drawn."""

    number: int
    """Which of the trace's unfoldings."""
    out: int
    """The node that stands where the unfolded one stood."""
    nodes: frozenset[int]
    title: str
    """`p = softmax(z, dim=1)`; of some elements alone `z[0, 1]`."""


def insides(trace: Trace, graph: nx.MultiDiGraph[int]) -> tuple[Inside, ...]:
    """The unfolded nodes of a drawn graph, in the order in which they were unfolded."""
    found: list[Inside] = []
    for number, span in enumerate(trace.unfolded):
        nodes = frozenset(node for node in graph if node in span)
        given = {a for a, b in graph.edges(nodes) if b not in nodes}
        if nodes and given <= {span[-1]}:  # a file may say anything
            found.append(Inside(number, span[-1], nodes, _opened(trace, number, span[-1])))
    return tuple(found)


def _opened(trace: Trace, number: int, out: int) -> str:
    op, formulas = trace.op(out), trace.unfolded_formulas
    again = any(span[-1] == out for span in trace.unfolded[number + 1 :])  # its last op was unfolded in its turn
    if op is not None and op.name == "place" and not again:
        return name_of(trace, out, tuple(trace.static(out)["places"]))
    formula = formulas[number] if number < len(formulas) else ""
    return f"{trace.label(out)} = {formula}" if formula else trace.label(out)


def _left_out(trace: Trace, nodes: list[int]) -> Text:
    """`420 of 46,610 nodes: v10 to v640`; without the names where the line would be longer than `NOTE` cells.

    All nodes are counted, as everywhere else: a constant is seen in its user's formula.
    """
    hidden = folded(trace)
    seen = len(nodes) + sum(int(hidden[source]) for node in nodes for source in trace.inputs(node))
    names = Text(en=": {first} to {last}", ja="：{first}〜{last}").format(
        first=trace.label(nodes[0]), last=trace.label(nodes[-1])
    )
    bare = Text(en="{shown:,} of {total:,} nodes", ja="全 {total:,} ノードのうち {shown:,} 個").format(
        shown=seen, total=trace.n_nodes
    )
    whole = Text(bare.en + names.en, bare.ja + names.ja)
    return whole if max(cell_len(whole.en), cell_len(whole.ja)) <= NOTE else bare
