"""Cycles among the boxes of a folded graph, found without looking at the many edges that can lie on none.

Nodes are numbered so that every edge leads from a lower number to a higher one. A cycle among boxes therefore has to
jump back inside a box that receives at a high number and hands on from a lower one. Numbers that no such jump spans
cut the graph in two: nothing that lies on both sides is on a common cycle.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
from numpy.typing import NDArray


def rings(
    source_nodes: NDArray[np.int32],
    target_nodes: NDArray[np.int32],
    sources: NDArray[np.int32],
    targets: NDArray[np.int32],
    count: int,
) -> list[list[int]]:
    """The boxes that lie on common cycles, two or more in each list, in the order of their first member.

    Args:
        source_nodes, target_nodes: (m,) nodes of each edge between two boxes; the source's number is the lower one.
        sources, targets: (m,) the boxes they are in, below `count`.
    """
    n = int(target_nodes.max(initial=-1)) + 2
    received = np.full(count, -1, np.int64)
    np.maximum.at(received, targets, target_nodes)
    handed = np.full(count, n, np.int64)
    np.minimum.at(handed, sources, source_nodes)
    back = np.flatnonzero((handed < received) & (handed < n))
    if not len(back):
        return []
    depth = np.zeros(n + 1, np.int32)
    np.add.at(depth, handed[back], 1)
    np.add.at(depth, received[back], -1)
    spanned = np.cumsum(depth) > 0  # whether a jump crosses the cut behind each node
    cuts = np.cumsum(~spanned)
    region: NDArray[np.int64] = (
        cuts - ~spanned
    )  # nodes with no cut between them have the same number; the cut is behind its node
    near: NDArray[np.bool_] = region[source_nodes] == region[target_nodes]
    if not near.any():
        return []
    pairs = np.unique(sources[near].astype(np.int64) * count + targets[near])
    graph = nx.DiGraph(zip((pairs // count).tolist(), (pairs % count).tolist(), strict=True))
    found = [sorted(ring) for ring in nx.strongly_connected_components(graph) if len(ring) > 1]
    return sorted(found)
