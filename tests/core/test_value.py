"""A float that remembers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import Program, programs
from tracer import TracerError, Value, by_hand, gradcheck
from tracer.errors import GradcheckError, GraphError


def test_the_first_example() -> None:
    a, b = Value(2.0, name="a"), Value(3.0, name="b")
    d = (a * b + a).named("d")
    d.backward()
    assert (d.data, a.grad, b.grad) == (8.0, 4.0, 2.0)
    assert repr(d) == "Value(data=8, grad=1, name='d')"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda x: x + 2, 5), (lambda x: 2 + x, 5), (lambda x: x - 2, 1), (lambda x: 2 - x, -1), (lambda x: x * 2, 6),
        (lambda x: 2 * x, 6), (lambda x: x / 2, 1.5), (lambda x: 6 / x, 2), (lambda x: x**2, 9), (lambda x: 2**x, 8),
        (lambda x: -x, -3), (lambda x: +x, 3), (lambda x: abs(-x), 3), (lambda x: x.add(1), 4), (lambda x: x.sub(1), 2),
        (lambda x: x.mul(2), 6), (lambda x: x.div(2), 1.5), (lambda x: x.pow(2), 9), (lambda x: x.neg(), -3),
        (lambda x: x.exp(), math.exp(3)), (lambda x: x.log(), math.log(3)), (lambda x: x.relu(), 3),
        (lambda x: (-x).relu(), 0), (lambda x: x.tanh(), math.tanh(3)), (lambda x: x.sigmoid(), 1 / (1 + math.exp(-3))),
        (lambda x: x.sqrt(), math.sqrt(3)), (lambda x: (-x).abs(), 3), (lambda x: np.float64(2) * x, 6),
        (lambda x: np.int64(2) + x, 5), (lambda x: sum([x, x]), 6), (lambda x: x + True, 4),
    ],
)  # fmt: skip
def test_every_operator_and_method(make: Any, expected: float) -> None:
    made = make(Value(3.0))
    assert isinstance(made, Value)
    assert made.data == pytest.approx(expected)
    assert gradcheck(make, Value(3.0))


def test_one_value_used_twice_by_one_op_gets_two_contributions() -> None:
    x = Value(3.0)
    y = x * x
    y.backward()
    assert y.inputs == (x, x)
    assert y.local_grads == (3.0, 3.0)
    assert x.grad == 6.0


def test_arithmetic_follows_ieee_and_never_raises() -> None:
    zero = Value(0.0)
    assert (1 / zero).data == math.inf
    assert (-1 / zero).data == -math.inf
    assert math.isnan((zero / zero).data)
    assert math.isnan(Value(-1.0).log().data)
    assert math.isnan(Value(-8.0).pow(1 / 3).data)
    assert Value(1000.0).exp().data == math.inf
    assert (Value(1e308) * 10).data == math.inf
    assert (Value(1e200) ** 2).data == math.inf
    assert (zero**-1).data == math.inf
    assert Value(10**400).data == math.inf


def test_equality_is_identity_and_order_is_by_value() -> None:
    a, b = Value(1.0), Value(1.0)
    assert a != b
    assert len({a, b}) == 2
    assert a < Value(2.0) > b
    assert a <= b
    assert a >= 1
    assert max([a, Value(5.0), b], key=lambda v: v.data).data == 5.0
    assert not a > 3


def test_leaves_accumulate_and_inner_nodes_hold_the_last_pass() -> None:
    x = Value(2.0)
    y = x * x
    z = y * 3
    z.backward()
    z.backward()
    assert (x.grad, y.grad, z.grad) == (24.0, 3.0, 1.0)
    x.grad = 0
    assert x.grad == 0.0


def test_only_leaves_can_be_assigned() -> None:
    x = Value(2.0)
    x.data = 5
    assert x.data == 5.0
    with pytest.raises(GraphError, match="follows from its inputs"):
        (x + 1).data = 3


def test_backward_uses_the_numbers_of_the_forward_pass() -> None:
    """A leaf assigned in between does not change what was computed."""
    x, w = Value(3.0), Value(2.0)
    y = x * w
    w.data = 100.0
    y.backward()
    assert x.grad == 2.0


@pytest.mark.parametrize("thing", ["3", None, [1.0], Value(1.0)])
def test_a_value_holds_a_number(thing: Any) -> None:
    if isinstance(thing, str):
        assert Value(thing).data == 3.0  # as float("3") reads it
    else:
        with pytest.raises(TypeError):
            Value(thing)
    with pytest.raises(TypeError):
        Value(1.0) + "3"  # type: ignore[operator]


def test_nothing_to_differentiate_is_said() -> None:
    from tracer.core.value import constant

    with pytest.raises(GraphError, match="Make an input a Value"):
        (constant(3.0) * 2).backward()


def test_programs_written_for_micrograd_find_its_words() -> None:
    a = Value(2.0, label="a")
    b = a * 3
    b.label = "b"
    assert (a.label, b._op, b._prev) == ("a", "×", set(b.inputs))


def test_recursion_without_an_order_gives_the_wrong_six() -> None:
    a = Value(1.0)
    b = a + a
    c = b + b

    def walk(v: Value) -> None:
        for slot, source in enumerate(v.inputs):
            hand.deliver(v, slot)
            walk(source)

    with by_hand(c) as hand:
        walk(c)
    assert a.grad == 6.0
    c.backward()
    assert a.grad == 10.0  # leaves accumulate, also after a wrong pass: 6 + 4


def test_by_hand_with_assign_keeps_the_last_contribution() -> None:
    x = Value(3.0)
    y = x * x + x
    square = y.inputs[0]
    with by_hand(y, combine="assign") as hand:
        for user in (y, square):
            for slot in range(2):
                hand.deliver(user, slot)
    assert x.grad == 3.0
    with pytest.raises(TracerError, match="combine"):
        by_hand(y, combine="max")
    with pytest.raises(TracerError, match="no input 2"), by_hand(y) as hand:
        hand.deliver(y, 2)


def test_a_chain_of_a_hundred_thousand_needs_no_recursion() -> None:
    x = Value(1.0)
    y = x
    for _ in range(100_000):
        y = -y
    y.backward()
    assert x.grad == 1.0
    del y


@pytest.mark.deep
def test_a_chain_of_a_million_records_differentiates_and_saves(tmp_path: Any) -> None:
    from tracer import load, record

    with record() as rec:
        x = Value(1.0, name="x")
        y = x
        for _ in range(1_000_000):
            y = -y
        y.backward()
    rec.trace.save(tmp_path / "long.trace")
    trace = load(tmp_path / "long.trace")
    assert trace.n_nodes == 1_000_001
    assert trace.cursor(len(trace)).grad("x") == 1.0


@given(programs())
def test_gradients_agree_with_nudging_for_any_program(program: Program) -> None:
    """gradcheck runs the program itself again, so it trusts nothing of ours but addition."""

    def fn(*leaves: Value) -> Value:
        values = list(leaves)
        for name, places in program.steps:
            args = [values[p] if isinstance(p, int) else p for p in places]
            values.append(getattr(args[0], name)(*args[1:]))
        return values[-1]

    values = program.run()
    kinks = [
        v for v, (name, places) in zip(values[len(program.leaves) :], program.steps, strict=True)
        if name in ("relu", "abs") and abs(values[int(places[0])].data) < 1e-3
    ]  # fmt: skip
    if kinks or not all(abs(v.data) < 1e3 for v in values):
        return
    assert gradcheck(fn, values[: len(program.leaves)], atol=1e-4)


def test_gradcheck_names_what_disagrees() -> None:
    def wrong(x: Value) -> Value:
        return x * x.data  # the second factor is outside the graph

    with pytest.raises(GradcheckError, match=r"input 0 at 3: backward gives 3, nudging gives 6"):
        gradcheck(wrong, Value(3.0))
    assert not gradcheck(wrong, [Value(3.0)], raise_exception=False)
    with pytest.raises(TracerError, match="output 0 is a float; it must be a Value"):
        gradcheck(lambda x: 3.0, Value(1.0))
    with pytest.raises(TracerError, match="input 1 is a str"):
        gradcheck(lambda x, y: x, [1.0, "2"])  # type: ignore[list-item]
    assert gradcheck(lambda x, y: (x * y, x / y), [2, Value(4.0)])


def test_arrays_of_values_work_element_by_element() -> None:
    """As micrograd's do: NumPy treats a Value as an object."""
    xs = np.array([Value(1.0), Value(2.0)])
    w = Value(3.0)
    for made in (xs * w, w * xs, w * np.array([1.0, 2.0]), np.array([1.0, 2.0]) * w):
        assert [v.data for v in made] == [3.0, 6.0]
    (xs @ xs + w).backward()
    assert [x.grad for x in xs] == [2.0, 4.0]
    assert (np.array(2.0) * w).data == 6.0


def test_numbers_beyond_every_float_become_infinite() -> None:
    assert (Value(1.0) + 10**400).data == math.inf
    assert Value(1.0) < 10**400


def test_gradcheck_takes_numpys_numbers_and_leaves_others_alone() -> None:
    w = Value(2.0)
    w.grad = 5.0
    assert gradcheck(lambda a: a * w, [np.float32(0.3)])
    assert w.grad == 5.0
    assert gradcheck(lambda a: a * 3, [Value(1e12)])


def test_threads_may_share_a_recording() -> None:
    """Their events interleave, but none falls into another."""
    import sys
    import threading

    from tracer import record
    from tracer.trace.store import from_bytes, to_bytes

    def work(start: float) -> None:
        x = Value(start)
        for _ in range(200):
            x = x * 1.01 + 0.5
        x.backward()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with record() as rec:
            threads = [threading.Thread(target=work, args=(float(i),)) for i in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    columns = from_bytes(to_bytes(rec.trace.columns))
    assert len(columns.value) == 4 * (1 + 200 * 4)
    assert len(columns.passes) == 4
