"""Walks a generation: the stepper, with a panel that shows the text, the next symbol and the cache at the cursor."""

from __future__ import annotations

import shlex
from typing import ClassVar

from textual.app import ComposeResult
from textual.reactive import reactive

from tracer.lessons.runner import Thing
from tracer.text import Text
from tracer.trace.generation import Generation
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.widgets.explanation import ExplanationPanel
from tracer.tui.widgets.generation import GenerationPanel
from tracer.tui.widgets.graph import GraphPanel
from tracer.tui.widgets.header import Header
from tracer.tui.widgets.keybar import KeyBar
from tracer.tui.widgets.note import NotePanel, SentenceLine
from tracer.tui.widgets.source import SourcePanel
from tracer.tui.widgets.timeline import Timeline
from tracer.tui.widgets.values import ValuesPanel
from tracer.tui.widgets.watches import WatchLine


class GenerationScreen(StepperScreen):
    """Walks a recorded generation.

    Args:
        thing: its trace has taps and tells its text: see `tracer.trace.generation`.
        at: the position to begin at; the start if None.
    """

    DEFAULT_CSS = """
    GenerationScreen.-all { grid-rows: 1 1fr 12 3; }
    GenerationScreen.-all.-tall { grid-rows: 1 1fr 16 3; }
    GenerationScreen.-all #graph { row-span: 1; }
    GenerationScreen.-all #note, GenerationScreen.-all #source { display: none; }
    """
    TABS: ClassVar[tuple[str, ...]] = ("graph", "generation", "explanation", "source", "values")

    tab: reactive[str] = reactive("generation", init=False, repaint=False)

    def __init__(self, thing: Thing, *, at: int | None = None) -> None:
        super().__init__(thing, at=at)
        self._ends = tuple(token.ends for token in Generation(thing.trace).tokens)
        """Positions at which a symbol has been drawn."""

    def compose(self) -> ComposeResult:
        yield Header(id="header").data_bind(StepperScreen.view, AppScreen.lang)
        yield GraphPanel(id="graph").data_bind(StepperScreen.view, AppScreen.lang)
        yield GenerationPanel(id="generation").data_bind(StepperScreen.view, AppScreen.lang)
        yield ExplanationPanel(id="explanation").data_bind(StepperScreen.view, AppScreen.lang)
        yield NotePanel(id="note").data_bind(StepperScreen.view, AppScreen.lang)
        yield SourcePanel(id="source").data_bind(StepperScreen.view, AppScreen.lang)
        yield ValuesPanel(id="values").data_bind(StepperScreen.view, AppScreen.lang)
        yield Timeline(id="timeline").data_bind(StepperScreen.view, AppScreen.lang)
        yield WatchLine(id="watched").data_bind(StepperScreen.view, AppScreen.lang)
        yield SentenceLine(id="sentence").data_bind(StepperScreen.view, AppScreen.lang)
        yield KeyBar("walk", "stepper").data_bind(AppScreen.lang)

    def action_copy(self) -> None:
        """Put a command on the clipboard that writes this text again, to be walked from its beginning."""
        command = shlex.join(self.thing.typed)
        self.app.copy_to_clipboard(command)
        self.notify(_COPIED.format(command=command)[self.lang], markup=False, timeout=6)

    # Walking

    def action_stop(self, n: int) -> None:
        """To where the next symbol has been drawn, or the one before."""
        cursor, ends = self.view.cursor, self._ends
        ahead = [p for p in ends if p > cursor.position] if n > 0 else [p for p in ends[::-1] if p < cursor.position]
        self.go_to(cursor.trace.cursor(ahead[0]) if ahead else self.edge_of_time(cursor, end=n > 0))


_COPIED = Text(en="Copied: {command}", ja="コピーしました: {command}")
