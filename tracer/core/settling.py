"""How what waits in a recording becomes rows of its columns: many entries at once where all they need is known.

An interrupted attempt leaves nothing behind: the next one begins where it began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, compress, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import BACKWARD, CONST, FORWARD, LIVE, UPDATE, WRITE
from tracer.core.growing import Received, ascending, doubles, ints, locked, longs
from tracer.core.ids import Ints
from tracer.core.record_columns import ENDED, MORE, READ, WIDE, Ended, ValueColumns

if TYPE_CHECKING:
    from tracer.core.record import Recorder
    from tracer.core.value import Value

FEW = 32
"""So few are written down one by one."""


class Events(NamedTuple):
    """Events on nodes that are written down together, nodes among them."""

    order: NDArray[Any]
    """(k,) the kinds of nodes and events in their order."""
    kinds: NDArray[Any]
    """(e,) the kind of each event."""
    before: Ints
    """(e,) how many of the nodes come before it."""
    values: list[Value]
    """What each befell."""
    lines: NDArray[np.int32]
    """(e,) rows in the line table."""
    numbers: list[Any]
    more: list[Any]
    """What goes with each: see `ValueEvents`."""

    @classmethod
    def of(cls, things: list[Any], rows: list[Any], kinds: NDArray[Any]) -> Events:
        """Those among entries.

        Args:
            kinds: (n,) of each entry.
        """
        mine = kinds != FORWARD
        before = np.cumsum(~mine)[mine][::2]
        if not mine.all():
            which = mine.tolist()
            things, rows = list(compress(things, which)), list(compress(rows, which))
        own = kinds[mine][::2]  # every second one is MORE
        return cls(kinds[kinds != MORE], own, before, things[::2], ints(rows[::2]), things[1::2], rows[1::2])

    def among(self, which: NDArray[np.bool_]) -> Events:
        """Some of them, by themselves."""
        if which.all():
            return self
        some = which.tolist()
        values, numbers, more = (list(compress(one, some)) for one in (self.values, self.numbers, self.more))
        kinds = self.kinds[which]
        return Events(kinds, kinds, self.before[which], values, self.lines[which], numbers, more)

    def ends(self) -> list[Ended]:
        """Of the passes that end here."""
        at = self.kinds == ENDED
        return list(compress(self.numbers, at.tolist())) if at.any() else []

    def serials(self) -> list[int]:
        """The numbers of what they befell, then of what the passes that end here have reached."""
        found = [value._serial for value in self.values]
        for end in self.ends():
            found += end.serials
        return found

    def runs(self) -> Iterator[tuple[int, int]]:
        """The kind and the length of each run of nodes or of one kind of events."""
        kinds = self.order.tolist()
        return ((kinds[low], high - low) for low, high in _runs(self.order))


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
                batch = self._waiting[:]
                self._begin()
                self._write_down(batch[::WIDE], batch[1::WIDE], batch[2::WIDE])
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

    def _write_down(self: Recorder, things: list[Any], rows: list[Any], whats: list[Any]) -> None:  # type: ignore[misc]
        """Write down entries."""
        if len(things) > FEW and self._take_all(things, rows, whats):
            return
        kinds = np.array([what if type(what) is int else FORWARD for what in whats], np.uint8)
        for low, high in _runs(kinds != FORWARD):
            if kinds[low]:
                self._happen_alone(Events.of(things[low:high], rows[low:high], kinds[low:high]))
                continue
            for i in range(low, high):
                self._take(things[i], rows[i], whats[i])

    def _take_all(self: Recorder, things: list[Any], rows: list[Any], whats: list[Any]) -> bool:  # type: ignore[misc]
        """Write down many at once; False where one has to do with something not known yet."""
        first = len(self.value)
        room = len(whats) if self.limit is None else self.limit - first
        if room < len(whats) and room < sum(type(what) is not int for what in whats):
            return False
        numbers = self._numbers(whats)
        mine, events = numbers >= 0, None
        if not mine.all():
            events = Events.of(things, rows, np.maximum(-numbers, FORWARD))
            nodes = mine.tolist()
            things, rows, numbers = list(compress(things, nodes)), list(compress(rows, nodes)), numbers[mine]
        # a comprehension reads a slot in a fifth of the time that `map(attrgetter(...))` takes
        serials = longs([value._serial for value in things])
        if things:
            self._ids.add(serials, first)
        sources = [x._serial for value in things for x in value._ins]
        asked = sources if events is None else sources + events.serials()
        found = self._ids.find_all(longs(asked))
        if len(found) and int(found.min()) < 0:
            self._ids.drop(serials, first)
            return False
        if things:
            self._append(things, ints(rows), numbers, found[: len(sources)])
        if events is None:
            self._extend(FORWARD, first, count=len(things))
        else:
            self._happen(events, found[len(sources) :], first)
        return True

    def _numbers(self: Recorder, whats: list[Any]) -> NDArray[np.int32]:  # type: ignore[misc]
        """The scope of each node, and of any other event its kind with a minus.

        New scopes are added to those that are known.
        """
        scopes, known = self._whats
        if scopes is not self.scope_ids:  # the first time, or the recording was cut
            scopes = self.scope_ids
            known = {kind: -kind for kind in range(BACKWARD, MORE + 1)}
            known.update(scopes)
            self._whats = scopes, known
        try:
            return ints(_looked_up(known, whats))
        except KeyError:
            for scope in dict.fromkeys(whats):
                if scope not in known:
                    known[scope] = scopes.setdefault(scope, len(scopes))
            return ints(_looked_up(known, whats))

    def _append(  # type: ignore[misc]
        self: Recorder, values: list[Value], lines: NDArray[np.int32], scopes: NDArray[np.int32], sources: Ints
    ) -> None:
        """Many more nodes in the columns.

        Args:
            lines: (n,) rows in the line table.
            scopes: (n,) their numbers.
            sources: the nodes that they were made from, one node's after the other's.
        """
        first, rules = len(self.value), [value._rule for value in values]
        try:
            ops = bytes(_looked_up(self._rule_codes, rules))
        except KeyError:
            ops = bytes([self._rule_code(rule) for rule in rules])
        codes = np.frombuffer(ops, np.uint8)
        live = np.frombuffer(bytes([value._live for value in values]), np.uint8)
        plain = (codes | live) == 0  # no op made it, and it takes no gradient: a plain number
        offsets = np.cumsum(self._arity[codes]) + len(self.inputs)
        names = [value._name for value in values]
        if names.count(None) < len(names):
            self.names.update([(node, name) for node, name in enumerate(names, start=first) if name is not None])
        if self.overrides:
            for row in lines[codes == 0].tolist():
                self.leaf_made_at(row)
        self.op.frombytes(ops)
        self.flags.frombytes((live * np.uint8(LIVE) | plain * np.uint8(CONST)).tobytes())
        self.scope.frombytes(scopes.tobytes())
        self.line.frombytes(lines.tobytes())
        self.offsets.frombytes(offsets.tobytes())
        self.inputs.frombytes(sources.astype(np.int32).tobytes())
        numbers = doubles([value._data for value in values])
        self.value.frombytes(numbers.tobytes())  # last: its length says how many nodes are whole

    # Events on nodes

    def _happen_alone(self: Recorder, events: Events) -> None:  # type: ignore[misc]
        """Write down events; those on nodes that were too many are left out."""
        for value, row, kind in zip(events.values, events.lines.tolist(), events.kinds.tolist(), strict=True):
            if kind != READ and value._serial not in self._ids:
                self._adopt(value, row, "")
        events = events.among(np.array([value._serial in self._ids for value in events.values], bool))
        found = [self._ids[serial] for serial in events.serials()]
        self._happen(events, np.array(found, np.int64), len(self.value))

    def _happen(self: Recorder, events: Events, found: Ints, first: int) -> None:  # type: ignore[misc]
        """Write down events, and their order among nodes.

        Args:
            found: the nodes of `events.serials()`.
            first: the first of the nodes among them.
        """
        count = len(events.values)
        befell, made = found[:count], events.before + first
        rows = {WRITE: len(self.writes), UPDATE: len(self.updates)}
        for kind, table in ((WRITE, self.writes), (UPDATE, self.updates)):
            at = events.kinds == kind
            if at.any():
                some = events.among(at)
                table.add_all(befell[at], some.lines, made[at], some.numbers, some.more, flags=kind == WRITE)
        received = _ascending(events.ends(), found[count:])
        nodes, lines, event = befell.tolist(), events.lines.tolist(), 0
        for kind, length in events.runs():
            if kind == FORWARD:
                self._extend(FORWARD, first, count=length)
                first += length
                continue
            for i in range(event, event + length) if kind not in rows else ():
                what = events.numbers[i]
                if kind == BACKWARD:
                    self._pass_began(what, nodes[i])
                elif kind == ENDED:
                    what.growing.received = next(received)
                    self._passed(what.growing, what.deliveries)
                else:
                    self.frozen[nodes[i], what, lines[i]] = None
            if kind in rows:
                self._extend(kind, rows[kind], count=length)
                rows[kind] += length
            event += length


def _looked_up(table: Mapping[Any, int], keys: Sequence[Any]) -> Sequence[int]:
    """What each of these keys stands for; one call for all of them.

    Raises:
        KeyError: one is missing.
    """
    return itemgetter(*keys)(table) if len(keys) > 1 else [table[key] for key in keys]


def _ascending(ends: list[Ended], reached: Ints) -> Iterator[Received]:
    """What each pass left at each node.

    Args:
        reached: nodes, pass after pass.
    """
    if not ends:
        return
    grads = doubles(list(chain.from_iterable([end.grads for end in ends])))
    stops = np.cumsum([len(end.serials) for end in ends])
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


def _runs(kinds: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Where each run of equal kinds begins and stops."""
    bounds = (np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist()
    return pairwise([0, *bounds, len(kinds)] if len(kinds) else [])
