"""Numbers that tests are put to: of all nodes at one position, or of any nodes at moments of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.snapshot import Snapshot, snapshot
from tracer.trace.trace import Trace

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Array = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """(k,) of each: a node, and its numbers at some moment. Of a tensor a number is its peak, as in a `Snapshot`."""

    trace: Trace
    nodes: Ints | None
    """None: all nodes of the trace, in order."""
    made: Bools
    value: Floats
    has_grad: Bools
    complete: Bools
    grad: Floats
    norm: Floats
    tensor: Bools
    array: Callable[[str, int], Array]
    """`array("value" | "grad", row)`: a known array of a tensor."""

    def of_nodes(self, column: NDArray[Any]) -> NDArray[Any]:
        """Of an (n,) column over the trace's nodes the entries for these rows."""
        return column if self.nodes is None else column[self.nodes]


def all_rows(trace: Trace, position: int) -> Rows:
    """Every node at a position."""
    return _rows(trace, snapshot(trace, position), None)


def some_rows(trace: Trace, position: int, nodes: Ints) -> Rows:
    """Some nodes at a position."""
    return _rows(trace, snapshot(trace, position), nodes)


def _rows(trace: Trace, now: Snapshot, nodes: Ints | None) -> Rows:
    cursor = trace.cursor(now.position)

    def array(of: str, row: int) -> Array:
        node = row if nodes is None else int(nodes[row])
        return np.asarray(cursor.data(node) if of == "value" else cursor.grad(node))

    pick = slice(None) if nodes is None else nodes
    return Rows(
        trace,
        nodes,
        now.made[pick],
        now.value[pick],
        now.has_grad[pick],
        now.complete[pick],
        now.grad[pick],
        now.grad_norm[pick],
        now.tensor[pick],
        array,
    )
