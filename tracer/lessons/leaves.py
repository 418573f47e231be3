"""Leaves by name: what `x=3` or `W[0, 1]=3` behind `tracer open THING` changes, and how that run is typed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from tracer.errors import NotFoundError, did_you_mean
from tracer.lessons.part import Part, split
from tracer.numbers import format_full
from tracer.trace.trace import Trace

if TYPE_CHECKING:
    from tracer.core.record import LeafKey, Override

Overrides: TypeAlias = "Mapping[LeafKey, Override]"
"""Leaf -> its new number, or of a tensor those of some elements: {index into the flattened tensor: number}."""

NAMES_LISTED = 12


def overrides_of(trace: Trace, values: Mapping[str, float], title: str) -> Overrides:
    """What to run a program with, so that the leaves called so start from these numbers.

    Args:
        values: by name; of a tensor by the name of an element, `W[0, 1]`.
        title: of the program, for messages.

    Raises:
        NotFoundError: no leaf is called so, or a tensor has no such element.
    """
    leaves = {trace.label(n): n for n in range(trace.n_nodes) if trace.kind(n) == "leaf"}
    found: dict[LeafKey, Override] = {}
    for name, value in values.items():
        this = _leaf(leaves, name)
        if this is None:
            raise _no_leaf(trace, leaves, name, title)
        node = leaves[this.name]
        key, shape = trace.leaf_key(node), trace.shape(node)
        if not shape and this.where is None:
            found[key] = value
            continue
        element = this.element(shape)
        if element is None:
            raise _no_element(name, this.name, shape)
        before = found.get(key)
        found[key] = {**(before if isinstance(before, Mapping) else {}), element: value}
    return found


def assignments(trace: Trace, overrides: Overrides, *, every: bool = False) -> Iterator[str]:
    """`x=3`, `W[0, 1]=0.5`: the leaves that have a name and were changed.

    Args:
        every: those that were not changed as well.
    """
    for node in range(trace.n_nodes) if overrides or every else ():
        name = trace.name(node)
        if trace.kind(node) != "leaf" or not name:
            continue
        changed = overrides.get(trace.leaf_key(node))
        if not trace.shape(node):
            if every or changed is not None:
                yield f"{name}={format_full(float(trace.value(node)))}"
            continue
        for element, number in changed.items() if isinstance(changed, Mapping) else ():
            yield f"{name}[{_index(element, trace.shape(node))}]={format_full(number)}"


def _leaf(leaves: Mapping[str, int], name: str) -> Part | None:
    """The leaf called so, else the part of the one whose name stands before the bracket."""
    if name in leaves:
        return Part(name)
    this = split(name)
    return this if this is not None and this.name in leaves else None


def _index(element: int, shape: tuple[int, ...]) -> str:
    """`0, 1` of element 1 in a tensor of shape (2, 3)."""
    index = []
    for n in reversed(shape):
        element, here = divmod(element, n)
        index.append(str(here))
    return ", ".join(reversed(index))


def _no_leaf(trace: Trace, leaves: Mapping[str, int], name: str, title: str) -> NotFoundError:
    known = [leaf for leaf in leaves if trace.name(leaves[leaf])]
    some = ", ".join(known[:NAMES_LISTED]) + (", …" if known[NAMES_LISTED:] else "")
    return NotFoundError(
        f"{title} has no leaf called {name!r}.",
        hint=did_you_mean(name, known) or f"Its leaves: {some or 'none has a name'}.",
        ja=f"{title} に {name!r} という葉はありません。",
    )


def _no_element(name: str, leaf: str, shape: tuple[int, ...]) -> NotFoundError:
    if not shape:
        return NotFoundError(
            f"{name!r}: {leaf} is a single number.",
            hint=f"Write {leaf}=3.",
            ja=f"{name!r}: {leaf} は一つの数です。",
            hint_ja=f"{leaf}=3 のように書いてください。",
        )
    first = f"{leaf}[{', '.join('0' for _ in shape)}]"
    return NotFoundError(
        f"{name!r} is no single element: {leaf} has shape {shape}.",
        hint=f"Name one of its elements: {first}=3",
        ja=f"{name!r} は一つの要素ではありません。{leaf} の形は {shape} です。",
        hint_ja=f"要素を一つ指定してください: {first}=3",
    )
