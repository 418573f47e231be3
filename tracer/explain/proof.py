"""Is this number right, and how do we know?

A value is computed again from its inputs. A gradient is the sum of its contributions, and it is what nudging shows: the
graph is run again with the number moved a little up and down, and the root is watched. That second check knows nothing
of rules or of the chain rule, so it also finds a wrong rule, and a backward pass that goes wrong by its order.
"""

from __future__ import annotations

from typing import Any

from tracer.explain.check import Check, Mark, check_value, findings, judge
from tracer.explain.survey import TraceCheck, check_trace
from tracer.explain.tensor_check import check_tensor
from tracer.explain.words import Names, count
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.segment import PARTS
from tracer.trace.trace import Trace

__all__ = ["Check", "Mark", "TraceCheck", "check_at", "check_node", "check_trace", "findings", "judge"]


def check_node(trace: Trace, node: Any, pass_index: int | None = None) -> Check:
    """Check one node's value, and its gradient in one pass.

    Args:
        node: id or name.
        pass_index: which pass; None takes the last one that reaches the node.
    """
    at = trace.resolve(node)
    if pass_index is None:
        pass_index = next((p.index for p in reversed(trace.passes) if p.reached(at)), None)
    if pass_index is None or not trace.passes[pass_index].reached(at):
        return check_value(trace, at, Names(trace)(at))
    this = trace.passes[pass_index]
    if trace.is_tensor(at):
        return check_tensor(trace, this, at)
    return judge(trace, findings(trace, this, [at])[0])


def check_at(cursor: Cursor, node: Any) -> Check:
    """Check a node as far as the walk has come: no mark and no number before its gradient is complete."""
    trace, at = cursor.trace, cursor.trace.resolve(node)
    name, state = Names(trace)(at), cursor.grad_state(at)
    if not cursor.is_made(at):
        return Check(at, "?", Text(f"{name}: not made yet", f"{name}：まだできていません"))
    if state == "none":
        return check_value(trace, at, name)
    if state == "not_yet":
        return Check(at, "?", Text(f"{name}: no gradient yet", f"{name}：勾配はまだ届いていません"))
    if state == "partial":
        arrived = cursor.moment.part == PARTS
        missing = [r for r in cursor.routes(at) if r.state == "coming" or (r.state == "arriving" and not arrived)]
        more = count(len(missing), "route", "routes", "{} 本")
        return Check(at, "?", Text(f"{name}: {more.en} still missing", f"{name}：あと {more.ja}の経路が届いていません"))
    begun = [p for p in trace.passes if p.start < cursor.position and p.reached(at)]
    written = [position for position, _ in trace.events("write").get(at, ()) if position <= cursor.position]
    if not begun or (written and written[-1] > begun[-1].start):
        return Check(at, "", Text(f"{name}: its gradient was written by hand", f"{name}：勾配は直接書き込まれた値です"))
    return check_node(trace, at, begun[-1].index)
