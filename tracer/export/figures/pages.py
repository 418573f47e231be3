"""A report as a PDF: pages of A4, words set in our fonts, figures between them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracer.export.figures.draw import WIDTH, draw, height_of
from tracer.export.figures.page import AT_STEP, HEADINGS, NOTHING_READ, sign_of
from tracer.export.figures.paper import SIZE, blank, printing
from tracer.export.figures.report import Contents, Rows
from tracer.export.figures.sheet import Look, Sheet, wrapped
from tracer.export.style import POINTS_PER_INCH
from tracer.text import Lang

if TYPE_CHECKING:
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure, FigureBase

PAGE = 8.27, 11.69
"""A4, in inches."""
MARGIN = 0.75
HEADING, TITLE, SMALL = 15.0, 22.0, 9.0
LEADING = 1.4
CELLS = 96
"""Of text in a line of ordinary size."""
NAMES = 26
"""Cells that the names of a table have at most."""


@dataclass(frozen=True)
class Words:
    """Lines of one size."""

    text: str
    size: float = SIZE
    muted: bool = False
    indent: float = 0.0
    beside: str = ""
    """What stands in the same line, further right."""

    @property
    def height(self) -> float:
        lines = max(self.text.count("\n"), self.beside.count("\n")) + 1
        return lines * self.size * LEADING / POINTS_PER_INCH


@dataclass(frozen=True)
class Space:
    """Nothing, so many inches high."""

    height: float = 0.15


Block = Words | Space | Sheet


def pdf(contents: Contents, look: Look) -> bytes:
    """The file."""
    with printing(look.palette):
        from matplotlib.backends.backend_pdf import PdfPages

        out = io.BytesIO()
        metadata = {
            "CreationDate": None,
            "Creator": "Gradient Tracer",
            "Producer": None,
            "Title": contents.title[look.lang],
        }
        with PdfPages(out, metadata=metadata) as file:
            for page in pages(blocks(contents, look.lang), look):
                _write(file, page, look)
        return out.getvalue()


def blocks(contents: Contents, lang: Lang) -> Iterator[list[Block]]:
    """What stands below one another; what is in one list stays on one page."""
    yield [Words(wrapped(contents.title[lang], 40), TITLE), Words(contents.subtitle[lang], muted=True), Space()]
    for warning in contents.warnings:
        yield [Words(wrapped(f"✗ {warning[lang]}", CELLS)), Space()]
    yield [_heading("run", lang)]
    yield from _table(contents.facts, lang)
    for name, rows in (("numbers", contents.numbers), ("settings", contents.settings)):
        yield [Space(), Words(HEADINGS[name][lang], SIZE * 1.15)]
        yield from _table(rows, lang)
    yield [Space(0.25), _heading("reading", lang)]
    if not contents.readings:
        yield [Words(NOTHING_READ[lang])]
    for one in contents.readings:
        sign = sign_of(one)
        evidence = one.evidence[lang] + AT_STEP[lang].format(step=f"{one.step:,}")
        said = [Words(wrapped(f"{sign} {one.says[lang]}", CELLS))]
        said += [Words(wrapped(words, CELLS), muted=True) for words in (evidence, one.advice[lang]) if words]
        yield [*said, Space(0.1)]
    for section in contents.sections:
        told: set[str] = set()
        first: list[Block] = [Space(0.25), Words(section.panel.title[lang], HEADING)]
        for part in section.parts:
            about = part.sheet.about[lang]
            if about not in told:
                told.add(about)
                first.append(Words(wrapped(about, CELLS + 10), SMALL))
            yield [*first, Space(0.1), part.sheet]
            first = []
    if contents.samples:
        yield [Space(0.25), _heading("samples", lang)]
        yield from _table(contents.samples, lang)
    yield [Space(0.25), _heading("commands", lang)]
    yield from _table(contents.commands, lang)


def _heading(name: str, lang: Lang) -> Words:
    return Words(HEADINGS[name][lang], HEADING)


def _table(rows: Rows, lang: Lang) -> Iterator[list[Block]]:
    for name, words in rows:
        yield [Words(wrapped(name[lang], NAMES), SMALL, True, beside=wrapped(words[lang], 74))]


def pages(blocks: Iterator[list[Block]], look: Look) -> Iterator[list[Block]]:
    """As many blocks a page as there is room for; one that is larger than a page has a page of its own."""
    room = PAGE[1] - 2 * MARGIN
    page: list[Block] = []
    used = 0.0
    for together in blocks:
        high = sum(_height(block, look) for block in together)
        if page and used + high > room:
            yield page
            page, used = [], 0.0
        page += together
        used += high
    if page:
        yield page


def _height(block: Block, look: Look) -> float:
    return height_of(block, look, WIDTH) if isinstance(block, Sheet) else block.height


def _write(file: PdfPages, page: list[Block], look: Look) -> None:
    """One page. What does not fit is made smaller, all of it."""
    figure = blank(*PAGE)
    y = PAGE[1] - MARGIN
    for block in page:
        high = _height(block, look)
        if isinstance(block, Words):
            _set(figure, block, y, look)
        elif isinstance(block, Sheet):
            draw(_part(figure, y, high), block, look, WIDTH)
        y -= high
    file.savefig(figure)  # type: ignore[no-untyped-call]


def _part(figure: Figure, y: float, high: float) -> FigureBase:
    """The part of a page that begins so high above its lower end."""
    from matplotlib.gridspec import GridSpec

    aside = PAGE[0] - MARGIN - WIDTH
    rows, columns = [PAGE[1] - y, high, max(0.01, y - high)], [MARGIN, WIDTH, aside]
    grid = GridSpec(3, 3, figure, height_ratios=rows, width_ratios=columns)
    return figure.add_subfigure(grid[1, 1])


def _set(figure: Figure, words: Words, y: float, look: Look) -> None:
    """Lines of text, from the top down."""
    ink = look.palette.muted if words.muted else look.palette.text
    place: dict[str, Any] = {"va": "top", "fontsize": words.size, "linespacing": LEADING}
    figure.text((MARGIN + words.indent) / PAGE[0], y / PAGE[1], words.text, color=ink, **place)
    if words.beside:
        figure.text((MARGIN + 2.0) / PAGE[0], y / PAGE[1], words.beside, color=look.palette.text, **place)
