"""What can be unfolded at a node, how much that is, and how a person names it: `z1`, `z1[0]`, `z1[0, 1]`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from tracer.core.unfold.part import MOST, size_of
from tracer.errors import GraphError, NotFoundError, TracerError
from tracer.text import Text
from tracer.trace.numbering import SEAMS
from tracer.trace.trace import Trace

How: TypeAlias = Literal["composite", "all"] | tuple[int, ...]
"""Into the smaller ops of a fat op's definition; into scalars; these elements alone, in row-major order."""

_INDEXED = re.compile(r"(?P<name>.*?)\s*\[\s*(?P<index>[-−]?\d+(?:\s*,\s*[-−]?\d+)*)\s*,?\s*\]")
_ALL = "[:]"
"""Behind a name: down to the scalars, though there are smaller ops between."""
SHOWN = 12
"""Names at most in a message."""


@dataclass(frozen=True)
class Choice:
    """One way to unfold a node."""

    how: How
    name: str
    """What to type after `--unfold`."""
    words: Text
    """What is unfolded: "the element z1[0, 1]"."""
    nodes: int | None = None
    """How many nodes come in; None of smaller ops on tensors, which are few."""
    why_not: Text | None = None
    """Why it cannot be: too many nodes."""


@dataclass(frozen=True)
class Choices:
    """What a node offers."""

    node: int
    ways: tuple[Choice, ...]
    """The one to take first is first; empty where there is nothing inside."""
    why_not: Text | None = None
    """Why there is nothing inside."""

    @property
    def best(self) -> Choice | None:
        """The first that can be taken."""
        return next((way for way in self.ways if way.why_not is None), None)


def choices(trace: Trace, node: int, element: int | None = None) -> Choices:
    """The ways to unfold `node`: a fat op into its composite, then one element, its row, all.

    Args:
        element: the one that the reader chose, its place in row-major order; else the first.
    """
    reason = nothing_inside(trace, node)
    if reason is not None:
        return Choices(node, (), reason)
    op, name = trace.op(node), plain_name(trace, node)
    assert op is not None, "else there is nothing inside"
    shape, ways = trace.shape(node), []
    if op.composite is not None:
        smaller = Text(f"{op.label} in smaller ops", f"{op.label} をより小さな演算に")
        ways.append(Choice("composite", name, smaller))
    size = math.prod(shape)
    if size > 1:
        at = np.unravel_index(min(element or 0, size - 1), shape)
        index = [int(i) for i in at]
        for some in dict.fromkeys([tuple(index), tuple(index[:-1])]):
            if some:
                ways.append(_choice(trace, node, elements_of(shape, some), f"{name}[{', '.join(map(str, some))}]"))
    least = max((way.nodes or 0 for way in ways), default=0)  # what is far too much is only estimated
    ways.append(_choice(trace, node, "all", name_of(trace, node, "all"), least))
    return Choices(node, tuple(ways))


def _choice(trace: Trace, node: int, how: How, name: str, least: int = 0) -> Choice:
    nodes = max(size(trace, node, how), least)
    return Choice(how, name, _words(trace, node, how, name), nodes, too_many(trace, node, how, nodes))


def _words(trace: Trace, node: int, how: How, name: str) -> Text:
    if how == "all":
        name = plain_name(trace, node)
        if not trace.shape(node):
            return Text(f"{name} down to its numbers", f"{name} を数の計算まで")
        return Text(f"all of {name}", f"{name} のすべて")
    return Text(f"the element {name}", f"要素 {name}") if len(how) == 1 else Text(f"the row {name}", f"行 {name}")


def size(trace: Trace, node: int, how: How) -> int:
    """How many nodes come in place of `node`: scalars, where they meet tensors, and of some elements what gives the
    others; beyond `MOST` an estimate."""
    op = trace.op(node)
    assert op is not None, "only computed nodes are unfolded"
    elements = None if isinstance(how, str) else how
    nodes = trace.inputs(node)
    return size_of(op, trace.args(node), trace.static(node), elements, nodes=nodes, out=trace.value(node))


def too_many(trace: Trace, node: int, how: How, nodes: int) -> Text | None:
    """Why so many nodes are not unfolded, and what is instead; None where they are."""
    if nodes <= MOST:
        return None
    name, shape = plain_name(trace, node), trace.shape(node)
    size = math.prod(shape)
    count = size if isinstance(how, str) else len(how)
    index = [int(i) for i in np.unravel_index(0 if isinstance(how, str) else how[0], shape)]
    if count == 1:
        out = Text("run it on smaller tensors", "もっと小さいテンソルで実行してください")
    elif count == size and len(shape) > 1:
        out = Text(f"choose a row or an element: {name}[{index[0]}]", f"行か要素を選んでください：{name}[{index[0]}]")
    else:
        element = f"{name}[{', '.join(map(str, index))}]"
        out = Text(f"choose an element: {element}", f"要素を選んでください：{element}")
    return Text(
        f"{nodes:,} nodes, more than the {MOST:,} that are unfolded at once; {out.en}",
        f"ノードが {nodes:,} 個になり、一度に展開できる {MOST:,} 個を超えます。{out.ja}",
    )


def nothing_inside(trace: Trace, node: int) -> Text | None:
    """Why a node cannot be unfolded; None where it can."""
    name, op = trace.label(node), trace.op(node)
    if op is None:
        if trace.kind(node) == "const":
            return Text(f"{name} is a constant; there is nothing inside", f"{name} は定数なので、中身はありません")
        return Text(
            f"{name} is a leaf: the program made it, nothing computed it",
            f"{name} は葉です。プログラムが直接作ったもので、計算されたものではありません",
        )
    if not trace.is_tensor(node):
        return Text(
            f"{name} is a single number already; its formula is {trace.formula(node)}",
            f"{name} はすでに一つの数です。式は {trace.formula(node)} です",
        )
    if op.name == "place":
        rest = trace.label(trace.inputs(node)[0])
        return Text(
            f"{name} is unfolded in part; its other elements are those of {rest}",
            f"{name} は一部だけ展開されています。ほかの要素は {rest} にあります",
        )
    if op.name == "join":
        return Text(f"{name} is unfolded already", f"{name} はすでに展開されています")
    if op.name in SEAMS or is_single_step(trace, node):
        return Text(
            f"{name} is one step on single numbers already: {trace.formula(node)}",
            f"{name} はすでに数一つの計算です：{trace.formula(node)}",
        )
    if not math.prod(trace.shape(node)):
        return Text(f"{name} has no elements", f"{name} には要素がありません")
    return None


def is_single_step(trace: Trace, node: int) -> bool:
    """Whether a node computes one number from numbers in one step, so that unfolding it would show itself."""
    if trace.shape(node) or any(trace.shape(source) for source in trace.inputs(node)):
        return False
    return size(trace, node, "all") <= len(trace.inputs(node)) + 2  # each input's element, the op, the join


def plain_name(trace: Trace, node: int) -> str:
    """What finds `node` again: its name where it alone has it, else `v7`."""
    name = trace.label(node)
    return name if int(trace.find(name)) == node else f"v{trace.number(node)}"


def name_of(trace: Trace, node: int, how: How) -> str:
    """What to type after `--unfold` for this."""
    name, shape = plain_name(trace, node), trace.shape(node)
    if isinstance(how, str):
        return f"{name}{_ALL}" if how == "all" and _whole(trace, node) != how else name
    index = [int(i) for i in np.unravel_index(how[0], shape)]
    for length in range(1, len(index) + 1):
        if elements_of(shape, index[:length]) == how:
            return f"{name}[{', '.join(map(str, index[:length]))}]"
    return name


def elements_of(shape: Sequence[int], index: Sequence[int]) -> tuple[int, ...]:
    """The elements under an index of the first axes, in row-major order: one, a row, a plane."""
    return tuple(np.arange(math.prod(shape)).reshape(shape)[tuple(index)].reshape(-1).tolist())


def read_choice(trace: Trace, text: str) -> tuple[int, How]:
    """What `z1`, `z1[0]` or `z1[0, 1]` means: a node, and how to unfold it.

    A name alone means all of it: of a fat op its smaller ops, of another its scalars. `p[:]` means scalars of both.

    Raises:
        NotFoundError: nothing is called so, or the tensor has no such element.
        GraphError: there is nothing inside, or far too much.
    """
    wanted = text.strip()
    if wanted.endswith(_ALL):
        node, how = read_choice(trace, wanted.removesuffix(_ALL))
        return node, "all" if how == "composite" else how
    match = _INDEXED.fullmatch(wanted)
    try:
        node = int(trace.find(wanted))
    except NotFoundError as problem:
        if match is None:
            raise _nothing_called(trace, wanted, problem) from None
    else:
        if match is None or nothing_inside(trace, node) is None:
            return node, _whole(trace, node)
    try:
        node = int(trace.find(match["name"]))
    except NotFoundError as problem:
        raise _nothing_called(trace, match["name"], problem) from None
    node = _with_the_rest(trace, node, match["index"])
    reason = nothing_inside(trace, node)
    if reason is not None:
        raise refused(trace, node, reason)
    return node, _elements(trace, node, match["index"])


def _whole(trace: Trace, node: int) -> How:
    op = trace.op(node)
    return "composite" if op is not None and op.composite is not None else "all"


def _with_the_rest(trace: Trace, node: int, index: str) -> int:
    """Of a tensor that is unfolded in part the node that still has these elements folded; else `node`."""
    op = trace.op(node)
    while op is not None and op.name == "place":
        if not set(trace.static(node)["places"]).isdisjoint(_elements(trace, node, index)):
            break
        node = trace.inputs(node)[0]
        op = trace.op(node)
    return node


def _elements(trace: Trace, node: int, index: str) -> tuple[int, ...]:
    name, shape = plain_name(trace, node), trace.shape(node)
    places = [int(word.replace("−", "-")) for word in index.split(",")]
    if len(places) > len(shape):
        axes = f"{len(shape)} ax{'is' if len(shape) == 1 else 'es'}"
        raise NotFoundError(
            f"{name}[{index}]: {name} has the shape {shape}, {axes}, and this index has {len(places)}.",
            ja=f"{name}[{index}]：{name} の形は {shape}、軸は {len(shape)} 本ですが、添字が {len(places)} 個あります。",
        )
    for axis, (place, n) in enumerate(zip(places, shape, strict=False)):
        if not -n <= place < n:
            raise NotFoundError(
                f"{name}[{index}]: {name} has the shape {shape}; along axis {axis} the places are 0 to {n - 1}.",
                ja=f"{name}[{index}]：{name} の形は {shape} です。軸 {axis} の添字は 0 から {n - 1} までです。",
            )
    return elements_of(shape, places)


def refused(trace: Trace, node: int, reason: Text) -> GraphError:
    """An error that says why a node is not unfolded, and what can be instead."""
    there = unfoldable(trace)
    known = f"What can be unfolded here: {there}." if there else "There is nothing to unfold in this trace."
    known_ja = f"展開できるもの：{there}。" if there else "このトレースには展開できるものがありません。"
    return GraphError(f"unfold: {reason.en}.", hint=known, ja=f"展開：{reason.ja}。", hint_ja=known_ja)


def _nothing_called(trace: Trace, name: str, problem: TracerError) -> NotFoundError:
    there = unfoldable(trace)
    known = f"What can be unfolded here: {there}." if there else "There is nothing to unfold in this trace."
    known_ja = f"展開できるもの：{there}。" if there else "このトレースには展開できるものがありません。"
    return NotFoundError(
        f"unfold: no node is called {name!r}.",
        hint=" ".join(words for words in (problem.hint, known) if words),
        ja=f"展開：{name!r} というノードはありません。",
        hint_ja=known_ja,
    )


def unfoldable(trace: Trace) -> str:
    """The names of the first nodes that have something inside: `z1, a1, v7`."""
    found: list[str] = []
    for node in range(trace.n_nodes):
        if trace.op(node) is not None and trace.is_tensor(node) and nothing_inside(trace, node) is None:
            if len(found) == SHOWN:
                return f"{', '.join(found)} …"
            found.append(plain_name(trace, node))
    return ", ".join(found)
