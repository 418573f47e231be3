"""The moments of a backward pass: the seed, the four parts of each contribution, all contributions of a node."""

from __future__ import annotations

from tracer.explain.amount import single
from tracer.explain.arithmetic import factor, local_numbers, local_symbols, product
from tracer.explain.delivery import Delivery, delivery_of, together
from tracer.explain.explanation import Explanation, Note, Row
from tracer.explain.routes import held, routes
from tracer.explain.sayings import ending, notes, sentence
from tracer.explain.teller import Teller
from tracer.explain.words import count, listed
from tracer.numbers import equals_sign
from tracer.text import LANGS, Text
from tracer.trace.cursor import Moment

CONTRIBUTION = Text("contribution", "寄与")
UPSTREAM = Text("upstream", "上流の勾配")
LOCAL = Text("local", "局所勾配")
FACTORS = Row((UPSTREAM, LOCAL), CONTRIBUTION)


def seed(teller: Teller, moment: Moment) -> Explanation:
    """The root gets its 1."""
    assert moment.node is not None, "a seed belongs to a root"
    assert moment.pass_index is not None, "and to a pass"
    this, root = teller.trace.passes[moment.pass_index], teller.names(moment.node)
    symbol = teller.names.partial(this.root, root)
    before = held(teller, moment.node, this)
    rows = [Row((Text.same("1"),), Text.same(symbol), colour="grad", now=True)]
    if before is not None:
        after = teller.number(teller.cursor.grad(moment.node))
        tag = Text.same(f"{teller.number(single(before))} → {after}")
        rows.append(Row((Text.same("1"),), Text.same(teller.names.grad(moment.node)), "+=", colour="grad", tag=tag))
    line = Text.same(f"{symbol} = 1")
    return Explanation(
        kind="seed",
        phase=teller.phase(this),
        title=Text(f"start at {root}", f"出発点 {root}"),
        lead=Text(
            f"The walk back begins at {root}: how does {root} react to each number it came from?",
            f"{root} から逆向きにたどります。どの数を動かすと {root} はどれだけ動くのでしょうか。",
        ),
        rule=line,
        numbers=line,
        blocks=(tuple(rows),),
        sentence=Text(
            f"Why 1? Nudge {root}, and {root} itself moves just as far. Every other gradient is built on this one.",
            f"なぜ 1 なのでしょう。{root} を少し動かせば、{root} はちょうどその分だけ動くからです。"
            "ほかの勾配はすべてここから求まります。",
        ),
        short=Text(f"{line.en}   here the walk back begins", f"{line.ja}   ここから逆向きにたどります"),
        node=moment.node,
        notes=(*ending(teller, this), *teller.ending()),
    )


def edge(teller: Teller, moment: Moment) -> Explanation:
    """One contribution, or as much of it as has happened: upstream read, local gradient, product, sum."""
    one = delivery_of(teller, moment)
    factors = (teller.symbol(one.this, one.user), f"∂{one.maker}/∂{one.place}")
    blocks = [_local_rows(one, factors[1]), _product_rows(one, factors)]
    if one.is_added:
        blocks.append((_adding_row(one),))
    numbers = product(one.upstream, one.local, teller.digits)
    if one.contribution is not None:
        numbers += f" {one.product_sign} {teller.number(one.contribution)}"
    ways = routes(teller, one.node)
    rule, whole = " · ".join(factors), f"{one.maker} = {teller.names.formula(one.user, places=True)}"
    return Explanation(
        kind="edge",
        phase=teller.phase(one.this),
        title=Text(f"edge {one.maker} → {one.place}", f"辺 {one.maker} → {one.place}"),
        lead=Text(f"{whole} hands its gradient to {one.place}.", f"{whole} が勾配を {one.place} に渡します。"),
        rule=Text(f"contribution = upstream · local = {rule}", f"寄与 = 上流の勾配 · 局所勾配 = {rule}"),
        numbers=Text.same(numbers),
        blocks=tuple(block for block in blocks if block),
        sentence=sentence(one),
        short=_short(one, numbers, ways.missing if ways else 0),
        node=one.node,
        user=one.user,
        routes=ways,
        notes=(*notes(one), *ending(teller, one.this), *teller.ending()),
    )


def node(teller: Teller, moment: Moment) -> Explanation:
    """All contributions of one user at once, for a reader who steps by node."""
    last = delivery_of(teller, moment)
    this, all_of_them = last.this, together(last.this, last.index)
    if len(all_of_them) == 1:
        return edge(teller, moment)
    moments = [teller.trace.cursor(this.position_of(d)).moment for d in all_of_them[:-1]]
    ones = [*(delivery_of(teller, m) for m in moments), last]
    rows = [_adding_row(one, written_out=True) for one in ones]
    found: list[Note] = []
    for one in ones:
        found += [note for note in notes(one) if note not in found]
    user, to = last.maker, listed(one.place for one in ones)
    upstream = f"{teller.symbol(this, last.user)} {equals_sign(last.upstream, digits=teller.digits)} "
    upstream += teller.number(last.upstream)
    whole = f"{user} = {teller.names.formula(last.user, places=True)}"
    return Explanation(
        kind="node",
        phase=teller.phase(this),
        title=Text(f"{user} → {to.en}", f"{user} → {to.ja}"),
        lead=Text(f"{whole} hands its gradient to {to.en}.", f"{whole} が勾配を {to.ja} に渡します。"),
        rule=Text("contribution = upstream · local", "寄与 = 上流の勾配 · 局所勾配"),
        numbers=Text.same("; ".join(row.text("en") for row in rows)),
        blocks=((FACTORS,), tuple(rows)),
        sentence=Text(
            f"{upstream} has arrived at {user}. Each input gets it times its own local gradient.",
            f"{user} には {upstream} が届いています。それぞれの入力に、局所勾配を掛けて渡します。",
        ),
        short=Text(*(f"{user} → {to[lang]}   {'   '.join(row.text(lang) for row in rows)}" for lang in LANGS)),
        node=last.node,
        user=last.user,
        routes=routes(teller, last.node),
        notes=(*found, *ending(teller, this), *teller.ending()),
    )


# The calculation


def _local_rows(one: Delivery, symbol: str) -> tuple[Row, ...]:
    """`∂y/∂a = b = 2`: where the local gradient comes from; nothing before its part.

    A plain number needs no row of its own but in its own part: it stands in the product anyway.
    """
    if one.local is None or (not one.rule.rule.names and one.part != 2):
        return ()
    names, digits, value = one.teller.names, one.teller.digits, one.teller.number(one.local)
    formula, put_in = local_symbols(names, one.edge), local_numbers(names, one.edge, digits)
    used = [one.inputs[name] for name in one.rule.rule.names]
    rows = [Row((Text.same(formula),), Text.same(symbol), now=one.part == 2)]
    if put_in is not None and put_in not in (value, f"({value})", formula):
        rows.append(Row((Text.same(put_in),), sign=equals_sign(*used, digits=digits), colour="data"))
    if value != formula.replace("−", "-"):
        rows.append(Row((Text.same(value),), sign=equals_sign(one.local, *used, digits=digits), colour="data"))
    return tuple(rows)


def _product_rows(one: Delivery, factors: tuple[str, str]) -> tuple[Row, ...]:
    teller, digits = one.teller, one.teller.digits
    terms = (Text.same(teller.number(one.upstream)), Text.same(factor(one.local, digits)))
    known = [v for v in (one.upstream, one.local) if v is not None]
    rows = [
        FACTORS,
        Row((Text.same(factors[0]), Text.same(factors[1]))),
        Row(terms, sign=equals_sign(*known, digits=digits), colour="grad", now=one.part == 1),
    ]
    if one.contribution is not None:
        result = Text.same(teller.number(one.contribution))
        rows.append(Row((result,), sign=one.product_sign, colour="grad", now=one.part == 3 or one.as_a_whole))
    return tuple(rows)


def _adding_row(one: Delivery, *, written_out: bool = False) -> Row:
    """`x.grad += 5   0 → 5`; with `=` where the pass overwrites."""
    teller = one.teller
    amount = teller.number(one.contribution)
    if written_out:
        amount = f"{product(one.upstream, one.local, teller.digits)} {one.product_sign} {amount}"
    before = teller.number(one.before if one.before is not None else 0.0)
    return Row(
        (Text.same(amount),),
        Text.same(teller.names.grad(one.node)),
        "=" if one.this.combine == "assign" else "+=",
        colour="grad",
        now=teller.by == "part",
        tag=Text.same(f"{before} → {teller.number(one.after)}"),
    )


def _short(one: Delivery, numbers: str, missing: int) -> Text:
    head = f"{one.maker} → {one.place}   {numbers}"
    if not one.is_added:
        return Text.same(head)
    node, grad = one.teller.names(one.node), one.teller.number(one.after)
    if not missing:
        return Text(f"{head}   {node}: {grad}", f"{head}   {node}：{grad}")
    more = count(missing, "route", "routes", "{} 本")
    return Text(
        f"{head}   {node}: {grad}, and {more.en} still to come", f"{head}   {node}：{grad}、残る経路は {more.ja}"
    )
