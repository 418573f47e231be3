"""A document being played: its blocks run beside the app, and each is shown at its place as soon as it has run."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tracer.errors import TracerError
from tracer.lessons.documents.document import Block, Document
from tracer.lessons.leaves import overrides_of
from tracer.lessons.runner import Overrides, Thing
from tracer.lessons.stop import Arrival, arrivals
from tracer.scene.notation import Notation
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.tui.page import Page
from tracer.tui.screens.changing import Nudging, at_most, edited
from tracer.tui.screens.consent import ConsentScreen
from tracer.tui.screens.folding import first_folding
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.screens.walking import first_by
from tracer.tui.session import Runner, Session, empty_trace
from tracer.tui.typeset import ended_early, nothing_here
from tracer.tui.view import View

if TYPE_CHECKING:
    from tracer.lessons.documents.process import DocumentRun

ALL_READ = 1_000_000
"""Screenfuls: all prose before a block's first step, however long."""


class PlayingScreen(StepperScreen):
    """A stepper whose thing is the block that one is at. A subclass shows the page, and walks it.

    Args:
        document: read, not run.
        block: the number of the block to begin at; the beginning of the document if None.
        at: the position in that block.
        values: other numbers for leaves of that block, by name.
        run: whether its reader has agreed to run it; False asks, unless they have agreed to this very code before.
        quiz: whether gradients are blanks to fill in.
        runner: runs documents; see `Session`.
    """

    def __init__(
        self,
        document: Document,
        *,
        block: int | None = None,
        at: int | None = None,
        values: Mapping[str, float] | None = None,
        run: bool = False,
        quiz: bool = False,
        runner: Runner | None = None,
    ) -> None:
        self._page = Page(document)
        numbers = [place.name for place in self._page.places]
        self._page = replace(self._page, at=numbers.index(block) if block in numbers else 0)
        super().__init__(self._blank(self._page), quiz=quiz)
        self.session = Session(self, document, self._arrived, self._all_ran, runner=runner)
        self._agreed = run
        self._wanted = at
        """The position to go to as soon as the block one is at has run."""
        self._values = dict(values or {})
        """What its leaves are to be changed to then."""
        self._by: By | None = None
        """The size of step that was chosen here; else each block has its own."""
        self._notation: Notation | None = None
        """Likewise."""
        self.set_reactive(PlayingScreen.view, self._view(self._page, self.thing, None))

    @property
    def document(self) -> Document:
        """What is played."""
        return self._page.document

    @property
    def page(self) -> Page:
        """The document, and where in it one is; the view has the same."""
        return self._page

    @abstractmethod
    def show_reading(self) -> None:
        """One is at another place or step: what is to be read comes to the front."""

    # Running

    def on_mount(self) -> None:
        if any(block.runs for block in self.document.blocks):
            if not self._agreed:
                from tracer.lessons.documents.consent import is_agreed

                self._agreed = is_agreed(self.document)
            if self._agreed:
                self._run_all()
            else:
                self.call_after_refresh(self.ask_to_run)

    def ask_to_run(self) -> None:
        """Whether the document's code may run."""
        self.app.push_screen(ConsentScreen(self.document), self._answered_consent)

    def _answered_consent(self, agreed: bool | None) -> None:
        if agreed:
            from tracer.lessons.documents.consent import agree

            try:
                agree(self.document)
            except TracerError as error:  # nowhere to remember it: this once, then
                self.notify(error.told(self.lang), severity="warning", markup=False)
            self._agreed = True
            self._run_all()

    def _run_all(self) -> None:
        self.session.start()
        self._show_page(replace(self.page, runs=(), running=None, agreed=True))

    def _arrived(self, run: DocumentRun, running: Block | None) -> None:
        """Some block has run, or begins to."""
        page = self.page
        new = replace(page, runs=run.blocks, running=running.number if running is not None else None)
        block = page.block
        if block is not None and page.run_of(block) is None and new.run_of(block) is not None:
            wanted, self._wanted = self._wanted, None
            self._show_place(new, position=wanted or 0)
            values, self._values = self._values, {}
            self._change_to(values)
        else:
            self._show_page(new)

    def _show_page(self, page: Page) -> None:
        """The same moment, with what is known of the blocks by now."""
        self._page = page
        self.view = replace(self.view, page=page, nothing=self._nothing(page, self.thing), busy=self._busy())

    def _busy(self) -> Text | None:
        if not self.session.active:
            return None
        block = self.session.running
        if block is None or block.hidden:
            return _RUNNING
        return _RUNNING_BLOCK.format(i=block.number, n=len(self.document.shown_blocks))

    def _all_ran(self, error: TracerError | None) -> None:
        self._show_page(replace(self.page, running=None))
        if error is not None:
            self.notify(error.told(self.lang), severity="error", markup=False, timeout=10)

    def on_unmount(self) -> None:
        self.session.abandon()

    def action_let_go(self) -> None:
        if not self.session.stop_block():
            super().action_let_go()

    # Places

    def _blank(self, page: Page) -> Thing:
        """A place without steps, as something to walk."""
        name = str(page.document.path)
        words = ("tracer", "open", name, *(("--block", str(page.block.number)) if page.block is not None else ()))
        return Thing(page.document.name, empty_trace(), name=name, typed=words)

    def _nothing(self, page: Page, thing: Thing) -> Text | None:
        return None if thing.trace.n_nodes else nothing_here(page)

    def _view(self, page: Page, thing: Thing, position: int | None) -> View:
        """A place as it is first shown: at a position, or at its end (None)."""
        script = page.block.script if page.block is not None else None
        by = self._by or (script.by if script is not None and script.by is not None else first_by(thing.trace))
        notation = self._notation or (script.notation if script is not None else None) or "boxes"
        at = len(thing.trace) if position is None else position
        view = View(
            self.heading_of(thing),
            at_most(thing, at),
            by,
            notation,
            show=self.view.show,
            page=page,
            busy=self._busy(),
            folding=first_folding(thing),
            breaks=self.breaks,
            watches=self.view.watches,
        )
        return self._at(view, view.cursor)

    def _at(self, view: View, cursor: Cursor) -> View:
        found = super()._at(view, cursor)
        block = self._page.block
        run = self._page.run_of(block) if block is not None else None
        ended = ended_early(run) if run is not None and found.at_end else None
        if ended is not None:
            found = replace(found, note=ended if self.thing.trace.n_nodes else None, fresh=True)
        return replace(found, nothing=self._nothing(self._page, self.thing))

    def _show_place(self, page: Page, *, position: int | None = 0) -> None:
        """Go to the place that `page` says; None goes to its end."""
        self.stop_playing()
        self._nudging = None
        block = page.block
        found = self.session.thing(block) if block is not None else None
        self.stop_running()
        self._page = page
        self.thing = self.opened = found if found is not None else self._blank(page)
        self._arrivals = self.arrivals_in(self.thing)
        self._asked.clear()
        self.view = self._view(page, self.thing, position)
        self.show_reading()
        self.check_all()

    def go_to_place(self, at: int, *, end: bool = False) -> None:
        """To another block: its beginning, or its end."""
        self.take_nudge_back()
        self._wanted, self._values = None, {}
        page = replace(self.page, at=max(0, min(at, len(self.page.places) - 1)), read=ALL_READ if end else 0)
        block = self.page.block
        if block is not None and dict(self.thing.overrides) != dict(self.session.overrides_of(block)):
            self.session.edit(block, self.thing.overrides)
            page = replace(page, runs=(), running=None)
        self._show_place(page, position=None if end else 0)

    @property
    def room(self) -> int:
        return self._page.at

    def enter_room(self, room: int) -> bool:
        self.go_to_place(room)
        return self._page.at == room

    def arrivals_in(self, thing: Thing) -> tuple[Arrival, ...]:
        script = self._page.block.script if self._page.block is not None else None
        folded = thing.folded.trace if thing.folded is not None else None
        return arrivals(script.stops, thing.trace, folded) if script is not None and thing.trace.n_nodes else ()

    def intro(self) -> Text | None:
        script = self._page.block.script if self._page.block is not None else None
        return script.caption if script is not None else None

    def heading_of(self, thing: Thing) -> Text:
        """The document and the section, and which leaves were edited."""
        title, changed = self._page.title, edited(thing)
        return Text(*(f"{words}   {changed}".rstrip() for words in (title.en, title.ja)))

    def _ran(self, nudging: Nudging | None, thing: Thing) -> None:
        if self._rerun_at == self._page.at:
            super()._ran(nudging, thing)
        else:  # meanwhile one went to another block
            self._run_next()

    def _run(self, overrides: Overrides, nudging: Nudging | None) -> None:
        if not self._rerunning:
            self._rerun_at = self._page.at
        super()._run(overrides, nudging)

    _rerun_at = 0
    """The place whose numbers are being changed."""

    def step_by(self, by: By) -> None:
        self._by = by
        super().step_by(by)

    def action_notation(self) -> None:
        super().action_notation()
        self._notation = self.view.notation

    def _change_to(self, values: Mapping[str, float]) -> None:
        """Run again, leaves of this block changed."""
        try:
            overrides = overrides_of(self.thing.trace, dict(values), self.thing.title) if values else {}
        except TracerError as error:
            self.notify(error.told(self.lang), severity="warning", markup=False, timeout=8)
        else:
            if overrides:
                self._run({**self.thing.overrides, **overrides}, None)


_RUNNING = Text(en="running… esc stops", ja="実行中… esc で中止")
_RUNNING_BLOCK = Text(en="running block {i} of {n}… esc stops", ja="ブロック {i}/{n} を実行中… esc で中止")
