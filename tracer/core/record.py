"""Recording: the events of a running computation, kept as growing columns.

The recorder knows nothing of differentiation: `Value` tells it what was made, what was delivered, what was written.
"""

from __future__ import annotations

import functools
import gc
import linecache
import sys
import threading
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FrameType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from tracer.core.columns import (
    BACKWARD,
    CONST,
    FORWARD,
    LIVE,
    MARK,
    NO_LINE,
    UPDATE,
    WRITE,
    Columns,
)
from tracer.core.growing import EventTable, GrowingPass, frozen, locked
from tracer.core.naming import MAX_NAME_DEPTH, MAX_NAMES, SUBSCRIPTS, Targets, parts_of, targets_of
from tracer.core.op import Op, find_op
from tracer.core.record_tensors import NO_SLOT, GrowingTensorPass, TensorEvents
from tracer.core.scope import current_scope
from tracer.core.where import user_file
from tracer.errors import GraphError

if TYPE_CHECKING:
    from tracer.core.tensor import Tensor
    from tracer.core.value import Value
    from tracer.trace.trace import Trace

ACTIVE: list[Recorder] = []
"""Recorders that listen now, innermost last. Empty most of the time: then arithmetic is plain autograd."""

F = TypeVar("F", bound=Callable[..., Any])
LeafKey = tuple[str, int, int]
"""(file, line, how many leaves that line had made before): names a leaf across two runs of one program."""
Override = float | Mapping[int, float]
"""What a leaf shall hold instead: a number, or some elements of a tensor by their place in row-major order."""


def _whole(method: F) -> F:
    """A `Recorder` method no other thread's event can fall into."""

    @functools.wraps(method)
    def locked(self: Recorder, *args: Any, **keywords: Any) -> Any:
        with self.lock:
            return method(self, *args, **keywords)

    return cast(F, locked)


class Recorder(TensorEvents):
    """Collects nodes, edges, scopes, passes and the user's source lines. Use it through `record()`.

    Args:
        overrides: leaf key -> the value that leaf shall have instead, for re-running an edited program; of a tensor
            {place of an element in row-major order: its number}.
        lines: whether to note the user's source line of each event.
        limit: nodes at most; one more raises `RecordLimit` in the user's program.
    """

    def __init__(
        self, overrides: Mapping[LeafKey, Override] | None = None, *, lines: bool = True, limit: int | None = None
    ) -> None:
        super().__init__()
        self.overrides, self.with_lines, self.limit = dict(overrides or {}), lines, limit
        self.info: dict[str, Any] = {}
        self.ids: dict[int, int] = {}  # serial -> node
        self.op, self.flags = array("B"), array("B")
        self.inputs, self.scope, self.line = array("i"), array("i"), array("i")
        self.offsets, self.value = array("q", [0]), array("d")
        self.scope_ids: dict[str, int] = {}
        self.line_ids: dict[tuple[str, int], int] = {}
        self.names: dict[int, str] = {}
        self.writes, self.updates, self.marks = EventTable(), EventTable(), EventTable()
        self.mark_texts: list[str] = []
        self.passes: list[GrowingPass | GrowingTensorPass] = []
        self.latest: dict[int, int] = {}  # leaf -> arena row of what it was last updated to
        self.grad_names: dict[int, int] = {}  # node -> the leaf whose `.grad` it is
        self.brought: list[int] = []
        """Rows of `writes` that a value came with when it was taken in."""
        self.segments: list[list[int]] = []
        self.frozen: dict[tuple[int, str, int], None] = {}
        self.bound: dict[int, str] = {}
        """Node -> the variable it was assigned to when it was made; one name may come many times, as in a loop."""
        self._last: tuple[FrameType, int, int] | None = None  # frame, line-table row and line of the last event
        self._targets: dict[CodeType, Targets] = {}
        self.lock = threading.RLock()  # an event is several appends, and threads may share a recording
        self._op_codes: dict[str, int] = {}
        self._leaves_at: dict[int, int] = {}
        self._code_files: dict[CodeType, str | None] = {}
        self._collecting = False

    # Listening

    def __enter__(self) -> Recorder:
        # a recording makes millions of objects and no cycles: collecting in between costs most of the time
        self._collecting = gc.isenabled() and not ACTIVE
        if self._collecting:
            gc.disable()
        ACTIVE.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ACTIVE.remove(self)
        if self._collecting:
            gc.enable()
        self._bind_names()
        self._last = None
        self.take_names(sys._getframe(1).f_locals)

    @property
    def trace(self) -> Trace:
        """What was recorded so far, as a `Trace`."""
        from tracer import make_trace

        return make_trace(self.columns(), self.ids)

    # Where we are in the user's program

    def here(self) -> int:
        """Row in the line table of the innermost frame that is not ours."""
        if not self.with_lines:
            return NO_LINE
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            code = frame.f_code
            file = self._code_files.get(code, "")
            if file == "":
                file = self._code_files[code] = user_file(code)
            if file is not None:
                key = (file, frame.f_lineno)
                row = self.line_ids.get(key)
                if row is None:
                    row = self.line_ids[key] = len(self.line_ids)
                if self._last is not None:
                    self._bind_names()
                self._last = (frame, row, key[1])
                return row
            frame = frame.f_back
        return NO_LINE

    def _bind_names(self) -> None:
        """Note which variables the line of the last event has assigned: they hold what that line made, if anything."""
        if self._last is None:
            return
        frame, row, line = self._last
        targets = self._targets.get(frame.f_code)
        if targets is None:
            targets = self._targets[frame.f_code] = targets_of(frame.f_code)
        names = targets.lines.get(line)
        if not names:
            return
        variables = frame.f_globals if frame.f_code.co_name == "<module>" else frame.f_locals
        for name in names:
            thing: Any = variables.get(name)
            node = self.ids.get(thing._serial) if hasattr(type(thing), "_serial") else None
            if node is not None and self.line[node] == row and not self.flags[node] & CONST:
                self.bound.setdefault(node, name)

    def override(self, value: float) -> float:
        """The value the leaf about to be made shall have."""
        if not self.overrides:
            return value
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

    # What happens

    def _extend(self, kind: int, index: int, pass_index: int = -1, seed: int = 0) -> None:
        last = self.segments[-1] if self.segments else None
        if last is not None and last[0] == kind and last[2] == index and last[3] == pass_index and not seed:
            last[2] = index + 1
        else:
            self.segments.append([kind, index, index + 1 - seed, pass_index, seed])

    def made(self, value: Value, row: int | None = None) -> int:
        """A node came into being: a leaf, a constant or an op's output.

        Args:
            row: of the line table; None is the line that runs now.
        """
        with self.lock:
            node = len(self.value)
            self.check_limit()
            rule = value._rule
            if rule is not None:
                self.inputs.extend(
                    [self.id_of(source) for source in value._ins]
                )  # listed first: adopting adds inputs too
                node = len(self.value)
            row = self.here() if row is None else row
            if rule is None:
                self.leaf_made_at(row)
            self.ids[value._serial] = node
            if value._name is not None:
                self.names[node] = value._name
            self.op.append(0 if rule is None else self.code_of(rule.name))
            self.flags.append((LIVE if value._live else 0) | (CONST if value._const else 0))
            self.scope.append(self.scope_row())
            self.line.append(row)
            self.offsets.append(len(self.inputs))
            self.slot.append(NO_SLOT)
            self.static.append(NO_SLOT)
            self.value.append(value._data)  # last: its length says how many nodes are whole
            self._extend(FORWARD, node)
            return node

    def check_limit(self) -> None:
        """Raise `RecordLimit` where one more node would be too many."""
        if self.limit is not None and len(self.value) >= self.limit:
            raise RecordLimit(self.limit)

    def leaf_made_at(self, row: int) -> None:
        self._leaves_at[row] = self._leaves_at.get(row, 0) + 1

    def code_of(self, op: str) -> int:
        """The column code of an op: 1 for the first that is met."""
        code = self._op_codes.get(op)
        if code is None:
            code = self._op_codes[op] = len(self._op_codes) + 1
        return code

    def op_of(self, code: int) -> Op:
        """The op with this column code."""
        return find_op(tuple(self._op_codes)[code - 1])

    def scope_row(self) -> int:
        """Row of the scope we are in."""
        name = current_scope()
        return self.scope_ids.setdefault(name, len(self.scope_ids))

    @_whole
    def adopt(self, value: Value) -> None:
        """Take in a value made before recording began, with all it was made from."""
        found: dict[int, Value] = {}
        stack = [value]
        while stack:
            one = stack.pop()
            if one._serial in found or one._serial in self.ids:
                continue
            found[one._serial] = one
            stack.extend(one._ins)
        for serial in sorted(found):
            one = found[serial]
            self.made(one, self.adopting(one))
            if one._rule is None and one._grad:
                self.brought.append(len(self.writes))
                self.wrote(one, one._grad)

    def adopting(self, thing: Value | Tensor) -> int:
        """The row of the line that made `thing`, which is about to be taken in: unknown, unless somebody kept it."""
        return NO_LINE

    def id_of(self, value: Value | Tensor) -> int:
        """The node of `value`, taken in first where it is not known yet."""
        if value._serial not in self.ids:
            adopt: Any = self.adopt_tensor if hasattr(value, "_array") else self.adopt
            adopt(value)
        return self.ids[value._serial]

    def named(self, value: Value | Tensor) -> None:
        node = self.ids.get(value._serial)
        if node is not None and value._name is not None:
            self.names[node] = value._name

    @_whole
    def read(self, value: Value | Tensor, kind: str) -> None:
        """The program looked at an inner node's number; what follows from it is outside the graph."""
        node = self.ids.get(value._serial)
        if node is not None:
            self.frozen[node, kind, self.here()] = None

    @_whole
    def wrote(self, value: Value, grad: float | None) -> None:
        """A gradient was assigned: zeroed, usually."""
        node = self.id_of(value)
        self._extend(WRITE, len(self.writes))
        self.writes.add(node, self.here(), len(self.value), grad or 0.0, flag=int(grad is None))

    @_whole
    def updated(self, value: Value, new: float) -> None:
        """A leaf's value was assigned: an optimizer step, usually."""
        node = self.id_of(value)
        self._extend(UPDATE, len(self.updates))
        self.updates.add(node, self.here(), len(self.value), new, before=value._data)

    @_whole
    def marked(self, value: Value | Tensor, text: str) -> None:
        node = self.id_of(value)
        self._extend(MARK, len(self.marks))
        self.mark_texts.append(text)
        self.marks.add(node, self.here(), len(self.value))

    @_whole
    def began_pass(self, root: Value, combine: str, *, ordinary: bool) -> GrowingPass:
        node = self.id_of(root)
        growing = GrowingPass(len(self.passes), node, combine, self.here())
        growing.ordinary = ordinary
        if not ordinary:
            growing.grads[node] = 1.0
        self.passes.append(growing)
        self._extend(BACKWARD, 0, growing.index, seed=1)
        return growing

    @_whole
    def delivered(self, growing: GrowingPass, user: Value, slot: int, upstream: float) -> None:
        """One contribution of a pass delivered by hand has been added to `user.inputs[slot]`."""
        row, edge = self.here(), self.offsets[self.id_of(user)] + slot
        target = user._ins[slot]
        self._extend(BACKWARD, len(growing.schedule), growing.index)
        growing.grads[self.ids[target._serial]] = target._grad
        growing.lines.append(row)
        growing.upstream.append(upstream)
        growing.schedule.append(edge)

    @_whole
    def ended_pass(self, growing: GrowingPass, reached: list[Value], deliveries: int) -> None:
        """All gradients of an ordinary pass as the engine left them; its order of deliveries is implied."""
        ids = self.ids
        growing.grads = {ids[value._serial]: value._grad for value in reached}
        segment = next(s for s in reversed(self.segments) if s[0] == BACKWARD and s[3] == growing.index)
        segment[2] = deliveries

    # Afterwards

    @_whole
    def take_names(self, variables: Mapping[str, Any]) -> None:
        """Give nodes without a name the user's variable that holds them; `w[0]` for an element of a list."""
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
                node = self.ids.get(thing._serial, -1)
                if node >= 0 and not (node in self.names or node in self.bound or self.flags[node] & CONST):
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

    @_whole
    def columns(self) -> Columns:
        """A frozen copy of everything recorded so far."""
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
            slot=frozen(self.slot),
            static=frozen(self.static),
            arena=tuple(self.arena.arrays),
            statics=tuple(self.statics),
            update_notes=(*self.update_notes, *([None] * (len(self.updates) - len(self.update_notes)))),
            info={**self.info, **({"brought": list(self.brought)} if self.brought else {})},
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


_RECORDING = frozenset({__file__, TensorEvents.made_leaf.__code__.co_filename})


@contextmanager
def silence() -> Iterator[None]:
    """Nothing that happens inside is recorded."""
    listening = ACTIVE[:]
    ACTIVE.clear()
    try:
        yield
    finally:
        ACTIVE[:] = listening


def record(overrides: Mapping[LeafKey, Override] | None = None, *, limit: int | None = None) -> Recorder:
    """`with record() as rec:` records all that happens to `Value`s inside; `rec.trace` is the `Trace`.

    Variables of the surrounding function give names to the values they hold when the block ends.
    """
    return Recorder(overrides, limit=limit)


def mark(value: Value | Tensor, text: str) -> None:
    """Hang a short text on a node, as a step of its own in the timeline; nothing where nobody records.

    An algorithm that walks the graph can show its state that way: "visited", "order 3".
    """
    for recorder in ACTIVE:
        recorder.marked(value, str(text))
