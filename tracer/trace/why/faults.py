"""What kind of fault an edge or a node is: why a local gradient is 0, why a value is not finite.

Kinds are told by the op and its numbers. Where the other factor of a product is 0, that factor is followed to where its
0 came from.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tracer.core.columns import CONST, LIVE
from tracer.trace.why.answer import Link, Place, Verdict
from tracer.trace.why.reader import Reader

GATES = frozenset(("relu", "gated", "leaky_relu"))
FLAT_ENDS = frozenset(("sigmoid", "tanh", "gelu", "silu", "elu", "softplus", "erf", "atan"))
SOFTMAXES = frozenset(
    ("softmax", "log_softmax", "cross_entropy", "scaled_dot_product_attention", "logsumexp", "logaddexp")
)
CHOICES = (
    frozenset(("maximum", "minimum", "clamp", "clamp_min", "clamp_max", "max", "min", "amax", "amin", "median"))
    | frozenset(("max_dim", "min_dim", "median_dim", "sort", "topk", "max_pool2d", "where", "masked_fill", "select"))
    | frozenset(("slice", "index", "put", "index_put", "gather", "scatter", "scatter_add", "embedding", "element"))
    | frozenset(("tril", "triu", "pad", "fill", "place", "bernoulli"))
)
"""Ops that let some elements through and others not."""
PICKS = frozenset(("slice", "index", "select", "element", "gather", "embedding", "diagonal"))
"""Those that take out elements, whatever their numbers are."""
PRODUCTS = frozenset(("mul", "div", "addcmul", "addcdiv", "lerp", "prod", "cumprod")) | frozenset(
    ("matmul", "linear", "outer", "einsum", "conv2d", "addmm", "baddbmm", "addmv")
)
"""Ops whose local gradient in one input is made of the others."""
LONGEST_SUM = 300
"""Terms of a sum at most among which a softmax is looked for."""
CERTAIN = 1e-6
"""How near to 0 or 1 a probability lies of which a softmax is called saturated."""


def stopped(reader: Reader, edge: int, at: Place, user: Place) -> tuple[Verdict, Place, tuple[Link, ...]]:
    """Why the local gradient of an edge is 0: (kind, culprit, the way of the 0 that it is made of)."""
    trace = reader.trace
    op, e = trace.op(user.node), trace.edge(edge)
    assert op is not None, "an edge leads into an op's output"
    if op.name in GATES:
        return "closed gate", user, ()
    if op.name in FLAT_ENDS:
        return "saturated", user, ()
    if op.name in SOFTMAXES:
        return "saturated softmax", user, ()
    if op.name == "exp":
        return ("saturated softmax" if in_softmax(reader, user.node) else "exp underflow"), user, ()
    if op.name in CHOICES:
        return "masked", user, ()
    if op.name in PRODUCTS:
        factor = _zero_factor(reader, e.user, e.slot, at, user)
        if factor is not None:
            return _origin_of_zero(reader, factor)
    return "flat", user, ()


def _zero_factor(reader: Reader, user: int, slot: int, at: Place, out: Place) -> Place | None:
    """The other input whose 0 makes the local gradient 0."""
    trace = reader.trace
    best: Place | None = None
    for edge in trace.edges_in(user):
        e = trace.edge(edge)
        numbers = np.asarray(trace.edge_value(edge), np.float64)
        if e.slot == slot or not numbers.size:
            continue
        if not trace.is_tensor(user):
            if float(numbers) == 0:
                return Place(e.input)
            continue
        element = operand(reader, edge, out)
        flat = numbers.reshape(-1)
        if element is not None and flat[element] == 0:
            return Place(e.input, element)
        if element is None and (flat == 0).any():
            whole = bool((flat == 0).all())
            place = Place(e.input, 0 if whole else int(np.argmax(flat == 0)))
            if whole:
                return place
            best = best or place
    return best


def operand(reader: Reader, edge: int, out: Place) -> int | None:
    """The element of an elementwise op's input that one element of its output was made from."""
    trace = reader.trace
    e = trace.edge(edge)
    op, shape = trace.op(e.user), np.shape(trace.edge_value(edge))
    if op is None or not (op.elementwise or op.unfolds == "elements") or out.element is None:
        return None
    if not shape:
        return 0
    full = trace.shape(e.user)
    places = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)
    try:
        return int(np.broadcast_to(places, full).reshape(-1)[out.element])
    except ValueError:  # an op that is no plain broadcast
        return None


def _origin_of_zero(reader: Reader, place: Place) -> tuple[Verdict, Place, tuple[Link, ...]]:
    """Where a value of 0 came from: the leaf that holds it, the gate that made it, the exp that underflowed."""
    trace, links = reader.trace, []
    while True:
        op = trace.op(place.node)
        if op is None:
            verdict: Verdict = "zero factor"
            break
        if op.name in GATES:
            verdict = "closed gate"
            break
        if op.name in ("exp", "exp2"):
            verdict = "saturated softmax" if in_softmax(reader, place.node) else "exp underflow"
            break
        if op.name in SOFTMAXES:
            verdict = "saturated softmax"
            break
        if op.name == "bernoulli":
            verdict = "masked"
            break
        source = _zero_input(reader, place) if op.name in ("mul", "neg", "abs", "clone", "to", "div") else None
        if source is None:
            verdict = "zero factor"
            break
        links.append(reader.made(place, *source))
        place = source[1]
    was = replace(reader.last(place, "end"), value=0.0)  # an update may have changed it since
    return verdict, place, (*links, was)


def _zero_input(reader: Reader, place: Place) -> tuple[int, Place] | None:
    trace = reader.trace
    edges = trace.edges_in(place.node)
    if trace.columns.op_names[trace.columns.op[place.node] - 1] == "div":
        edges = edges[:1]  # a divisor of 0 makes no 0
    for edge in edges:
        element = operand(reader, edge, place)
        source = trace.edge(edge).input
        if reader.arg(edge, element if trace.is_tensor(source) else None) == 0:
            return edge, Place(source, element if trace.is_tensor(source) else None)
    return None


def in_softmax(reader: Reader, node: int) -> bool:
    """Whether an exponential is divided by a sum that it is part of, and is next to nothing or all of it."""
    trace = reader.trace
    sums = {node}
    for _ in range(LONGEST_SUM):
        added = [u for one in sums for u in _users(reader, one, ("add", "sum")) if u not in sums]
        if not added:
            break
        sums.update(added)
    inverses = {u for one in sums - {node} for u in _users(reader, one, ("pow", "reciprocal"))}
    for user in _users(reader, node, ("div", "mul")):
        others = set(trace.inputs(user)) - {node}
        if others & (sums | inverses):
            p = np.asarray(trace.value(user), np.float64)
            if p.size and bool((p >= 0).all() and (p <= 1).all() and ((p < CERTAIN) | (p > 1 - CERTAIN)).any()):
                return True
    return False


def _users(reader: Reader, node: int, ops: tuple[str, ...]) -> list[int]:
    """What was made from `node` so far by one of these ops."""
    trace = reader.trace
    users = [trace.edge(use).user for use in trace.uses(node)]
    names = trace.columns.op_names
    return [u for u in users if reader.cursor.is_made(u) and names[trace.columns.op[u] - 1] in ops]


# Not finite


def broken_value(reader: Reader, place: Place) -> Verdict:
    """Why a value is not finite although what it was made from is, or is infinite at most."""
    trace = reader.trace
    op = trace.op(place.node)
    if op is None or op.name in CHOICES:
        return "bad data"
    args = []
    for edge in trace.edges_in(place.node):
        source = trace.edge(edge).input
        element = operand(reader, edge, place)
        args.append(reader.arg(edge, element if trace.is_tensor(source) else None))
        if trace.is_tensor(source) and not np.size(trace.edge_value(edge)):
            return "empty"
    known = [math.nan if a is None else a for a in args]
    value = reader.value(place)
    assert value is not None, "it is not finite, so it is there"
    return _kind(op.name, known, value)


def _kind(name: str, args: list[float], value: float) -> Verdict:
    infinite = [a for a in args if math.isinf(a)]
    if name in ("log", "log2", "log10", "log1p"):
        a = args[0] + (name == "log1p")
        return "log of zero" if a == 0 else "log of negative" if a < 0 else "overflow"
    if name in ("sqrt", "rsqrt"):
        return "root of negative" if args[0] < 0 else "division by zero" if args[0] == 0 else "overflow"
    if name in ("div", "reciprocal", "addcdiv"):
        top, bottom = (1.0, args[0]) if name == "reciprocal" else (args[-2], args[-1])
        if bottom == 0:
            return "zero over zero" if top == 0 else "division by zero"
        return "bad operation" if math.isnan(value) else "overflow"
    if name == "pow":
        if args[0] == 0 or (args[0] < 0 and math.isnan(value)):
            return "bad power"
        return "overflow" if math.isinf(value) else "bad power"
    if name in ("add", "sub") and len(infinite) == 2:
        return "inf minus inf"
    if name == "mul" and infinite and 0.0 in args:
        return "zero times inf"
    if math.isinf(value):
        return "overflow"
    return "inf minus inf" if name in SOFTMAXES and infinite else "bad operation"


def meant(reader: Reader, node: int) -> bool:
    """Whether `node` is an infinity that the program wrote itself beside tensors: the −inf of an attention mask."""
    c = reader.trace.columns
    return bool(c.arena) and bool(c.flags[node] & CONST)


def takes_gradient(reader: Reader, node: int) -> bool:
    return bool(reader.trace.columns.flags[node] & LIVE)
