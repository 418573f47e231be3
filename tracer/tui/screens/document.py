"""A document, played: its prose, the code beside it, and the graph that grows while one walks from block to block."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size

from tracer.errors import TracerError
from tracer.lessons.documents.course import JA
from tracer.lessons.documents.document import Block, Document
from tracer.lessons.documents.reading import read_document
from tracer.lessons.words import fill
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.tui.background import in_background
from tracer.tui.keys import Place, bindings
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.outline import OutlineScreen
from tracer.tui.screens.playing import PlayingScreen
from tracer.tui.screens.question import Asked, QuestionScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.widgets.explanation import ExplanationPanel
from tracer.tui.widgets.graph import GraphPanel
from tracer.tui.widgets.header import Header
from tracer.tui.widgets.keybar import KeyBar
from tracer.tui.widgets.note import NotePanel, SentenceLine
from tracer.tui.widgets.page import CodePanel, PagePanel
from tracer.tui.widgets.panel import ScrollingPanel
from tracer.tui.widgets.timeline import Timeline
from tracer.tui.widgets.values import ValuesPanel
from tracer.tui.widgets.watches import WatchLine

PAIR_WIDTH, PAIR_HEIGHT = 110, 30
"""From this size on, page and graph stand side by side, what is said of them under the graph."""
TRIPLE_WIDTH, TRIPLE_HEIGHT = 170, 44
"""From this size on, prose, code and graph stand side by side."""


class DocumentScreen(PlayingScreen):
    """Plays a document: see `PlayingScreen`."""

    DEFAULT_CSS = """
    DocumentScreen.-pair { grid-size: 2; grid-columns: 1fr 1fr; grid-rows: 1 1fr 12 3 3; }
    DocumentScreen.-pair #header, DocumentScreen.-pair #timeline, DocumentScreen.-pair #sentence { column-span: 2; }
    DocumentScreen.-pair #page { row-span: 2; }
    DocumentScreen.-pair #timeline { display: block; }
    DocumentScreen.-pair.-watching { grid-rows: 1 1fr 12 3 1 3; }
    DocumentScreen.-pair #watched, DocumentScreen.-half #watched { column-span: 2; }
    DocumentScreen.-half { grid-size: 2; grid-columns: 1fr 1fr; grid-rows: 1 1fr 3; }
    DocumentScreen.-half.-watching { grid-rows: 1 1fr 1 3; }
    DocumentScreen.-half #header, DocumentScreen.-half #sentence { column-span: 2; }
    DocumentScreen.-triple { grid-size: 3; grid-columns: 30fr 33fr 37fr; grid-rows: 1 1fr 20 11 3; }
    DocumentScreen.-triple #header, DocumentScreen.-triple #timeline { column-span: 3; }
    DocumentScreen.-triple #page { row-span: 3; }
    DocumentScreen.-triple #graph { row-span: 2; }
    DocumentScreen.-triple #code, DocumentScreen.-triple #note, DocumentScreen.-triple #timeline { display: block; }
    DocumentScreen.-triple #sentence, DocumentScreen.-triple #watched { display: none; }
    """
    PLACES: ClassVar[tuple[Place, ...]] = ("walk", "stepper", "document")
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("walk"),
        *bindings("stepper"),
        *bindings("document"),
        Binding("escape", "let_go", show=False),
    ]
    COMES_BACK = True
    TABS: ClassVar[tuple[str, ...]] = ("page", "graph", "explanation", "values")

    def __init__(self, document: Document, **options: Any) -> None:
        self._asked_after: set[int] = set()
        """Blocks whose questions have been asked."""
        self._walking_tab = "page"
        """The panel in front while one walks, where panels share one place; the page is while one reads."""
        super().__init__(document, **options)
        self.set_reactive(DocumentScreen.tab, "page")

    def compose(self) -> ComposeResult:
        yield Header(id="header").data_bind(StepperScreen.view, AppScreen.lang)
        yield PagePanel(id="page").data_bind(StepperScreen.view, AppScreen.lang)
        yield CodePanel(id="code").data_bind(StepperScreen.view, AppScreen.lang)
        yield GraphPanel(id="graph").data_bind(StepperScreen.view, AppScreen.lang)
        yield ExplanationPanel(id="explanation").data_bind(StepperScreen.view, AppScreen.lang)
        yield NotePanel(id="note").data_bind(StepperScreen.view, AppScreen.lang)
        yield ValuesPanel(id="values").data_bind(StepperScreen.view, AppScreen.lang)
        yield Timeline(id="timeline").data_bind(StepperScreen.view, AppScreen.lang)
        yield WatchLine(id="watched").data_bind(StepperScreen.view, AppScreen.lang)
        yield SentenceLine(id="sentence").data_bind(StepperScreen.view, AppScreen.lang)
        yield KeyBar("document", "walk", "stepper", later=("finer", "coarser")).data_bind(AppScreen.lang)

    # Walking

    def action_step(self, n: int) -> None:
        """A step; before the first one of a block, a screenful of what stands before it."""
        if self.view.cursor.position == 0 and self._read(n):
            return
        if n < 0 and self.view.cursor.position == 0:
            if self.page.at:
                self.go_to_place(self.page.at - 1, end=True)
            return
        super().action_step(n)

    def walk_to(self, walker: Cursor) -> None:
        super().walk_to(walker)
        self.show_reading()

    def _read(self, n: int) -> bool:
        """Read a screenful on (or back); False if all has been read (or nothing)."""
        screenfuls = self.query_one(PagePanel).screenfuls(self.view)
        read = max(0, min(self.page.read, screenfuls) + n)
        if read > screenfuls or read == min(self.page.read, screenfuls):
            return False
        self._page = replace(self.page, read=read)
        self.change(page=self._page)
        return True

    def end_reached(self) -> None:
        """A step beyond a block's last one: its questions, then the next block."""
        page, block = self.page, self.page.block
        if block is not None and page.state_of(block) in ("waiting", "running"):
            self.notify(_NOT_YET[self.lang], markup=False, timeout=3)
        elif block is not None and block.number not in self._asked_after and self.asked_at_the_end(block):
            self._asked_after.add(block.number)
            self.app.push_screen(QuestionScreen(self.asked_at_the_end(block)), self._answered_question)
        elif page.last:
            self.notify(_LAST[self.lang], markup=False, timeout=3)
        else:
            self.go_to_place(page.at + 1)

    def action_stop(self, n: int) -> None:
        """To the next stop of the block, or the one before; from the last one, to the next block."""
        here = self.view.cursor.position
        ahead = [p for p in self.stops if p > here] if n > 0 else [p for p in reversed(self.stops) if p < here]
        if ahead:
            self.go_to(self.view.cursor.trace.cursor(ahead[0]))
        elif n > 0:
            self.end_reached()
        elif here or self.page.read:
            self.go_to_place(self.page.at)
        else:
            self.go_to_place(self.page.at - 1)

    def action_block(self, n: int) -> None:
        """To the next block, or the one before; from within a block, first to its beginning."""
        if n < 0 and (self.view.cursor.position or self.page.read):
            self.go_to_place(self.page.at)
        elif 0 <= self.page.at + n < len(self.page.places):
            self.go_to_place(self.page.at + n)

    # Questions

    def asked_at_the_end(self, block: Block) -> tuple[Asked, ...]:
        """What is asked after a block, with the numbers it ended with."""
        script = block.script
        if script is None or not self.thing.trace.n_nodes:
            return ()
        end = self.thing.trace.cursor(-1)
        found = [Asked(fill(one.ask, end), fill(one.answer, end)) for one in script.questions]
        if script.card is not None:
            card = script.card
            found.append(Asked(fill(card.question, end), fill(card.answer, end), fill(card.result, end)))
        if script.change is not None and found:
            found[-1] = replace(found[-1], change=script.change)
        return tuple(found)

    def _answered_question(self, wish: str | None) -> None:
        change = self.page.block.script.change if self.page.block is not None and self.page.block.script else None
        if wish == "on":
            self.end_reached()
        elif wish == "change" and change is not None:
            self._change_to({change.leaf: change.to})

    # The same page in another language

    def watch_lang(self) -> None:
        super().watch_lang()
        path = twin(self.document.path, self.lang)
        if self.is_mounted and path is not None:
            in_background(self, partial(read_document, path), self._turn_to, self._cannot_turn)

    def _turn_to(self, other: Document) -> None:
        """Go on in the page's other language, at the same place, if it is the same code."""
        if other.sha == self.document.sha and self.is_current and other.path == twin(self.document.path, self.lang):
            number, position = self.page.place.name, self.view.cursor.position
            screen = DocumentScreen(
                other, block=number, at=position, run=self._agreed, quiz=self.quiz, runner=self.session.runner
            )
            self.app.switch_screen(screen)

    def _cannot_turn(self, error: TracerError) -> None:
        """The other page cannot be read: this one stays."""

    # What else one can do here

    def action_unfold(self) -> None:
        """At a block without steps: what can be done about that; else unfold a node."""
        block = self.page.block
        if self.view.nothing is None:
            super().action_unfold()
        elif block is None:
            return
        elif block.nearest is not None:
            self.tracer.open_thing(block.nearest)
        elif block.runs and not self._agreed:
            self.ask_to_run()

    def action_outline(self) -> None:
        self.stop_playing()
        self.app.push_screen(OutlineScreen(self.page), self._chosen)

    def _chosen(self, part: int | None) -> None:
        """Go to a part of the document: a block, or a heading, which comes to the top of the page."""
        if part is None:
            return
        places = self.page.places
        at = next(i for i, place in enumerate(places) if part < place.stop or i == len(places) - 1)
        self.go_to_place(at)
        if places[at].block is not self.document.parts[part]:
            self.query_one(PagePanel).bring_to_top(part)

    def action_scroll(self, n: int) -> None:
        """Move the panel that has the focus, else the page."""
        panel = self.focused
        if not isinstance(panel, ScrollingPanel | CodePanel | PagePanel):
            panel = self.query_one(PagePanel)
        panel.scroll_lines(n)

    def on_page_panel_chosen(self, message: PagePanel.Chosen) -> None:
        numbers = [place.name for place in self.page.places]
        if numbers.index(message.number) != self.page.at:
            self.go_to_place(numbers.index(message.number))

    # Panels

    def make_room(self, size: Size) -> None:
        width, height = size
        triple = width >= TRIPLE_WIDTH and height >= TRIPLE_HEIGHT
        pair = not triple and width >= PAIR_WIDTH and height >= PAIR_HEIGHT
        half = not triple and not pair and width >= PAIR_WIDTH
        self.set_class(triple, "-triple")
        self.set_class(pair, "-pair")
        self.set_class(half, "-half")
        self.query_one(PagePanel).beside = triple

    def _shared(self) -> tuple[str, ...]:
        if self.has_class("-triple"):
            return ()
        return self.TABS[2:] if self.has_class("-pair") else self.TABS[1:] if self.has_class("-half") else self.TABS

    def show_reading(self) -> None:
        """Where panels share one place: the page while one reads, then the panel one walks with."""
        if "page" in self._shared():
            self.tab = "page" if self.view.cursor.position == 0 else self._walking_tab

    def action_panel(self, n: int) -> None:
        super().action_panel(n)
        if "page" in self._shared():
            self._walking_tab = self.tab


def twin(path: Path, lang: Lang) -> Path | None:
    """The same page in this language: `page.ja.md` beside `page.md`; None where it is that page, or there is none."""
    base = path.stem.removesuffix(JA)
    other = path.with_name(base + (JA if lang == "ja" else "") + path.suffix)
    return other if other.name != path.name and other.is_file() else None


_NOT_YET = Text(
    en="This block has not ended yet. J goes on to the next one.", ja="このブロックはまだ終わっていません。J で次へ。"
)
_LAST = Text(en="The end of the document. o goes elsewhere.", ja="文書はここまでです。o でほかの場所へ移れます。")
