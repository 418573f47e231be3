"""What is known of a part of the graph at a moment: how much of it there is, its values, its gradients, its flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import CONST
from tracer.core.op import find_op
from tracer.explain.explanation import Explanation, Note, Row
from tracer.explain.words import EMPTY, join, listed
from tracer.numbers import MORE_TO_COME, NOT_YET, format_number
from tracer.text import LANGS, Text
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace

PartKind = Literal["scope", "stack", "ring", "unused"]
PHASE = Text("PART OF THE GRAPH", "グラフの一部")
MOST_OPS = 5
"""Operations that are named; the others are counted together."""


class PartNow(Protocol):
    """What is known of a part at a moment."""

    @property
    def nodes(self) -> int: ...
    @property
    def made(self) -> int: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def nans(self) -> int: ...
    @property
    def grad_norm(self) -> float | None: ...
    @property
    def partial(self) -> bool: ...
    @property
    def share(self) -> float | None: ...


def about_part(
    cursor: Cursor,
    title: str,
    kind: PartKind,
    nodes: NDArray[np.int64],
    now: PartNow,
    share: str,
    around: Sequence[str] = (),
    digits: int = 4,
) -> Explanation:
    """A part of the graph that is one box in the picture.

    Args:
        title: `position 3`, `position ×16`.
        nodes: all that lies in it.
        now: what is known of it at this moment.
        share: its share of the gradient flow in words, `12 %`; "" while it is not known.
        around: the parts it lies in, from the outside.
    """
    count = f"{now.nodes:,}"
    lead = LEADS[kind].format(title=title, n=count)
    rows = _rows(now, share, digits)
    over = cursor.at_pass is not None and cursor.position >= cursor.trace.passes[cursor.at_pass].stop
    notes = [Note("scope", _INSIDE.format(path=" › ".join(around)))] if around else []
    notes += [Note("outside", _OPEN)]
    return Explanation(
        kind="about",
        phase=PHASE,
        title=Text.same(title),
        lead=lead,
        rule=EMPTY,
        numbers=EMPTY,
        blocks=(rows,) if rows else (),
        sentence=join(
            _values(now, digits), _gradient(cursor, nodes, now), _flow(now, share, over), _ops(cursor.trace, nodes)
        ),
        short=_short(title, now, share, digits),
        notes=tuple(notes),
    )


LEADS = {
    "scope": Text(
        "{title} is a part of the graph, drawn as one box: {n} nodes.",
        "{title} はグラフの一部（まとまり）で、{n} 個のノードを一つの箱にまとめてあります。",
    ),
    "stack": Text(
        "{title} is a stack: parts that repeat each other, drawn as one box, {n} nodes in all.",
        "{title} は、同じ形の繰り返しを一つに重ねた箱です。合わせて {n} 個のノードがあります。",
    ),
    "unused": Text(
        "{title}: leaves that nothing uses, drawn as one box, {n} in all.",
        "{title}：どこからも使われない葉 {n} 個を一つの箱にまとめてあります。",
    ),
    "ring": Text(
        "{title}: these parts feed each other both ways, so they are drawn as one box, {n} nodes in all.",
        "{title}：互いに行き来のある部分を一つの箱にまとめてあります。合わせて {n} 個のノードがあります。",
    ),
}
_INSIDE = Text("It lies in {path}.", "{path} の中にあります。")
_OPEN = Text(
    "enter opens it; backspace folds what is around it.", "enter で開きます。backspace で周りを折りたたみます。"
)


def _rows(now: PartNow, share: str, digits: int) -> tuple[Row, ...]:
    rows: list[Row] = []
    if now.made:
        rows.append(Row((Text.same(_range(now, digits)),), Text("values", "値"), colour="data"))
    if now.grad_norm is not None:
        norm = format_number(now.grad_norm, digits) + (f" {MORE_TO_COME}" if now.partial else "")
        rows.append(Row((Text.same(norm),), Text.same("∂ ‖·‖"), colour="grad"))
    if share:
        rows.append(Row((Text.same(share),), Text("flow", "流れ"), colour="grad"))
    return tuple(rows)


def _range(now: PartNow, digits: int) -> str:
    """`-2.1 … 3.4`; one number where both are the same."""
    if now.low is None or now.high is None:
        return "nan"
    low, high = format_number(now.low, digits), format_number(now.high, digits)
    return low if low == high else f"{low} … {high}"


def _values(now: PartNow, digits: int) -> Text:
    if not now.made:
        return Text("None of it has been made yet.", "まだ一つもできていません。")
    if now.nans:
        return Text(
            f"{now.nans:,} of the values made so far are nan.", f"これまでの値のうち {now.nans:,} 個が nan です。"
        )
    if now.low is None or now.high is None:
        return Text("No value made so far is a number.", "これまでの値はどれも数になっていません。")
    low, high = format_number(now.low, digits), format_number(now.high, digits)
    if now.made < now.nodes:
        return Text(
            f"{now.made:,} of its nodes have been made; their values lie between {low} and {high}.",
            f"できたのは {now.made:,} 個で、値は {low} から {high} の間にあります。",
        )
    return Text(f"Its values lie between {low} and {high}.", f"値は {low} から {high} の間にあります。")


def _gradient(cursor: Cursor, nodes: NDArray[np.int64], now: PartNow) -> Text:
    if now.grad_norm is None:
        if not cursor.trace.columns.flags[nodes].any():
            return Text("It takes no gradient.", "勾配は受け取りません。")
        return Text("No gradient has arrived yet.", "勾配はまだ届いていません。")
    whole = Text(
        "∂ ‖·‖ is the norm of all its nodes' gradients taken together",
        "∂ ‖·‖ は、中のすべてのノードの勾配をまとめたノルムです",
    )
    if now.partial:
        return Text(f"{whole.en}; contributions are still missing.", f"{whole.ja}。まだ届いていない寄与があります。")
    return Text(f"{whole.en}.", f"{whole.ja}。")


def _flow(now: PartNow, share: str, over: bool) -> Text:
    """What its share of the gradient flow means, or why there is none."""
    if share:
        return Text(
            f"{share} of the gradient flow goes through it: each route from the loss to a leaf counts with the size "
            f"of its product of local gradients, and the routes through here make up {share} of the sum.",
            f"勾配の流れのうち {share} がここを通ります。損失から葉までの経路ごとに局所勾配の積の大きさをとり、"
            f"ここを通る経路の分が全体の {share} になる、という意味です。",
        )
    if over:
        return Text(
            "Its share of the gradient flow is not defined: the trace holds arrays, whose local gradients are tables.",
            "勾配の流れの割合はここでは決まりません。配列では局所勾配が表になるためです。",
        )
    if now.grad_norm is None:
        return EMPTY
    return Text(
        "Its share of the gradient flow is known when the backward pass is over.",
        "勾配の流れの割合は、逆伝播が終わるとわかります。",
    )


def _ops(trace: Trace, nodes: NDArray[np.int64]) -> Text:
    """`It consists of 512 × ×, 480 × + and 32 × leaf.`: the commonest operations first."""
    columns = trace.columns
    counted = np.bincount(columns.op[nodes], minlength=len(columns.op_names) + 1)
    constants = int(((columns.flags[nodes] & CONST) > 0).sum())
    leaves = int(counted[0]) - constants
    kinds = [(int(counted[code]), _label(trace, int(code))) for code in np.argsort(-counted[1:], kind="stable") + 1]
    kinds = [(n, name) for n, name in kinds if n]
    said = [Text(f"{n:,} {name.en}", f"{name.ja} {n:,} 個") for n, name in kinds[:MOST_OPS]]
    rest = sum(n for n, _ in kinds[MOST_OPS:])
    if rest:
        said.append(Text(f"{rest:,} other operations", f"ほかの演算 {rest:,} 個"))
    for n, one, many, ja in ((leaves, "leaf", "leaves", "葉"), (constants, "constant", "constants", "定数")):
        if n:
            said.append(Text(f"{n:,} {one if n == 1 else many}", f"{ja} {n:,} 個"))
    if not said:
        return EMPTY
    en, ja = listed([one.en for one in said], len(said)).en, "、".join(one.ja for one in said)
    return Text(f"In it: {en}.", f"内訳：{ja}。")


def _label(trace: Trace, code: int) -> Text:
    op = find_op(trace.columns.op_names[code - 1])
    sign = op.label if op.label else op.name
    return Text.same(f"“{sign}”") if len(sign) == 1 else Text.same(sign)


def _short(title: str, now: PartNow, share: str, digits: int) -> Text:
    """All of it on one line."""
    values = _range(now, digits) if now.made else NOT_YET
    grad = NOT_YET if now.grad_norm is None else format_number(now.grad_norm, digits)
    grad += f" {MORE_TO_COME}" if now.partial and now.grad_norm is not None else ""
    nodes = Text(f"{now.nodes:,} nodes", f"{now.nodes:,} ノード")
    flow = Text(f"   flow {share}", f"   流れ {share}") if share else EMPTY
    return Text(*(f"{title}   {nodes[lang]}   {values}   ∂ ‖·‖ {grad}{flow[lang]}" for lang in LANGS))
