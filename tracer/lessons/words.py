"""Numbers in a lesson's words come from the trace, at the cursor's position: prose cannot disagree with the screen.

In the TOML, `{x}` is the value of x, `{∂x}` its gradient; `{upstream}`, `{local}` and `{contribution}` are those of the
edge that has just delivered; `{=}` is `=`, or `≈` if a number of the sentence is rounded. Of a tensor, `{W}` is all of
it where that is a dozen numbers at most, else its shape and a summary; `{W[0, 1]}` and `{∂W[0]}` are a part of it, and
`{W.shape}` is its shape. A number the cursor has not reached is `?`, as on the rest of the screen. So the numbers stay
right when a leaf was edited and the program ran again; what the author says about them was written for the original
run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracer.lessons.part import Part, nodes_named, part, split
from tracer.numbers import NOT_YET
from tracer.text import LANGS, Lang, Text

if TYPE_CHECKING:  # the gallery lists lessons without waiting for NumPy
    from tracer.explain.amount import Amount
    from tracer.trace.cursor import Cursor

GRADIENT = "∂"
SHAPE = ".shape"
EDGE_FIELDS = ("upstream", "local", "contribution")
A_DOZEN = 12
"""Numbers of a tensor that a sentence writes out at most."""
_FIELD = re.compile(r"\{([^{}]*)\}")


def fields(text: Text) -> tuple[str, ...]:
    """The fields of both languages, in order: `("a", "∂x", "=")`.

    Raises:
        ValueError: a brace that opens or closes nothing, or an empty field.
    """
    for lang in LANGS:
        rest = _FIELD.sub("", text[lang])
        if "{" in rest or "}" in rest or "{}" in text[lang]:
            raise ValueError("a brace opens or closes nothing; write {x}, {∂x}, {contribution} or {=}")
    return tuple(dict.fromkeys(name for lang in LANGS for name in _FIELD.findall(text[lang])))


def amount(cursor: Cursor, field: str) -> Amount | None:
    """The number, or the array of them, that a field stands for at this position.

    None when it is not known yet, and where there is no such node or no such part of it. `.shape` belongs to `shown`.
    """
    whole, this = _read(cursor, field)
    return None if whole is None else this.of(whole)


def shape(cursor: Cursor, field: str) -> tuple[int, ...] | None:
    """The shape of what a field stands for, as soon as that is known; () of a single number."""
    from tracer.explain.amount import shape_of

    found = amount(cursor, field)
    return None if found is None else shape_of(found)


def is_known(cursor: Cursor, field: str) -> bool:
    """Whether a field has something to show at this position."""
    return amount(cursor, _without_shape(cursor, field)[0]) is not None


def why_not(cursor: Cursor, field: str) -> str:
    """Why a field has no number, where there is more to say than that it has none yet: its tensor has no such part."""
    whole, this = _read(cursor, _without_shape(cursor, field)[0])
    if whole is None or this.where is None or this.of(whole) is not None:
        return ""
    from tracer.explain.amount import shape_of, shape_text

    return f"{this.name} has shape {shape_text(shape_of(whole))}"


def fill(text: Text, cursor: Cursor, edge: Cursor | None = None) -> Text:
    """`text` with its fields filled in from the cursor.

    Args:
        edge: the same moment in the run as it was before a node was opened: the edge that has delivered is that one's,
            not one of the many that stand in its place.
    """
    en, ja = (_fill(text[lang], cursor, edge or cursor, lang) for lang in LANGS)
    return Text(en, ja)


def _fill(words: str, cursor: Cursor, edge: Cursor, lang: Lang) -> str:
    from tracer.explain.amount import equals

    shown, sign = {}, "="
    for name in _FIELD.findall(words):
        if name == "=":
            continue
        field, of_shape = _without_shape(cursor, name)
        found = amount(edge if _of_an_edge(field) is not None else cursor, field)
        shown[name] = NOT_YET if found is None else _written(found, of_shape)[lang]
        if found is not None and not of_shape and equals(found) != "=":
            sign = "≈"
    shown["="] = sign
    return _FIELD.sub(lambda match: shown[match[1]], words)


def _written(value: Amount, of_shape: bool) -> Text:
    """A number, a few of them in brackets, or what can be said of many."""
    from tracer.explain.amount import is_single, number, plain, shape_of, shape_text, summary, written_out

    if of_shape:
        return Text.same(shape_text(shape_of(value)))
    if is_single(value):
        return Text.same(number(plain(value)))
    assert not isinstance(value, float | int), "it has axes"
    if value.size <= A_DOZEN:
        return Text.same(written_out(value))
    many, its = summary(value), shape_text(value.shape)
    return Text(f"{its} {many.en}", f"{its} {many.ja}")


def _without_shape(cursor: Cursor, field: str) -> tuple[str, bool]:
    """What a field is about, and whether its shape is asked for; a node may itself be called `x.shape`."""
    if field.endswith(SHAPE) and not nodes_named(cursor.trace, field.removeprefix(GRADIENT)):
        return field.removesuffix(SHAPE), True
    return field, False


def _read(cursor: Cursor, field: str) -> tuple[Amount | None, Part]:
    """All that the node or the edge holds now, and which part of it is meant."""
    edge = _of_an_edge(field)
    if edge is not None:
        return getattr(cursor.moment, edge.name), edge
    this = part(cursor.trace, field.removeprefix(GRADIENT))
    for node in reversed(nodes_named(cursor.trace, this.name)):
        if cursor.data(node) is not None:  # the newest that has been made
            return cursor.grad(node) if field.startswith(GRADIENT) else cursor.data(node), this
    return None, this


def _of_an_edge(field: str) -> Part | None:
    """`upstream` and (0,) of `upstream[0]`; None where it is no field of the edge."""
    found = Part(field) if field in EDGE_FIELDS else split(field)
    return found if found is not None and found.name in EDGE_FIELDS else None
