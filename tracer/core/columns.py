"""What a recording leaves behind: plain arrays, no objects a node. `trace` reads them, `spool` and files carry them.

A node is its index (creation order, so inputs come first); an edge is its index in `inputs`, one *use* of a node.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIVE = 1
"""Flag: gradient can reach this node."""
CONST = 2
"""Flag: a plain number used as an operand; takes no gradient and has no name of its own."""
ENDS = 4
"""Flag: an op made it, but the program took the result as a leaf (`requires_grad_()`): gradient goes no further."""

# Segment kinds, in the first column of `Columns.segments`: (kind, first, stop, pass, seed).
FORWARD, BACKWARD, WRITE, UPDATE, MARK = range(5)
"""FORWARD: nodes first..stop. BACKWARD: deliveries first..stop of one pass, after its seed where `seed` is 1.
WRITE, UPDATE, MARK: rows first..stop of the table of that name."""

NO_LINE = -1

Taps = Mapping[str, tuple[NDArray[np.int32], ...]]
"""What a program marked by name (`tracer.core.taps`): the nodes of each thing in order, in the shape of the thing; -1
where there is none."""
TapNumbers = Mapping[str, tuple[NDArray[np.float64], ...]]
"""The things so marked that are plain numbers, which are no nodes: what is read, and what is wanted next; nan where a
shorter row has ended."""
Parameters = Mapping[str, NDArray[np.int32]]
"""What is trained, by the program's own names: the nodes of each in its shape, () for a tensor; -1 where the recording
never met it."""


@dataclass(frozen=True)
class PassColumns:
    """One backward pass.

    An ordinary pass delivers each live edge once, users in reverse creation order, edges in input order: `schedule` is
    None. A pass delivered by hand carries the edges in the order they came, repeats allowed.
    """

    root: int
    combine: str
    """"add", or "assign" where a contribution replaces what was there."""
    line: int
    """Row in the line table of the `backward()` call."""
    nodes: NDArray[np.int32]
    """(R,) nodes that received gradient, ascending."""
    grads: NDArray[np.float64]
    """(R,) their `.grad` when the pass ended: for a leaf with what it held before."""
    schedule: NDArray[np.int32] | None = None
    """(D,) edge ids."""
    upstream: NDArray[np.float64] | None = None
    """(D,) the user's gradient at each delivery."""
    lines: NDArray[np.int32] | None = None
    """(D,) the user's line that delivered."""
    slots: NDArray[np.int32] | None = None
    """(R,) arena rows of the gradients, of a pass over tensors; `grads` then holds a summary of each."""
    seed: int = -1
    """Arena row of the gradient the root started from; -1 for ones."""
    accumulates: bool = True
    """Whether leaves add what arrives to `.grad`; not so for `autograd.grad`."""
    retains: bool = True
    """Whether what the rules read was kept for another pass; else it was freed as the pass went on."""
    hooked: tuple[int, ...] = ()
    """Nodes whose gradient a hook of the program replaced."""
    aside: tuple[int, ...] = ()
    """Leaves that gradient reached but that keep none of it: `backward(inputs=...)` named others."""


@dataclass(frozen=True)
class Table:
    """Rows of one kind of event on nodes, in time order."""

    node: NDArray[np.int32]
    line: NDArray[np.int32]
    value: NDArray[np.float64]
    """WRITE: the gradient written; UPDATE: the new value."""
    before: NDArray[np.float64]
    """UPDATE: the old value. WRITE: unused."""
    made: NDArray[np.int32]
    """How many nodes existed by then."""
    flag: NDArray[np.uint8]
    """WRITE: 1 where the gradient was set to None."""
    slot: NDArray[np.int32]
    """Arena row of the array written, -1 for a plain number; `value` is then a summary of it."""
    before_slot: NDArray[np.int32]
    """UPDATE: arena row of the old array, -1 for a plain number."""


@dataclass(frozen=True)
class Columns:
    """A whole recording. All arrays are read-only in use."""

    op: NDArray[np.uint8]
    """(n,) op code, 0 for a leaf; names in `op_names`."""
    offsets: NDArray[np.int64]
    """(n + 1,) where each node's inputs begin."""
    inputs: NDArray[np.int32]
    """(m,) input node of each edge."""
    value: NDArray[np.float64]
    """(n,) value when made."""
    flags: NDArray[np.uint8]
    scope: NDArray[np.int32]
    line: NDArray[np.int32]
    """(n,) row in the line table or NO_LINE."""
    line_file: NDArray[np.int32]
    line_number: NDArray[np.int32]
    segments: NDArray[np.int64]
    """(s, 5)"""
    writes: Table
    updates: Table
    marks: Table
    mark_texts: tuple[str, ...]
    passes: tuple[PassColumns, ...]
    op_names: tuple[str, ...]
    scopes: tuple[str, ...]
    files: tuple[str, ...]
    names: Mapping[int, str]
    sources: Mapping[str, str] = field(default_factory=dict)
    """File name -> its text when it ran."""
    frozen: tuple[tuple[int, str, int], ...] = ()
    """(node, "data" | "compare", line): the program looked at a number; what follows from it is not in the graph."""
    slot: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """(n,) arena row of a tensor's array, -1 for a plain number. `value` then holds its number if it has one element,
    else its first that is not finite, else 0."""
    static: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """(n,) row in `statics`, -1 where the op was applied without."""
    arena: tuple[NDArray[Any], ...] = ()
    """Arrays, read-only; views share memory."""
    statics: tuple[Mapping[str, Any], ...] = ()
    """Static arguments: None, bool, int, float, str, tuple, slice, Ellipsis, NumPy dtype or array values."""
    update_notes: tuple[Mapping[str, Any] | None, ...] = ()
    """One an update: how an optimizer came to it, {"rule": "adam", "lr": ..., "m": array, ...}."""
    info: Mapping[str, Any] = field(default_factory=dict)
    """Title, arguments, how the program ended: JSON values."""
    taps: Taps = field(default_factory=dict)
    tap_numbers: TapNumbers = field(default_factory=dict)
    parameters: Parameters = field(default_factory=dict)
