"""A lesson: a program that runs by itself, and a TOML beside it that says where to stop and what to say.

`samples/<document>/NN_slug.py` is what the Source panel shows; `NN_slug.toml` holds words, stops and the end card.
The two files are all there is to adding one. Every number a lesson claims is held to the program's trace by
`Lesson.check`, which the tests run on all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

from tracer.errors import LessonError
from tracer.lessons.claim import Expected, denied
from tracer.lessons.part import nodes_named, part
from tracer.lessons.stop import KINDS, Arrival, Kind, Stop, arrivals, problems, unknown_numbers
from tracer.lessons.toml import Table, read
from tracer.lessons.words import amount, fields, fill
from tracer.text import Text, clean

if TYPE_CHECKING:  # the gallery lists lessons without waiting for NumPy
    from tracer.trace.trace import Trace

Notation = Literal["boxes", "textbook"]
Granularity = Literal["part", "edge", "node", "scope", "pass"]

LESSON_KEYS = (
    "title", "source", "minutes", "notation", "by", "intro", "stop", "card", "change", "next",
    "compare", "caption", "beside",
)  # fmt: skip
STOP_KEYS = ("node", "kind", "occurrence", "via", "say", "expect", "expect_shape", "contribution", "quiz")
CARD_KEYS = ("result", "question", "answer")
SEE_KEYS = ("node", "kind", "occurrence", "via", "expect", "expect_shape")
CHANGE_KEYS = ("leaf", "to", "say", *SEE_KEYS)


@dataclass(frozen=True)
class Change:
    """Something to try: another value for one leaf."""

    leaf: str
    """Its name; of a tensor an element: `W[0, 1]`."""
    to: float
    say: Text
    """What to look at."""
    see: Stop
    """Where it shows, and the number expected there when `leaf` starts from `to`."""


@dataclass(frozen=True)
class Card:
    """What a lesson ends on: the result, one question and its answer, something to change."""

    result: Text
    question: Text
    answer: Text
    change: Change | None


@dataclass(frozen=True)
class Lesson:
    """A program, where to stop in it, and what to say there."""

    name: str
    """Folder and file, as the command line takes it: `06-backpropagation/03_graph`."""
    file: Path
    """The TOML."""
    program: Path
    title: Text
    source: str
    """Where it comes from: `§6.3`, or empty."""
    minutes: int
    notation: Notation
    by: Granularity | None
    """The granularity it opens with; None leaves it to the app's default."""
    intro: Text
    """What is said before the first step."""
    stops: tuple[Stop, ...]
    card: Card
    next: str | None
    """The lesson after this one, when it is not simply the next in order."""
    compare: Path | None
    """A second program to walk in lockstep with this one."""
    caption: Text | None
    """What the pair shows: given exactly when `compare` is."""
    beside: tuple[tuple[str, Expected], ...]
    """What the second program ends with: `("∂x", 27)` is x's gradient, `("w", 3.125)` w's value."""

    @property
    def section(self) -> str:
        """`6.3` of `§6.3`: what a list shows before the title. Empty when there is none."""
        return self.source.split(",")[0].strip().removeprefix("§") if self.source.startswith("§") else ""

    def stops_at(self, trace: Trace, folded: Trace | None = None) -> tuple[Arrival, ...]:
        """The stops that happen in `trace`, in order of time, words filled in with its numbers.

        Args:
            folded: the same run before nodes of it were opened.
        """
        return arrivals(self.stops, trace, folded)

    def card_at(self, trace: Trace) -> Card:
        """The end card with the numbers `trace` ends with."""
        end = trace.cursor(len(trace))
        card = self.card
        return replace(
            card, result=fill(card.result, end), question=fill(card.question, end), answer=fill(card.answer, end)
        )

    def check(self, trace: Trace) -> None:
        """Hold every claim to the trace of the program as it stands, no leaf edited.

        Raises:
            LessonError: a stop that never happens or is out of order, an expected number the trace denies, words
                that use a number before it is known.
        """
        for line in self.denied(trace):
            raise LessonError(f"{self.file.name}: {line}")

    def denied(self, trace: Trace) -> Iterator[str]:
        """Every claim that the trace denies, one line each."""
        yield from problems(self.stops, trace)
        yield from card_denied(self.card, trace)

    def check_change(self, trace: Trace) -> None:
        """Hold the end card's suggestion to a run in which its leaf starts from the suggested value.

        Raises:
            LessonError: the gradient is not what the card's author expects.
        """
        change = self.card.change
        if change is not None:
            for line in problems((change.see,), trace):
                raise LessonError(f"{self.file.name}: change: {line.removeprefix('stop 1: ')}")

    def check_beside(self, trace: Trace) -> None:
        """Hold `beside` to the trace of the second program.

        Raises:
            LessonError: it does not end with one of those numbers.
        """
        end = trace.cursor(len(trace))
        for name, expected in self.beside:
            line = denied(expected, amount(end, name), f"as {name} of the program beside it")
            if line is not None:
                raise LessonError(f"{self.file.name}: beside: {line}")


def card_denied(card: Card, trace: Trace) -> Iterator[str]:
    """What of an end card the trace denies: words that use a number it does not end with, a leaf that is none."""
    end = trace.cursor(len(trace))
    for key in CARD_KEYS:
        unknown = unknown_numbers(getattr(card, key), end)
        if unknown:
            yield f"card: {key!r} uses {', '.join(unknown)}, which has no number."
    if card.change is not None and (reason := _no_leaf(trace, card.change.leaf)):
        yield f"change: {reason}"


def _no_leaf(trace: Trace, name: str) -> str:
    """Why `name` is no leaf whose number can be changed; "" where it is."""
    this = part(trace, name)
    nodes = nodes_named(trace, this.name)
    if not nodes or trace.kind(nodes[0]) != "leaf":
        return f"there is no leaf {name!r}."
    shape = trace.shape(nodes[0])
    if shape and this.element(shape) is None:
        return f"{name!r} has shape {shape}; name one of its elements: {this.name}[{', '.join('0' for _ in shape)}]."
    return ""


def load(path: Path) -> Lesson:
    """Read a lesson from its TOML (or from its program, which stands beside it under the same name).

    Raises:
        LessonError: one line: the file, the place in it, the rule it breaks.
    """
    path = path.with_suffix(".toml")
    top = read(path, LESSON_KEYS)
    program = path.with_suffix(".py")
    if not program.is_file():
        raise top.error(f"its program {program.name} is missing.")
    compare = path.with_name(top.string("compare")) if "compare" in top else None
    if compare is not None and not compare.is_file():
        raise top.error(f"'compare' names {clean(compare.name)}, which is not there.")
    if (compare is None) is ("caption" in top):
        raise top.error("'compare' and 'caption' come together.")
    if "beside" in top and compare is None:
        raise top.error("'beside' needs a 'compare'.")
    stops = tuple(read_stop(table) for table in top.tables("stop", STOP_KEYS, "stop"))
    if not stops:
        raise top.error("a lesson has at least one [[stop]].")
    change = read_change(top.table("change", CHANGE_KEYS)) if "change" in top else None
    return Lesson(
        name=f"{path.parent.name}/{path.stem}",
        file=path,
        program=program,
        title=top.text("title"),
        source=top.string("source") if "source" in top else "",
        minutes=top.count("minutes"),
        notation=cast(Notation, top.choice("notation", get_args(Notation))) if "notation" in top else "boxes",
        by=cast(Granularity, top.choice("by", get_args(Granularity))) if "by" in top else None,
        intro=top.text("intro"),
        stops=stops,
        card=read_card(top.table("card", CARD_KEYS), change),
        next=top.string("next") if "next" in top else None,
        compare=compare,
        caption=top.text("caption") if compare is not None else None,
        beside=tuple(top.arrays("beside").items()) if "beside" in top else (),
    )


def read_stop(table: Table) -> Stop:
    """One `[[stop]]`."""
    stop = _moment(table, read_prose(table, "say"), None)
    if ("contribution" in table or "quiz" in table) and stop.kind not in ("backward", "complete"):
        raise table.error("'contribution' and 'quiz' belong to kind = \"backward\" or \"complete\".")
    return replace(
        stop,
        contribution=table.array("contribution") if "contribution" in table else None,
        quiz=table.flag_or_index("quiz") if "quiz" in table else False,
    )


def _moment(table: Table, say: Text, default: Kind | None) -> Stop:
    """What stops and changes share: a node, what happens to it, and the number expected then."""
    kind = default if default is not None and "kind" not in table else cast(Kind, table.choice("kind", KINDS))
    if "via" in table and kind != "backward":
        raise table.error("'via' belongs to kind = \"backward\".")
    expect: Expected | str | None = None
    if "expect" in table:
        expect = table.string("expect") if kind == "mark" else table.array("expect")
    if "expect_shape" in table and kind == "mark":
        raise table.error("'expect_shape' belongs to a value or a gradient; a mark is a word.")
    return Stop(
        node=table.string("node"),
        kind=kind,
        say=say,
        occurrence=table.count("occurrence") if "occurrence" in table else 1,
        via=table.string("via") if "via" in table else None,
        expect=expect,
        expect_shape=table.shape("expect_shape") if "expect_shape" in table else None,
    )


def read_card(table: Table, change: Change | None) -> Card:
    """The `[card]`, with the `[change]` that belongs to it."""
    return Card(read_prose(table, "result"), read_prose(table, "question"), read_prose(table, "answer"), change)


def read_change(row: Table) -> Change:
    """The `[change]`."""
    say = row.text("say")
    change = Change(row.string("leaf"), float(row.number("to")), say, _moment(row, say, "complete"))
    if change.see.expect is None and change.see.expect_shape is None:
        raise row.error("'expect' is missing; it is what the changed run shows.")
    return change


def read_prose(table: Table, key: str) -> Text:
    """Words with fields, checked to be well formed."""
    words = table.text(key)
    try:
        fields(words)
    except ValueError as error:
        raise table.error(f"{key!r}: {error}.") from None
    return words
