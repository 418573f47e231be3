"""The chain of *why?* as lines to choose from: `› ✗ h   from r = relu(h):  2 · 0 = 0   closed gate`."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text as RichText

from tracer.explain.why import Told
from tracer.explain.why_lines import Line
from tracer.scene.fitting import head, tail
from tracer.scene.palette import DARK, Palette
from tracer.text import Lang, Text

MARKED, CULPRIT = "›", "✗"
NAMES = 24
"""Cells at most for the column of names: a third of a narrow line."""


def why_line(
    told: Told, number: int, lang: Lang = "en", palette: Palette = DARK, width: int = 76, *, marked: bool = False
) -> RichText:
    """One link, in exactly `width` cells: the node, what it got from whom, and its share."""
    line = told.lines[number]
    names = min(told.names, NAMES, width // 3)
    found = RichText(no_wrap=True, end="")
    found.append(f"{MARKED if marked else ' '} ", palette.style("accent", bold=True))
    found.append(f"{CULPRIT if line.culprit else ' '} ", palette.style("wrong", bold=True))
    found.append(tail(line.name, names), palette.style("accent" if marked else "text", bold=marked))
    found.append("  ")
    room = max(0, width - cell_len(found.plain))
    text, tag = line.text[lang], line.tag[lang]
    if cell_len(text[: 4 * width]) > room:
        text = line.short[lang]
    beside = bool(tag) and cell_len(text) + 3 + cell_len(tag) <= room
    found.append(text if beside else head(text, room), palette.style("wrong" if line.culprit else "text", bold=marked))
    if beside:
        found.append(f"   {tag}", palette.style("muted"))
    found.truncate(width, pad=True)
    return found


def fits(told: Told, lang: Lang, width: int) -> bool:
    """Whether every line says all there is to say of its link."""
    names = min(told.names, NAMES, width // 3)
    if told.names > names:
        return False
    room = width - names - 6
    return all(
        cell_len(line.text[lang]) + (3 + cell_len(line.tag[lang]) if line.tag[lang] else 0) <= room
        for line in told.lines
    )


def link_in_full(
    line: Line, lang: Lang = "en", palette: Palette = DARK, *, again: bool = True, sentence: bool = True
) -> RichText:
    """What there is to say of one link beyond its line, to be wrapped: the sentence of its op, its scope, its place.

    Args:
        again: repeat what the line says, which did not fit there.
        sentence: how the op hands gradient on.
    """
    found = RichText()
    if again:
        found.append(f"{line.name}  ", palette.style("accent", bold=True))
        found.append(line.text[lang], palette.style("text"))
        found.append(f"   {line.tag[lang]}\n" if line.tag[lang] else "\n", palette.style("muted"))
    if sentence and line.sentence[lang]:
        found.append(f"{line.sentence[lang]}\n", palette.style("text"))
    where = [line.scope] if line.scope else []
    if line.source is not None:
        where.append(f"{line.source.file.rsplit('/', 1)[-1]}:{line.source.line}")
    where.append(_POSITION.format(position=f"{line.position:,}")[lang])
    found.append("   ".join(where), palette.style("muted"))
    return found


_POSITION = Text(en="at position {position}", ja="位置 {position}")
