"""The folds of a drawn graph with their names, and what lies around each box."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tracer.layout.boxes import Fold, FoldKind
from tracer.layout.groups import Groups
from tracer.layout.ports import stem
from tracer.layout.quotient import Part, Quotient, ring_key
from tracer.trace.trace import Trace

NO_NAME = "·"
"""Stands for a level of a scope's name that is empty."""
SHOWN = 3
"""So many names make up the title of a ring, or of leaves that nothing uses."""
MOST_FRAMES = 12
"""So many open groups around a box are told, the outer ones: nobody reads more frames in frames."""
_READ = 10_000
"""So many leaves are asked for their names."""


def fold_at(trace: Trace, groups: Groups, made: Quotient, box: int) -> Fold:
    """The fold that the box at an index is."""
    return _ring(trace, groups, made, box) if box in made.rings else part_fold(trace, groups, made.parts[box])


def group_fold(trace: Trace, groups: Groups, group: int) -> Fold:
    """The fold that a scope is when it is closed."""
    return part_fold(trace, groups, Part(-1 - group, groups.keys[group], group, groups.stop[group], group))


def part_fold(trace: Trace, groups: Groups, part: Part) -> Fold:
    """The fold of a closed box; the same object each time."""
    kept: dict[int, Fold] = trace.kept.setdefault("folds", {})
    if part.id not in kept:
        kept[part.id] = _fold(trace, groups, part)
    return kept[part.id]


def scopes_around(groups: Groups, group: int) -> list[int]:
    """The scopes around a group, from the outermost one on, without group 0. A stack is no scope."""
    found = []
    around = groups.parent[group]
    while around:
        if around not in groups.stacks:
            found.append(around)
        around = groups.parent[around]
    return found[::-1]


def folds_around(
    trace: Trace, groups: Groups, made: Quotient, boxes: Iterable[int]
) -> tuple[tuple[Fold, ...], dict[str, frozenset[int]], dict[int, str]]:
    """The open groups around boxes, what is drawn in each, and what closes around each box (see `Drawn`)."""
    inside: dict[int, list[int]] = {}
    closes: dict[int, str] = {}
    shown = {(stack, at) for stack, low, high in made.open_parts for at in range(low, high + 1)}
    paths: dict[int, list[int]] = {}
    for box in boxes:
        members = made.rings.get(box, (box,))
        innermost = _innermost(groups, made, members)
        if innermost not in paths:
            paths[innermost] = [*scopes_around(groups, innermost), innermost] if innermost else []
        for group in paths[innermost][:MOST_FRAMES]:
            inside.setdefault(group, []).append(int(made.ids[box]))
        stack = _shown_in(groups, made, shown, members)
        if stack is not None:
            closes[int(made.ids[box])] = groups.keys[stack]
        elif innermost:
            closes[int(made.ids[box])] = groups.keys[innermost]
    order = sorted(inside)
    return (
        tuple(group_fold(trace, groups, group) for group in order),
        {groups.keys[group]: frozenset(inside[group]) for group in order},
        closes,
    )


def _shown_in(groups: Groups, made: Quotient, shown: set[tuple[int, int]], members: Sequence[int]) -> int | None:
    """The open stack that a box is a repeat of, or None."""
    if len(members) > 1 or members[0] >= len(made.parts):
        return None
    group = made.parts[members[0]].group
    stack = groups.parent[group]
    if stack not in groups.stacks or (stack, groups.children[stack].index(group)) not in shown:
        return None
    return stack


def _innermost(groups: Groups, made: Quotient, members: Sequence[int]) -> int:
    """The innermost open scope around a box, 0 at the top; of a ring that around all of its members."""
    found = _scope_of(groups, made, members[0])
    for at in members[1:]:
        other = _scope_of(groups, made, at)
        while found != other:  # preorder: what lies further in has the higher number
            found, other = (_around(groups, found), other) if found > other else (found, _around(groups, other))
    return found


def _scope_of(groups: Groups, made: Quotient, at: int) -> int:
    return _around(groups, made.parts[at].group) if at < len(made.parts) else int(groups.group[made.first[at]])


def _around(groups: Groups, group: int) -> int:
    """The scope in which a group lies; 0 at the top."""
    around = groups.parent[group]
    return groups.parent[around] if around in groups.stacks else around


def _fold(trace: Trace, groups: Groups, part: Part) -> Fold:
    key_around = groups.keys[_around(groups, part.group)]
    title = part.key[len(key_around) + 1 :] if key_around else part.key
    stack = groups.parent[part.group] if groups.parent[part.group] in groups.stacks else None
    kind: FoldKind = "scope"
    times = 1
    if part.members is not None:
        kind, stack, times = "stack", part.group, part.members[1] - part.members[0] + 1
        title = f"{title} ×{times}"
    elif part.group in groups.unused:
        kind = "unused"
        title = _together(
            dict.fromkeys(stem(trace.label(node)) for node in groups.members(part.start, part.stop)[:_READ].tolist())
        )
    return Fold(
        id=part.id,
        kind=kind,
        key=part.key,
        title=title or NO_NAME,
        count=groups.count(part.start, part.stop),
        depth=groups.depth[part.group],
        parent=key_around or None,
        times=times,
        stack=None if stack is None else groups.keys[stack],
        find=lambda: groups.members(part.start, part.stop),
    )


def _together(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:SHOWN]) + (", …" if len(listed) > SHOWN else "")


def _ring(trace: Trace, groups: Groups, made: Quotient, box: int) -> Fold:
    members = made.rings[box]
    around = _innermost(groups, made, members)
    nodes: NDArray[np.int64] = np.flatnonzero(made.box == box)
    nodes.setflags(write=False)
    return Fold(
        id=int(made.ids[box]),
        kind="ring",
        key=ring_key(made, members),
        title=_together(part_fold(trace, groups, made.parts[at]).title for at in members if at < len(made.parts)),
        count=len(nodes),
        depth=groups.depth[around] + (around > 0),
        parent=groups.keys[around] or None,
        find=lambda: nodes,
    )
