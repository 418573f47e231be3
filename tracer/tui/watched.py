"""Watches read at a moment: what they are called here, their numbers, and whether the last step changed them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tracer.explain.amount import brief
from tracer.numbers import NOT_YET
from tracer.scene.hits import Told, grad_told, value_told
from tracer.scene.watches import Watched
from tracer.text import Lang, Text, clean
from tracer.trace.cursor import Cursor
from tracer.trace.recent import recent
from tracer.trace.segment import By
from tracer.trace.trace import Trace

if TYPE_CHECKING:
    from tracer.trace.watches import Watch

NOTHING = Told("", "muted")
MOST_KEPT = 64
"""Figures remembered."""


def node_of(watch: Watch, trace: Trace) -> int | None:
    """The node that is watched; None of a figure, and where the trace has none of that name. Looked up once."""
    kept: dict[str, int | None] = trace.kept.setdefault("watched", {})
    if watch.name and watch.name not in kept:
        from tracer.trace.watches import find_node

        kept[watch.name] = find_node(trace, watch.name)
    return kept[watch.name] if watch.name else None


def watch_of(trace: Trace, node: int) -> Watch:
    """What watches this node: by its name if that finds it, else by its number."""
    from tracer.trace.watches import Watch, find_node

    by_name = Watch(trace.label(node))
    return by_name if find_node(trace, by_name.name) == node else Watch(f"v{trace.number(node)}")


def watched(cursor: Cursor, by: By, watches: Sequence[Watch], lang: Lang) -> list[Watched]:
    """Each watch at the cursor, compared with one step (of the size `by`) before."""
    before = cursor.step(-1, by)
    return [_read(watch, cursor, before, lang) for watch in watches]


def _read(watch: Watch, cursor: Cursor, before: Cursor, lang: Lang) -> Watched:
    node = node_of(watch, cursor.trace)
    if node is not None:
        now, then = ((value_told(at, node, lang), grad_told(at, node, lang)) for at in (cursor, before))
        return Watched(cursor.trace.label(node), *now, now != then)
    if watch.name:
        return Watched(clean(watch.name), Told(_NOBODY[lang], "missing"), NOTHING, False)
    now_, then_ = (_figure(watch, at, lang) for at in (cursor, before))
    told = (NOTHING, now_) if watch.measure.strip("|") == "grad" and watch.figure != "count" else (now_, NOTHING)
    return Watched(clean(str(watch)), *told, now_ != then_)


def _figure(watch: Watch, cursor: Cursor, lang: Lang) -> Told:
    number = _number(watch, cursor)
    if number is None:
        return Told(NOT_YET, "missing")
    if watch.figure == "count":
        return Told(f"{number:,.0f}", "text")
    return Told(brief(number)[lang], "grad" if watch.measure.strip("|") == "grad" else "data")


def _number(watch: Watch, cursor: Cursor) -> float | None:
    """A figure of the whole graph: read once a position, for it is asked for again one step later."""
    kept: dict[tuple[Watch, int], float | None] = cursor.trace.kept.setdefault("figures", {})
    return recent(kept, (watch, cursor.position), MOST_KEPT, lambda: watch.read(cursor).number)


_NOBODY = Text(en="not here", ja="ここにはない")
