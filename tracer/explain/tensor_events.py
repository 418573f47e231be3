"""What happens to tensors between passes: gradients cleared or written, parameters updated.

An optimizer's update has as many numbers as its parameter; the rule is shown for one element, the chosen one or the one
that moves the farthest.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tracer.explain.amount import Amount, Array, brief, is_single, norm, rows_of, shape_of, shape_text
from tracer.explain.events import BROUGHT, COMES_WITH
from tracer.explain.explanation import Explanation, Row
from tracer.explain.optimizer import NAMES, Step, blocks, rule_line, words
from tracer.explain.teller import Teller
from tracer.explain.words import EMPTY, join
from tracer.numbers import format_number
from tracer.text import Text
from tracer.trace.cursor import Moment

WRITE = Text("GRADIENT WRITTEN", "勾配の書き換え")
UPDATE = Text("UPDATE", "更新")
MOST_DIGITS = 8
"""Digits at most that make a small step visible."""
RATE_DIGITS = 4
"""A step is said to be a learning rate times the gradient only where a rate this short gives every element."""


# Gradients


def write(teller: Teller, moment: Moment) -> Explanation:
    """A tensor's gradient was cleared, scaled or assigned."""
    assert moment.node is not None, "a write hits a node"
    name, symbol = teller.names(moment.node), teller.names.grad(moment.node)
    before, after, digits = moment.before, moment.after, teller.digits
    old = _state(before, teller)
    new = _state(after, teller)
    tag = Text(f"{old.en} → {new.en}", f"{old.ja} → {new.ja}")
    if after is None:
        lead, sentence = _TO_NONE.format(name=name), _AFTER_NONE
        rows: tuple[Row, ...] = (Row((Text.same("None"),), Text.same(symbol), colour="grad", now=True, tag=tag),)
    else:
        rows = rows_of(after, Text.same(symbol), digits=digits, colour="grad", now=True, tag=tag)
        scale = _scale(before, after)
        if moment.brought:
            lead, sentence = COMES_WITH.format(name=name), BROUGHT
        elif not np.any(after):
            lead, sentence = _TO_ZEROS.format(name=name, shape=shape_text(shape_of(after))), _AFTER_ZEROS
        elif scale is not None:
            lead = _SCALED.format(name=name, scale=format_number(scale, digits))
            sentence = _CLIPPED
        else:
            lead, sentence = _BY_HAND.format(name=name), _NOBODY_VOUCHES.format(name=name)
    if not moment.brought and (before is None or not np.any(before)):
        sentence = _HELD_NOTHING.format(name=name) if after is None or not np.any(after) else sentence
    return Explanation(
        kind="write",
        phase=WRITE,
        title=Text(f"{symbol}: {new.en}", f"{symbol}：{new.ja}"),
        lead=lead,
        rule=EMPTY,
        numbers=Text(f"{symbol}: {tag.en}", f"{symbol}：{tag.ja}"),
        blocks=(rows,),
        sentence=sentence,
        short=Text(f"{symbol}: {tag.en}", f"{symbol}：{tag.ja}"),
        node=moment.node,
        notes=tuple(teller.ending()),
    )


def _state(value: Amount | None, teller: Teller) -> Text:
    return Text.same("None") if value is None else brief(value, teller.digits)


def _scale(before: Any, after: Array) -> float | None:
    """The one factor below 1 that leads from the old gradient to the new, or None."""
    if before is None or not np.any(before) or not np.all(np.isfinite(before)):
        return None
    factor = norm(np.asarray(after)) / norm(np.asarray(before))
    same = np.allclose(after, factor * np.asarray(before), rtol=1e-4, atol=1e-12)
    return factor if same and factor < 1 else None


_TO_NONE = Text(
    "The gradient of {name} is set to None, as zero_grad does by itself.",
    "{name} の勾配を None にします。zero_grad が何も指定しなければ行うことです。",
)
_AFTER_NONE = Text(
    "None is no number at all and takes no memory: the next backward pass starts it anew instead of adding to it.",
    "None は数ではなく、メモリも使いません。次の逆伝播では、足すのではなく新しく作られます。",
)
_TO_ZEROS = Text(
    "The gradient of {name} is filled with zeros of the shape {shape}.",
    "{name} の勾配を、形 {shape} のまま 0 で埋めます。",
)
_AFTER_ZEROS = Text(
    "Cleared, so that the next backward pass starts from nothing. Else it would add to what is there.",
    "こうして消しておかないと、次の逆伝播の勾配が前の分に足されてしまいます。",
)
_SCALED = Text(
    "The gradient of {name} is scaled by {scale}, all of its numbers alike.",
    "{name} の勾配を、すべての要素とも {scale} 倍にします。",
)
_CLIPPED = Text(
    "Clipping does so: where the gradient of all parameters together is too long, it is shortened and keeps its "
    "direction.",
    "勾配クリッピングです。全パラメータの勾配をまとめた長さが大きすぎるとき、向きを変えずに縮めます。",
)
_BY_HAND = Text("The gradient of {name} is set by hand.", "{name} の勾配を直接書き込みます。")
_NOBODY_VOUCHES = Text(
    "The program itself wrote this into {name}. It comes from no backward pass, so nothing vouches for it.",
    "プログラムが {name} に直接書き込んだ値です。逆伝播で求めたものではないので、正しさは確かめられません。",
)
_HELD_NOTHING = Text(
    "{name} held no gradient, or only zeros, so nothing is lost.",
    "{name} には勾配がなかったか、0 ばかりだったので、失われるものはありません。",
)


# Updates


def update(teller: Teller, moment: Moment) -> Explanation:
    """A tensor got new numbers: an optimizer step, usually."""
    assert moment.node is not None, "an update hits a node"
    assert moment.before is not None, "which had a value"
    assert moment.after is not None, "and has one now"
    name = teller.names(moment.node)
    before, after = np.asarray(moment.before), np.asarray(moment.after)
    if moment.note is not None and moment.note.get("rule") in NAMES:
        return _optimized(teller, moment, before, after)
    rate, grad = learning_rate(before, teller.cursor.grad(moment.node), after), teller.cursor.grad(moment.node)
    if rate is not None:
        note = {"rule": "sgd", "lr": rate, "grad": grad, "weight_decay": 0.0}
        return _optimized(teller, Moment("update", moment.node, before=before, after=after, note=note), before, after)
    new = brief(after, teller.digits)
    return Explanation(
        kind="update",
        phase=UPDATE,
        title=Text(f"{name}: new numbers", f"{name}：新しい値"),
        lead=_STAYS.format(name=name),
        rule=EMPTY,
        numbers=Text(f"{name}: {new.en}", f"{name}：{new.ja}"),
        blocks=(rows_of(after, Text.same(name), sign="←", digits=teller.digits, now=True),),
        sentence=EMPTY,
        short=Text(f"{name}: {brief(before).en} → {new.en}", f"{name}：{brief(before).ja} → {new.ja}"),
        node=moment.node,
        notes=tuple(teller.ending()),
    )


def _optimized(teller: Teller, moment: Moment, before: Array, after: Array) -> Explanation:
    assert moment.node is not None, "an update hits a node"
    assert moment.note is not None, "its rule is known"
    name, digits = teller.names(moment.node), teller.digits
    step = Step(name, moment.note, before, after, which_element(teller, before, after), digits)
    while step.digits < MOST_DIGITS and step.shown(step.one(before)) == step.shown(step.one(after)):
        step = replace(step, digits=step.digits + 1)  # a small step shall be seen
    rows = blocks(step)
    rule, result = rule_line(step), rows[-1][-1].text("en")
    whole = EMPTY
    if not is_single(before):
        far, size = norm(after - before), norm(before)
        share = format_number(far / size, 2) if size else "?"
        moved = int(np.count_nonzero((before != after) & ~(np.isnan(before) & np.isnan(after))))
        some = _ALL_MOVE if moved == before.size else _SOME_MOVE
        whole = some.format(
            name=name, moved=f"{moved:,}", n=f"{before.size:,}", far=format_number(far, digits), share=share
        )
        whole = EMPTY if before.size == 1 else join(whole, _ONE_OF_THEM.format(element=step.name))
    return Explanation(
        kind="update",
        phase=UPDATE,
        title=Text(
            f"{NAMES[step.rule]}: {step.name} {step.shown(step.one(before))} → {step.shown(step.one(after))}",
            f"{NAMES[step.rule]}：{step.name} {step.shown(step.one(before))} → {step.shown(step.one(after))}",
        ),
        lead=whole,
        rule=Text.same(rule),
        numbers=Text.same(result),
        blocks=rows,
        sentence=join(words(step), _STAYS.format(name=name)),
        short=Text.same(f"{rule} {result}"),
        node=moment.node,
        notes=tuple(teller.ending()),
    )


def which_element(teller: Teller, before: Array, after: Array) -> int:
    """The chosen element if there is one; else the one that moves the farthest."""
    if teller.element is not None and teller.element < before.size:
        return teller.element
    far = np.abs(after.astype(np.float64) - before.astype(np.float64)).reshape(-1)
    return int(np.argmax(np.where(np.isfinite(far), far, -1.0))) if far.size else 0


def learning_rate(before: Array, grad: Any, after: Array) -> float | None:
    """The short rate lr for which value − lr · gradient is the new value in every element, or None."""
    if grad is None:
        return None
    slope, start, end = (np.asarray(a, np.float64).reshape(-1) for a in (grad, before, after))
    if slope.shape != start.shape or not (np.isfinite(slope).all() and np.isfinite(end).all() and slope.any()):
        return None
    at = int(np.argmax(np.abs(slope)))
    rough = (start[at] - end[at]) / slope[at]
    close = 4 * float(np.finfo(before.dtype).eps) if before.dtype.kind == "f" else 1e-12
    size = np.maximum(np.abs(start), np.abs(end))
    for digits in range(1, RATE_DIGITS + 1):
        rate = float(f"{rough:.{digits}g}")
        if rate > 0 and (np.abs(start - rate * slope - end) <= close * np.maximum(size, np.abs(rate * slope))).all():
            return rate
    return None


_STAYS = Text(
    "What was computed from the old numbers of {name} stays as it is until it is computed again.",
    "{name} の古い値から計算したものは、計算し直すまでそのまま残ります。",
)
_ALL_MOVE = Text(
    "All {n} numbers of {name} move, together by {far}, {share} of its length.",
    "{name} の数 {n} 個がすべて動きます。動いた長さは全体で {far}、もとの長さの {share} 倍です。",
)
_SOME_MOVE = Text(
    "{name} changes in {moved} of its {n} numbers, and moves by {far} in all, {share} of its length.",
    "{name} の数 {n} 個のうち {moved} 個が動きます。動いた長さは全体で {far}、もとの長さの {share} 倍です。",
)
_ONE_OF_THEM = Text(
    "Here is {element}; the Values panel offers the others.",
    "ここでは {element} を見ます（別の要素は値のパネルで選べます）。",
)
