"""Two runs side by side, walked together: where they part is marked in both, in words, by a sign and by colour."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive

from tracer.explain.difference import change_in_words
from tracer.explain.parting import parting
from tracer.lessons.runner import Thing
from tracer.text import Lang, Text
from tracer.trace.difference import Difference
from tracer.trace.lockstep import Lockstep, LockstepCursor, Side
from tracer.trace.segment import By
from tracer.tui.keys import Place, bindings
from tracer.tui.messages import LessonEnded
from tracer.tui.screens.base import WIDE, AppScreen
from tracer.tui.screens.stepper import StepperScreen, note_at, title_of
from tracer.tui.screens.walking import WalkingScreen, first_by, pass_start
from tracer.tui.view import SHOWS, Apart, View
from tracer.tui.widgets.graph import GraphPanel, scene_of
from tracer.tui.widgets.header import Header
from tracer.tui.widgets.keybar import KeyBar
from tracer.tui.widgets.note import PartingLine, SentenceLine
from tracer.tui.widgets.panel import Panel

SIDES = ("left", "right")
MOST_CHANGES = 1000
"""So many of the changes can be gone through by size."""


class LockstepScreen(WalkingScreen[LockstepCursor]):
    """Walks a thing and the one it is compared with.

    Args:
        thing: on the left; its lesson's words are the ones said. It has something to compare with.
        at: the position of the left run to begin at; the start if None.
    """

    DEFAULT_CSS = """
    LockstepScreen #lockstep { height: 1fr; }
    LockstepScreen #lockstep-left, LockstepScreen #lockstep-right { width: 1fr; }
    LockstepScreen #lockstep GraphPanel { height: 1fr; }
    LockstepScreen #lockstep GraphPanel.-looked { border: round $border; border-title-color: $accent; }
    """
    PLACES: ClassVar[tuple[Place, ...]] = ("walk", "lockstep")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("walk"), *bindings("lockstep")]
    AUTO_FOCUS = ""

    left: reactive[View] = reactive(None, init=False, repaint=False)  # type: ignore[arg-type]  # set before anything reads it
    right: reactive[View] = reactive(None, init=False, repaint=False)  # type: ignore[arg-type]
    side: reactive[str] = reactive("left", init=False, repaint=False)
    """Which run is looked at, where there is room for one; and which one `enter` walks alone."""

    def __init__(self, thing: Thing, *, at: int | None = None) -> None:
        super().__init__()
        assert thing.compare is not None, "two runs are needed"
        self.thing, self.other, lesson = thing, thing.compare, thing.lesson
        self._arrivals = lesson.stops_at(thing.trace) if lesson is not None else ()
        self._intro = lesson.intro if lesson is not None else None
        self._both = Lockstep(thing.trace, thing.compare.trace)
        by = lesson.by if lesson is not None and lesson.by is not None else first_by(thing.trace)
        notation = lesson.notation if lesson is not None else "boxes"
        moment = self._both.cursor(self._both.index_at(0, min(at or 0, len(thing.trace))))
        self._walker = moment
        self._difference = Difference(thing.trace, thing.compare.trace)
        self._change: int | None = None
        """Which of the changes, by size, was gone to last."""
        self._width = WIDE
        """Columns of the terminal."""
        left = View(title_of(thing), moment.left, by, notation)
        right = View(title_of(thing.compare), moment.right, by, notation)
        views = self._views(left, right, moment)
        self.set_reactive(LockstepScreen.left, views[0])
        self.set_reactive(LockstepScreen.right, views[1])

    def compose(self) -> ComposeResult:
        yield Header(id="header").data_bind(AppScreen.lang, view=LockstepScreen.left)
        with Horizontal(id="lockstep"):
            for side, view in zip(SIDES, (LockstepScreen.left, LockstepScreen.right), strict=True):
                with Vertical(id=f"lockstep-{side}"):
                    yield GraphPanel(id=side).data_bind(AppScreen.lang, view=view)
                    yield PartingLine(id=f"{side}-line").data_bind(AppScreen.lang, view=view)
        yield SentenceLine(id="sentence").data_bind(AppScreen.lang, view=LockstepScreen.left)
        yield KeyBar("walk", "lockstep").data_bind(AppScreen.lang)

    def watch_lang(self, lang: Lang) -> None:
        self._show_sides()

    # Walking

    @property
    def walker(self) -> LockstepCursor:
        return self._walker

    @property
    def by(self) -> By:
        return self.left.by

    def step_by(self, by: By) -> None:
        self.left, self.right = replace(self.left, by=by), replace(self.right, by=by)
        self.walk_to(self._walker)  # the header counts other steps now

    def walk_to(self, walker: LockstepCursor) -> None:
        self._walker = walker
        left, right = (replace(view, selected=None, about=None) for view in (self.left, self.right))
        self.left, self.right = self._views(left, right, walker)

    def _views(self, left: View, right: View, moment: LockstepCursor) -> tuple[View, View]:
        """Both views at another moment."""
        first, said = self._both.first_divergence, parting(moment)
        parts: list[Apart | None] = [None, None]
        if first is not None and said is not None:
            for i, cursor in enumerate((moment.left, moment.right)):
                position = first.positions[i]
                reached = position is not None and cursor.position >= position
                # beside it the node is marked too, though that run is not there yet: its words say so
                node = first.nodes[i] if reached else self._same_node(i)
                parts[i] = Apart(node, said[i], reached or position is None)
        stops = self._both.stops(left.by)
        steps = int((stops < moment.index).sum()) + (moment.index > 0), len(stops)
        note, fresh = note_at(self.thing, self._arrivals, moment.left, self._intro)
        lesson = self.thing.lesson
        if lesson is not None and not fresh and lesson.caption is not None:
            note = lesson.caption  # what the pair shows, rather than what was said before
        beside = (*steps, moment.index == len(self._both))
        left = replace(left, cursor=moment.left, note=note, fresh=fresh, ends_lesson=lesson is not None)
        return (
            replace(left, apart=parts[0], beside=beside),
            replace(right, cursor=moment.right, apart=parts[1], beside=beside),
        )

    def _same_node(self, side: int) -> int | None:
        """On this side, the node at which the other one parts, if it has been made here in the same way."""
        first = self._both.first_divergence
        node = None if first is None else first.nodes[1 - side]
        trace = (self._both.left, self._both.right)[side]
        return node if node is not None and node < trace.n_nodes and first and first.fact != "node" else None

    def end_reached(self) -> None:
        if self.thing.lesson is not None:
            self.post_message(LessonEnded(self.thing))

    def show_speed(self, speed: float | None) -> None:
        self.left = replace(self.left, speed=speed)

    def pauses_at(self, walker: LockstepCursor) -> bool:
        first = self._both.first_divergence
        at_stop = any(arrival.position == walker.left.position for arrival in self._arrivals) and walker.moved()[0]
        return at_stop or (first is not None and walker.index == first.index)

    def edge_of_time(self, walker: LockstepCursor, *, end: bool) -> LockstepCursor:
        return self._both.cursor(len(self._both) if end else 0)

    def pass_start(self, walker: LockstepCursor, *, backward: bool) -> LockstepCursor:
        return self._both.cursor(self._both.index_at(0, pass_start(walker.left, backward=backward).position))

    def action_stop(self, n: int) -> None:
        """To the lesson's next stop, or the one before."""
        here = self._walker.left.position
        places = [arrival.position for arrival in self._arrivals]
        ahead = [p for p in places if p > here] if n > 0 else [p for p in reversed(places) if p < here]
        if ahead:
            self.walk_to(self._both.cursor(self._both.index_at(0, ahead[0])))
        elif n > 0 and self._walker.index == len(self._both):
            self.end_reached()
        else:
            self.walk_to(self.edge_of_time(self._walker, end=n > 0))

    def action_difference(self) -> None:
        """To the first thing that the two do differently."""
        first = self._both.first_divergence
        if first is None:
            self.notify(_SAME[self.lang], markup=False)
        else:
            self.walk_to(self._both.cursor(first.index))

    def action_change(self, n: int) -> None:
        """To the next thing that differs by size (the largest first), or the one before it."""
        found = self._difference
        if not len(found):
            self.notify(_SAME[self.lang], markup=False)
            return
        count = min(len(found), MOST_CHANGES)
        self._change = 0 if self._change is None else (self._change + n) % count
        change = found.largest(self._change + 1)[-1]
        place = f"{self._change + 1}/{len(found)}"
        sides: tuple[Side, Side] = (0, 1)
        index = max(self._both.index_at(side, change.positions[side]) for side in sides)
        self.walk_to(self._both.cursor(index))
        self.left = replace(self.left, selected=change.nodes[0], about=change.nodes[0])
        self.right = replace(self.right, selected=change.nodes[1], about=change.nodes[1])
        self.notify(_CHANGE_AT.format(place=place, words=change_in_words(found, change))[self.lang], markup=False)

    def action_alone(self) -> None:
        """Walk the run that is looked at alone, from here."""
        self.stop_playing()
        right = self.side == "right"
        thing = self.other if right else self.thing
        self.app.push_screen(StepperScreen(thing, at=(self.right if right else self.left).cursor.position))

    # What is shown

    def action_values_or_gradients(self) -> None:
        show = SHOWS[(SHOWS.index(self.left.show) + 1) % len(SHOWS)]
        self.left, self.right = replace(self.left, show=show), replace(self.right, show=show)

    def action_notation(self) -> None:
        notation = self.left.notation
        other: str = "textbook" if notation == "boxes" else "boxes"
        self.left = replace(self.left, notation=other)  # type: ignore[arg-type]  # one of the two
        self.right = replace(self.right, notation=other)  # type: ignore[arg-type]
        self._show_sides()

    def action_panel(self, n: int) -> None:
        self.side = "right" if self.side == "left" else "left"

    def watch_side(self) -> None:
        self._show_sides()

    def on_resize(self, event: events.Resize) -> None:
        self._width = event.size.width
        self._show_sides()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if event.widget.id in SIDES:
            self.side = event.widget.id

    def _show_sides(self) -> None:
        """Both runs beside each other where they fit; else the one that is looked at."""
        if not self.is_mounted:
            return
        widths = [scene_of(view, self.lang).width for view in (self.left, self.right)]
        both = self._width >= WIDE or self._width >= 2 * (max(widths) + 4)
        things = self.thing, self.other
        for i, side in enumerate(SIDES):
            panel = self.query_one(f"#{side}", Panel)
            place = "" if both else f"  {i + 1}/2  (tab)"
            looked = both and side == self.side
            panel.set_class(looked, "-looked")
            panel.heading = f"{_NAMES[i][self.lang]}  {file_of(things[i], self.lang)}{place}" + " ◂" * looked
            self.query_one(f"#lockstep-{side}").display = both or side == self.side


def file_of(thing: Thing, lang: Lang) -> str:
    """The program's file, without its folders."""
    lesson = thing.lesson
    return lesson.program.name if lesson is not None else thing.titled(lang)


_NAMES = (Text(en="Here", ja="こちら"), Text(en="Beside it", ja="隣"))
_CHANGE_AT = Text(en="{place} by size  {words}", ja="大きい順で {place}  {words}")
_SAME = Text(en="The two runs do the same, all the way.", ja="二つの実行は最後まで同じです。")
