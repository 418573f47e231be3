"""From a cell of a panel to the very nodes of the trace that it shows, and from a node back to its cell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.errors import NotFoundError
from tracer.trace.moments import made_at
from tracer.trace.observation import observed_position
from tracer.trace.things import Thing, parameters_of, things_of
from tracer.trace.trace import Trace

LOSS = "loss"
"""What the last backward pass began at."""


@dataclass(frozen=True)
class Cell:
    """A number of a training step, or several, as panels know them."""

    of: str
    """A tap's or a parameter's name, `layer0.attn`, `logits`, `wte`; or `loss`."""
    index: tuple[int, ...] = ()
    """In the shapes of `Observation`; fewer numbers than axes are the whole row, matrix or parameter."""
    document: int = 0
    """Which of the documents (or of the things, for other names); 0 of a parameter."""
    grad: bool = False
    """Whether its gradient is meant."""


class At(NamedTuple):
    """A node; of a tensor with one element of it."""

    node: int
    element: int | None = None
    """Its place in row-major order; None for a plain number, or for the whole tensor."""


def nodes_of(trace: Trace, cell: Cell) -> tuple[At, ...]:
    """The nodes a cell shows, in its order; none where nobody computed such a number (attention to a later position).

    Probabilities that the program did not tap are those of the logits, so a cell of `probs` is then the logit's.

    Raises:
        NotFoundError: the trace has no such thing, or the index lies outside.
    """
    if cell.of == LOSS and LOSS not in trace.taps:
        return (At(_root(trace)),)
    thing = _thing(trace, cell)
    nodes, places = thing.cells(trace)
    if len(cell.index) > nodes.ndim or any(
        not 0 <= at < size for at, size in zip(cell.index, nodes.shape, strict=False)
    ):
        raise NotFoundError(
            f"{cell.of}: there is no cell {list(cell.index)}; its shape is {nodes.shape}.",
            ja=f"{cell.of}: {list(cell.index)} という要素はありません（形は {nodes.shape}）。",
        )
    nodes, places = np.ravel(nodes[cell.index]), np.ravel(places[cell.index])
    if len(nodes) > 1 and (nodes == nodes[0]).all() and len(nodes) == np.prod(trace.shape(int(nodes[0]))):
        return (At(int(nodes[0])),)
    pairs = zip(nodes.tolist(), places.tolist(), strict=True)
    return tuple(At(node, None if place < 0 else place) for node, place in pairs if node >= 0)


def cell_of(trace: Trace, node: int, element: int | None = None) -> Cell | None:
    """The cell that shows a node, or one element of a tensor; None where no panel does.

    A whole tensor is the whole thing of its first document.
    """
    for thing in _by_node(trace).get(node, ()):
        nodes, places = thing.where.cells(trace)
        found = nodes == node
        if thing.where.is_numbers(trace):
            places = np.full(nodes.shape, -1)
        elif element is not None:
            found = found & (places == element)
        elif found.all():
            return thing.cell
        at = np.argwhere(found)
        if len(at):
            index = tuple(at[0].tolist())
            return replace(thing.cell, index=index if element is not None or (places < 0).all() else index[:0])
    return Cell(LOSS) if trace.passes and node == _root(trace) else None


def moment_of(trace: Trace, cell: Cell) -> int:
    """The position at which a cell's value has just been made, or (`grad`) its gradient is complete.

    Where no gradient comes it is the moment at which the step is looked at.

    Raises:
        NotFoundError: as `nodes_of`.
    """
    nodes = np.unique([at.node for at in nodes_of(trace, cell)]).astype(np.int64)
    if not len(nodes):
        return observed_position(trace)
    if not cell.grad:
        return int(made_at(trace)[nodes].max())
    found = [_complete(trace, node) for node in nodes.tolist()]
    known = [position for position in found if position is not None]
    return max(known) if known else observed_position(trace)


def _complete(trace: Trace, node: int) -> int | None:
    """The position at which the last contribution to a node has come; None where none does."""
    for this in reversed(trace.passes):
        if this.keeps(node) and this.reached(node):
            deliveries = this.deliveries_to(node)
            return this.position_of(int(deliveries[-1])) if len(deliveries) else this.start + 1
    return None


def _thing(trace: Trace, cell: Cell) -> Thing:
    things, parameters = things_of(trace), parameters_of(trace)
    name = "logits" if cell.of == "probs" and "probs" not in things else cell.of
    some = things.get(name) or ((parameters[name],) if name in parameters else ())
    if not 0 <= cell.document < len(some):
        raise NotFoundError(
            f"{cell.of}: this step has no such thing in document {cell.document + 1}.",
            ja=f"{cell.of}: このステップの {cell.document + 1} 番目の文書にはありません。",
        )
    return some[cell.document]


def _root(trace: Trace) -> int:
    """The node that the last backward pass began at.

    Raises:
        NotFoundError: there was none.
    """
    roots = [this.root for this in trace.passes if this.accumulates] or [this.root for this in trace.passes]
    if not roots:
        raise NotFoundError("this step has no backward pass.", ja="このステップには逆伝播がありません。")
    return roots[-1]


class _Shown(NamedTuple):
    cell: Cell
    """The whole thing."""
    where: Thing


def _by_node(trace: Trace) -> dict[int, list[_Shown]]:
    """Node -> the things that show it. Found once a trace."""
    found: dict[int, list[_Shown]] | None = trace.kept.get("cells by node")
    if found is None:
        found = {}
        shown = [
            _Shown(Cell(name, document=k), thing)
            for name, things in things_of(trace).items()
            for k, thing in enumerate(things)
        ]
        shown += [_Shown(Cell(name), thing) for name, thing in parameters_of(trace).items()]
        for one in shown:
            nodes: NDArray[Any] = one.where.nodes
            for node in np.unique(nodes[nodes >= 0] if nodes.ndim else nodes).tolist():
                found.setdefault(node, []).append(one)
        trace.kept["cells by node"] = found
    return found
