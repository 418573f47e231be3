"""A query as flat steps: tests, and what joins them, in postfix order. Nothing here recurses, however deep it nests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tracer.numbers import format_full

if TYPE_CHECKING:
    from tracer.trace.trace import Trace

Measure = Literal["value", "grad", "|value|", "|grad|", "norm", "uses", "id", "line"]
MEASURES: tuple[Measure, ...] = ("value", "grad", "|value|", "|grad|", "norm", "uses", "id", "line")
COUNTED: tuple[Measure, ...] = ("uses", "id", "line")
"""Those that the graph alone tells."""
Comparison = Literal["<", "<=", ">", ">=", "==", "!="]
COMPARISONS: tuple[Comparison, ...] = ("<", "<=", ">", ">=", "==", "!=")
State = Literal["nan", "inf", "finite", "known", "unknown", "none", "partial", "complete"]
VALUE_STATES: tuple[State, ...] = ("nan", "inf", "finite", "known", "unknown")
GRAD_STATES: tuple[State, ...] = (*VALUE_STATES, "none", "partial", "complete")
ALONE: tuple[State, ...] = ("nan", "inf", "finite")
"""States that may stand without `value is`."""
Textual = Literal["op", "scope", "file", "name", "kind"]
TEXTUAL: tuple[Textual, ...] = ("op", "scope", "file", "name", "kind")
KINDS = ("leaf", "const", "op")
FIELDS = (*MEASURES, *TEXTUAL, "shape")
JOINTS = ("and", "or", "not")
RANKINGS = ("largest", "smallest")
TEN = 10
"""How many a ranking lists where it does not say."""


@dataclass(frozen=True)
class Compare:
    """A number of a node against a number."""

    measure: Measure
    sign: Comparison
    number: float


@dataclass(frozen=True)
class Is:
    """A state of its value or its gradient; of "": of either."""

    of: Literal["value", "grad", ""]
    state: State


@dataclass(frozen=True)
class Word:
    """A text that something is compared with."""

    text: str
    glob: bool = False
    """Whether `*` and `?` in it stand for others: it was written without quotes."""


@dataclass(frozen=True)
class Match:
    """A text of a node against texts: any of them where there are several."""

    field: Textual
    sign: Literal["==", "!=", "~", "in"]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Shape:
    """The shape of a node; None is any size of an axis."""

    sign: Literal["==", "!="]
    sizes: tuple[int | None, ...]


@dataclass(frozen=True)
class Phrase:
    """Words that name, op or scope contain."""

    word: Word


Test = Compare | Is | Match | Shape | Phrase
Joint = Literal["and", "or", "not"]
Step = Test | Joint


@dataclass(frozen=True)
class Ranking:
    """The first so many by size."""

    largest: bool
    most: int
    measure: Measure


@dataclass(frozen=True)
class Query:
    """What is asked for. `str(query)` is its text in one way of writing; parsed again it is the same query."""

    steps: tuple[Step, ...]
    """In postfix order; empty only where everything is ranked."""
    ranking: Ranking | None = None

    @property
    def ranked(self) -> bool:
        """Whether it lists by size."""
        return self.ranking is not None

    @property
    def structural(self) -> bool:
        """Whether the graph alone answers it, whatever the position: no value and no gradient is read."""
        ranked = self.ranking is not None and self.ranking.measure not in COUNTED
        return not ranked and not any(reads_numbers(step) for step in self.steps)

    def matches(self, trace: Trace, position: int) -> NDArray[np.int64]:
        """Nodes it finds at `position`: in order of creation; by size in a ranking; the nearest first for a phrase."""
        from tracer.trace.query.answer import matches

        return matches(self, trace, position)

    def holds(self, trace: Trace, position: int, node: int) -> bool:
        """Whether it finds `node` at `position`."""
        from tracer.trace.query.answer import holds

        return holds(self, trace, position, node)

    def __str__(self) -> str:
        written = _written(self.steps)
        if self.ranking is None:
            return written
        which = "largest" if self.ranking.largest else "smallest"
        return f"{which} {self.ranking.most} {self.ranking.measure}" + (f" where {written}" if self.steps else "")


def reads_numbers(step: Step) -> bool:
    """Whether a test depends on values or gradients, and so on the position."""
    return isinstance(step, Is) or (isinstance(step, Compare) and step.measure not in COUNTED)


_BINDS = {"or": 1, "and": 2, "not": 3}


def _written(steps: tuple[Step, ...]) -> str:
    """Steps as a text. Walked from the root with a stack of what is left to write."""
    if not steps:
        return ""
    starts: list[int] = []  # first step of the part that ends at each step
    open_: list[int] = []
    for i, step in enumerate(steps):
        start = i
        for _ in range(0 if step not in JOINTS else 1 if step == "not" else 2):
            start = open_.pop()
        open_.append(start)
        starts.append(start)
    out: list[str] = []
    todo: list[tuple[int, int] | str] = [(len(steps) - 1, 0)]
    while todo:
        now = todo.pop()
        if isinstance(now, str):
            out.append(now)
            continue
        at, around = now
        step = steps[at]
        if not isinstance(step, str):
            out.append(test_text(step))
            continue
        binds = _BINDS[step]
        right = at - 1
        parts: list[tuple[int, int] | str] = (
            ["not ", (right, binds)]
            if step == "not"
            else [(starts[right] - 1, binds), f" {step} ", (right, binds + 1)]  # a and (b and c) keeps its parentheses
        )
        if binds < around:
            parts = ["(", *parts, ")"]
        todo.extend(reversed(parts))
    return "".join(out)


def test_text(test: Test) -> str:
    """One test as it is written."""
    if isinstance(test, Compare):
        return f"{test.measure} {test.sign} {format_full(test.number)}"
    if isinstance(test, Is):
        return f"{test.of} is {test.state}" if test.of else test.state
    if isinstance(test, Shape):
        sizes = [("*" if size is None else str(size)) for size in test.sizes]
        return f"shape {test.sign} ({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
    if isinstance(test, Phrase):
        return _word_text(test.word, phrase=True)
    words = [_word_text(word) for word in test.words]
    return f"{test.field} {test.sign} " + (f"({', '.join(words)})" if test.sign == "in" else words[0])


_BARE = re.compile(r"[\w.×÷^√+/%&#@$:;{}-]+(?:\[[\w,.:+-]*\])?(?:[\w.-]+)?")
_WIDE = re.compile("[\uff01-\uff5e]")
"""Full-width twins: without quotes they would be read as ASCII."""


def _word_text(word: Word, phrase: bool = False) -> str:
    taken = word.text.casefold() in ((*JOINTS, *RANKINGS, *ALONE) if phrase else JOINTS)
    return word.text if word.glob or (is_bare(word.text) and not taken) else quoted(word.text)


def is_bare(text: str) -> bool:
    """Whether a word needs no quotes, as far as its characters go."""
    return _BARE.fullmatch(text) is not None and not _WIDE.search(text)


def quoted(text: str) -> str:
    """A text in quotes, as a query has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
