"""Routes from the loss to a node in words: each with its factors, what they add up to, what share was listed, and how
much came by the residual route. A number that has not been delivered is a `?`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.explain.amount import equals, labelled, plain
from tracer.explain.arithmetic import sign, sum_sign, total
from tracer.explain.parts_share import residual_in_words, scopes_in_words
from tracer.explain.trails import factors_line, trail, trail_line
from tracer.explain.words import EMPTY, Names
from tracer.numbers import NOT_YET, equals_sign, format_number
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.paths import Path, Paths, top_paths
from tracer.trace.trace import Trace

TERMS = 4
"""Routes up to which their sum is written out."""
SYMBOLS = 3
"""Edges up to which a route is also written in symbols."""
CANCELLED = 20.0
"""How many times the gradient the |products| come to where routes are said to cancel."""
NEAR = 1e-9
"""How far off, relatively, a sum may be that was rounded on its way."""


@dataclass(frozen=True)
class RouteTold:
    """One route."""

    path: Path
    trail: Text
    """`y → a → x`."""
    symbols: str
    """`∂y/∂a · ∂a/∂x`; "" of a long one."""
    numbers: Text
    """`5 · 1 = 5`."""
    product: Text
    """`5`, or `?`."""
    share: Text
    """Of the gradient: `71 %`; "" where there is nothing to share."""


@dataclass(frozen=True)
class PathsTold:
    """What there is to say on the routes to a node."""

    paths: Paths
    heading: Text
    routes: tuple[RouteTold, ...]
    total: Text
    """`∂y/∂x = 5 + 2 = 7`."""
    notes: tuple[Text, ...]
    """What share was listed; by the residual route; what does not add up, and why."""


def tell_paths(
    cursor: Cursor,
    node: int,
    k: int = 10,
    *,
    element: int | None = None,
    through: Sequence[str] = (),
    digits: int = 4,
) -> PathsTold | None:
    """The routes to a node as far as they are known at a moment; None where none leads to it, see `no_route`.

    Args:
        k: how many at most, where there are many.
        element: of a tensor, an index into the flattened tensor.
        through: parts of the program to say the share of, `attention`.
    """
    found = top_paths(cursor.trace, node, k, cursor.position, element=element)
    if found is None:
        return None
    trace = cursor.trace
    routes = tuple(_route(trace, found, path, digits) for path in found.paths)
    notes = [*_so_far(cursor, found), *_listed(found), *_rule(cursor, found, digits)]
    if found.rule == "sum" and found.arrived == found.count:
        notes += residual_in_words(trace, found)
        notes += scopes_in_words(trace, found, through)
    return PathsTold(found, _heading(trace, found), routes, _total(trace, found, digits), tuple(notes))


def no_route(cursor: Cursor, node: int) -> Text:
    """Why no route leads to a node."""
    trace, name = cursor.trace, cursor.trace.label(node)
    if not trace.passes:
        return Text(
            "No backward pass was recorded, so no gradient takes any route.",
            "逆伝播が記録されていないので、勾配の経路がありません。",
        )
    if not trace.requires_grad(node):
        return Text(
            f"{name} takes no gradient, so no route leads to it.",
            f"{name} は勾配を受け取らないので、経路がありません。",
        )
    root = trace.label(trace.passes[-1].root)
    return Text(
        f"No route leads from {root} to {name}: {root} does not depend on it.",
        f"{root} から {name} への経路はありません。{root} は {name} に依存していません。",
    )


def name_of(trace: Trace, found: Paths) -> str:
    """The node, or the element of it: `W[0, 1]`."""
    label = trace.label(found.node)
    if found.element is None:
        return label
    index = np.unravel_index(found.element, trace.shape(found.node))
    return f"{label}[{', '.join(str(int(i)) for i in index)}]"


# Routes


def _route(trace: Trace, found: Paths, path: Path, digits: int) -> RouteTold:
    stops = trail(trace, path)
    product = labelled(None if path.product is None else plain(path.product), digits)
    factors = "" if found.tensor and None in path.locals else factors_line(stops, digits)
    if not factors or (factors == product.en and len(stops) <= 2):
        numbers = product
    elif path.product is None or found.tensor:
        numbers = Text.same(f"{factors} = {product.en}")
    else:
        terms = [stop.factor for stop in stops[1:] if stop.factor is not None]
        numbers = Text.same(f"{factors} {_sign(float(np.asarray(path.product)), terms, digits)} {product.en}")
    complete = found.rule == "sum" and found.arrived == found.count > 1
    share = found.share(path) if complete else None
    return RouteTold(
        path,
        trail_line(stops),
        _symbols(trace, path),
        numbers,
        product,
        EMPTY if share is None else Text.same(percent(share)),
    )


def _sign(product: float, terms: list[float], digits: int) -> str:
    return (
        sign(product, *terms, by="mul", digits=digits)
        if len(terms) == 2
        else equals_sign(product, *terms, digits=digits)
    )


def _symbols(trace: Trace, path: Path) -> str:
    if path.count > 1 or not 0 < len(path.edges) <= SYMBOLS:
        return ""
    names = Names(trace)
    below = [names.place(edge) for edge in path.edges]
    return " · ".join(names.partial(user, name) for user, name in zip(path.nodes, below, strict=False))


def percent(share: float) -> str:
    """`71 %`, `0.03 %`: three digits."""
    return f"{format_number(100 * share, 3)} %"


def how_many(n: int) -> str:
    """`27,163`; of a number nobody reads, `2.7e22`."""
    if n < 10**9:
        return f"{n:,}"
    power = math.log10(n)
    return f"{10 ** (power % 1):.2g}e{int(power)}"


def _heading(trace: Trace, found: Paths) -> Text:
    root, name = trace.label(found.root), name_of(trace, found)
    few = found.listed + sum(not p.arrived for p in found.paths) >= found.count or found.tensor
    n = how_many(found.count)
    if few:
        ways = Text("1 route", "1 本") if found.count == 1 else Text(f"{n} routes", f"{n} 本")
        return Text(f"{ways.en} from {root} to {name}", f"{root} から {name} への経路：{ways.ja}")
    k = len(found.paths)
    if not found.paths[-1].arrived:
        return Text(
            f"{n} routes from {root} to {name}; {k} of them", f"{root} から {name} への経路：{n} 本。そのうち {k} 本"
        )
    return Text(
        f"{n} routes from {root} to {name}; the {k} largest",
        f"{root} から {name} への経路：{n} 本。大きいものから {k} 本",
    )


# Sums


def _total(trace: Trace, found: Paths, digits: int) -> Text:
    """What the routes come to, as far as they have come."""
    name = name_of(trace, found)
    symbol = f"{name}.grad" if found.rule in ("hand", "assign") else f"∂{trace.label(found.root)}/∂{name}"
    if found.gradient is None:
        return Text.same(f"{symbol} = {NOT_YET}")
    gradient = plain(found.gradient)
    said = labelled(gradient, digits)
    if isinstance(gradient, np.ndarray):
        between = ":" if said.en.startswith("(") else f" {equals(gradient, digits)}"
        return Text(f"{symbol}{between} {said.en}", f"{symbol}{between} {said.ja}")
    terms = [float(np.asarray(p.product)) for p in found.paths if p.product is not None]
    missing = found.count - found.arrived
    if missing and len(found.paths) <= TERMS:
        return Text.same(f"{symbol} = {total(terms, digits)} + {' + '.join([NOT_YET] * missing)} = {NOT_YET}")
    if missing:
        return Text(f"{symbol} = {said.en} …", f"{symbol} = {said.ja} …")
    if found.rule != "sum" or not 2 <= len(terms) <= TERMS or found.listed != found.arrived:
        return Text.same(f"{symbol} {equals_sign(gradient, digits=digits)} {said.en}")
    second = sum_sign(gradient, terms, digits)
    return Text.same(f"{symbol} {equals_sign(*terms, digits=digits)} {total(terms, digits)} {second} {said.en}")


def _so_far(cursor: Cursor, found: Paths) -> list[Text]:
    missing = found.count - found.arrived
    if not missing:
        return []
    if not found.arrived:
        return [Text("None of them has been taken yet.", "まだどの経路からも届いていません。")]
    n = how_many(missing)
    return [
        Text(
            f"{n} {'route is' if missing == 1 else 'routes are'} still to come.",
            f"あと {n} 本の経路がまだ届いていません。",
        )
    ]


def _listed(found: Paths) -> list[Text]:
    """What of all that came the list accounts for; what a leaf held before."""
    notes = []
    explained, gradient = found.explained, found.gradient
    if explained is not None and not found.tensor and found.listed < found.arrived:
        sum_of_them = found.total
        share = "" if not gradient or sum_of_them is None else percent(float(sum_of_them) / float(gradient))
        mass = format_number(found.mass or 0.0)
        k = len([p for p in found.paths if p.arrived])
        notes.append(
            Text(
                f"Listed: {k} of {how_many(found.arrived)} routes, {percent(explained)} of all |products| (sum {mass})"
                + (f", {share} of the gradient." if share else "."),
                f"表示した {k} 本（全 {how_many(found.arrived)} 本）は、|積| の総和 {mass} の {percent(explained)}"
                + (f"、勾配の {share}です。" if share else "です。"),
            )
        )
        if gradient and (found.mass or 0.0) > CANCELLED * abs(float(gradient)):
            notes.append(
                Text(
                    "Nearly all of it cancels: routes of either sign outweigh their sum by far.",
                    "その大半は打ち消し合っています。正負の経路の積は、その和よりはるかに大きいのです。",
                )
            )
    if found.mass is not None and not math.isfinite(found.mass):
        too_large = all(math.isfinite(local or 0.0) for path in found.paths for local in path.locals)
        notes.append(
            Text(
                "The |products| add up to more than a float can hold, so no shares can be given."
                if too_large
                else "Some factors are not finite, so shares mean nothing here.",
                "|積| の総和が浮動小数点数の範囲を超えるため、割合は出せません。"
                if too_large
                else "有限でない因子があるため、割合は意味を持ちません。",
            )
        )
    if found.held is not None and np.any(found.held):
        said = labelled(plain(found.held))
        notes.append(
            Text(f"It held {said.en} before this pass; that is added.", f"前回までの {said.ja} に足されます。")
        )
    return notes


def _rule(cursor: Cursor, found: Paths, digits: int) -> list[Text]:
    """Where the routes need not add up to what the node holds: whether they do."""
    trace = cursor.trace
    this, name = trace.passes[found.pass_index], trace.label(found.node)
    if found.rule == "sum" or cursor.position < this.stop or found.gradient is None or found.arrived < found.count:
        return []
    if found.rule == "hook":
        return [
            Text(
                "A hook replaced a gradient on the way, so the routes below it need not add up.",
                "途中でフックが勾配を置き換えたため、その先の経路の和は勾配と一致するとは限りません。",
            )
        ]
    if found.tensor or found.listed < found.arrived:
        return []
    routes = math.fsum(float(np.asarray(p.product)) for p in found.paths if p.product is not None)
    left = float(np.asarray(found.gradient).reshape(-1)[0])
    ours, theirs = format_number(routes, digits), format_number(left, digits)
    if math.isclose(routes, left, rel_tol=NEAR, abs_tol=1e-12):
        return [
            Text(
                f"This pass was delivered by hand; what it left in {name}.grad is the sum over the routes.",
                f"手で書かれた逆伝播ですが、{name}.grad に残った値は経路の和と一致しています。",
            )
        ]
    why = (
        Text("it replaces what arrived before (= instead of +=)", "届くたびに上書きしている（+= ではなく =）")
        if found.rule == "assign"
        else Text("it takes some stretches too often, or too early", "同じ区間を何度もたどるか、早くたどりすぎている")
    )
    return [
        Text(
            f"The routes add up to {ours}, but this pass, written by hand, left {theirs} in {name}.grad: {why.en}.",
            f"経路の和は {ours} ですが、手で書かれたこの逆伝播では {name}.grad が {theirs} になりました。"
            f"{why.ja}ためです。",
        )
    ]
