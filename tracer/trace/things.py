"""What a training step shows, thing by thing: which numbers of the trace each tapped thing and each parameter is.

A batch is split into its documents and the padding is cut away, so that a panel sees the same things whichever engine
computed them: `Thing.shape` is the shape that panels know, `Cell.index` an index into it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.trace.trace import Trace

Array = NDArray[Any]
Index = tuple[int | slice, ...]
Kinds = Mapping[str, tuple["Thing", ...]]

AXES = {"attn": 3, "embed": 2, "heads": 2, "attn_out": 2, "mlp": 2, "mlp_out": 2, "logits": 2, "probs": 2}
"""Axes of one document's thing, by the last word of a tap's name; with one more, the first counts documents."""
SQUARE = "attn"
"""Its last two axes are positions both; of the others' it is the first."""
_NAME = re.compile(r"(?:layer\d+\.)?(\w+)", re.ASCII)


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


def things_of(trace: Trace) -> Kinds:
    """Name -> the thing of each document, for the names of `tracer.core.taps`; for others the things as they are.

    Found once a trace.
    """
    found: Kinds | None = trace.kept.get("things")
    if found is None:
        lengths = _lengths(trace)
        found = {
            name: tuple(one for k, nodes in enumerate(some) for one in _split(trace, name, nodes, lengths, k))
            for name, some in trace.taps.items()
            if name not in ("tokens", "targets")
        }
        trace.kept["things"] = found
    return found


def parameters_of(trace: Trace) -> Mapping[str, Thing]:
    """Name -> each parameter that the recorded step had anything to do with."""
    found: Mapping[str, Thing] | None = trace.kept.get("parameter things")
    if found is None:
        known = {name: nodes for name, nodes in trace.parameters.items() if (nodes >= 0).any()}
        found = trace.kept["parameter things"] = {name: Thing(one, shape_of(trace, one)) for name, one in known.items()}
    return found


def tokens_of(trace: Trace) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    """(tokens, targets) of each document, without the padding; () where nothing is tapped so."""
    lengths = _lengths(trace)
    found = []
    for name in ("tokens", "targets"):
        rows = [row for k, thing in enumerate(_numbers(trace, name)) for row in _rows(thing, lengths, k)]
        found.append(tuple(rows))
    return found[0], found[1]


def shape_of(trace: Trace, nodes: NDArray[np.int32]) -> tuple[int, ...]:
    """The shape of what these nodes hold together."""
    if not nodes.ndim:
        return trace.shape(int(nodes)) if int(nodes) >= 0 else ()
    if not _holds_tensors(trace, nodes):
        return nodes.shape
    inner = [trace.shape(node) for node in nodes.ravel().tolist() if node >= 0]
    return (*nodes.shape, *(max(sizes) for sizes in zip(*inner, strict=True)))


# Documents


def _split(
    trace: Trace, name: str, nodes: NDArray[np.int32], lengths: list[list[int]], k: int
) -> tuple[Thing, ...] | list[Thing]:
    """One tapped thing as the things of its documents.

    Args:
        lengths, k: how many positions each document of every pass has, and which pass this is.
    """
    if not nodes.ndim and int(nodes) < 0:
        return ()  # made before anybody listened
    if not _stackable(trace, nodes):
        alone = [np.asarray(node, np.int32) for node in nodes.ravel().tolist() if node >= 0]
        return [Thing(one, shape_of(trace, one)) for one in alone]
    whole, found = Thing(nodes, shape_of(trace, nodes)), _NAME.fullmatch(name)
    axes = AXES.get(found[1]) if found else None
    mine = lengths[k] if k < len(lengths) else []
    if axes is None or len(whole.shape) not in (axes, axes + 1) or (nodes.ndim and _holds_tensors(trace, nodes)):
        return (whole,)
    square = name.endswith(SQUARE)
    if len(whole.shape) == axes:
        return (_cut(whole, (), mine[0] if len(mine) == 1 else None, square=square),)
    count = whole.shape[0]
    return [_cut(whole, (b,), mine[b] if len(mine) == count else None, square=square) for b in range(count)]


def _cut(whole: Thing, document: tuple[int, ...], length: int | None, *, square: bool) -> Thing:
    """One document of a thing, without the positions after its last."""
    shape = whole.shape[len(document) :]
    axes = (1, 2) if square else (0,)
    if length is None or any(length > shape[axis] for axis in axes):
        return Thing(whole.nodes, shape, document)
    kept = tuple(min(size, length) if axis in axes else size for axis, size in enumerate(shape))
    return Thing(whole.nodes, kept, (*document, *map(slice, kept)))


def _lengths(trace: Trace) -> list[list[int]]:
    """Of each pass, how many positions each of its documents has: as many as there are targets."""
    by = _numbers(trace, "targets") or _numbers(trace, "tokens")
    return [[int((row >= 0).sum()) for row in np.atleast_2d(thing)] for thing in by]


def _numbers(trace: Trace, name: str) -> list[Array]:
    """What was tapped as tokens or targets: whole numbers, (T,) or (B, T) each."""
    found = [np.asarray(one) for one in trace.tap_numbers.get(name, ())]
    for nodes in trace.taps.get(name, ()):
        if not nodes.ndim and int(nodes) >= 0 and trace.is_tensor(int(nodes)):
            found.append(np.asarray(trace.value(int(nodes))))
    return [np.where(np.isfinite(one), one, -1).astype(np.int64) for one in found if one.ndim in (1, 2)]


def _rows(thing: Array, lengths: list[list[int]], k: int) -> list[tuple[int, ...]]:
    rows = np.atleast_2d(thing)
    mine = lengths[k] if k < len(lengths) and len(lengths[k]) == len(rows) else [rows.shape[1]] * len(rows)
    return [tuple(row[:length].tolist()) for row, length in zip(rows, mine, strict=True)]


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
