"""From findings to a verdict, and the sentence that says it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tracer.explain.columns import AGREES, RESOLVES
from tracer.explain.words import Names
from tracer.numbers import equals_sign, format_number
from tracer.text import Text
from tracer.trace.trace import Trace

Verdict = Literal[
    "value",  # ✗ the value does not follow from its inputs
    "sum",  # ✗ the gradient is not the sum of its contributions
    "rule",  # ✗ a rule disagrees with nudging its op alone
    "slope",  # ✗ nudging shows something else
    "right",  # ✓
    "by rules",  # ✓ cannot be measured at the root, but every rule on its edges agrees with nudging
    "by chain",  # ✓ not nudged itself, but all sums and rules between it and the root agree
    "user",  # ? the number is right, but what a user hands over does not fit: the user's gradient is wrong
    "kink",  # ?
    "not finite",  # ?
    "too small",  # ?
    "not nudged",  # ?
]


@dataclass(frozen=True)
class Findings:
    """What the checks found out about a node in a pass."""

    node: int
    pass_index: int | None = None
    value_error: float | None = None
    value_wrong: bool = False
    value_again: float = math.nan
    recorded: float = math.nan
    """The gradient the program had."""
    expected: float = math.nan
    """What its contributions make, with what was held before."""
    alone: float = math.nan
    """What this pass brought."""
    sum_wrong: bool = False
    rederived: float | None = None
    """The gradient as a correct pass computes it; known where a sum is wrong."""
    slope: float | None = None
    own_error: float = 0.0
    """What the slope may be off by on its own account."""
    kink: int | None = None
    root_value: float = 0.0
    rule_edge: int | None = None
    """An edge that delivered by a wrong rule."""
    rules_agree: bool = False
    """Every edge's rule was measured, and agrees."""
    sound: bool = False
    """All sums and rules on the way from the root were checked, and are right."""

    @cached_property
    def verdict(self) -> Verdict:
        if self.value_wrong:
            return "value"
        if self.sum_wrong:
            return "user" if self._is_right_by_itself else "sum"
        if self.rule_edge is not None:
            return "rule"
        if self.slope is None:
            return "by chain" if self.sound else "not nudged"
        if not (math.isfinite(self.alone) and math.isfinite(self.slope) and math.isfinite(self.root_value)):
            return "not finite"
        if self.kink is not None:
            return "kink"
        size = max(abs(self.alone), abs(self.slope))
        if abs(self.alone - self.slope) > self.own_error + AGREES * size:
            return "slope"
        if self.own_error > RESOLVES * size and self.alone != 0:
            return "by rules" if self.rules_agree else "too small"
        return "right"

    @property
    def _is_right_by_itself(self) -> bool:
        if self.rederived is None or not math.isfinite(self.rederived):
            return False
        held = self.expected - self.alone
        return math.isclose(self.recorded, self.rederived + held, rel_tol=1e-9, abs_tol=1e-300)


def reason(trace: Trace, found: Findings) -> Text:
    """The verdict in a sentence, with its numbers."""
    names = Names(trace)
    name, verdict = names(found.node), found.verdict
    if verdict == "value":
        stored, again = apart(float(trace.columns.value[found.node]), found.value_again)
        return Text(
            f"{name} is stored as {stored}, but {names.formula(found.node)} gives {again}",
            f"{name} の値は {stored} と記録されていますが、{names.formula(found.node)} を計算すると {again} です",
        )
    assert found.pass_index is not None, "all other verdicts are about a pass"
    this = trace.passes[found.pass_index]
    root = names(this.root)
    symbol = names.grad(found.node) if this.by_hand else names.partial(this.root, name)
    if verdict in ("sum", "user"):
        return _of_sums(names, found)
    if verdict == "rule":
        assert found.rule_edge is not None, "the edge whose rule is wrong"
        return _of_rule(trace, names, found.rule_edge)
    number = format_number(found.alone)
    if verdict == "not finite":
        return _not_finite(names, found, root, name)
    if verdict == "by chain":
        return Text(
            f"{symbol} = {number}: its contributions add up, and every rule between it and {root} agrees with nudging",
            f"{symbol} = {number}：寄与の和と一致し、{root} までの規則もすべて確かめた傾きと一致します",
        )
    if verdict == "not nudged":
        return Text(f"{symbol} = {number} has not been nudged", f"{symbol} = {number} はまだ動かして確かめていません")
    assert found.slope is not None, "the other verdicts come from nudging"
    if verdict == "kink":
        return _at_kink(trace, names, found, name)
    if verdict == "slope":
        shown, measured = apart(found.alone, found.slope)
        return Text(
            f"{symbol} says {shown}, but nudge {name}, and {root} moves {measured} times as far",
            f"{symbol} は {shown} ですが、{name} を少し動かすと {root} は {measured} 倍動きます",
        )
    if verdict == "right":
        off = format_number(abs(found.alone - found.slope), 2)
        equals = equals_sign(found.alone)
        return Text(
            f"{symbol} {equals} {number}: nudging {name} shows the same (difference {off})",
            f"{symbol} {equals} {number}：{name} を動かして測った傾きと一致（差 {off}）",
        )
    if verdict == "by rules":
        return Text(
            f"{symbol} = {number} cannot be measured at {root}, but every rule on its edges agrees with nudging",
            f"{symbol} = {number} は {root} の動きからは測れませんが、辺の規則はどれも確かめた傾きと一致します",
        )
    if not math.isfinite(found.own_error):
        return Text(
            f"{symbol} = {number} cannot be checked by nudging: {root} bends too sharply around here",
            f"{symbol} = {number} は、このあたりで {root} が急に曲がるため、動かして確かめることができません",
        )
    limit = format_number(found.own_error, 2)
    return Text(
        f"{symbol} = {number} is too small to be checked by nudging, which is good to {limit} here",
        f"{symbol} = {number} は小さすぎて、動かして確かめることができません（精度は {limit} まで）",
    )


def _of_sums(names: Names, found: Findings) -> Text:
    symbol = names.grad(found.node)
    stored, expected = apart(found.recorded, found.expected)
    if found.verdict == "user":
        return Text(
            f"{symbol} is right, but what reaches it adds up to {expected}: a gradient it comes from is wrong",
            f"{symbol} は正しい値ですが、届いた寄与の和は {expected} です。元になった勾配のどれかが誤っています",
        )
    return Text(
        f"{symbol} is stored as {stored}, but its contributions make {expected}",
        f"{symbol} は {stored} と記録されていますが、寄与の和は {expected} です",
    )


def _of_rule(trace: Trace, names: Names, edge: int) -> Text:
    from tracer.explain.columns import rules

    found, e = rules(trace), trace.edge(edge)
    op = trace.op(e.user)
    assert op is not None, "an edge leads into an op's output"
    rule, measured = apart(float(found.rule[edge]), float(found.measured[edge]))
    user, place = names(e.user), names.place(edge)
    return Text(
        f"∂{user}/∂{place}: the rule of {op.label} says {rule}, nudging {place} alone shows {measured}",
        f"∂{user}/∂{place}：{op.label} の規則では {rule} ですが、{place} だけを動かすと {measured} です",
    )


def _not_finite(names: Names, found: Findings, root: str, name: str) -> Text:
    if not math.isfinite(found.root_value):
        number = format_number(found.root_value)
        return Text(
            f"cannot be checked by nudging, because {root} is {number}",
            f"{root} が {number} なので、動かして確かめることができません",
        )
    if not math.isfinite(found.alone):
        symbol, number = names.grad(found.node), format_number(found.alone)
        return Text(
            f"cannot be checked by nudging, because {symbol} is {number}",
            f"{symbol} が {number} なので、動かして確かめることができません",
        )
    return Text(
        f"cannot be checked by nudging, because {root} is not finite when {name} moves",
        f"{name} を動かすと {root} が有限でなくなるので、確かめることができません",
    )


def _at_kink(trace: Trace, names: Names, found: Findings, name: str) -> Text:
    assert found.kink is not None, "a kink was found"
    op = trace.op(found.kink)
    assert op is not None, "only ops have kinks"
    where, value = names.definition(found.kink), format_number(trace.args(found.kink)[0])
    return Text(
        f"a kink: {where} has no single slope at {value}, so nudging {name} decides nothing",
        f"折れ目です。{where} の傾きは {value} で一つに定まらないので、{name} を動かしても判定できません",
    )


def apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers with as few digits as tell them apart, at least four."""
    for digits in range(4, 17):
        texts = format_number(a, digits), format_number(b, digits)
        if texts[0] != texts[1]:
            return texts
    return repr(a), repr(b)
