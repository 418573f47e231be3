"""What is open and what is folded: a value that a view, a command line or an export can hold.

It names groups by key, as a person would; which boxes that gives is a question to a trace (`tracer.layout.quotient`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracer.layout.limit import LIMIT as LIMIT
from tracer.layout.stacks import in_range

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

RING = "ring: "
"""Begins the key of a ring; the key of its first box follows."""


@dataclass(frozen=True)
class Folding:
    """Which groups are open. What is not open, but lies in something open, is one box.

    A stack is open when all its members are shown, each folded. A member that is open stands by itself whatever its
    stack is: the members before and after it stay stacked.
    """

    opened: frozenset[str] = frozenset()
    """Keys of open groups: scopes `position 3.layer 1`, stacks and parts of them `position 0–15`, rings."""
    limit: int = LIMIT
    """The most boxes that are drawn. Of more, those near the node of interest are."""
    hops: int | None = None
    """Draw only what is up to so many wires away from the node of interest; None: as much as the limit allows."""

    def open(self, *keys: str) -> Folding:
        """With these groups open. What lies around them is not opened: see `opened_to`."""
        return replace(self, opened=self.opened | frozenset(keys))

    def close(self, key: str) -> Folding:
        """With a group closed, and all that lies in it."""
        return replace(self, opened=frozenset(other for other in self.opened if not _within(other, key)))

    def opened_to(self, trace: Trace, node: int, user: int | None = None) -> Folding:
        """With everything opened that hides a node; see `tracer.layout.default_folding.opened_to`."""
        from tracer.layout.default_folding import opened_to

        return opened_to(trace, self, node, user)


def _within(key: str, group: str) -> bool:
    """Whether `key` is `group` or lies in it."""
    inner = key.removeprefix(RING) if key != group else key
    return inner == group or inner.startswith(group + ".") or in_range(inner, group)
