"""The moments between passes: marks, gradients written by hand (zeroed, usually), values updated."""

from __future__ import annotations

from collections import Counter
from math import isfinite, ulp

from tracer.explain.arithmetic import factor
from tracer.explain.explanation import Explanation, Row
from tracer.explain.routes import held
from tracer.explain.teller import Teller
from tracer.explain.words import EMPTY, join, listed
from tracer.numbers import equals_sign
from tracer.text import Text
from tracer.trace.cursor import Moment

MARK = Text("MARK", "印")
WRITE = Text("GRADIENT WRITTEN", "勾配の書き換え")
UPDATE = Text("UPDATE", "更新")

COMES_WITH = Text("{name} comes with a gradient.", "{name} はすでに勾配を持っています。")
BROUGHT = Text(
    "An earlier computation, outside this recording, left it there. What arrives from here on is added to it.",
    "この記録より前の計算で求めた値です。ここから届く勾配は、これに足されます。",
)

RATE_DIGITS = 4
"""A step is said to be a learning rate times the gradient only where a rate this short gives it to the last bit."""


def mark(teller: Teller, moment: Moment) -> Explanation:
    """The program hung a text on a node."""
    assert moment.node is not None, "a mark hangs on a node"
    name, said = teller.names(moment.node), moment.text
    every = carried_marks(teller, moment.node)
    return Explanation(
        kind="mark",
        phase=MARK,
        title=Text(f"{name}: {said}", f"{name}：{said}"),
        lead=Text(
            f"The program marks {name} with “{said}”.", f"プログラムが {name} に「{said}」という印を付けました。"
        ),
        rule=EMPTY,
        numbers=EMPTY,
        blocks=(),
        sentence=Text(
            f"A mark changes no number. {name} now carries {every.en}.",
            f"印は数を変えません。{name} の印は{every.ja}です。",
        ),
        short=Text(f"{name}: {said}", f"{name}：{said}"),
        node=moment.node,
        notes=tuple(teller.ending()),
    )


def carried_marks(teller: Teller, node: int) -> Text:
    """All marks on `node` so far, each once: `“visited” (3 times) and “done”`."""
    counts = Counter(teller.cursor.marks(node))
    en = [f"“{text}”" + (f" ({n} times)" if n > 1 else "") for text, n in counts.items()]
    ja = [f"「{text}」" + (f"（{n} 回）" if n > 1 else "") for text, n in counts.items()]
    return Text(listed(en).en, listed(ja).ja)


def write(teller: Teller, moment: Moment) -> Explanation:
    """A gradient was assigned."""
    assert moment.node is not None, "a write hits a node"
    name, symbol = teller.names(moment.node), teller.names.grad(moment.node)
    before, after = moment.before, moment.after
    old = teller.number(before if before is not None else 0.0)
    new = "None" if after is None else teller.number(after)
    equals = "=" if after is None else equals_sign(after, digits=teller.digits)
    line = f"{symbol} {equals} {new}"
    if moment.brought:
        sentence = BROUGHT
    elif after:
        sentence = Text(
            f"The program itself wrote this into {name}. It comes from no backward pass, so nothing vouches for it.",
            f"プログラムが {name} に直接書き込んだ値です。逆伝播で求めたものではないので、正しさは確かめられません。",
        )
    elif before:
        sentence = Text(
            f"Cleared, so that the next backward pass starts from nothing. Else it would add to {old}.",
            f"こうして消しておかないと、次の逆伝播の勾配が {old} に足されてしまいます。",
        )
    else:
        sentence = Text(
            f"{name} held no gradient yet, so nothing changes.",
            f"{name} にはまだ勾配がなかったので、何も変わりません。",
        )
    cleared = not after
    return Explanation(
        kind="write",
        phase=WRITE,
        title=Text.same(line),
        lead=Text(f"The gradient of {name} is cleared.", f"{name} の勾配を消します。")
        if cleared
        else COMES_WITH.format(name=name)
        if moment.brought
        else Text(f"The gradient of {name} is set by hand.", f"{name} の勾配を直接書き込みます。"),
        rule=EMPTY,
        numbers=Text.same(line),
        blocks=(
            (
                Row(
                    (Text.same(new),),
                    Text.same(symbol),
                    equals,
                    colour="grad",
                    now=True,
                    tag=Text.same(f"{old} → {new}"),
                ),
            ),
        ),
        sentence=sentence,
        short=Text.same(f"{symbol}: {old} → {new}"),
        node=moment.node,
        notes=tuple(teller.ending()),
    )


def update(teller: Teller, moment: Moment) -> Explanation:
    """A leaf's value was assigned: an optimizer step, usually."""
    assert moment.node is not None, "an update hits a node"
    assert moment.before is not None, "which had a value"
    assert moment.after is not None, "and has one now"
    name, digits = teller.names(moment.node), teller.digits
    old, new = teller.number(moment.before), teller.number(moment.after)
    rate, grad = learning_rate(teller, moment), teller.cursor.grad(moment.node)
    tag = Text.same(f"{old} → {new}")
    symbol = teller.names.grad(moment.node)
    if rate is not None and grad is not None:
        shown_rate = teller.number(rate)
        rule = f"{name} − {shown_rate} · {symbol}"
        put_in = f"{old} − {shown_rate} · {factor(grad, digits)}"
        first = equals_sign(moment.before, grad, digits=digits)
        second = equals_sign(moment.after, moment.before, grad, digits=digits)
        rows: tuple[Row, ...] = (
            Row((Text.same(rule),), Text.same(name), sign="←"),
            Row((Text.same(put_in),), sign=first, colour="data"),
            Row((Text.same(new),), sign=second, colour="data", now=True, tag=tag),
        )
        rule_text, numbers = f"{name} ← {rule}", f"{first} {put_in} {second} {new}"
        sentence = _descent(teller, moment.node, shown_rate)
    else:
        rows = (Row((Text.same(new),), Text.same(name), sign="←", colour="data", now=True, tag=tag),)
        rule_text, numbers = "", f"{name}: {old} → {new}"
        sentence = _direction(teller, moment.node, moment.after - moment.before, grad)
    return Explanation(
        kind="update",
        phase=UPDATE,
        title=Text.same(f"{name}: {old} → {new}"),
        lead=Text(
            f"{name} gets a new value. What was computed from the old one stays as it is until it is computed again.",
            f"{name} の値を変えます。古い値から計算したものは、計算し直すまでそのまま残ります。",
        ),
        rule=Text.same(rule_text),
        numbers=Text.same(numbers),
        blocks=(rows,),
        sentence=sentence,
        short=Text.same(f"{rule_text} {numbers}".strip()),
        node=moment.node,
        notes=tuple(teller.ending()),
    )


def _descent(teller: Teller, node: int, rate: str) -> Text:
    """A step of gradient descent; against the slope only where the gradient is that of one pass."""
    step = Text(
        f"The step is −{rate} times the gradient, as gradient descent with a learning rate of {rate} takes it.",
        f"動いた量は勾配の −{rate} 倍。学習率 {rate} の勾配降下法と同じ一歩です。",
    )
    last = next(p for p in reversed(teller.trace.passes) if p.start < teller.cursor.position and p.reached(node))
    if held(teller, node, last) is not None:
        name = teller.names.grad(node)
        mixed = Text(
            f"But {name} is the sum of several passes here, not the slope of the last one alone.",
            f"ただし、ここでの {name} は複数回の逆伝播の和で、最後の一回の傾きではありません。",
        )
        return join(step, mixed)
    root = teller.names(last.root)
    downhill = Text(
        f"It goes against the slope: a small enough step that way makes {root} fall.",
        f"勾配と逆向きに十分小さく動けば、{root} は減ります。",
    )
    return step if last.by_hand else join(step, downhill)


def _direction(teller: Teller, node: int, step: float, grad: float | None) -> Text:
    """What can be said of a step whose rule is not known: whether it goes against its gradient."""
    name = teller.names(node)
    if grad is None:
        return Text(f"No gradient of {name} is known here.", f"ここでは {name} の勾配はわかっていません。")
    if not isfinite(grad) or not isfinite(step):
        return EMPTY
    amount, slope = teller.number(grad), teller.names.grad(node)
    equals = equals_sign(grad, digits=teller.digits)
    if step == 0 or grad == 0:
        return Text(f"Its gradient: {slope} {equals} {amount}.", f"勾配は {slope} {equals} {amount} です。")
    if (step < 0) == (grad > 0):
        return Text(
            f"The step goes against its gradient, {slope} {equals} {amount}: downhill.",
            f"勾配 {slope} {equals} {amount} とは逆向き、つまり坂を下る向きの一歩です。",
        )
    return Text(
        f"The step goes along its gradient, {slope} {equals} {amount}: uphill.",
        f"勾配 {slope} {equals} {amount} と同じ向き、つまり坂を上る向きの一歩です。",
    )


def learning_rate(teller: Teller, moment: Moment) -> float | None:
    """The rate lr for which value − lr · gradient is the new value, or None where nothing shows that there is one.

    The user's line must speak of a gradient, and one short number must give the new value to the last bit, as it must
    for the updates that the same line made just before.
    """
    trace, cursor = teller.trace, teller.cursor
    line, segment = cursor.line, trace.segment_at(cursor.position)
    if line is None or segment is None or moment.before is None or moment.after is None or moment.node is None:
        return None
    source = trace.sources.get(line.file, "").splitlines()
    if not 0 < line.line <= len(source) or "grad" not in source[line.line - 1]:
        return None
    grad = cursor.grad(moment.node)
    if not grad or not isfinite(grad) or not isfinite(moment.after - moment.before):
        return None
    rough = (moment.before - moment.after) / grad
    tried = (float(f"{rough:.{digits}g}") for digits in range(1, RATE_DIGITS + 1))
    rate = next((r for r in tried if _gives(moment.before, r, grad, moment.after)), None)
    if rate is None or rate <= 0:
        return None
    table = trace.columns.updates
    for position in range(max(segment.start + 1, cursor.position - 200), cursor.position):
        row = segment.first + position - segment.start - 1
        other = cursor.grad(int(table.node[row]))
        if table.line[row] == table.line[segment.first + cursor.position - segment.start - 1] and (
            other is None or not _gives(float(table.before[row]), rate, other, float(table.value[row]))
        ):
            return None
    return rate


def _gives(before: float, rate: float, grad: float, after: float) -> bool:
    return abs(before - rate * grad - after) <= 2 * ulp(max(abs(before), abs(after), abs(rate * grad)))
