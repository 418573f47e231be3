"""What differs between two runs, in words: how much of it, and each change on a line of its own."""

from __future__ import annotations

from math import isfinite

from tracer.explain.amount import Amount, is_single, number, shape_of, shape_text
from tracer.numbers import format_number
from tracer.text import Text
from tracer.trace.difference import Change, Difference

MOST_DIGITS = 17
"""With so many significant digits two floats that differ are written differently."""


def verdict(found: Difference) -> Text:
    """Whether two runs are the same, and if not, how much of them differs."""
    if found.same:
        return _SAME.format(nodes=found.left.n_nodes)
    parts = []
    counts = [len(nodes) for nodes in found.matching.alone]
    if any(counts):
        parts.append(_ALONE.format(left=counts[0], right=counts[1]))
    passes = len(found.left.passes), len(found.right.passes)
    if passes[0] != passes[1]:
        parts.append(_PASSES.format(left=passes[0], right=passes[1]))
    parts.append((_ONE if len(found) == 1 else _COUNT.format(count=len(found))) if len(found) else _NUMBERS_AGREE)
    return Text(" ".join(part.en for part in parts), "".join(part.ja for part in parts))


def change_in_words(found: Difference, change: Change) -> Text:
    """`h: value 0.5 | 0.25, differ by 0.25`; the gradient of a later pass says which."""
    fact = _FACTS[change.fact]
    several = max(len(found.left.passes), len(found.right.passes)) > 1
    if change.pass_index is not None and several:
        fact = _OF_PASS.format(fact=fact, number=change.pass_index + 1)
    left, right = both_sides(change)
    words = _CHANGE if isfinite(change.size) else _NO_DISTANCE
    return words.format(label=label(found, change), fact=fact, left=left, right=right, size=format_number(change.size))


def label(found: Difference, change: Change) -> str:
    """What the node is called; both names where the runs call it differently."""
    names = found.left.label(change.nodes[0]), found.right.label(change.nodes[1])
    return names[0] if names[0] == names[1] else f"{names[0]} / {names[1]}"


def both_sides(change: Change) -> tuple[Text, Text]:
    """The two numbers, with as many digits as it takes to tell them apart."""
    left, right = change.numbers
    for digits in (4, 8, MOST_DIGITS):
        words = _words(left, digits), _words(right, digits)
        if words[0] != words[1]:
            break
    return words


def _words(value: Amount | None, digits: int) -> Text:
    if value is None:
        return _NONE
    if is_single(value):
        return Text.same(number(value, digits))
    return _ARRAY.format(shape=shape_text(shape_of(value)))


_SAME = Text(
    en="The two runs are the same: {nodes:,} nodes, all values and gradients.",
    ja="二つの実行は同じです（{nodes:,} 個のノードの値と勾配がすべて一致）。",
)
_ALONE = Text(
    en="Nodes that only one run has: {left:,} in the first, {right:,} in the second.",
    ja="一つ目の実行だけにあるノードは {left:,} 個、二つ目だけにあるノードは {right:,} 個です。",
)
_PASSES = Text(
    en="The first run has {left} backward passes, the second {right}.",
    ja="逆伝播の回数は、一つ目が {left} 回、二つ目が {right} 回です。",
)
_COUNT = Text(en="{count:,} numbers differ.", ja="{count:,} 個の数が食い違っています。")
_ONE = Text(en="1 number differs.", ja="1 個の数が食い違っています。")
_NUMBERS_AGREE = Text(en="All numbers that both have agree.", ja="両方にある数はすべて一致しています。")
_NONE = Text(en="none", ja="なし")
_ARRAY = Text(en="array {shape}", ja="配列 {shape}")
_OF_PASS = Text(en="{fact} of pass {number}", ja="{number} 回目の{fact}")
_FACTS = {
    "value": Text(en="value", ja="値"),
    "gradient": Text(en="gradient", ja="勾配"),
    "end value": Text(en="value in the end", ja="最後の値"),
}
_NO_DISTANCE = Text(en="{label}: {fact} {left} | {right}", ja="{label}：{fact} {left} | {right}")
_CHANGE = Text(
    en="{label}: {fact} {left} | {right}, apart by {size}", ja="{label}：{fact} {left} | {right}（差 {size}）"
)
