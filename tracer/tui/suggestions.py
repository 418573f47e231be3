"""What to search for, before anything is typed: each is a query, so that one learns the language by using it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.text import Text as RichText

from tracer.scene.fitting import head
from tracer.scene.palette import Palette
from tracer.text import Lang, Text, clean
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

NAMES = 6
"""Names of leaves that are offered."""
PAST = 4
"""Queries of before that are offered."""
SHARE = 0.4
"""The query's part of a line."""


@dataclass(frozen=True)
class Suggestion:
    """A query, and what it finds in words."""

    query: str
    words: Text

    def line(self, lang: Lang, palette: Palette, width: int, *, marked: bool) -> RichText:
        """`› grad == 0    gradients exactly zero`, in exactly `width` cells."""
        room = max(1, int(width * SHARE))
        line = RichText("› " if marked else "  ", palette.style("accent", bold=True), no_wrap=True, end="")
        line.append(head(clean(self.query), room), palette.style("accent" if marked else "text", bold=marked))
        line.append("  ").append(self.words[lang], palette.style("muted"))
        line.truncate(width, overflow="ellipsis", pad=True)
        return line


def suggestions(cursor: Cursor, past: Sequence[str] = ()) -> tuple[Suggestion, ...]:
    """Queries of before, then useful ones, then names of leaves."""
    found: dict[str, Suggestion] = {query: Suggestion(query, _AGAIN) for query in past[:PAST]}
    for one in (*USEFUL, *_names(cursor.trace)):
        found.setdefault(one.query, one)
    return tuple(found.values())


@lru_cache(maxsize=4)
def _names(trace: Trace) -> tuple[Suggestion, ...]:
    """The first names, those of leaves before others; of the elements of a matrix, `w[0,0]`, `w[0,1]`, ..., its own."""
    counts: dict[str, int] = {}
    made: dict[str, str] = {}
    for node, name in sorted(trace.columns.names.items()):
        known = clean(name)
        if trace.columns.op[node]:
            if len(made) < NAMES:
                made[known] = trace.formula(node)
        else:
            stem = known.partition("[")[0] or known
            counts[stem] = counts.get(stem, 0) + 1
    found = [Suggestion(stem, _LEAF if n == 1 else _LEAVES.format(n=f"{n:,}")) for stem, n in counts.items()]
    found += [Suggestion(name, Text.same(f"= {formula}")) for name, formula in made.items()]
    return tuple(found[:NAMES])


USEFUL: tuple[Suggestion, ...] = (
    Suggestion("largest 10 |grad|", Text(en="ten largest gradients", ja="大きい勾配 10 個")),
    Suggestion("smallest 10 |grad|", Text(en="ten smallest gradients, but 0", ja="小さい勾配 10 個（0 を除く）")),
    Suggestion("grad == 0", Text(en="gradients exactly zero", ja="ちょうど 0 の勾配")),
    Suggestion("nan or inf", Text(en="values and gradients that are not finite", ja="有限でない値・勾配")),
)
_AGAIN = Text(en="searched for before", ja="前に探したもの")
_LEAF = Text(en="a leaf", ja="葉")
_LEAVES = Text(en="{n} leaves", ja="葉 {n} 個")
HELP = Text(
    en="w[3,5]  w[*]  relu  layer 1   names, ops, scopes; * stands for anything\n"
    "grad > 1e-2   |value| < 1e-6   op == relu   scope ~ softmax   grad is nan\n"
    "and  or  not  ( )   largest 5 |grad| where op == mul   line == 12",
    ja="w[3,5]  w[*]  relu  layer 1   名前・演算・まとまり（* は何でも可）\n"
    "grad > 1e-2   |value| < 1e-6   op == relu   scope ~ softmax   grad is nan\n"
    "and  or  not  ( )   largest 5 |grad| where op == mul   line == 12",
)
"""The language in three lines."""
