"""Identical repeats side by side in a scope, `layer 0` to `layer 11`, as one stack: `layer 0–11`, twelve times.

Repeats have names that differ in one number, the same scopes inside and the same ops; how many of each may differ, for
a later position attends to more of them. A stack is a group like any other, between its members and what they lie in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tracer.layout.scopes import Tree

FEWEST = 3
"""Two repeats are read as easily as a stack of them."""

_NUMBERED = re.compile(r"(.*?)([0-9]{1,15})([^0-9]*)", re.DOTALL)
_RANGE = re.compile(r"([0-9]{1,15})[–-]([0-9]{1,15})")
_MEMBER = re.compile(r"([0-9]{1,15})(?:[–-]([0-9]{1,15}))?")
_LONG = 200
"""A level with more characters is no numbered name."""


@dataclass(frozen=True)
class Stack:
    """A group whose members repeat each other."""

    before: str
    """Their keys up to the number, `position 3.head `."""
    numbers: tuple[str, ...]
    after: str
    """Their keys behind the number, mostly ""."""

    def __len__(self) -> int:
        return len(self.numbers)

    def key(self, first: int, last: int) -> str:
        """What the members first..last together are called: `head 0–3`."""
        return f"{self.before}{self.numbers[first]}–{self.numbers[last]}{self.after}"


@dataclass(frozen=True)
class Stacked:
    """The tree of groups with its stacks, in preorder. Fields as of `Groups`."""

    number: NDArray[np.int64]
    """The group that each group of the tree has become."""
    parent: tuple[int, ...]
    stop: tuple[int, ...]
    keys: tuple[str, ...]
    children: tuple[tuple[int, ...], ...]
    stacks: dict[int, Stack]


def ranges(key: str) -> Iterator[tuple[str, str, str, str]]:
    """(before, first, last, behind) of each `4–15` in a key: any of them may be what makes it a part of a stack."""
    for found in _RANGE.finditer(key):
        yield key[: found.start()], found[1], found[2], key[found.end() :]


def in_range(key: str, range_key: str) -> bool:
    """Whether `key` is, or lies in, a member of the stack (or a part of it) that `range_key` names."""
    for before, first, last, after in ranges(range_key):
        inner = _MEMBER.match(key, len(before)) if key.startswith(before) else None
        if inner is None:
            continue
        rest = key[inner.end() :]
        low, high = int(inner[1]), int(inner[2] or inner[1])
        if int(first) <= low <= high <= int(last) and (rest == after or rest.startswith(after + ".")):
            return True
    return False


def stacked(tree: Tree, ops: Sequence[int], firsts: Sequence[int]) -> Stacked:
    """The tree in preorder, with a group around each row of repeats.

    Args:
        tree: the scopes.
        ops: for each group a number that tells which ops lie directly in it.
        firsts: the first node directly in each group, or a large number: siblings stand in this order.
    """
    parent, keys, size = list(tree.parent), list(tree.keys), len(tree)
    inside: list[list[int]] = [[] for _ in range(size)]
    names: list[tuple[str, str, str]] = [("", "", "")]
    for group in range(1, size):
        inside[parent[group]].append(group)
        names.append(_numbered(tree.title(group)))
    upwards = sorted(range(1, size), key=lambda group: len(keys[group]), reverse=True)
    first = list(firsts)
    kinds = list(ops)
    for group in [*upwards, 0]:
        if inside[group]:
            first[group] = min(first[group], min(first[inner] for inner in inside[group]))
            kinds[group] = hash((kinds[group], frozenset((names[i][0], names[i][2], kinds[i]) for i in inside[group])))
    stacks: dict[int, Stack] = {}
    for group in range(size):
        inside[group].sort(key=first.__getitem__)
        for members in _repeats(inside[group], names, kinds):
            around = keys[group] + "." if keys[group] else ""
            stem, _, after = names[members[0]]
            stack = Stack(around + stem, tuple(names[member][1] for member in members), after)
            stacks[len(keys)] = stack
            keys.append(stack.key(0, len(stack) - 1))
            parent.append(group)
            inside.append(members)
            first.append(min(first[member] for member in members))
            gone = set(members)
            inside[group] = [inner for inner in inside[group] if inner not in gone]
            inside[group].append(len(keys) - 1)
            inside[group].sort(key=first.__getitem__)
            for member in members:
                parent[member] = len(keys) - 1
    return _in_preorder(keys, inside, stacks, size)


def _numbered(title: str) -> tuple[str, str, str]:
    """(what stands before the number, the number, what stands behind it) of the first level of a title."""
    level, dot, rest = title.partition(".")
    found = _NUMBERED.fullmatch(level) if len(level) <= _LONG else None
    return (found[1], found[2], found[3] + dot + rest) if found else (title, "", "")


def _repeats(groups: Sequence[int], names: Sequence[tuple[str, str, str]], kinds: Sequence[int]) -> list[list[int]]:
    """The rows of repeats among siblings, each by number. A sibling of another kind ends a row."""
    families: dict[tuple[str, str], list[int]] = {}
    for group in groups:
        if names[group][1]:
            families.setdefault((names[group][0], names[group][2]), []).append(group)
    found = []
    for family in families.values():
        if len(family) >= FEWEST:
            family.sort(key=lambda group: (int(names[group][1]), names[group][1]))
            rows = [list(row) for _, row in groupby(family, key=lambda group: kinds[group])]
            found += [row for row in rows if len(row) >= FEWEST]
    return found


def _in_preorder(keys: list[str], inside: list[list[int]], stacks: dict[int, Stack], size: int) -> Stacked:
    order: list[int] = []
    parent: list[int] = []
    number = [0] * len(keys)
    to_do = [(0, 0)]
    while to_do:
        group, around = to_do.pop()
        number[group] = len(order)
        order.append(group)
        parent.append(around)
        to_do += [(inner, number[group]) for inner in reversed(inside[group])]
    stop = [at + 1 for at in range(len(order))]
    for at in range(len(order) - 1, 0, -1):
        stop[parent[at]] = max(stop[parent[at]], stop[at])
    return Stacked(
        number=np.asarray(number[:size], np.int64),
        parent=tuple(parent),
        stop=tuple(stop),
        keys=tuple(keys[group] for group in order),
        children=tuple(tuple(number[inner] for inner in inside[group]) for group in order),
        stacks={number[group]: stack for group, stack in stacks.items()},
    )
