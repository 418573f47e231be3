"""The moments of the forward pass: before it begins, and one node after the other coming into being."""

from __future__ import annotations

from tracer.explain import tensor_forward
from tracer.explain.arithmetic import forward_numbers, sign
from tracer.explain.explanation import Explanation, Row
from tracer.explain.inside import as_tensor, constant, is_inside, is_seam
from tracer.explain.kept import keeps
from tracer.explain.teller import FORWARD, Teller
from tracer.explain.words import EMPTY, count, join, listed
from tracer.numbers import equals_sign
from tracer.text import Text
from tracer.trace.node import NodeKind

START = Text("START", "開始")


def start(teller: Teller) -> Explanation:
    """Position 0: what the program is and what will happen, without any of its numbers."""
    trace = teller.trace
    kinds = [trace.kind(node) for node in range(trace.n_nodes)] if trace.n_nodes <= 1000 else None
    plan = join(_forward_plan(teller, kinds), _backward_plan(teller), _memory(trace.memory))
    lead = Text(
        "Nothing has happened yet: every number is still a “?”.", "まだ何も起きていません。数はどれも「?」のままです。"
    )
    if not len(trace):
        lead = Text(
            "The program made no Value, so there is nothing to walk through.",
            "プログラムは Value を一つも作らなかったので、たどるものがありません。",
        )
    return Explanation(
        kind="start",
        phase=START,
        title=Text("before the first step", "最初の一歩の前"),
        lead=lead,
        rule=EMPTY,
        numbers=EMPTY,
        blocks=(),
        sentence=plan if len(trace) else EMPTY,
        short=lead,
        notes=tuple(teller.ending()),
    )


def _memory(size: int) -> Text:
    """What the recording takes, where it holds tensors."""
    if not size:
        return EMPTY
    said = bytes_text(size)
    return Text(
        f"The tensors of this recording take {said} of memory.", f"この記録のテンソルは {said} のメモリを使っています。"
    )


def bytes_text(size: int) -> str:
    """`312 B`, `4.1 kB`, `12 MB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.2g} {unit}" if size < 10 * factor else f"{size / factor:.0f} {unit}"
    return f"{size} B"


def _forward_plan(teller: Teller, kinds: list[NodeKind] | None) -> Text:
    """What the forward steps will make."""
    n = teller.trace.n_nodes
    all_ = count(n, "value", "values", "値が {} 個")
    if kinds is None:
        return Text(f"Forward, the program makes {all_.en}.", f"順伝播では{all_.ja}できます。")
    leaves = [teller.names(node) for node in range(n) if kinds[node] == "leaf"]
    parts_en, parts_ja = [], []
    for made, one, many, ja, names in (
        (len(leaves), "leaf", "leaves", "葉 {} 個", leaves),
        (kinds.count("const"), "constant", "constants", "定数 {} 個", []),
        (kinds.count("op"), "computed from others", "computed from others", "計算で得る値 {} 個", []),
    ):
        if made:
            said, which = count(made, one, many, ja), listed(names)
            parts_en.append(said.en + (f" ({which.en})" if names else ""))
            parts_ja.append(said.ja + (f"：{which.ja}" if names else ""))
    return Text(
        f"Forward, the program makes {all_.en}: {', '.join(parts_en)}.",
        f"順伝播では{all_.ja}できます（{'、'.join(parts_ja)}）。",
    )


def _backward_plan(teller: Teller) -> Text:
    """What comes after: backward passes, updates."""
    trace = teller.trace
    if not trace.passes:
        return Text("There is no backward pass.", "逆伝播はありません。")
    roots = [teller.names(this.root) for this in trace.passes]
    if len(roots) == 1:
        found = Text(
            f"Backward, gradient then flows from {roots[0]} to all that made it.",
            f"続く逆伝播では、{roots[0]} からその材料へと勾配が流れます。",
        )
    else:
        times = count(len(roots), "time", "times", "{} 回")
        which = listed(dict.fromkeys(roots))
        found = Text(
            f"Gradient flows back {times.en}, from {which.en}.", f"逆伝播は {times.ja}あり、{which.ja} から始まります。"
        )
    n = sum(len(s) for s in trace.segments if s.kind == "update")
    if not n:
        return found
    updates = count(n, "update", "updates", "{} 回")
    return join(
        found,
        Text(f"{updates.en} will change the program's numbers.", f"プログラムの数の更新も {updates.ja}あります。"),
    )


def made(teller: Teller, node: int) -> Explanation:
    """A node has come into being."""
    kind = teller.trace.kind(node)
    if kind == "op":
        return (tensor_forward.computed if teller.speaks_of_shapes(node) else _computed)(teller, node)
    if kind == "leaf" and teller.trace.is_tensor(node):
        return tensor_forward.leaf(teller, node)
    name, value = teller.names(node), teller.trace.columns.value[node]
    if kind == "const":
        return Explanation(
            kind="const",
            phase=FORWARD,
            title=Text(f"constant {name}", f"定数 {name}"),
            lead=constant(teller, node)
            if is_inside(teller.trace, node)
            else Text(f"{name} is a plain number in the program.", f"{name} はプログラムに書かれたただの数です。"),
            rule=EMPTY,
            numbers=EMPTY,
            blocks=(),
            sentence=EMPTY
            if is_inside(teller.trace, node)
            else Text(
                "On the graph it is a constant: nobody asks what would happen if it changed, so it takes no gradient.",
                "グラフの上では定数です。動かしたらどうなるかを問う相手ではないので、勾配は受け取りません。",
            ),
            short=Text(f"{name}: a constant, takes no gradient", f"{name}：定数。勾配は受け取りません"),
            node=node,
            notes=(*teller.node_notes(node), *teller.ending()),
        )
    number, equals = teller.number(float(value)), equals_sign(float(value), digits=teller.digits)
    equation = Text.same(f"{name} {equals} {number}")
    return Explanation(
        kind="leaf",
        phase=FORWARD,
        title=Text(f"leaf {name}", f"葉 {name}"),
        lead=Text(
            f"{name} is a leaf: the program made it from a number.",
            f"{name} は葉です。プログラムが数から直接作りました。",
        ),
        rule=EMPTY,
        numbers=equation,
        blocks=((Row((Text.same(number),), Text.same(name), equals, colour="data", now=True),),),
        sentence=Text(
            "No op made it, so it has no inputs. On the way back, the gradient is gathered in leaves like this one.",
            "演算の結果ではないので、入力はありません。逆伝播では、このような葉に勾配が集まります。",
        ),
        short=Text(f"{equation.en}   a leaf", f"{equation.ja}   葉"),
        node=node,
        notes=(*teller.node_notes(node), *teller.ending()),
    )


def computed_block(teller: Teller, node: int) -> tuple[tuple[Row, ...], str]:
    """The rows `a = x + 2`, `= 3 + 2`, `= 5` of a computed node, and the last two on one line."""
    trace, names, digits = teller.trace, teller.names, teller.digits
    op, args, value = trace.op(node), teller.args(node), teller.single(node)
    assert op is not None, "only computed nodes have a formula"
    put_in, result = forward_numbers(names, node, args, digits), teller.number(value)
    first, second = equals_sign(*args, digits=digits), sign(value, *args, by=op.name, digits=digits)
    if trace.dtype(node).numpy.kind != "f":
        second = "="  # a choice, a truth value: nothing was rounded
    rows = (
        Row((Text.same(names.formula(node)),), Text.same(names(node))),
        Row((Text.same(put_in),), sign=first, colour="data"),
        Row((Text.same(result),), sign=second, colour="data", now=True),
    )
    if is_seam(trace, node):  # the number itself, in the tensor's type
        return (rows[0], rows[2]), f"{second} {result}"
    return rows, f"{first} {put_in} {second} {result}"


def _computed(teller: Teller, node: int) -> Explanation:
    trace, names = teller.trace, teller.names
    op = trace.op(node)
    assert op is not None, "this node is computed"
    rows, line = computed_block(teller, node)
    title = Text.same(names.definition(node))
    what = EMPTY if op.what is None else names.fill(op.what, node, places=False)
    if is_seam(trace, node):
        what = as_tensor(teller, node)
    return Explanation(
        kind="op",
        phase=FORWARD,
        title=title,
        lead=what,
        rule=title,
        numbers=Text.same(line),
        blocks=(rows,),
        sentence=keeps(teller, node),
        short=Text.same(f"{title.en} {line}"),
        node=node,
        notes=(*teller.node_notes(node), *teller.ending()),
    )
