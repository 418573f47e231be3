"""Checks of a small trace's nodes, made once beside the app, each with the stretch of time in which it may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracer.trace.cursor import Cursor
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

if TYPE_CHECKING:
    from tracer.explain.proof import Check

SMALL = 300
"""Nodes up to which everything is checked on arrival."""


@dataclass(frozen=True)
class Checked:
    """A check of one node in one pass."""

    check: Check
    since: int
    """The position at which the gradient is complete: before that, its mark would tell of the future."""
    until: int
    """The last position at which it is still this gradient: another pass, or a write, comes next."""

    def holds_at(self, position: int) -> bool:
        return self.since <= position <= self.until


def check_all(trace: Trace) -> tuple[Checked, ...]:
    """Every node in every pass that reaches it. Takes a moment: for a thread."""
    from tracer.explain.proof import check_node

    found = []
    for this in trace.passes:
        for node in this.columns.nodes.tolist():
            since = complete_at(this, node)
            found.append(Checked(check_node(trace, node, this.index), since, _until(trace, this, node, since)))
    return tuple(found)


def check_here(cursor: Cursor, node: int) -> tuple[Check, Checked | None]:
    """The check of one node as far as the walk has come, and its stretch of time where a gradient was checked."""
    from tracer.explain.proof import check_at

    check = check_at(cursor, node)
    if check.pass_index is None:
        return check, None
    this = cursor.trace.passes[check.pass_index]
    since = complete_at(this, node)
    return check, Checked(check, since, _until(cursor.trace, this, node, since))


def complete_at(this: Pass, node: int) -> int:
    """The position at which `node` has received all of this pass's contributions."""
    deliveries = this.deliveries_to(node)
    return this.position_of(int(deliveries[-1])) if len(deliveries) else this.start + 1


def _until(trace: Trace, this: Pass, node: int, since: int) -> int:
    later = [other.start for other in trace.passes if other.start > this.start and other.reached(node)]
    written = [position - 1 for position, _ in trace.events("write").get(node, ()) if position > since]
    return min([*later[:1], *written[:1], len(trace)])
