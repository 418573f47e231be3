"""What an explanation is: words and calculations in both languages, ready to be laid out; no widths, no colours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tracer.explain.words import EMPTY
from tracer.text import Lang, Text

Kind = Literal["start", "leaf", "const", "op", "mark", "seed", "edge", "node", "write", "update", "about"]
"""What the moment is. "node": all edges of one user at once. "about": a node the reader asked about."""
Colour = Literal["symbols", "data", "grad"]
"""What a row is written in: names, numbers that flow forward, numbers that flow backward."""
RouteState = Literal["held", "received", "arriving", "coming", "folded"]
NoteKind = Literal["end", "trouble", "closed", "outside", "scope", "mark", "order"]
"""end: a pass or the program is over. trouble: inf, nan. closed: nothing passes. outside: read as a plain number.
scope: which part of the graph. mark: texts hung on it. order: what a pass delivered by hand does differently."""


@dataclass(frozen=True)
class Row:
    """One line of a calculation, `left sign terms`. Rows of one block stand under each other by sign and by term."""

    terms: tuple[Text, ...]
    """One term, or two with `joint` between them."""
    left: Text = EMPTY
    sign: str = "="
    joint: str = "·"
    colour: Colour = "symbols"
    now: bool = False
    """The step at hand is about this line."""
    tag: Text = EMPTY
    """Said behind the line: `5 → 7`."""

    def text(self, lang: Lang) -> str:
        """The row as plain text."""
        body = f" {self.joint} ".join(term[lang] for term in self.terms)
        return " ".join(part for part in (self.left[lang], self.sign, body) if part)


@dataclass(frozen=True)
class Route:
    """One way by which gradient comes to a node: `through b   5   arriving`."""

    label: Text
    amount: Text
    """`?` while it is not known."""
    state: RouteState
    user: int | None = None
    edge: int | None = None


@dataclass(frozen=True)
class Routes:
    """All ways by which gradient comes to one node in a pass, and what they make together."""

    node: int
    heading: Text
    routes: tuple[Route, ...]
    total: Row
    """`∂y/∂x = 5 + 2 = 7`, or `= ?` while a route is missing."""
    missing: int
    """Routes whose contribution has not been added yet."""


@dataclass(frozen=True)
class Note:
    """A sentence that stands apart, and why."""

    kind: NoteKind
    text: Text


@dataclass(frozen=True)
class Explanation:
    """One moment in words. Nothing in it comes from later than that moment."""

    kind: Kind
    phase: Text
    """`BACKWARD`."""
    title: Text
    """`edge b → x`."""
    lead: Text
    """What happens, in a sentence: `b = x − 1 hands its gradient to x.`"""
    rule: Text
    """The rule in symbols on one line: `contribution = upstream · local = ∂y/∂b · ∂b/∂x`; empty where there is none."""
    numbers: Text
    """The same with its numbers: `5 · 1 = 5`; empty where there are none."""
    blocks: tuple[tuple[Row, ...], ...]
    """The same again as rows to be laid out under each other."""
    sentence: Text
    """Why it is so."""
    short: Text
    """All of it in one line of some 70 cells, for a small terminal."""
    node: int | None = None
    """The node that is made, receives, or is asked about."""
    user: int | None = None
    """The node whose gradient is handed on."""
    routes: Routes | None = None
    notes: tuple[Note, ...] = ()

    def texts(self) -> Iterator[Text]:
        """Everything it says, in reading order."""
        yield from (self.phase, self.title, self.lead)
        for block in self.blocks:
            for row in block:
                yield Text(row.text("en"), row.text("ja"))
                yield row.tag
        yield self.sentence
        if self.routes is not None:
            yield self.routes.heading
            for route in self.routes.routes:
                yield join_route(route)
            yield Text(self.routes.total.text("en"), self.routes.total.text("ja"))
        for note in self.notes:
            yield note.text
        yield from (self.rule, self.numbers, self.short)

    def plain(self, lang: Lang) -> str:
        """All of it as lines of text, for a pipe or a screen reader."""
        lines = [f"{self.phase[lang]}  {self.title[lang]}", self.lead[lang]]
        for block in self.blocks:
            lines += [f"  {row.text(lang)}{_behind(row, lang)}" for row in block]
        lines.append(self.sentence[lang])
        if self.routes is not None:
            lines.append(self.routes.heading[lang])
            lines += [f"  {join_route(route)[lang]}" for route in self.routes.routes]
            lines.append(f"  {self.routes.total.text(lang)}")
        lines += [note.text[lang] for note in self.notes]
        return "\n".join(line for line in lines if line)

    def words(self, lang: Lang) -> tuple[str, ...]:
        """Keys of the glossary's words that it uses, in order of appearance."""
        from tracer.explain.glossary import words_in

        return words_in(self.plain(lang), lang)


STATES: dict[RouteState, Text] = {
    "held": EMPTY,
    "received": EMPTY,
    "arriving": Text("arriving", "到着"),
    "coming": Text("to come", "これから"),
    "folded": EMPTY,
}
"""What is said behind a route."""


def join_route(route: Route) -> Text:
    """A route on one line."""
    said = STATES[route.state]
    return Text(*(f"{route.label[lang]}  {route.amount[lang]}  {said[lang]}".rstrip() for lang in ("en", "ja")))


def _behind(row: Row, lang: Lang) -> str:
    return f"   ({row.tag[lang]})" if row.tag[lang] else ""
