"""Where everything of a trace is drawn, worked out once: the picture does not move while the walk goes on.

So every box is wide enough for whatever it will show at any position. These widths are the one thing here that is read
off the whole recording; no number from it is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.cells import cell_len

from tracer.explain.amount import FEW, ROOM, Amount, brief
from tracer.layout.fold import Drawn, Folding, Inside, draw_graph, insides, is_folded, stretch_of
from tracer.layout.frames import Frame, Rect, framing
from tracer.layout.layered import Direction, Placed, Point, Size
from tracer.layout.pieces import Pieces, at_once
from tracer.scene.folded import FoldReadings, shown_ports
from tracer.scene.foldsize import counts, fold_size, opened, paths
from tracer.scene.notation import Notation, Shape, shape, title
from tracer.scene.reading import Readings, carried, dims
from tracer.text import LANGS, Lang, clean
from tracer.trace.cursor import Cursor
from tracer.trace.recent import recent
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

DIRECTIONS: dict[Notation, Direction] = {"boxes": "down", "textbook": "right"}

EXACT_DELIVERIES = 600
"""Up to this many contributions, widths follow the numbers; above, every number gets room for the widest."""
SUMMARY = 14
"""Cells of the widest word on an array: `‖·‖ 1.235e-10`."""
WIDEST = 11
"""Cells of the widest number, `-1.235e-100`."""
ROOM_TO_GROW = 5
"""Numbers get at least this much room, so that a nudge seldom moves the picture."""

NARROWEST_BOX, WIDEST_BOX, BOX_STEP = 15, 31, 4
"""Box widths are odd, so that a wire leaves from the middle, and go up in steps, so that most boxes are equal."""
WIDEST_TENSOR = 39
"""Of a tensor: it has few boxes beside it, and its formula names parameters of modules."""
PORT_ROOM = 35
"""Of a box with a parameter in it, with its value and its gradient."""
LABEL_ROOM = 11
"""Room for `5 · 1` on a textbook wire; a longer one is written into the wire."""

_KEPT = 12
"""Arrangements kept a trace: both notations, the windows last walked through, and what may be opened next."""


@dataclass(frozen=True)
class Widths:
    """The widest text that a node's or an edge's number takes at any position, in cells."""

    value: dict[int, int]
    grad: dict[int, int]
    product: dict[int, int]
    """By edge: `5 · 1`."""
    contribution: dict[int, int]
    """By edge: `5`."""


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The drawn graph with its coordinates, for one notation. It holds no trace, so that a trace can be forgotten."""

    drawn: Drawn
    edges: tuple[tuple[int, int, int], ...]
    """(input, user, edge id) of each edge that is drawn."""
    placed: Placed
    sizes: Mapping[int, Size]
    """By node, in the order of drawing; so are all the others."""
    shapes: Mapping[int, Shape]
    titles: Mapping[int, str]
    marked: frozenset[int]
    """Nodes that keep a row free for what the program hangs on them."""
    hidden_inputs: Mapping[int, int]
    """How many inputs the window leaves out. A constant in the formula is not left out."""
    hidden_users: Mapping[int, int]
    insides: tuple[Inside, ...]
    rects: tuple[Rect, ...]
    """Where the frames around them are, in the same order."""
    readings: Mapping[Lang, Readings]
    folds: Mapping[Lang, FoldReadings]
    paths: Mapping[int, str]
    """Of a box that lies in opened parts of the graph: which."""
    opened: Mapping[int, tuple[str, ...]]
    """The keys of those."""
    bundles: Mapping[tuple[int, int], int]
    """(input, user) -> the key of the bundle between them."""
    counts: Mapping[int, Point]
    """Bundle -> where its `×64` stands."""

    def box_of(self, node: int | None, user: int | None = None) -> int | None:
        """The box in which a node (or a fold) is seen, a parameter in that of its user; None where it is left out."""
        return node if node is None or node in self.sizes or node < 0 else self.drawn.place(node, user)


def arrange(
    trace: Trace, notation: Notation, around: int, limit: int, digits: int, folding: Folding | None = None
) -> Arrangement:
    """The arrangement that shows `around`. The same stretch of a trace is laid out once."""
    return at_once(arranging(trace, notation, around, limit, digits, folding))


def arranging(
    trace: Trace, notation: Notation, around: int, limit: int, digits: int, folding: Folding | None = None
) -> Pieces[Arrangement]:
    """The same in pieces."""
    kept: dict[object, Arrangement] = trace.kept.setdefault("scene.arrangements", {})
    key = (notation, folding, stretch_of(trace, around, limit, folding), limit, digits)
    made = kept.get(key) or (yield from _arranged(trace, notation, around, limit, digits, folding))
    return recent(kept, key, _KEPT, lambda: made)


def _arranged(
    trace: Trace, notation: Notation, around: int, limit: int, digits: int, folding: Folding | None
) -> Pieces[Arrangement]:
    yield
    drawn = draw_graph(trace, around, limit, folding)
    graph = drawn.graph
    yield
    widths = _widths(trace, drawn, digits)
    marked = frozenset(node for node in graph if trace.events("mark").get(node))
    size = _box_size if notation == "boxes" else _textbook_size
    sizes = {
        node: size(trace, drawn, node, widths, node in marked)
        if node >= 0
        else fold_size(drawn, drawn.folds[node], notation)
        for node in graph
    }
    unfolded = insides(trace, graph)
    frames = [Frame(one.nodes, cell_len(one.title)) for one in unfolded]
    yield
    placed, rects = yield from framing(graph, sizes, DIRECTIONS[notation], frames)
    yield
    titles = {node: title(trace, node, notation) if node >= 0 else clean(drawn.folds[node].title) for node in graph}
    bundled = counts(drawn, placed, sizes)
    yield
    return Arrangement(
        drawn=drawn,
        edges=tuple(graph.edges(keys=True)),
        placed=placed,
        sizes=sizes,
        shapes={node: shape(trace, node, notation) if node >= 0 else "fold" for node in graph},
        titles=titles,
        marked=marked,
        hidden_inputs={node: _inputs_left_out(trace, drawn, node) for node in graph},
        hidden_users={node: _users_left_out(trace, drawn, node) for node in graph},
        insides=unfolded,
        rects=rects,
        readings={
            lang: Readings(digits, frozenset(edge for _, _, edge in graph.edges(keys=True)), lang) for lang in LANGS
        },
        folds={lang: FoldReadings(digits, lang) for lang in LANGS},
        paths=paths(drawn),
        opened=opened(drawn),
        bundles={(source, user): key for source, user, key in graph.edges(keys=True) if key in drawn.bundles},
        counts=bundled,
    )


def _inputs_left_out(trace: Trace, drawn: Drawn, node: int) -> int:
    """Inputs that are seen nowhere: a constant stands in its user's formula, a parameter in a row of its user's box."""
    if drawn.is_folded:
        return drawn.cut.get(node, (0, 0))[0]
    return sum(source not in drawn.graph and not is_folded(trace, source) for source in trace.inputs(node))


def _users_left_out(trace: Trace, drawn: Drawn, node: int) -> int:
    if drawn.is_folded:
        return drawn.cut.get(node, (0, 0))[1]
    return len(trace.uses(node)) - int(drawn.graph.out_degree(node))


def _box_size(trace: Trace, drawn: Drawn, node: int, widths: Widths, marked: bool) -> Size:
    """A leaf has its value beside its name; what is computed has it on a row of its own, below the formula.

    A tensor has that row too, for its shape stands there.
    """
    words = cell_len(title(trace, node, "boxes"))
    shape = dims(trace, node)
    low = trace.op(node) is None and not shape
    if low:
        words += 2 + widths.value[node]
    value = widths.value[node] + (cell_len(shape) + 2 if shape else 0)
    inner = max(words, value, 2 + widths.grad[node], _marks_width(trace, node))
    steps = -(-max(inner + 4 - NARROWEST_BOX, 0) // BOX_STEP)
    ports = 2 * drawn.graph.in_degree(node) + 3
    widest = max(WIDEST_TENSOR, value + 4 + (value % 2 == 0)) if shape else WIDEST_BOX
    own = drawn.ports.get(node, ())
    if own:  # `⊳ layer0.attn_wq[3,5]  0.3137  ∂ 0.0123`
        widest = WIDEST_TENSOR
        steps = max(steps, -(-(PORT_ROOM - NARROWEST_BOX) // BOX_STEP))
    width = max(min(NARROWEST_BOX + BOX_STEP * steps, widest), ports)
    return Size(width, (4 if low else 5) + marked + shown_ports(own))


def _textbook_size(trace: Trace, drawn: Drawn, node: int, widths: Widths, marked: bool) -> Size:
    """The middle row is the outgoing wire's; each incoming wire has rows above and below it for its numbers."""
    graph = drawn.graph
    words = cell_len(title(trace, node, "textbook"))
    kind: Shape = shape(trace, node, "textbook")
    name = trace.name(node) if kind == "circle" else None
    shape_room = cell_len(dims(trace, node)) + 1 if dims(trace, node) else 0
    value = widths.value[node] + (cell_len(name) + 3 if name else 0) + shape_room
    room_out = max(value, 2 + widths.grad[node]) + 2
    if kind == "plain":
        return Size(max(words, _marks_width(trace, node)) + 2, 3, room_out=room_out)
    count = graph.in_degree(node)
    branches = any(graph.out_degree(source) > 1 for source in graph.predecessors(node))
    pitch = 4 if branches else 2
    height = max(3 + pitch * max(count - 1, 0), 5 if marked else 3)
    first = (height - 1 - pitch * max(count - 1, 0)) // 2
    ports = tuple(first + pitch * i for i in range(count))
    numbers = [0]  # before the arrowheads
    for source, _, edge in graph.in_edges(node, keys=True):
        numbers.append(min(widths.product[edge], LABEL_ROOM))
        if graph.out_degree(source) > 1:  # one of several wires has its own numbers
            numbers += [widths.value[source], widths.contribution[edge]]
    inner = max(words, _marks_width(trace, node), 1 if height < 5 else 3)
    inner += inner % 2 == 0  # an odd inside centres a sign of one cell
    width = inner + 4
    return Size(width, height, ports, room_in=max(numbers) + 3, room_out=room_out)


def _marks_width(trace: Trace, node: int) -> int:
    rows = trace.events("mark").get(node, ())
    return cell_len(", ".join(trace.columns.mark_texts[row] for _, row in rows))


def _widths(trace: Trace, drawn: Drawn, digits: int) -> Widths:
    """Exact for a small recording; for a large one, room for any number everywhere."""
    graph = drawn.graph
    edges = [edge for _, _, edge in graph.edges(keys=True)]
    if sum(len(p.edges) for p in trace.passes) > EXACT_DELIVERIES:
        return Widths(
            value={node: _most(trace, node) if node >= 0 else 0 for node in graph},
            grad={node: _most(trace, node) + 2 if node >= 0 else 0 for node in graph},
            product=dict.fromkeys(edges, 2 * WIDEST + 3),
            contribution=dict.fromkeys(edges, WIDEST),
        )
    single = [node for node in graph if node >= 0]
    widths = Widths(
        value={node: max(ROOM_TO_GROW, *_values(trace, node, digits)) for node in single}
        | {node: 0 for node in graph if node < 0},
        grad={
            node: SUMMARY + 2 if _many(trace, node) and trace.requires_grad(node) else ROOM_TO_GROW for node in single
        },
        product=dict.fromkeys(edges, ROOM_TO_GROW),
        contribution=dict.fromkeys(edges, 1),
    )
    for node in single:
        for _, row in trace.events("write").get(node, ()):
            widths.grad[node] = max(widths.grad[node], _width(trace.written("write", row), digits) + 2)
    for this in trace.passes:
        _widen(trace, this, widths, digits)
    return widths


def _widen(trace: Trace, this: Pass, widths: Widths, digits: int) -> None:
    """Makes room for every number that a pass shows on its way: products, contributions, sums so far."""
    grads: dict[int, Amount] = {}
    delivered: dict[int, Amount] = {}  # by hand, an edge may deliver again: their sum is shown
    start = Cursor(trace, this.start + 1)
    for delivery, (edge, node) in enumerate(zip(this.edges.tolist(), this.targets.tolist(), strict=True)):
        if node not in widths.grad:
            continue
        if _many(trace, node):  # only words are shown of it: nothing need be computed
            if edge in widths.product:
                widths.product[edge], widths.contribution[edge] = LABEL_ROOM, SUMMARY
            continue
        upstream, local, contribution = trace.contribution(this.index, delivery)
        if node not in grads and (this.index or node == this.root):
            held = start.grad(node)
            grads[node] = 0.0 if held is None else held  # what an earlier pass left in a leaf
        grads[node] = contribution if this.combine == "assign" else grads.get(node, 0.0) + contribution
        for number in (contribution, grads[node]):
            widths.grad[node] = max(widths.grad[node], _width(number, digits) + 2)  # 2 for ` …`
        if edge in widths.product:
            delivered[edge] = delivered.get(edge, 0.0) + contribution
            label = carried(upstream, local, contribution, digits)
            widths.product[edge] = max(widths.product[edge], cell_len(label))
            for number in (contribution, delivered[edge]):
                widths.contribution[edge] = max(widths.contribution[edge], _width(number, digits))


def _values(trace: Trace, node: int, digits: int) -> Iterator[int]:
    """The widths of what `node` holds, one after the other."""
    if _many(trace, node):
        yield SUMMARY
        return
    yield _width(trace.value(node), digits)
    for _, row in trace.events("update").get(node, ()):
        yield _width(trace.written("update", row), digits)


def _many(trace: Trace, node: int) -> bool:
    """Whether a node has more numbers than a box writes out."""
    return math.prod(trace.shape(node)) > FEW


def _most(trace: Trace, node: int) -> int:
    """The widest that anything about a node's number, or numbers, can be."""
    if not trace.shape(node):
        return WIDEST
    return SUMMARY if _many(trace, node) else ROOM


def _width(value: Amount | None, digits: int) -> int:
    words = brief(value, digits)
    return max(cell_len(words[lang]) for lang in LANGS)
