"""A document on screen: the page scrolls to where the walk is; on a wide terminal the block stands beside it.

Where the page stands is a function of the view, plus what the user scrolled since the last step. Parts are typeset when
they are first seen and kept, so that a key costs the lines of one block.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import ceil

from rich.text import Text as RichText
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from tracer.lessons.documents.document import Block
from tracer.scene.listing import code_lines
from tracer.text import Text
from tracer.tui.page import Page
from tracer.tui.typeset import block_lines, called_at, called_lines, foot_lines, head_line, marks_of, prose_lines
from tracer.tui.view import View
from tracer.tui.widgets.panel import WHEEL, Panel

KEPT = 4000
"""Typeset parts that are kept; a long chapter has a few hundred."""
OVERLAP = 2
"""Lines of the screenful before that are still there in the next one."""


class PagePanel(Panel):
    """Prose and blocks in reading order. A click on a block goes there."""

    DEFAULT_CSS = """
    PagePanel { padding: 0 1; }
    """
    HEADING = Text(en="Document", ja="文書")

    beside: reactive[bool] = reactive(False, init=False)
    """Whether the code stands in a panel of its own."""

    class Chosen(Message):
        """A block was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._typeset: dict[Hashable, list[Strip]] = {}
        self._scrolled = 0
        """Lines that the user has moved the page since the last step."""
        self._top_part: int | None = None
        """The part that was asked to begin at the top."""
        self._shown: list[int] = []
        """The part that each line on screen belongs to."""

    def let_go(self) -> None:
        self._scrolled, self._top_part = 0, None

    def watch_beside(self) -> None:
        self.redraw()

    def _inputs(self, size: Size) -> tuple[object, ...]:
        return (*super()._inputs(size), self.beside, self._scrolled)

    # Parts

    def part(self, view: View, index: int, width: int) -> list[Strip]:
        """The lines of one part of the document at this moment."""
        page = view.page
        assert page is not None, "only a document has pages"
        part = page.document.parts[index]
        key: tuple[Hashable, ...] = (id(page.document), index, width, self.app.theme, self.lang)
        if not isinstance(part, Block):
            if key not in self._typeset:
                self._keep(key, self.strips(prose_lines(part.text, width, self.palette), width))
            return self._typeset[key]
        if part.hidden:
            return []
        marks = tuple(
            (line, mark)
            for line, mark in marks_of(view.cursor).get(part.file, ())
            if part.line <= line <= part.last_line
        )
        here = page.block is part
        printed = page.passed(index) or (here and view.at_end)
        called = called_at(page, view.cursor) if here and not marks else None
        key = (*key, marks, here, printed, called, page.state_of(part), id(page.run_of(part)), self.beside)
        if key not in self._typeset:
            made = block_lines(
                page, part, marks, printed, width, self.lang, self.palette, called=called, code=not self.beside
            )
            self._keep(key, self.strips(made, width))
        return self._typeset[key]

    def _keep(self, key: Hashable, lines: list[Strip]) -> None:
        while len(self._typeset) >= KEPT:
            del self._typeset[next(iter(self._typeset))]
        self._typeset[key] = lines

    # Where the page stands

    def _heights(self, view: View, width: int) -> tuple[int, int]:
        """Lines of the prose before the block one is at, and of the block (0 where there is none)."""
        page = view.page
        assert page is not None, "only a document has pages"
        place = page.place
        stop = place.stop - (place.block is not None)
        prose = sum(len(self.part(view, i, width)) for i in range(place.start, stop))
        return prose, len(self.part(view, stop, width)) - 1 if place.block is not None else 0

    def _last_top(self, view: View, size: Size) -> int:
        """The line, from the beginning of the place, at the top of the page once all before the block has been read."""
        prose, block = self._heights(view, size.width)
        if block <= size.height or not len(view.cursor.trace):  # without steps, the block itself is read as well
            return max(0, prose + block - size.height)
        return prose

    def screenfuls(self, view: View) -> int:
        """How often one reads on at this place before the block's first step."""
        size = self.size
        if not size or not self.display:
            return 0
        return ceil(self._last_top(view, size) / max(1, size.height - OVERLAP))

    def _follow(self, view: View, size: Size) -> int:
        """The line at the top of the page, from the beginning of the place."""
        page = view.page
        assert page is not None, "only a document has pages"
        last = self._last_top(view, size)
        prose, block = self._heights(view, size.width)
        if view.cursor.position == 0:
            return min(page.read * max(1, size.height - OVERLAP), last)
        if block <= size.height:
            return last
        if view.at_end:  # what was printed
            return prose + block - size.height
        line = self._working_line(view, size.width)
        half = max(1, size.height // 2)
        at = prose + max(0, min(half * ((line - size.height // 4) // half), block - size.height))
        return at if at - prose <= line < at - prose + size.height else prose + max(0, line - half)

    def _working_line(self, view: View, width: int) -> int:
        """The line of the block that is at work, counted from its head; 0 where it is in none of this block's."""
        page = view.page
        assert page is not None, "only a document has pages"
        block = page.block
        marks = dict(marks_of(view.cursor).get(block.file, ())) if block is not None else {}
        now = next((line for line, mark in marks.items() if mark == "now"), None) or next(iter(marks), None)
        if block is None or now is None or not block.line <= now <= block.last_line:
            return 0
        above = block.shown.split("\n")[: now - block.line]
        if not above or self.beside:
            return 1
        return 1 + len(code_lines("\n".join(above) + "\n", block.line, width - 2, self.palette, (), block.lang))

    def paint(self, view: View, size: Size) -> list[Strip]:
        page = view.page
        if page is None:
            return []
        parts, first = page.document.parts, page.place.start
        if self._top_part is not None:
            above = sum(len(self.part(view, i, size.width)) for i in range(first, self._top_part))
            self._scrolled, self._top_part = above - self._follow(view, size), None
        top = self._follow(view, size) + self._scrolled
        while top < 0 and first > 0:  # up into what was read before
            first -= 1
            top += len(self.part(view, first, size.width))
        if top < 0:
            self._scrolled -= top
            top = 0
        lines: list[Strip] = []
        shown: list[int] = []
        at = first
        while at < len(parts) and len(lines) < top + size.height:
            more = self.part(view, at, size.width)
            lines += more
            shown += [at] * len(more)
            at += 1
        over = top - max(0, len(lines) - size.height) if at == len(parts) else 0
        if over > 0 and self._scrolled > 0:  # below the last line there is nothing to see
            back = min(over, self._scrolled)
            self._scrolled -= back
            top -= back
        self._say(page)
        self._shown = shown[top : top + size.height]
        return lines[top : top + size.height]

    def _say(self, page: Page) -> None:
        """In the frame: which block of how many."""
        words = page.name[self.lang]
        self.say_below(words)

    # Scrolling

    def bring_to_top(self, part: int) -> None:
        """Scroll so that this part of the document begins at the top of the page, until the next step."""
        self._top_part = part
        self.redraw()

    def scroll_lines(self, n: int) -> None:
        """Move the page by `n` lines until the next step."""
        self._scrolled += n
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-WHEEL)

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        if inside is None or self.view is None or self.view.page is None or inside.y >= len(self._shown):
            return
        part = self.view.page.document.parts[self._shown[inside.y]]
        if isinstance(part, Block):
            self.post_message(self.Chosen(part.number))


class CodePanel(Panel):
    """The block one is at, beside the prose: its code, the working line marked, then what it printed."""

    DEFAULT_CSS = """
    CodePanel { padding: 0 1; display: none; }
    """
    HEADING = Text(en="Code", ja="コード")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._scrolled = 0

    def let_go(self) -> None:
        self._scrolled = 0

    def _inputs(self, size: Size) -> tuple[object, ...]:
        return (*super()._inputs(size), self._scrolled)

    def paint(self, view: View, size: Size) -> list[Strip]:
        page = view.page
        block = page.block if page is not None else None
        if page is None or block is None:
            return []
        marks = marks_of(view.cursor).get(block.file, ())
        code = code_lines(block.shown, block.line, size.width, self.palette, marks, block.lang or "text")
        head = head_line(page, block, view.at_end, size.width, self.lang, self.palette)
        foot = foot_lines(page, block, view.at_end, size.width, self.lang, self.palette)
        called = called_lines(called_at(page, view.cursor), size.width, self.lang, self.palette)
        lines: list[RichText] = [head, RichText(), *code, *called, *foot]
        now = next((line for line, mark in marks if mark == "now"), None)
        last = max(0, len(lines) - size.height)
        top = last if view.at_end and view.cursor.position else 0
        if last and not view.at_end and now is not None and block.line <= now <= block.last_line:
            above = "\n".join(block.shown.split("\n")[: now - block.line]) + "\n"
            line = 2 + (len(code_lines(above, block.line, size.width, self.palette, ())) if now > block.line else 0)
            top = max(0, min(line - size.height // 2, last))
        top = max(0, min(top + self._scrolled, last))
        return self.strips(lines[top : top + size.height], size.width)

    def scroll_lines(self, n: int) -> None:
        """Move the code by `n` lines until the next step."""
        self._scrolled += n
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-WHEEL)
