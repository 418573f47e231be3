"""What is said of nodes that only unfolding shows: numbers out of tensors and back, constants of a definition.

The program knows nothing of them: it made the tensor in one go. So nothing is said here of what it keeps in memory.
"""

from __future__ import annotations

import numpy as np

from tracer.explain.delivery import TensorDelivery
from tracer.explain.teller import Teller
from tracer.explain.words import EMPTY, listed
from tracer.text import Text
from tracer.trace.numbering import SEAMS
from tracer.trace.trace import Trace

PLACES = 3
"""Places at most that a line names."""


def is_inside(trace: Trace, node: int) -> bool:
    """Whether `node` came in by unfolding."""
    return "." in trace.number(node)


def holder(trace: Trace, node: int) -> str:
    """The name of what was unfolded to show `node`."""
    outer = trace.numbered(trace.number(node).rpartition(".")[0])
    assert outer is not None, "it came in for a node that is still there"
    return trace.label(outer)


def is_seam(trace: Trace, node: int) -> bool:
    """Whether `node` was taken out of a tensor, or put together of numbers."""
    op = trace.op(node)
    return op is not None and op.name in SEAMS


def constant(teller: Teller, node: int) -> Text:
    """What a constant is that no line of the program holds: a leaf or a number of a definition."""
    name, whole = teller.names(node), holder(teller.trace, node)
    return Text(
        f"{name} stands in the definition of {whole}: a constant, which takes no gradient.",
        f"{name} は {whole} の定義に現れる定数です。勾配は受け取りません。",
    )


def as_tensor(teller: Teller, node: int) -> Text:
    """Of a tensor without axes: it is the number just worked out, in the tensor's own type."""
    name, kind = teller.names(node), teller.trace.dtype(node).name
    number = teller.names(teller.trace.inputs(node)[-1])
    return Text(
        f"{name} is {number}, as a number of the type {kind} again.",
        f"{name} は {number} です。ここで型が {kind} に戻ります。",
    )


def rest(teller: Teller, node: int) -> Text:
    """Of the op as it was, beside some of its elements: what it is there for."""
    trace = teller.trace
    users = [trace.edge(edge) for edge in trace.uses(node)]
    if len(users) != 1 or users[0].slot or not is_inside(trace, node):
        return EMPTY
    op = trace.op(users[0].user)
    if op is None or op.name != "place":
        return EMPTY
    whole = teller.names(users[0].user)
    return Text(
        f"It is the op as it was: it gives {whole} those elements that are not unfolded.",
        f"元の演算そのままです。{whole} の要素のうち、展開していないものはここから来ます。",
    )


def seam_rule(one: TensorDelivery) -> Text | None:
    """What is handed on where numbers meet tensors, `(∂L/∂z)[0, 1]`, and where one of several was chosen; else None."""
    if one.op.name == "select" and not one.out_shape:
        return _chosen(one)
    if one.op.name not in SEAMS:
        return None
    g, static = one.teller.symbol(one.this, one.user), one.teller.trace.static(one.user)
    if one.op.name == "element":
        at = _index(static["index"])
        return Text(f"{g} at {at}, 0 elsewhere", f"{g} を {at} の位置に（ほかは 0）") if at else Text.same(g)
    if one.op.name == "join":
        at = _index(_unravel(one.slot, static["shape"]))
        return Text.same(f"({g}){at}" if at else g)
    shape = one.out_shape
    if one.slot:
        return Text.same(f"({g}){_index(_unravel(static['places'][one.slot - 1], shape))}")
    taken = listed([_index(_unravel(place, shape)) for place in static["places"]], PLACES)
    return Text(f"{g}, but 0 at {taken.en}", f"{g}（ただし {taken.ja} は 0）")


def _chosen(one: TensorDelivery) -> Text:
    """`∂L/∂m · 1, the one chosen`: what a candidate gets of the gradient."""
    g, trace = one.teller.symbol(one.this, one.user), one.teller.trace
    static = trace.static(one.user)
    at, *candidates = (float(value) for value in trace.args(one.user))
    taken = int(at) if static.get("number") is None else 0  # the one candidate given
    if static["ties"] == "one":
        winners = [taken]
    else:
        winners = [place for place, value in enumerate(candidates) if value == candidates[taken]]
    if one.slot - 1 not in winners:
        return Text(f"{g} · 0, not chosen", f"{g} · 0（選ばれていない）")
    if len(winners) == 1:
        return Text(f"{g} · 1, the one chosen", f"{g} · 1（選ばれた候補）")
    n = len(winners)
    return Text(f"{g} / {n}, shared by {n} equal ones", f"{g} / {n}（同じ値 {n} 個で分け合う）")


def place_of(one: TensorDelivery) -> tuple[int, ...] | None:
    """Where a number taken out of a tensor hands its gradient back to; None where no such number hands on."""
    if one.op.name != "element" or not one.shape:
        return None
    index: tuple[int, ...] = one.teller.trace.static(one.user)["index"]
    return index


def _unravel(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(place, shape))


def _index(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""
