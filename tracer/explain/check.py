"""One node's check: what was found out, the mark it earns, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tracer.explain.checked import Check, Mark
from tracer.explain.columns import difference, rules, sums, values
from tracer.explain.edges import Ints
from tracer.explain.slopes import Slopes, replay_of, slopes
from tracer.explain.tensor_check import check_tensor_value
from tracer.explain.verdict import Findings, Verdict, reason
from tracer.text import Text
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

__all__ = ["Check", "Mark", "check_value", "collect", "findings", "judge", "measure"]

_MARKS: Mapping[Verdict, Mark] = {
    "value": "✗",
    "sum": "✗",
    "rule": "✗",
    "slope": "✗",
    "right": "✓",
    "by rules": "✓",
    "by chain": "✓",
}


def measure(trace: Trace, this: Pass, nodes: Ints) -> Slopes:
    """Slopes of a pass's root; 0 with respect to nodes that do not lead to it."""
    replay, total = replay_of(trace, this.root), sums(trace, this)
    leading = np.flatnonzero([replay.row(n) >= 0 for n in nodes.tolist()])
    found = Slopes(np.zeros(len(nodes)), np.zeros(len(nodes)), np.full(len(nodes), -1))
    found.put(leading, slopes(trace, this.root, nodes[leading].tolist(), total.alone[nodes[leading]]))
    return found


def findings(trace: Trace, this: Pass, nodes: Sequence[int]) -> list[Findings]:
    """Everything there is to find out about some nodes that a pass reached; the graph is run again for each of them."""
    return collect(trace, this, nodes, measure(trace, this, np.asarray(nodes, np.int64)))


def collect(
    trace: Trace, this: Pass, nodes: Sequence[int], measured: Slopes | None, *, sound: bool = False
) -> list[Findings]:
    """What was found out about some nodes that a pass reached.

    Args:
        measured: their slopes; None where the graph was not run again for them.
        sound: all else that leads to these nodes was checked and is right.
    """
    at = np.asarray(nodes, np.int64)
    value, total, rule = values(trace), sums(trace, this), rules(trace)
    off, stored = difference(trace.columns.value[at], value.again[at]), trace.columns.op[at] > 0
    replay = replay_of(trace, this.root) if total.wrong[at].any() else None
    rederived = None if replay is None else replay.backward()
    found = []
    for i, node in enumerate(at.tolist()):
        edges = this.edges[this.deliveries_to(node)]
        bad = edges[rule.wrong[edges]]
        row = -1 if replay is None else replay.row(node)
        found.append(
            Findings(
                node,
                this.index,
                value_error=float(off[i]) if stored[i] else None,
                value_wrong=bool(value.wrong[node]),
                value_again=float(value.again[node]),
                recorded=float(total.recorded[node]),
                expected=float(total.expected[node]),
                alone=float(total.alone[node]),
                sum_wrong=bool(total.wrong[node]),
                rederived=None if rederived is None or row < 0 else float(rederived[row]),
                slope=None if measured is None else float(measured.slope[i]),
                own_error=0.0 if measured is None else float(measured.error[i]),
                kink=None if measured is None or measured.kink[i] < 0 else int(measured.kink[i]),
                root_value=float(trace.columns.value[this.root]),
                rule_edge=int(bad[0]) if len(bad) else None,
                rules_agree=bool(rule.decided[edges].all()) and not len(bad),
                sound=sound,
            )
        )
    return found


def judge(trace: Trace, found: Findings) -> Check:
    """The mark that findings earn, and why."""
    return Check(
        found.node,
        _MARKS.get(found.verdict, "?"),
        reason(trace, found),
        found.pass_index,
        found.value_error,
        float(difference(np.array([found.recorded]), np.array([found.expected]))[0]),
        found.slope,
        None if found.slope is None else abs(found.alone - found.slope),
        found.kink,
    )


def check_value(trace: Trace, node: int, name: str) -> Check:
    """A node that no gradient reached: its value follows from its inputs; a leaf's or a constant's from nothing."""
    kind = trace.kind(node)
    if trace.is_tensor(node):
        return check_tensor_value(trace, node)
    if kind == "const":
        return Check(
            node, "", Text(f"{name}: a constant, nothing to check", f"{name}：定数なので確かめることはありません")
        )
    if kind == "leaf":
        return Check(node, "", Text(f"{name}: no gradient reached it", f"{name}：勾配は届いていません"))
    found = values(trace)
    error = float(difference(trace.columns.value[[node]], found.again[[node]])[0])
    if found.wrong[node]:
        wrong = Findings(node, value_wrong=True, value_again=float(found.again[node]))
        return Check(node, "✗", reason(trace, wrong), value_error=error)
    words = Text(
        f"{name} follows from its inputs; no gradient reached it",
        f"{name} は入力から計算した値と一致します。勾配は届いていません",
    )
    return Check(node, "✓", words, value_error=error)
