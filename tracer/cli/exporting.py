"""`tracer export`: the graph at a moment as an image or as DOT."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tracer.cli.naming import Wish, position_of
from tracer.cli.opening import exit_code, open_quietly
from tracer.cli.terminal import choose_lang, say
from tracer.cli.writing import check_writable
from tracer.errors import ExportError
from tracer.export.export import LIMIT, Options, Preset, format_of
from tracer.export.export import export as write
from tracer.export.style import Show
from tracer.scene.notation import Notation


def export(
    name: str,
    values: Sequence[str],
    *,
    out: Path,
    at: str,
    notation: Notation | None,
    style: Preset,
    width: str | None,
    digits: int,
    mono: bool,
    caption: bool,
    show: Show,
    format: str | None,
    fold: bool,
    limit: int | None,
    lang: str | None,
    nodes: int,
    unfold: Sequence[str] = (),
    wish: Wish | None = None,
) -> int:
    """Draw the moment `at` of what `name` computes to `out`; what is to be said of the picture goes to stderr."""
    format_of(out, format)  # before a program runs for an hour
    check_writable(out, ExportError)
    thing = open_quietly(name, values, nodes=nodes, lang=lang, unfold=unfold, fold=fold, limit=limit, wish=wish)
    words = choose_lang(lang)
    lesson = thing.lesson
    options = Options(
        notation=notation or (lesson.notation if lesson is not None and style == "screen" else None),
        style=style,
        show=show,
        width=width,
        digits=digits,
        mono=mono,
        caption=caption,
        lang=words,
        limit=limit or LIMIT,
        folding=thing.folding,
    )
    position = position_of(thing.trace, at)
    made = write(thing.trace.cursor(position), out, options, format=format)
    for note in made.picture.notes:
        say(note[words])
    return exit_code(thing)
