"""Cycles among the boxes of a folded graph, found without looking at the many edges that can lie on none.

Nodes are numbered so that every edge leads from a lower number to a higher one. A cycle among boxes therefore has to
jump back inside a box that receives at a high number and hands on from a lower one. Numbers that no such jump spans
cut the graph in two: nothing that lies on both sides is on a common cycle.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

FEW_JUMPS = 500
"""Up to so many boxes that jump back, what lies between them is gone through once each way."""

Nodes = NDArray[np.int32]


def rings(source_nodes: Nodes, target_nodes: Nodes, sources: Nodes, targets: Nodes, count: int) -> list[list[int]]:
    """The boxes that lie on common cycles, two or more in each list, in the order of their first member.

    Args:
        source_nodes, target_nodes: (m,) nodes of each edge between two boxes, by target; sources are the lower ones.
        sources, targets: (m,) the boxes they are in, below `count`.
    """
    n = int(target_nodes.max(initial=-1)) + 2
    received = np.full(count, -1, np.int32)
    received[targets] = target_nodes  # the last one written is the highest
    handed = np.full(count, n, np.int32)
    np.minimum.at(handed, sources, source_nodes)
    jumps = (handed < received) & (handed < n)
    back = np.flatnonzero(jumps)
    if not len(back):
        return []
    depth = np.zeros(n + 1, np.int32)
    np.add.at(depth, handed[back], 1)
    np.add.at(depth, received[back], -1)
    spanned = np.cumsum(depth) > 0  # whether a jump crosses the cut behind each node
    cuts = np.cumsum(~spanned)
    region: NDArray[np.int64] = cuts - ~spanned  # the same number where there is no cut between two nodes
    near = np.flatnonzero(region[source_nodes] == region[target_nodes])
    if not len(near):
        return []
    a, b = sources[near], targets[near]
    if len(back) <= FEW_JUMPS:
        return _between_jumps(a, b, jumps)
    pairs = np.unique(a.astype(np.int64) * count + b)
    return _components(zip((pairs // count).tolist(), (pairs % count).tolist(), strict=True))


def _components(edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    known = list(edges)
    if not known:
        return []
    import networkx as nx  # a quarter of a second; most graphs have no cycle to look for

    found = nx.strongly_connected_components(nx.DiGraph(known))
    return sorted(sorted(ring) for ring in found if len(ring) > 1)


def _between_jumps(a: Nodes, b: Nodes, jumping: NDArray[np.bool_]) -> list[list[int]]:
    """The same for any number of boxes of which few jump back.

    The others lie on a cycle if a way leads to them from a box of it that jumps, and one from them to such a box. Both
    are found for all jumping boxes at once, one bit each, in one walk along the edges and one against them.
    """
    jumps = np.flatnonzero(jumping).tolist()
    bits = {box: 1 << at for at, box in enumerate(jumps)}
    came: dict[int, int] = {}  # which jumping boxes lead here, directly or through others
    both = jumping[a] & jumping[b]
    pairs = np.unique(a[both].astype(np.int64) * len(jumping) + b[both])
    for source, target in zip((pairs // len(jumping)).tolist(), (pairs % len(jumping)).tolist(), strict=True):
        came[target] = came.get(target, 0) | bits[source]
    sources, targets = a[~both].tolist(), b[~both].tolist()
    for source, target in zip(sources, targets, strict=True):
        more = bits[source] if source in bits else came.get(source, 0)
        if more:
            came[target] = came.get(target, 0) | more
    rings = _components(
        (other, box) for box in jumps for at, other in enumerate(jumps) if came.get(box, 0) >> at & 1 and other != box
    )
    # a box may also be on a cycle with boxes that do not jump alone
    alone = [[box] for box in jumps if came.get(box, 0) & bits[box] and not any(box in ring for ring in rings)]
    goes: dict[int, int] = {}
    for source, target in zip(reversed(sources), reversed(targets), strict=True):
        if source not in bits:
            more = bits[target] if target in bits else goes.get(target, 0)
            if more:
                goes[source] = goes.get(source, 0) | more
    found = []
    for ring in [*rings, *alone]:
        mask = sum(bits[box] for box in ring)
        found.append(sorted([*ring, *(box for box, to in goes.items() if to & mask and came.get(box, 0) & mask)]))
    return sorted(found)
