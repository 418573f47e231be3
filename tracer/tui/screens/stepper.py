"""The stepper: one thing, walked. The screen owns the view; every panel is bound to it and draws what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive

from tracer.explain.nudge import Nudge
from tracer.lessons.runner import Thing
from tracer.lessons.stop import Arrival
from tracer.scene.grid import Grid
from tracer.scene.neighbour import Direction, neighbour
from tracer.scene.picture import Box
from tracer.text import LANGS, Text, clean
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.tui.keys import Place, bindings
from tracer.tui.messages import LessonEnded
from tracer.tui.screens.ahead import AheadScreen
from tracer.tui.screens.asking import AskingScreen
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.changing import at_most, edited
from tracer.tui.screens.folding import FoldingScreen, first_folding
from tracer.tui.screens.routing import RoutingScreen
from tracer.tui.screens.seeking import SeekingScreen
from tracer.tui.screens.walking import first_by, pass_start
from tracer.tui.screens.zooming import ZoomingScreen
from tracer.tui.view import SHOWS, View, pointed_out
from tracer.tui.widgets.explanation import ExplanationPanel
from tracer.tui.widgets.graph import GraphPanel
from tracer.tui.widgets.header import Header
from tracer.tui.widgets.keybar import KeyBar
from tracer.tui.widgets.note import NotePanel, SentenceLine
from tracer.tui.widgets.panel import Panel
from tracer.tui.widgets.source import SourcePanel
from tracer.tui.widgets.timeline import Timeline
from tracer.tui.widgets.values import ValuesPanel, shown_tensor
from tracer.tui.widgets.watches import WatchLine

ALL_WIDTH, ALL_HEIGHT = 110, 34
"""From this size on, all panels stand side by side; as wide but lower, the graph and one other."""
TALL = 50
"""Rows from which on the lower panels get more of them."""
TABS: tuple[str, ...] = ("graph", "explanation", "source", "values")
"""Panels that share one place on a small terminal, in the order of `tab`."""


class StepperScreen(AheadScreen, FoldingScreen, ZoomingScreen, SeekingScreen, RoutingScreen, AskingScreen):
    """Walks a thing.

    Args:
        thing: what was opened.
        at: the position to begin at; the start if None.
        quiz: whether gradients are blanks to fill in.
    """

    # One grid without containers in it: each widget that covers a line takes its part of a frame's time.
    DEFAULT_CSS = """
    StepperScreen { layout: grid; grid-size: 1; grid-rows: 1 1fr 3; }
    StepperScreen.-too-small { layout: vertical; }
    StepperScreen #timeline, StepperScreen #note, StepperScreen .-behind, StepperScreen #watched { display: none; }
    StepperScreen.-watching { grid-rows: 1 1fr 1 3; }
    StepperScreen.-watching #watched { display: block; }
    StepperScreen.-two { grid-size: 2; grid-columns: 55fr 45fr; grid-rows: 1 1fr 3 3; }
    StepperScreen.-two #header, StepperScreen.-two #sentence { column-span: 2; }
    StepperScreen.-two #timeline { display: block; column-span: 2; }
    StepperScreen.-two.-watching { grid-rows: 1 1fr 3 1 3; }
    StepperScreen.-two #watched { column-span: 2; }
    StepperScreen.-all { grid-size: 2; grid-columns: 55fr 45fr; grid-rows: 1 1fr 7 9 3; }
    StepperScreen.-all.-tall { grid-rows: 1 1fr 9 14 3; }
    StepperScreen.-all #header { column-span: 2; }
    StepperScreen.-all #graph { row-span: 2; }
    StepperScreen.-all #note { display: block; }
    StepperScreen.-all #timeline { display: block; column-span: 2; }
    StepperScreen.-all #sentence, StepperScreen.-all #watched { display: none; }
    """
    PLACES: ClassVar[tuple[Place, ...]] = ("walk", "stepper")
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("walk"),
        *bindings("stepper"),
        Binding("escape", "let_go", show=False),
    ]
    AUTO_FOCUS = ""
    TABS: ClassVar[tuple[str, ...]] = TABS

    tab: reactive[str] = reactive("graph", init=False, repaint=False)
    """The panel that is shown where there is room for one."""

    def __init__(self, thing: Thing, *, at: int | None = None, quiz: bool = False) -> None:
        lesson = thing.lesson
        by = lesson.by if lesson is not None and lesson.by is not None else first_by(thing.trace)
        super().__init__(thing)
        self.quiz = quiz
        self._arrivals = self.arrivals_in(thing)
        notation = lesson.notation if lesson is not None else "boxes"
        view = View(self.heading_of(thing), at_most(thing, at or 0), by, notation, folding=first_folding(thing))
        self.set_reactive(StepperScreen.view, self._at(view, view.cursor))

    def compose(self) -> ComposeResult:
        yield Header(id="header").data_bind(StepperScreen.view, AppScreen.lang)
        yield GraphPanel(id="graph").data_bind(StepperScreen.view, AppScreen.lang)
        yield ExplanationPanel(id="explanation").data_bind(StepperScreen.view, AppScreen.lang)
        yield NotePanel(id="note").data_bind(StepperScreen.view, AppScreen.lang)
        yield SourcePanel(id="source").data_bind(StepperScreen.view, AppScreen.lang)
        yield ValuesPanel(id="values").data_bind(StepperScreen.view, AppScreen.lang)
        yield Timeline(id="timeline").data_bind(StepperScreen.view, AppScreen.lang)
        yield WatchLine(id="watched").data_bind(StepperScreen.view, AppScreen.lang)
        yield SentenceLine(id="sentence").data_bind(StepperScreen.view, AppScreen.lang)
        yield KeyBar("walk", "stepper").data_bind(AppScreen.lang)

    def on_mount(self) -> None:
        self.use_limit()
        self.check_all()
        if self.thing.outcome.words is not None:
            from tracer.tui.screens.notice import NoticeScreen

            self.call_after_refresh(self.app.push_screen, NoticeScreen(_ENDED, how_it_ended(self.thing)))

    # Walking

    @property
    def walker(self) -> Cursor:
        return self.view.cursor

    @property
    def by(self) -> By:
        return self.view.by

    def step_by(self, by: By) -> None:
        self.change(by=by)

    def walk_to(self, walker: Cursor) -> None:
        self.show(self.walked(walker))

    def walked(self, cursor: Cursor) -> View:
        return self._at(replace(self.view, about=None, route=frozenset(), opened=None, part=None), cursor)

    def _at(self, view: View, cursor: Cursor) -> View:
        """The view at another moment: all that follows from where one is."""
        nudge = view.nudge
        if nudge is not None:
            before = nudge.before.trace
            nudge = Nudge(before.cursor(min(cursor.position, len(before))), cursor, nudge.leaf, nudge.element)
        note, fresh = note_at(self.thing, self._arrivals, cursor, self.intro())
        ends = self.thing.lesson is not None
        return replace(
            view, cursor=cursor, nudge=nudge, note=note, fresh=fresh, ends_lesson=ends, quiz=self.quiz_at(cursor)
        )

    def heading_of(self, thing: Thing) -> Text:
        """What the top line calls it."""
        return title_of(thing)

    def arrivals_in(self, thing: Thing) -> tuple[Arrival, ...]:
        """The stops of its lesson, found in the run."""
        folded = thing.folded.trace if thing.folded is not None else None
        return thing.lesson.stops_at(thing.trace, folded) if thing.lesson is not None else ()

    def intro(self) -> Text | None:
        """What there is to say before the first stop."""
        return self.thing.lesson.intro if self.thing.lesson is not None else None

    def end_reached(self) -> None:
        if self.thing.lesson is not None:
            self.post_message(LessonEnded(self.thing))

    def show_speed(self, speed: float | None) -> None:
        self.change(speed=speed)

    def pauses_at(self, walker: Cursor) -> bool:
        return any(arrival.position == walker.position for arrival in self._arrivals) or self.breaks_at(walker)

    def edge_of_time(self, walker: Cursor, *, end: bool) -> Cursor:
        return walker.trace.cursor(-1 if end else 0)

    def pass_start(self, walker: Cursor, *, backward: bool) -> Cursor:
        return pass_start(walker, backward=backward)

    @property
    def stops(self) -> tuple[int, ...]:
        """Positions of the lesson's stops."""
        return tuple(arrival.position for arrival in self._arrivals)

    def action_stop(self, n: int) -> None:
        """To the lesson's next stop, or the one before; without a lesson, to the next pass."""
        here = self.view.cursor.position
        ahead = [p for p in self.stops if p > here] if n > 0 else [p for p in reversed(self.stops) if p < here]
        trace = self.view.cursor.trace
        if ahead:
            self.go_to(trace.cursor(ahead[0]))
        elif self.stops and n > 0 and here == len(trace):
            self.end_reached()
        else:
            self.go_to(self.view.cursor.step(n, "pass"))

    def show_thing(self, thing: Thing, cursor: Cursor, nudge: Nudge | None) -> None:
        self._arrivals = self.arrivals_in(thing)
        selected = self.view.selected
        if nudge is not None:
            selected = nudge.leaf
        elif selected is not None and selected >= thing.trace.n_nodes:
            selected = None
        view = replace(self.view, title=self.heading_of(thing), about=None, selected=selected, checks=(), nudge=nudge)
        if view.folding is None:
            view = replace(view, folding=first_folding(thing), part=None)
        self.view = self._at(view, cursor)
        self.check_all()
        if thing.outcome.words is not None:
            self.notify(thing.outcome.words[self.lang], severity="warning", markup=False, timeout=8)

    # Selecting

    def select(self, node: int | None) -> None:
        """Point out a node: it is explained, and nudging and editing act on it."""
        self.show(pointed_out(self.view, node))

    def action_select(self, direction: Direction) -> None:
        """To the node that lies there; with the values in front, to the element of the tensor that lies there."""
        node = self.tensor_in_front()
        if node is not None:
            self._choose(node, self._grid(node).moved(direction))
            return
        there = self._next_box(direction)
        if there is not None:
            self.select_box(there)

    def _next_box(self, direction: Direction) -> Box | None:
        """The box that lies there; with the values of a folded graph in front, the line above or below."""
        scene = self.scene
        here = next((box for box in scene.boxes if box.selected), None)
        if self.view.folding is not None and self._values_in_front and direction in ("up", "down"):
            boxes = scene.boxes
            start = here or next((box for box in boxes if box.working), None)
            at = boxes.index(start) + (1 if direction == "down" else -1) if start is not None else 0
            return boxes[at] if 0 <= at < len(boxes) else None
        there = neighbour(scene, self.view.selected if here is None else here.node, direction)
        return None if there is None else scene.by_node[there]

    def tensor_in_front(self) -> int | None:
        """The tensor whose elements the arrows choose from: the values panel has the focus, or the shared place."""
        return shown_tensor(self.view) if self._values_in_front else None

    @property
    def _values_in_front(self) -> bool:
        panel = self.query_one(ValuesPanel)
        return panel.has_focus or ("values" in self._shared() and not panel.has_class("-behind"))

    def _grid(self, node: int) -> Grid:
        return Grid(self.view.cursor.trace.shape(node), self.view.element)

    def _choose(self, node: int, element: int) -> None:
        """Point out an element: it is told in full, and nudging and editing act on it."""
        self.change(selected=node, about=node, opened=None, cell=(node, element))

    def on_values_panel_chosen(self, message: ValuesPanel.Chosen) -> None:
        self._choose(message.node, message.element)
        if message.again and self.thing.trace.kind(message.node) == "leaf":
            self.action_edit()

    def action_slice(self, n: int) -> None:
        """Another slice of the tensor shown."""
        node = shown_tensor(self.view)
        if node is not None:
            self._choose(node, self._grid(node).sliced(n))

    def on_graph_panel_selected(self, message: GraphPanel.Selected) -> None:
        if message.node is not None and message.node < 0:
            self.select_box(self.scene.by_node[message.node])
        else:
            self.select(message.node)
        if message.again and message.node is not None:
            if message.node >= 0 and self.thing.trace.kind(message.node) == "leaf":
                self.action_edit()
            else:
                self.action_unfold()

    def on_graph_panel_folded(self, message: GraphPanel.Folded) -> None:
        step = message.unfolding - len(self.thing.trace.unfolded) + len(self.frames)
        if step >= 0:
            self.fold(step)

    def on_timeline_scrubbed(self, message: Timeline.Scrubbed) -> None:
        self.stop_playing()
        if self.is_current:  # else a question came up under the mouse
            self.go_to(self.view.cursor.trace.cursor(message.position))

    def action_let_go(self) -> None:
        """Take back what is on top: a run under way, a nudge, a selection, an unfolding; with none of these, leave."""
        if not self.stop_running() and not self.take_nudge_back():
            if self.just_unfolded:
                self.fold()
            elif self.view.selected is not None or self.view.about is not None or self.view.part is not None:
                self.select(None)
            elif not self.fold_last():
                self.tracer.action_close()

    # What is shown

    def action_values_or_gradients(self) -> None:
        self.change(show=SHOWS[(SHOWS.index(self.view.show) + 1) % len(SHOWS)])

    def action_notation(self) -> None:
        self.change(notation="textbook" if self.view.notation == "boxes" else "boxes")
        self.bring_graph()

    def action_nudge(self, direction: int) -> None:
        super().action_nudge(direction)
        self.bring_graph()

    def bring_graph(self) -> None:
        """What changes now is in the graph: it comes to the front where panels share one place."""
        if "graph" in self._shared():
            self.tab = "graph"

    # Panels

    def on_resize(self, event: events.Resize) -> None:
        self.make_room(event.size)
        self._show_tab()

    def make_room(self, size: Size) -> None:
        """Which panels there is room for."""
        wide, high = size.width >= ALL_WIDTH, size.height >= ALL_HEIGHT
        self.set_class(wide and high, "-all")
        self.set_class(wide and not high, "-two")
        self.set_class(size.height >= TALL, "-tall")

    def watch_tab(self) -> None:
        self._show_tab()

    def watch_lang(self) -> None:
        if self.is_mounted:
            self._show_tab()

    def _shared(self) -> tuple[str, ...]:
        """Panels that share a place at this size."""
        return () if self.has_class("-all") else self.TABS[1:] if self.has_class("-two") else self.TABS

    def _show_tab(self) -> None:
        shared = self._shared()
        tab = self.tab if self.tab in shared or not shared else shared[0]
        for name in self.TABS:
            panel = self.query_one(f"#{name}", Panel)
            panel.set_class(name in shared and name != tab, "-behind")
            names = " ".join(self.query_one(f"#{n}", Panel).HEADING[self.lang] for n in shared)
            place = _PLACE.format(i=shared.index(name) + 1, n=len(shared)) if name in shared else None
            words = panel.HEADING[self.lang]
            panel.heading = f"{words}  {place[self.lang]}: {names}  (tab)" if place is not None else ""

    def action_panel(self, n: int) -> None:
        """The next panel: shown where they share a place, else given the focus."""
        shared = self._shared()
        if shared:
            at = shared.index(self.tab) if self.tab in shared else 0
            self.tab = shared[(at + n) % len(shared)]
        elif n > 0:
            self.focus_next("Panel")
        else:
            self.focus_previous("Panel")


def title_of(thing: Thing) -> Text:
    """What is walked: a lesson's section and title, else the thing's own title; and which leaves were edited."""
    lesson, changed = thing.lesson, edited(thing)
    titles = [thing.titled(lang) if lesson is None else f"{lesson.section}  {lesson.title[lang]}" for lang in LANGS]
    en, ja = (f"{title.strip()}   {changed}".rstrip() for title in titles)
    return Text(en, ja)


def how_it_ended(thing: Thing) -> Text:
    """Why a program did not run to its end: its own traceback, the sentence, what to do."""
    outcome = thing.outcome
    parts = [Text.same(clean(outcome.traceback, lines=True).rstrip()), outcome.words, outcome.hint]
    en, ja = ("\n\n".join(part[lang] for part in parts if part is not None and part[lang]) for lang in LANGS)
    return Text(en, ja)


def note_at(thing: Thing, arrivals: Sequence[Arrival], cursor: Cursor, intro: Text | None) -> tuple[Text | None, bool]:
    """What is said at this moment, and whether it is said of this very moment or was said before.

    Args:
        arrivals: the stops, in order of time.
        intro: what is said before the first one.
    """
    ended = thing.outcome.words if cursor.position == len(cursor.trace) else None
    if ended is not None:
        return ended, True
    past = [arrival for arrival in arrivals if arrival.position <= cursor.position]
    here = [arrival.say for arrival in past if arrival.position == cursor.position]
    if here:
        return Text(" ".join(one.en for one in here), "".join(one.ja for one in here)), True
    if past:
        return past[-1].say, False
    return intro, intro is not None and cursor.position == 0


_ENDED = Text(en="The program did not run to its end", ja="プログラムは最後まで実行されませんでした")
_PLACE = Text(en="{i} of {n}", ja="{i}/{n}")
