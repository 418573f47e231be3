"""A leaf moved a little: how far the change has travelled, and what gradient × nudge says it should be.

The program was run again with the leaf moved; nothing is estimated. Both runs are looked at from one position, so a
change shows at a node when the walk has made that node, and the comparison when the gradient is complete.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from tracer.core.dtype import float64
from tracer.explain.amount import Amount, shape_of
from tracer.numbers import equals_sign, format_number
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

FRACTION = 1000
"""A nudge is the thousandth part of the leaf's order of magnitude: 0.001 for 3, 0.01 for 25."""


def nudge_size(value: float) -> float:
    """How far one nudge moves a leaf of this value; always positive.

    >>> [nudge_size(v) for v in (3.0, -25.0, 0.04, 0.0)]
    [0.001, 0.01, 1e-05, 0.001]
    """
    if value == 0 or not math.isfinite(value):
        return 1 / FRACTION
    power = max(math.floor(math.log10(abs(value))), -300)
    return float(f"1e{power - 3}")


class Change(NamedTuple):
    """A node whose value the nudge moved: a number, or one element of a tensor that moved the farthest."""

    node: int
    before: float
    after: float
    element: int | None = None
    """Which element, an index into the flattened tensor; None of a number."""
    moved: int = 1
    """How many elements moved."""


@dataclass(frozen=True)
class Nudge:
    """Two runs of one program at one position: as it was, and with one leaf moved."""

    before: Cursor
    after: Cursor
    leaf: int
    element: int | None = None
    """Which element of a tensor was moved, an index into the flattened tensor."""

    @property
    def delta(self) -> float:
        """How far the leaf was moved."""
        return self._made_value(self.after.trace) - self._made_value(self.before.trace)

    def _made_value(self, trace: Trace) -> float:
        return self._element(trace.value(self.leaf))

    def _element(self, value: Amount) -> float:
        """The leaf's number that was moved."""
        return float(np.asarray(value).reshape(-1)[self.element or 0])

    @cached_property
    def same_graph(self) -> bool:
        """Whether the nudged program computed with the same ops; an `if` may have gone the other way."""
        a, b = self.before.trace.columns, self.after.trace.columns
        same_ops = a.op_names == b.op_names and a.op.tobytes() == b.op.tobytes()
        return same_ops and a.inputs.tobytes() == b.inputs.tobytes()

    @cached_property
    def root(self) -> int | None:
        """What the gradients are gradients of: the root of the pass under way, else of the first one to come."""
        passes = self.before.trace.passes
        if not passes:
            return None
        index = self.before.at_pass
        return int(passes[0 if index is None else index].root)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every node that has been made and came out as another number, in order."""
        if not self.same_graph:
            return ()
        a, b = self.before.trace.columns.value, self.after.trace.columns.value
        moved = (a != b) & ~((a != a) & (b != b))
        tensors = [node for node in range(len(a)) if self.before.trace.shape(node)]
        moved[tensors] = True  # the column holds only a word on them
        found = []
        for node in moved.nonzero()[0].tolist():
            before, after = self.before.data(node), self.after.data(node)
            if before is not None and after is not None:
                change = _change(node, before, after)
                if change is not None:
                    found.append(change)
        return tuple(found)

    @property
    def gradient(self) -> float | None:
        """The leaf's gradient before the nudge; None while it is not complete."""
        grad = self.before.grad(self.leaf) if self.before.grad_state(self.leaf) == "complete" else None
        return None if grad is None else self._element(grad)

    @property
    def moved(self) -> float | None:
        """How far the root moved; None before it is made in both runs."""
        if self.root is None or not self.same_graph:
            return None
        before, after = self.before.data(self.root), self.after.data(self.root)
        if before is None or after is None or shape_of(before):
            return None
        return float(after) - float(before)

    @property
    def predicted(self) -> float | None:
        """Gradient × nudge; None while the gradient is not complete."""
        return None if self.gradient is None else self.gradient * self.delta

    @property
    def agreement(self) -> Literal["exact", "close", "far"] | None:
        """How well the two compare; None until both are known. Curved functions agree for small nudges only."""
        if self.moved is None or self.predicted is None:
            return None
        size = max(abs(self.moved), abs(self.predicted))
        # the difference of two rounded results is itself no better than their rounding
        assert self.root is not None, "something moved"
        after = self.after.data(self.root)
        noise = 8 * _grain(self.after.trace, self.root, abs(float(after or 0.0)) + abs(self.moved))
        off = abs(self.moved - self.predicted)
        if off <= noise + 1e-9 * size:
            return "exact"
        return "close" if off <= 0.01 * size + noise else "far"


def travelled(nudge: Nudge, *, inner: bool = True) -> tuple[Text, ...]:
    """The change so far, a line for each thing to say.

    Args:
        inner: whether to name the nodes between the leaf and the root too.
    """
    trace = nudge.before.trace
    if not nudge.same_graph:
        return (_OTHER_GRAPH,)
    leaf = trace.label(nudge.leaf)
    start = Change(nudge.leaf, nudge._made_value(trace), nudge._made_value(nudge.after.trace), nudge.element)
    digits = 9 if trace.dtype(nudge.leaf) is float64 else 3
    lines = [_MOVED.format(line=_line(trace, start), far=format_number(_clean(nudge.delta, digits)))]
    between = [change for change in nudge.changes if inner and change.node not in (nudge.leaf, nudge.root)]
    if between:
        lines.append(Text.same("   ".join(_line(trace, change) for change in between)))
    if nudge.root is None:
        return tuple(lines)
    if nudge.moved is None:
        return (*lines, _WALK_ON.format(leaf=leaf, root=trace.label(nudge.root)))
    root = next((change for change in nudge.changes if change.node == nudge.root), None)
    if root is None:
        lines.append(_STAYED.format(root=trace.label(nudge.root)))
    else:
        lines.append(_MOVED.format(line=_line(trace, root), far=format_number(_clean(nudge.moved, digits))))
    if nudge.gradient is None or nudge.predicted is None:
        return (*lines, _WALK_BACK.format(leaf=leaf))
    gradient, delta, predicted = nudge.gradient, _clean(nudge.delta, digits), _clean(nudge.predicted, digits)
    product = f"{format_number(gradient)} × {format_number(delta)}"
    equals = equals_sign(gradient, delta, predicted)
    lines.append(_COMPARE.format(product=f"{product} {equals} {format_number(predicted)}"))
    return (*lines, *({"exact": (), "close": (_CURVED,), "far": (_FAR,)}[nudge.agreement or "exact"]))


def _change(node: int, before: Amount, after: Amount) -> Change | None:
    """How `node` moved: of a tensor, its element that moved the farthest."""
    if not shape_of(before):
        start, end = float(before), float(after)
        return None if start == end or (start != start and end != end) else Change(node, start, end)
    a, b = (np.asarray(v, np.float64).reshape(-1) for v in (before, after))
    if a.shape != b.shape:
        return None
    differs = (a != b) & ~(np.isnan(a) & np.isnan(b))
    if not differs.any():
        return None
    with np.errstate(all="ignore"):
        far = np.where(differs & np.isfinite(a - b), np.abs(a - b), -1.0)
    at = int(np.argmax(far))
    return Change(node, float(a[at]), float(b[at]), at, int(differs.sum()))


def _grain(trace: Trace, node: int, size: float) -> float:
    """The distance between neighbouring numbers of the node's type, at this size."""
    kind = trace.dtype(node).numpy
    return float(np.spacing(kind.type(size))) if kind.kind == "f" else 0.0


def _clean(difference: float, digits: int = 9) -> float:
    """A difference without its rounding: 3.001 - 3 is 0.0009999999999998899."""
    return float(f"{difference:.{digits}g}")


def _line(trace: Trace, change: Change) -> str:
    """`x 3 → 3.001`, with as many digits as it takes to see the change; of a tensor `C[0, 1] 3 → 3.001 (+5)`."""
    before, after = _apart(change.before, change.after)
    shape, place = trace.shape(change.node), ""
    if change.element is not None and shape:
        place = f"[{', '.join(str(int(i)) for i in np.unravel_index(change.element, shape))}]"
    more = f" (+{change.moved - 1:,})" if change.moved > 1 else ""
    return f"{trace.label(change.node)}{place} {before} → {after}{more}"


def _apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers in the fewest digits (four at least) that tell them apart by three figures of their difference."""
    if a == b or not (math.isfinite(a) and math.isfinite(b)):
        return format_number(a), format_number(b)
    size = max(abs(a), abs(b))
    digits = math.floor(math.log10(size)) - math.floor(math.log10(abs(a - b))) + 2
    digits = min(max(digits, 4), 15)
    return format_number(float(f"{a:.{digits}g}"), digits), format_number(float(f"{b:.{digits}g}"), digits)


_MOVED = Text(en="{line}   moved {far}", ja="{line}   変化 {far}")
_COMPARE = Text(en="gradient × nudge = {product}", ja="勾配 × 動かした量 = {product}")
_CURVED = Text(
    en="Not quite the same: the curve bends. The smaller the nudge, the closer.",
    ja="わずかに違うのは、曲線が曲がっているためです。動かす量が小さいほど近づきます。",
)
_FAR = Text(
    en="They differ: there is a kink or a strong bend between the two.",
    ja="両者が違うのは、間に折れ目や急な曲がりがあるためです。",
)
_WALK_ON = Text(en="Step on until {root} is there.", ja="{root} が計算されるまで進みましょう。")
_WALK_BACK = Text(
    en="Walk back to {leaf}, then compare with gradient × nudge.",
    ja="逆伝播で {leaf} まで進むと「勾配 × 動かした量」と比べられます。",
)
_STAYED = Text(en="{root} did not move.", ja="{root} は動きませんでした。")
_OTHER_GRAPH = Text(
    en="With this number the program took another way: the graph is a different one.",
    ja="この値ではプログラムが別の道を通り、グラフが変わりました。",
)
