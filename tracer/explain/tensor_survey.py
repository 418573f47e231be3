"""Every tensor of a pass checked: all values and sums, all rules, and slopes as far as a budget goes, leaves first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracer.explain.checked import Check
from tracer.explain.tensor_check import check_tensor, cost, tainted
from tracer.explain.tensor_findings import gradient, value
from tracer.explain.tensor_rules import rules as rules_of
from tracer.explain.underflow import lost
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

OPS = 60_000
"""Ops run at most in one pass for finite differences: some seconds."""


@dataclass(frozen=True)
class TensorPassCheck:
    """What was found out about one pass over tensors."""

    this: Pass
    checks: Mapping[int, Check]
    """Node -> its check, of every node that received gradient."""
    wrong: tuple[int, ...]
    """Nodes whose check fails, in the order in which their gradients were complete."""
    nudged: tuple[int, ...]
    """Nodes for which the graph was run again."""
    rules: int
    """Rules that were measured on their own."""
    undecided: int
    """Rules that could not be: at a kink, out of a domain, or too flat."""
    unchecked: Mapping[str, int]
    """How many gradients have the mark `?`, by the reason."""


def wrong_tensor_values(trace: Trace) -> NDArray[np.int64]:
    """Tensors that do not follow from their inputs, oldest first."""
    found = []
    for node in range(trace.n_nodes):
        if trace.is_tensor(node):
            compared = value(trace, node)
            if compared is not None and compared.wrong:
                found.append(node)
    return np.array(found, np.int64)


def check_tensor_pass(trace: Trace, this: Pass, budget: int, whole: bool) -> TensorPassCheck:
    """Check all tensors that a pass reached.

    Args:
        budget: numbers computed at most for finite differences.
        whole: whether every value of the trace was found to be right.
    """
    rules = rules_of(trace, this)
    nodes = this.columns.nodes.tolist()
    nudged = _chosen(trace, this, nodes, budget)
    checks: dict[int, Check] = {}
    for node in nudged:
        checks[node] = check_tensor(trace, this, node)
    sums = all(not gradient(trace, this, node).against.wrong for node in nodes if node not in this.columns.hooked)
    sound = (
        whole
        and sums
        and not this.columns.hooked
        and all(
            not one.wrong and (one.decided or not np.any(trace.contribution(this.index, delivery)[2]))
            for delivery, one in enumerate(rules)
        )
        and all(check.mark != "✗" for check in checks.values())
    )
    for node in nodes:
        if node not in checks:
            checks[node] = check_tensor(trace, this, node, nudge=False, sound=sound)
    last = {node: int(d[-1]) if len(d := this.deliveries_to(node)) else -1 for node in nodes}
    wrong = sorted((node for node in nodes if checks[node].mark == "✗"), key=lambda node: (last[node], -node))
    return TensorPassCheck(
        this,
        checks,
        tuple(wrong),
        tuple(nudged),
        sum(one.decided for one in rules),
        sum(not one.decided for one in rules),
        _unchecked(trace, this, checks, set(nudged)),
    )


def _chosen(trace: Trace, this: Pass, nodes: list[int], budget: int) -> list[int]:
    """Nodes to nudge, as many as the budget pays for: leaves first, then from the root down."""
    order = sorted(nodes, key=lambda node: (not trace.accumulates(node), -node))
    found: list[int] = []
    ops = numbers = 0
    for node in order:
        more_ops, more_numbers = cost(trace, this, node)
        if found and (ops + more_ops > OPS or numbers + more_numbers > budget):
            continue
        found.append(node)
        ops, numbers = ops + more_ops, numbers + more_numbers
    return sorted(found)


def _unchecked(trace: Trace, this: Pass, checks: Mapping[int, Check], nudged: set[int]) -> Mapping[str, int]:
    found = {"not finite": 0, "kink": 0, "flat": 0, "hook": 0, "lost": 0, "not nudged": 0}
    hooks = tainted(trace, this)
    for node, check in checks.items():
        if check.mark != "?":
            continue
        if node in hooks:
            why = "hook"
        elif lost(trace, this, node) is not None:
            why = "lost"
        elif node not in nudged:
            why = "not nudged"
        elif check.slope is not None and not np.isfinite(check.slope):
            why = "not finite"
        else:
            why = "flat" if check.kink is None and check.slope is not None and check.slope_error == 0 else "kink"
        found[why] += 1
    return found
