"""How an application of an op falls apart: planned from the elements wanted backwards, so that nothing else is made.

Ops that move elements run on arrays of node numbers; elementwise ops are applied to each element; all others are run in
smaller ops, on no more of their inputs than the elements wanted need, and those are planned in turn.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np

from tracer.core.columns import LIVE
from tracer.core.grad_mode import set_grad_enabled
from tracer.core.op import Narrow, Op, Static, find_op
from tracer.core.ops.narrow import places_in, spread_places
from tracer.core.record import ACTIVE, Recorder
from tracer.core.rerun import operands
from tracer.core.tensor import Tensor
from tracer.core.unfold.cells import Cells, Places


class Operand(NamedTuple):
    """An input: its numbers, and whether gradient can reach it."""

    values: Any
    """An array, or a plain number."""
    live: bool

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.values.shape) if hasattr(self.values, "shape") else ()


class Found(NamedTuple):
    """The cells at some places of one array."""

    places: Places
    """Ascending, each once."""
    cells: Places

    def at(self, places: Places) -> Places:
        return self.cells[np.searchsorted(self.places, places)]


class Tally:
    """How many nodes a plan comes to; beyond `most` it is only estimated."""

    def __init__(self, most: int) -> None:
        self.most, self.nodes = most, 0

    def add(self, nodes: int) -> None:
        self.nodes += int(nodes)

    @property
    def full(self) -> bool:
        return self.nodes > self.most


class Step(Protocol):
    """A planned application."""

    needs: list[Places | None]
    """For each input the places that are read, ascending; None of a plain number."""

    def make(self, cells: Cells, given: Sequence[Found | None]) -> Places:
        """The cells of the elements wanted."""
        ...


LARGEST = 20_000_000
"""Numbers that an op may read which has to be run in smaller ops as a whole."""


def plan(
    op: Op, args: Sequence[Operand], static: Static, dtype: Any, shape: Sequence[int], places: Places, tally: Tally
) -> Step:
    """Plan the elements of an output at `places`.

    Args:
        dtype, shape: of the output, as NumPy has them.
    """
    smaller = op.steps or op.composite
    if len(places) > tally.most and (smaller or op.unfolds != "moves"):
        return Estimate(args, len(places) * max(len(args), 1), tally)
    if smaller is not None and op.narrow is None and not op.elementwise:
        read = sum(math.prod(arg.shape) for arg in args)
        if read > LARGEST or (op.composite is not None and not shape and read > 50 * tally.most):
            return Estimate(args, read, tally)
    if smaller is not None:
        opened = Opened.of(op, args, static, places, tally)
        if opened is not None:
            return opened
    if op.unfolds == "moves":
        return Moved(op, args, static, places, tally)
    assert op.elementwise or op.unfolds == "elements", f"{op.name} says nowhere how it unfolds"
    return Elements(op, args, static, dtype, places, tally)


def on_host(static: Static) -> dict[str, Any]:
    """Static arguments without the devices that a recording has left behind."""
    return {key: value for key, value in static.items() if key not in ("device", "source")}


def plain_static(static: Static) -> dict[str, Any]:
    """Static arguments for single numbers: those of floating point are float64."""
    found = dict(static)
    if str(found.get("dtype", "")).startswith(("float", "bfloat")):
        found["dtype"] = "float64"
    return found


def _unique(places: Places) -> Places:
    """The places in ascending order, each once; mostly they are so already."""
    if len(places) < 2 or bool((places[1:] > places[:-1]).all()):
        return places
    return np.unique(places)


class Elements:
    """The same op, to each element by itself."""

    def __init__(
        self, op: Op, args: Sequence[Operand], static: Static, dtype: Any, places: Places, tally: Tally
    ) -> None:
        self.op, self.static = op, plain_static(static)
        full = np.broadcast_shapes(*(arg.shape for arg in args))
        numbers = operands([arg.values for arg in args], np.dtype(dtype)) if op.elementwise else []
        self.numbers = [None if arg.shape or hasattr(arg.values, "shape") else arg.values for arg in args]
        for slot, number in enumerate(numbers):
            if self.numbers[slot] is not None:
                self.numbers[slot] = number
        self.at = [
            None if number is not None else spread_places(places, full, arg.shape)
            for arg, number in zip(args, self.numbers, strict=True)
        ]
        self.needs: list[Places | None] = [None if at is None else _unique(at) for at in self.at]
        self.varied = {
            key: np.broadcast_to(np.asarray(value), full).reshape(-1)[places]
            for key, value in self.static.items()
            if isinstance(value, np.ndarray)
        }
        self.count = len(places)
        tally.add(self.count * (1 + sum(at is None for at in self.at)))

    def make(self, cells: Cells, given: Sequence[Found | None]) -> Places:
        columns = []
        for number, at, found in zip(self.numbers, self.at, given, strict=True):
            if at is None or found is None:
                columns.append([cells.number(number)] * self.count)
            else:
                columns.append(found.at(at).tolist())
        rows = zip(*columns, strict=True) if columns else [()] * self.count
        statics: list[dict[str, Any]] = [self.static] * self.count
        if self.varied:
            statics = [
                {**self.static, **{key: line[i].item() for key, line in self.varied.items()}} for i in range(self.count)
            ]
        return np.array(
            [cells.made(self.op, row, each) for row, each in zip(rows, statics, strict=True)], np.int64
        ).reshape(-1)


def numbered(count: int) -> Places:
    """0, 1, 2, ...: to be read only, for many ops of an unfolding move the same numbers."""
    return _kept(count) if count < 1 << 17 else np.arange(count)


@functools.lru_cache(maxsize=16)
def _kept(count: int) -> Places:
    found = np.arange(count)
    found.flags.writeable = False
    return found


class Moved:
    """An op that only moves elements, run on their numbers."""

    def __init__(self, op: Op, args: Sequence[Operand], static: Static, places: Places, tally: Tally) -> None:
        sizes = [math.prod(arg.shape) for arg in args]
        self.starts = [1, *(1 + np.cumsum(sizes)).tolist()]  # 0 is what the op fills in
        numbers = numbered(1 + sum(sizes))
        ids = [numbers[i : i + n].reshape(arg.shape) for arg, n, i in zip(args, sizes, self.starts, strict=False)]
        fill = static.get("value", 0)
        more: dict[str, Any] = {"value": 0} if "value" in static else {}
        more |= {"dtype": "int64"} if "dtype" in static else {}
        self.from_ = np.asarray(op.run(*ids, **{**static, **more})[0]).reshape(-1)[places]
        first = args[0].values
        self.fill = fill if getattr(getattr(first, "dtype", None), "kind", "f") != "f" else float(fill)
        tally.add(int((self.from_ == 0).sum()))
        self.slot = np.searchsorted(np.asarray(self.starts), self.from_, side="right") - 1
        self.plain = [None if hasattr(arg.values, "shape") else arg.values for arg in args]
        self.needs: list[Places | None] = [
            None if self.plain[slot] is not None else _unique(self.from_[self.slot == slot] - begin)
            for slot, begin in enumerate(self.starts[:-1])
        ]

    def make(self, cells: Cells, given: Sequence[Found | None]) -> Places:
        out = np.zeros(len(self.from_), np.int64)
        filled = self.slot < 0
        if filled.any():
            out[filled] = cells.number(self.fill)
        for slot, begin in enumerate(self.starts[:-1]):
            here = self.slot == slot
            found = given[slot]
            out[here] = cells.number(self.plain[slot]) if found is None else found.at(self.from_[here] - begin)
        return out


class Opened:
    """An op as its smaller ops, each planned by itself."""

    def __init__(self, narrow: Narrow, columns: Any, leaves: Sequence[int | None], out: int, tally: Tally) -> None:
        self.narrow, self.columns, self.leaves, self.out = narrow, columns, leaves, out
        wanted: dict[int, list[Places]] = {out: [np.asarray(narrow.take, np.int64)]}
        self.wanted: dict[int, Places] = {}
        self.steps: dict[int, Step] = {}
        for node in range(out, -1, -1):
            if node not in wanted:
                continue
            asked = wanted.pop(node)
            places = self.wanted[node] = _unique(asked[0] if len(asked) == 1 else np.concatenate(asked))
            if not columns.op[node]:
                if node not in leaves:
                    tally.add(len(places))
                continue
            inputs = self._inputs(node)
            args = [Operand(self._values(one), bool(columns.flags[one] & LIVE)) for one in inputs]
            static = columns.statics[columns.static[node]] if columns.static[node] >= 0 else {}
            op = find_op(columns.op_names[columns.op[node] - 1])
            made = self._values(node)
            step = self.steps[node] = plan(op, args, static, made.dtype, made.shape, places, tally)
            for one, need in zip(inputs, step.needs, strict=True):
                if need is not None:
                    wanted.setdefault(one, []).append(need)
        self.inside = [self.wanted.get(leaf, np.zeros(0, np.int64)) if leaf is not None else None for leaf in leaves]
        self.needs: list[Places | None] = [
            None if inside is None else inside if chosen is None else _unique(np.asarray(chosen).reshape(-1)[inside])
            for inside, chosen in zip(self.inside, narrow.places, strict=True)
        ]

    @classmethod
    def of(cls, op: Op, args: Sequence[Operand], static: Static, places: Places, tally: Tally) -> Step | None:
        """None where the op has no smaller ways here."""
        narrow = _narrowed(op, args, static, places, tally)
        if isinstance(narrow, Estimate):
            return narrow
        with recording() as recorder:
            tensors: list[Any] = []
            for arg, chosen in zip(args, narrow.places, strict=True):
                tensors.append(_taken(arg, chosen))
            shown = cut(op, tensors)
            smaller = op.steps or op.composite
            assert smaller is not None, "asked for before"
            out = smaller(functions(), *shown, **narrow.static)
            if out is None:
                return None
            leaves = [recorder.id_of(x) if isinstance(x, Tensor) else None for x in tensors]
            node = recorder.id_of(out)
        return cls(narrow, recorder.columns(), leaves, node, tally)

    def _inputs(self, node: int) -> list[int]:
        c = self.columns
        return [int(one) for one in c.inputs[c.offsets[node] : c.offsets[node + 1]]]

    def _values(self, node: int) -> Any:
        slot = int(self.columns.slot[node])
        return self.columns.arena[slot] if slot >= 0 else float(self.columns.value[node])

    def make(self, cells: Cells, given: Sequence[Found | None]) -> Places:
        found: dict[int, Found] = {}
        for leaf, inside, chosen, outside in zip(self.leaves, self.inside, self.narrow.places, given, strict=True):
            if leaf is not None and inside is not None and outside is not None:
                places = inside if chosen is None else np.asarray(chosen).reshape(-1)[inside]
                found[leaf] = Found(inside, outside.at(places))
        for node in sorted(self.wanted):
            if node in found:
                continue
            places = self.wanted[node]
            if node in self.steps:
                step = self.steps[node]
                here = [
                    found[one] if need is not None else None
                    for one, need in zip(self._inputs(node), step.needs, strict=True)
                ]
                found[node] = Found(places, step.make(cells, here))
            else:
                numbers = np.asarray(self._values(node)).reshape(-1)[places]
                found[node] = Found(places, np.array([cells.number(one) for one in numbers], np.int64))
        return found[self.out].at(np.asarray(self.narrow.take, np.int64))


class Estimate:
    """Stands for what is too much to plan: only counted, never made."""

    def __init__(self, args: Sequence[Operand], nodes: int, tally: Tally) -> None:
        tally.add(nodes)
        self.needs: list[Places | None] = [
            places_in(arg.shape).reshape(-1) if hasattr(arg.values, "shape") else None for arg in args
        ]

    def make(self, cells: Cells, given: Sequence[Found | None]) -> Places:
        raise AssertionError("more than the most was to be made")


def _narrowed(op: Op, args: Sequence[Operand], static: Static, places: Places, tally: Tally) -> Narrow | Estimate:
    shapes = [arg.shape for arg in args]
    if op.elementwise:
        full = np.broadcast_shapes(*shapes)
        chosen = [spread_places(places, full, arg.shape) if hasattr(arg.values, "shape") else None for arg in args]
        varied = {
            key: np.broadcast_to(value, full).reshape(-1)[places] if isinstance(value, np.ndarray) else value
            for key, value in static.items()
        }
        return Narrow(tuple(chosen), varied, np.arange(len(places)))
    if op.narrow is None:
        return Narrow((None,) * len(args), static, places)
    if tally.full:
        return Estimate(args, len(places), tally)
    probe = places[:64]  # enough to see whether the elements share what they read
    about = _read(op.narrow(shapes, static, probe)) * len(places) // max(len(probe), 1)
    if about > 50 * tally.most:
        return Estimate(args, about, tally)
    found = op.narrow(shapes, static, places)
    return found if _read(found) <= tally.most else Estimate(args, _read(found), tally)


def _read(narrow: Narrow) -> int:
    """How many numbers the smaller application reads."""
    return sum(int(np.size(one)) for one in narrow.places if one is not None)


def _taken(arg: Operand, chosen: Any) -> Any:
    """The part of an input that is used, as a tensor of float64 where it is not of whole numbers."""
    if not hasattr(arg.values, "shape"):
        return arg.values
    values = np.asarray(arg.values) if chosen is None else np.asarray(np.asarray(arg.values).reshape(-1)[chosen])
    if values.dtype.kind == "f":
        values = values.astype(np.float64)
    return Tensor._wrap(values, requires_grad=arg.live and values.dtype.kind == "f", told=False)


_ALONE = threading.RLock()


@contextmanager
def recording() -> Iterator[Recorder]:
    """A recording of our own, which nobody else hears; gradient is followed whatever the caller has switched off."""
    with _ALONE:
        others, recorder = ACTIVE[:], Recorder(lines=False)
        ACTIVE[:] = [recorder]
        try:
            with set_grad_enabled(True):
                yield recorder
        finally:
            ACTIVE[:] = others


def cut(op: Op, inputs: Sequence[Any]) -> list[Any]:
    """The inputs, detached where the op itself hands back nothing, so that its smaller ops do not either."""
    if all(spec.vjp is None for spec in op.inputs):
        return list(inputs)  # and of its smaller ops none does
    detach = functions().detach
    return [
        detach(x) if op.spec(slot).vjp is None and getattr(x, "_requires_grad", False) else x
        for slot, x in enumerate(inputs)
    ]


def functions() -> Any:
    """The module of functions, for steps and composites."""
    from tracer.core.functions.all import FUNCTIONS

    return FUNCTIONS
