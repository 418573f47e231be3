"""A trace: the immutable, ordered record of a program that ran once."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import CONST, ENDS, LIVE, Columns, Parameters, Table, TapNumbers, Taps
from tracer.core.op import Op, find_op
from tracer.core.rerun import delivering
from tracer.errors import NotFoundError, did_you_mean
from tracer.numbers import format_number
from tracer.text import clean
from tracer.trace.node import Edge, Edges, Node, NodeKind, Nodes, SourceLine
from tracer.trace.numbering import formulas_of, numbers, spans, splices_of
from tracer.trace.numbers import Numbers
from tracer.trace.segment import PARTS, By, Pass, Segment, segments_of

if TYPE_CHECKING:
    import networkx as nx

    from tracer.core.record import LeafKey
    from tracer.trace.cursor import Cursor


class Trace(Numbers):
    """What a program did, as columns; read-only.

    Positions run from 0 (nothing has happened) to `len(trace)`. A node is its id, an int in creation order.

    Args:
        columns: the recording.
        ids: serial number -> node, while the recorded `Value`s still live; lets them be used as nodes.
    """

    def __init__(self, columns: Columns, ids: Mapping[int, int] | None = None) -> None:
        self.columns = columns
        self._ids = dict(ids or {})
        self.segments: tuple[Segment, ...] = segments_of(columns)
        self._starts = [s.start for s in self.segments]

    def __len__(self) -> int:
        return self.segments[-1].stop if self.segments else 0

    def __bool__(self) -> bool:
        return True  # an empty trace is still a trace

    def __repr__(self) -> str:
        return f"<Trace {self.n_nodes} nodes, {self.n_edges} edges, {len(self.passes)} passes, {len(self)} steps>"

    # The graph

    @property
    def n_nodes(self) -> int:
        return len(self.columns.value)

    @property
    def n_edges(self) -> int:
        return len(self.columns.inputs)

    @property
    def nodes(self) -> Nodes:
        return Nodes(self)

    @property
    def edges(self) -> Edges:
        return Edges(self)

    def kind(self, node: int) -> NodeKind:
        """ "leaf", "const" (a plain number used as an operand) or "op"."""
        if self.columns.op[node]:
            return "op"
        return "const" if self.columns.flags[node] & CONST else "leaf"

    def op(self, node: int) -> Op | None:
        """The op that made `node`, None for a leaf or a constant."""
        code = int(self.columns.op[node])
        return find_op(self.columns.op_names[code - 1]) if code else None

    def requires_grad(self, node: int) -> bool:
        """Whether gradient can reach `node`."""
        return bool(self.columns.flags[node] & LIVE)

    def accumulates(self, node: int) -> bool:
        """Whether gradients of several passes add up at `node`, and go no further.

        So it is for leaves, and for a computed tensor that the program made one.
        """
        return not self.columns.op[node] or bool(self.columns.flags[node] & ENDS)

    def delivers(self, edge: int) -> bool:
        """Whether gradient flows along an edge, when its user receives some."""
        return bool(self.delivering[edge])

    @cached_property
    def delivering(self) -> NDArray[np.bool_]:
        """(m,) edges whose input takes gradient and whose op has a rule for it."""
        return delivering(self.columns)

    def edges_in(self, node: int) -> range:
        """The edges into `node`, in input order."""
        return range(int(self.columns.offsets[node]), int(self.columns.offsets[node + 1]))

    def inputs(self, node: int) -> tuple[int, ...]:
        """What `node` was computed from, in order, repeats kept."""
        edges = self.edges_in(node)
        return tuple(self.columns.inputs[edges.start : edges.stop].tolist())

    def uses(self, node: int) -> tuple[int, ...]:
        """The edges out of `node`: each use of it, in creation order of the users."""
        order, targets = self._uses
        low, high = targets.searchsorted(np.array([node, node + 1], targets.dtype))  # plain ints would copy the array
        return tuple(order[low:high].tolist())

    @cached_property
    def _uses(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        order = np.argsort(self.columns.inputs, kind="stable")
        return order, self.columns.inputs[order]

    def edge(self, edge: int) -> Edge:
        """The edge with this id."""
        user = int(np.searchsorted(self.columns.offsets, edge, side="right")) - 1
        return Edge(int(self.columns.inputs[edge]), user, edge - int(self.columns.offsets[user]), edge)

    # Words

    def name(self, node: int) -> str | None:
        """What the program calls `node`, if anything."""
        return self._names.get(int(node))

    def label(self, node: int) -> str:
        """What to call `node`: its name, a constant's number, else `v7`."""
        name = self.name(node)
        if name is not None:
            return name
        if self.kind(node) == "const":
            return format_number(float(self.columns.value[node]))
        return f"v{self.number(node)}"

    def number(self, node: int) -> str:
        """What tells `node` from others where it has no name: its id, `7`; of a node inside an unfolded one, `7.2`.

        Unfolding changes ids, but no numbers.
        """
        return self._numbers[node] if self._numbers else str(int(node))

    def numbered(self, number: str) -> int | None:
        """The node with this number; None where there is none."""
        if self._numbers:
            return self._by_number.get(number)
        return int(number) if number.isdecimal() and int(number) < self.n_nodes else None

    @cached_property
    def unfolded(self) -> tuple[range, ...]:
        """The nodes that came in by each unfolding, in order; the last of them stands where the unfolded node stood."""
        return spans(splices_of(self.info, self.n_nodes))

    @cached_property
    def unfolded_formulas(self) -> tuple[str, ...]:
        """How each unfolded node was computed: `softmax(z, dim=1)`. Fewer than `unfolded` where a file does not say."""
        return formulas_of(self.info)

    @cached_property
    def _numbers(self) -> list[str]:
        """Of each node; empty where numbers are ids."""
        splices = splices_of(self.info, self.n_nodes)
        return numbers(self.n_nodes, splices) if splices else []

    @cached_property
    def _by_number(self) -> dict[str, int]:
        return {number: node for node, number in enumerate(self._numbers)}

    def formula(self, node: int) -> str:
        """How `node` was computed, in the labels of its inputs: `x + 2`; "" for a leaf."""
        op = self.op(node)
        if op is None:
            return ""
        return op.written([self.label(source) for source in self.inputs(node)], self.static(node))

    def scope(self, node: int) -> str:
        """The scope `node` was made in, "" at the top."""
        return clean(self.columns.scopes[int(self.columns.scope[node])])

    def source(self, node: int) -> SourceLine | None:
        """The user's line that made `node`."""
        return self.line_at(int(self.columns.line[node]))

    def line_at(self, row: int) -> SourceLine | None:
        """A row of the line table."""
        if row < 0:
            return None
        c = self.columns
        return SourceLine(clean(c.files[c.line_file[row]]), int(c.line_number[row]))

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """File name -> its text when the program ran."""
        return {clean(file): clean(text, lines=True) for file, text in self.columns.sources.items()}

    @property
    def info(self) -> Mapping[str, Any]:
        """Title, arguments, how the program ended."""
        return self.columns.info

    @cached_property
    def _names(self) -> dict[int, str]:
        return {node: clean(name) for node, name in sorted(self.columns.names.items())}

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {name: node for node, name in self._names.items()}

    def find(self, name: str) -> Node:
        """The node called `name` (the last one made, where several are), or `v7` for node 7.

        Raises:
            NotFoundError: none is called so; the nearest names are offered.
        """
        node = self._by_name.get(name)
        if node is None and name[:1] == "v":
            node = self.numbered(name[1:])
        if node is None:
            raise NotFoundError(f"no node is called {name!r}.", hint=did_you_mean(name, self._by_name))
        return Node(self, node)

    @property
    def ids(self) -> Mapping[int, int]:
        """Serial number -> node, of the recorded `Value`s and tensors that may still live."""
        return self._ids

    def resolve(self, node: Any) -> int:
        """A node id from an id, a name, or a recorded `Value` or tensor that still lives.

        Raises:
            NotFoundError: it names no node of this trace.
        """
        if isinstance(node, str):
            return int(self.find(node))
        serial = getattr(node, "_serial", None)
        if serial is not None:
            if serial not in self._ids:
                raise NotFoundError(f"this {type(node).__name__} was not recorded in this trace.")
            return self._ids[serial]
        at = int(node)
        if not 0 <= at < self.n_nodes:
            raise NotFoundError(f"there is no node {at}; the trace has {self.n_nodes:,}.")
        return at

    @cached_property
    def frozen(self) -> Mapping[int, tuple[tuple[str, SourceLine | None], ...]]:
        """Node -> where the program looked at its number; what follows from a look is not in the graph."""
        found: dict[int, tuple[tuple[str, SourceLine | None], ...]] = {}
        for node, kind, line in self.columns.frozen:
            found[node] = (*found.get(node, ()), (kind, self.line_at(line)))
        return found

    def leaf_key(self, node: int) -> LeafKey:
        """What names this leaf when the program is run again with another value for it."""
        row = int(self.columns.line[node])
        before = (self.columns.line[:node] == row) & (self.columns.op[:node] == 0)
        line = self.line_at(row)
        return (*(line or ("", -1)), int(before.sum()))

    @property
    def taps(self) -> Taps:
        """What the program marked for panels with `tracer.tap`: name -> the nodes of each thing so marked, in order.

        An array has the shape of the thing, a tensor being one node; -1 is a plain number, or the end of a shorter row.
        """
        return self.columns.taps

    @property
    def tap_numbers(self) -> TapNumbers:
        """What the program marked so that is made of plain numbers: tokens, targets. Name -> the things, in order."""
        return self.columns.tap_numbers

    @property
    def parameters(self) -> Parameters:
        """What is trained, in a recorded training step: the program's name -> its nodes in its shape, () for a tensor.

        -1 is a number that the step had nothing to do with.
        """
        return self.columns.parameters

    # Time

    def cursor(self, position: int = 0) -> Cursor:
        """The moment at `position`; negative counts from the end, as in a list.

        Raises:
            NotFoundError: outside 0..len(trace).
        """
        from tracer.trace.cursor import Cursor

        at = position + len(self) + 1 if position < 0 else position
        if not 0 <= at <= len(self):
            raise NotFoundError(f"there is no position {position}; they run from 0 to {len(self)}.")
        return Cursor(self, at)

    @cached_property
    def passes(self) -> tuple[Pass, ...]:
        """The backward passes, in order."""
        parts: dict[int, list[Segment]] = {}
        for segment in self.segments:
            if segment.kind == "backward":
                parts.setdefault(segment.pass_index, []).append(segment)
        return tuple(Pass(self, i, p, parts[i]) for i, p in enumerate(self.columns.passes) if i in parts)

    def segment_at(self, position: int) -> Segment | None:
        """The segment of the step that led to `position`; None at 0."""
        if position <= 0:
            return None
        return self.segments[bisect.bisect_left(self._starts, position) - 1]

    def made_at(self, node: int) -> int:
        """The position at which `node` has just been made."""
        firsts, segments = self._forward
        segment = segments[bisect.bisect_right(firsts, node) - 1]
        return segment.start + (node - segment.first) + 1

    @cached_property
    def _forward(self) -> tuple[list[int], list[Segment]]:
        segments = [s for s in self.segments if s.kind == "forward"]
        return [s.first for s in segments], segments

    def stops(self, by: By) -> NDArray[np.int64]:
        """Positions at which steps of this granularity end, ascending."""
        if by not in self._stops:
            from tracer.trace.stops import stops

            self._stops[by] = stops(self, by)
        return self._stops[by]

    @cached_property
    def _stops(self) -> dict[By, NDArray[np.int64]]:
        return {}

    def events(self, kind: str) -> Mapping[int, list[tuple[int, int]]]:
        """Node -> (position, table row) of each "write", "update" or "mark" on it, in time order."""
        return self._events[kind]

    @cached_property
    def _events(self) -> dict[str, dict[int, list[tuple[int, int]]]]:
        found: dict[str, dict[int, list[tuple[int, int]]]] = {"write": {}, "update": {}, "mark": {}}
        for segment in self.segments:
            if segment.kind in found:
                table = self.table(segment.kind)
                for i in range(len(segment)):
                    row = segment.first + i
                    found[segment.kind].setdefault(int(table.node[row]), []).append((segment.start + i + 1, row))
        return found

    def table(self, kind: str) -> Table:
        """The rows of "write", "update" or "mark" events."""
        c = self.columns
        return {"write": c.writes, "update": c.updates, "mark": c.marks}[kind]

    @cached_property
    def kept(self) -> dict[Any, Any]:
        """What readers worked out from this trace and will want again, by keys of their own; it goes with the trace."""
        return {}

    # Out

    def save(self, path: str | Path) -> None:
        """Write one `.safetensors` file, atomically. See `tracer.load`."""
        from tracer.trace.store import save

        save(self, path)

    def to_networkx(self) -> nx.MultiDiGraph[int]:
        """The whole graph; edges go from input to user, keyed by edge id.

        Nodes have name, op, value, grad and scope; tensors also shape and dtype, and arrays as value and grad.
        """
        import networkx as nx

        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        end = self.cursor(len(self))
        for node in range(self.n_nodes):
            op = self.op(node)
            graph.add_node(
                node,
                name=self.label(node),
                op=op.name if op else self.kind(node),
                value=end.data(node),
                grad=end.grad(node),
                scope=self.scope(node),
                **({"shape": self.shape(node), "dtype": self.dtype(node).name} if self.is_tensor(node) else {}),
            )
        for e in self.edges:
            graph.add_edge(e.input, e.user, key=e.id, slot=e.slot)
        return graph

    def to_dot(self) -> str:
        """DOT text of the finished trace, as `tracer export` writes it."""
        from tracer import to_dot

        return to_dot(self)


__all__ = ["PARTS", "Edge", "Node", "SourceLine", "Trace"]
