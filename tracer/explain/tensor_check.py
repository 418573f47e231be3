"""One tensor's check: the mark that its findings earn, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tracer.explain.checked import Check
from tracer.explain.columns import RESOLVES
from tracer.explain.edges import once
from tracer.explain.tensor_findings import (
    DIRECTIONS,
    DRIFTS,
    EACH,
    Compared,
    Gradient,
    Slope,
    chained,
    drift,
    gate,
    gradient,
    kink,
    rederived,
    replay_of,
    rounds,
    size,
    slopes,
    value,
    worst,
)
from tracer.explain.tensor_rules import rule
from tracer.explain.ties import tie, ties
from tracer.explain.underflow import Lost, lost
from tracer.explain.verdict import apart
from tracer.explain.words import Names
from tracer.numbers import format_number
from tracer.text import Text
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

RULES = 64
"""Edges into one gradient whose rules are nudged on their own."""


def check_tensor_value(trace: Trace, node: int) -> Check:
    """A tensor that no gradient reached: its value follows from its inputs; a leaf's from nothing."""
    name, found = Names(trace)(node), value(trace, node)
    if found is None:
        return Check(node, "", Text(f"{name}: no gradient reached it", f"{name}：勾配は届いていません"))
    if found.wrong:
        return Check(node, "✗", _of_value(trace, node, found), value_error=found.error)
    words = Text(
        f"{name} follows from its inputs; no gradient reached it",
        f"{name} は入力から計算した値と一致します。勾配は届いていません",
    )
    return Check(node, "✓", words, value_error=found.error)


def check_tensor(trace: Trace, this: Pass, node: int, *, nudge: bool = True, sound: bool = False) -> Check:
    """A tensor that a pass reached.

    Args:
        nudge: whether to run the graph again for it.
        sound: all else that leads to its gradient was checked and is right.
    """
    return _Checking(trace, this, node, nudge, sound).check()


def tainted(trace: Trace, this: Pass) -> frozenset[int]:
    """Nodes whose gradient goes back to one that a hook replaced."""
    return once(trace, ("tensor hooks", this.index), lambda: _tainted(this))


def _tainted(this: Pass) -> frozenset[int]:
    found = set(this.columns.hooked)
    for user, target in zip(this.users.tolist(), this.targets.tolist(), strict=True):  # a user before its inputs
        if user in found:
            found.add(target)
    return frozenset(found)


class _Checking:
    """The way to one mark."""

    def __init__(self, trace: Trace, this: Pass, node: int, nudge: bool, sound: bool) -> None:
        self.trace, self.this, self.node, self.nudge, self.sound = trace, this, node, nudge, sound
        self.names = Names(trace)
        self.name, self.root = self.names(node), self.names(this.root)
        self.symbol = self.names.partial(this.root, self.name)
        self.value = value(trace, node)
        self.slope: Slope | None = None
        self.kink: int | None = None

    def check(self) -> Check:
        mark, reason, found = self._verdict()
        slope = self.slope
        return Check(
            self.node,
            mark,
            reason,
            self.this.index,
            None if self.value is None else self.value.error,
            None if found is None else found.against.error,
            None if slope is None else slope.measured,
            None if slope is None else abs(slope.measured - slope.says),
            self.kink,
        )

    def _verdict(self) -> tuple[Any, Text, Gradient | None]:
        trace, this, node = self.trace, self.this, self.node
        if self.value is not None and self.value.wrong:
            return "✗", _of_value(trace, node, self.value), None
        if node in this.columns.hooked:
            return "?", self._of_hook(node), None
        found = gradient(trace, this, node)
        if found.against.wrong:
            mark = "?" if self._is_right_by_itself(found) else "✗"
            return mark, self._of_sum(found, mark), found
        wrong = self._wrong_rule()
        if wrong is not None:
            return "✗", self._of_rule(wrong), found
        if node in tainted(trace, this):
            return "?", self._of_hook(min(h for h in this.columns.hooked)), found
        gone = lost(trace, this, node)
        if gone is not None:
            return "?", self._of_underflow(gone), found
        mark, reason = self._by_nudging() if self.nudge else self._by_chain()
        return mark, reason, found

    def _edges(self) -> list[int]:
        return [int(edge) for edge in self.this.edges[self.this.deliveries_to(self.node)][:RULES]]

    def _wrong_rule(self) -> int | None:
        return next((edge for edge in self._edges() if rule(self.trace, self.this, edge).wrong), None)

    def _is_right_by_itself(self, found: Gradient) -> bool:
        """Whether the stored gradient is what a right pass gives, so that what reached it must be wrong."""
        again = rederived(self.trace, self.this).get(self.node)
        if again is None or tainted(self.trace, self.this) & {self.node}:
            return False
        with np.errstate(all="ignore"):
            held = np.asarray(found.expected, np.float64) - np.asarray(found.alone, np.float64)
        part = DRIFTS[found.recorded.dtype.str[1:]] * 0.01
        return worst(found.recorded, again + held)[0] <= part * size(again, held)

    # By nudging

    def _by_chain(self) -> tuple[Any, Text]:
        if self.sound and not ties(self.trace, self.this):
            return "✓", Text(
                f"{self.symbol}: its contributions add up, and every rule up to {self.root} agrees with nudging",
                f"{self.symbol}：寄与の和と一致し、{self.root} までの規則もすべて確かめた傾きと一致します",
            )
        return "?", Text(f"{self.symbol} has not been nudged", f"{self.symbol} はまだ動かして確かめていません")

    def _by_nudging(self) -> tuple[Any, Text]:
        trace, this, node = self.trace, self.this, self.node
        found = list(slopes(trace, this, node))
        bad = max((s for s in found if s.wrong), key=lambda s: abs(s.measured - s.says), default=None)
        if any(not s.finite for s in found):
            self.slope = next(s for s in found if not s.finite)
            return "?", self._not_finite()
        jump = next((s for s in found if s.kinked), None)
        if bad is not None or jump is not None:
            self.kink = kink(trace, this, node)
            if self.kink is not None or jump is not None:
                self.slope = jump or bad
                return "?", self._at_kink()
            assert bad is not None, "one of the two"
            self.slope = bad
            return "✗", self._of_slope(bad)
        if not found:
            return "✓", Text(f"{self.symbol} has no elements", f"{self.symbol} には要素がありません")
        self.slope = max(found, key=lambda s: abs(s.measured - s.says))
        self.kink = tie(trace, this, node)
        if self.kink is not None:
            return "?", self._at_kink()
        if drift(trace, this, node):
            stored = gradient(trace, this, node).alone
            by_rules = chained(trace, this)[node]
            if worst(stored, by_rules)[0] > 1e3 * rounds(stored.dtype) * size(stored, by_rules):
                return "✗", self._of_chain(stored)
            self.kink = gate(trace, this)
            return "?", self._drifted()
        vague = [s for s in found if s.error > RESOLVES * max(abs(s.measured), abs(s.says)) and s.terms != 0]
        if len(vague) == len(found):
            return self._vague(vague[0])
        return "✓", self._right(found)

    def _vague(self, found: Slope) -> tuple[Any, Text]:
        if all(rule(self.trace, self.this, edge).decided for edge in self._edges()):
            return "✓", Text(
                f"{self.symbol} cannot be measured at {self.root}, but every rule on its edges agrees with nudging",
                f"{self.symbol} は {self.root} の動きからは測れませんが、辺の規則はどれも確かめた傾きと一致します",
            )
        limit = format_number(found.error, 2)
        return "?", Text(
            f"{self.symbol} is too small to be checked by nudging, which is good to {limit} here",
            f"{self.symbol} は小さすぎて、動かして確かめることができません（精度は {limit} まで）",
        )

    # In words

    def _right(self, found: list[Slope]) -> Text:
        assert self.slope is not None, "nudged"
        off = format_number(abs(self.slope.measured - self.slope.says), 2)
        if found[0].place is None:
            return Text(
                f"{self.symbol}: moving it along {DIRECTIONS} random directions shows the same (difference {off})",
                f"{self.symbol}：{self.name} を無作為な {DIRECTIONS} 方向に動かして測った傾きと一致（差 {off}）",
            )
        n = len(found)
        each = f"each of its {n} elements" if n > 1 else "it"
        ja = f" {n} 個の要素を一つずつ" if n > 1 else "少し"
        return Text(
            f"{self.symbol}: nudging {each} shows the same (difference at most {off})",
            f"{self.symbol}：{self.name} の{ja}動かして測った傾きと一致（差は最大 {off}）"
            if n > 1
            else f"{self.symbol}：{self.name} を{ja}動かして測った傾きと一致（差 {off}）",
        )

    def _of_slope(self, bad: Slope) -> Text:
        what, scale = self._element(bad.place), 1.0
        if bad.place is not None:  # along one element, the slope is that of a reach; in words it is that of 1
            at = np.asarray(replay_of(self.trace, self.this).forward()[self.node], np.float64).reshape(-1)[bad.place]
            scale = max(abs(float(at)), 1e-2)
        says, measured = apart(bad.says / scale, bad.measured / scale)
        along = "" if bad.place is not None else " along a random direction"
        return Text(
            f"{self.symbol} says {says} for {what}, but nudge it{along}, and {self.root} moves {measured} times as far",
            f"{self.symbol} は {what} について {says} ですが、少し動かすと {self.root} は {measured} 倍動きます",
        )

    def _of_chain(self, stored: Any) -> Text:
        """A gradient that agrees with what reached it, but that came from a wrong one."""
        right = rederived(self.trace, self.this)[self.node]
        _, place = worst(stored, right)
        says, shows = apart(float(np.asarray(stored).reshape(-1)[place]), float(np.asarray(right).reshape(-1)[place]))
        what = self._element(place)
        return Text(
            f"{self.symbol} says {says} for {what}, but nudge it, and {self.root} moves {shows} times as far",
            f"{self.symbol} は {what} について {says} ですが、少し動かすと {self.root} は {shows} 倍動きます",
        )

    def _element(self, place: int | None) -> str:
        return element(self.name, self.trace.shape(self.node), place)

    def _of_sum(self, found: Gradient, mark: str) -> Text:
        at = found.against
        stored, again = apart(at.stored, at.again)
        which = element(self.names.grad(self.node), self.trace.shape(self.node), at.place)
        if mark == "?":
            return Text(
                f"{which} is right, but what reaches it adds up to {again}: a number it comes from is wrong",
                f"{which} は正しい値ですが、届いた寄与の和は {again} です。元になった数のどれかが誤っています",
            )
        return Text(
            f"{which} is stored as {stored}, but its contributions make {again}",
            f"{which} は {stored} と記録されていますが、寄与の和は {again} です",
        )

    def _of_rule(self, edge: int) -> Text:
        found, e = rule(self.trace, self.this, edge), self.trace.edge(edge)
        op = self.trace.op(e.user)
        assert op is not None, "an edge leads into an op's output"
        says, measured = apart(found.says, found.measured)
        user, place = self.names(e.user), self.names.place(edge)
        return Text(
            f"∂{user}/∂{place}: along a random direction the rule of {op.label} says {says}, nudging {place} alone "
            f"shows {measured}",
            f"∂{user}/∂{place}：無作為な方向について、{op.label} の規則では {says} ですが、"
            f"{place} だけを動かすと {measured} です",
        )

    def _of_hook(self, hooked: int) -> Text:
        name = self.names(hooked)
        if hooked == self.node:
            return Text(
                f"a hook of the program replaced {self.symbol}, so no check applies",
                f"プログラムのフックが {self.symbol} を書き換えたので、確かめようがありません",
            )
        return Text(
            f"its contributions add up, but they come from {name}, whose gradient a hook of the program replaced",
            f"寄与の和とは一致しますが、元になった {name} の勾配はプログラムのフックが書き換えたものです",
        )

    def _of_underflow(self, gone: Lost) -> Text:
        which, held, right = self._element(gone.place), format_number(gone.stored), format_number(gone.right)
        symbol = self.names.partial(self.this.root, which)
        return Text(
            f"{symbol} is {held} because a number on its way was too small for {gone.kind} and became 0; in float64 it "
            f"is {right}",
            f"{symbol} が {held} なのは、途中の数が小さすぎて {gone.kind} では 0 になったためです。"
            f"float64 では {right} です",
        )

    def _not_finite(self) -> Text:
        root = np.asarray(self.trace.value(self.this.root))
        if not np.isfinite(root).all():
            return Text(
                f"cannot be checked by nudging, because {self.root} is not finite",
                f"{self.root} が有限でないので、動かして確かめることができません",
            )
        if not np.isfinite(gradient(self.trace, self.this, self.node).alone).all():
            return Text(
                f"cannot be checked by nudging, because {self.symbol} is not finite",
                f"{self.symbol} が有限でないので、動かして確かめることができません",
            )
        return Text(
            f"cannot be checked by nudging, because {self.root} is not finite when {self.name} moves",
            f"{self.name} を動かすと {self.root} が有限でなくなるので、確かめることができません",
        )

    def _at_kink(self) -> Text:
        if self.kink is None:
            return Text(
                f"a kink: {self.root} has no single slope here, so nudging {self.name} decides nothing",
                f"折れ目です。{self.root} の傾きはここで一つに定まらないので、{self.name} を動かしても判定できません",
            )
        where = self.names.definition(self.kink)
        return Text(
            f"a kink: {where} has no single slope at an element of it, so nudging {self.name} decides nothing",
            f"折れ目です。{where} の傾きが一つに定まらない要素があるので、{self.name} を動かしても判定できません",
        )

    def _drifted(self) -> Text:
        kind = repr(self.trace.dtype(self.node)).removeprefix("torch.")
        if self.kink is not None:
            where = self.names.definition(self.kink)
            return Text(
                f"a kink: rounding to {kind} puts an element of {where} on the other side than float64 does",
                f"折れ目です。{kind} に丸めると、{where} のある要素が float64 とは反対側に来ます",
            )
        return Text(
            f"its contributions add up, but {kind} rounds so much here that float64 gives something else",
            f"寄与の和とは一致しますが、ここでは {kind} の丸めが大きく、float64 では別の値になります",
        )


def element(name: str, shape: tuple[int, ...], place: int | None) -> str:
    """`w[0, 2]`: one element of a tensor by its place in row-major order; of one without axes, or of all, the name."""
    if place is None or not shape:
        return name
    return f"{name}[{', '.join(str(int(i)) for i in np.unravel_index(place, shape))}]"


def _of_value(trace: Trace, node: int, found: Compared) -> Text:
    names = Names(trace)
    stored, again = apart(found.stored, found.again)
    which = element(names(node), trace.shape(node), found.place)
    return Text(
        f"{which} is stored as {stored}, but {names.formula(node)} gives {again}",
        f"{which} の値は {stored} と記録されていますが、{names.formula(node)} を計算すると {again} です",
    )


def cost(trace: Trace, this: Pass, node: int) -> tuple[int, int]:
    """(ops, numbers) computed when the graph is run again for one tensor."""
    runs = 5 * (DIRECTIONS if np.prod(trace.shape(node), dtype=np.int64) > EACH else int(np.prod(trace.shape(node))))
    below = _below(trace, this)[node]
    return runs * below[0], runs * below[1]


def _below(trace: Trace, this: Pass) -> dict[int, tuple[int, int]]:
    """Node -> at most how many ops and numbers come after it in the pass."""
    return once(trace, ("tensor cost", this.root), lambda: dict(_costs(trace, this)))


def _costs(trace: Trace, this: Pass) -> Iterator[tuple[int, tuple[int, int]]]:
    ops = numbers = 0
    for node in reversed(replay_of(trace, this).nodes):
        ops, numbers = ops + 1, numbers + int(np.prod(trace.shape(node), dtype=np.int64))
        yield node, (ops, numbers)
