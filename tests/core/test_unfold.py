"""An op opened gives the op's own numbers and hands back its own gradients: every op, whole, by the row, by one."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.core.opened_cases import EDGES, shaped
from tracer.core.apply import apply
from tracer.core.autograd import grad
from tracer.core.columns import CONST, LIVE, Columns
from tracer.core.functions.all import Tensor
from tracer.core.op import OPS, Op, Sample, find_op
from tracer.core.record import record
from tracer.core.rerun import hand_back, run_again
from tracer.core.unfold.part import MOST, Part, composite_part, scalar_part, size_of
from tracer.errors import GraphError

EVERY = [pytest.param(op, id=name) for name, op in OPS.items()]
TOLERANCE = {"float64": (1e-9, 1e-11), "float32": (1e-5, 1e-6), "float16": (2e-3, 2e-3)}


def plain(sample: Sample) -> Sample:
    """Numbers as a recording has them: arrays, and Python's own."""
    return Sample(tuple(a.item() if isinstance(a, np.generic) else a for a in sample.args), dict(sample.static))


def live_of(op: Op, args: Sequence[Any]) -> list[bool]:
    return [isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in args]


def ops_of(part: Part) -> Counter[str]:
    c = part.columns
    return Counter(c.op_names[code - 1] for code in c.op.tolist() if code)


def made_by(part: Part, name: str) -> list[int]:
    c = part.columns
    return [node for node, code in enumerate(c.op.tolist()) if code and c.op_names[code - 1] == name]


def value(c: Columns, node: int) -> Any:
    return c.arena[c.slot[node]] if c.slot[node] >= 0 else float(c.value[node])


def inputs(c: Columns, node: int) -> list[int]:
    return [int(one) for one in c.inputs[c.offsets[node] : c.offsets[node + 1]]]


def back_through(part: Part, g: Any) -> list[Any]:
    """What each input receives when `g` arrives at the output, by the rules of the small ops, node after node."""
    c = part.columns
    grads: dict[int, Any] = {part.out: g}
    for node in range(part.out, -1, -1):
        if node not in grads or not c.op[node] or not c.flags[node] & LIVE:
            continue
        op = find_op(c.op_names[c.op[node] - 1])
        static = c.statics[c.static[node]] if c.static[node] >= 0 else {}
        args, out = [value(c, one) for one in inputs(c, node)], value(c, node)
        again, saved = run_again(op, args, static, out.dtype)
        np.testing.assert_allclose(again, out, rtol=1e-14, err_msg=op.name)
        wanted = [bool(c.flags[one] & LIVE) and op.spec(i).vjp is not None for i, one in enumerate(inputs(c, node))]
        handed = hand_back(op, wanted, grads.pop(node), out, args, static, saved).contribution
        for one, given in zip(inputs(c, node), handed, strict=True):
            if given is not None:
                grads[one] = given if one not in grads else grads[one] + given
    return [grads.get(one) for one in part.inputs]


def hold_to(op: Op, sample: Sample, part: Part, live: Sequence[bool]) -> None:
    """The part's output and the gradients it hands back are the op's."""
    args, static, c = sample.args, sample.static, part.columns
    with np.errstate(all="ignore"):
        expected = np.asarray(op.run(*args, **static)[0])
        if op.elementwise:
            expected, _ = run_again(op, args, static, value(c, part.out).dtype)
        out, saved = op.run(*args, **static) if not op.elementwise else run_again(op, args, static, expected.dtype)
    got = value(c, part.out)
    rtol, atol = TOLERANCE.get(expected.dtype.name, (0, 0))
    assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)
    wanted = [here and op.spec(slot).vjp is not None for slot, here in enumerate(live)]
    flows = any(wanted) and expected.dtype.kind == "f"
    assert bool(c.flags[part.out] & LIVE) == flows, "gradient reaches the output if it reaches the op's"
    if not flows:
        return
    g = np.random.default_rng(1).normal(size=expected.shape).astype(expected.dtype)
    handed = hand_back(op, wanted, g, np.asarray(out), args, static, saved).contribution
    for slot, (theirs, ours) in enumerate(zip(handed, back_through(part, g), strict=True)):
        assert (theirs is None) == (ours is None), op.spec(slot).name
        if theirs is not None:
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol, err_msg=op.spec(slot).name)


def rows_of(out: Any) -> list[int]:
    """The places of the last row."""
    return list(range(out.size))[-(out.shape[-1] if out.ndim else 1) :]


def hold_all(op: Op, sample: Sample, *, parts: bool = True) -> None:
    """Whole, one element, a row, and as its composite."""
    sample = plain(sample)
    args, static = sample.args, sample.static
    live = live_of(op, args)
    with np.errstate(all="ignore"):
        out = np.asarray(op.run(*args, **static)[0])
    if not out.size:
        return
    hold_to(op, sample, scalar_part(op, args, static, live), live)
    for some in ([out.size - 1], rows_of(out)) if parts else ():
        if len(some) < out.size:
            hold_to(op, sample, scalar_part(op, args, static, live, some), live)
    if op.composite is not None and parts:
        hold_to(op, sample, composite_part(op, args, static, live), live)


@pytest.mark.parametrize("op", EVERY)
@pytest.mark.parametrize("most", [4, pytest.param(100, marks=pytest.mark.deep)])
def test_every_op_opens_into_numbers_that_give_its_value_and_gradients(op: Op, most: int) -> None:
    for i, sample in enumerate(op.tries(np.random.default_rng(0))[:most]):
        hold_all(op, sample, parts=i == 0 or most > 4)


@pytest.mark.parametrize("op", EVERY)
@pytest.mark.parametrize("cases", [1, pytest.param(200, marks=pytest.mark.deep)])
def test_it_does_so_in_any_shape_and_dtype(op: Op, cases: int) -> None:
    for seed in range(cases):
        rng = np.random.default_rng(seed)
        hold_all(op, shaped(op, rng), parts=seed % 5 == 0)


@pytest.mark.parametrize(
    ("name", "args", "static"), [pytest.param(*case, id=f"{case[0]}-{i}") for i, case in enumerate(EDGES)]
)
def test_ties_zeros_limits_and_what_is_not_finite(name: str, args: tuple[Any, ...], static: dict[str, Any]) -> None:
    """Where a choice could go either way the parts choose, and share, as the op does."""
    hold_all(find_op(name), Sample(args, static))


def test_the_test_itself_catches_a_part_that_is_off() -> None:
    """Steps 0.1 % off fail, so a green run above means something."""
    silu = dataclasses.replace(OPS["silu"], steps=lambda F, input: input * F.sigmoid(input) * 1.001)
    with pytest.raises(AssertionError):
        hold_all(silu, silu.tries(np.random.default_rng(0))[0])


@pytest.mark.parametrize("op", EVERY)
def test_its_size_is_known_before(op: Op) -> None:
    """To the node, so that one can decide before it is done."""
    sample = plain(op.tries(np.random.default_rng(0))[0])
    for elements in (None, [0]):
        part = scalar_part(op, sample.args, sample.static, [False] * len(sample.args), elements)
        inside = len(part.columns.op) - len(set(part.inputs))
        assert inside == size_of(op, sample.args, sample.static, elements)


@pytest.mark.parametrize("op", EVERY)
def test_inside_the_seams_every_node_is_one_number(op: Op) -> None:
    """Of type float64, or a whole number or an answer; what is not made is an input or a constant."""
    sample = plain(op.tries(np.random.default_rng(0))[0])
    part = scalar_part(op, sample.args, sample.static, live_of(op, sample.args))
    c = part.columns
    for node in set(range(len(c.op))) - {*part.inputs, part.out}:
        if c.op[node]:
            assert value(c, node).shape == ()
            assert value(c, node).dtype == np.float64 or value(c, node).dtype.kind in "iub"
        else:
            assert c.flags[node] == CONST


# What one sees


X = np.array([[1.0, 2.0]])
W = np.array([[0.5, -1.0], [0.25, 4.0]])


def test_a_product_is_worked_out_as_by_hand() -> None:
    """Each element to its end before the next: take, take, multiply, ..., add."""
    part = scalar_part(find_op("matmul"), [X, W], {}, [False, True])
    c = part.columns
    line = [c.op_names[code - 1] for code in c.op.tolist() if code]
    one = ["element", "element", "mul", "element", "element", "mul", "add"]
    assert line == [*one, "element", "mul", "element", "mul", "add", "join"]
    names = {part.names[node]: part.of[node] for node in made_by(part, "add")}
    assert names == {"[0, 0]": -1, "[0, 1]": -1}
    taken = [(part.of[node], part.names[node]) for node in made_by(part, "element")]
    assert taken == [(0, "[0, 0]"), (1, "[0, 0]"), (0, "[0, 1]"), (1, "[1, 0]"), (1, "[0, 1]"), (1, "[1, 1]")]


def test_one_element_takes_no_more_than_it_needs() -> None:
    """The rest of the output comes from the op as it was, and its gradient goes there."""
    part = scalar_part(find_op("matmul"), [X, W], {}, [True, True], [1])
    assert ops_of(part) == {"element": 4, "mul": 2, "add": 1, "matmul": 1, "place": 1}
    assert [part.names[node] for node in made_by(part, "add")] == ["[0, 1]"]
    np.testing.assert_array_equal(value(part.columns, part.out), X @ W)


@pytest.mark.parametrize(
    ("number", "gate", "out", "slope"), [(3.0, 1, 3.0, 1.0), (-3.0, 0, 0.0, 0.0), (0.0, 0, 0.0, 0.0)]
)
def test_relu_shows_its_gate(number: float, gate: int, out: float, slope: float) -> None:
    """1 or 0, a node of its own; where it is shut no gradient comes back."""
    part = scalar_part(find_op("relu"), [np.array([number])], {}, [True])
    (here,) = made_by(part, "gate")
    (passed,) = made_by(part, "gated")
    assert value(part.columns, here).item() == gate
    assert here in inputs(part.columns, passed)
    assert value(part.columns, passed).item() == out
    assert back_through(part, np.array([2.0]))[0].item() == 2.0 * slope


@pytest.mark.parametrize("name", ["max", "amax"])
def test_a_maximum_shows_who_won(name: str) -> None:
    """Which one, counted from 0; then its value. The gradient goes there, and equal ones share it."""
    static = {"dim": None, "keepdim": False}
    part = scalar_part(find_op(name), [np.array([1.0, 5.0, 2.0])], static, [True])
    (which,), (taken,) = made_by(part, "winner"), made_by(part, "select")
    assert value(part.columns, which).item() == 1
    assert value(part.columns, taken).item() == 5.0
    assert back_through(part, np.array(1.0))[0].tolist() == [0.0, 1.0, 0.0]
    tie = scalar_part(find_op(name), [np.array([5.0, 1.0, 5.0])], static, [True])
    assert back_through(tie, np.array(1.0))[0].tolist() == [0.5, 0.0, 0.5]


def test_where_shows_its_choice() -> None:
    part = scalar_part(
        find_op("where"), [np.array([True, False]), np.array([1.0, 2.0]), np.array([3.0, 4.0])], {"dtype": "float64"},
        [False, True, True],
    )  # fmt: skip
    choices = [inputs(part.columns, node)[0] for node in made_by(part, "where")]
    assert [(part.of[one], part.names[one]) for one in choices] == [(0, "[0]"), (0, "[1]")]
    assert [value(part.columns, one).item() for one in choices] == [True, False]


def test_a_row_that_was_looked_up_shows_by_which_number() -> None:
    part = scalar_part(find_op("embedding"), [W, np.array([1])], {"padding_idx": None}, [True, False])
    for node in made_by(part, "select"):
        index, taken = inputs(part.columns, node)
        assert (part.of[index], value(part.columns, index).item()) == (1, 1)
        assert part.of[taken] == 0


def test_a_fat_op_opens_into_its_definition_first() -> None:
    part = composite_part(find_op("linear"), [X, W.T, np.ones(2)], {}, [False, True, True])
    assert ops_of(part) == {"transpose": 1, "matmul": 1, "add": 1}
    assert part.names == {}


def test_a_tensor_used_twice_is_opened_once() -> None:
    """x · x: one node for x, each element of it a node with two uses."""
    x = np.array([3.0, -2.0])
    part = scalar_part(find_op("mul"), [x, x], {}, [True, True], nodes=[7, 7])
    assert part.inputs[0] == part.inputs[1]
    assert ops_of(part) == {"element": 2, "mul": 2, "join": 1}
    assert back_through(part, np.array([1.0, 1.0]))[0].tolist() == [6.0, -4.0]
    apart = scalar_part(find_op("mul"), [x, x], {}, [True, True], nodes=[7, 8])
    assert ops_of(apart)["element"] == 4


def test_a_tensor_without_axes_is_a_number_already() -> None:
    part = scalar_part(find_op("relu"), [np.array(2.0)], {}, [True])
    assert ops_of(part) == {"gate": 1, "gated": 1}
    assert part.columns.op_names[part.columns.op[part.out] - 1] == "gated"


def test_a_move_to_another_device_opens_where_there_is_none() -> None:
    """A recording holds its numbers on the host."""
    static = {"dtype": "float32", "device": "cuda", "source": "cpu"}
    x = np.array([1.5, 2.5])
    for elements in (None, [1]):
        part = scalar_part(find_op("to"), [x], static, [True], elements, out=x.astype(np.float32))
        assert value(part.columns, part.out).tolist() == [1.5, 2.5]
        assert value(part.columns, part.out).dtype == np.float32


def test_whole_numbers_stay_whole() -> None:
    """Also a number that was written as one, of which a recording keeps 2.0."""
    part = scalar_part(find_op("mul"), [np.array([3, 4]), 2.0], {}, [False, False], out=np.array([6, 8]))
    assert value(part.columns, part.out).dtype == np.int64
    half = scalar_part(find_op("mul"), [np.array([3, 4]), 2.5], {}, [False, False], dtype=np.dtype(np.float32))
    assert value(half.columns, half.out).tolist() == [7.5, 10.0]


def test_no_gradient_comes_back_that_the_op_does_not_give() -> None:
    """The weights of a loss are settings, even where they would take a gradient; a `detach` says so."""
    sample = plain(OPS["binary_cross_entropy_with_logits"].tries(np.random.default_rng(0))[1])
    op = find_op("binary_cross_entropy_with_logits")
    for opened in (composite_part, scalar_part):
        part = opened(op, sample.args, sample.static, [True] * 4)
        assert ops_of(part)["detach"] >= 2
        assert [g is None for g in back_through(part, np.array(1.0))] == [False, False, True, True]


def test_an_input_that_was_overwritten_still_hears_of_its_0() -> None:
    """The op hands it zeros; so does what stands in its place."""
    args = [np.zeros(2), np.ones(2)]
    part = scalar_part(find_op("index_put"), args, {"index": (slice(None),)}, [True, True])
    kept, written = back_through(part, np.array([1.0, 2.0]))
    assert (kept.tolist(), written.tolist()) == ([0.0, 0.0], [1.0, 2.0])


# What it costs, and what is refused


def test_more_than_the_most_is_refused_at_once_and_says_the_way_out() -> None:
    """Counted, not tried: two matrices of a million numbers."""
    big = np.zeros((1000, 1000))
    matmul = find_op("matmul")
    assert size_of(matmul, [big, big], {}, out=big) > MOST
    with pytest.raises(GraphError, match="Choose an element or a row") as refused:
        scalar_part(matmul, [big, big], {}, [True, True], out=big)
    assert "要素か行" in (refused.value.hint_ja or "")
    assert size_of(matmul, [big, big], {}, [5], out=big) < 4100


def test_a_sum_too_long_says_so_without_an_element_to_choose() -> None:
    with pytest.raises(GraphError, match="smaller tensor"):
        scalar_part(find_op("sum"), [np.zeros(30_000)], {"dim": None, "keepdim": False}, [True])


def test_out_of_a_large_tensor_the_numbers_needed_are_taken_first() -> None:
    """Else each of them would hand back a gradient of a million numbers."""
    table = np.arange(4e6).reshape(2000, 2000)
    part = scalar_part(find_op("slice"), [table], {"index": (slice(0, 10), 3)}, [True])
    (line,) = made_by(part, "index")
    assert value(part.columns, line).tolist() == table[:10, 3].tolist()
    assert part.names[line] == "[…]"
    assert [part.names[node] for node in made_by(part, "element")] == [f"[{i}, 3]" for i in range(10)]
    (given,) = back_through(part, np.arange(10.0))
    assert given[:10, 3].tolist() == list(range(10))
    assert np.count_nonzero(given) == 9


@pytest.mark.parametrize(
    ("elements", "said"),
    [([4], "no element 4; the output has 4"), ([-1], "no element -1"), ([], "none was named")],
)
def test_an_element_that_is_not_there(elements: list[int], said: str) -> None:
    with pytest.raises(GraphError, match=said):
        scalar_part(find_op("exp"), [np.zeros((2, 2))], {}, [True], elements)


def test_a_tensor_without_elements_has_nothing_to_open() -> None:
    with pytest.raises(GraphError, match="no elements"):
        scalar_part(find_op("exp"), [np.zeros((2, 0))], {}, [True])


def test_an_op_that_is_not_fat_has_no_composite() -> None:
    with pytest.raises(GraphError, match="no definition in smaller ops"):
        composite_part(find_op("exp"), [np.zeros(2)], {}, [True])


def test_nobody_hears_of_an_opening() -> None:
    """Not a recording that runs, and not the arrays that were opened."""
    x = np.array([1.0, 2.0])
    with record() as recorder:
        kept = Tensor._wrap(x)
        scalar_part(find_op("softmax"), [x], {"dim": 0}, [True])
    assert len(recorder.columns().op) == 1
    assert kept._array.flags.writeable


@pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in OPS.values() if op.steps is not None])
def test_second_derivatives_do_not_go_this_way(op: Op, monkeypatch: pytest.MonkeyPatch) -> None:
    """`steps` are for readers: a gradient's own graph is made from the rules, or from the composite, as before."""

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("steps were run")

    sample = op.tries(np.random.default_rng(0))[0]
    watched = dataclasses.replace(op, steps=never)
    xs = [
        Tensor._wrap(a.copy(), requires_grad=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a
        for a in sample.args
    ]
    out = apply(watched, *xs, **sample.static)
    if out.requires_grad and op.name != "floor_divide":
        leaves = [x for slot, x in enumerate(xs) if isinstance(x, Tensor) and x.requires_grad and op.spec(slot).vjp]
        grad(out, leaves, Tensor._wrap(np.ones(out.shape)), create_graph=True)


def test_the_slope_of_cross_entropy_from_a_score_of_0() -> None:
    """σ(0) − target, also where it is differentiated twice: through its definition."""
    from tracer.core.functions.all import FUNCTIONS

    bce = find_op("binary_cross_entropy_with_logits")
    x = Tensor._wrap(np.zeros(3), requires_grad=True)
    out = apply(bce, x, Tensor._wrap(np.array([0.0, 1.0, 0.25])), reduction="sum")
    (first,) = grad(out, [x], create_graph=True)
    assert first is not None
    assert first.tolist() == [0.5, -0.5, 0.25]
    (second,) = grad(FUNCTIONS.sum(first), [x])
    assert second is not None
    assert second.tolist() == [0.25, 0.25, 0.25]
