"""Scope names with dots, as a tree: iterative, in time that grows with the text alone.

Names come from files: there may be a million, one may have a hundred thousand dots or ten thousand characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEVEL = "\0"
"""Stands for a dot: it sorts before every character that a name may have, so that what is inside follows its group."""

_SHORT = 200


MOST = 50_000
"""With more distinct scopes nobody reads them: then only their outer levels are groups."""


@dataclass(frozen=True)
class Tree:
    """Groups as they come: group 0 is everything, parents are in no order."""

    parent: list[int]
    keys: list[str]

    def __len__(self) -> int:
        return len(self.parent)

    def title(self, group: int) -> str:
        """The key without that of the group around it."""
        around = self.keys[self.parent[group]]
        return self.keys[group][len(around) + 1 :] if around else self.keys[group]


def outer_levels(names: Sequence[str], most: int = MOST) -> list[str]:
    """The names, or as many of their outer levels as there are no more than `most` of; "" if even one is too many."""
    if len(set(names)) <= most:
        return list(names)
    found, ends = [""] * len(names), [-1] * len(names)
    while True:
        ends = [end if end == len(name) else name.find(".", end + 1) for name, end in zip(names, ends, strict=True)]
        ends = [len(name) if end < 0 else end for name, end in zip(names, ends, strict=True)]
        tried = [name[:end] for name, end in zip(names, ends, strict=True)]
        if len(set(tried)) > most:  # at the latest where names are whole
            return found
        found = tried


def scope_tree(names: Sequence[str], used: NDArray[np.bool_]) -> tuple[Tree, NDArray[np.int64]]:
    """The tree of the names in use, and for each name its group (0 for "" and for names not in use)."""
    wanted = sorted({names[at].replace(".", _LEVEL) for at in np.flatnonzero(used).tolist()} - {""})
    parent, lengths, texts = [0], [0], [""]
    at: dict[str, int] = {}
    path = [0]
    before = ""

    def new(text: str, length: int) -> int:
        parent.append(0)
        lengths.append(length)
        texts.append(text[:length])
        return len(parent) - 1

    for name in wanted:
        common = _common(before, name)
        while lengths[path[-1]] > common:
            inner = path.pop()
            if lengths[path[-1]] < common:  # two names part here: a group that no name says alone
                path.append(new(name, common))
            parent[inner] = path[-1]
        at[name] = new(name, len(name))
        path.append(at[name])
        before = name
    for inner, outer in zip(path[:0:-1], path[-2::-1], strict=True):
        parent[inner] = outer
    tree = Tree(parent, [text.replace(_LEVEL, ".") for text in texts])
    which = [at.get(name.replace(".", _LEVEL), 0) for name in names]
    return tree, np.asarray(which, np.int64)


def _common(a: str, b: str) -> int:
    """How many characters of the levels that two names share; `a` sorts before `b`."""
    if b.startswith(a):
        same = len(a)
    elif len(a) < _SHORT:
        same = next(i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y)
    else:
        low, high = 0, min(len(a), len(b))
        while low < high:
            middle = (low + high + 1) // 2
            if a[:middle] == b[:middle]:
                low = middle
            else:
                high = middle - 1
        same = low
    if same == len(a) and b[same : same + 1] == _LEVEL:
        return same
    return max(a.rfind(_LEVEL, 0, same), 0)
