"""Where a lesson stops: a node's name, what happens to it and which time; found in a trace, never counted by hand.

A stop is not a position. So it survives an edit of a leaf (the program runs again, perhaps with another graph) and a
line added to the program. What it expects is the original run's number, and belongs to that run alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from tracer.errors import did_you_mean
from tracer.lessons.claim import Expected, denied
from tracer.lessons.part import Part, part
from tracer.lessons.words import fields, fill, is_known, why_not
from tracer.text import Text

if TYPE_CHECKING:  # the gallery lists lessons without waiting for NumPy
    from tracer.explain.amount import Amount
    from tracer.trace.cursor import Cursor
    from tracer.trace.segment import Segment
    from tracer.trace.trace import Trace

Kind = Literal["forward", "backward", "complete", "write", "update", "mark"]
"""What happens to the node: it is made; one contribution (or the starting 1) arrives; the last one of a pass arrives;
its gradient is written (`x.grad = 0`); its value is updated (`w.data -= ...`); a word is hung on it."""
KINDS: tuple[Kind, ...] = get_args(Kind)
WITH_GRADIENT: tuple[Kind, ...] = ("backward", "complete", "write")


@dataclass(frozen=True)
class Stop:
    """A moment worth a sentence."""

    node: str
    """Its name, or a part of a tensor: `W[0, 1]` is the moment of W, and what is expected is said of that element."""
    kind: Kind
    say: Text
    """May hold fields: see `tracer.lessons.words`."""
    occurrence: int = 1
    """Which time this happens to a node of this name, from 1."""
    via: str | None = None
    """For `backward`: only contributions that arrive through this user."""
    expect: Expected | str | None = None
    """Gradient (`backward`, `complete`, `write`), value (`forward`, `update`) or word (`mark`) at this moment."""
    expect_shape: tuple[int, ...] | None = None
    """The shape of that gradient or value."""
    contribution: Expected | None = None
    """For `backward` and `complete`: what this edge delivers."""
    quiz: bool | tuple[int, ...] = False
    """Whether the gradient is a blank in a quiz, or which element of it. Where only one stop is, every `complete` stop
    is a blank too."""

    def asked(self, trace: Trace, node: int) -> int:
        """Which element of a tensor a quiz asks for, an index into the flattened tensor; where none is named, 0."""
        this = part(trace, self.node)
        where = self.quiz if isinstance(self.quiz, tuple) else this.where
        return Part(this.name, where).element(trace.shape(node)) or 0

    def describe(self) -> str:
        """For messages: `'x' backward (2nd time)` in plain words."""
        time = f", time {self.occurrence}" if self.occurrence > 1 else ""
        return f"{self.kind!r} of {self.node!r}{f' through {self.via!r}' if self.via else ''}{time}"


@dataclass(frozen=True)
class Arrival:
    """A stop, found in a trace."""

    position: int
    stop: Stop
    node: int
    say: Text
    """The stop's words with this trace's numbers."""


class Event(NamedTuple):
    """Something a stop can wait for."""

    position: int
    kind: Kind
    node: int
    via: int | None = None


def events(trace: Trace) -> list[Event]:
    """Everything a stop can wait for, in order of time. Costs a step a segment row; no state is computed."""
    found: list[Event] = []
    last: dict[tuple[int, int], Event] = {}  # the latest arrival at a node within a pass
    for segment in trace.segments:
        if segment.kind == "backward":
            for position, node, user in _arriving(trace, segment):
                found.append(Event(position, "backward", node, user))
                last[segment.pass_index, node] = Event(position, "complete", node, user)
            continue
        rows = range(segment.first, segment.first + len(segment))
        nodes = rows if segment.kind == "forward" else trace.table(segment.kind).node[rows.start : rows.stop].tolist()
        found += [Event(segment.start + i, segment.kind, node) for i, node in enumerate(nodes, start=1)]
    return sorted([*found, *last.values()], key=lambda event: event.position)


def _arriving(trace: Trace, segment: Segment) -> Iterator[tuple[int, int, int | None]]:
    """(position, node, user) of each arrival in a stretch of a backward pass; the seed has no user."""
    from tracer.trace.segment import PARTS

    this = trace.passes[segment.pass_index]
    if segment.seed:
        yield segment.start + 1, this.root, None
    for i in range((len(segment) - segment.seed) // PARTS):
        delivery = segment.first + i
        yield segment.start + segment.seed + PARTS * (i + 1), int(this.targets[delivery]), int(this.users[delivery])


def find(stop: Stop, trace: Trace, among: Sequence[Event]) -> Event | None:
    """The event this stop waits for, or None when it does not happen in this trace."""
    times, name = 0, part(trace, stop.node).name
    for event in among:
        if event.kind == stop.kind and trace.name(event.node) == name:
            if stop.via is not None and (event.via is None or trace.label(event.via) != stop.via):
                continue
            times += 1
            if times == stop.occurrence:
                return event
    return None


def arrivals(stops: Sequence[Stop], trace: Trace, folded: Trace | None = None) -> tuple[Arrival, ...]:
    """The stops that happen in this trace, in order of time, their words with its numbers.

    Args:
        folded: the same run before nodes of it were opened.
    """
    among, before, met = events(trace), [] if folded is None else events(folded), []
    for stop in stops:
        event = find(stop, trace, among)
        if event is not None:
            whole = None if folded is None else find(stop, folded, before)
            edge = folded.cursor(whole.position) if folded is not None and whole is not None else None
            say = fill(stop.say, trace.cursor(event.position), edge)
            met.append(Arrival(event.position, stop, event.node, say))
    return tuple(sorted(met, key=lambda arrival: arrival.position))


def problems(stops: Sequence[Stop], trace: Trace) -> Iterator[str]:
    """What the original run's trace denies: `stop 2: ...`, one line each."""
    among = events(trace)
    before = 0
    for i, stop in enumerate(stops, start=1):
        event = find(stop, trace, among)
        if event is None:
            yield f"stop {i}: {stop.describe()} never happens in this run. {_hint(stop, trace)}"
            continue
        if event.position < before:
            yield f"stop {i}: {stop.describe()} happens before stop {i - 1}; stops stand in order of time."
        before = event.position
        yield from (f"stop {i}: {line}" for line in _denied(stop, trace.cursor(event.position), event.node))


def unknown_numbers(text: Text, cursor: Cursor) -> list[str]:
    """The fields of `text` that have no number at this position."""
    found = []
    for name in fields(text):
        if name != "=" and not is_known(cursor, name):
            why = why_not(cursor, name)
            found.append(f"{{{name}}} ({why})" if why else f"{{{name}}}")
    return found


def _denied(stop: Stop, cursor: Cursor, node: int) -> Iterator[str]:
    value = cursor.data(node)
    if value is not None and part(cursor.trace, stop.node).of(value) is None:
        yield f"there is no {stop.node}: its shape is {_shape_of(value)}."
        return
    if isinstance(stop.quiz, tuple) and Part(stop.node, stop.quiz).element(cursor.trace.shape(node)) is None:
        yield f"'quiz' asks for {list(stop.quiz)} of {stop.node}, which is no element of it."
    if isinstance(stop.expect, str):
        if stop.expect not in cursor.marks(node):
            yield f"expects the word {stop.expect!r} on {stop.node}; it has {', '.join(cursor.marks(node)) or 'none'}."
    elif stop.expect is not None or stop.expect_shape is not None:
        yield from _denied_number(stop, cursor, node)
    if stop.contribution is not None:
        arrived = cursor.moment.contribution
        this = part(cursor.trace, stop.node)
        line = denied(stop.contribution, None if arrived is None else this.of(arrived), "as the contribution")
        if line is not None:
            yield line
    unknown = unknown_numbers(stop.say, cursor)
    if unknown:
        yield f"'say' uses {', '.join(unknown)}, which has no number at this moment."


def _denied_number(stop: Stop, cursor: Cursor, node: int) -> Iterator[str]:
    """What the trace says against the number and the shape a stop expects."""
    what, whole = ("gradient", cursor.grad(node)) if stop.kind in WITH_GRADIENT else ("value", cursor.data(node))
    got = None if whole is None else part(cursor.trace, stop.node).of(whole)
    shape = None if got is None else _shape_of(got)
    if stop.expect_shape not in (None, shape):
        has = "none" if shape is None else shape
        yield f"expects {stop.expect_shape} as the shape of the {what} of {stop.node}; the trace has {has}."
    if stop.expect is not None and not isinstance(stop.expect, str):
        line = denied(stop.expect, got, f"as the {what} of {stop.node}")
        if line is not None:
            yield line


def _hint(stop: Stop, trace: Trace) -> str:
    names = list(dict.fromkeys(name for node in range(trace.n_nodes) if (name := trace.name(node))))
    name = part(trace, stop.node).name
    if name in names:
        return f"{name!r} exists."
    return did_you_mean(name, names) or f"Names: {', '.join(names) or 'none'}."


def _shape_of(value: Amount) -> tuple[int, ...]:
    """() of a float or a single number."""
    return getattr(value, "shape", ())
