"""The boxes that a folding makes of a trace, and the edges between them: whole columns at a time.

Every node is in one box or, if it is a leaf that does not lie in a closed group, a port of the boxes that use it.
Made from scratch for each folding, so nothing can drift: that costs a pass over the edges, milliseconds for a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tracer.layout.folding import LIMIT, RING
from tracer.layout.groups import Groups, groups_of
from tracer.layout.rings import rings
from tracer.trace.recent import recent
from tracer.trace.trace import Trace

MOST_SPREAD = 200
"""A stack in a ring is drawn member by member, which may undo the ring, if it has no more members than this."""


@dataclass(frozen=True)
class Part:
    """A closed box: groups start..stop - 1 of the trace."""

    id: int
    key: str
    start: int
    stop: int
    group: int
    """The group it is; the stack's of a part of a stack."""
    members: tuple[int, int] | None = None
    """First and last member of a part of a stack."""


@dataclass(frozen=True, eq=False)
class Quotient:
    """Boxes by index: closed groups in preorder, then the nodes drawn as themselves; a ring has a member's index."""

    parts: tuple[Part, ...]
    rings: dict[int, tuple[int, ...]]
    """Index -> the indices that were condensed into it."""
    ids: NDArray[np.int64]
    """Id of the box at each index."""
    first: NDArray[np.int64]
    """The node that stands for each box in the order of creation, of a fold its first op; leaves alone come last."""
    alive: NDArray[np.int64]
    """The indices in use, in that order."""
    box: NDArray[np.int32]
    """(n,) index of the box each node is in; -1 of a leaf that is a port."""
    edges: NDArray[np.int64]
    """Edges between boxes, ascending."""
    source: NDArray[np.int32]
    """Boxes they come from and go to."""
    target: NDArray[np.int32]
    ported: NDArray[np.int64]
    """Edges from leaves that are ports, ascending."""
    open_groups: tuple[int, ...]
    """Open scopes, in preorder; everything is the first."""
    open_parts: tuple[tuple[int, int, int], ...]
    """(stack, first, last member) of stacks or parts of them whose members are shown."""

    @cached_property
    def index(self) -> dict[int, int]:
        """Box id -> index, of closed groups and rings."""
        return {int(self.ids[at]): at for at in (*range(len(self.parts)), *self.rings)}


KEPT = 8
"""Quotients kept a trace: of what is open, was open, and may be opened next. Each takes some 8 bytes a node."""


def quotient_of(trace: Trace, opened: frozenset[str]) -> Quotient:
    """The quotient of a trace; the last few are kept. Leaves are ports if the trace is a large one."""
    kept: dict[frozenset[str], Quotient] = trace.kept.setdefault("quotients", {})
    return recent(
        kept, opened, KEPT, lambda: quotient(groups_of(trace), opened, trace.columns.inputs, ports=is_large(trace))
    )


def is_large(trace: Trace) -> bool:
    """Whether leaves are ports in the boxes that use them: there are too many nodes for a picture of all."""
    groups = groups_of(trace)
    return len(groups.group) - len(groups.written) > LIMIT


def quotient(groups: Groups, opened: frozenset[str], inputs: NDArray[np.int32], *, ports: bool) -> Quotient:
    """The quotient of a trace by what is closed. It has no cycle: what would be one is condensed into a ring.

    Args:
        groups: of the trace.
        opened: keys of open groups. Those that the trace does not have are passed over.
        inputs: (m,) of the trace's columns.
        ports: leaves in open groups are ports, not boxes.
    """
    also: set[int] = set()  # groups and stacks that a ring or a cycle opened
    spread: set[int] = set()
    while True:
        made = _uncondensed(groups, opened, inputs, ports, also, spread)
        found = rings(inputs[made.edges], groups.users[made.edges], made.source, made.target, len(made.ids))
        more = _to_spread(groups, made, found) - spread
        if more:
            spread |= more
            continue
        condensed = _condensed(groups, made, found)
        wanted = {
            made.parts[at].group
            for ring, members in condensed.rings.items()
            if ring_key(condensed, members) in opened
            for at in members
            if at < len(made.parts)
        }
        if not wanted:
            return condensed
        also |= {group for group in wanted if group not in groups.stacks}
        spread |= {group for group in wanted if group in groups.stacks}


def ring_key(made: Quotient, members: Sequence[int]) -> str:
    """The key of a ring: that of the first closed group in it."""
    return RING + made.parts[min(members)].key


def _uncondensed(
    groups: Groups, opened: frozenset[str], inputs: NDArray[np.int32], ports: bool, also: set[int], spread: set[int]
) -> Quotient:
    open_groups, open_parts = _open(groups, opened, also, spread)
    shown = {(stack, at) for stack, low, high in open_parts for at in range(low, high + 1)}
    parts: list[Part] = []
    for group in open_groups:
        for inner in groups.children[group]:
            if inner in groups.stacks:
                parts += _stack_parts(groups, inner, open_groups, shown)
            elif inner not in open_groups:
                parts.append(_single(groups, inner))
    parts = [part for part in parts if groups.count(part.start, part.stop)]
    parts.sort(key=lambda part: part.start)
    rep = np.full(len(groups), -1, np.int32)
    for at, part in enumerate(parts):
        rep[part.start : part.stop] = at
    box = rep[groups.group]
    alone = box < 0
    alone[groups.written] = False
    if ports:
        alone &= ~groups.leaf
    singles = np.flatnonzero(alone)
    box[singles] = np.arange(len(parts), len(parts) + len(singles), dtype=np.int32)
    loose = groups.written[box[groups.written] < 0]
    box[loose] = box[groups.first_use[loose]]
    source, target = box[inputs], box[groups.users]
    edges = np.flatnonzero((source != target) & (source >= 0))
    ids = np.concatenate([np.array([part.id for part in parts], np.int64), singles])
    first = np.concatenate([groups.first[[part.start for part in parts]], singles])
    for at, part in enumerate(parts):
        if part.members is not None:
            start = groups.children[part.group][part.members[0] : part.members[1] + 1]
            first[at] = min(groups.first[member] for member in start)
    return Quotient(
        tuple(parts),
        {},
        ids,
        first,
        np.argsort(first, kind="stable"),
        box,
        edges,
        source[edges],
        target[edges],
        np.flatnonzero(source < 0),
        tuple(open_groups),
        open_parts,
    )


def _open(
    groups: Groups, opened: frozenset[str], also: set[int], spread: set[int]
) -> tuple[dict[int, None], tuple[tuple[int, int, int], ...]]:
    """The open groups that nothing closed hides, in preorder, and the open stacks and parts of stacks in them."""
    wanted = {group for key in opened if (group := groups.by_key.get(key)) is not None} | also | spread
    parts = {(group, 0, len(groups.stacks[group]) - 1) for group in wanted if group in groups.stacks}
    parts |= {part for key in opened if key not in groups.by_key and (part := groups.part(key)) is not None}
    found: dict[int, None] = {0: None}
    for group in sorted(wanted - set(groups.stacks) - {0}):
        around = groups.parent[group]
        if (groups.parent[around] if around in groups.stacks else around) in found:
            found[group] = None
    return found, tuple(sorted(part for part in parts if groups.parent[part[0]] in found))


def _stack_parts(groups: Groups, stack: int, open_groups: Iterable[int], shown: set[tuple[int, int]]) -> list[Part]:
    """The boxes of one stack: members by themselves, and between them what stays stacked."""
    members = groups.children[stack]
    found: list[Part] = []
    held: list[int] = []

    def close() -> None:
        if len(held) == 1:
            found.append(_single(groups, members[held[0]]))
        elif held:
            found.append(_row(groups, stack, held[0], held[-1]))
        held.clear()

    for at, member in enumerate(members):
        if member in open_groups:
            close()
        elif (stack, at) in shown:
            close()
            found.append(_single(groups, member))
        else:
            held.append(at)
    close()
    return found


def _single(groups: Groups, group: int) -> Part:
    return Part(-1 - group, groups.keys[group], group, groups.stop[group], group)


def _row(groups: Groups, stack: int, first: int, last: int) -> Part:
    members = groups.children[stack]
    key = groups.stacks[stack].key(first, last)
    size = len(members)
    if size == last - first + 1:
        return Part(-1 - stack, key, stack, groups.stop[stack], stack, (first, last))
    number = len(groups) + 1 + groups.rooms[stack] + first * size + last
    return Part(-number, key, members[first], groups.stop[members[last]], stack, (first, last))


def _to_spread(groups: Groups, made: Quotient, found: Sequence[Sequence[int]]) -> set[int]:
    """Stacks that stand in a ring with others: member by member they may stand in none."""
    stacks = {
        part.group
        for ring in found
        for at in ring
        if at < len(made.parts) and (part := made.parts[at]).members is not None
    }
    return {stack for stack in stacks if len(groups.stacks[stack]) <= MOST_SPREAD}


def _condensed(groups: Groups, made: Quotient, found: Sequence[Sequence[int]]) -> Quotient:
    if not found:
        return made
    to = np.arange(len(made.ids), dtype=np.int32)
    ids, first = made.ids.copy(), made.first.copy()
    condensed: dict[int, tuple[int, ...]] = {}
    for ring in found:
        kept = min(ring)
        to[list(ring)] = kept
        condensed[kept] = tuple(sorted(ring))
        first[kept] = min(made.first[at] for at in ring)
        ids[kept] = -(len(groups) + 1 + groups.all_rooms + int(first[kept]))
    box = np.where(made.box >= 0, to[made.box], np.int32(-1))
    source, target = to[made.source], to[made.target]
    outer = source != target
    alive = made.alive[to[made.alive] == made.alive]
    return replace(
        made,
        rings=condensed,
        ids=ids,
        first=first,
        alive=alive[np.argsort(first[alive], kind="stable")],
        box=box,
        edges=made.edges[outer],
        source=source[outer],
        target=target[outer],
    )
