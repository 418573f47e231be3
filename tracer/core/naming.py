"""What the user's program calls things: elements of its containers and objects, and the variables a line assigns."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

MAX_NAME_DEPTH = 6
"""How far into lists and objects names are taken: `net.layers[0].neurons[1].w[2]`."""
MAX_NAMES = 200_000
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def parts_of(thing: Any) -> list[tuple[str, Any]]:
    """The elements of a user's container or object, each with how it is written; nothing of the user's runs."""
    if type(thing) in (list, tuple):
        return [(f"[{i}]", one) for i, one in enumerate(thing)]
    if type(thing) is dict:
        return [(f"[{key}]", one) for key, one in thing.items() if isinstance(key, str | int)]
    if isinstance(thing, type | ModuleType | FunctionType) or type(thing).__module__ in sys.stdlib_module_names:
        return []
    try:
        attributes = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return []
    return [(f".{key}", one) for key, one in attributes.items() if not key.startswith("_")]


class Targets(NamedTuple):
    """The plain variables that one function or module assigns."""

    lines: dict[int, tuple[str, ...]]
    """Line -> variables."""
    loops: frozenset[str]
    """Those that a `for` assigns."""


def targets_of(code: CodeType) -> Targets:
    """The variables this code assigns, line by line."""
    lines: dict[int, tuple[str, ...]] = {}
    loops: set[str] = set()
    line, looping = code.co_firstlineno, False
    for step in dis.get_instructions(code):
        if step.positions is not None and step.positions.lineno is not None:
            line = step.positions.lineno
        stores = step.opname.startswith("STORE_") and step.opname not in ("STORE_ATTR", "STORE_SUBSCR")
        if stores and isinstance(step.argval, str) and not step.argval.startswith("_"):
            lines[line] = (*lines.get(line, ()), step.argval)
            if looping:
                loops.add(step.argval)
        looping = step.opname == "FOR_ITER" or (looping and (stores or step.opname.startswith("UNPACK")))
    return Targets(lines, frozenset(loops))


def stretches_of(code: CodeType, numbers: Iterator[int]) -> dict[int, int]:
    """Instruction -> the number of its stretch: one line, no jump into it or out of it, no variable assigned.

    Args:
        numbers: where new ones come from.
    """
    found: dict[int, int] = {}
    stretch, line, ended = next(numbers), None, False
    for step in dis.get_instructions(code):
        at = step.positions.lineno if step.positions is not None else None
        if ended or step.is_jump_target or at != line:
            stretch, line = next(numbers), at
        found[step.offset] = stretch
        ended = step.opcode in _JUMPS or step.opname.startswith(("STORE_", "YIELD", "RETURN", "RAISE"))
    return found


_JUMPS = frozenset([*dis.hasjrel, *dis.hasjabs])
