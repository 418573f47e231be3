"""A contribution on its way to a tensor: which shapes meet, what the rule does with them, what arrives.

Where an op works element by element, upstream and local gradient are multiplied element by element, and then summed
along the axes that were broadcast. Elsewhere the local gradient is a Jacobian that nobody forms; the rule says what
multiplying by it comes to.
"""

from __future__ import annotations

import numpy as np

from tracer.explain.amount import brief, equals, fits_rows, is_single, labelled, rows_of, shape_of, shape_text
from tracer.explain.arithmetic import local_symbols
from tracer.explain.delivery import TensorDelivery, tensor_delivery_of, together
from tracer.explain.explanation import Explanation, Note, Row
from tracer.explain.inside import place_of, seam_rule
from tracer.explain.routes import routes
from tracer.explain.sayings import ending
from tracer.explain.shapes import fits
from tracer.explain.teller import Teller
from tracer.explain.tensor_sayings import notes, product_of, rule_words, sentence, summed
from tracer.explain.words import EMPTY, count, join, listed
from tracer.text import LANGS, Text
from tracer.trace.cursor import Moment

CONTRIBUTION = Text("contribution", "寄与")
UPSTREAM, LOCAL = Text("upstream", "上流の勾配"), Text("local", "局所勾配")
BY_ELEMENT = Text("element by element", "要素ごと")
EACH = 3
"""Contributions of one user that are written out one by one."""

_WEIGHTED = Text(
    "{root} is not one number, so there is no single slope to begin with: the program gave a weight for each "
    "element. What is followed back is the sum of {root}'s elements, each times its weight.",
    "{root} は一つの数ではないので、出発点の勾配は 1 と決まりません。要素ごとの重みをプログラムが与えて"
    "います。たどるのは、{root} の各要素に重みを掛けて足したものの勾配です。",
)
_ONE_ELEMENT = Text(
    "{root} holds a single number. Nudge it, and it moves just as far: the gradient to begin with is 1, in the shape "
    "of {root}.",
    "{root} の要素は一つだけです。それを少し動かせば、同じだけ動きます。出発点の勾配は 1 で、形は {root} と同じです。",
)


def seed(teller: Teller, moment: Moment) -> Explanation:
    """A root with axes: the program said which gradient to begin with."""
    assert moment.node is not None, "a seed belongs to a root"
    assert moment.pass_index is not None, "and to a pass"
    this, root = teller.trace.passes[moment.pass_index], teller.names(moment.node)
    shape = shape_text(teller.shape(moment.node))
    given = this.seed
    alone = bool(np.asarray(given).size == 1 and np.all(np.asarray(given) == 1))
    symbol = f"∂{root}/∂{root}" if alone else f"{root}.backward(gradient=…)"
    return Explanation(
        kind="seed",
        phase=teller.phase(this),
        title=Text(f"start at {root}", f"出発点 {root}"),
        lead=Text(
            f"The walk back begins at {root}, which has the shape {shape}.",
            f"形 {shape} の {root} から逆向きにたどります。",
        ),
        rule=Text.same(symbol),
        numbers=brief(given, teller.digits),
        blocks=(rows_of(given, Text.same(f"{root}.grad"), digits=teller.digits, colour="grad", now=True),),
        sentence=(_ONE_ELEMENT if alone else _WEIGHTED).format(root=root),
        short=Text(f"the walk back begins at {root} {shape}", f"{root} {shape} から逆向きにたどります"),
        node=moment.node,
        notes=(*ending(teller, this), *teller.ending()),
    )


def edge(teller: Teller, moment: Moment) -> Explanation:
    """One contribution, or as much of it as has happened."""
    one = tensor_delivery_of(teller, moment)
    ways = routes(teller, one.node)
    rule = rule_line(one)
    whole = teller.names.definition(one.user, places=True)
    blocks = [_local_rows(one), _product_rows(one)]
    if one.is_added:
        blocks.append(_adding_rows(one))
    title = f"{one.maker} → {one.place}"
    return Explanation(
        kind="edge",
        phase=teller.phase(one.this),
        title=Text(f"edge {title}", f"辺 {title}"),
        lead=Text(f"{whole} hands its gradient to {one.place}.", f"{whole} が勾配を {one.place} に渡します。"),
        rule=Text(f"contribution = {rule.en}", f"寄与 = {rule.ja}"),
        numbers=_numbers(one),
        blocks=tuple(block for block in blocks if block),
        sentence=sentence(one),
        short=_short(one, ways.missing if ways else 0),
        node=one.node,
        user=one.user,
        routes=ways,
        notes=(*notes(one), *ending(teller, one.this), *teller.ending()),
    )


def node(teller: Teller, moment: Moment) -> Explanation:
    """All contributions of one user at once, for a reader who steps by node."""
    last = tensor_delivery_of(teller, moment)
    this, all_of_them = last.this, together(last.this, last.index)
    if len(all_of_them) == 1:
        return edge(teller, moment)
    moments = [teller.trace.cursor(this.position_of(d)).moment for d in all_of_them[:-1]]
    ones = [*(tensor_delivery_of(teller, m) for m in moments), last]
    found: list[Note] = []
    for one in ones:
        found += [note for note in notes(one, once=one is ones[0]) if note not in found]
    user, to = last.maker, listed(one.place for one in ones)
    whole = teller.names.definition(last.user, places=True)
    upstream = labelled(last.upstream, teller.digits)
    symbol = teller.symbol(this, last.user)
    rows = [_in_a_row(one) for one in ones]
    return Explanation(
        kind="node",
        phase=teller.phase(this),
        title=Text(f"{user} → {to.en}", f"{user} → {to.ja}"),
        lead=Text(f"{whole} hands its gradient to {to.en}.", f"{whole} が勾配を {to.ja} に渡します。"),
        rule=Text("contribution = upstream · local", "寄与 = 上流の勾配 · 局所勾配"),
        numbers=Text(*("; ".join(row[0].text(lang) for row in rows) for lang in LANGS)),
        blocks=((Row((upstream,), Text.same(symbol), _between(last.upstream, teller), colour="grad"),), *rows),
        sentence=join(_each_gets(ones), *(summed(one) for one in ones)),
        short=Text(*(f"{user} → {to[lang]}   {'   '.join(_carried(one)[lang] for one in ones)}" for lang in LANGS)),
        node=last.node,
        user=last.user,
        routes=routes(teller, last.node),
        notes=(*found, *ending(teller, this), *teller.ending()),
    )


# The rule


def rule_line(one: TensorDelivery) -> Text:
    """`∂L/∂C @ Bᵀ`, `∂L/∂C · ∂C/∂b, summed over axis 0`, or the shapes alone."""
    product = product_of(one)
    if product is not None:
        return Text.same(product.formula)
    seam = seam_rule(one)
    if seam is not None:
        return seam
    g = one.teller.symbol(one.this, one.user)
    if one.by_element:
        formula = local_symbols(one.teller.names, one.edge)
        whole = g if formula == "1" else f"{g} · {_factor(formula)}"
        return Text.same(whole)
    if one.broadcast:
        return Text.same(g)
    return Text(f"{g}, by the rule of {one.op.label}", f"{g} に {one.op.label} の規則を当てはめたもの")


def _factor(formula: str) -> str:
    """A formula as a factor: in parentheses where it is a sum."""
    return f"({formula})" if any(sign in formula for sign in (" + ", " − ", " / ")) or formula[:1] in "-−" else formula


def _summed(one: TensorDelivery) -> Text:
    """`summed over axis 0`; "" where nothing was broadcast."""
    if not one.broadcast:
        return EMPTY
    axes = ", ".join(map(str, one.broadcast.axes))
    many = len(one.broadcast.axes) > 1
    return Text(f"summed over {'axes' if many else 'axis'} {axes}", f"軸 {axes} で合計")


# Rows


def _between(value: object, teller: Teller) -> str:
    """`=` before numbers, `:` before what is said of them."""
    return equals(value, teller.digits) if is_single(value) or brief(value).en.startswith("[") else ":"  # type: ignore[arg-type]


def _local_rows(one: TensorDelivery) -> tuple[Row, ...]:
    """`∂h/∂z = step(z)` and its numbers; nothing before its part, nor where it is a Jacobian."""
    if one.local is None or not one.by_element or (not one.rule.rule.names and one.part != 2):
        return ()
    symbol, formula = f"∂{one.maker}/∂{one.place}", local_symbols(one.teller.names, one.edge)
    rows = [Row((Text.same(formula),), Text.same(symbol), now=one.part == 2, tag=BY_ELEMENT)]
    if fits_rows(one.local) and not is_single(one.local):
        rows += rows_of(one.local, EMPTY, digits=one.teller.digits)
    return tuple(rows)


def _product_rows(one: TensorDelivery) -> tuple[Row, ...]:
    """The rule in symbols, in shapes, and what it gives."""
    product, digits = product_of(one), one.teller.digits
    rows: list[Row] = []
    if one.by_element:
        rows.append(Row((UPSTREAM, LOCAL), CONTRIBUTION, tag=BY_ELEMENT))
        g, local = one.teller.symbol(one.this, one.user), f"∂{one.maker}/∂{one.place}"
        rows.append(Row((Text.same(g), Text.same(local))))
    else:
        rows.append(Row((rule_line(one),), CONTRIBUTION))
    if one.part == 1:
        return (*rows, *rows_of(one.upstream, UPSTREAM, digits=digits, colour="grad", now=True))
    if product is not None:
        rows.append(Row((Text.same(product.shapes),)))
    elif one.by_element and one.out_shape:
        shape = Text.same(shape_text(one.out_shape))
        rows.append(Row((shape, shape)))
    if one.contribution is None:
        return tuple(rows)
    now = one.part == 3 or one.as_a_whole
    reaches = Text.same(shape_text(shape_of(one.contribution)))
    if one.broadcast:
        rows.append(Row((reaches,), sign="→", colour="grad", tag=_summed(one)))
    elif product is not None and product.result != one.shape:
        tag = Text("summed over the axes that were broadcast", "ブロードキャストされた軸で合計")
        rows.append(Row((reaches,), sign="→", colour="grad", tag=tag))
    elif not is_single(one.contribution):
        rows.append(Row((reaches,), colour="grad", tag=fits(one.place, one.shape)))
    few = is_single(one.contribution) or fits_rows(one.contribution)
    sign = equals(one.contribution, digits) if few else ":"
    body = rows_of(one.contribution, EMPTY, sign=sign, digits=digits, colour="grad", now=now)
    return (*rows, *body)


def _adding_rows(one: TensorDelivery) -> tuple[Row, ...]:
    """`A.grad += contribution   0 → …`"""
    assert one.after is not None, "something was added"
    sign = "=" if one.this.combine == "assign" else "+="
    symbol, by_part = Text.same(one.teller.names.grad(one.node)), one.teller.by == "part"
    at = place_of(one)
    if at is not None:
        return (_adding_number(one, at, sign, by_part),)
    before = brief(one.before, one.teller.digits) if one.before is not None else Text.same("0")
    after = brief(one.after, one.teller.digits)
    tag = Text(f"{before.en} → {after.en}", f"{before.ja} → {after.ja}")
    return (Row((CONTRIBUTION,), symbol, sign, colour="grad", now=by_part, tag=tag),)


def _adding_number(one: TensorDelivery, at: tuple[int, ...], sign: str, now: bool) -> Row:
    """`W.grad[0, 1] += contribution   0 → 3`: the one element that a number taken out of a tensor speaks to."""
    before, after = (0.0 if array is None else float(np.asarray(array)[at]) for array in (one.before, one.after))
    symbol = f"{one.teller.names.grad(one.node)}[{', '.join(map(str, at))}]"
    tag = f"{one.teller.number(before)} → {one.teller.number(after)}"
    return Row((CONTRIBUTION,), Text.same(symbol), sign, colour="grad", now=now, tag=Text.same(tag))


def _in_a_row(one: TensorDelivery) -> tuple[Row, ...]:
    """One of several contributions: `A.grad += ∂L/∂C @ Bᵀ`, its shapes, its numbers where they are few."""
    assert one.contribution is not None, "it has been added"
    teller, product = one.teller, product_of(one)
    sign = "=" if one.this.combine == "assign" else "+="
    rows = [Row((rule_line(one),), Text.same(teller.names.grad(one.node)), sign, tag=_summed(one))]
    shape = shape_text(shape_of(one.contribution))
    if product is not None:
        rows.append(Row((Text.same(f"{product.shapes} = {shape_text(product.result)}"),)))
        if product.result != one.shape:
            rows.append(Row((Text.same(shape),), sign="→"))
    elif one.broadcast:
        rows.append(Row((Text.same(f"{shape_text(one.out_shape)} → {shape}"),), sign=""))
    if is_single(one.contribution) or fits_rows(one.contribution):
        rows += rows_of(one.contribution, EMPTY, digits=teller.digits, colour="grad")
    else:
        rows.append(Row((labelled(one.contribution, teller.digits),), sign=":", colour="grad"))
    return tuple(rows)


# Lines


def _numbers(one: TensorDelivery) -> Text:
    """All that has happened, on one line."""
    if one.contribution is None:
        return labelled(one.upstream, one.teller.digits)
    product, result = product_of(one), labelled(one.contribution, one.teller.digits)
    if product is not None:
        return Text(*(f"{product.shapes} = {result[lang]}" for lang in LANGS))
    if one.by_element or shape_of(one.upstream) != shape_of(one.contribution):
        start = labelled(one.upstream, one.teller.digits)
        return Text(*(f"{start[lang]} → {result[lang]}" for lang in LANGS))
    return result


def _carried(one: TensorDelivery) -> Text:
    """`A: ∂L/∂C @ Bᵀ = (3, 4) …`"""
    result = labelled(one.contribution, one.teller.digits)
    return Text(f"{one.place}: {result.en}", f"{one.place}：{result.ja}")


def _short(one: TensorDelivery, missing: int) -> Text:
    numbers = _numbers(one)
    head = [f"{one.maker} → {one.place}   {rule_line(one)[lang]}   {numbers[lang]}" for lang in LANGS]
    if not one.is_added or not missing:
        return Text(*head)
    more = count(missing, "route", "routes", "{} 本")
    return Text(f"{head[0]}   {more.en} still to come", f"{head[1]}   残る経路は {more.ja}")


def _each_gets(ones: list[TensorDelivery]) -> Text:
    user, first = ones[0].maker, ones[0]
    if all(one.by_element for one in ones):
        return Text(
            f"A gradient has arrived at {user}. Each input gets it times its own local gradient, element by element.",
            f"{user} には勾配が届いています。それぞれの入力に、局所勾配を要素ごとに掛けて渡します。",
        )
    if product_of(first) is not None:
        return Text(
            f"A gradient of {user}'s shape has arrived. Each factor gets it times the other factor, turned round where "
            "need be (ᵀ: rows become columns), so that its own shape comes out.",
            f"{user} と同じ形の勾配が届いています。行列積の一方には、届いた勾配ともう一方との行列積を渡します。必要な"
            "ところは転置（ᵀ、行と列の入れ替え）してあり、ちょうど自分の形になります。",
        )
    each = Text(
        f"A gradient of {user}'s shape has arrived. The rule gives each input its part, in that input's own shape.",
        f"{user} と同じ形の勾配が届いています。規則により、それぞれの入力に、その入力と同じ形の勾配を渡します。",
    )
    return join(each, *dict.fromkeys(rule_words(one) for one in ones[:EACH]))
