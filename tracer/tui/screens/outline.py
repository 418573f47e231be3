"""The headings and blocks of a document, to jump to one of them."""

from __future__ import annotations

import unicodedata

from rich.text import Text as RichText

from tracer.lessons.documents.document import Block
from tracer.text import Text, clean
from tracer.tui.page import Page, State, language_of
from tracer.tui.screens.finding import FindingScreen

MARKS: dict[State, str] = {"ran": "✓", "failed": "✗", "running": "▸"}
"""What has become of a block, before its first line of code; `·` where it does not run, or not yet."""


class OutlineScreen(FindingScreen):
    """Gives back the part of the document chosen."""

    DEFAULT_CSS = """
    OutlineScreen OptionList, OutlineScreen OptionList:focus { max-height: 100%; height: auto; }
    OutlineScreen > #dialog { max-height: 80%; }
    """
    HEADING = Text(en="Outline", ja="目次")
    KEYS = Text(en="enter  go there   ↑ ↓  choose   esc  cancel", ja="enter  移動   ↑ ↓  選ぶ   esc  取り消し")
    NONE = Text(en="No heading and no block matches.", ja="当てはまる見出しやブロックがありません。")

    def __init__(self, page: Page) -> None:
        super().__init__(Text(en="a heading, a number, a word", ja="見出し、番号、語"))
        self.page = page
        parts = page.document.parts
        self.entries = [
            i for i, part in enumerate(parts) if (not part.hidden if isinstance(part, Block) else part.level)
        ]

    def begin_at(self) -> int:
        """The block one is at."""
        here = self.page.place.stop - 1
        return self.entries.index(here) if here in self.entries else max(0, len(self.entries) - 1)

    def hint(self) -> Text:
        return _FOUND.format(n=len(self.found))

    def find(self, typed: str) -> list[int]:
        words = _folded(typed).split()
        return [i for i in self.entries if all(word in _folded(self._words(i)) for word in words)]

    def _words(self, number: int) -> str:
        """What is searched."""
        part = self.page.document.parts[number]
        return f"{part.number} {part.code}" if isinstance(part, Block) else part.heading

    def line(self, number: int) -> RichText:
        part = self.page.document.parts[number]
        if not isinstance(part, Block):
            return RichText.assemble("  " * (part.level - 1), (clean(part.heading), "bold" if part.level < 3 else ""))
        mark = MARKS.get(self.page.state_of(part), "·")
        name = language_of(part) + "  " if part.kind == "other" else ""
        lines = [line.strip() for line in part.shown.splitlines() if line.strip()]
        first = next((line for line in lines if not line.startswith(("import ", "from "))), lines[0] if lines else "")
        return RichText.assemble((f"{'':6}{mark} {part.number:>3}  ", "dim"), f"{name}", (clean(first)[:60], "dim"))


def _folded(words: str) -> str:
    return unicodedata.normalize("NFKC", words).casefold()


_FOUND = Text(en="{n} headings and blocks", ja="見出しとブロック {n} 個")
