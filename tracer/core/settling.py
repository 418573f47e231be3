"""How what waits in a recording becomes rows of its columns: many entries at once where all they need is known.

An interrupted attempt leaves nothing behind: the next one begins where it began.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import BACKWARD, FORWARD, UPDATE, WRITE
from tracer.core.growing import Received, ascending, locked
from tracer.core.ids import Ints
from tracer.core.record_columns import BATCH, ENDED, READ, Entry, ValueColumns

if TYPE_CHECKING:
    from tracer.core.record import Recorder
    from tracer.core.value import Value

FEW = 32
"""So few are written down one by one."""


class Settling(ValueColumns):
    """The part of a `Recorder` that writes down what waits."""

    def __init__(self) -> None:
        super().__init__()
        self._begun: tuple[int, ...] | None = None
        """How long everything was when the batch now being written down came."""
        self._last: list[int] = []
        """The last segment as it was then."""

    def settle(self: Recorder) -> None:  # type: ignore[misc]
        """Write down all that waits. An interrupted attempt leaves nothing: the next one begins where it began."""
        if not (self._waiting or self.looked or self._looks):
            return
        with self.lock:
            self._take_back()
            while self._waiting:
                batch = self._waiting[:BATCH]
                self._begin()
                self._write_down(batch)
                del self._waiting[: len(batch)]
                self._begun = None
            self._bind()
            self._measure_room()

    def _begin(self: Recorder) -> None:  # type: ignore[misc]
        self._cut(len(self.value))
        self._last = list(self.segments[-1]) if self.segments else []
        self._begun = (
            len(self.value), len(self.segments), len(self.passes), len(self.brought), len(self.writes),
            len(self.updates),
        )  # fmt: skip

    def _take_back(self: Recorder) -> None:  # type: ignore[misc]
        """Forget what an interrupted attempt has written."""
        if self._begun is None:
            return
        nodes, segments, passes, brought, writes, updates = self._begun
        del self.value[nodes:], self.segments[segments:], self.passes[passes:], self.brought[brought:]
        if self.segments:
            self.segments[-1] = list(self._last)
        self.writes.cut(writes)
        self.updates.cut(updates)
        self._ids.cut(nodes)
        self._cut(nodes)
        self._begun = None

    def _write_down(self: Recorder, batch: list[Entry]) -> None:  # type: ignore[misc]
        kinds = None
        if int in set(map(type, map(_what, batch))):
            kinds = np.array([what if type(what) is int else FORWARD for _, _, what in batch], np.uint8)
        if len(batch) > FEW and self._take_all(batch, kinds):
            return
        for low, high in _runs(np.zeros(len(batch), np.uint8) if kinds is None else kinds):
            part = batch[low:high]
            if kinds is None or kinds[low] == FORWARD:
                for value, row, scope in part:
                    self._take(value, row, scope)
            else:
                self._happen_alone(part, kinds[low:high])

    def _take_all(self: Recorder, batch: list[Entry], kinds: NDArray[np.uint8] | None) -> bool:  # type: ignore[misc]
        """Write down many at once; False where one has to do with something not known yet."""
        nodes, events = batch, list[Entry]()
        if kinds is not None and kinds.all():  # an optimizer's loop: no node among them
            nodes, events = [], batch
        elif kinds is not None:
            nodes = [one for one in batch if type(one[2]) is not int]
            events = [one for one in batch if type(one[2]) is int]
        first, count = len(self.value), len(nodes)
        if self.limit is not None and first + count > self.limit:
            return False
        # a comprehension reads a slot in a fifth of the time that `map(attrgetter(...))` takes, and `fromiter` of a
        # list takes half as long as `array.extend`: together a third of what writing down cost
        values = [value for value, _, _ in nodes]
        inputs = [value._ins for value in values]
        serials = np.fromiter([value._serial for value in values], np.int64, count)
        if count:
            self._ids.add(serials, first)
        asked = [x._serial for some in inputs for x in some]
        edges = len(asked)
        if events:
            asked += [thing[0]._serial for thing, _, _ in events]
            asked += [value._serial for thing, _, kind in events if kind == ENDED for value in thing[2]]
        found = self._ids.find_all(np.fromiter(asked, np.int64, len(asked)))
        if len(found) and int(found.min()) < 0:
            self._ids.drop(serials, first)
            return False
        if count:
            self._append(nodes, values, inputs, found[:edges])
        if kinds is None:
            self._extend(FORWARD, first, count=count)
        else:
            made = first + np.cumsum(kinds == FORWARD)
            reached = found[edges + len(events) :]
            self._happen(events, kinds, first, made[kinds != FORWARD], found[edges : edges + len(events)], reached)
        return True

    def _append(  # type: ignore[misc]
        self: Recorder, nodes: list[Entry], values: list[Value], inputs: list[tuple[Value, ...]], sources: Ints
    ) -> None:
        first, count = len(self.value), len(values)
        codes, known = self._rule_codes, self.scope_ids
        try:
            ops = bytes([codes[value._rule] for value in values])
        except KeyError:
            ops = bytes([self._rule_code(value._rule) for value in values])
        try:
            places = [known[scope] for _, _, scope in nodes]
        except KeyError:
            places = [known.setdefault(scope, len(known)) for _, _, scope in nodes]
        live = np.frombuffer(bytes([value._live for value in values]), np.uint8)
        const = np.frombuffer(bytes([value._const for value in values]), np.uint8)
        offsets = np.cumsum(np.fromiter(map(len, inputs), np.int64, count)) + len(self.inputs)
        self.names.update([(node, v._name) for node, v in enumerate(values, start=first) if v._name is not None])
        if self.overrides:
            for value, row, _ in nodes:
                if value._rule is None:
                    self.leaf_made_at(row)
        self.op.frombytes(ops)
        self.flags.frombytes((live | const << 1).tobytes())
        self.scope.frombytes(np.fromiter(places, np.int32, count).tobytes())
        self.line.frombytes(np.fromiter([row for _, row, _ in nodes], np.int32, count).tobytes())
        self.offsets.frombytes(offsets.tobytes())
        self.inputs.frombytes(sources.astype(np.int32).tobytes())
        numbers = np.fromiter([value._data for value in values], np.float64, count)
        self.value.frombytes(numbers.tobytes())  # last: its length says how many nodes are whole

    # Events on nodes

    def _happen_alone(self: Recorder, events: list[Entry], kinds: NDArray[np.uint8]) -> None:  # type: ignore[misc]
        """Write down events; those on nodes that were too many are left out."""
        for thing, row, kind in events:
            if kind != READ and thing[0]._serial not in self._ids:
                self._adopt(thing[0], row, "")
        known = np.array([thing[0]._serial in self._ids for thing, _, _ in events])
        events, kinds = [events[i] for i in np.flatnonzero(known).tolist()], kinds[known]
        nodes = [self._ids[thing[0]._serial] for thing, _, _ in events]
        reached = [self._ids[value._serial] for thing, _, kind in events if kind == ENDED for value in thing[2]]
        made = np.full(len(events), len(self.value))
        self._happen(events, kinds, len(self.value), made, np.array(nodes, np.int64), np.array(reached, np.int64))

    def _happen(  # type: ignore[misc]
        self: Recorder,
        events: list[Entry],
        kinds: NDArray[np.uint8],
        first: int,
        made: Ints,
        nodes: Ints,
        reached: Ints,
    ) -> None:
        """Write down events, and their order among nodes.

        Args:
            kinds: (k,) of nodes and events in their order.
            first: the first of the nodes.
            made: (e,) how many nodes there were at each event.
            nodes: (e,) what it befell.
            reached: what the passes that end here have reached, one after the other.
        """
        table_rows = {WRITE: len(self.writes), UPDATE: len(self.updates)}
        mine = kinds[kinds != FORWARD]
        for kind, table in ((WRITE, self.writes), (UPDATE, self.updates)):
            at = np.flatnonzero(mine == kind)
            if len(at):
                things, rows, _ = zip(*[events[i] for i in at.tolist()], strict=True)
                _, numbers, more = zip(*things, strict=True)
                table.add_all(nodes[at], rows, made[at], numbers, more, flags=kind == WRITE)
        received = _ascending([thing for thing, _, kind in events if kind == ENDED], reached)
        event = 0
        for low, high in _runs(kinds):
            kind, count = int(kinds[low]), high - low
            if kind == FORWARD:
                self._extend(FORWARD, first, count=count)
                first += count
                continue
            if kind in table_rows:
                self._extend(kind, table_rows[kind], count=count)
                table_rows[kind] += count
            else:
                for i in range(event, event + count):
                    thing, row, _ = events[i]
                    if kind == READ:
                        self.frozen[int(nodes[i]), thing[1], row] = None
                    elif kind == BACKWARD:
                        self._pass_began(thing[1], int(nodes[i]))
                    else:
                        thing[1].received = next(received)
                        self._passed(thing[1], thing[4])
            event += count


_what = itemgetter(2)


def _ascending(passes: list[tuple[Any, ...]], reached: Ints) -> Iterator[Received]:
    """What each pass left at each node.

    Args:
        passes: what the entries of their ends hold.
        reached: nodes, pass after pass.
    """
    grads = np.fromiter([grad for one in passes for grad in one[3]], np.float64, len(reached))
    stops = np.cumsum([len(one[2]) for one in passes])
    rises = np.flatnonzero(np.diff(reached) > 0) + 1
    if not np.isin(rises, stops).all():  # values that were taken in later than their users
        for some, theirs in zip(np.split(reached, stops[:-1]), np.split(grads, stops[:-1]), strict=True):
            yield ascending(some, theirs)
        return
    # the engine goes from the newest to the oldest: turned round they are in order, in one go for all passes
    nodes, grads = locked(reached[::-1].astype(np.int32)), locked(grads[::-1].copy())
    bounds = (len(reached) - np.append(0, stops)).tolist()
    for high, low in pairwise(bounds):
        yield nodes[low:high], grads[low:high]


def _runs(kinds: NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """Where each run of equal kinds begins and stops."""
    bounds = (np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist()
    return pairwise([0, *bounds, len(kinds)] if len(kinds) else [])
