"""Windows: the part of a large graph that is drawn around a node of interest.

Unless asked for so many hops, a window holds a stretch of boxes that were made one after another, with their inputs and
the first of their users. It depends only on which stretch the node of interest lies in, so the picture keeps still
while the walk stays inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tracer.core.columns import CONST
from tracer.layout.folding import Folding
from tracer.layout.quotient import Quotient
from tracer.text import Text
from tracer.trace.trace import Trace

USERS = 2
"""So many users of each node a window shows, where they are not near anyway: a weight may have thousands."""

NOTE = 60
"""Cells that the words on what is left out may take: they stand in the border of a panel 64 columns wide."""


def folded(trace: Trace) -> NDArray[np.bool_]:
    """(n_nodes,) True for a constant with a single use: it is written in its user's formula, not drawn."""
    columns = trace.columns
    uses = np.bincount(columns.inputs, minlength=trace.n_nodes)
    constant = (columns.op == 0) & ((columns.flags & CONST) > 0)
    return np.asarray(constant & (uses == 1), np.bool_)


def is_folded(trace: Trace, node: int) -> bool:
    """Whether `node` is a constant that is written in its user's formula."""
    return trace.kind(node) == "const" and len(trace.uses(node)) == 1


_SHOWN: WeakKeyDictionary[Trace, NDArray[np.int64]] = WeakKeyDictionary()


def boxed(trace: Trace) -> NDArray[np.int64]:
    """The nodes that have a box where nothing is folded, ascending. Asked for at every step, so kept."""
    if trace not in _SHOWN:
        _SHOWN[trace] = np.flatnonzero(~folded(trace))
    return _SHOWN[trace]


def size(limit: int) -> int:
    """How long a stretch is: a third of the window, so that the two inputs of each of its nodes surely fit too."""
    return max(1, limit // 3)


def grown(trace: Trace, core: list[int], limit: int) -> list[int]:
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


def left_out(trace: Trace, nodes: list[int]) -> Text:
    """`420 of 46,610 nodes: v10 to v640`; without the names where the line would be longer than `NOTE` cells.

    All nodes are counted, as everywhere else: a constant is seen in its user's formula.
    """
    hidden = folded(trace)
    seen = len(nodes) + sum(int(hidden[source]) for node in nodes for source in trace.inputs(node))
    bare = Text(en="{shown:,} of {total:,} nodes", ja="全 {total:,} ノードのうち {shown:,} 個").format(
        shown=seen, total=trace.n_nodes
    )
    return named(bare, trace.label(nodes[0]), trace.label(nodes[-1]))


def boxes_left_out(shown: int, total: int, first: str, last: str) -> Text:
    """`300 of 2,063 boxes: v10 to layer 1`, likewise."""
    bare = Text(en="{shown:,} of {total:,} boxes", ja="全 {total:,} 個の箱のうち {shown:,} 個").format(
        shown=shown, total=total
    )
    return named(bare, first, last)


def named(bare: Text, first: str, last: str) -> Text:
    names = Text(en=": {first} to {last}", ja="：{first}〜{last}").format(first=first, last=last)
    whole = Text(bare.en + names.en, bare.ja + names.ja)
    return whole if max(cell_len(whole.en), cell_len(whole.ja)) <= NOTE else bare


def stretch_in(made: Quotient, box: int, folding: Folding) -> int:
    """Number of the window that shows a box; 0 if one drawing holds all.

    Args:
        box: its index.
    """
    if folding.hops is None and len(made.alive) <= folding.limit:
        return 0
    rank = int(np.flatnonzero(made.alive == box)[0])
    return rank if folding.hops is not None else rank // size(folding.limit)


def window(made: Quotient, box: int, folding: Folding) -> NDArray[np.bool_]:
    """Which boxes a window draws, by index: never more than the limit."""
    kept = np.zeros(len(made.ids), np.bool_)
    stretch = stretch_in(made, box, folding)
    if folding.hops is None:
        if len(made.alive) <= folding.limit:
            kept[made.alive] = True
            return kept
        long = size(folding.limit)
        core = made.alive[stretch * long : (stretch + 1) * long]
        kept[core] = True
        front = kept.copy()
        _add(kept, made, made.source[front[made.target]], stretch * long, folding.limit)
        _add(kept, made, _first_users(made, front), stretch * long, folding.limit)
        return kept
    kept[box] = True
    front = kept.copy()
    for _ in range(folding.hops):
        near = np.concatenate([made.source[front[made.target]], made.target[front[made.source]]])
        before = kept.copy()
        _add(kept, made, near, stretch, folding.limit)
        front = kept & ~before
        if not front.any():
            break
    return kept


def _first_users(made: Quotient, front: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The first `USERS` boxes that use each box of the front."""
    out = np.flatnonzero(front[made.source])
    pairs = made.source[out].astype(np.int64) * len(made.ids) + made.target[out]
    pairs = pairs[np.sort(np.unique(pairs, return_index=True)[1])]
    sources, targets = pairs // len(made.ids), pairs % len(made.ids)
    order = np.argsort(sources, kind="stable")
    starts = np.searchsorted(sources[order], sources[order])
    first: NDArray[np.int64] = targets[order][np.arange(len(order)) - starts < USERS]
    return first.astype(np.int32)


def _add(kept: NDArray[np.bool_], made: Quotient, near: NDArray[np.int32], rank: int, limit: int) -> None:
    """Adds boxes until the limit; where not all fit, those made closest to `rank`."""
    fresh = np.unique(near)
    fresh = fresh[~kept[fresh]]
    room = max(0, limit - int(kept.sum()))
    if len(fresh) > room:
        ranks = np.zeros(len(made.ids), np.int64)
        ranks[made.alive] = np.arange(len(made.alive))
        fresh = fresh[np.argsort(np.abs(ranks[fresh] - rank), kind="stable")[:room]]
    kept[fresh] = True
