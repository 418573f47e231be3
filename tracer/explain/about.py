"""What is known of one node at a moment, for a reader who selected it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tracer.explain import tensor_forward
from tracer.explain.amount import Array, rows_of, shape_text
from tracer.explain.events import carried_marks
from tracer.explain.explanation import Explanation, Note, Row
from tracer.explain.forward import computed_block
from tracer.explain.inside import constant, is_inside
from tracer.explain.routes import held, routes
from tracer.explain.sayings import equation
from tracer.explain.teller import Teller
from tracer.explain.words import EMPTY, count, join, listed, moves
from tracer.numbers import equals_sign
from tracer.text import LANGS, Text
from tracer.trace.segment import Pass

NODE = Text("NODE", "ノード")


def about(teller: Teller, node: int) -> Explanation:
    """A node's value and gradient as far as the walk has come."""
    cursor, names = teller.cursor, teller.names
    name, made = names(node), cursor.is_made(node)
    blocks: list[tuple[Row, ...]] = []
    numbers = EMPTY
    if made and teller.trace.kind(node) == "op":
        if teller.speaks_of_shapes(node):
            rows, numbers = tensor_forward.computed_block(teller, node)
        else:
            rows, line = computed_block(teller, node)
            numbers = Text.same(line)
        blocks.append(tuple(replace(row, now=False) for row in rows))
    elif made and teller.trace.kind(node) == "leaf":
        value = teller.data(node)
        assert value is not None, "it has been made"
        numbers = equation(teller, name, value)
        blocks.append(rows_of(value, Text.same(name), digits=teller.digits))
    grad_rows, grad_words = _gradient(teller, node)
    if grad_rows:
        blocks.append(grad_rows)
    title = Text.same(names.definition(node))
    marks = carried_marks(teller, node)
    notes = [Note("mark", Text(f"Marked {marks.en}.", f"印：{marks.ja}"))] if marks.en else []
    notes += teller.node_notes(node) if made else []
    return Explanation(
        kind="about",
        phase=NODE,
        title=title,
        lead=_what(teller, node),
        rule=title if teller.trace.kind(node) == "op" else EMPTY,
        numbers=numbers,
        blocks=tuple(blocks),
        sentence=join(_shape(teller, node), grad_words) if made else EMPTY,
        short=Text(*(f"{title[lang]}   {grad_words[lang]}".rstrip() for lang in LANGS)) if made else title,
        node=node,
        routes=routes(teller, node) if made else None,
        notes=tuple(notes),
    )


def _what(teller: Teller, node: int) -> Text:
    trace, names = teller.trace, teller.names
    name, kind = names(node), trace.kind(node)
    if not teller.cursor.is_made(node):
        return Text(f"{name} has not been made yet.", f"{name} はまだできていません。")
    if kind != "op" and is_inside(trace, node):
        return constant(teller, node)
    if kind == "const":
        return Text(
            f"{name} is a constant, a plain number in the program.",
            f"{name} は定数、プログラムに書かれたただの数です。",
        )
    users = list(
        dict.fromkeys(names(trace.edge(e).user) for e in trace.uses(node) if teller.cursor.is_made(trace.edge(e).user))
    )
    used = listed(users)
    by = Text(f"; it is used by {used.en}", f"で、{used.ja} が使っています") if users else Text("", "です")
    if kind == "leaf":
        return Text(f"{name} is a leaf{by.en}.", f"{name} は葉{by.ja}。")
    inputs = listed(dict.fromkeys(names(n) for n in trace.inputs(node)))
    return Text(f"{name} was computed from {inputs.en}{by.en}.", f"{name} は {inputs.ja} から計算した値{by.ja}。")


def _shape(teller: Teller, node: int) -> Text:
    """Why a computed tensor has its shape; what a leaf's shape is."""
    if not teller.is_array(node):
        return EMPTY
    if teller.trace.kind(node) == "op":
        return tensor_forward.why_this_shape(teller, node)
    shape, kind = shape_text(teller.shape(node)), teller.trace.dtype(node).name
    return Text(f"Its shape is {shape}, its type {kind}.", f"形は {shape}、型は {kind} です。")


def _gradient(teller: Teller, node: int) -> tuple[tuple[Row, ...], Text]:
    """The gradient's rows, none where there is nothing to show, and the words on it."""
    cursor, name = teller.cursor, teller.names(node)
    state = cursor.grad_state(node)
    if state == "none":
        return (), Text("It takes no gradient.", "勾配は受け取りません。")
    value, this = teller.grad(node), _slope_of(teller, node)
    if state == "not_yet" or value is None:
        return (), Text("Its gradient is not known yet.", "勾配はまだわかりません。")
    symbol = teller.names.grad(node) if this is None else teller.symbol(this, node)
    if isinstance(value, np.ndarray):
        return _gradient_array(teller, node, Text.same(symbol), value, state == "partial")
    equals = equals_sign(value, digits=teller.digits)
    number = teller.number(value)
    if state == "partial":
        found = routes(teller, node)
        more = count(found.missing if found else 1, "route is", "routes are", "{} 本")
        words = Text(
            f"Its gradient is {number} so far; {more.en} still missing.",
            f"勾配はここまでに {number} です。あと {more.ja}の経路が届いていません。",
        )
        return (Row((Text.same(f"{number} + ?"),), Text.same(symbol), equals, colour="grad"),), words
    row = (Row((Text.same(number),), Text.same(symbol), equals, colour="grad"),)
    if this is None:
        return row, Text(f"{name} holds a gradient of {number}.", f"{name} が持っている勾配は {number} です。")
    root = teller.names(this.root)
    if node == this.root:
        return row, Text(f"The backward pass begins at {name}.", f"逆伝播は {name} から始まります。")
    far = moves(root, value, teller.digits)
    return row, Text(f"Nudge {name}, and {far.en}.", f"{name} を少し動かすと、{far.ja}。")


def _gradient_array(
    teller: Teller, node: int, symbol: Text, value: Array, partial: bool
) -> tuple[tuple[Row, ...], Text]:
    rows = rows_of(value, symbol, digits=teller.digits, colour="grad")
    shape = shape_text(value.shape)
    if not partial:
        words = Text(
            f"Its gradient has its own shape, {shape}: a slope for each of its numbers.",
            f"勾配も同じ形 {shape} で、要素ごとに傾きが一つずつあります。",
        )
        return rows, words
    found = routes(teller, node)
    more = count(found.missing if found else 1, "route is", "routes are", "{} 本")
    words = Text(
        f"This is its gradient so far; {more.en} still missing.",
        f"ここまでの勾配です。あと {more.ja}の経路が届いていません。",
    )
    return rows, words


def _slope_of(teller: Teller, node: int) -> Pass | None:
    """The pass whose derivative the gradient of `node` is at this moment; None where it is no pass's alone.

    It is none after a pass delivered by hand, where earlier passes' gradient is in it, and once it was written over or
    its value changed.
    """
    cursor = teller.cursor
    if cursor.at_pass is None:
        return None
    this = teller.trace.passes[cursor.at_pass]
    since = (
        position
        for kind in ("write", "update")
        for position, _ in teller.trace.events(kind).get(node, ())
        if this.start < position <= cursor.position
    )
    if this.by_hand or not this.reached(node) or any(since) or held(teller, node, this) is not None:
        return None
    return this
