"""What a training step shows, thing by thing: which numbers of the trace each tapped thing and each parameter is.

A batch is split into its documents and the padding is cut away, so that a panel sees the same things whichever engine
computed them: `Thing.shape` is the shape that panels know, `Cell.index` an index into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.trace import Trace

Array = NDArray[Any]
Index = tuple[int | slice, ...]
Kinds = Mapping[str, tuple["Thing", ...]]

Tokens = tuple[tuple[int, ...], ...]

NUMBERS = ("tokens", "targets")
"""Names under which the numbers of symbols are tapped."""
AXES = {"attn": 3, "embed": 2, "heads": 2, "attn_out": 2, "mlp": 2, "mlp_out": 2, "logits": 2, "probs": 2}
"""Axes of one document's thing, by the last word of a tap's name; with one more, the first counts documents."""
SQUARE = "attn"
"""Its last two axes are positions both; of the others' it is the first."""
_NAME = re.compile(r"(?:layer\d+\.)?(\w+)", re.ASCII)


@dataclass(frozen=True)
class Part:
    """One document's part of a thing."""

    index: Index
    shape: tuple[int, ...]


def split(name: str, shapes: Sequence[tuple[int, ...]], lengths: Sequence[Sequence[int]]) -> list[list[Part]]:
    """The documents in each of the things that were tapped under a name, without the positions after their last.

    Args:
        shapes: of the things, in order.
        lengths: of as many things the positions that their documents have: see `lengths_of`.
    """
    found = _NAME.fullmatch(name)
    axes = AXES.get(found[1]) if found else None
    parts = []
    for k, shape in enumerate(shapes):
        count = None if axes is None or len(shape) - axes not in (0, 1) else 1 if len(shape) == axes else shape[0]
        if count is None:
            parts.append([Part((), shape)])
            continue
        mine: Sequence[int | None] = lengths[k] if k < len(lengths) and len(lengths[k]) == count else [None] * count
        batch = len(shape) != axes
        parts.append([_part(shape, (b,) if batch else (), mine[b], found) for b in range(count)])
    return parts


def _part(shape: tuple[int, ...], document: Index, length: int | None, name: re.Match[str] | None) -> Part:
    inside = shape[len(document) :]
    axes = (1, 2) if name is not None and name[1] == SQUARE else (0,)
    if length is None or any(length > inside[axis] for axis in axes):
        return Part(document, inside)
    kept = tuple(length if axis in axes else size for axis, size in enumerate(inside))
    return Part((*document, *map(slice, kept)), kept)


def lengths_of(numbers: Mapping[str, Sequence[Array]]) -> list[list[int]]:
    """Of each tapped batch (or document) how many positions each document has: as many as there are targets.

    Args:
        numbers: `tokens` and `targets`, as they were tapped.
    """
    return [[int((row >= 0).sum()) for row in thing] for thing in _whole_numbers(numbers, "targets", "tokens")]


def tokens_of(numbers: Mapping[str, Sequence[Array]]) -> tuple[Tokens, Tokens]:
    """(tokens, targets) of each document, without the padding; () where nothing is tapped so."""
    lengths = lengths_of(numbers)
    found = []
    for name in NUMBERS:
        rows: list[tuple[int, ...]] = []
        for k, thing in enumerate(_whole_numbers(numbers, name)):
            fits = k < len(lengths) and len(lengths[k]) == len(thing)
            rows += [tuple(row[: lengths[k][b] if fits else None].tolist()) for b, row in enumerate(thing)]
        found.append(tuple(rows))
    return found[0], found[1]


def _whole_numbers(numbers: Mapping[str, Sequence[Array]], *names: str) -> list[NDArray[np.int64]]:
    """(B, T) each, of the first name that has any; -1 for what is no whole number from 0."""
    some = next((numbers[name] for name in names if numbers.get(name)), [])
    rows = [np.atleast_2d(one).astype(np.float64) for one in some if one.ndim in (1, 2)]
    return [np.where((one >= 0) & (one < 1 << 53), one, -1).astype(np.int64) for one in rows]


# In a trace


@dataclass(frozen=True, eq=False)
class Thing:
    """One thing of one document, or a parameter."""

    nodes: NDArray[np.int32]
    """A tensor's node, shape (); or the nodes of numbers in their shape, -1 where there is none. Where each of several
    nodes is a tensor, those stand side by side."""
    shape: tuple[int, ...]
    """What panels see."""
    cut: Index = ()
    """Which part of the tensor, or of `nodes`, this is."""

    def cells(self, trace: Trace) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The node of each cell, and the cell's place in the node's tensor (row-major); both of `shape`.

        The node is -1 where there is none, the place -1 where the node is a plain number.
        """
        if self._is_tensor(trace):
            places = np.arange(_size(trace, int(self.nodes))).reshape(trace.shape(int(self.nodes)))[self.cut]
            return np.full(self.shape, int(self.nodes), np.int32), places
        if not _holds_tensors(trace, self.nodes):
            nodes = self.nodes[self.cut]
            return nodes, np.full(nodes.shape, -1, np.int64)
        nodes, places = np.full(self.shape, -1, np.int32), np.full(self.shape, -1, np.int64)
        for at, node, inside in _pieces(trace, self.nodes):
            nodes[at + inside], places[at + inside] = node, np.arange(_size(trace, node)).reshape(trace.shape(node))
        return nodes, places

    def is_numbers(self, trace: Trace) -> bool:
        """Whether the nodes are plain numbers."""
        return not (self._is_tensor(trace) or _holds_tensors(trace, self.nodes))

    def read(self, trace: Trace, numbers: Array, tensor: Callable[[int], Array | None]) -> Array | None:
        """The numbers of all cells, in `shape`; None where no node has any.

        Args:
            numbers: (n + 1,) that of every plain node; the last is for node -1.
            tensor: a node -> its array.
        """
        if self._is_tensor(trace):
            found = tensor(int(self.nodes))
            return None if found is None else found[self.cut]
        if not _holds_tensors(trace, self.nodes):
            return np.asarray(numbers[self.nodes[self.cut]])
        parts = [(at + inside, tensor(node)) for at, node, inside in _pieces(trace, self.nodes)]
        known = [array for _, array in parts if array is not None]
        if not known:
            return None
        dtype = np.result_type(*known) if known[0].dtype.kind == "f" else np.dtype(np.float64)
        whole: Array = np.full(self.shape, np.nan, dtype)
        for place, array in parts:
            if array is not None:
                whole[place] = array
        return whole

    def _is_tensor(self, trace: Trace) -> bool:
        return not self.nodes.ndim and int(self.nodes) >= 0 and trace.is_tensor(int(self.nodes))


def wholes_of(trace: Trace) -> Kinds:
    """Name -> the things that the program marked, in order, batches as they are."""
    found: Kinds | None = trace.kept.get("whole things")
    if found is None:
        some = {name: nodes for name, nodes in trace.taps.items() if name not in NUMBERS}
        made = {name: tuple(one for nodes in things for one in _wholes(trace, nodes)) for name, things in some.items()}
        found = trace.kept["whole things"] = {name: things for name, things in made.items() if things}
    return found


def things_of(trace: Trace) -> Kinds:
    """Name -> the thing of each document, for the names of `tracer.core.taps`; for others the things as they are.

    Found once a trace.
    """
    found: Kinds | None = trace.kept.get("things")
    if found is None:
        lengths = lengths_of(numbers_of(trace))
        found = {
            name: tuple(
                Thing(thing.nodes, one.shape, one.index)
                for thing, parts in zip(things, split(name, [one.shape for one in things], lengths), strict=True)
                for one in parts
            )
            for name, things in wholes_of(trace).items()
        }
        trace.kept["things"] = found
    return found


def parameters_of(trace: Trace) -> Mapping[str, Thing]:
    """Name -> each parameter that the recorded step had anything to do with."""
    found: Mapping[str, Thing] | None = trace.kept.get("parameter things")
    if found is None:
        known = {name: nodes for name, nodes in trace.parameters.items() if nodes.size and (nodes >= 0).all()}
        found = trace.kept["parameter things"] = {name: Thing(one, shape_of(trace, one)) for name, one in known.items()}
    return found


def numbers_of(trace: Trace) -> dict[str, list[Array]]:
    """What was tapped as tokens and as targets: (T,) or (B, T) each."""
    found = {}
    for name in NUMBERS:
        things = list(trace.tap_numbers.get(name, ()))
        for nodes in trace.taps.get(name, ()):
            if not nodes.ndim and int(nodes) >= 0 and trace.is_tensor(int(nodes)):
                things.append(np.asarray(trace.value(int(nodes))))
        found[name] = things
    return found


def shape_of(trace: Trace, nodes: NDArray[np.int32]) -> tuple[int, ...]:
    """The shape of what these nodes hold together."""
    if not nodes.ndim:
        return trace.shape(int(nodes)) if int(nodes) >= 0 else ()
    if not _holds_tensors(trace, nodes):
        return nodes.shape
    inner = [trace.shape(node) for node in nodes.ravel().tolist() if node >= 0]
    return (*nodes.shape, *(max(sizes) for sizes in zip(*inner, strict=True)))


def _wholes(trace: Trace, nodes: NDArray[np.int32]) -> list[Thing]:
    """One tapped thing; each by itself where they are tensors that do not fit together."""
    if not nodes.ndim and int(nodes) < 0:
        return []  # made before anybody listened
    if _stackable(trace, nodes):
        return [Thing(nodes, shape_of(trace, nodes))]
    alone = [np.asarray(node, np.int32) for node in nodes.ravel().tolist() if node >= 0]
    return [Thing(one, shape_of(trace, one)) for one in alone]


# Tensors side by side


def _holds_tensors(trace: Trace, nodes: NDArray[np.int32]) -> bool:
    """Whether several nodes are tensors. Rows mix no tensors with plain numbers, so the first says it."""
    if not len(trace.columns.slot) or not nodes.ndim or not nodes.size:
        return False
    known = nodes[nodes >= 0]
    return bool(known.size) and trace.is_tensor(int(known[0]))


def _stackable(trace: Trace, nodes: NDArray[np.int32]) -> bool:
    """Whether what these nodes hold can be seen as one array."""
    if not _holds_tensors(trace, nodes):
        return True
    known = nodes[nodes >= 0].tolist()
    return all(trace.is_tensor(node) for node in known) and len({len(trace.shape(node)) for node in known}) == 1


def _pieces(trace: Trace, nodes: NDArray[np.int32]) -> list[tuple[tuple[int, ...], int, Index]]:
    """(where among the nodes, node, which part of the place it fills) of each tensor."""
    places = [tuple(place) for place in np.argwhere(nodes >= 0).tolist()]
    return [(at, int(nodes[at]), tuple(map(slice, trace.shape(int(nodes[at]))))) for at in places]


def _size(trace: Trace, node: int) -> int:
    return int(np.prod(trace.shape(node), dtype=np.int64))
