"""What is open at first, and what has to be opened for a node to be seen."""

from __future__ import annotations

import numpy as np

from tracer.layout.folding import LIMIT, Folding
from tracer.layout.folds import scopes_around
from tracer.layout.groups import Groups, groups_of
from tracer.layout.quotient import is_large, quotient_of, ring_key
from tracer.layout.ranks import numbered_ranks
from tracer.trace.trace import Trace

ENOUGH, FULL = 6, 14
"""At first so many boxes are read at a glance: with fewer the largest one is opened, if that does not make too many."""
RANKS = 4
"""So many boxes above each other fit on one screen."""
TRIES = 8


def default_folding(trace: Trace, limit: int = LIMIT) -> Folding:
    """The folding to begin with: a small trace is open, of a large one a screenful of boxes is shown.

    A single box says nothing: it is opened in any case. Else the largest box is opened while the picture stays small;
    of a stack its last repeat, for that is the nearest to the loss, and no other depends on it.
    """
    opened: frozenset[str] | None = trace.kept.get("default folding")
    if opened is None:
        opened = trace.kept["default folding"] = _opened_at_first(trace)
    return Folding(opened, limit)


def _opened_at_first(trace: Trace) -> frozenset[str]:
    groups = groups_of(trace)
    if not is_large(trace):
        return frozenset(groups.keys) - {""}
    opened: frozenset[str] = frozenset()
    kept_closed: set[int] = set()
    for _ in range(TRIES):
        made = quotient_of(trace, opened)
        idle = sum(part.group in groups.unused for part in made.parts)
        if len(made.alive) >= ENOUGH or made.rings:
            break
        parts = [part for part in made.parts if part.group not in groups.unused and part.group not in kept_closed]
        if not parts:
            break
        largest = max(parts, key=lambda part: groups.count(part.start, part.stop))
        group = largest.group
        if largest.members is not None:
            group = groups.children[group][largest.members[1]]
        if groups.boxes[group] <= FULL and _fits(trace, opened | {groups.keys[group]}, len(made.alive) - idle == 1):
            opened |= {groups.keys[group]}
        else:
            kept_closed.add(largest.group)
    return opened


def _fits(trace: Trace, opened: frozenset[str], tall: bool) -> bool:
    """Whether a picture is small enough to begin with; it may be `tall` where less would say nothing."""
    made = quotient_of(trace, opened)
    if tall or len(made.alive) > FULL:
        return len(made.alive) <= FULL
    pairs = np.unique(made.source.astype(np.int64) * len(made.ids) + made.target)
    users: list[list[int]] = [[] for _ in made.ids]
    for pair in pairs.tolist():
        source, user = divmod(pair, len(made.ids))
        users[source].append(user)
    return max(numbered_ranks(users), default=0) < RANKS


def opened_to(trace: Trace, folding: Folding, node: int, user: int | None = None) -> Folding:
    """Everything opened that hides a node.

    Args:
        trace: what the folding is of.
        folding: what is open so far.
        node: any node. A leaf outside of all closed groups is a port of the boxes that use it: then one user is shown.
        user: that user; None means the first.
    """
    groups = groups_of(trace)
    folding = folding.open(*_keys_around(groups, node))
    made = quotient_of(trace, folding.opened)
    if made.box[node] < 0:
        node = int(groups.first_use[node]) if user is None else user
        folding = folding.open(*_keys_around(groups, node))
    while True:
        made = quotient_of(trace, folding.opened)
        ring = made.rings.get(int(made.box[node]))
        if ring is None:
            return folding
        folding = folding.open(ring_key(made, ring))


def _keys_around(groups: Groups, node: int) -> list[str]:
    group = int(groups.group[node])
    return [groups.keys[at] for at in (*scopes_around(groups, group), group) if at]


def group_of(trace: Trace, scope: str) -> str | None:
    """The key of the group that a scope's name stands for; None where the trace has no such scope.

    A level that holds nothing but one other is no group of its own: its name stands for what it holds.
    """
    groups = groups_of(trace)
    if scope in groups.by_key:
        return scope if scope else None
    part = groups.part(scope)
    if part is not None:
        stack, first, last = part
        return groups.stacks[stack].key(first, last)
    inner = [key for key in groups.keys if key.startswith(scope + ".")] if scope else []
    return min(inner, key=len, default=None)
