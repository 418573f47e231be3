"""Who tells: a cursor, how finely the reader steps, how many digits are shown, and the names in use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tracer.explain.amount import Amount, labelled, plain, single
from tracer.explain.explanation import Note
from tracer.explain.trouble import meant, outside, spoilt_by, why_not_finite
from tracer.explain.words import Names, shown
from tracer.text import Text, clean
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By, Pass
from tracer.trace.trace import Trace

FORWARD = Text("FORWARD", "順伝播")
BACKWARD = Text("BACKWARD", "逆伝播")


@dataclass(frozen=True)
class Teller:
    """What every part of an explanation needs to know."""

    cursor: Cursor
    by: By = "edge"
    digits: int = 4
    element: int | None = None
    """Of a tensor, the element that the reader chose."""

    @property
    def trace(self) -> Trace:
        return self.cursor.trace

    @cached_property
    def names(self) -> Names:
        return Names(self.cursor.trace)

    # Tensors

    def shape(self, node: int) -> tuple[int, ...]:
        """The shape of a tensor; () of a number."""
        return tuple(self.trace.shape(node))

    def is_array(self, node: int) -> bool:
        """Whether `node` is a tensor with axes."""
        return self.trace.is_tensor(node) and self.shape(node) != ()

    def speaks_of_shapes(self, node: int) -> bool:
        """Whether `node`, or what it was computed from, is a tensor with axes."""
        return any(self.is_array(n) for n in (node, *self.trace.inputs(node)))

    def made(self, node: int) -> Amount:
        """The value of `node` when it was made."""
        return plain(self.trace.value(node))

    def single(self, node: int) -> float:
        """The value of `node`, one number, when it was made."""
        return single(self.trace.value(node))

    def args(self, node: int) -> tuple[float, ...]:
        """The numbers that `node` was computed from."""
        return tuple(single(value) for value in self.trace.args(node))

    def data(self, node: int) -> Amount | None:
        """The value of `node` at this moment."""
        found = self.cursor.data(node)
        return None if found is None else plain(found)

    def grad(self, node: int) -> Amount | None:
        """The gradient of `node` at this moment."""
        found = self.cursor.grad(node)
        return None if found is None else plain(found)

    def said(self, value: Amount | None) -> Text:
        """A number as shown; of an array its few numbers, or its shape and a word on them."""
        return labelled(value, self.digits)

    # Words

    def number(self, value: float | None) -> str:
        """A number as shown, `?` where it is not known."""
        return shown(value, self.digits)

    def phase(self, this: Pass) -> Text:
        """`BACKWARD`, with the number of the pass where it is not the first."""
        if not this.index:
            return BACKWARD
        return Text(f"BACKWARD, pass {this.index + 1}", f"逆伝播（{this.index + 1} 回目）")

    def symbol(self, this: Pass, node: int, place: str = "") -> str:
        """A gradient's name: ∂y/∂x where it is one; what a pass delivered by hand leaves is only `x.grad`."""
        name = place or self.names(node)
        return f"{name}.grad" if this.by_hand else self.names.partial(this.root, name)

    def node_notes(self, node: int) -> list[Note]:
        """What is worth saying of a node that has been made: where it is, whether it is finite, who looked at it."""
        notes = []
        culprit = spoilt_by(self.cursor, node)
        if culprit is not None and meant(self.trace, culprit):
            culprit = None
        if culprit == node:
            notes.append(Note("trouble", why_not_finite(self.trace, node, self.digits)))
        elif culprit is not None:
            made = self.names.definition(culprit)
            notes.append(
                Note(
                    "trouble",
                    Text(
                        f"The trouble began earlier, at {made}; it has spread to here.",
                        f"原因はもっと前の {made} にあり、その影響がここまで及んでいます。",
                    ),
                )
            )
        read = outside(self.trace, node)
        if read is not None:
            notes.append(Note("outside", read))
        scope = self.trace.scope(node)
        if scope:
            notes.append(Note("scope", Text(f"Part of the graph: {scope}", f"グラフの部分：{scope}")))
        return notes

    def ending(self) -> list[Note]:
        """How the program ended, where this is its last moment and it did not end by itself."""
        outcome = self.trace.info.get("outcome")
        if self.cursor.position < len(self.trace) or not isinstance(outcome, dict):
            return []
        said = _OUTCOMES.get(str(outcome.get("kind")))
        if said is None:
            return []
        line = outcome.get("line")
        where = Text(f" at line {line}", f" {line} 行目で") if isinstance(line, int) and line > 0 else Text("", "")
        error = clean(str(outcome.get("error") or ""))
        return [Note("trouble", said.format(where=where, error=f": {error}" if error else "."))]


_OUTCOMES = {
    "raised": Text(
        "The program ended here with an error{where}{error}",
        "プログラムは{where}エラーになり、ここで終わりました{error}",
    ),
    "stopped": Text("The program was stopped here{where}.", "プログラムは{where}ここで止められました。"),
    "exited": Text("The program left by itself here{where}.", "プログラムは{where}ここで自ら終了しました。"),
    "limit": Text(
        "The recording reached its limit here; the program was not over.",
        "ここで記録の上限に達しました。プログラムにはまだ続きがありました。",
    ),
    "killed": Text("The program was killed here.", "プログラムはここで強制終了されました。"),
}
