"""What a recording holds of `Value`s: columns that grow, what waits to become rows of them, and the names of nodes.

What waits is one flat list. A node takes three places in it: value, line, scope. Any other event takes six: the value
it befell, line, kind, then two things more that go with the event, and MORE. `settling` writes them down, many at
once; here one node is.
"""

from __future__ import annotations

import sys
import threading
from array import array
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracer.core.columns import BACKWARD, CONST, FORWARD, LIVE, MARK, NO_LINE, WRITE
from tracer.core.growing import EventTable, GrowingPass, longs
from tracer.core.ids import Ids
from tracer.core.op import Op, find_op
from tracer.core.places import Places

if TYPE_CHECKING:
    from tracer.core.record import Recorder
    from tracer.core.tensor import Tensor
    from tracer.core.value import Value

BATCH = 2048
"""Entries that wait at most. What is in them stays alive as long."""
WIDE = 3
"""Places that an entry takes in the list of what waits: a tuple for each would cost more to make and to take apart."""
ENDED, READ, MORE = MARK + 1, MARK + 2, MARK + 3
"""Kinds of entries beyond those of segments: a pass came to its end, the program looked at a number, what goes with the
event before. One of kind BACKWARD says that a pass begins."""


class Ended(NamedTuple):
    """What goes with an event of kind ENDED."""

    growing: GrowingPass
    serials: list[int]
    """Of all that the pass has reached, the newest first."""
    grads: list[float]
    """Their gradients."""
    deliveries: int


class ValueColumns(Places):
    """The part of a `Recorder` that holds the columns."""

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
        self.lock = threading.RLock()  # writing down is many steps, and threads may share a recording
        self._ids = Ids()
        self._op_codes: dict[str, int] = {}
        self._rule_codes: dict[Op | None, int] = {None: 0}
        self._leaves_at: dict[int, int] = {}
        self._whats: tuple[dict[str, int], dict[Any, int]] = {}, {}
        """The scopes, and the number of each thing that may stand as `what`: see `Settling._numbers`."""
        self._arity = np.zeros(256, np.int64)
        """How many inputs the op with each code has."""
        self._waiting: list[Any] = []
        self._room = WIDE * BATCH
        """How long that list may get."""
        self._since = 0
        """What has a smaller serial number is older than the recording, or was made while it did not listen."""
        self._known: set[int] = set()
        """Serial numbers of nodes that are written down: of older ones, and of leaves that something happened to."""
        self._near = False
        """Whether the limit is near: then nothing counts as known, so that the event that goes too far meets it."""

    # One by one

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
            if node is None:
                continue
            if not self._near:
                self._known.add(serial)
            if one._rule is None and one._grad:
                self.brought.append(len(self.writes))
                self._extend(WRITE, len(self.writes))
                self.writes.add(node, row, len(self.value), one._grad)

    def adopting(self, thing: Value | Tensor) -> int:
        """The row of the line that made `thing`, which is about to be taken in: unknown, unless somebody kept it."""
        return NO_LINE

    def _cut(self: Recorder, n: int) -> None:  # type: ignore[misc]
        """Take back rows of half a node: the column of values says how many nodes are whole."""
        if len(self.op) > n or len(self.offsets) > n + 1:
            del self.offsets[n + 1 :]
            del self.inputs[self.offsets[n] :]
            for column in (self.op, self.flags, self.scope, self.line, self.slot, self.static):
                del column[n:]

    def _measure_room(self) -> None:
        room = BATCH if self.limit is None else max(0, min(BATCH, self.limit - len(self.value)))
        self._room = WIDE * room
        if room < BATCH and not self._near:
            self._near, self._since, self._known = True, sys.maxsize, set()

    # The timeline

    def _pass_began(self: Recorder, growing: GrowingPass, root: int) -> None:  # type: ignore[misc]
        growing.index, growing.root = len(self.passes), root
        self.passes.append(growing)
        self._extend(BACKWARD, 0, growing.index, seed=1)

    def _passed(self, growing: GrowingPass, deliveries: int) -> None:
        """A pass is over."""
        segment = self.segments[-1]
        if segment[0] != BACKWARD or segment[3] != growing.index:
            segment = next(s for s in reversed(self.segments) if s[0] == BACKWARD and s[3] == growing.index)
        segment[2] = deliveries

    def _extend(self, kind: int, index: int, pass_index: int = -1, seed: int = 0, count: int = 1) -> None:
        """One more event in the timeline, or `count` of them."""
        last = self.segments[-1] if self.segments else None
        if last is not None and last[0] == kind and last[2] == index and last[3] == pass_index and not seed:
            last[2] = index + count
        else:
            self.segments.append([kind, index, index + count - seed, pass_index, seed])

    # Names, ops, lines

    def _bind(self) -> None:
        """Give nodes the variables their line assigned them to: those that hold what that line made, if anything."""
        self._turn()
        serials: list[int] = []
        wanted: list[tuple[int, int, str]] = []
        while self._looks:
            turn, place, held = self._looks.pop()
            columns = zip(*held, strict=True) if len(place.names) > 1 else (held,)
            for name, things in zip(place.names, columns, strict=True):
                kinds = {kind for kind in set(map(type, things)) if hasattr(kind, "_serial")}
                if kinds:
                    some = [thing._serial for thing in things if type(thing) in kinds]
                    serials += some
                    wanted += [(turn, place.row, name)] * len(some)
        if not serials:
            return
        nodes, lines, flags, bound = self._ids.find_all(longs(serials)).tolist(), self.line, self.flags, self.bound
        found = [
            (turn, node, name)
            for node, (turn, row, name) in zip(nodes, wanted, strict=True)
            if node >= 0 and lines[node] == row
        ]
        found.sort(key=itemgetter(1))
        found.sort(key=itemgetter(0))  # keeps the order of nodes within a turn; most often there is one turn
        for _, node, name in found:
            if not flags[node] & CONST:
                bound.setdefault(node, name)

    def leaf_made_at(self, row: int) -> None:
        self._leaves_at[row] = self._leaves_at.get(row, 0) + 1

    def code_of(self, op: str) -> int:
        """The column code of an op: 1 for the first that is met."""
        return self._op_codes.setdefault(op, len(self._op_codes) + 1)

    def _rule_code(self, rule: Op | None) -> int:
        code = self._rule_codes.get(rule)
        if code is None:
            assert rule is not None, "what no op made has the code 0 from the start"
            code = self.code_of(rule.name)
            self._arity[code] = len(rule.inputs)
            self._rule_codes[rule] = code
        return code

    def op_of(self, code: int) -> Op:
        """The op with this column code."""
        return find_op(tuple(self._op_codes)[code - 1])
