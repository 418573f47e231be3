"""What a name means in a run: a part of a tensor (`W[0, 1]`, its row `W[0]`, `W[:, 1]`), else a node called so.

`x[0]` is the first of a list of values where the program has such a list. Where it has a tensor `x` it is its element,
even if that was opened and a node stands for the element: only the tensor is updated, and known before it is opened.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:  # the gallery lists lessons without waiting for NumPy
    from tracer.explain.amount import Amount
    from tracer.trace.trace import Trace

Index: TypeAlias = tuple["int | slice", ...]

_BRACKET = re.compile(r"(.+)\[([^\[\]]*)\]")
_WHOLE = slice(None)


class Part(NamedTuple):
    """A node's name, and which part of its tensor is meant; all of it where there is no `where`."""

    name: str
    where: Index | None = None

    def of(self, value: Amount) -> Amount | None:
        """The part of `value` (or of its gradient); None where it has no such part."""
        if self.where is None:
            return value
        try:
            taken: Amount = value[self.where]  # type: ignore[index]  # a plain float has no parts: TypeError
        except (IndexError, TypeError):
            return None
        return taken

    def element(self, shape: tuple[int, ...]) -> int | None:
        """Of a tensor of this shape, which element of the flattened tensor; None where it is no single one."""
        if self.where is None or len(self.where) != len(shape):
            return None
        flat = 0
        for i, n in zip(self.where, shape, strict=True):
            if isinstance(i, slice) or not -n <= i < n:
                return None
            flat = flat * n + i % n
        return flat


def part(trace: Trace, words: str) -> Part:
    """What `words` names in this run."""
    found = split(words)
    return found if found is not None and any(map(trace.is_tensor, nodes_named(trace, found.name))) else Part(words)


def split(words: str) -> Part | None:
    """`W` and (0, 1) of `W[0, 1]`; None where no index stands behind a name."""
    match = _BRACKET.fullmatch(words)
    if match is None:
        return None
    index: list[int | slice] = []
    for word in match[2].split(","):
        if word.strip() == ":":
            index.append(_WHOLE)
        elif re.fullmatch(r"\s*-?[0-9]{1,9}\s*", word):
            index.append(int(word))
        else:
            return None
    return Part(match[1], tuple(index))


def nodes_named(trace: Trace, name: str) -> tuple[int, ...]:
    """Every node with this name, oldest first: a loop makes one `loss` a turn."""
    return tuple(sorted(node for node, found in trace.columns.names.items() if found == name))
