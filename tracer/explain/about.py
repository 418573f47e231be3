"""What is known of one node at a moment, for a reader who selected it."""

from __future__ import annotations

from tracer.explain.events import carried_marks
from tracer.explain.explanation import Explanation, Note, Row
from tracer.explain.forward import computed_block
from tracer.explain.routes import held, routes
from tracer.explain.teller import Teller
from tracer.explain.words import EMPTY, count, join, listed, moves
from tracer.numbers import equals_sign
from tracer.text import Text
from tracer.trace.segment import Pass

NODE = Text("NODE", "ノード")


def about(teller: Teller, node: int) -> Explanation:
    """A node's value and gradient as far as the walk has come."""
    cursor, names = teller.cursor, teller.names
    name, made = names(node), cursor.is_made(node)
    blocks: list[tuple[Row, ...]] = []
    numbers = ""
    if made and teller.trace.kind(node) == "op":
        rows, numbers = computed_block(teller, node)
        blocks.append(tuple(Row(r.terms, r.left, r.sign, r.joint, r.colour) for r in rows))
    elif made and teller.trace.kind(node) == "leaf":
        value = cursor.data(node)
        equals = equals_sign(value or 0.0, digits=teller.digits)
        numbers = f"{name} {equals} {teller.number(value)}"
        blocks.append((Row((Text.same(teller.number(value)),), Text.same(name), equals, colour="data"),))
    grad_row, grad_words = _gradient(teller, node)
    if grad_row is not None:
        blocks.append((grad_row,))
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
        numbers=Text.same(numbers),
        blocks=tuple(blocks),
        sentence=grad_words if made else EMPTY,
        short=join(title, grad_words) if made else title,
        node=node,
        routes=routes(teller, node) if made else None,
        notes=tuple(notes),
    )


def _what(teller: Teller, node: int) -> Text:
    trace, names = teller.trace, teller.names
    name, kind = names(node), trace.kind(node)
    if not teller.cursor.is_made(node):
        return Text(f"{name} has not been made yet.", f"{name} はまだできていません。")
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


def _gradient(teller: Teller, node: int) -> tuple[Row | None, Text]:
    """The gradient's row, None where there is none to show, and the words on it."""
    cursor, name = teller.cursor, teller.names(node)
    state = cursor.grad_state(node)
    if state == "none":
        return None, Text("It takes no gradient.", "勾配は受け取りません。")
    if state == "not_yet":
        return None, Text("Its gradient is not known yet.", "勾配はまだわかりません。")
    value = cursor.grad(node)
    this = _slope_of(teller, node)
    symbol = teller.names.grad(node) if this is None else teller.symbol(this, node)
    equals = equals_sign(value or 0.0, digits=teller.digits)
    number = teller.number(value)
    if state == "partial":
        found = routes(teller, node)
        more = count(found.missing if found else 1, "route is", "routes are", "{} 本")
        words = Text(
            f"Its gradient is {number} so far; {more.en} still missing.",
            f"勾配はここまでに {number} です。あと {more.ja}の経路が届いていません。",
        )
        return Row((Text(f"{number} + ?", f"{number} + ?"),), Text.same(symbol), equals, colour="grad"), words
    row = Row((Text.same(number),), Text.same(symbol), equals, colour="grad")
    if this is None:
        return row, Text(f"{name} holds a gradient of {number}.", f"{name} が持っている勾配は {number} です。")
    root = teller.names(this.root)
    if node == this.root:
        return row, Text(f"The backward pass begins at {name}.", f"逆伝播は {name} から始まります。")
    far = moves(root, value, teller.digits)
    return row, Text(f"Nudge {name}, and {far.en}.", f"{name} を少し動かすと、{far.ja}。")


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
