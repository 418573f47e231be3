"""A route in a line: `loss → lm_head → layer 1.mlp → wq[3,5]`, with what each stretch of it multiplies by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.numbers import NOT_YET, format_number
from tracer.text import Text
from tracer.trace.paths import Path
from tracer.trace.through import scope_parts
from tracer.trace.trace import Trace

ARROW = " → "
WHOLE = 6
"""Nodes up to which a route is written in full."""
STOPS = 12
"""Parts at most in a line that is shortened by scope; of more, the middle is left out."""
WITHIN = 4
"""Smaller parts named at most in a part."""
ENDS = 5
"""How many are then kept on either side."""


@dataclass(frozen=True)
class Stop:
    """A stretch of a route that is written as one word: a node, or the nodes it passes in one part of the program."""

    words: Text
    factor: float | None
    """The product of the local gradients that lead here from the stop before; 1 for the first. None: not known yet."""
    nodes: int = 1


def trail(trace: Trace, path: Path) -> tuple[Stop, ...]:
    """A route from the loss side to the node. Where it stands for several, they have joined at its second stop."""
    start = () if path.count == 1 else (Stop(_joined(trace, path), 1.0),)
    stops = [
        Stop(Text.same(trace.label(node)), factor) for node, factor in zip(path.nodes, _factors(path), strict=True)
    ]
    if len(path.nodes) > WHOLE:
        stops = _by_scope(trace, path.nodes, stops)
    if len(stops) > STOPS:
        left_out = stops[ENDS:-ENDS]
        nodes = sum(stop.nodes for stop in left_out)
        words = Text(f"… {nodes} nodes …", f"…（{nodes} ノード）…")
        stops = [*stops[:ENDS], Stop(words, _product([s.factor for s in left_out]), nodes), *stops[-ENDS:]]
    return (*start, *stops)


def _joined(trace: Trace, path: Path) -> Text:
    return Text(f"({path.count:,} routes)", f"（経路 {path.count:,} 本）")


def _factors(path: Path) -> list[float | None]:
    return [1.0, *path.locals]


def _by_scope(trace: Trace, nodes: Sequence[int], stops: Sequence[Stop]) -> list[Stop]:
    """Nodes of one part put together: of the deepest parts with which the line is short enough."""
    parts = [scope_parts(trace.scope(node)) for node in nodes]
    deepest = max(map(len, parts))
    found: list[Stop] = list(stops)
    for depth in range(deepest, 0, -1):
        found = _grouped(parts, stops, depth)
        if len(found) <= STOPS:
            break
    return found


def _grouped(parts: Sequence[tuple[str, ...]], stops: Sequence[Stop], depth: int) -> list[Stop]:
    found: list[Stop] = [stops[0]]
    before: tuple[str, ...] = ()
    lead: float | None = 1.0
    at, last = 1, len(stops) - 1
    while at < last:
        part = parts[at][:depth]
        end = at + 1
        while part and end < last and parts[end][:depth] == part:
            end += 1
        factor = _product([stop.factor for stop in stops[at:end]])
        within = [deeper[depth] for deeper in parts[at:end] if len(deeper) > depth]
        if at == 1 and part and parts[0][:depth] == part and not within:
            lead = factor  # the root stands for its own part
        else:
            words = Text.same(_relative(part, before) + _within(within)) if part else stops[at].words
            found.append(Stop(words, _product([lead, factor]), end - at))
            lead = 1.0
        before, at = part or before, end
    return [*found, Stop(stops[last].words, _product([lead, stops[last].factor]))]


def _relative(part: tuple[str, ...], before: tuple[str, ...]) -> str:
    """The name of a part without what it shares with the one before: `layer 1.mlp`, then `residual 1`."""
    shared = 0
    while shared < min(len(part), len(before)) - (len(part) <= len(before)) and part[shared] == before[shared]:
        shared += 1
    first = min(shared, len(part) - 1)
    while first > 0 and part[first].isdecimal():  # `0` alone says nothing: `blocks.0`
        first -= 1
    return ".".join(part[first:])


def _within(parts: Sequence[str]) -> str:
    """` (residual 2, mlp)`: which smaller parts a stretch passes, where they are not told one by one."""
    found = [part for i, part in enumerate(parts) if i == 0 or parts[i - 1] != part]
    if len(found) > WITHIN:
        found = [*found[: WITHIN - 1], "…"]
    return f" ({', '.join(found)})" if found else ""


def _product(factors: Sequence[float | None]) -> float | None:
    found = 1.0
    for factor in factors:
        if factor is None:
            return None
        found *= factor
    return found


def trail_line(stops: Sequence[Stop]) -> Text:
    """`y → a → x`."""
    return Text(*(ARROW.join(stop.words[lang] for stop in stops) for lang in ("en", "ja")))


def factors_line(stops: Sequence[Stop], digits: int = 4) -> str:
    """`5 · (-1)`: a factor for each arrow; "" where there is none."""
    said = [_factor(stop.factor, digits) for stop in stops[1:]]
    return " · ".join(
        text if i == 0 else text if not text.startswith("-") else f"({text})" for i, text in enumerate(said)
    )


def _factor(value: float | None, digits: int) -> str:
    return NOT_YET if value is None else format_number(value, digits)
