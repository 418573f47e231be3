"""What a person types into a field: numbers and places in time, in half or full width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tracer.errors import ExpressionError, NotFoundError
from tracer.text import Text, clean
from tracer.tui.keys import ascii_twin

if TYPE_CHECKING:  # every dialog imports this, the gallery's too
    from tracer.trace.cursor import Cursor
    from tracer.trace.segment import By

LONGEST = 200
"""Characters of a number; nobody types more, and what is pasted need not be parsed."""
_SIGNS = str.maketrans({"−": "-", "×": "*", "÷": "/", "∞": "inf"})


class Refused(ValueError):
    """What was typed cannot be used; `words` says why, in the place where it was typed."""

    def __init__(self, words: Text) -> None:
        super().__init__(words.en)
        self.words = words


def parse_number(typed: str) -> float:
    """A number: `3`, `-0.5`, `1/3`, `2e-4`, `sqrt(2)`, `３．５`, `inf`.

    Raises:
        Refused: it is none.
    """
    text = ascii_twin(typed.strip()).translate(_SIGNS).strip()
    if not text:
        raise Refused(_EMPTY)
    try:
        return float(text)
    except ValueError:
        pass
    from tracer.core import floats
    from tracer.core.expression import parse
    from tracer.core.op import find_op

    try:
        if len(text) > LONGEST:
            raise ExpressionError("too long")
        value = parse(text).evaluate({}, lambda name, *args: find_op(name).forward(floats, *map(float, args)))
    except ExpressionError:
        shown = clean(typed.strip()[:24] + ("…" if len(typed.strip()) > 24 else ""))
        raise Refused(_NO_NUMBER.format(typed=shown)) from None
    return float(value)


def parse_place(typed: str, cursor: Cursor, by: By, stops: Sequence[int] = ()) -> int:
    """The position meant by a step's number, a node's name, a lesson's stop or a word.

    `7` is the seventh step as the header counts them; `x` where x is made; `x.grad` where its gradient is complete;
    `stop 2` (or `s2`) the lesson's second stop; `#120` a position as `--at` takes it; `start`, `end`, `forward`,
    `backward`.

    Args:
        stops: positions of the lesson's stops.

    Raises:
        Refused: there is no such place.
    """
    trace, text = cursor.trace, ascii_twin(typed.strip())
    if not text or len(text) > LONGEST:
        raise Refused(_NO_PLACE)
    if text[0] == "#" and text[1:].strip().isdecimal():
        return _within(int(text[1:]), len(trace), len(trace))
    if text.isdecimal():
        places = trace.stops(by)
        step = _within(int(text), len(places), len(places))
        return int(places[step - 1]) if step else 0
    word = text.casefold()
    if word in _WORDS_OF_TIME:
        return _time(word, cursor)
    stop = word.removeprefix("stop").strip() if word.startswith("stop") else word.removeprefix("s")
    if stop != word and stop.isdecimal() and trace.columns.names and text not in trace.columns.names.values():
        number = _within(int(stop), len(stops), len(stops), least=1)
        return int(stops[number - 1])
    name = text.removesuffix(".grad")
    try:
        node = int(trace.find(name))
    except NotFoundError as error:
        words = _UNKNOWN.format(typed=clean(name[:24]))
        raise Refused(Text(*(f"{words[lang]} {error.hint or ''}".rstrip() for lang in ("en", "ja")))) from None
    return trace.made_at(node) if name == text else _complete_at(cursor, node, name)


_WORDS_OF_TIME = ("start", "end", "forward", "backward")


def _time(word: str, cursor: Cursor) -> int:
    from tracer.tui.screens.walking import pass_start

    if word in ("start", "end"):
        return 0 if word == "start" else len(cursor.trace)
    return pass_start(cursor, backward=word == "backward").position


def _complete_at(cursor: Cursor, node: int, name: str) -> int:
    """Where the gradient of `node` is complete: in the pass under way, else the next one, else the last."""
    found = []
    for this in cursor.trace.passes:
        deliveries = this.deliveries_to(node)
        if len(deliveries):
            found.append(this.position_of(int(deliveries[-1])))
        elif node == this.root:
            found.append(this.start + 1)
    if not found:
        raise Refused(_NO_GRADIENT.format(name=clean(name)))
    return next((position for position in found if position > cursor.position), found[-1])


def _within(number: int, most: int, shown: int, least: int = 0) -> int:
    if not least <= number <= most:
        raise Refused(_OUTSIDE.format(least=least, most=shown) if most else _NO_STOPS)
    return number


_EMPTY = Text(en="Type a number, like 3, -0.5, 1/3 or 2e-4.", ja="3、-0.5、1/3、2e-4 のような数を入力してください。")
_NO_NUMBER = Text(
    en="“{typed}” is not a number. Type one like 3, -0.5, 1/3 or 2e-4.",
    ja="「{typed}」は数ではありません。3、-0.5、1/3、2e-4 のように入力してください。",
)
_NO_PLACE = Text(en="Type a step's number, or a node's name.", ja="ステップの番号か、ノードの名前を入力してください。")
_OUTSIDE = Text(en="It must be from {least} to {most}.", ja="{least} から {most} までの番号です。")
_NO_STOPS = Text(en="There are no stops here.", ja="ここには停止点がありません。")
_UNKNOWN = Text(en="No node is called “{typed}”.", ja="「{typed}」という名前のノードはありません。")
_NO_GRADIENT = Text(en="No gradient arrives at {name}.", ja="{name} に届く勾配はありません。")
