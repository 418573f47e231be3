"""How much of a gradient came by the residual route, and through which parts of the program, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracer.explain.words import listed
from tracer.numbers import format_number
from tracer.text import Text
from tracer.trace.paths import Paths
from tracer.trace.residual import Part, Residual, Stage, residual_share
from tracer.trace.through import named_parts, scope_parts, share_through
from tracer.trace.trace import Trace

STAGES = 6
"""Stages at most that are told one by one: those next to the loss."""
LISTED = 6
"""Parts at most in one line."""
SOME = 5e-4
"""The share of the mass that is some."""


def residual_of(trace: Trace, found: Paths) -> Residual | None:
    """How much came by the residual route; None where there is none."""
    if found.tensor:
        from tracer.trace.array_residual import array_residual

        return array_residual(trace, found.node, found.pass_index, found.element)
    return residual_share(trace, found.node, found.pass_index)


def residual_in_words(trace: Trace, found: Paths) -> list[Text]:
    """The highway, then each x + f(x) from the loss down."""
    residual = residual_of(trace, found)
    if residual is None:
        return []
    whole, n = residual.whole, residual.branches
    by = shares(residual.highway, whole)
    if n == 0:
        first = Text(
            f"By the residual route alone, through no branch at all: {by.en}.",
            f"残差接続の近道だけを通り、どの枝も通らない経路の分：{by.ja}。",
        )
    else:
        first = Text(
            f"By the residual route, through no branch but the {'one' if n == 1 else n} it cannot avoid: {by.en}.",
            f"残差接続の近道を通り、避けられない枝（{n} 本）しか通らない経路の分：{by.ja}。",
        )
    notes = [first, _EACH if math.isfinite(whole.mass) else _EACH_ARRAY]
    for stage in residual.stages[:STAGES]:
        past, through = brief_shares(stage.identity, whole), brief_shares(stage.branch, whole)
        name = stage_name(trace, stage)
        notes.append(Text(f"  {name}: shortcut {past}, branch {through}", f"  {name}：近道 {past}、枝 {through}"))
    return notes


_EACH = Text(
    "Of the gradient (and of the |products|), at each x + f(x), by x and by f:",
    "各 x + f(x) で、近道 x を通った分と枝 f を通った分。勾配に対する割合（かっこ内は |積|）：",
)
_EACH_ARRAY = Text(
    "Of the gradient, at each x + f(x), by x and by f:",
    "各 x + f(x) で、近道 x を通った分と枝 f を通った分。勾配に対する割合：",
)


def stage_name(trace: Trace, stage: Stage) -> str:
    """What the scopes of its additions have in common: `layer 1.residual 2 ×256`; without scopes, their names."""
    parts = {scope_parts(trace.scope(node)) for node in stage.adds}
    times = f" ×{len(stage.adds):,}" if len(stage.adds) > 1 else ""
    if len({len(one) for one in parts}) == 1:
        same = [column[0] if len(set(column)) == 1 else "*" for column in zip(*sorted(parts), strict=True)]
        while same and same[0] == "*":
            same = same[1:]
        if same:
            return f"{'.'.join(same)}{times}"
    return listed(f"{trace.label(node)}" for node in stage.adds).en


def shares(part: Part, whole: Part) -> Text:
    """`81 % of the gradient, 22.6 % of the |products|`."""
    found = [Text("nothing", "なし")]
    if whole.gradient and math.isfinite(part.gradient / whole.gradient):
        share = _percent(part.gradient / whole.gradient)
        found = [Text(f"{share} of the gradient", f"勾配の {share}")]
        if math.isfinite(whole.mass) and whole.mass > 0:
            size = _percent(part.mass / whole.mass)
            found.append(Text(f"{size} of the |products|", f"|積| の {size}"))
    elif math.isfinite(whole.mass) and whole.mass > 0:
        size = _percent(part.mass / whole.mass)
        found = [Text(f"{size} of the |products|", f"|積| の {size}")]
    return Text(", ".join(one.en for one in found), "、".join(one.ja for one in found))


def brief_shares(part: Part, whole: Part) -> str:
    """`81 % (22.6 %)`: of the gradient, and of the |products|."""
    size = _percent(part.mass / whole.mass) if math.isfinite(whole.mass) and whole.mass > 0 else ""
    if not whole.gradient or not math.isfinite(part.gradient / whole.gradient):
        return f"({size})" if size else "–"
    share = _percent(part.gradient / whole.gradient)
    return f"{share} ({size})" if size else share


def scopes_in_words(trace: Trace, found: Paths, names: Sequence[str] = ()) -> list[Text]:
    """What came through each of some parts; where none is asked for, through those that some routes pass and some do
    not, in one line."""
    if found.tensor:
        return []
    asked = tuple(names) or named_parts(trace)
    whole = Part(float(found.gradient or 0.0), found.mass or 0.0)
    parts = dict(zip(asked, share_through(trace, found.node, found.pass_index, asked), strict=True))
    if names:
        by = {name: shares(part, whole) for name, part in parts.items()}
        return [Text(f"Through {n}: {said.en}.", f"{n} を通る経路の分：{said.ja}。") for n, said in by.items()]
    some = {name: part for name, part in parts.items() if SOME < part.mass / (whole.mass or 1.0) < 1 - SOME}
    if not some:
        return []
    told = [f"{name} {brief_shares(some[name], whole)}" for name in sorted(some, key=lambda n: -some[n].mass)[:LISTED]]
    return [Text(f"Through {', '.join(told)}.", f"通ったまとまり：{'、'.join(told)}。")]


def _percent(share: float) -> str:
    return f"{format_number(100 * share, 3)} %"
