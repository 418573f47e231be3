"""Parameters as named ports: in a folded picture a leaf is a row in the boxes that use it, not a box with wires to all.

The elements of one matrix, `wq[0,0]` to `wq[15,15]`, are one port `wq` of a box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracer.layout.boxes import Port
from tracer.layout.groups import Groups
from tracer.layout.quotient import Quotient
from tracer.trace.trace import Trace

KEPT = 1000
"""Closed groups whose ports are kept a trace."""
_MANY_CODES = 1 << 16


@dataclass(frozen=True, eq=False)
class Stems:
    """What the leaves of a trace are elements of."""

    number: NDArray[np.int32]
    """(n,) of each leaf; the last number is that of all leaves without a name."""
    names: tuple[str, ...]
    totals: NDArray[np.int64]


def stems_of(trace: Trace, groups: Groups) -> Stems:
    """The stems of a trace, worked out once."""
    found: Stems | None = trace.kept.get("stems")
    if found is None:
        found = trace.kept["stems"] = _stems(trace, groups)
    return found


def _stems(trace: Trace, groups: Groups) -> Stems:
    seen: dict[str, int] = {}
    leaves = np.flatnonzero(groups.leaf)
    numbers = np.full(len(leaves), -1, np.int64)
    name = trace.name
    for at, leaf in enumerate(leaves.tolist()):
        words = name(leaf)
        if words is not None:
            numbers[at] = seen.setdefault(stem(words), len(seen))
    numbers[numbers < 0] = len(seen)
    number = np.full(trace.n_nodes, len(seen), np.int32)
    number[leaves] = numbers
    return Stems(number, (*seen, ""), np.bincount(numbers, minlength=len(seen) + 1))


def stem(name: str) -> str:
    """What an element belongs to: `wq` of `wq[3,5]`; any other name is its own."""
    return name[: name.index("[")] if name.endswith("]") and "[" in name[1:] else name


def ports(trace: Trace, groups: Groups, made: Quotient, kept: NDArray[np.bool_]) -> dict[int, tuple[Port, ...]]:
    """Box id -> ports of the boxes that are drawn.

    What a closed group uses as ports are the leaves of the groups around it, and those are open wherever it is drawn:
    so its ports are the same whatever else is open, and worked out once.
    """
    if not len(made.ported):
        return {}
    known: dict[int, tuple[Port, ...]] = trace.kept.setdefault("ports", {})
    if len(known) > KEPT:
        known.clear()
    boxes = {box: int(made.ids[box]) for box in np.flatnonzero(kept).tolist()}
    lasting = {box: at for box, at in boxes.items() if box < len(made.parts) and box not in made.rings}
    missing = kept.copy()
    missing[[box for box, at in lasting.items() if at in known]] = False
    found = _found(trace, groups, made, missing)
    for box, at in lasting.items():
        if missing[box]:
            known[at] = found.get(at, ())
    found |= {at: known[at] for at in lasting.values() if known[at]}
    return found


def _found(trace: Trace, groups: Groups, made: Quotient, wanted: NDArray[np.bool_]) -> dict[int, tuple[Port, ...]]:
    """Box id -> ports of the boxes wanted, by index."""
    inputs = trace.columns.inputs
    edges = made.ported[wanted[made.box[groups.users[made.ported]]]]
    if not len(edges):
        return {}
    stems = stems_of(trace, groups)
    leaves = inputs[edges]
    targets = made.box[groups.users[edges]].astype(np.int64)
    codes = targets * len(stems.names) + stems.number[leaves]
    order = np.argsort(_narrowed(codes), kind="stable")
    codes = codes[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    rows = sorted(np.split(edges[order], starts[1:]), key=lambda row: int(row[0]))
    found: dict[int, list[Port]] = {}
    for row in rows:
        box = int(made.ids[made.box[groups.users[row[0]]]])
        found.setdefault(box, []).append(_port(trace, stems, row))
    return {box: tuple(some) for box, some in found.items()}


def _narrowed(codes: NDArray[np.int64]) -> NDArray[np.int64] | NDArray[np.uint16]:
    """The same order in 16 bits if that can be: they are sorted ten times faster."""
    low = int(codes.min())
    return (codes - low).astype(np.uint16) if int(codes.max()) - low < _MANY_CODES else codes


def _port(trace: Trace, stems: Stems, edges: NDArray[np.int64]) -> Port:
    leaves = np.unique(trace.columns.inputs[edges]).astype(np.int64)
    number = int(stems.number[leaves[0]])
    name = stems.names[number]
    if len(leaves) == 1 or not name:
        name = trace.label(int(leaves[0])) + (" …" if len(leaves) > 1 else "")
    return Port(name, leaves, edges, int(stems.totals[number]))
