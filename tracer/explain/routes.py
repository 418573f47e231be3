"""All ways by which gradient comes to a node in one pass: received, arriving, still to come; and their sum."""

from __future__ import annotations

import numpy as np

from tracer.explain.amount import Amount, Array, equals, plain, single
from tracer.explain.arithmetic import sum_sign, total
from tracer.explain.explanation import Route, Routes, Row
from tracer.explain.teller import Teller
from tracer.explain.words import count
from tracer.numbers import NOT_YET, equals_sign
from tracer.text import Text
from tracer.trace.cursor import Route as Delivery
from tracer.trace.segment import PARTS, Pass

SHOWN = 7
"""Routes listed one by one; of more than these, those received and those to come are put together."""
TERMS = 4
"""Terms at most that the sum is written out with."""


def held(teller: Teller, node: int, this: Pass) -> Amount | None:
    """What a leaf brought along from before the pass; None for inner nodes and for a leaf that held nothing."""
    if not teller.trace.accumulates(node) or not this.accumulates:
        return None
    before = teller.trace.cursor(this.start).grad(node)
    return plain(before) if before is not None and np.any(before) else None


def routes(teller: Teller, node: int) -> Routes | None:
    """The routes of `node` in the pass under way or the last; None where there is but one and nothing to add it to."""
    cursor = teller.cursor
    if cursor.at_pass is None:
        return None
    this = teller.trace.passes[cursor.at_pass]
    deliveries = cursor.routes(node)
    before = held(teller, node, this)
    if len(deliveries) + (before is not None) < 2:
        return None
    assign = this.combine == "assign"
    added = cursor.moment.part == PARTS  # the arriving one has been added
    missing = sum(1 for d in deliveries if d.state == "coming" or (d.state == "arriving" and not added))
    many = len(deliveries) > SHOWN
    rows = _folded(teller, deliveries, assign) if many else [_row(teller, d) for d in deliveries]
    if before is not None:
        label = Text("from before this pass", "前回までの分")
        rows.insert(0, Route(label, teller.said(before), "held"))
    symbol = teller.names.grad(node) if before is not None else teller.symbol(this, node)
    terms = [before] if before is not None and not assign else []
    terms += [plain(d.contribution) for d in deliveries if d.contribution is not None]
    return Routes(
        node,
        _heading(teller, node, this, deliveries, before is not None),
        tuple(rows),
        _total(teller, symbol, node, terms, missing, assign),
        missing,
    )


def _row(teller: Teller, delivery: Delivery) -> Route:
    user, place = teller.names(delivery.user), teller.names.place(delivery.edge)
    same = "" if place == teller.names(teller.trace.edge(delivery.edge).input) else f" ({place})"
    label = Text(f"through {user}{same}", f"{user} を通って{same}")
    known = None if delivery.contribution is None else plain(delivery.contribution)
    return Route(label, teller.said(known), delivery.state, delivery.user, delivery.edge)


def _folded(teller: Teller, deliveries: tuple[Delivery, ...], assign: bool) -> list[Route]:
    """Many routes: those received as one sum, the one arriving, those to come as a count."""
    received = [d.contribution for d in deliveries if d.state == "received" and d.contribution is not None]
    rows = []
    if received:
        label = count(len(received), "route received", "routes received", "届いた経路 {} 本")
        rows.append(Route(label, teller.said(plain(received[-1] if assign else sum(received))), "folded"))
    rows += [_row(teller, d) for d in deliveries if d.state == "arriving"]
    coming = sum(1 for d in deliveries if d.state == "coming")
    if coming:
        rows.append(
            Route(
                count(coming, "route to come", "routes to come", "これからの経路 {} 本"), Text.same(NOT_YET), "folded"
            )
        )
    return rows


def _heading(teller: Teller, node: int, this: Pass, deliveries: tuple[Delivery, ...], held_some: bool) -> Text:
    name, n = teller.names(node), len(deliveries)
    if this.by_hand:
        times = Text("twice", "2 回") if n == 2 else count(n, "time", "times", "{} 回")
        if this.combine == "assign":
            return Text(
                f"This pass hands gradient to {name} {times.en}, and each time replaces what was there:",
                f"この手順では {name} に勾配が {times.ja}届き、そのたびに上書きされます。",
            )
        return Text(
            f"This pass hands gradient to {name} {times.en}. What arrives is added up:",
            f"この手順では {name} に勾配が {times.ja}届き、足し合わされます。",
        )
    if n < 2:
        return Text(
            f"{name} still holds the gradient of an earlier pass. The new one is added to it:",
            f"{name} には前回の逆伝播の勾配が残っています。新しい勾配はそこに足されます。",
        )
    used = Text("twice", "2 か所") if n == 2 else count(n, "time", "times", "{} か所")
    ways = Text("two routes", "2 本") if n == 2 else count(n, "route", "routes", "{} 本")
    also = Text(", to what it held before", "、前回までの分にも") if held_some else Text("", "")
    return Text(
        f"{name} is used {used.en}, so {ways.en} bring gradient back. They add up{also.en}:",
        f"{name} は {used.ja}で使われているので、勾配も {ways.ja}の経路で届き{also.ja}、足し合わされます。",
    )


def _total(teller: Teller, symbol: str, node: int, terms: list[Amount], missing: int, assign: bool) -> Row:
    left = Text.same(symbol)
    value, digits = teller.grad(node), teller.digits
    if missing or value is None:  # None: the program was killed inside the pass, so its sums were never kept
        return Row((Text.same(NOT_YET),), left, colour="grad")
    if isinstance(value, np.ndarray):
        return _total_array(teller, left, value, terms, assign)
    result = teller.number(value)
    if assign or not 2 <= len(terms) <= TERMS:
        return Row((Text.same(result),), left, equals_sign(value, digits=digits), colour="grad")
    numbers = [single(term) for term in terms]
    second = sum_sign(value, numbers, digits)
    body = Text.same(f"{total(numbers, digits)} {second} {result}")
    return Row((body,), left, equals_sign(*numbers, digits=digits), colour="grad")


def _total_array(teller: Teller, left: Text, value: Array, terms: list[Amount], assign: bool) -> Row:
    """Few numbers written out, `[5, 1] + [2, 0] = [7, 1]`; else what the sum is."""
    said = [teller.said(term) for term in terms]
    body, few = teller.said(value), all(one.en.startswith("[") for one in (*said, teller.said(value)))
    if few and not assign and 2 <= len(terms) <= TERMS:
        parts = " + ".join(one.en for one in said)
        body = Text.same(f"{parts} {equals(value, teller.digits)} {body.en}")
        return Row((body,), left, "≈" if any(equals(t, teller.digits) == "≈" for t in terms) else "=", colour="grad")
    return Row((body,), left, equals(value, teller.digits) if few else ":", colour="grad")
