"""What nodes without a name are called: `v7`, and inside the unfolded node 7 `v7.1`, `v7.2`.

A number is that of the program's own recording, so unfolding one node leaves the labels of all others as they were. It
also tells the same node again in another unfolding of the same program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracer.text import clean

KEY = "unfolded"
"""In `Columns.info`: [node, how many nodes came in its place], one for each unfolding, in order."""
FORMULAS = "unfolded_formulas"
"""In `Columns.info`: how each unfolded node was computed, `softmax(z, dim=1)`, in the same order."""
SEAMS = ("element", "join", "place")
"""Ops where a tensor is taken apart into single numbers, and put together again: there is nothing inside."""
Splices = tuple[tuple[int, int], ...]


def splices_of(info: Mapping[str, Any], nodes: int) -> Splices:
    """The unfoldings that a trace says were done; none where what it says cannot be.

    Args:
        nodes: how many the trace has now.
    """
    said = info.get(KEY)
    if not isinstance(said, Sequence) or isinstance(said, str):
        return ()
    rows = [tuple(row) for row in said if isinstance(row, Sequence) and not isinstance(row, str)]
    if len(rows) != len(said) or any(len(row) != 2 or any(type(n) is not int for n in row) for row in rows):
        return ()
    size = nodes - sum(count - 1 for _, count in rows)
    for at, count in rows:
        if count < 1 or not 0 <= at < size:
            return ()
        size += count - 1
    return tuple((at, count) for at, count in rows)


def formulas_of(info: Mapping[str, Any]) -> tuple[str, ...]:
    """What a trace says of how each unfolded node was computed; nothing where it does not say it in so many words."""
    said = info.get(FORMULAS)
    known = isinstance(said, Sequence) and all(isinstance(one, str) for one in said)
    return tuple(clean(one) for one in said) if known and not isinstance(said, str) else ()  # type: ignore[union-attr]


def numbers(nodes: int, splices: Splices) -> list[str]:
    """(nodes,) `7`, `7.1`: the number of each node. The last of those that came in a node's place keeps its number."""
    found = [str(node) for node in range(nodes - sum(count - 1 for _, count in splices))]
    given: dict[str, int] = {}
    for at, count in splices:
        number = found[at]
        first = given.get(number, 0) + 1  # what was unfolded once may be again
        given[number] = first + count - 2
        found[at:at] = [f"{number}.{first + i}" for i in range(count - 1)]
    return found


def spans(splices: Splices) -> tuple[range, ...]:
    """What came in by each unfolding, in order: nodes side by side, with all that was unfolded among them."""
    found: list[range] = []
    for at, count in splices:
        more = count - 1
        found = [range(r.start + more * (r.start > at), r.stop + more * (r.stop > at)) for r in found]
        found.append(range(at, at + count))
    return tuple(found)
