"""Value: a float that remembers how it was made.

Each `Value` has a serial number; creation order is a topological order, so `backward()` needs neither recursion nor a
search for one. A `Value` dies with its last reference: nothing global keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, cast

import numpy as np

from tracer.core import floats
from tracer.core.columns import UPDATE, WRITE
from tracer.core.growing import GrowingPass
from tracer.core.op import OPS, Op
from tracer.core.ops import elementwise as _ops
from tracer.core.passed import HEARING
from tracer.core.record import ACTIVE, Recorder
from tracer.core.serial import next_serial
from tracer.errors import GraphError


class Value:
    """A recorded float (always float64).

    Arithmetic with other `Value`s and plain numbers follows IEEE 754 and never raises: `1 / 0` is inf, `log(-1)` nan.
    Order comparisons go by value; `==` and hash stay identity, so that a `Value` can be in a set.

    Args:
        data: the number.
        name: what to call it on the graph; without one it gets the name of your variable.
    """

    __slots__ = ("__weakref__", "_args", "_const", "_data", "_grad", "_ins", "_live", "_name", "_rule", "_serial")
    __array_ufunc__ = None  # np.float64(2) * value comes to us instead of making an array of objects

    _ins: tuple[Value, ...]
    _args: tuple[float, ...]
    _rule: Op | None
    _name: str | None

    def __init__(self, data: float, name: str | None = None, *, label: str | None = None) -> None:
        value = _to_float(data)
        for recorder in ACTIVE:
            value = recorder.override(value)
        self._data, self._grad = value, 0.0
        self._rule, self._ins, self._args = None, (), ()
        self._live, self._const = True, False
        name = label if name is None else name
        self._name = None if name is None else str(name)
        self._serial = next_serial()
        for recorder in ACTIVE:
            recorder.made(self, 2)

    # Numbers

    @property
    def data(self) -> float:
        """The number. Assignable on leaves; a recording keeps each assignment as an update."""
        if ACTIVE and self._rule is not None:
            for recorder in ACTIVE:
                recorder.read_number(self, "data", 3)
        return self._data

    @data.setter
    def data(self, new: float) -> None:
        if self._rule is not None:
            raise GraphError(
                f"data: this value was computed ({self._rule.label}), so it follows from its inputs.",
                hint="Assign to a leaf, a Value you made from a number, and compute again.",
            )
        value = _to_float(new)
        for recorder in ACTIVE:
            recorder.assigned(UPDATE, self, value, self._data)
        self._data = value

    @property
    def grad(self) -> float:
        """∂root/∂self after `backward()`, 0.0 before. Leaves add up over several passes; assign 0 to reset."""
        return self._grad

    @grad.setter
    def grad(self, new: float | None) -> None:
        value = 0.0 if new is None else _to_float(new) or 0.0
        for recorder in ACTIVE:
            recorder.assigned(WRITE, self, value, new is None)
        self._grad = value

    def named(self, name: str) -> Value:
        """The same value, called `name` on the graph."""
        self._name = str(name)
        for recorder in ACTIVE:
            recorder.named(self)
        return self

    @property
    def name(self) -> str | None:
        """What it is called on the graph, None if nobody said."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self.named(name)

    label = name  # micrograd's word

    # How it was made

    @property
    def inputs(self) -> tuple[Value, ...]:
        """What it was computed from, in order, repeats kept: `x * x` has two. Empty for a leaf."""
        return self._ins

    @property
    def local_grads(self) -> tuple[float, ...]:
        """∂self/∂input for each of `inputs`."""
        rule = self._rule
        if rule is None:
            return ()
        return tuple(rule.local_gradient(i, self._data, self._args) for i in range(len(self._ins)))

    @property
    def _prev(self) -> set[Value]:  # micrograd's words, for programs that draw its graphs
        return set(self._ins)

    @property
    def _op(self) -> str:
        return "" if self._rule is None else self._rule.label

    # Arithmetic

    def __add__(self, other: Any) -> Value:
        return _binary(_ops.ADD, self, other)

    def __radd__(self, other: Any) -> Value:
        return _binary(_ops.ADD, other, self)

    def __sub__(self, other: Any) -> Value:
        return _binary(_ops.SUB, self, other)

    def __rsub__(self, other: Any) -> Value:
        return _binary(_ops.SUB, other, self)

    def __mul__(self, other: Any) -> Value:
        return _binary(_ops.MUL, self, other)

    def __rmul__(self, other: Any) -> Value:
        return _binary(_ops.MUL, other, self)

    def __truediv__(self, other: Any) -> Value:
        return _binary(_ops.DIV, self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return _binary(_ops.DIV, other, self)

    def __pow__(self, other: Any) -> Value:
        return _binary(_ops.POW, self, other)

    def __rpow__(self, other: Any) -> Value:
        return _binary(_ops.POW, other, self)

    def __neg__(self) -> Value:
        return _unary(_ops.NEG, self)

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return _unary(_ops.ABS, self)

    def add(self, other: Value | float) -> Value:
        return self + other

    def sub(self, other: Value | float) -> Value:
        return self - other

    def mul(self, other: Value | float) -> Value:
        return self * other

    def div(self, other: Value | float) -> Value:
        return self / other

    def pow(self, other: Value | float) -> Value:
        return self**other

    def neg(self) -> Value:
        return -self

    def exp(self) -> Value:
        return _unary(_ops.EXP, self)

    def log(self) -> Value:
        """Natural logarithm."""
        return _unary(_ops.LOG, self)

    def relu(self) -> Value:
        return _unary(_ops.RELU, self)

    def tanh(self) -> Value:
        return _unary(_ops.TANH, self)

    def sigmoid(self) -> Value:
        return _unary(_ops.SIGMOID, self)

    def sqrt(self) -> Value:
        return _unary(_ops.SQRT, self)

    def abs(self) -> Value:
        return _unary(_ops.ABS, self)

    # Order, by value

    def __lt__(self, other: Any) -> bool:
        return _compare(self, other, lambda a, b: a < b)

    def __le__(self, other: Any) -> bool:
        return _compare(self, other, lambda a, b: a <= b)

    def __gt__(self, other: Any) -> bool:
        return _compare(self, other, lambda a, b: a > b)

    def __ge__(self, other: Any) -> bool:
        return _compare(self, other, lambda a, b: a >= b)

    def __float__(self) -> float:
        return self.data

    def item(self) -> float:
        """The number as a plain float."""
        return self.data

    def __repr__(self) -> str:
        name = "" if self._name is None else f", name={self._name!r}"
        return f"Value(data={self._data:g}, grad={self._grad:g}{name})"

    # The reverse walk

    def backward(self) -> None:
        """Fill `.grad` of everything this value was made from, this value being the root (its own gradient is 1).

        Leaves add to what they hold; inner nodes hold this pass's gradient.

        Raises:
            GraphError: this value was made from plain numbers only.
        """
        from tracer.core.backward import backward

        backward(self)


def constant(number: float) -> Value:
    """A plain number as a node: shown on the graph, takes no gradient."""
    return _constant(number, 4)


def _constant(number: float, depth: int) -> Value:
    value = _to_float(number)
    for recorder in ACTIVE:
        if recorder.overrides:
            value = recorder.override(value)
    return _make(value, None, (), (), False, True, depth)


def apply(op: Op | str, *inputs: Value | float) -> Value:
    """Compute with an op by name; plain numbers become constants."""
    rule = OPS[op] if isinstance(op, str) else op
    values = tuple(v if isinstance(v, Value) else constant(v) for v in inputs)
    args = tuple(v._data for v in values)
    live = any(v._live for v in values)
    return _make(float(rule.forward(floats, *args)), rule, values, args, live, False)


def _make(
    data: float,
    rule: Op | None,
    ins: tuple[Value, ...],
    args: tuple[float, ...],
    live: bool,
    const: bool,
    depth: int = 3,
) -> Value:
    made: Value = _new(Value)
    made._data = data
    made._grad = 0.0
    made._rule = rule
    made._ins = ins
    made._args = args
    made._live = live
    made._const = const
    made._name = None
    made._serial = next_serial()
    if ACTIVE:
        for recorder in ACTIVE:
            recorder.made(made, depth)
    return made


_new = object.__new__
_NOT_OURS = cast(Value, NotImplemented)  # Python then raises its own TypeError


def _binary(rule: Op, a: Any, b: Any) -> Value:
    if not isinstance(a, Value):
        if not is_number(a):
            return _spread(rule, a, b, a)
        a = _constant(a, 5)
    if not isinstance(b, Value):
        if not is_number(b):
            return _spread(rule, a, b, b)
        b = _constant(b, 5)
    x, y = a._data, b._data
    made: Value = _new(Value)  # as in `_make`: a call less for each number of a large graph
    made._data = rule.forward(floats, x, y)
    made._grad = 0.0
    made._rule = rule
    made._ins = (a, b)
    made._args = (x, y)
    made._live = a._live or b._live
    made._const = False
    made._name = None
    made._serial = next_serial()
    if ACTIVE:
        for recorder in ACTIVE:
            recorder.made(made)
    return made


def _spread(rule: Op, a: Any, b: Any, other: Any) -> Value:
    """An array as the other operand: element by element, into an array of `Value`s, as Python objects do in NumPy."""
    if not isinstance(other, np.ndarray):
        return _NOT_OURS
    found = np.empty(other.shape, object)
    for place in np.ndindex(other.shape):
        found[place] = _binary(rule, other[place] if a is other else a, other[place] if b is other else b)
    return cast(Value, found)


def _unary(rule: Op, a: Value) -> Value:
    x = a._data
    return _make(rule.forward(floats, x), rule, (a,), (x,), a._live, False, 4)


def _compare(a: Value, b: Any, holds: Callable[[float, float], bool]) -> bool:
    if not isinstance(b, Value) and not is_number(b):
        return cast(bool, NotImplemented)
    for recorder in ACTIVE:
        recorder.read_number(a, "compare", 4)
        if isinstance(b, Value):
            recorder.read_number(b, "compare", 4)
    return holds(a._data, b._data if isinstance(b, Value) else _to_float(b))


def is_number(thing: Any) -> bool:
    """Whether `thing` is a plain number: also NumPy's scalars and arrays without axes."""
    if isinstance(thing, float | int):
        return True
    return hasattr(thing, "__float__") and not isinstance(thing, str | bytes) and getattr(thing, "ndim", 0) == 0


def _to_float(number: Any) -> float:
    if isinstance(number, Value):
        raise TypeError("Value: a number is expected, got a Value. To use it as a number, give its .data")
    try:
        return float(number)
    except OverflowError:  # an int beyond every float
        return float("inf") if number > 0 else float("-inf")


class HandPass:
    """A backward pass delivered edge by edge by your own code; see `by_hand`."""

    def __init__(self, root: Value, combine: str) -> None:
        if combine not in ("add", "assign"):
            raise GraphError(f"by_hand: combine is {combine!r}; it must be 'add' or 'assign'.")
        self.root, self.combine = root, combine
        self._growing: list[tuple[Recorder, GrowingPass]] = []
        self._reached: list[Value] = []

    def __enter__(self) -> HandPass:
        from tracer.core.backward import clear_inner

        self._reached, _ = clear_inner(self.root)
        self._growing = [(r, r.began_by_hand(self.root, self.combine)) for r in ACTIVE]
        self.root._grad = 1.0
        return self

    def deliver(self, user: Value, slot: int) -> float | None:
        """Hand one contribution, `user.grad` x local gradient, to `user.inputs[slot]`.

        Returns:
            The contribution, or None where that input takes no gradient (a plain number).
        """
        rule, target = user._rule, user._ins[slot] if 0 <= slot < len(user._ins) else None
        if rule is None or target is None:
            raise GraphError(f"deliver: this value has {len(user._ins)} inputs; there is no input {slot}.")
        vjp = rule.inputs[slot].vjp
        if not target._live or vjp is None:
            return None
        contribution: float = vjp(floats, user._grad, user._data, *user._args)
        upstream = user._grad
        target._grad = contribution if self.combine == "assign" else target._grad + contribution
        for recorder, growing in self._growing:
            recorder.delivered(growing, user, slot, upstream)
        return contribution

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for heard in HEARING:
            heard(self._reached, {})
        self._growing, self._reached = [], []


def by_hand(root: Value, combine: str = "add") -> HandPass:
    """`with by_hand(root) as hand:` gives root the gradient 1; your code then calls `hand.deliver(user, slot)`.

    The recording keeps your order, repeats and mistakes: that is how a wrong algorithm can be walked.

    Args:
        combine: "add" accumulates (`+=`); "assign" overwrites (`=`).
    """
    return HandPass(root, combine)
