"""Where in the user's program an event happens, and which variables its line then assigns.

A line number costs a walk through a table of the code; so what is known of an instruction is kept under the code's
identity and the instruction's place in it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import count
from operator import itemgetter
from types import CodeType, FrameType
from typing import Any

from tracer.core.columns import NO_LINE
from tracer.core.naming import Targets, stretches_of, targets_of
from tracer.core.where import user_file

getframe = sys._getframe
_COMPREHENSIONS = ("<genexpr>", "<listcomp>", "<setcomp>", "<dictcomp>")


class Place:
    """An instruction of the user's program.

    Args:
        row: in the line table.
        names: variables that its line assigns.
        plain: whether it is no comprehension.
        outer: whether it is a module's, whose variables are the global ones.
        at: where in the code it is.
        stretch: of instructions of one line that follow each other and assign nothing; another number elsewhere.
    """

    __slots__ = ("assigns", "at", "held", "names", "outer", "row", "stretch", "take")

    def __init__(self, row: int, names: tuple[str, ...], plain: bool, outer: bool, at: int, stretch: int) -> None:
        self.row, self.names, self.outer, self.at, self.stretch = row, names, outer, at, stretch
        self.assigns = bool(names) and plain
        """Whether a variable may hold a `Value` that the line made. A comprehension's goes through what is there
        already; going through a tensor makes its rows, but nothing goes through a `Value`."""
        self.take = itemgetter(*names) if names else None
        self.held: list[Any] = []
        """What the variable held whenever its line was done, or tuples of what several held."""


class Places:
    """The part of a `Recorder` that looks at the user's frames."""

    def __init__(self) -> None:
        super().__init__()
        self.line_ids: dict[tuple[str, int], int] = {}
        self.with_lines = True
        self._targets: dict[CodeType, Targets] = {}
        self._places: dict[int, dict[int, Place]] = {}
        """id of a code -> instruction -> its place."""
        self._others: dict[int, dict[int, tuple[int, bool]]] = {}
        """Likewise, of events that make no node: the row, and whether the line assigns variables."""
        self._making: set[int] = set()
        """Rows of lines that make nodes."""
        self._stretches: dict[int, dict[int, int]] = {}
        self._count = count()
        self._ours: set[int] = set()
        """ids of codes that are not the user's."""
        self._codes: list[CodeType] = []
        """All those codes: an id is that of one code as long as it lives."""
        self._watched: tuple[FrameType, Place] | None = None
        """The frame and line of the last event, where that line assigns variables."""
        self.looked: list[Place] = []
        """Places whose variables were looked at."""
        self._several = False
        """Whether one of them assigns several variables."""
        self._looks: list[tuple[int, Place, list[Any]]] = []
        """What was seen in earlier turns: the turn, the place, what it held."""
        self._turns = 0

    def here(self, depth: int = 2) -> int:
        """Row in the line table of the innermost frame that is not ours.

        Args:
            depth: frames from this one out that are ours for certain.
        """
        if not self.with_lines:
            return NO_LINE
        if self._watched is not None:
            self._look()
        frame = getframe(depth)
        try:
            place = self._places[id(frame.f_code)][frame.f_lasti]
        except KeyError:
            return self.find_place(frame)
        if place.take is not None:
            self._watched = frame, place
        return place.row

    def here_without_node(self, depth: int) -> int:
        """The same for an event that makes no node: its line matters to names only where nodes are made on it."""
        if not self.with_lines:
            return NO_LINE
        if self._watched is not None:
            self._look()
        frame = getframe(depth)
        try:
            row, assigns = self._others[id(frame.f_code)][frame.f_lasti]
        except KeyError:
            return self._find_other(frame)
        if assigns and row in self._making:
            self.find_place(frame)
        return row

    def _find_other(self, frame: FrameType | None) -> int:
        while frame is not None and id(frame.f_code) not in self._places:
            if id(frame.f_code) not in self._ours and self._meet(frame.f_code) is not None:
                break
            frame = frame.f_back
        if frame is None:
            return NO_LINE
        others = self._others.setdefault(id(frame.f_code), {})
        found = others.get(frame.f_lasti)
        if found is None:
            place = self._place(frame)
            found = others[frame.f_lasti] = place.row, place.take is not None
        row, assigns = found
        if assigns and row in self._making:
            self.find_place(frame)
        return row

    def find_place(self, frame: FrameType | None) -> int:
        """The same as `here`, from a frame out, for an instruction that may be new."""
        while frame is not None:
            code = frame.f_code
            key = id(code)
            if key not in self._ours:
                places = self._places.get(key)
                if places is None:
                    places = self._meet(code)
                if places is not None:
                    place = places.get(frame.f_lasti)
                    if place is None:
                        place = places[frame.f_lasti] = self._place(frame)
                        self._making.add(place.row)
                    if place.take is not None:
                        self._watched = frame, place
                    return place.row
            frame = frame.f_back
        return NO_LINE

    def _meet(self, code: CodeType) -> dict[int, Place] | None:
        """A code for the first time; None where it is ours."""
        self._codes.append(code)
        if user_file(code) is None:
            self._ours.add(id(code))
            return None
        self._targets[code] = targets_of(code)
        self._stretches[id(code)] = stretches_of(code, self._count)
        return self._places.setdefault(id(code), {})

    def _place(self, frame: FrameType) -> Place:
        code, line = frame.f_code, frame.f_lineno
        row = self.line_ids.setdefault((code.co_filename, line), len(self.line_ids))
        names = self._targets[code].lines.get(line, ())
        at = frame.f_lasti
        stretch = self._stretches[id(code)].get(at)
        stretch = next(self._count) if stretch is None else stretch
        name = code.co_name
        return Place(row, names, name not in _COMPREHENSIONS, name == "<module>", at, stretch)

    def _look(self) -> None:
        """Note what the line of the last event has assigned: variables may hold what that line made."""
        watched = self._watched
        if watched is None:
            return
        self._watched = None
        frame, place = watched
        assert place.take is not None, "only lines that assign are watched"
        variables: Mapping[str, Any] = frame.f_globals if place.outer else frame.f_locals
        try:
            things = place.take(variables)
        except KeyError:  # not all of them are assigned yet
            things = tuple(variables.get(name) for name in place.names)
            things = things if len(things) > 1 else things[0]
        if not place.held:
            self.looked.append(place)
            self._several = self._several or len(place.names) > 1
        elif place.held[-1] is things:
            return
        place.held.append(things)

    def _turn(self) -> None:
        """What is seen from here on comes later: of two variables of one line, the first that held a value names it."""
        for place in self.looked:
            self._looks.append((self._turns, place, place.held))
            place.held = []
        self.looked.clear()
        self._turns += 1
        self._several = False
