"""Markdown as lines of a given width, in the palette's colours.

Rich's own Markdown breaks Japanese only at spaces and knows nothing of our colours. What a terminal cannot show (HTML,
pictures) leaves its words behind; nothing in the text is ever read as markup or reaches the terminal as a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from rich.cells import cell_len
from rich.style import Style
from rich.text import Text as RichText

from tracer.scene.palette import Palette
from tracer.scene.prose import Prose, broken, cut
from tracer.text import clean

MOST = 200_000
"""Characters of one piece that are read as Markdown; a longer one is shown as it stands."""
LEAST = 8
"""Cells that words get however deeply they are nested."""

_TAG = re.compile(r"<!--.*?-->|<!--.*\Z|</?[A-Za-z!?][^<>]*>", re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_DRAWN = re.compile(r"[\u2190-\u21ff\u2500-\u25ff]|\S {3,}\S")
"""What only a diagram has: arrows, lines, columns. It is not broken into lines, or it would be no diagram any more."""
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": 16}).enable(["table", "strikethrough"])


def markdown_lines(text: str, width: int, palette: Palette) -> list[RichText]:
    """The lines of a piece of Markdown, none wider than `width` cells; an empty one between blocks, none at the ends.

    Args:
        text: of any origin; what is no Markdown is shown as it stands.
    """
    text = clean(text, lines=True).expandtabs(4)
    if len(text) > MOST:
        return [line for one in text.splitlines() for line in broken(Prose(one), width)]
    width = max(width, LEAST)
    written = _Writer(palette).blocks(SyntaxTreeNode(_parser().parse(text)).children, width)
    # words deep in lists keep LEAST cells behind their indents: the line is broken once more
    return [piece for line in written for piece in (broken(line, width) if line.cell_len > width else [line])]


class _Writer:
    """Writes syntax trees as lines."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.muted = palette.style("muted")

    def blocks(self, nodes: Iterable[SyntaxTreeNode], width: int, *, tight: bool = False) -> list[RichText]:
        """Blocks one under the other, an empty line between them unless they belong closely together."""
        lines: list[RichText] = []
        for node in nodes:
            block = self.block(node, width)
            if lines and block and not tight:
                lines.append(RichText())
            lines += block
        return lines

    def block(self, node: SyntaxTreeNode, width: int) -> list[RichText]:
        """One block, whatever it is."""
        if node.type == "heading":
            return self.heading(node, width)
        if node.type in ("bullet_list", "ordered_list"):
            return self.items(node, width)
        if node.type == "blockquote":
            inner = self.blocks(node.children, max(width - 2, LEAST))
            return [RichText.assemble(("│ ", self.muted), line) for line in inner]
        if node.type in ("fence", "code_block"):
            return self.preformatted(node.content, width)
        if node.type == "hr":
            return [RichText("─" * width, self.muted)]
        if node.type == "table":
            return self.table(node, width)
        if node.type == "html_block":
            words = _TAG.sub("", _BREAK.sub("\n", node.content)).strip()
            return [line for one in words.splitlines() for line in broken(Prose(one.strip()), width)] if words else []
        if node.type == "paragraph" or node.type == "inline":
            return broken(self.inline(node), width)
        return self.blocks(node.children, width)

    def heading(self, node: SyntaxTreeNode, width: int) -> list[RichText]:
        """The two highest levels are underlined: bold alone is lost on a projector."""
        level = int(node.tag[1:])
        style = self.palette.style("accent" if level <= 3 else "text", bold=True)
        lines = broken(self.inline(node, style), width)
        if level <= 2:
            sign = "━" if level == 1 else "─"
            lines.append(RichText(sign * max(line.cell_len for line in lines), style) if lines else RichText())
        return lines

    def items(self, node: SyntaxTreeNode, width: int) -> list[RichText]:
        """Items, each behind its mark."""
        first = int(node.attrs.get("start", 1))
        marks = [f"{first + i}. " if node.type == "ordered_list" else "• " for i in range(len(node.children))]
        indent = max(map(len, marks), default=0)
        tight = all(one.hidden for item in node.children for one in item.children if one.type == "paragraph")
        lines: list[RichText] = []
        for mark, item in zip(marks, node.children, strict=True):
            inner = self.blocks(item.children, max(width - indent, LEAST), tight=tight) or [RichText()]
            if lines and not tight:
                lines.append(RichText())
            lines.append(RichText.assemble((mark.rjust(indent), self.palette.style("accent")), inner[0]))
            lines += [RichText.assemble(" " * indent, line) for line in inner[1:]]
        return lines

    def preformatted(self, content: str, width: int) -> list[RichText]:
        """A fence's lines, two cells in. Formulas are broken where they are too long; a diagram is cut."""
        style, room = self.palette.style("line"), max(width - 2, LEAST)
        drawn = bool(_DRAWN.search(content))
        lines = []
        for one in content.rstrip("\n").split("\n"):
            words = Prose(one.rstrip(), style)
            lines += [cut(words, room)] if drawn else broken(words, room)
        return [RichText.assemble("  ", line) for line in lines]

    # Tables

    def table(self, node: SyntaxTreeNode, width: int) -> list[RichText]:
        """Columns as wide as their words, or as there is room; words wrap in their cells."""
        rows = [[self.inline(cell) for cell in row.children] for part in node.children for row in part.children]
        if not rows or not rows[0]:
            return []
        columns = len(rows[0])
        wide = [max(max(map(cell_len, row[i].plain.split("\n"))) for row in rows) for i in range(columns)]
        widths = _shared_out(wide, max(width - 3 * (columns - 1), 0))
        lines: list[RichText] = []
        for number, row in enumerate(rows):
            for cell in row if number == 0 else ():
                cell.stylize("bold")
            lines += self._row(row, widths)
            if number == 0:
                lines.append(RichText("─┼─".join("─" * one for one in widths), self.muted))
        return [cut(line, width) for line in lines]

    def _row(self, row: Sequence[Prose], widths: Sequence[int]) -> list[RichText]:
        cells = [broken(cell, width) for cell, width in zip(row, widths, strict=True)]
        lines = []
        for i in range(max(map(len, cells))):
            line = RichText()
            for j, (cell, width) in enumerate(zip(cells, widths, strict=True)):
                words = cell[i] if i < len(cell) else RichText()
                line.append(" │ " if j else "", self.muted).append_text(words)
                line.append(" " * max(0, width - words.cell_len))
            line.rstrip()
            lines.append(line)
        return lines

    # Words

    def inline(self, node: SyntaxTreeNode, style: Style | None = None) -> Prose:
        """The words of a block with their emphasis, on one line but for breaks that the author wants."""
        found = Prose(style=style or self.palette.style("text"), end="")
        self._words(node, found, Style())
        return found

    def _words(self, node: SyntaxTreeNode, into: Prose, style: Style) -> None:
        kind = node.type
        if kind == "text":
            into.append(node.content, style)
        elif kind == "code_inline":
            into.append(node.content, style + Style(color=self.palette.text, bgcolor=self.palette.background))
        elif kind == "softbreak":
            into.append(" ", style)
        elif kind == "hardbreak" or (kind == "html_inline" and _BREAK.fullmatch(node.content)):
            into.append("\n", style)
        elif kind == "image":
            words = "".join(child.content for child in node.walk() if child.type == "text")
            into.append(f"[{words or node.attrs.get('src', '')}]", style + self.muted)
        elif kind != "html_inline":
            more = {"strong": Style(bold=True), "em": Style(italic=True), "s": Style(strike=True)}.get(kind)
            link = self.palette.style("accent") + Style(underline=True) if kind == "link" else None
            children = node.children
            for i, child in enumerate(children):
                if child.type == "softbreak" and _joins(children, i):
                    continue
                self._words(child, into, style + (more or link or Style()))


def _joins(nodes: Sequence[SyntaxTreeNode], at: int) -> bool:
    """Whether the line break there stands between Japanese signs: no space then."""
    before = nodes[at - 1].content[-1:] if at else ""
    after = nodes[at + 1].content[:1] if at + 1 < len(nodes) else ""
    return bool(_WIDE.match(before) and _WIDE.match(after))


def _shared_out(wanted: Sequence[int], room: int) -> list[int]:
    """Cells for each column: what it wants, or a fair share of `room` where that is not there; never fewer than one."""
    widths = [0] * len(wanted)
    left, open_columns = room, sorted(range(len(wanted)), key=lambda i: wanted[i])
    while open_columns:
        i = open_columns.pop(0)  # the narrowest first: what it does not need is there for the others
        widths[i] = max(1, min(wanted[i], left // (len(open_columns) + 1)))
        left -= widths[i]
    return widths
