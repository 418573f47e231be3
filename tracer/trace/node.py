"""A node and an edge as a person handles them: ids that know their trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, overload

if TYPE_CHECKING:
    from tracer.core.dtype import DType
    from tracer.core.op import Op
    from tracer.core.rerun import Number
    from tracer.trace.trace import Trace

NodeKind = Literal["leaf", "const", "op"]


class SourceLine(NamedTuple):
    """A line of the user's program."""

    file: str
    line: int


class Edge(NamedTuple):
    """One use of a node as an input; `x * x` has two."""

    input: int
    user: int
    slot: int
    """Which input of the user this is, from 0."""
    id: int


class Node(int):
    """A node's id (its place in creation order), with what its trace knows of it."""

    _trace: Trace

    def __new__(cls, trace: Trace, node: int) -> Node:
        made = super().__new__(cls, node)
        made._trace = trace
        return made

    @property
    def name(self) -> str | None:
        return self._trace.name(self)

    @property
    def label(self) -> str:
        return self._trace.label(self)

    @property
    def kind(self) -> NodeKind:
        return self._trace.kind(self)

    @property
    def op(self) -> Op | None:
        return self._trace.op(self)

    @property
    def value(self) -> Number:
        """The value it had when made: a float, or a read-only array of a tensor."""
        return self._trace.value(self)

    @property
    def shape(self) -> tuple[int, ...]:
        """() of a plain number."""
        return self._trace.shape(self)

    @property
    def dtype(self) -> DType:
        return self._trace.dtype(self)

    @property
    def inputs(self) -> tuple[int, ...]:
        return self._trace.inputs(self)

    @property
    def scope(self) -> str:
        return self._trace.scope(self)

    @property
    def requires_grad(self) -> bool:
        return self._trace.requires_grad(self)

    @property
    def source(self) -> SourceLine | None:
        return self._trace.source(self)

    def __repr__(self) -> str:
        return f"<Node {int(self)} {self.label}>"

    __str__ = int.__repr__  # in text a node is its id


class Nodes(Sequence[Node]):
    """All nodes of a trace, made when asked for."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __len__(self) -> int:
        return self._trace.n_nodes

    @overload
    def __getitem__(self, index: int) -> Node: ...
    @overload
    def __getitem__(self, index: slice) -> list[Node]: ...
    def __getitem__(self, index: int | slice) -> Node | list[Node]:
        if isinstance(index, slice):
            return [Node(self._trace, i) for i in range(*index.indices(len(self)))]
        return Node(self._trace, range(len(self))[index])


class Edges(Sequence[Edge]):
    """All edges of a trace, made when asked for."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace

    def __len__(self) -> int:
        return self._trace.n_edges

    @overload
    def __getitem__(self, index: int) -> Edge: ...
    @overload
    def __getitem__(self, index: slice) -> list[Edge]: ...
    def __getitem__(self, index: int | slice) -> Edge | list[Edge]:
        if isinstance(index, slice):
            return [self._trace.edge(i) for i in range(*index.indices(len(self)))]
        return self._trace.edge(range(len(self))[index])
