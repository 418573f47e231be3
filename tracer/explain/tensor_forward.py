"""A tensor comes into being: its shape, why it has it, and its numbers where they are few."""

from __future__ import annotations

import math

from tracer.explain.amount import equals, fits_rows, is_single, labelled, rows_of, shape_text
from tracer.explain.explanation import Explanation, Row
from tracer.explain.inside import constant, is_inside, is_seam, rest
from tracer.explain.kept import keeps
from tracer.explain.shapes import elementwise_forward, linear_forward, matmul_forward, other_forward
from tracer.explain.teller import FORWARD, Teller
from tracer.explain.words import EMPTY, count, join
from tracer.text import LANGS, Text

SHAPES = Text("shapes", "形")


def leaf(teller: Teller, node: int) -> Explanation:
    """A tensor that no op made."""
    name, shape = teller.names(node), shape_text(teller.shape(node))
    value, kind = teller.made(node), teller.trace.dtype(node).name
    n = count(math.prod(teller.shape(node)), "number", "numbers", "数 {} 個")
    said = labelled(value, teller.digits)
    written = is_single(value) or said.en.startswith("[")
    between = f" {equals(value, teller.digits)}" if written else ":"
    line = Text(f"{name}{between} {said.en}", f"{name}{between} {said.ja}")
    inside = is_inside(teller.trace, node)
    return Explanation(
        kind="leaf",
        phase=FORWARD,
        title=Text(f"constant {name}  {shape}", f"定数 {name}  {shape}")
        if inside
        else Text(f"leaf {name}  {shape}", f"葉 {name}  {shape}"),
        lead=constant(teller, node)
        if inside
        else Text(
            f"{name} is a leaf: the program made it, a tensor of the shape {shape}: {n.en} of the type {kind}.",
            f"{name} は葉です。プログラムが直接作ったテンソルで、形は {shape}、{kind} 型の{n.ja}からなります。",
        ),
        rule=EMPTY,
        numbers=line,
        blocks=(rows_of(value, Text.same(name), digits=teller.digits, now=True),),
        sentence=EMPTY if inside else _takes_gradient(teller, node),
        short=Text(f"{line.en}   a constant", f"{line.ja}   定数")
        if inside
        else Text(f"{line.en}   a leaf", f"{line.ja}   葉"),
        node=node,
        notes=(*teller.node_notes(node), *teller.ending()),
    )


def _takes_gradient(teller: Teller, node: int) -> Text:
    if not teller.trace.requires_grad(node):
        if (teller.trace.table("update").node == node).any():
            return Text(
                "It takes no gradient (requires_grad is False). Where the program writes new numbers into it, it found "
                "them by a calculation of its own.",
                "勾配は受け取りません（requires_grad が False）。値を書き換えるときは、プログラムが自分で計算した数を"
                "使います。",
            )
        return Text(
            "It takes no gradient (requires_grad is False): it is given, not to be learned.",
            "勾配は受け取りません（requires_grad が False）。学習で変えるものではなく、与えられたものです。",
        )
    if teller.shape(node):
        return Text(
            "It takes a gradient (requires_grad is True). On the way back, one of the same shape is gathered in it: "
            "a number for each of its numbers.",
            "勾配を受け取ります（requires_grad が True）。逆伝播では、要素ごとに一つずつ、同じ形の勾配がここに"
            "集まります。",
        )
    return Text(
        "It takes a gradient (requires_grad is True), which is gathered in it on the way back.",
        "勾配を受け取ります（requires_grad が True）。逆伝播では、その勾配がここに集まります。",
    )


def shapes_line(teller: Teller, node: int) -> str:
    """`(3, 4) @ (4, 5) → (3, 5)`: the formula of `node` with shapes in place of names; numbers stay numbers."""
    trace, op = teller.trace, teller.trace.op(node)
    assert op is not None, "only computed nodes have a formula"
    inputs, after = trace.inputs(node), shape_text(teller.shape(node))
    if len(inputs) == 1:
        return f"{shape_text(teller.shape(inputs[0]))} → {after}"
    given = [
        teller.names(source) if trace.kind(source) == "const" else shape_text(teller.shape(source)) for source in inputs
    ]
    return f"{op.written(given, trace.static(node))} → {after}"


def computed_block(teller: Teller, node: int, *, now: bool = True) -> tuple[tuple[Row, ...], Text]:
    """The rows `C = A @ B`, its shapes, its numbers; and the last of them on one line."""
    value, digits = teller.made(node), teller.digits
    name, formula = Text.same(teller.names(node)), teller.names.formula(node)
    few = is_single(value) or fits_rows(value)
    sign = equals(value, digits) if few else ":"
    if is_seam(teller.trace, node):
        rows = [Row((Text.same(formula),), name)] if formula != name.en else []
        rows += rows_of(value, EMPTY if rows else name, sign=sign, digits=digits, now=now)
    else:
        rows = [Row((Text.same(formula),), name), Row((Text.same(shapes_line(teller, node)),), SHAPES, ":")]
        rows += rows_of(value, EMPTY, sign=sign, digits=digits, now=now)
    said = labelled(value, digits)
    between = equals(value, digits) if is_single(value) or said.en.startswith("[") else ":"
    return tuple(rows), Text(f"{between} {said.en}", f"{between} {said.ja}")


def computed(teller: Teller, node: int) -> Explanation:
    """An op made a tensor."""
    trace, names = teller.trace, teller.names
    op = trace.op(node)
    assert op is not None, "this node is computed"
    rows, line = computed_block(teller, node)
    definition = names.definition(node)
    what = EMPTY if op.what is None else names.fill(op.what, node, places=False)
    return Explanation(
        kind="op",
        phase=FORWARD,
        title=Text.same(definition),
        lead=what,
        rule=Text.same(definition),
        numbers=line,
        blocks=(rows,),
        sentence=join(rest(teller, node), why_this_shape(teller, node), keeps(teller, node)),
        short=Text(*(f"{definition}   {shapes_line(teller, node)}   {line[lang]}" for lang in LANGS)),
        node=node,
        notes=(*teller.node_notes(node), *teller.ending()),
    )


def why_this_shape(teller: Teller, node: int) -> Text:
    """Shape algebra in words."""
    trace, names = teller.trace, teller.names
    op = trace.op(node)
    assert op is not None, "this node is computed"
    if is_seam(trace, node):
        return EMPTY  # one number of many, or many of single ones: the words of the op say so
    inputs = [source for source in trace.inputs(node) if trace.kind(source) != "const"]
    shapes, out = [teller.shape(source) for source in inputs], teller.shape(node)
    if op.name == "matmul":
        a, b = inputs
        return matmul_forward(names(a), names(b), shapes[0], shapes[1], names(node), out)
    if op.name == "linear":
        bias = names(inputs[2]) if len(inputs) > 2 else None
        return linear_forward(names(inputs[0]), names(inputs[1]), bias, shapes[0], shapes[1], names(node), out)
    if op.elementwise:
        return elementwise_forward([names(source) for source in inputs], shapes, names(node), out)
    dim = trace.static(node).get("dim")
    axes = None if dim is None or not inputs else [dim] if isinstance(dim, int) else list(dim)
    if axes is not None:
        axes = [axis % max(1, len(out) if op.variadic else len(shapes[0])) for axis in axes]
    keep = bool(trace.static(node).get("keepdim"))
    return other_forward([names(source) for source in inputs], shapes, names(node), out, dim=axes, keep=keep)
