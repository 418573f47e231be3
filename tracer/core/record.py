"""Recording: the events of a running computation, kept as growing columns.

The recorder knows nothing of differentiation: `Value` tells it what was made, what was delivered, what was written.
"""

from __future__ import annotations

import gc
import linecache
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tracer.core import growing, ids, places, record_columns, record_tensors, record_values, settling
from tracer.core.columns import CONST, NO_LINE, Columns
from tracer.core.growing import GrowingPass, frozen, locked, padded
from tracer.core.ids import Ids
from tracer.core.naming import MAX_NAME_DEPTH, MAX_NAMES, SUBSCRIPTS, parts_of
from tracer.core.record_tensors import GrowingTensorPass, TensorEvents
from tracer.core.record_values import ValueEvents
from tracer.core.scope import current_scope
from tracer.core.tapped import Tapped, nodes_of
from tracer.errors import GraphError

if TYPE_CHECKING:
    from tracer.core.tensor import Tensor
    from tracer.core.value import Value
    from tracer.trace.trace import Trace

ACTIVE: list[Recorder] = []
"""Recorders that listen now, innermost last. Empty most of the time: then arithmetic is plain autograd."""

LeafKey = tuple[str, int, int]
"""(file, line, how many leaves that line had made before): names a leaf across two runs of one program."""
Override = float | Mapping[int, float]
"""What a leaf shall hold instead: a number, or some elements of a tensor by their place in row-major order."""


class Recorder(ValueEvents, TensorEvents):
    """Collects nodes, edges, scopes, passes and the user's source lines. Use it through `record()`.

    Args:
        overrides: leaf key -> the value that leaf shall have instead, for re-running an edited program; of a tensor
            {place of an element in row-major order: its number}.
        lines: whether to note the user's source line of each event.
        limit: nodes at most; one more raises `RecordLimit` in the user's program.
    """

    SHORT = True
    """Whether what is recorded ends before garbage could gather."""

    def __init__(
        self, overrides: Mapping[LeafKey, Override] | None = None, *, lines: bool = True, limit: int | None = None
    ) -> None:
        super().__init__()
        self.overrides, self.with_lines = dict(overrides or {}), lines
        self.limit = limit
        self._measure_room()
        self.info: dict[str, Any] = {}
        self.passes: list[GrowingPass | GrowingTensorPass] = []
        self.latest: dict[int, int] = {}  # leaf -> arena row of what it was last updated to
        self.grad_names: dict[int, int] = {}  # node -> the leaf whose `.grad` it is
        self.taps = Tapped()  # of serial numbers
        self.tap_numbers = Tapped()
        self.parameters: dict[str, Any] = {}  # name -> serial numbers, as `serials_of` gives them
        self._collecting = False

    @property
    def ids(self) -> Ids:
        """Serial number -> node, of all that was made so far."""
        self.settle()
        return self._ids

    @property
    def n_nodes(self) -> int:
        """Nodes recorded so far."""
        self.settle()
        return len(self.value)

    # Listening

    def __enter__(self) -> Recorder:
        # a recording makes millions of objects and no cycles: collecting in between costs most of the time
        self._collecting = self.SHORT and gc.isenabled() and not ACTIVE
        if self._collecting:
            gc.disable()
        ACTIVE.append(self)
        self.heard_again()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ACTIVE.remove(self)
        if self._collecting:
            gc.enable()
        self._look()
        self.take_names(sys._getframe(1).f_locals)
        self._closed()

    def _closed(self) -> None:
        """The block is over."""

    @property
    def trace(self) -> Trace:
        """What was recorded so far, as a `Trace`."""
        from tracer import make_trace

        return make_trace(self.columns(), self.ids.copy())

    # What leaves shall hold

    def override(self, value: float) -> float:
        """The value the leaf about to be made shall have."""
        if not self.overrides:
            return value
        self.settle()
        found = self._override_at(self.here())
        return found if isinstance(found, int | float) else value

    def override_elements(self, row: int) -> Mapping[int, float]:
        """The elements the tensor about to be made on this line shall have."""
        found = self._override_at(row) if self.overrides else None
        if isinstance(found, int | float):
            return {0: found}
        return found or {}

    def _override_at(self, row: int) -> Override | None:
        file, line = next((k for k, r in self.line_ids.items() if r == row), ("", NO_LINE))
        return self.overrides.get((file, line, self._leaves_at.get(row, 0)))

    # What was made before

    def adopt(self, value: Value, row: int = NO_LINE) -> None:
        """Take in a value made before recording began, with all it was made from.

        Args:
            row: the line that wants it.
        """
        with self.lock:
            self._adopt(value, row, current_scope())
        if value._serial not in self._ids:
            self.check_limit()

    def id_of(self, value: Value | Tensor, row: int = NO_LINE) -> int:
        """The node of `value`, taken in first where it is not known yet."""
        if self._waiting:
            self.settle()
        if value._serial not in self._ids:
            if hasattr(value, "_array"):
                self.adopt_tensor(cast("Tensor", value))
            else:
                self.adopt(value, row)
        return self._ids[value._serial]

    def tapped(self, name: str, serials: Any, at: tuple[int, ...] | None, numbers: Any | None) -> None:
        """The program marked something with a panel's name: see `tracer.core.taps`.

        Args:
            numbers: the thing, where it is made of plain numbers only.
        """
        if numbers is None or name in self.taps:
            self.taps.add(name, serials, at)
        else:
            self.tap_numbers.add(name, numbers, at)

    # Afterwards

    def take_names(self, variables: Mapping[str, Any]) -> None:
        """Give nodes without a name the user's variable that holds them; `w[0]` for an element of a list."""
        self.settle()
        loops = {name for targets in self._targets.values() for name in targets.loops}
        mine = {name: thing for name, thing in variables.items() if not name.startswith("_")}
        # a parameter is best called by its place in the network: `model.fc1.weight`, not `params[0]`
        self._take_names({name: thing for name, thing in mine.items() if hasattr(type(thing), "named_parameters")})
        # what a loop left in its variable has a better name elsewhere: `w[1]`, not `p`
        self._take_names({name: thing for name, thing in mine.items() if name not in loops})
        self._take_names({name: thing for name, thing in mine.items() if name in loops})

    def _take_names(self, variables: Mapping[str, Any]) -> None:
        todo: list[tuple[str, Any, int]] = [(name, thing, 0) for name, thing in variables.items()]
        seen: set[int] = set()
        for name, thing, depth in todo:  # grows while it is walked: breadth first, so short names win
            if hasattr(type(thing), "_serial"):
                node = self._ids.find(thing._serial)
                if node is not None and not (node in self.names or node in self.bound or self.flags[node] & CONST):
                    self.names[node] = name
            elif depth < MAX_NAME_DEPTH and len(todo) < MAX_NAMES and id(thing) not in seen:
                seen.add(id(thing))
                todo.extend((name + key, one, depth + 1) for key, one in parts_of(thing))

    def _all_names(self) -> dict[int, str]:
        """Names given, then variables. A variable that held several nodes is `p₁`, `p₂` and, for the last, `p`."""
        names = dict(self.names)
        for node, owner in self.grad_names.items():
            if node not in names and (known := names.get(owner, self.bound.get(owner))):
                names[node] = f"{known}.grad"
        held: dict[str, list[int]] = {}
        for node, name in self.bound.items():
            if node not in names:
                held.setdefault(name, []).append(node)
        for name, nodes in held.items():
            for i, node in enumerate(nodes, start=1):
                names[node] = name if i == len(nodes) else name + str(i).translate(SUBSCRIPTS)
        return names

    def columns(self) -> Columns:
        """A frozen copy of everything recorded so far."""
        self.settle()
        n = len(self.value)
        files = list(dict.fromkeys(file for file, _ in self.line_ids))
        return Columns(
            op=frozen(self.op),
            offsets=frozen(self.offsets),
            inputs=frozen(self.inputs),
            value=frozen(self.value),
            flags=frozen(self.flags),
            scope=frozen(self.scope),
            line=frozen(self.line),
            line_file=locked(np.array([files.index(file) for file, _ in self.line_ids], np.int32)),
            line_number=locked(np.array([line for _, line in self.line_ids], np.int32)),
            segments=locked(np.array(self.segments, np.int64).reshape(-1, 5)),
            writes=self.writes.freeze(),
            updates=self.updates.freeze(),
            marks=self.marks.freeze(),
            mark_texts=tuple(self.mark_texts),
            passes=tuple(p.freeze(self.arena) if isinstance(p, GrowingTensorPass) else p.freeze() for p in self.passes),
            op_names=tuple(self._op_codes),
            scopes=tuple(self.scope_ids),
            files=tuple(files),
            names=self._all_names(),
            sources={file: "".join(linecache.getlines(file)) for file in files},
            frozen=tuple(self.frozen),
            slot=padded(self.slot, n),
            static=padded(self.static, n),
            arena=tuple(self.arena.arrays),
            statics=tuple(self.statics),
            update_notes=(*self.update_notes, *([None] * (len(self.updates) - len(self.update_notes)))),
            info={**self.info, **({"brought": list(self.brought)} if self.brought else {})},
            taps=self.taps.nodes(self._ids),
            tap_numbers=self.tap_numbers.numbers(),
            parameters={name: locked(nodes_of(serials, self._ids)) for name, serials in self.parameters.items()},
        )


class RecordLimit(GraphError):
    """A program made more nodes than it was allowed; what was recorded up to there is kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the program made more than {limit:,} nodes, the most this recording takes.")


def inside_event(frame: FrameType | None) -> bool:
    """Whether the code that `frame` runs is in the middle of recording an event: then half of it may be there."""
    while frame is not None:
        if frame.f_code.co_filename in _RECORDING:
            return True
        frame = frame.f_back
    return False


_MODULES = (growing, ids, places, record_columns, record_tensors, record_values, settling)
_RECORDING = frozenset({__file__, *(module.__file__ for module in _MODULES)})


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that happens inside is recorded."""
    listening = ACTIVE[:]
    ACTIVE.clear()
    try:
        yield
    finally:
        ACTIVE[:] = listening
        for recorder in listening:
            recorder.heard_again()


def record(
    overrides: Mapping[LeafKey, Override] | None = None,
    *,
    limit: int | None = None,
    when: str | None = None,
    keep: int = 3,
) -> Recorder:
    """`with record() as rec:` records all that happens to `Value`s inside; `rec.trace` is the `Trace`.

    Variables of the surrounding function give names to the values they hold when the block ends.

    `record(when="nan", keep=3)` is for long loops: it keeps only the last backward passes, with what they need, and
    stops at the end of the first pass that met trouble, in a value made since the pass before or in one of its
    gradients. The trace then ends there, with `keep` passes before it; without trouble it has the last `keep` passes.
    `rec.trouble` says what was met. Leaves stand in the window with the numbers and gradients they had when it began.
    Memory holds some 2 x (keep + 1) passes; what is computed without any backward pass is all kept.

    Args:
        overrides: leaf key -> the number that leaf shall have instead.
        limit: nodes at most; one more raises `RecordLimit` in your program.
        when: "nan", "inf", or "nonfinite" for both.
        keep: backward passes kept, 1 or more.

    Raises:
        ArgumentError: `when` is another word, or `keep` no such number.
    """
    if when is None:
        return Recorder(overrides, limit=limit)
    from tracer.core.record_window import WindowRecorder

    return WindowRecorder(overrides, limit=limit, when=when, keep=keep)


def mark(value: Value | Tensor, text: str) -> None:
    """Hang a short text on a node, as a step of its own in the timeline; nothing where nobody records.

    An algorithm that walks the graph can show its state that way: "visited", "order 3".
    """
    for recorder in ACTIVE:
        recorder.marked(value, str(text))
