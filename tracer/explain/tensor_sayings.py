"""What is said of a contribution to a tensor: a sentence for each part, one for the whole, and what stands apart."""

from __future__ import annotations

import numpy as np

from tracer.explain.amount import is_single, labelled, shape_text
from tracer.explain.delivery import TensorDelivery
from tracer.explain.explanation import Note
from tracer.explain.shapes import Product, broadcast_back, jacobian, linear_back, matmul_back
from tracer.explain.trouble import spoilt_array
from tracer.explain.words import EMPTY, join
from tracer.text import Text
from tracer.trace.numbering import SEAMS


def sentence(one: TensorDelivery) -> Text:
    """Why, or what this part does."""
    if one.as_a_whole:
        return join(rule_words(one), summed(one))
    return (_read, _local, _multiply, _add)[one.part - 1](one)


def rule_words(one: TensorDelivery) -> Text:
    """What the rule does to the gradient: the op's own words; of an elementwise op, how a nudge moves the output."""
    product = product_of(one)
    if product is not None and product.why != EMPTY:
        return product.why
    words = one.rule.why if one.by_element or one.rule.back is None else one.rule.back
    return one.teller.names.fill(words, one.user, slot=one.slot)


def product_of(one: TensorDelivery) -> Product | None:
    """The rule as a product of matrices, where it is one."""
    rule = {"matmul": matmul_back, "linear": linear_back}.get(one.op.name)
    if rule is None or one.slot > 1:
        return None
    a, b = (one.teller.trace.edge(edge) for edge in list(one.teller.trace.edges_in(one.user))[:2])
    names, teller = one.teller.names, one.teller
    g = teller.symbol(one.this, one.user)
    return rule(
        one.slot, g, names.place(a.id), names.place(b.id), teller.shape(a.input), teller.shape(b.input), one.out_shape
    )


def summed(one: TensorDelivery) -> Text:
    """Why contributions are added up along axes that were broadcast."""
    return broadcast_back(one.place, one.broadcast) if one.broadcast else EMPTY


def _read(one: TensorDelivery) -> Text:
    shape, user = shape_text(one.out_shape), one.maker
    said = labelled(one.upstream, one.teller.digits)
    if is_single(one.upstream):
        return Text(
            f"First, read the upstream gradient, which has arrived at {user}: {said.en}.",
            f"まず、{user} に届いている上流の勾配 {said.ja} を読みます。",
        )
    return Text(
        f"First, read the upstream gradient, which has arrived at {user}. It has {user}'s shape, {shape}: "
        f"a slope for each element.",
        f"まず、{user} に届いている上流の勾配を読みます。形は {user} と同じ {shape} で、要素ごとに傾きが"
        "一つずつあります。",
    )


def _local(one: TensorDelivery) -> Text:
    why = one.teller.names.fill(one.rule.why, one.user, slot=one.slot)
    if one.by_element:
        intro = Text(
            f"Next, the local gradient, element by element: what does {one.maker} alone do with a nudge of "
            f"{one.place}?",
            f"次は局所勾配です。{one.place} の要素を少し動かすと、{one.maker} だけを見ればどう動くでしょうか。",
        )
        return join(intro, why)
    intro = Text("Next, the local gradient.", "次は局所勾配です。")
    return join(intro, why, jacobian(one.maker, one.place, one.out_shape, one.shape))


def _multiply(one: TensorDelivery) -> Text:
    if one.by_element:
        multiply = Text(
            "Then multiply, by the chain rule, element by element.",
            "そして、連鎖律により要素ごとに掛け合わせます。",
        )
        return join(multiply, summed(one))
    apply = Text(
        "Then the rule multiplies by the Jacobian, by the chain rule, without writing it down.",
        "そして、連鎖律によりヤコビ行列を掛けます。行列は書き下さず、規則で一度に求めます。",
    )
    return join(apply, rule_words(one))


def _add(one: TensorDelivery) -> Text:
    shape = shape_text(one.shape)
    if one.this.combine == "assign":
        symbol = one.teller.names.grad(one.node)
        return Text(
            f"Last, it is written into {symbol}, over what was there.",
            f"最後に {symbol} に書き込みます。前の値は上書きされます。",
        )
    return Text(
        f"Last, it is added to what {one.place} has received so far, element by element: both have the shape {shape}.",
        f"最後に、{one.place} がこれまでに受け取った分に要素ごとに足します。どちらも形は {shape} です。",
    )


# What stands apart


def notes(one: TensorDelivery, *, once: bool = True) -> list[Note]:
    """What else is worth knowing: the Jacobian that is never formed (`once` a step), no gradient, not finite, hooks."""
    found = []
    jacobian_met = not one.by_element and one.op.name not in SEAMS
    if once and one.as_a_whole and jacobian_met and _first_of_its_kind(one):
        found.append(Note("scope", jacobian(one.maker, one.place, one.out_shape, one.shape)))
    if one.contribution is not None:
        bad, came = _odd(one.contribution), _odd(one.upstream)
        if bad and not came:
            found.append(Note("trouble", spoilt_array(one.maker, one.place, bad)))
        elif bad:
            found.append(Note("trouble", _SPREAD.format(n=f"{bad:,}")))
        elif not np.any(one.contribution):
            words = _NOTHING_ALONE if is_single(one.contribution) else _NOTHING
            found.append(Note("closed", words.format(maker=one.maker, place=one.place)))
    if one.is_added and one.node in one.this.columns.hooked:
        found.append(Note("outside", _HOOKED.format(name=one.place)))
    return found


def _first_of_its_kind(one: TensorDelivery) -> bool:
    """Whether this is the pass's first contribution along a Jacobian: it is explained once."""
    trace = one.teller.trace
    for delivery in range(one.index):
        op = trace.op(int(one.this.users[delivery]))
        if op is not None and not op.elementwise and op.name not in SEAMS:
            return bool(one.this.users[delivery] == one.user)  # its fellow inputs in one step
    return True


def _odd(value: object) -> int:
    """How many elements are not finite."""
    return int((~np.isfinite(np.asarray(value, np.float64))).sum())


_SPREAD = Text(
    "{n} of these numbers are not finite; so were some of those that arrived.",
    "このうち {n} 個は有限ではありません。届いた勾配にすでに有限でないものがありました。",
)
_NOTHING = Text(
    "Every number handed on from {maker} to {place} is 0: nothing passes.",
    "{maker} から {place} へ渡す数はすべて 0 です。何も通りません。",
)
_NOTHING_ALONE = Text(
    "What is handed on from {maker} to {place} is 0: nothing passes.",
    "{maker} から {place} へ渡す数は 0 です。何も通りません。",
)
_HOOKED = Text(
    "A hook of the program changes the gradient of {name} once it is complete.",
    "{name} の勾配がそろうと、プログラムの登録したフックがそれを書き換えます。",
)
