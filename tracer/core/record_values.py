"""What `Value`s tell a recording. It waits in a row until somebody asks; then many become columns at once.

Waiting is one extension of a list, which other threads cannot fall into. What cannot wait (a tensor's event, a mark, a
pass by hand) first has all that waits written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracer.core.columns import BACKWARD, MARK, NO_LINE
from tracer.core.growing import GrowingPass
from tracer.core.places import getframe
from tracer.core.record_columns import ENDED, MORE, READ, WIDE, Ended
from tracer.core.scope import current_scope
from tracer.core.serial import next_serial
from tracer.core.settling import Settling

if TYPE_CHECKING:
    from tracer.core.record import Recorder
    from tracer.core.tensor import Tensor
    from tracer.core.value import Value


class ValueEvents(Settling):
    """The part of a `Recorder` that `Value`s talk to."""

    # A node

    def made(self: Recorder, value: Value, depth: int = 3) -> None:  # type: ignore[misc]
        """A node came into being: a leaf, a constant or an op's output.

        Args:
            depth: frames from this one out that are ours for certain.
        """
        waiting = self._waiting
        if len(waiting) >= self._room:
            self._make_room()
        if not self.with_lines:
            row = NO_LINE
        else:
            frame, watched = getframe(depth), self._watched
            try:
                place = self._places[id(frame.f_code)][frame.f_lasti]
            except KeyError:
                if watched is not None:
                    self._look()
                row = self.find_place(frame)
            else:
                row = place.row
                if watched is not None:
                    last = watched[1]
                    # further on in the same stretch nothing can have been assigned since
                    passed = last.stretch != place.stretch or last.at >= place.at or watched[0] is not frame
                    if passed and (last is not place or not self._operand_waits(value)):
                        self._look()
                if place.assigns:
                    self._watched = frame, place
        waiting += (value, row, current_scope())

    def _operand_waits(self, value: Value) -> bool:
        """Whether the last that waits is a plain number, made for the op that now made `value`.

        One instruction makes both, so no variable can have been assigned in between.
        """
        return not value._const and bool(self._waiting) and getattr(self._waiting[-WIDE], "_const", False)

    def _make_room(self: Recorder) -> None:  # type: ignore[misc]
        self.settle()
        self.check_limit()
        self._measure_room()

    def check_limit(self: Recorder) -> None:  # type: ignore[misc]
        """Raise `RecordLimit` where one more node would be too many."""
        from tracer.core.record import RecordLimit

        if self.limit is not None and len(self.value) >= self.limit:
            raise RecordLimit(self.limit)

    # What else happens to them

    def named(self, value: Value | Tensor) -> None:
        node = self._ids.find(value._serial)  # one that waits brings its name along
        if node is not None and value._name is not None:
            self.names[node] = value._name

    def read(self: Recorder, value: Value | Tensor, kind: str) -> None:  # type: ignore[misc]
        """The program looked at an inner node's number; what follows from it is outside the graph."""
        with self.lock:
            self.settle()
            node = self._ids.find(value._serial)
            if node is not None:
                self.frozen[node, kind, self.here()] = None

    def read_number(self: Recorder, value: Value, kind: str, depth: int) -> None:  # type: ignore[misc]
        """The same of a `Value`; it can wait."""
        if value._serial < self._since and value._serial not in self._known:
            self.read(value, kind)
        else:
            self._wait(value, self.here_without_node(depth), READ, kind)

    def assigned(self: Recorder, kind: int, value: Value, new: float, more: float) -> None:  # type: ignore[misc]
        """A number was assigned, by an optimizer's loop usually: a leaf's value (UPDATE), or a gradient (WRITE).

        Args:
            more: of an update the number before; of a gradient whether it was set to None.
        """
        # as `here_without_node(2)` and `_wait` would do it: a loop over all parameters does little else
        if not self.with_lines:
            row = NO_LINE
        else:
            if self._watched is not None:
                self._look()
            frame = getframe(2)
            try:
                row, assigns = self._others[id(frame.f_code)][frame.f_lasti]
            except KeyError:
                row = self._find_other(frame)
            else:
                if assigns and row in self._making:
                    self.find_place(frame)
        if value._serial not in self._known:
            self._first_event(value, row)
        if self._several:
            self._turn()
        waiting = self._waiting
        if len(waiting) >= self._room:
            self.settle()
        waiting += (value, row, kind, new, more, MORE)

    def _wait(self: Recorder, value: Value, row: int, kind: int, more: object) -> None:  # type: ignore[misc]
        """One more event in the row."""
        if self._several:
            self._turn()
        waiting = self._waiting
        if len(waiting) >= self._room:
            self.settle()
        waiting += (value, row, kind, more, None, MORE)

    def _first_event(self: Recorder, value: Value, row: int) -> None:  # type: ignore[misc]
        """Something happens to this value for the first time: it is written down as it is before."""
        with self.lock:
            if self._near or self._ids.find(value._serial) is None:
                self.id_of(value, row)
            if not self._near:
                self._known.add(value._serial)

    def heard_again(self) -> None:
        """It listens again: what was made in between is not known."""
        if not self._near:
            self._since = next_serial()

    def marked(self: Recorder, value: Value | Tensor, text: str) -> None:  # type: ignore[misc]
        row = self.here()
        with self.lock:
            node = self.id_of(value, row)
            self._extend(MARK, len(self.marks))
            self.mark_texts.append(text)
            self.marks.add(node, row, len(self.value))

    # Backward passes

    def began_pass(self: Recorder, root: Value, serials: list[int]) -> GrowingPass:  # type: ignore[misc]
        """An ordinary pass begins.

        Args:
            serials: of all it will reach, the newest first.
        """
        row = self.here_without_node(4)
        growing = GrowingPass("add", row, ordinary=True)
        since, known = self._since, self._known
        if serials[-1] < since:
            old = [serial for serial in serials if serial < since]
            if not known.issuperset(old):
                with self.lock:
                    self.id_of(root, row)  # what leads to the root is written down with the gradients it comes with
                    if not self._near:
                        known.update(old)
        self._wait(root, row, BACKWARD, growing)
        return growing

    def ended_pass(  # type: ignore[misc]
        self: Recorder, root: Value, growing: GrowingPass, reached: list[Value], serials: list[int], deliveries: int
    ) -> None:
        """All gradients of an ordinary pass as the engine left them; its order of deliveries is implied.

        Args:
            reached: all it has reached, the newest first.
            serials: theirs.
        """
        grads = [value._grad for value in reached]
        self._wait(root, NO_LINE, ENDED, Ended(growing, serials, grads, deliveries))
        self._room -= WIDE * len(reached)  # so much waits, too
        if self._room <= 0:
            self.settle()

    def began_by_hand(self: Recorder, root: Value, combine: str) -> GrowingPass:  # type: ignore[misc]
        """A pass begins that the program delivers edge by edge."""
        row = self.here()
        with self.lock:
            node = self.id_of(root, row)
            growing = GrowingPass(combine, row)
            growing.grads[node] = 1.0
            self._pass_began(growing, node)
            return growing

    def delivered(self: Recorder, growing: GrowingPass, user: Value, slot: int, upstream: float) -> None:  # type: ignore[misc]
        """One contribution of a pass delivered by hand has been added to `user.inputs[slot]`."""
        row = self.here()
        with self.lock:
            edge = self.offsets[self.id_of(user, row)] + slot
            target = user._ins[slot]
            self._extend(BACKWARD, len(growing.schedule), growing.index)
            growing.grads[self._ids[target._serial]] = target._grad
            growing.lines.append(row)
            growing.upstream.append(upstream)
            growing.schedule.append(edge)
