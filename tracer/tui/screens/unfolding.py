"""Unfolding in place: a tensor's node opens into the smaller ops or the numbers that it stands for, and folds again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tracer.errors import TracerError
from tracer.lessons.runner import Thing
from tracer.text import Text, clean
from tracer.tui.background import in_background
from tracer.tui.screens.doing import NOBODY, DoingScreen
from tracer.tui.screens.quiz import QuizScreen

if TYPE_CHECKING:
    from tracer.trace.choices import Choice
    from tracer.trace.unfolding import Frame, Unfolding
    from tracer.tui.screens.unfold import Wanted

AT_ONCE = 2000
"""Nodes that open between two keys; more of them open beside the app."""

_OPENING = Text(en="unfolding…", ja="展開中…")
_OPENED = Text(
    en="{name} is unfolded: {n} nodes. esc folds it again.",
    ja="{name} を {n} 個のノードに展開しました。esc で折りたたみます。",
)
_WAIT = Text(en="The program is running; then it can be unfolded.", ja="実行中です。終わってから展開できます。")


class UnfoldingScreen(QuizScreen, DoingScreen):
    """The stepper's Enter. What is on screen keeps its moment, its selection and its nudge."""

    def action_unfold(self) -> None:
        """Open the node selected, or at work: fold what it came of, or look closer where there is nothing inside."""
        from tracer.trace.choices import choices

        node = self._at_hand
        if node is None:
            self.notify(NOBODY[self.lang], markup=False)
            return
        trace, cell = self.view.cursor.trace, self.view.cell
        frame = self._frame_of(node)
        options = choices(trace, node, cell[1] if cell is not None and cell[0] == node else None)
        first = options.ways[0] if options.ways else None
        self.stop_playing()
        if first is None:
            if frame is None:
                self.action_inspect()
            else:
                self.fold(frame.step)
        elif frame is None and first.why_not is None and (first.how == "composite" or len(options.ways) == 1):
            self._unfold(node, first)
        else:
            from tracer.tui.screens.unfold import UnfoldScreen

            name, folds = clean(trace.label(node)), None if frame is None else clean(frame.title)
            self.app.push_screen(UnfoldScreen(name, options, folds), partial(self._unfold_as, node, frame))

    @property
    def _at_hand(self) -> int | None:
        """The node selected; else the one at work, in a backward pass the one whose gradient is handed on."""
        moment, view = self.view.cursor.moment, self.view
        if view.selected is not None or view.about is not None or moment.user is None:
            return view.node if view.selected is None else view.selected
        return moment.user

    @property
    def _unfolding(self) -> Unfolding:
        """What is unfolded in the thing on screen."""
        from tracer.trace.unfolding import Unfolding

        return self.thing.unfolding or Unfolding(self.thing.trace)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Of what was unfolded here, in order."""
        return self._unfolding.frames

    def _frame_of(self, node: int) -> Frame | None:
        """The frame that gives this node, the innermost of them."""
        return next((frame for frame in reversed(self._unfolding.frames) if frame.out == node), None)

    def _unfold_as(self, node: int, frame: Frame | None, wanted: Wanted | None) -> None:
        if wanted == "closer":
            self.select(node)
            self.action_inspect()
        elif wanted == "fold":
            assert frame is not None, "only what is unfolded is folded"
            self.fold(frame.step)
        elif wanted is not None:
            self._unfold(node, wanted)

    # Open

    def _unfold(self, node: int, way: Choice) -> None:
        if self._rerunning:
            self.notify(_WAIT[self.lang], markup=False)
            return
        before = self._unfolding
        job = partial(before.open, node, way.how)
        if way.nodes is None or way.nodes <= AT_ONCE:
            try:
                self._opened_up(before, job())
            except TracerError as error:
                self._not_opened(error)
            return
        self.change(busy=_OPENING)
        in_background(self, job, partial(self._opened_up, before), self._not_opened)

    def _opened_up(self, before: Unfolding, after: Unfolding) -> None:
        self.change(busy=None)
        if before.trace is not self.thing.trace:
            return  # another run is on screen by now
        self._show_unfolding(before, after)
        frame = after.frames[-1]
        self.select(frame.out)
        self.change(opened=len(after.trace.unfolded) - 1)
        words = _OPENED.format(name=clean(frame.title), n=f"{len(frame.nodes):,}")
        self.notify(words[self.lang], markup=False, timeout=6)

    def _not_opened(self, error: TracerError) -> None:
        self.change(busy=None)
        self.notify(error.told(self.lang), severity="warning", markup=False, timeout=8)

    # Fold

    def fold(self, step: int = -1) -> None:
        """Close one unfolding, and what was unfolded inside it."""
        if self._rerunning:
            self.notify(_WAIT[self.lang], markup=False)
            return
        before, pointed_out = self._unfolding, self.view.selected is not None
        out = before.frames[step].out
        after = before.fold(step)
        self.app.clear_notifications()  # that it is unfolded
        self._show_unfolding(before, after)
        if pointed_out:
            self.select(before.node_in(after, out))

    def fold_last(self) -> bool:
        """Close what was unfolded last; False where nothing is."""
        if not self._unfolding.steps:
            return False
        self.fold()
        return True

    @property
    def just_unfolded(self) -> bool:
        """Whether what is selected is what the last unfolding left selected."""
        frames = self._unfolding.frames
        return bool(frames) and self.view.selected == frames[-1].out

    # The same moment in another unfolding

    def _show_unfolding(self, before: Unfolding, after: Unfolding) -> None:
        """The same run, moment, selection and nudge, with something else unfolded."""
        there: Callable[[int], int | None] = partial(before.node_in, after)
        from tracer.lessons.unfolded import with_unfolding

        view = self.view
        position = before.position_in(after, view.cursor.position)
        self.thing = with_unfolding(self.thing, after)
        again = with_unfolding(self.opened.folded or self.opened, after).rerun
        self.opened = replace(unfolded_alike(self.opened, after), rerun=again)
        nudge = view.nudge
        if self._nudging is not None:
            leaf = there(self._nudging.leaf)
            assert leaf is not None, "a leaf has nothing to unfold"
            self._nudging = replace(self._nudging, start=unfolded_alike(self._nudging.start, after), leaf=leaf)
            if nudge is not None:
                start = self._nudging.start.trace
                nudge = replace(nudge, before=start.cursor(min(position, len(start))), leaf=leaf)
        for known in (self._asked, self._right):
            kept = {(pass_index, there(node)) for pass_index, node in known}
            known.clear()
            known.update((pass_index, node) for pass_index, node in kept if node is not None)
        cell = None if view.cell is None or (node := there(view.cell[0])) is None else (node, view.cell[1])
        selected = None if view.selected is None else there(view.selected)
        self.set_reactive(UnfoldingScreen.view, replace(view, cell=cell, selected=selected, nudge=None))
        cursor = self.thing.trace.cursor(position)
        self.show_thing(self.thing, cursor, nudge and replace(nudge, after=cursor))


def unfolded_alike(thing: Thing, unfolding: Unfolding) -> Thing:
    """Another run of the same program, unfolded as far as it can be in the same way."""
    from tracer.lessons.unfolded import with_unfolding

    folded = thing.folded or thing
    return with_unfolding(folded, unfolding.again(folded.trace)[0])
