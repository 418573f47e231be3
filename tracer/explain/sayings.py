"""What is said of a contribution: a sentence for each part, one for the whole, and what stands apart."""

from __future__ import annotations

import math

from tracer.core.columns import CONST
from tracer.explain.amount import Amount, equals, is_single
from tracer.explain.arithmetic import local_symbols
from tracer.explain.delivery import Delivery
from tracer.explain.explanation import Note
from tracer.explain.routes import held
from tracer.explain.teller import Teller
from tracer.explain.trouble import backward_trouble, closed, why_spoilt
from tracer.explain.words import EMPTY, LISTED, count, join, listed, moves, ordinal
from tracer.numbers import NOT_YET, equals_sign
from tracer.text import Text
from tracer.trace.segment import Pass


def sentence(one: Delivery) -> Text:
    """Why, or what this part does."""
    if one.as_a_whole:
        return _why(one)
    return (_read, _local, _multiply, _add)[one.part - 1](one)


def _why(one: Delivery) -> Text:
    """The rule's own sentence in the names at hand."""
    why = one.teller.names.fill(one.rule.why, one.user)
    name = one.teller.names(one.node)
    if one.place == name:
        return why
    alone = Text(
        f"{name} stands in {one.maker} more than once; {one.place} is one place alone, the others held still.",
        f"{one.maker} には {name} が複数の場所に現れます。"
        f"{one.place} は、ほかを止めて一か所だけを動かすという意味です。",
    )
    return join(why, alone)


def _read(one: Delivery) -> Text:
    teller, user = one.teller, one.maker
    number = teller.number(one.upstream)
    if one.this.by_hand:
        symbol, equals = teller.symbol(one.this, one.user), equals_sign(one.upstream, digits=teller.digits)
        return Text(
            f"First, read what {user} holds now: {symbol} {equals} {number}.",
            f"まず、{user} がいま持っている {symbol} {equals} {number} を読みます。",
        )
    if one.user == one.this.root:
        return Text(
            f"First, read the upstream gradient: {user} is where the walk began, so it is {number}.",
            f"まず、上流の勾配を読みます。{user} は出発点なので {number} です。",
        )
    far = moves(teller.names(one.this.root), one.upstream, teller.digits)
    return Text(
        f"First, read the upstream gradient, which has arrived at {user}: nudge {user}, and {far.en}.",
        f"まず、{user} に届いている上流の勾配を読みます。{user} を少し動かすと、{far.ja}。",
    )


def _local(one: Delivery) -> Text:
    place, user = one.place, one.maker
    intro = Text(
        f"Next, the local gradient: what does {user} alone do with a nudge of {place}?",
        f"次は局所勾配です。{place} を少し動かすと、{user} だけを見ればどう動くでしょうか。",
    )
    step = EMPTY
    if local_symbols(one.teller.names, one.edge).startswith("step("):
        step = Text(
            f"step({place}) is 1 where {place} > 0, else 0.",
            f"step({place}) は {place} > 0 なら 1、それ以外は 0 です。",
        )
    return join(intro, _why(one), step)


def _multiply(one: Delivery) -> Text:
    place, user, root = one.place, one.maker, one.teller.names(one.this.root)
    if one.this.by_hand:
        return Text(
            f"Then multiply: what {user} holds, times the local gradient.",
            f"そして、{user} の持つ値に局所勾配を掛けます。",
        )
    if one.user == one.this.root:
        return Text(
            f"Then multiply, by the chain rule. {user} is where the walk began, so the local gradient is all there is.",
            f"そして、連鎖律により掛け合わせます。{user} は出発点なので、局所勾配がそのまま寄与になります。",
        )
    near, far = moves(user, one.local, one.teller.digits), moves(root, one.upstream, one.teller.digits)
    return Text(
        f"Then multiply, by the chain rule. Nudge {place}: {near.en}. Nudge {user}: {far.en}. Together: the product.",
        f"そして、連鎖律により掛け合わせます。{place} を少し動かすと、{near.ja}。{user} を少し動かすと、{far.ja}。"
        "合わせて積になります。",
    )


def _add(one: Delivery) -> Text:
    teller, amount = one.teller, one.teller.number(one.contribution)
    if one.this.combine == "assign":
        symbol = teller.names.grad(one.node)
        return Text(
            f"Last, {amount} is written into {symbol}, over what was there.",
            f"最後に {amount} を {symbol} に書き込みます。前の値は上書きされます。",
        )
    name = teller.names(one.node)
    return Text(
        f"Last, {amount} is added to what {name} has received so far.",
        f"最後に {amount} を、{name} がこれまでに受け取った分に足します。",
    )


# What stands apart


def notes(one: Delivery) -> list[Note]:
    """What else is worth knowing of a contribution: not finite, nothing passes, delivered out of order."""
    teller, found = one.teller, []
    if one.contribution is not None and not math.isfinite(one.contribution):
        if math.isfinite(one.upstream):
            found.append(Note("trouble", why_spoilt(teller.trace, one.this.index, one.index, teller.digits)))
        else:
            found += _spread(teller)
    why = None
    if one.part >= 2:
        why = closed(teller.trace, one.edge, teller.digits, upstream=one.upstream, contribution=one.contribution)
    if why is not None:
        found.append(Note("closed", why))
    elif one.upstream == 0 and one.contribution == 0:
        nothing = Text(
            f"0 arrived at {one.maker}, so 0 is handed on.", f"{one.maker} に届いた勾配が 0 なので、渡すのも 0 です。"
        )
        found.append(Note("closed", nothing))
    if one.this.by_hand:
        found += [Note("order", text) for text in _out_of_order(one)]
    return found


def _spread(teller: Teller) -> list[Note]:
    first = backward_trouble(teller.cursor, teller.digits)
    if first is None or first.user is None:
        return []
    user, node = teller.names(first.user), teller.names(first.node)
    words = Text(
        f"The trouble began earlier, on the way from {user} to {node}; it has spread to here.",
        f"原因はもっと前の {user} から {node} へ渡す段階にあり、その影響がここまで及んでいます。",
    )
    return [Note("trouble", words)]


def _out_of_order(one: Delivery) -> list[Text]:
    """What a pass delivered by hand does that an ordinary one does not: too early, again, or over what was there."""
    teller, user, found = one.teller, one.maker, []
    later = int((one.this.deliveries_to(one.user) > one.index).sum())
    if later:
        more = count(later, "more contribution", "more contributions", "{} 件")
        found.append(
            Text(
                f"Too early: {more.en} will come to {user} in this pass, yet {user} already hands on what it has.",
                f"早すぎます。この手順では {user} への寄与があと {more.ja}届くのに、"
                f"{user} は手元の分だけを先に渡しています。",
            )
        )
    times = int((one.this.edges[: one.index] == one.edge).sum()) + 1
    if times > 1:
        found.append(
            Text(
                f"This edge delivers for the {ordinal(times)} time in this pass.",
                f"この辺が寄与を届けるのは、この手順の中で {times:,} 回目です。",
            )
        )
    if one.this.combine == "assign" and one.is_added and one.before:
        before, node = teller.number(one.before), teller.names(one.node)
        found.append(
            Text(
                f"= instead of +=: the {before} that had arrived at {node} is lost.",
                f"+= ではなく = なので、{node} に届いていた {before} は失われました。",
            )
        )
    return found


def ending(teller: Teller, this: Pass) -> list[Note]:
    """The pass is over: what the leaves hold now."""
    if teller.cursor.position != this.stop:
        return []
    trace, names = teller.trace, teller.names
    nodes, columns = this.columns.nodes, trace.columns
    made_by_user = (columns.op[nodes] == 0) & ((columns.flags[nodes] & CONST) == 0)
    leaves: list[int] = nodes[made_by_user].tolist()
    done = Text("The backward pass is over.", "逆伝播が終わりました。")
    if this.columns.slots is not None:
        done = join(done, _RETAINED if this.columns.retains else _FREED)
    if not leaves:
        return [Note("end", done)]
    numbers = []
    for node in leaves[:LISTED]:
        value = teller.grad(node)
        kept = held(teller, node, this) is not None
        symbol = names.grad(node) if kept or this.by_hand else names.partial(this.root, names(node))
        numbers.append(equation(teller, symbol, 0.0 if value is None else value))
    more = [Text.same(NOT_YET)] * (len(leaves) - len(numbers))  # only counted, never shown
    which = Text(listed(one.en for one in (*numbers, *more)).en, listed(one.ja for one in (*numbers, *more)).ja)
    result = Text(f"Its result: {which.en}.", f"結果は {which.ja} です。")
    slope = teller.grad(leaves[0])
    alone = len(leaves) == 1 and not this.by_hand and held(teller, leaves[0], this) is None
    if alone and isinstance(slope, float) and math.isfinite(slope):
        leaf, far = names(leaves[0]), moves(names(this.root), slope, teller.digits)
        result = join(result, Text(f"Nudge {leaf}, and {far.en}.", f"{leaf} を少し動かすと、{far.ja}。"))
    return [Note("end", join(done, result))]


_FREED = Text(
    "What was remembered for it is let go now: a second backward() through the same nodes would fail.",
    "覚えておいた値はここで手放されます。同じノードを通る二度目の backward() はエラーになります。",
)
_RETAINED = Text(
    "retain_graph=True: what was remembered is kept, so that another backward() can go the same way.",
    "retain_graph=True なので、覚えておいた値は残り、もう一度 backward() で同じ道をたどれます。",
)


def equation(teller: Teller, symbol: str, value: Amount) -> Text:
    """`∂y/∂x = 7`; of many numbers, `∂L/∂W: (3, 4) ‖·‖ 2.31`."""
    said = teller.said(value)
    few = is_single(value) or said.en.startswith("[")
    between = f" {equals(value, teller.digits)}" if few else ":"
    return Text(f"{symbol}{between} {said.en}", f"{symbol}{between} {said.ja}")
