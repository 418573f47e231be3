"""What a recording notes of `Value`s: they wait in a row until somebody asks, then many become columns at once.

Waiting is one append, which other threads cannot fall into. Every other event first has all that wait written down.
"""

from __future__ import annotations

import threading
from array import array
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

import numpy as np

from tracer.core.columns import BACKWARD, CONST, FORWARD, LIVE, MARK, NO_LINE, UPDATE, WRITE
from tracer.core.growing import EventTable, GrowingPass
from tracer.core.ids import Ids
from tracer.core.op import Op, find_op
from tracer.core.places import Places, getframe
from tracer.core.scope import current_scope

if TYPE_CHECKING:
    from tracer.core.record import Recorder
    from tracer.core.tensor import Tensor
    from tracer.core.value import Value

BATCH = 2048
"""Values that wait at most. They stay alive as long."""
FEW = 32
"""So few are written down one by one."""
_serial, _inputs, _data, _grad = (attrgetter(name) for name in ("_serial", "_ins", "_data", "_grad"))


class ValueEvents(Places):
    """The part of a `Recorder` that `Value`s talk to, and the columns they fill."""

    def __init__(self) -> None:
        super().__init__()
        self.op, self.flags = array("B"), array("B")
        self.inputs, self.scope, self.line = array("i"), array("i"), array("i")
        self.offsets, self.value = array("q", [0]), array("d")
        self.scope_ids: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.bound: dict[int, str] = {}
        """Node -> the variable it was assigned to when it was made; one name may come many times, as in a loop."""
        self.writes, self.updates, self.marks = EventTable(), EventTable(), EventTable()
        self.mark_texts: list[str] = []
        self.brought: list[int] = []
        """Rows of `writes` that a value came with when it was taken in."""
        self.segments: list[list[int]] = []
        self.frozen: dict[tuple[int, str, int], None] = {}
        self.limit: int | None = None
        self.lock = threading.RLock()  # an event is several appends, and threads may share a recording
        self._ids = Ids()
        self._op_codes: dict[str, int] = {}
        self._rule_codes: dict[int, int] = {id(None): 0}  # an Op's hash is that of all it holds
        self._rules: list[Op] = []  # an id is that of one op as long as it lives
        self._leaves_at: dict[int, int] = {}
        self._waiting: list[tuple[Value, int, str]] = []
        self._room = BATCH

    # A node

    def made(self: Recorder, value: Value, depth: int = 3) -> None:  # type: ignore[misc]
        """A node came into being: a leaf, a constant or an op's output.

        Args:
            depth: frames from this one out that are ours for certain.
        """
        if len(self._waiting) >= self._room:
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
                    if last.stretch != place.stretch or last.at >= place.at or watched[0] is not frame:
                        self._look()
                if place.assigns:
                    self._watched = frame, place
        self._waiting.append((value, row, current_scope()))

    def _make_room(self: Recorder) -> None:  # type: ignore[misc]
        self.settle()
        self.check_limit()
        self._room = BATCH if self.limit is None else min(BATCH, self.limit - len(self.value))

    def check_limit(self: Recorder) -> None:  # type: ignore[misc]
        """Raise `RecordLimit` where one more node would be too many."""
        from tracer.core.record import RecordLimit

        if self.limit is not None and len(self.value) >= self.limit:
            raise RecordLimit(self.limit)

    def settle(self: Recorder) -> None:  # type: ignore[misc]
        """Write down all that waits. An interrupted attempt leaves nothing: the next one begins where it began."""
        if not (self._waiting or self.looked):
            return
        with self.lock:
            while self._waiting:
                batch = self._waiting[:BATCH]
                self._cut(len(self.value))
                if len(batch) <= FEW or not self._take_all(batch):
                    for value, row, scope in batch:
                        self._take(value, row, scope)
                del self._waiting[: len(batch)]
            self._bind()
            self._room = BATCH if self.limit is None else max(0, min(BATCH, self.limit - len(self.value)))

    def _cut(self: Recorder, n: int) -> None:  # type: ignore[misc]
        """Take back rows that an interrupted attempt left: the column of values says how many nodes are whole."""
        if len(self.op) > n or len(self.offsets) > n + 1:
            del self.offsets[n + 1 :]
            del self.inputs[self.offsets[n] :]
            for column in (self.op, self.flags, self.scope, self.line, self.slot, self.static):
                del column[n:]

    def _take_all(self: Recorder, batch: list[tuple[Value, int, str]]) -> bool:  # type: ignore[misc]
        """Write down many at once; False where one was made from something not known yet."""
        values, rows, scopes = zip(*batch, strict=True)
        first, count = len(self.value), len(batch)
        if self.limit is not None and first + count > self.limit:
            return False
        inputs = list(map(_inputs, values))
        serials = np.fromiter(map(_serial, values), np.int64, count)
        self._ids.add(serials, first)
        sources = self._ids.find_all(np.array([x._serial for some in inputs for x in some], np.int64))
        if len(sources) and int(sources.min()) < 0:
            self._ids.drop(serials, first)
            return False
        codes = self._rule_codes
        try:
            ops = [codes[id(value._rule)] for value in values]
        except KeyError:
            ops = [self._rule_code(value._rule) for value in values]
        known = self.scope_ids
        try:
            places = [known[scope] for scope in scopes]
        except KeyError:
            places = [known.setdefault(scope, len(known)) for scope in scopes]
        offsets = np.cumsum(np.fromiter(map(len, inputs), np.int64, count)) + len(self.inputs)
        self.names.update([(node, v._name) for node, v in enumerate(values, start=first) if v._name is not None])
        if self.overrides:
            for value, row in zip(values, rows, strict=True):
                if value._rule is None:
                    self.leaf_made_at(row)
        self.op.extend(ops)
        self.flags.extend([value._live | value._const << 1 for value in values])
        self.scope.extend(places)
        self.line.extend(rows)
        self.offsets.frombytes(offsets.tobytes())
        self.inputs.frombytes(sources.astype(np.int32).tobytes())
        self.value.extend(map(_data, values))  # last: its length says how many nodes are whole
        self._extend(FORWARD, first, count=count)
        return True

    def _take(self: Recorder, value: Value, row: int, scope: str) -> None:  # type: ignore[misc]
        """Write down one node, with all it was made from that is not known yet."""
        if self.limit is not None and len(self.value) >= self.limit:
            return
        rule = value._rule
        inputs = [self._source(source, row, scope) for source in value._ins]  # listed first: adopting adds inputs too
        if self.limit is not None and len(self.value) >= self.limit:
            return
        node = len(self.value)
        if rule is None and self.overrides:
            self.leaf_made_at(row)
        self._ids[value._serial] = node
        if value._name is not None:
            self.names[node] = value._name
        self.inputs.extend(inputs)
        self.op.append(self._rule_code(rule))
        self.flags.append((LIVE if value._live else 0) | (CONST if value._const else 0))
        self.scope.append(self.scope_ids.setdefault(scope, len(self.scope_ids)))
        self.line.append(row)
        self.offsets.append(len(self.inputs))
        self.value.append(value._data)  # last: its length says how many nodes are whole
        self._extend(FORWARD, node)

    def _source(self: Recorder, value: Value, row: int, scope: str) -> int:  # type: ignore[misc]
        node = self._ids.find(value._serial)
        if node is None:
            self._adopt(value, row, scope)
            node = self._ids.find(value._serial)
        return -1 if node is None else node  # none where the limit is reached: its user will not come either

    def _adopt(self: Recorder, value: Value, row: int, scope: str) -> None:  # type: ignore[misc]
        """Take in a value made before recording began, with all it was made from.

        Args:
            row: the line that wants it.
        """
        found: dict[int, Value] = {}
        stack = [value]
        while stack:
            one = stack.pop()
            if one._serial in found or one._serial in self._ids:
                continue
            found[one._serial] = one
            stack.extend(one._ins)
        for serial in sorted(found):
            one = found[serial]
            self._take(one, self.adopting(one), scope)
            node = self._ids.find(serial)
            if one._rule is None and one._grad and node is not None:
                self.brought.append(len(self.writes))
                self._extend(WRITE, len(self.writes))
                self.writes.add(node, row, len(self.value), one._grad)

    def adopting(self, thing: Value | Tensor) -> int:
        """The row of the line that made `thing`, which is about to be taken in: unknown, unless somebody kept it."""
        return NO_LINE

    def _bind(self) -> None:
        """Give nodes the variables their line assigned them to: those that hold what that line made, if anything."""
        found: list[tuple[int, str]] = []
        while self.looked:
            place = self.looked.pop()
            held, place.held = place.held, []
            columns = zip(*held, strict=True) if len(place.names) > 1 else (held,)
            for name, things in zip(place.names, columns, strict=True):
                kinds = {kind for kind in set(map(type, things)) if hasattr(kind, "_serial")}
                if kinds and len(things) <= FEW:
                    some = [self._ids.find(thing._serial) for thing in things if type(thing) in kinds]
                    found += [(n, name) for n in some if n is not None and self.line[n] == place.row]
                elif kinds:
                    serials = [thing._serial for thing in things if type(thing) in kinds]
                    nodes = self._ids.find_all(np.array(serials, np.int64))
                    made_here = np.frombuffer(self.line, np.int32)[nodes] == place.row
                    found += [(node, name) for node in nodes[(nodes >= 0) & made_here].tolist()]
        for node, name in sorted(found, key=itemgetter(0)):
            if not self.flags[node] & CONST:
                self.bound.setdefault(node, name)

    def leaf_made_at(self, row: int) -> None:
        self._leaves_at[row] = self._leaves_at.get(row, 0) + 1

    def code_of(self, op: str) -> int:
        """The column code of an op: 1 for the first that is met."""
        return self._op_codes.setdefault(op, len(self._op_codes) + 1)

    def _rule_code(self, rule: Op | None) -> int:
        code = self._rule_codes.get(id(rule))
        if code is None:
            assert rule is not None, "what no op made has the code 0 from the start"
            self._rules.append(rule)
            code = self._rule_codes[id(rule)] = self.code_of(rule.name)
        return code

    def op_of(self, code: int) -> Op:
        """The op with this column code."""
        return find_op(tuple(self._op_codes)[code - 1])

    def _extend(self, kind: int, index: int, pass_index: int = -1, seed: int = 0, count: int = 1) -> None:
        """One more event in the timeline, or `count` of them."""
        last = self.segments[-1] if self.segments else None
        if last is not None and last[0] == kind and last[2] == index and last[3] == pass_index and not seed:
            last[2] = index + count
        else:
            self.segments.append([kind, index, index + count - seed, pass_index, seed])

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

    def wrote(self: Recorder, value: Value, grad: float | None) -> None:  # type: ignore[misc]
        """A gradient was assigned: zeroed, usually."""
        row = self.here()
        with self.lock:
            node = self.id_of(value, row)
            self._extend(WRITE, len(self.writes))
            self.writes.add(node, row, len(self.value), grad or 0.0, flag=int(grad is None))

    def updated(self: Recorder, value: Value, new: float) -> None:  # type: ignore[misc]
        """A leaf's value was assigned: an optimizer step, usually."""
        row = self.here()
        with self.lock:
            node = self.id_of(value, row)
            self._extend(UPDATE, len(self.updates))
            self.updates.add(node, row, len(self.value), new, before=value._data)

    def marked(self: Recorder, value: Value | Tensor, text: str) -> None:  # type: ignore[misc]
        row = self.here()
        with self.lock:
            node = self.id_of(value, row)
            self._extend(MARK, len(self.marks))
            self.mark_texts.append(text)
            self.marks.add(node, row, len(self.value))

    def began_pass(self: Recorder, root: Value, combine: str, *, ordinary: bool) -> GrowingPass:  # type: ignore[misc]
        row = self.here()
        with self.lock:
            node = self.id_of(root, row)
            growing = GrowingPass(len(self.passes), node, combine, row)
            growing.ordinary = ordinary
            if not ordinary:
                growing.grads[node] = 1.0
            self.passes.append(growing)
            self._extend(BACKWARD, 0, growing.index, seed=1)
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

    def ended_pass(self: Recorder, growing: GrowingPass, reached: list[Value], deliveries: int) -> None:  # type: ignore[misc]
        """All gradients of an ordinary pass as the engine left them; its order of deliveries is implied."""
        with self.lock:
            self.settle()
            if len(reached) <= FEW:
                growing.grads = {self._ids[value._serial]: value._grad for value in reached}
                self._passed(growing, deliveries)
                return
            nodes = self._ids.find_all(np.fromiter(map(_serial, reached), np.int64, len(reached)))
            assert (nodes >= 0).all(), "whatever leads to a recorded root was taken in with it"
            growing.take(nodes, np.fromiter(map(_grad, reached), np.float64, len(reached)))
            self._passed(growing, deliveries)

    def _passed(self, growing: GrowingPass, deliveries: int) -> None:
        segment = next(s for s in reversed(self.segments) if s[0] == BACKWARD and s[3] == growing.index)
        segment[2] = deliveries
