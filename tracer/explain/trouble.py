"""Where numbers go wrong: the first that is not finite, forward and backward, and why it came about.

Everything that follows from such a number is infected too, so only a culprit is worth a reader's time: a node that is
not finite though all its inputs are, a contribution that is not finite though its upstream gradient is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tracer.core.op import Op
from tracer.explain.amount import shape_of, single
from tracer.explain.edges import carried, edge_values, once
from tracer.explain.words import EMPTY, Names, join, shown
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.node import SourceLine
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace


@dataclass(frozen=True)
class Trouble:
    """A number that is not finite, where all that led to it was."""

    direction: Literal["forward", "backward"]
    node: int
    """Forward: the node made. Backward: the node whose gradient is spoilt."""
    position: int
    """Where it has just happened."""
    line: SourceLine | None
    """The user's line that made the node (backward: that made the op whose rule gave the number)."""
    text: Text
    """What happened and why."""
    user: int | None = None
    """Backward: the node that handed the number on."""
    edge: int | None = None


def first_trouble(cursor: Cursor) -> Trouble | None:
    """The first culprit up to this moment, None while all numbers are finite."""
    found = (forward_trouble(cursor), backward_trouble(cursor))
    return min((t for t in found if t is not None), key=lambda t: t.position, default=None)


def forward_trouble(cursor: Cursor, digits: int = 4) -> Trouble | None:
    """The first node made so far whose value is not finite."""
    trace = cursor.trace
    culprits = once(trace, ("forward trouble",), lambda: _forward_culprits(trace))
    node = next((n for n in culprits if cursor.is_made(n)), None)
    if node is None:
        return None
    return Trouble("forward", node, trace.made_at(node), trace.source(node), why_not_finite(trace, node, digits))


def _forward_culprits(trace: Trace) -> list[int]:
    """Nodes that are not finite though their inputs are, oldest first."""
    c = trace.columns
    bad = np.flatnonzero(~np.isfinite(c.value))
    if not len(bad):
        return []
    spoilt = ~np.isfinite(edge_values(trace))
    before = np.concatenate([[0], np.cumsum(spoilt)])
    infected = before[c.offsets[bad + 1]] > before[c.offsets[bad]]
    return [int(n) for n in bad[~infected] if not meant(trace, int(n))]


def meant(trace: Trace, node: int) -> bool:
    """Whether `node` is an infinity that the program wrote itself beside tensors: the −inf of an attention mask."""
    return bool(trace.columns.arena) and trace.kind(node) == "const"


def why_not_finite(trace: Trace, node: int, digits: int = 4) -> Text:
    """Why the value of `node` is not finite, its inputs being so: `b is inf, because 1 / 0 divides by zero.`"""
    names, op = Names(trace), trace.op(node)
    if trace.shape(node):
        return _why_array_not_finite(trace, node, digits)
    value = shown(single(trace.value(node)), digits)
    if op is None:
        return Text(
            f"{names(node)} is {value} from the start: the program made it so.",
            f"{names(node)} は最初から {value} です。プログラムがそう作りました。",
        )
    from tracer.explain.arithmetic import forward_numbers

    if any(map(trace.shape, trace.inputs(node))):
        return _of_its_inputs(names, node, value, op, float_name(trace, node))
    args = tuple(single(one) for one in trace.args(node))
    sum_ = forward_numbers(names, node, args, digits)
    reason = _reason(op, args, single(trace.value(node)), float_name(trace, node))
    return Text(
        f"{sum_} gives {value}: here a number stops being finite. {reason.en}",
        f"{sum_} は {value} です。ここで値が有限でなくなりました。{reason.ja}",
    )


def _why_array_not_finite(trace: Trace, node: int, digits: int) -> Text:
    """The first element that is not finite, and how it came about where the op works element by element."""
    from tracer.explain.arithmetic import forward_numbers

    names, op = Names(trace), trace.op(node)
    array = np.asarray(trace.value(node))
    bad = np.flatnonzero(~np.isfinite(array.reshape(-1)))
    at = int(bad[0])
    element = f"{names(node)}[{', '.join(str(int(i)) for i in np.unravel_index(at, array.shape))}]"
    value, count = shown(float(array.reshape(-1)[at]), digits), f"{len(bad):,}"
    if op is None:
        return Text(
            f"{element} is {value} from the start: the program made it so ({count} such elements).",
            f"{element} は最初から {value} です。プログラムがそう作りました（そのような要素は {count} 個）。",
        )
    if not op.elementwise:
        return _of_its_inputs(names, node, value, op, float_name(trace, node))
    args = tuple(float(np.broadcast_to(one, array.shape).reshape(-1)[at]) for one in trace.args(node))
    sum_ = forward_numbers(names, node, args, digits)
    reason = _reason(op, args, float(array.reshape(-1)[at]), float_name(trace, node))
    return Text(
        f"{element}: {sum_} gives {value}: here a number stops being finite ({count} of {array.size:,} elements). "
        f"{reason.en}",
        f"{element} では {sum_} が {value} です。ここで値が有限でなくなりました"
        f"（{array.size:,} 要素のうち {count} 個）。{reason.ja}",
    )


def _of_its_inputs(names: Names, node: int, value: str, op: Op, kind: str) -> Text:
    """Of an op whose every output depends on many inputs."""
    reason = op.domain if op.domain is not None else overflow(kind)
    made = names.definition(node)
    return Text(
        f"{made} gives {value}, though all that went in is finite. {reason.en}",
        f"材料はどれも有限ですが、{made} は {value} になります。{reason.ja}",
    )


def float_name(trace: Trace, node: int) -> str:
    """The dtype that decides how large a number may be."""
    return trace.dtype(node).name


def _reason(op: Op, args: tuple[float, ...], value: float, kind: str = "float64") -> Text:
    """What the op says of such inputs; overflow where it says nothing or the inputs were inside its domain."""
    if op.name == "div" and args[1] == 0:
        if args[0] == 0:
            return Text("0 divided by 0 is no number at all.", "0 を 0 で割った値は定まりません。")
        return Text("It divides by zero.", "0 で割っています。")
    if op.name == "log" and args[0] < 0:
        return Text("A negative number has no real logarithm.", "負の数の対数は実数になりません。")
    if op.name == "log":
        return Text("Towards 0 the logarithm falls without end.", "対数は 0 に近づくと限りなく小さくなります。")
    if op.name == "pow" and math.isinf(value) and args[0] != 0:
        return overflow(kind)
    return op.domain if op.domain is not None and op.name != "div" else overflow(kind)


LARGEST = {"float64": "1.8e308", "float32": "3.4e38", "float16": "65504"}


def overflow(kind: str = "float64") -> Text:
    """What an overflow is, with the limit of the type at hand."""
    most = LARGEST.get(kind, LARGEST["float64"])
    return Text(
        f"The result is larger than the largest float, about {most}: an overflow.",
        f"結果が浮動小数点数の上限（約 {most}）を超えました。オーバーフローです。",
    )


def backward_trouble(cursor: Cursor, digits: int = 4) -> Trouble | None:
    """The first contribution delivered so far, in any pass, that is not finite though its upstream gradient is."""
    trace = cursor.trace
    for this in trace.passes:
        if this.start >= cursor.position:
            break
        for delivery in _backward_culprits(trace, this.index):
            position = this.position_of(delivery) - 1  # the product is known one part before it is added
            if position <= cursor.position:
                user, edge = int(this.users[delivery]), int(this.edges[delivery])
                text = why_spoilt(trace, this.index, delivery, digits)
                node = int(this.targets[delivery])
                return Trouble("backward", node, position, trace.source(user), text, user, edge)
            break
    return None


def _backward_culprits(trace: Trace, pass_index: int) -> list[int]:
    """Deliveries that are not finite though their upstream gradient is, in time order."""

    def find() -> list[int]:
        this = trace.passes[pass_index]
        if this.columns.slots is not None:
            return _backward_culprits_of_tensors(trace, this)
        upstream, _, contribution = carried(trace, pass_index)
        return [int(d) for d in np.flatnonzero(np.isfinite(upstream) & ~np.isfinite(contribution))]

    return once(trace, ("backward trouble", pass_index), find)


def _backward_culprits_of_tensors(trace: Trace, this: Pass) -> list[int]:
    """Only what leads to a gradient that is not finite, from one that is, is computed again."""
    finite = {int(n): bool(np.isfinite(g)) for n, g in zip(this.columns.nodes, this.columns.grads, strict=True)}
    found = []
    for delivery, (user, target) in enumerate(zip(this.users.tolist(), this.targets.tolist(), strict=True)):
        if finite.get(user, True) and not finite.get(target, True):
            contribution = trace.contribution(this.index, delivery)[2]
            if not np.isfinite(contribution).all():
                found.append(delivery)
    return found


def spoilt_array(maker: str, place: str, bad: int) -> Text:
    """What arrived is finite, what is handed on is not."""
    return _BECAME.format(n=f"{bad:,}", maker=maker, place=place)


_BECAME = Text(
    "What arrived at {maker} is finite, but {n} of the numbers handed on to {place} are not: here the gradient breaks.",
    "{maker} に届いた勾配は有限ですが、{place} に渡す数のうち {n} 個は有限ではありません。ここで勾配が壊れます。",
)


def why_spoilt(trace: Trace, pass_index: int, delivery: int, digits: int = 4) -> Text:
    """Why a contribution is not finite: `0 · inf`, an infinite slope, an overflow."""
    names, this = Names(trace), trace.passes[pass_index]
    given = trace.contribution(pass_index, delivery)
    user, edge = int(this.users[delivery]), int(this.edges[delivery])
    place, made = names.place(edge), names(user)
    if any(one is None or shape_of(one) for one in given):
        bad = int((~np.isfinite(np.asarray(given[2], np.float64))).sum())
        return spoilt_array(made, place, bad)
    upstream, local, contribution = (single(one) for one in given)
    product = f"{shown(upstream, digits)} · {shown(local, digits)}"
    result = shown(contribution, digits)
    most = LARGEST.get(float_name(trace, user), LARGEST["float64"])
    if math.isnan(local):
        return Text(
            f"The slope of {made} in {place} is not a number here, so from here on the gradient is {result}.",
            f"ここでは {place} に対する {made} の傾きが定まらないので、この先の勾配は {result} になります。",
        )
    if math.isinf(local) and upstream == 0:
        return Text(
            f"{product} is {result}: nothing arrives, the slope of {made} in {place} is infinite, "
            "and 0 times infinity is not a number.",
            f"{product} は {result} です。上流から届くのは 0、{place} に対する {made} の傾きは無限大で、"
            "0 と無限大の積は定まりません。",
        )
    if math.isinf(local):
        return Text(
            f"The slope of {made} in {place} is infinite here, so from here on the gradient is {result}.",
            f"ここでは {place} に対する {made} の傾きが無限大なので、この先の勾配は {result} になります。",
        )
    return Text(
        f"{product} is larger than the largest float, about {most}: the gradient overflows to {result}.",
        f"{product} は浮動小数点数の上限（約 {most}）を超え、勾配は {result} にあふれました。",
    )


def spoilt_by(cursor: Cursor, node: int) -> int | None:
    """The culprit made so far that the value of `node` goes back to, or None if its value is finite or unknown."""
    trace = cursor.trace
    at = node
    if not cursor.is_made(node) or math.isfinite(trace.columns.value[node]):
        return None
    while True:
        bad = [trace.edge(e).input for e in trace.edges_in(at) if not np.isfinite(trace.edge_value(e)).all()]
        if not bad:
            return at
        at = min(bad)


def closed(
    trace: Trace, edge: int, digits: int = 4, *, upstream: float = 0.0, contribution: float | None = None
) -> Text | None:
    """Why nothing passes along an edge whose local gradient is 0; None where something does.

    Of an upstream gradient that is not finite 0 times is no number: then it is not said that nothing passes.

    Args:
        upstream: the gradient that arrives.
        contribution: what is handed on; None before it is known.
    """
    local = trace.local_gradient(edge)
    if local is None or shape_of(local) or local != 0:
        return None
    names, e = Names(trace), trace.edge(edge)
    op = trace.op(e.user)
    assert op is not None, "an edge leads into an op's output"
    place, made = names.place(edge), names(e.user)
    passes = not math.isfinite(upstream if contribution is None else contribution)
    result = EMPTY
    if passes and contribution is not None:
        product, number = f"{shown(upstream, digits)} · 0", shown(contribution, digits)
        result = Text(
            f"Yet {product} is no number, so {number} goes on to {place}.",
            f"それでも {product} は定まらないので、{place} には {number} が渡ります。",
        )
    if op.name == "relu":
        value = shown(single(trace.edge_value(edge)), digits)
        gate = Text(
            f"The gate is closed: {place} = {value} is not above 0.",
            f"ゲートは閉じています。{place} = {value} は 0 より大きくありません。",
        )
        if passes:
            return join(gate, result)
        return Text(
            f"The gate is closed: {place} = {value} is not above 0. Whatever arrives at {made}, nothing gets through.",
            f"ゲートは閉じています。{place} = {value} は 0 より大きくないので、{made} に何が届いても通しません。",
        )
    if passes:
        flat = Text(
            f"The local gradient is 0: here {made} does not react to a small nudge of {place}.",
            f"局所勾配は 0 です。ここでは {place} を少し動かしても {made} は動きません。",
        )
        return join(flat, result)
    return Text(
        f"The local gradient is 0: here {made} does not react to a small nudge of {place}, so nothing passes.",
        f"局所勾配は 0 です。ここでは {place} を少し動かしても {made} は動かないので、何も通りません。",
    )


def outside(trace: Trace, node: int) -> Text | None:
    """That the program looked at this node's number, so that what follows from it is not on the graph; else None."""
    reads = trace.frozen.get(node, ())
    if not reads:
        return None
    name = Names(trace)(node)
    lines = sorted({line.line for _, line in reads if line is not None})
    where = (
        Text(f" (line {', '.join(map(str, lines))})", f"（{'、'.join(map(str, lines))} 行目）")
        if lines
        else Text("", "")
    )
    if any(kind == "data" for kind, _ in reads):
        return Text(
            f"The program also read {name} as a plain number{where.en}. "
            "What it did with that is not on the graph, and takes no part in the gradient.",
            f"プログラムは {name} をただの数としても読み出しています{where.ja}。"
            "その先の計算はグラフに載らず、勾配にも加わりません。",
        )
    return Text(
        f"The program compared {name} with something{where.en}. Another value might have taken another branch.",
        f"プログラムは {name} を比較に使いました{where.ja}。値が違えば、別の枝に進んだかもしれません。",
    )
