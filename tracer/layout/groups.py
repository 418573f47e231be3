"""The scopes of a trace as a tree of groups, whatever their number, depth or names.

A scope `a.b.c` lies in `a.b`, which lies in `a`. A level that holds nothing but one other level is no group of its own:
`a.b` is then one group, as in a list of folders. So there are at most twice as many groups as scopes, and nothing here
recurses. Groups are numbered in preorder: what lies in group g is the interval g..stop[g] - 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import CONST
from tracer.layout.scopes import outer_levels, scope_tree
from tracer.layout.stacks import Stack, Stacked, ranges, stacked
from tracer.text import clean
from tracer.trace.trace import Trace

UNUSED = "unused"
"""Last level of the key of a group that holds the leaves of a scope which nothing uses."""


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups of a trace. Group 0 is everything. It holds no trace, so that a trace can be forgotten."""

    parent: tuple[int, ...]
    """The group around each; 0 of the first."""
    stop: tuple[int, ...]
    """One past the last group inside each."""
    keys: tuple[str, ...]
    """`position 3.layer 1`; "" of the first; of a stack the key of all its members, `head 0–3`."""
    children: tuple[tuple[int, ...], ...]
    """What lies directly in each, in the order in which it was made; of a stack its members, by number."""
    stacks: dict[int, Stack]
    """Groups that are stacks of identical repeats."""
    unused: frozenset[int]
    """Groups of leaves that nothing uses."""
    group: NDArray[np.int32]
    """(n,) the innermost group of each node; of a leaf the innermost one that also holds all of its users.

    A leaf from before the recording has the scope of its first use, which says nothing about the others.
    """
    leaf: NDArray[np.bool_]
    """(n,) leaves and constants that something uses."""
    written: NDArray[np.int32]
    """Constants with a single use, ascending: they are written in their user's formula."""
    writer: NDArray[np.int32]
    """The users of those."""
    users: NDArray[np.int32]
    """(m,) the user of each edge."""
    first_use: NDArray[np.int32]
    """(n,) the first user of each node, -1 where nothing uses it."""

    def __len__(self) -> int:
        return len(self.parent)

    @cached_property
    def by_key(self) -> dict[str, int]:
        return {key: group for group, key in enumerate(self.keys)}

    @cached_property
    def depth(self) -> tuple[int, ...]:
        """How many scopes are around each; a stack is no scope."""
        found = [0] * len(self)
        for group in range(1, len(self)):
            around = self.parent[group]
            found[group] = found[around] + (around > 0 and around not in self.stacks)
        return tuple(found)

    @cached_property
    def boxes(self) -> NDArray[np.int64]:
        """How many boxes each gives when it is opened and leaves are ports: nodes, and groups in it."""
        alone = ~self.leaf
        alone[self.written] = False
        found: NDArray[np.int64] = np.bincount(self.group[alone], minlength=len(self))
        found += [len(inner) for inner in self.children]
        return found

    @cached_property
    def rooms(self) -> dict[int, int]:
        """For each stack where the numbers of its parts begin: every row of its members has one."""
        sizes = [(stack, len(members) ** 2) for stack, members in self.stacks.items()]
        starts = accumulate((size for _, size in sizes), initial=0)
        return {stack: start for (stack, _), start in zip(sizes, starts, strict=False)}

    @cached_property
    def all_rooms(self) -> int:
        """How many numbers the parts of all stacks take."""
        return sum(len(members) ** 2 for members in self.stacks.values())

    def part(self, key: str) -> tuple[int, int, int] | None:
        """(stack, first, last member) of a part of a stack, `position 4–15`; None where there is none."""
        for before, first, last, after in ranges(key):
            for stack in self._stacks.get((before, after), ()):
                numbers = self.stacks[stack].numbers
                if first in numbers and last in numbers and numbers.index(first) < numbers.index(last):
                    return stack, numbers.index(first), numbers.index(last)
        return None

    @cached_property
    def _stacks(self) -> dict[tuple[str, str], list[int]]:
        found: dict[tuple[str, str], list[int]] = {}
        for group, stack in self.stacks.items():
            found.setdefault((stack.before, stack.after), []).append(group)
        return found

    @cached_property
    def _order(self) -> NDArray[np.int32]:
        small = (
            self.group.astype(np.uint16) if len(self) < 1 << 16 else self.group
        )  # 16 bits are sorted ten times faster
        return np.argsort(small, kind="stable").astype(np.int32)

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(np.bincount(self.group, minlength=len(self)))])

    def members(self, start: int, stop: int) -> NDArray[np.int64]:
        """The nodes of groups start..stop - 1, ascending."""
        found = self._order[self._starts[start] : self._starts[stop]].astype(np.int64)
        found.sort(kind="stable")
        found.setflags(write=False)
        return found

    def count(self, start: int, stop: int) -> int:
        """How many nodes groups start..stop - 1 hold."""
        return int(self._starts[stop] - self._starts[start])

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """The first op in each group or what is inside it; n + the first node where it holds leaves alone.

        A leaf says little about when its group was at work: it may have been made long before.
        """
        n = len(self.group)
        found = np.full(len(self) + 1, 2 * n, np.int64)
        made = np.zeros(n, np.bool_)
        made[self.users] = True
        for nodes, late in ((np.flatnonzero(~made), n), (np.flatnonzero(made), 0)):
            backwards = nodes[::-1]
            found[self.group[backwards]] = backwards + late  # the last one written is the first node
        values = found.tolist()
        for group in range(len(self) - 1, 0, -1):
            around = self.parent[group]
            if values[group] < values[around]:
                values[around] = values[group]
        return np.asarray(values, np.int64)


_KEPT: WeakKeyDictionary[Trace, Groups] = WeakKeyDictionary()


def groups_of(trace: Trace) -> Groups:
    """The groups of a trace, worked out once."""
    if trace not in _KEPT:
        _KEPT[trace] = _groups(trace)
    return _KEPT[trace]


def _groups(trace: Trace) -> Groups:
    columns = trace.columns
    n = trace.n_nodes
    uses = np.bincount(columns.inputs, minlength=n)
    leaf = columns.op == 0
    users = np.repeat(np.arange(n, dtype=np.int32), np.diff(columns.offsets))
    first_use = np.full(n, -1, np.int32)
    first_use[columns.inputs[::-1]] = users[::-1]  # the last one written is the first use
    constant = leaf & ((columns.flags & CONST) > 0)
    written = np.flatnonzero(constant & (uses == 1)).astype(np.int32)

    names = outer_levels([name if name.isprintable() else clean(name) for name in columns.scopes]) or [""]
    row = columns.scope.astype(np.int64) if len(columns.scopes) else np.zeros(n, np.int64)
    lonely = np.flatnonzero(leaf & (uses == 0))
    given = len(names)
    if len(lonely) > 1:
        counts = np.bincount(row[lonely], minlength=given)
        extra = np.flatnonzero(counts > 1)
        place = np.full(given, -1, np.int64)
        place[extra] = given + np.arange(len(extra))
        names += [f"{names[at]}.{UNUSED}" if names[at] else UNUSED for at in extra.tolist()]
        moved = lonely[place[row[lonely]] >= 0]
        row = row.copy()
        row[moved] = place[row[moved]]
    tree, which = scope_tree(names, np.bincount(row, minlength=len(names)) > 0)
    ops = _ops(row, columns.op, which, len(tree))
    made = stacked(tree, ops, _firsts(row, leaf, which, len(tree)))
    group = made.number[which][row].astype(np.int32)
    _hoist(group, np.flatnonzero(leaf & (uses > 0) & (group > 0)), columns.inputs, users, made)
    taken = set(names[:given])
    unused = {int(made.number[which[at]]) for at in range(given, len(names))}
    return Groups(
        parent=made.parent,
        stop=made.stop,
        keys=made.keys,
        children=made.children,
        stacks=made.stacks,
        unused=frozenset(at for at in unused if made.stop[at] == at + 1 and made.keys[at] not in taken),
        group=group,
        leaf=leaf & (uses > 0),
        written=written,
        writer=first_use[written],
        users=users,
        first_use=first_use,
    )


def _hoist(
    group: NDArray[np.int32],
    leaves: NDArray[np.int64],
    inputs: NDArray[np.int32],
    users: NDArray[np.int32],
    made: Stacked,
) -> None:
    """Moves leaves that are used outside of their group into one around all of their users."""
    mine = np.zeros(len(group), np.bool_)
    mine[leaves] = True
    edges = np.flatnonzero(mine[inputs])
    low, high = group.copy(), group.copy()
    np.minimum.at(low, inputs[edges], group[users[edges]])
    np.maximum.at(high, inputs[edges], group[users[edges]])
    lows, highs = low[leaves].astype(np.int64), high[leaves]
    pairs, which = np.unique(lows * (len(made.parent) + 1) + highs, return_inverse=True)
    around = []
    for pair in pairs.tolist():
        at, last = divmod(pair, len(made.parent) + 1)
        while last >= made.stop[at] or at in made.stacks:
            at = made.parent[at]
        around.append(at)
    group[leaves] = np.asarray(around, np.int32)[which]


def _ops(row: NDArray[np.int64], op: NDArray[np.uint8], which: NDArray[np.int64], size: int) -> list[int]:
    """For each group a number that tells the set of ops directly in it; leaves do not count."""
    pairs = np.unique(which[row] * 256 + op)
    pairs = pairs[pairs % 256 > 0]
    mixed = (pairs % 256).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    found = np.zeros(size, np.uint64)
    np.add.at(found, pairs // 256, mixed * np.uint64(0xBF58476D1CE4E5B9))
    return [int(number) for number in found.tolist()]


def _firsts(row: NDArray[np.int64], leaf: NDArray[np.bool_], which: NDArray[np.int64], size: int) -> list[int]:
    """The first node directly in each group, ops before leaves; a large number where there is none."""
    n = len(row)
    found = np.full(size, 2 * n, np.int64)
    for nodes, late in ((np.flatnonzero(leaf), n), (np.flatnonzero(~leaf), 0)):
        backwards = nodes[::-1]
        found[which[row[backwards]]] = backwards + late
    return [int(number) for number in found.tolist()]
