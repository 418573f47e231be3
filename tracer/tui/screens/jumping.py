"""Jumps: going somewhere far away, and coming back. Every jump is remembered, as in an editor or a browser.

What is remembered is where one was: the position, the node pointed out, and what was opened.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace

from tracer.lessons.runner import Thing
from tracer.text import Text
from tracer.tui.screens.changing import ChangingScreen

REMEMBERED = 200
"""Places kept: more than anybody goes back."""


@dataclass(frozen=True)
class Place:
    """Where one was."""

    room: int
    """Of a document: which of its blocks; else 0."""
    position: int
    selected: str | None
    """The number of the node pointed out (`Trace.number`): it survives unfolding, which changes ids."""
    about: bool
    """Whether that node was being explained, rather than the step."""
    opened: object
    """What was opened there, as `opened_now` gave it."""

    def same_spot(self, other: Place) -> bool:
        return (self.room, self.position, self.selected) == (other.room, other.position, other.selected)


class JumpingScreen(ChangingScreen):
    """Remembers where jumps began. A subclass says what is done to get to a node that is not drawn."""

    def __init__(self, thing: Thing) -> None:
        super().__init__(thing)
        self._behind: list[Place] = []
        self._ahead: list[Place] = []
        """Where one came back from: for going forward again."""

    # What a subclass says

    @abstractmethod
    def select(self, node: int | None) -> None:
        """Point out a node that is drawn."""

    def reveal(self, node: int) -> None:
        """Point out a node, wherever it is."""
        self.select(node)

    @property
    def room(self) -> int:
        """Which of the things walked here this is: a document has one a block."""
        return 0

    def enter_room(self, room: int) -> bool:
        """Go to another of them; False when there is none of this number."""
        return room == 0

    # Jumping

    def jump(self, node: int | None = None, position: int | None = None) -> None:
        """Go to a position, and point out a node there; ctrl+o comes back to where one is now."""
        self.stop_playing()
        self.remember_place()
        with self.one_change():
            if position is not None:
                self.go_to(self.view.cursor.trace.cursor(position))
            if node is not None and (position is None or self.view.cursor.position == position):
                self.reveal(node)  # else a question came first

    def remember_place(self) -> None:
        """Keep where one is, for ctrl+o: a jump begins here."""
        here = self._here()
        if not self._behind or not self._behind[-1].same_spot(here):
            self._behind.append(here)
        del self._behind[:-REMEMBERED]
        self._ahead.clear()

    def _here(self) -> Place:
        view = self.view
        selected = None if view.selected is None else view.cursor.trace.number(view.selected)
        return Place(self.room, view.cursor.position, selected, view.about is not None, self.opened_now())

    def action_jump_back(self) -> None:
        """To where the last jump began."""
        self._travel(self._behind, self._ahead, _NOWHERE_BACK)

    def action_jump_on(self) -> None:
        """To where one came back from."""
        self._travel(self._ahead, self._behind, _NOWHERE_ON)

    def _travel(self, off: list[Place], onto: list[Place], none: Text) -> None:
        here = self._here()
        while off and off[-1].same_spot(here):
            off.pop()
        if not off:
            self.notify(none[self.lang], markup=False, timeout=3)
            return
        self.stop_playing()
        place = off.pop()
        onto.append(here)
        if place.room == self.room or self.enter_room(place.room):
            self._restore(place)

    def _restore(self, place: Place) -> None:
        trace = self.view.cursor.trace
        cursor = trace.cursor(min(place.position, len(trace)))
        if not self.may_walk_to(cursor):
            return
        node = None if place.selected is None else trace.numbered(place.selected)
        with self.one_change():
            self.walk_to(cursor)
            self.open_again(place.opened)
            self.change(selected=node, about=node if place.about else None)

    def opened_now(self) -> object:
        """What is opened in the picture, to be opened again."""
        return None

    def open_again(self, opened: object) -> None:
        """Open what `opened_now` gave."""

    def carry_places(self, there: Callable[[int], int]) -> None:
        """Unfolding has changed positions: what is remembered moves with them."""
        for places in (self._behind, self._ahead):
            places[:] = [
                replace(place, position=there(place.position)) if place.room == self.room else place for place in places
            ]


_NOWHERE_BACK = Text(
    en="Nothing to go back to: this is where you began to jump.", ja="ここより前に移動した記録はありません。"
)
_NOWHERE_ON = Text(en="Nothing to go forward to.", ja="この先に移動した記録はありません。")
