"""What a drawn graph is made of beside nodes: folds, ports, bundles. Plain data, without the trace it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tracer.layout.graph import Graph
from tracer.text import Text

FoldKind = Literal["scope", "stack", "ring", "unused"]


@dataclass(frozen=True, eq=False)
class Fold:
    """A box that stands for many nodes."""

    id: int
    """Below 0. The same for the same nodes of a trace, whatever else is open."""
    kind: FoldKind
    """`scope`: a group. `stack`: repeats. `ring`: what would be a cycle. `unused`: leaves that nothing uses."""
    key: str
    """What opens it. The same in every run of one program: `position 3.layer 1`, `position 4–15`."""
    title: str
    """The key without that of the open group around it; of a stack `position 4–15 ×12`."""
    count: int
    """How many nodes it stands for."""
    depth: int
    """How many groups are around it."""
    parent: str | None
    """Key of the scope around it, None at the top."""
    times: int = 1
    """How many repeats a stack holds."""
    stack: str | None = None
    """Key of the stack that this repeat belongs to, or that this part of a stack is a part of."""
    find: Callable[[], NDArray[np.int64]] = field(default=lambda: np.zeros(0, np.int64), repr=False)

    @cached_property
    def nodes(self) -> NDArray[np.int64]:
        """The nodes it stands for, ascending; read-only."""
        return self.find()


@dataclass(frozen=True, eq=False)
class Port:
    """Leaves that a box uses and that have no box of their own: a parameter, or the elements of one matrix."""

    name: str
    """`layer0.attn_wq[3,5]` of one leaf; `layer0.attn_wq` of several elements of it."""
    leaves: NDArray[np.int64]
    """Those that the box uses, ascending."""
    edges: NDArray[np.int64]
    """Its uses of them, ascending."""
    total: int
    """How many leaves of this name the trace has."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """A part of a trace's graph that is to be drawn. It has no cycle."""

    graph: Graph[int]
    """Boxes in the order of creation: node ids, and folds below 0. Edges point from input to user; their keys are edge
    ids, and below 0 where a fold is at an end: then one bundle stands for all edges between two boxes."""
    stretch: int
    """Which window this is; 0 where all is drawn."""
    left_out: Text | None
    """What the window does not show, in words; None when all is drawn."""
    folds: Mapping[int, Fold] = field(default_factory=dict)
    """By box id, those that are drawn."""
    bundles: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    """Edge key below 0 -> the edges it stands for, ascending."""
    ports: Mapping[int, tuple[Port, ...]] = field(default_factory=dict)
    """Box -> its ports, in the order of their first use; boxes without ports are missing."""
    opened: tuple[Fold, ...] = ()
    """Open groups with something drawn inside, outer ones first: what frames can be drawn around."""
    inside: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Key of each of those -> the boxes in it, however deep."""
    closes: Mapping[int, str] = field(default_factory=dict)
    """Box -> the key whose closing folds what is around it; boxes at the top are missing."""
    cut: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Box -> (edges in, edges out) whose other end the window leaves out; boxes without such are missing."""
    is_folded: bool = False
    """Whether leaves are ports of the boxes that use them."""
    find: Callable[[int, int | None], int | None] = field(default=lambda node, user: None, repr=False)

    def place(self, node: int, user: int | None = None) -> int | None:
        """The box in which `node` is seen: its own, the fold it lies in, or a box that uses it.

        Args:
            node: any node of the trace.
            user: of a leaf, the user of interest: it is seen in that one's box; else in its first user's.

        Returns:
            A node of `graph`, or None where the window leaves the node out.
        """
        return self.find(node, user)
