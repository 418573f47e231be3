"""An application of an op, opened: a small recording in its place, from the same inputs to the same output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracer.core.apply import apply
from tracer.core.columns import LIVE, Columns
from tracer.core.op import Op, Static, find_op
from tracer.core.record import Recorder
from tracer.core.rerun import operands
from tracer.core.tensor import Tensor
from tracer.core.unfold.cells import Cells, Places
from tracer.core.unfold.plan import Found, Operand, Step, Tally, cut, functions, on_host, plan, recording
from tracer.errors import GraphError

MOST = 20_000
"""Nodes that an op may open into."""


@dataclass(frozen=True)
class Part:
    """A small recording that stands for one application of an op."""

    columns: Columns
    """Without passes. A leaf that is no input is a constant of the definition: a mask, a divisor."""
    inputs: tuple[int, ...]
    """For each argument of the op its leaf, or the constant that a plain number is; arguments that are one and the same
    tensor share theirs."""
    out: int
    """The node that has the output: same shape, dtype and, up to rounding, numbers."""
    names: Mapping[int, str]
    """Node -> what is added to the name of the tensor it is an element of: `[0, 1]`."""
    of: Mapping[int, int]
    """Node -> the argument whose element it is; -1 for an element of the output."""


def composite_part(
    op: Op,
    args: Sequence[Any],
    static: Static,
    live: Sequence[bool],
    *,
    nodes: Sequence[int] | None = None,
    dtype: Any = None,
    out: Any = None,
) -> Part:
    """A fat op in smaller ops on tensors.

    Args:
        args: arrays, and floats for plain numbers.
        live: whether gradient can reach each input.
        nodes: which arguments are one and the same: equal numbers.
        dtype: of the output as it was recorded; tells whether a number among whole ones was written as one.
        out: the output as it was recorded, to save computing it again.

    Raises:
        GraphError: the op has no definition in smaller ops.
    """
    smaller = op.steps or op.composite
    if smaller is None:
        raise GraphError(
            f"{op.name}: it has no definition in smaller ops.",
            hint="Open it down to its numbers: an element, a row or all of it.",
            ja=f"{op.name}：これより小さい演算による定義はありません。",
            hint_ja="要素、行、または全体を、一つ一つの数まで開いてください。",
        )
    args, static = _as_written(op, args, dtype if out is None else out.dtype), on_host(static)
    expected = _output(op, args, static) if out is None else out
    with recording() as recorder:
        leaves = _leaves(args, live, nodes)
        shown = cut(op, leaves)
        inputs = [recorder.id_of(x) if isinstance(x, Tensor) else recorder._constant(x, -1) for x in leaves]
        made = smaller(functions(), *shown, **static)
        if made is None:
            raise GraphError(
                f"{op.name}: it has no definition in smaller ops for these numbers.",
                ja=f"{op.name}：この値では、これより小さい演算による定義はありません。",
            )
        if made._array.dtype != expected.dtype:
            made = apply(find_op("to"), made, dtype=expected.dtype.name)
        node = recorder.id_of(made)
    return Part(replace(recorder.columns(), names={}), tuple(inputs), node, {}, {})


def scalar_part(
    op: Op,
    args: Sequence[Any],
    static: Static,
    live: Sequence[bool],
    elements: Sequence[int] | None = None,
    *,
    nodes: Sequence[int] | None = None,
    dtype: Any = None,
    out: Any = None,
) -> Part:
    """An op down to single numbers; see `composite_part`.

    Args:
        elements: which of the output, row by row counted; None is all of it.

    Raises:
        GraphError: too many numbers; a place that the output does not have; nothing to open.
    """
    opening = _Opening(op, args, static, live, elements, nodes, dtype, out)
    if opening.size > MOST:
        raise _too_many(op, opening.size, len(opening.places))
    return opening.record()


def size_of(
    op: Op,
    args: Sequence[Any],
    static: Static,
    elements: Sequence[int] | None = None,
    *,
    nodes: Sequence[int] | None = None,
    dtype: Any = None,
    out: Any = None,
) -> int:
    """How many nodes `scalar_part` makes, its leaves not counted; beyond `MOST` an estimate. Raises as it does."""
    return _Opening(op, args, static, [False] * len(args), elements, nodes, dtype, out).size


class _Opening:
    """An op about to be opened: planned and counted, nothing of it recorded yet."""

    def __init__(
        self,
        op: Op,
        args: Sequence[Any],
        static: Static,
        live: Sequence[bool],
        elements: Sequence[int] | None,
        nodes: Sequence[int] | None,
        dtype: Any,
        out: Any,
    ) -> None:
        self.op, self.static = op, on_host(static)
        self.args = _as_written(op, args, dtype if out is None else out.dtype)
        self.out = _output(op, self.args, self.static) if out is None else out
        self.places = _places(op, self.out, elements)
        self.whole = len(self.places) == self.out.size
        self.leaves = _leaves(self.args, live, nodes)
        tally = Tally(MOST)
        given = [Operand(arg, bool(one)) for arg, one in zip(self.args, live, strict=True)]
        step = plan(op, given, self.static, self.out.dtype, self.out.shape, self.places, tally)
        for need in step.needs:
            tally.add(0 if need is None else len(need))
        self.size = tally.nodes
        if not tally.full:
            self.cells = Cells()
            self.wanted = step.make(self.cells, self._found(step)).tolist()
            self.cells.take_from(self.leaves)
            self.size = self.cells.count(self.wanted) + self._around()

    def _found(self, step: Step) -> list[Found | None]:
        """The cells of the elements that are read; of one tensor given twice they are the same."""
        found: list[Found | None] = []
        seen: dict[int, int] = {}
        for slot, need in enumerate(step.needs):
            first = seen.setdefault(id(self.leaves[slot]), slot)
            cells = [] if need is None else [self.cells.element(first, place) for place in need.tolist()]
            found.append(None if need is None else Found(need, np.array(cells, np.int64)))
        return found

    def _around(self) -> int:
        """How many nodes put the numbers together again."""
        if not self.whole:
            return 2 + sum(not isinstance(leaf, Tensor) for leaf in self.leaves)
        only = self.wanted[0]
        leaf, _ = self.cells.elements.get(only, (None, 0))
        made = self.cells.all[only].op is not None or (leaf is not None and self.args[leaf].ndim)
        return int(bool(self.out.shape) or not made or self.out.dtype in (np.float32, np.float16))

    def record(self) -> Part:
        with recording() as recorder:
            inputs = [recorder.id_of(x) if isinstance(x, Tensor) else recorder._constant(x, -1) for x in self.leaves]
            made = self.cells.record(self.wanted)
            numbers = [made[cell] for cell in self.wanted]
            whole = self.whole and not _cut_off(recorder, self.op, self.leaves, self.out, numbers)
            out = recorder.id_of(self._put_together(numbers, whole))
            names: dict[int, str] = {}
            of: dict[int, int] = {}
            for cell, (leaf, place) in self.cells.elements.items():
                if cell in made and self.args[leaf].ndim:
                    node = recorder.ids[made[cell]._serial]
                    names[node], of[node] = _suffix(place, self.args[leaf].shape), leaf
            for leaf, source in self.cells.sources.items():
                for between in source.between():
                    node = recorder.ids[between._serial]
                    names[node], of[node] = "[…]", leaf
            for number, place in zip(numbers, self.places.tolist(), strict=True):
                node = recorder.ids[number._serial] if isinstance(number, Tensor) else out
                if node not in inputs and node != out:
                    names.setdefault(node, _suffix(place, self.out.shape))
                    of.setdefault(node, -1)
        return Part(replace(recorder.columns(), names={}), tuple(inputs), out, names, of)

    def _put_together(self, numbers: Sequence[Any], whole: bool) -> Tensor:
        """The output as one tensor again; what was not opened comes from the op as it was."""
        only = numbers[0]
        if not whole:
            rest = apply(self.op, *self.leaves, **self.static)
            return apply(find_op("place"), rest, *numbers, places=tuple(self.places.tolist()))
        fits = isinstance(only, Tensor) and only._array.dtype == self.out.dtype and not self.out.shape
        if fits and not any(only is leaf for leaf in self.leaves):
            return only  # type: ignore[no-any-return]
        return apply(find_op("join"), *numbers, shape=tuple(self.out.shape), dtype=self.out.dtype.name)


def _as_written(op: Op, args: Sequence[Any], dtype: Any) -> list[Any]:
    """Plain numbers as the program wrote them: a recording keeps `2` as 2.0."""
    arrays = [x for x in args if isinstance(x, np.ndarray)]
    if dtype is None:
        whole = arrays and all(x.dtype.kind in "iub" for x in arrays) and not op.floating
        dtype = arrays[0].dtype if whole else np.float64
    return operands([x.item() if isinstance(x, np.generic) else x for x in args], np.dtype(dtype))


def _output(op: Op, args: Sequence[Any], static: Static) -> Any:
    """The op's own answer, which the part must give too."""
    with recording():
        return apply(op, *(Tensor._wrap(x) if isinstance(x, np.ndarray) else x for x in args), **static)._array


def _leaves(args: Sequence[Any], live: Sequence[bool], nodes: Sequence[int] | None) -> list[Any]:
    found: list[Any] = []
    seen: dict[int, int] = {}
    for slot, arg in enumerate(args):
        twin = seen.setdefault(slot if nodes is None else nodes[slot], slot)
        if not isinstance(arg, np.ndarray):
            found.append(arg)
        elif twin < slot:
            found.append(found[twin])
        else:
            found.append(Tensor._wrap(arg, requires_grad=bool(live[slot]) and arg.dtype.kind == "f", told=False))
    return found


def _places(op: Op, out: Any, elements: Sequence[int] | None) -> Places:
    if not out.size:
        raise GraphError(
            f"{op.name}: the tensor has no elements, shape {tuple(out.shape)}: there is nothing to open.",
            ja=f"{op.name}：要素のないテンソル（形 {tuple(out.shape)}）なので、開くものがありません。",
        )
    if elements is None:
        return np.arange(out.size)
    places = np.unique(np.asarray(list(elements), np.int64))
    if not places.size or places[0] < 0 or places[-1] >= out.size:
        wrong = [one for one in places.tolist() if not 0 <= one < out.size]
        raise GraphError(
            f"{op.name}: there is no element {', '.join(map(str, wrong[:3])) or '(none was named)'}; the output has "
            f"{out.size}, counted from 0.",
            ja=f"{op.name}：その要素はありません。出力の要素は {out.size} 個で、0 から数えます。",
        )
    return places


def _cut_off(recorder: Recorder, op: Op, leaves: Sequence[Any], expected: Any, numbers: Sequence[Any]) -> bool:
    """Whether an input that the op hands a gradient, be it 0, has no number that any comes back to."""
    if expected.dtype.kind != "f":
        return False
    stack = [recorder.ids[one._serial] for one in numbers if isinstance(one, Tensor) and one._requires_grad]
    reached = set(stack)
    while stack:
        node = stack.pop()
        if not recorder.op[node]:
            continue
        one = recorder.op_of(recorder.op[node])
        for slot, edge in enumerate(range(recorder.offsets[node], recorder.offsets[node + 1])):
            source = recorder.inputs[edge]
            if source not in reached and recorder.flags[source] & LIVE and one.spec(slot).vjp is not None:
                reached.add(source)
                stack.append(source)
    return any(
        isinstance(leaf, Tensor)
        and leaf._requires_grad
        and op.spec(slot).vjp is not None
        and recorder.ids[leaf._serial] not in reached
        for slot, leaf in enumerate(leaves)
    )


def _suffix(place: int, shape: tuple[int, ...]) -> str:
    return f"[{', '.join(str(int(i)) for i in np.unravel_index(place, shape))}]" if shape else ""


def _too_many(op: Op, size: int, count: int) -> GraphError:
    one = count == 1
    return GraphError(
        f"{op.name}: opened down to its numbers it comes to about {size:,} nodes; {MOST:,} is the most.",
        hint="Open a smaller tensor." if one else "Choose an element or a row.",
        ja=f"{op.name}：一つ一つの数まで開くと約 {size:,} 個のノードになります。上限は {MOST:,} 個です。",
        hint_ja="もっと小さいテンソルを開いてください。" if one else "要素か行を選んでください。",
    )


__all__ = ["MOST", "Part", "composite_part", "scalar_part", "size_of"]
