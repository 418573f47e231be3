"""Names and numbers as they stand in sentences: `x`, `∂y/∂x`, `x.grad`, `a, b and c`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tracer.numbers import NOT_YET, format_number, is_rounded
from tracer.text import Text
from tracer.trace.trace import Trace

EMPTY = Text("", "")
PLACES = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
"""Which place of an op a node stands in, where it stands in several: L = x① × x②."""
LISTED = 6
"""Names at most in one list."""


def shown(value: float | None, digits: int = 4) -> str:
    """A number as it is shown, `?` where it is not known yet."""
    return NOT_YET if value is None else format_number(value, digits)


@dataclass(frozen=True)
class Names:
    """What the nodes of one trace are called."""

    trace: Trace

    def __call__(self, node: int) -> str:
        """The user's name, a constant's number, else `v7`."""
        return self.trace.label(node)

    def place(self, edge: int) -> str:
        """The edge's input, told apart where it stands in its user more than once: `x②`."""
        e = self.trace.edge(edge)
        same = self.trace.inputs(e.user).count(e.input)
        return self(e.input) + (_place(e.slot) if same > 1 else "")

    def formula(self, node: int, *, places: bool = False) -> str:
        """How `node` was computed, in the names of its inputs; "" for a leaf."""
        op = self.trace.op(node)
        if op is None:
            return ""
        edges = self.trace.edges_in(node)
        name = self.place if places else lambda edge: self(self.trace.edge(edge).input)
        return op.written([name(edge) for edge in edges], self.trace.static(node))

    def definition(self, node: int, *, places: bool = False) -> str:
        """`a = x + 2`, or the name alone of a leaf."""
        name, formula = self(node), self.formula(node, places=places)
        return f"{name} = {formula}" if formula and formula != name else name  # W[0, 1] is taken out of W

    def fill(self, words: Text, node: int, *, places: bool = True, slot: int | None = None) -> Text:
        """An op's sentence with the names of one application put in: `{a}`, `{out}` -> `x`, `y`.

        Args:
            slot: the input that the sentence is about, where the op takes any number of them; None: all of them.
        """
        op = self.trace.op(node)
        assert op is not None, "sentences belong to ops"
        name = self.place if places else lambda edge: self(self.trace.edge(edge).input)
        said = [name(edge) for edge in self.trace.edges_in(node)]
        fields: dict[str, object] = {**self.trace.static(node), "out": self(node)}
        fields |= {spec.name: text for spec, text in zip(op.inputs, said, strict=False)}
        if op.variadic:  # the last input stands for all that follow
            rest = said[len(op.inputs) - 1 :]
            fields[op.inputs[-1].name] = listed(rest) if slot is None else said[slot]
        return words.format(**fields)

    def partial(self, top: int, bottom: str) -> str:
        """`∂y/∂x`."""
        return f"∂{self(top)}/∂{bottom}"

    def grad(self, node: int) -> str:
        """`x.grad`: what the program's variable holds, whatever it means."""
        return f"{self(node)}.grad"


def _place(slot: int) -> str:
    return PLACES[slot] if slot < len(PLACES) else f"({slot + 1})"


def listed(names: Iterable[str], most: int = LISTED) -> Text:
    """`a, b and c` / `a、b、c`; beyond `most`, how many more there are."""
    found = list(names)
    if len(found) > most:
        more = len(found) - most + 1
        head = found[: most - 1]
        return Text(f"{', '.join(head)} and {more:,} more", f"{'、'.join(head)} ほか {more:,} 個")
    en = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}" if found else ""
    return Text(en, "、".join(found))


def ordinal(n: int) -> str:
    """`2nd`, `3rd`, `11th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{'th' if n % 100 in (11, 12, 13) else ending}"


def moves(what: str, factor: float | None, digits: int = 4) -> Text:
    """How far `what` moves for a small nudge: `y moves 5 times as far` / `y はその 5 倍動きます`."""
    if factor is None or math.isnan(factor):
        return Text(f"{what} moves {NOT_YET} times as far", f"{what} はその {NOT_YET} 倍動きます")
    if factor == 0:
        return Text(f"{what} does not move", f"{what} は動きません")
    other = Text(", the other way", "逆向きに") if factor < 0 else EMPTY
    size = format_number(abs(factor), digits)
    if size == "1" and not is_rounded(factor, digits):
        return Text(f"{what} moves just as far{other.en}", f"{what} は{other.ja}同じだけ動きます")
    about = Text("about ", "約") if is_rounded(factor, digits) else Text("", "その")
    return Text(
        f"{what} moves {about.en}{size} times as far{other.en}", f"{what} は{other.ja}{about.ja} {size} 倍動きます"
    )


def count(n: int, one: str, many: str, ja: str) -> Text:
    """`1 leaf`, `3 leaves`; in Japanese `ja` with the number put in at `{}`."""
    return Text(f"{n:,} {one if n == 1 else many}", ja.format(f"{n:,}"))


def join(*parts: Text) -> Text:
    """Sentences one after the other: a space between English ones, none between Japanese ones."""
    return Text(" ".join(p.en for p in parts if p.en), "".join(p.ja for p in parts if p.ja))
