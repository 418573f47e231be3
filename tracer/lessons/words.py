"""Numbers in a lesson's words come from the trace, at the cursor's position: prose cannot disagree with the screen.

In the TOML, `{x}` is the value of x, `{∂x}` its gradient; `{upstream}`, `{local}` and `{contribution}` are those of the
edge that has just delivered; `{=}` is `=`, or `≈` if a number of the sentence is rounded. A number the cursor has not
reached is `?`, as on the rest of the screen. So the numbers stay right when a leaf was edited and the program ran
again; what the author says about them was written for the original run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracer.numbers import NOT_YET, equals_sign, format_number
from tracer.text import LANGS, Text

if TYPE_CHECKING:  # the gallery lists lessons without waiting for NumPy
    from tracer.trace.cursor import Cursor
    from tracer.trace.trace import Trace

GRADIENT = "∂"
EDGE_FIELDS = ("upstream", "local", "contribution")
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


def nodes_named(trace: Trace, name: str) -> tuple[int, ...]:
    """Every node with this name, oldest first: a loop makes one `loss` a turn."""
    return tuple(sorted(node for node, found in trace.columns.names.items() if found == name))


def number(cursor: Cursor, field: str) -> float | None:
    """The number a field stands for at this position, or None when it is not known yet (or there is no such node)."""
    if field in EDGE_FIELDS:
        found: float | None = getattr(cursor.moment, field)
        return found
    read = cursor.grad if field.startswith(GRADIENT) else cursor.data
    for node in reversed(nodes_named(cursor.trace, field.removeprefix(GRADIENT))):
        if cursor.data(node) is not None:  # the newest that has been made
            return read(node)
    return None


def fill(text: Text, cursor: Cursor) -> Text:
    """`text` with its fields filled in from the cursor."""
    en, ja = (_fill(text[lang], cursor) for lang in LANGS)
    return Text(en, ja)


def _fill(words: str, cursor: Cursor) -> str:
    numbers = {name: number(cursor, name) for name in _FIELD.findall(words) if name != "="}
    shown = {name: NOT_YET if value is None else format_number(value) for name, value in numbers.items()}
    shown["="] = equals_sign(*(value for value in numbers.values() if value is not None))
    return _FIELD.sub(lambda match: shown[match[1]], words)
