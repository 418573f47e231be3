"""Recording that keeps only the last backward passes, and stops at the end of the first that meets trouble.

A loop may run for days: memory holds a few passes. What left the window is forgotten now and then, several passes at
once, so that it costs little; asked for, the recording is cut to what was promised.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import NO_LINE, Columns
from tracer.core.growing import GrowingPass
from tracer.core.record import LeafKey, Override, Recorder
from tracer.core.record_tensors import GrowingTensorPass
from tracer.core.window import window
from tracer.errors import ArgumentError, did_you_mean

if TYPE_CHECKING:
    from tracer.core.tensor import Tensor
    from tracer.core.value import Value

TESTS: dict[str, Callable[[Any], NDArray[np.bool_]]] = {
    "nan": np.isnan,
    "inf": np.isinf,
    "nonfinite": lambda numbers: ~np.isfinite(numbers),
}
"""What each word of `when` looks for."""
SPARE = 2
"""The recording is cut when it holds so many times the passes that are kept."""
_EVENTS = (
    "made", "read", "read_number", "named", "assigned", "marked", "delivered", "ended_pass", "made_leaf",
    "made_tensor", "wants_grad", "forget_tensor", "wrote_tensor", "updated_tensor", "ended_tensor_pass", "tapped",
)  # fmt: skip


@dataclass(frozen=True)
class Trouble:
    """Where a recording met what it was told to look for."""

    kind: str
    """The word of `when`."""
    node: int
    """The first node with such a number."""
    gradient: bool
    """Whether it is its gradient; else its value."""
    passes: int
    """Backward passes that the program had begun by then."""


class WindowRecorder(Recorder):
    """A `Recorder` that keeps the last passes before trouble. Use it through `record(when=..., keep=...)`.

    Args:
        when: "nan", "inf" or "nonfinite".
        keep: passes before the one with trouble; without trouble the last ones altogether.
    """

    SHORT = False  # a loop that runs for days may leave cycles behind

    def __init__(
        self,
        overrides: Mapping[LeafKey, Override] | None = None,
        *,
        limit: int | None = None,
        when: str = "nonfinite",
        keep: int = 3,
    ) -> None:
        if when not in TESTS:
            raise ArgumentError(
                f"record: when is {when!r}; it must be one of {', '.join(map(repr, TESTS))}.",
                hint=did_you_mean(str(when), TESTS),
            )
        if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
            raise ArgumentError(f"record: keep is {keep!r}; it must be a whole number of passes, 1 or more.")
        super().__init__(overrides, limit=limit)
        self.when, self.keep = when, keep
        self.trouble: Trouble | None = None
        """What was met, None as long as nothing was."""
        self._checked = 0
        self._dropped = 0

    # Passes

    def began_pass(self, root: Value, serials: list[int]) -> GrowingPass:
        self._room_for_a_pass()
        if self.trouble is not None:
            return GrowingPass("add", NO_LINE, ordinary=True)
        return super().began_pass(root, serials)

    def ended_pass(
        self, root: Value, growing: GrowingPass, reached: list[Value], serials: list[int], deliveries: int
    ) -> None:
        super().ended_pass(root, growing, reached, serials, deliveries)
        self.settle()  # after trouble nothing more is heard

    def began_by_hand(self, root: Value, combine: str) -> GrowingPass:
        self._room_for_a_pass()
        if self.trouble is not None:
            return GrowingPass(combine, NO_LINE)
        return super().began_by_hand(root, combine)

    def began_tensor_pass(self, root: Tensor, seed: Tensor, *, accumulates: bool, retains: bool) -> GrowingTensorPass:
        self._room_for_a_pass()
        if self.trouble is not None:
            return GrowingTensorPass(-1, 0, -1, -1, accumulates, retains)
        return super().began_tensor_pass(root, seed, accumulates=accumulates, retains=retains)

    def _closed(self) -> None:
        with self.lock:
            self._look_at_last()

    def _room_for_a_pass(self) -> None:
        with self.lock:
            self.settle()
            self._look_at_last()
            self._forget()

    def _look_at_last(self) -> None:
        """A pass that the program delivers by hand has no end but the beginning of another."""
        last = self.passes[-1] if self.passes else None
        if self.trouble is None and isinstance(last, GrowingPass) and not last.ordinary:
            done = last.freeze()
            self._look_for_trouble(done.nodes, done.grads)

    def _forget(self) -> None:
        if self.trouble is None and len(self.passes) >= SPARE * (self.keep + 1):
            self.shorten(self.keep + 1)

    def _passed(self, growing: GrowingPass, deliveries: int) -> None:
        super()._passed(growing, deliveries)
        self._look_for_trouble(growing.freeze().nodes, growing.freeze().grads)

    def ended_tensor_pass(
        self,
        growing: GrowingTensorPass,
        reached: Mapping[int, Any],
        hooked: Sequence[int],
        aside: Sequence[int] = (),
    ) -> None:
        super().ended_tensor_pass(growing, reached, hooked, aside)
        done = growing.freeze(self.arena)
        self._look_for_trouble(done.nodes, done.grads, done.slots)

    def _look_for_trouble(
        self, nodes: NDArray[np.int32], grads: NDArray[np.float64], slots: NDArray[np.int32] | None = None
    ) -> None:
        """Look at the values made since the last look, and at the gradients of the pass that has just ended."""
        first, self._checked = self._checked, len(self.value)
        values = np.array(self.value[first:])
        rows = np.array(self.slot[first:], np.int32)
        bad = self._met(values, rows) + first
        if len(bad):
            self._stop(int(bad[0]), gradient=False)
            return
        bad = self._met(grads, slots)
        if len(bad):
            self._stop(int(nodes[bad[-1]]), gradient=True)  # the newest: gradient came there first

    def _met(self, numbers: NDArray[np.float64], slots: NDArray[np.int32] | None) -> NDArray[np.int64]:
        """Which of these numbers are trouble; of a tensor any of its elements."""
        test = TESTS[self.when]
        # a tensor's number says whether one of its elements is not finite
        found: NDArray[np.int64] = np.flatnonzero(~np.isfinite(numbers))
        slots = np.zeros(0, np.int32) if slots is None else slots
        arrays = self.arena.arrays
        met = [
            bool(test(arrays[slots[i]]).any()) if i < len(slots) and slots[i] >= 0 else bool(test(numbers[i]))
            for i in found.tolist()
        ]
        kept: NDArray[np.int64] = found[np.array(met, bool)]
        return kept

    def _stop(self, node: int, *, gradient: bool) -> None:
        """Hear nothing more: the recording ends here."""
        self.trouble = Trouble(self.when, node, gradient, self._dropped + len(self.passes))
        for name in _EVENTS:
            setattr(self, name, _nothing)

    # What is kept

    def columns(self) -> Columns:
        """A frozen copy of the window."""
        with self.lock:
            self.settle()
            self.shorten(self.keep + (self.trouble is not None))
            return super().columns()

    def shorten(self, keep: int) -> None:
        """Forget all but the last `keep` passes and what they need."""
        drop = len(self.passes) - keep
        if drop <= 0:
            return
        found = window(super().columns(), drop)
        if found is None:
            return
        c, nodes, slots = found
        for name, kind in (("op", "B"), ("flags", "B"), ("inputs", "i"), ("line", "i"), ("offsets", "q")):
            setattr(self, name, _column(kind, getattr(c, name)))
        self.scope, self.scope_ids = _column("i", c.scope), {name: row for row, name in enumerate(c.scopes)}
        tensors = bool(c.arena)
        self.slot, self.static = (_column("i", one) if tensors else array("i") for one in (c.slot, c.static))
        self.statics = list(c.statics)
        self.arena.refill(c.arena)
        for table, rows in ((self.writes, c.writes), (self.updates, c.updates), (self.marks, c.marks)):
            table.refill(rows)
        self.update_notes, self.mark_texts = list(c.update_notes), list(c.mark_texts)
        self.brought = list(c.info.get("brought", ()))
        self.segments, self.frozen = c.segments.tolist(), dict.fromkeys(c.frozen)
        self.names, self.bound = _moved(self.names, nodes), _moved(self.bound, nodes)
        self.grad_names = {n: int(nodes[to]) for n, to in _moved(self.grad_names, nodes).items() if nodes[to] >= 0}
        self.latest = {n: int(slots[row]) for n, row in _moved(self.latest, nodes).items() if slots[row] >= 0}
        self._ids = self._ids.moved(nodes)
        self._known.clear()
        self.heard_again()  # what is forgotten is not known
        self.taps.forget(self._ids)
        self.tap_numbers.forget_all()
        del self.passes[:drop]
        for index, (growing, done) in enumerate(zip(self.passes, c.passes, strict=True)):
            growing.refill(index, done)
        self._dropped += drop
        self._checked = int((nodes[: self._checked] >= 0).sum())
        if self.trouble is not None:
            self.trouble = Trouble(
                self.trouble.kind, int(nodes[self.trouble.node]), self.trouble.gradient, self.trouble.passes
            )
        self.value = _column("d", c.value)  # last: its length says how many nodes are whole


def _column(kind: str, values: NDArray[Any]) -> array[Any]:
    made = array(kind)
    made.frombytes(np.ascontiguousarray(values, np.dtype(kind)).tobytes())
    return made


def _moved(given: Mapping[int, Any], nodes: NDArray[np.int64]) -> dict[int, Any]:
    return {int(nodes[node]): what for node, what in given.items() if nodes[node] >= 0}


def _nothing(*_: Any, **__: Any) -> None:
    """What a recording that has ended does of any event."""
