"""A node unfolded in a trace: all that lies outside stays; what came in is walked, checked, saved like any other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
import tracer.core.functions.all
from tests.tensor_programs import TensorProgram, same, tensor_programs
from tracer.core.apply import apply
from tracer.core.op import OPS, find_op
from tracer.core.record import Override, record
from tracer.core.tensor import Tensor
from tracer.errors import GraphError, NotFoundError
from tracer.explain.explain import explain
from tracer.explain.nudge import Nudge
from tracer.explain.proof import check_trace
from tracer.trace.choices import choices, read_choice
from tracer.trace.lockstep import Lockstep
from tracer.trace.segment import PARTS
from tracer.trace.store import from_bytes, to_bytes
from tracer.trace.trace import Trace
from tracer.trace.unfold import Unfolded, unfold
from tracer.trace.unfolding import Unfolding, is_own_leaf, taken_from


def network(overrides: dict[Any, Override] | None = None, steps: int = 1) -> Trace:
    """A layer, a gate, a softmax, a loss; walked back and updated `steps` times."""
    with record(overrides) as rec:
        x = tracer.tensor([[1.0, -2.0, 0.5], [0.25, 1.5, -1.0]]).named("x")
        W = tracer.tensor([[0.5, -0.3, 0.8], [-0.2, 0.7, 0.1]], requires_grad=True)
        W.name = "W"
        b = tracer.tensor([0.1, -0.2], requires_grad=True)
        b.name = "b"
        for _ in range(steps):
            W.grad = b.grad = None
            z = (x @ W.T + b).named("z")
            h = z.relu().named("h")
            p = tracer.softmax(h * 2 - z, dim=-1).named("p")
            L = (-(p[:, 0]).log()).mean().named("L")
            L.backward()
            with tracer.no_grad():
                W -= 0.1 * W.grad
                b -= 0.1 * b.grad
    return rec.trace


def product() -> Trace:
    with record() as rec:
        A = tracer.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True).named("A")
        B = tracer.tensor([[1.0, -1.0], [0.5, 2.0], [3.0, 0.0]], requires_grad=True).named("B")
        C = (A @ B).named("C")
        (C * C).sum().named("L").backward()
    return rec.trace


def stays(one: Unfolded, positions: list[int] | None = None) -> None:
    """Everything outside is, at the same moments, the same to the last bit."""
    base, trace = one.base, one.trace
    assert [trace.label(one.node_there(n)) for n in range(base.n_nodes)] == [base.label(n) for n in range(base.n_nodes)]
    for position in range(len(base) + 1) if positions is None else positions:
        at = one.there(position)
        if one.back(at) != position:
            continue  # amid the steps of the node itself
        before, after = base.cursor(position), trace.cursor(at)
        for node in range(base.n_nodes):
            now = one.node_there(node)
            assert one.node_back(now) == node
            assert same(before.data(node), after.data(now))
            assert same(before.grad(node), after.grad(now))
            assert before.grad_state(node) == after.grad_state(now)


def unfoldable(trace: Trace) -> list[tuple[int, Any]]:
    """Every node that has something inside, and every way."""
    return [(node, way.how) for node in range(trace.n_nodes) for way in choices(trace, node).ways if not way.why_not]


def whole(trace: Trace) -> None:
    """It can be walked back from, is what a reader takes for a trace, and is the same read again."""
    columns = from_bytes(to_bytes(trace.columns))
    assert to_bytes(columns) == to_bytes(trace.columns)
    again = Trace(columns)
    assert [again.label(n) for n in range(again.n_nodes)] == [trace.label(n) for n in range(trace.n_nodes)]
    for this in trace.passes:
        for node in this.columns.nodes.tolist():
            deliveries = this.deliveries_to(node).tolist()
            if deliveries and all(int(this.users[d]) >= 0 for d in deliveries):
                trace.total(this.index, node, deliveries)


@settings(max_examples=20)
@given(tensor_programs(), st.data())
def test_what_lies_outside_stays_as_it_was(program: TensorProgram, data: st.DataObject) -> None:
    trace = program.run().trace
    ways = unfoldable(trace)
    if ways:
        node, how = data.draw(st.sampled_from(ways))
        one = unfold(trace, node, how)
        stays(one)
        whole(one.trace)


@settings(max_examples=12)
@given(tensor_programs(events=False, dtype="float32"), st.data())
def test_every_check_of_what_is_unfolded_passes(program: TensorProgram, data: st.DataObject) -> None:
    trace = program.run().trace
    ways = unfoldable(trace)
    if ways:
        found = check_trace(unfold(trace, *data.draw(st.sampled_from(ways))).trace)
        assert found.ok, found.summary.en


@pytest.mark.deep
@settings(max_examples=400)
@given(tensor_programs(), st.data())
def test_several_unfoldings_of_many_programs(program: TensorProgram, data: st.DataObject) -> None:
    """Up to three, one inside the other or side by side: outside nothing moves, and no check fails."""
    unfolding = Unfolding(program.run().trace)
    for _ in range(data.draw(st.integers(1, 3))):
        ways = unfoldable(unfolding.trace)
        if not ways or unfolding.trace.n_nodes > 400:
            break
        unfolding = unfolding.open(*data.draw(st.sampled_from(ways)))
        stays(unfolding.steps[-1], data.draw(st.lists(st.integers(0, len(unfolding.steps[-1].base)), max_size=20)))
    whole(unfolding.trace)
    before, after = check_trace(unfolding.base), check_trace(unfolding.trace)
    assert after.ok or not before.ok, after.summary.en


def test_an_element_of_a_product_is_what_the_row_and_the_column_make() -> None:
    trace = product()
    one = unfold(trace, *read_choice(trace, "C[1, 0]"))
    new = one.trace
    for name, value in (("A[1, 0]", 4.0), ("A[1, 2]", 6.0), ("B[2, 0]", 3.0), ("C[1, 0]", 24.5)):
        assert float(new.value(int(new.find(name)))) == value
    end = new.cursor(-1)
    assert float(end.grad("C[1, 0]")) == 49.0  # type: ignore[arg-type]
    assert float(end.grad("A[1, 2]")) == 147.0  # type: ignore[arg-type]  # 49 times B[2, 0]
    assert int(new.find("C")) == one.out
    assert new.shape(one.out) == (2, 2)


def test_a_walk_goes_through_every_step_of_what_came_in() -> None:
    """Forward the products one by one, back again edge by edge; and each can be explained in both languages."""
    trace = product()
    new = unfold(trace, *read_choice(trace, "C[0]")).trace
    kinds = set()
    for position in range(len(new) + 1):
        cursor = new.cursor(position)
        said = explain(cursor)
        assert said.plain("en")
        assert said.plain("ja")
        moment = cursor.moment
        if moment.kind == "edge" and moment.part == PARTS and moment.user in new.unfolded[0]:
            op = new.op(moment.user or 0)
            kinds.add(op.name if op else "")
    assert {"mul", "element", "place"} <= kinds


def test_state_depends_only_on_position() -> None:
    new = unfold(*_softmax()).trace
    straight, fresh = new.cursor(0), Trace(new.columns)
    for position in (len(new), 3, len(new) // 2, 0, 40, 12):
        there, here = straight.step(position - straight.position, by="part"), fresh.cursor(position)
        for node in range(new.n_nodes):
            assert same(there.data(node), here.data(node))
            assert same(there.grad(node), here.grad(node))


def _softmax() -> tuple[Trace, int, Any]:
    trace = network()
    return trace, int(trace.find("p")), "composite"


def test_positions_keep_their_order_there_and_back() -> None:
    trace = network(steps=2)
    for name in ("z", "h", "p", "L"):
        for node in (int(trace.find(name)), trace.n_nodes - 1 - trace.columns.op[::-1].tolist().index(0)):
            if not choices(trace, node).ways:
                continue
            one = unfold(trace, node, "all")
            there = [one.there(position) for position in range(len(trace) + 1)]
            assert there == sorted(there)
            assert there[-1] == len(one.trace)
            assert [one.back(at) for at in range(len(one.trace) + 1)] == sorted(
                one.back(at) for at in range(len(one.trace) + 1)
            )
            assert all(one.there(one.back(at)) <= at for at in range(len(one.trace) + 1))


def test_two_training_steps_keep_their_versions() -> None:
    """The second time round the weights are others, and so are the scalars that come of them."""
    trace = network(steps=2)
    nodes = [node for node in range(trace.n_nodes) if trace.name(node) in ("z", "z₁")]
    unfolding = Unfolding(trace)
    for node in reversed(nodes):
        unfolding = unfolding.open(node, "all")
    for step in unfolding.steps:
        stays(step, list(range(0, len(step.base) + 1, 7)))
    assert check_trace(unfolding.trace).ok


# Several


def test_a_fat_op_opens_step_by_step_down_to_one_number() -> None:
    """softmax, its division, one element of that; closed from the inside out one is back where one was."""
    unfolding = Unfolding(network())
    unfolding = unfolding.read("p")
    inner = [node for node in unfolding.frames[0].nodes[:-1] if unfolding.trace.shape(node)]
    unfolding = unfolding.read(f"v{unfolding.trace.number(inner[0])}").read("p[1, 0]")
    assert [frame.step for frame in unfolding.frames] == [0, 1, 2]
    outer = unfolding.frames[0].nodes
    assert all(frame.nodes[0] in outer and frame.nodes[-1] in outer for frame in unfolding.frames)
    assert check_trace(unfolding.trace).ok
    assert unfolding.names[0] == "p"
    assert len(unfolding.fold(1).steps) == 2
    assert unfolding.fold(0).steps == ()
    assert unfolding.fold().names == unfolding.names[:2]


def test_names_open_the_same_again() -> None:
    unfolding = Unfolding(network()).read("z[1]").read("p").read("h[0, 1]").read("L")
    again = Unfolding(network())
    for name in unfolding.names:
        again = again.read(name)
    assert to_bytes(again.trace.columns) == to_bytes(unfolding.trace.columns)


def test_a_fat_op_opened_down_to_its_scalars_at_once_has_a_name_too() -> None:
    trace = network()
    unfolding = Unfolding(trace).open(int(trace.find("p")), "all").read("z[:]")
    assert unfolding.names == ("p[:]", "z")
    again = Unfolding(network()).read("p[:]").read("z")
    assert to_bytes(again.trace.columns) == to_bytes(unfolding.trace.columns)
    assert again.trace.n_nodes > Unfolding(network()).read("p").read("z").trace.n_nodes
    with pytest.raises(NotFoundError, match="no node is called 'q'"):
        Unfolding(trace).read("q[:]")


def test_folding_one_of_several_leaves_the_others() -> None:
    unfolding = Unfolding(network()).read("z").read("h").read("L")
    for index in range(3):
        left = unfolding.fold(index)
        assert left.names == tuple(name for i, name in enumerate(unfolding.names) if i != index)
    assert to_bytes(unfolding.fold(1).trace.columns) == to_bytes(Unfolding(network()).read("z").read("L").trace.columns)


def test_one_stays_at_the_moment_and_the_node_when_another_is_folded() -> None:
    unfolding = Unfolding(network()).read("z").read("h")
    left = unfolding.fold(0)
    for position in range(0, len(unfolding.trace) + 1, 3):
        at = unfolding.position_in(left, position)
        before, after = unfolding.trace.cursor(position), left.trace.cursor(at)
        node = before.moment.node
        if node is not None and before.moment.kind == "forward" and unfolding.node_in(left, node) == after.moment.node:
            assert unfolding.trace.label(node) == left.trace.label(after.moment.node or 0)
        back = left.position_in(unfolding, at)
        assert back <= position
        assert unfolding.position_in(unfolding, position) == position
    inside = unfolding.frames[1].nodes[1]
    here = unfolding.trace.made_at(inside)
    there = unfolding.position_in(left, here)
    assert left.trace.cursor(there).moment.node == unfolding.node_in(left, inside)
    hidden = unfolding.frames[0].nodes[1]
    assert unfolding.node_in(left, hidden) == int(left.trace.find("z"))


def test_an_edited_leaf_is_unfolded_in_the_same_places() -> None:
    """The program is run again; a key taken from the unfolded trace names the leaf that was meant."""
    trace = network()
    unfolding = Unfolding(trace).read("z[0]").read("p")
    b = int(unfolding.trace.find("b"))
    key = unfolding.trace.leaf_key(b)
    assert key == trace.leaf_key(int(trace.find("b")))
    again, lost = unfolding.again(network({key: {0: 0.2}}))
    assert not lost
    assert again.names == unfolding.names
    assert not same(
        again.trace.value(int(again.trace.find("b[0]"))), unfolding.trace.value(int(unfolding.trace.find("b[0]")))
    )
    assert check_trace(again.trace).ok
    position = len(again.trace)
    nudge = Nudge(unfolding.trace.cursor(position), again.trace.cursor(position), b, 0)
    assert nudge.same_graph
    assert nudge.agreement in ("exact", "close", "far")


def test_what_is_no_longer_there_stays_folded() -> None:
    unfolding = Unfolding(network()).read("z").read("p")
    again, lost = unfolding.again(product())
    assert [step.number for step in lost] == [step.number for step in unfolding.steps]
    assert again.trace is again.base


def test_two_unfolded_runs_walk_side_by_side() -> None:
    trace = network()
    key = trace.leaf_key(int(trace.find("b")))
    one = Unfolding(trace).read("z")
    other = one.again(network({key: {1: -0.3}}))[0]
    both = Lockstep(one.trace, other.trace)
    first = both.first_divergence
    assert first is not None
    assert one.trace.label(first.nodes[0] or 0) == "b"


# What can be unfolded


def test_what_a_node_offers() -> None:
    trace = network()
    fat = choices(trace, int(trace.find("p")), 3)
    assert [(way.how, way.name) for way in fat.ways] == [
        ("composite", "p"),
        ((3,), "p[1, 1]"),
        ((2, 3), "p[1]"),
        ("all", "p[:]"),
    ]
    assert fat.ways[-1].words.en == "all of p"
    assert fat.best is fat.ways[0]
    sizes = [way.nodes for way in choices(trace, int(trace.find("z"))).ways]
    assert all(size is not None for size in sizes)
    assert sizes == sorted(sizes)  # type: ignore[type-var]
    assert [way.name for way in choices(trace, int(trace.find("L"))).ways] == ["L"]
    for name, word in (("W", "leaf"),):
        nothing = choices(trace, int(trace.find(name)))
        assert nothing.ways == ()
        assert nothing.best is None
        assert nothing.why_not is not None
        assert word in nothing.why_not.en


def test_the_number_of_nodes_is_told_before() -> None:
    trace = network()
    for node, how in unfoldable(trace):
        way = next(way for way in choices(trace, node).ways if way.how == how)
        if way.nodes is not None:
            made = len(unfold(trace, node, how).nodes)
            assert abs(made - way.nodes) <= 1 + 0.2 * made


def test_a_scalar_inside_offers_nothing_more() -> None:
    new = Unfolding(network()).read("z[0, 0]").trace
    inside = new.unfolded[0]
    assert all(not choices(new, n).ways for n in inside if not new.shape(n))


@pytest.mark.parametrize(
    ("typed", "wrong", "said"),
    [
        ("nothing", NotFoundError, "no node is called 'nothing'"),
        ("Z", NotFoundError, "What can be unfolded here: "),
        ("z[2]", NotFoundError, "along axis 0 the places are 0 to 1"),
        ("z[0, 2]", NotFoundError, "along axis 1 the places are 0 to 1"),
        ("z[0, 0, 0]", NotFoundError, "has the shape (2, 2), 2 axes"),
        ("W", GraphError, "W is a leaf"),
        ("W[0]", GraphError, "W is a leaf"),
        ("v99[0]", NotFoundError, "no node is called 'v99'"),
        ("z[a]", NotFoundError, "no node is called 'z[a]'"),
        ("", NotFoundError, "no node is called ''"),
    ],
)
def test_a_wrong_name_is_told(typed: str, wrong: type[Exception], said: str) -> None:
    with pytest.raises(wrong) as told:
        Unfolding(network()).read(typed)
    assert said in str(told.value)
    assert "展開" in told.value.told("ja") or "形は" in told.value.told("ja")  # type: ignore[attr-defined]


def test_an_index_may_count_from_the_end() -> None:
    assert read_choice(network(), "z[-1, 0]") == read_choice(network(), " z[ 1 , 0 ] ")


def test_far_too_much_is_refused_with_what_to_choose() -> None:
    with record() as rec:
        a = tracer.ones(64, 64).requires_grad_().named("a")
        (a @ a).named("c").sum().backward()
    with pytest.raises(GraphError, match=r"more than the [\d,]+ that are unfolded at once.*c\[0\]"):
        Unfolding(rec.trace).read("c")
    node = int(rec.trace.find("c"))
    ways = choices(rec.trace, node).ways
    assert [bool(way.why_not) for way in ways] == [False, False, True]
    assert choices(rec.trace, node).best == ways[0]


def test_too_large_a_row_names_an_element_and_too_large_an_element_says_what_to_do() -> None:
    with record() as rec:
        a = tracer.ones(2, 150).requires_grad_().named("a")
        c = (a @ tracer.ones(150, 80)).named("c")
        (c.sum() + tracer.ones(20_100).requires_grad_().sum().named("s")).backward()
    with pytest.raises(GraphError, match=r"choose an element: c\[1, 0\]\."):
        Unfolding(rec.trace).read("c[1]")
    with pytest.raises(GraphError, match="run it on smaller tensors"):
        Unfolding(rec.trace).read("s")


def test_another_element_of_what_is_unfolded_in_part_is_unfolded_too() -> None:
    """It is asked for by the tensor's own name; what is unfolded already is not unfolded twice."""
    both = Unfolding(product()).read("C[0, 1]").read("C[1, 0]")
    assert both.names == ("C[0, 1]", "v2.12[1, 0]")
    assert [float(both.trace.value(int(both.trace.find(name)))) for name in both.names] == [3.0, 24.5]
    assert check_trace(both.trace).ok
    stays(both.steps[1])
    for typed in ("C", "C[0]", "C[0, 1]"):
        with pytest.raises(GraphError, match="C is unfolded in part; its other elements are those of v2"):
            both.read(typed)
    with pytest.raises(GraphError, match="C is unfolded already"):
        Unfolding(product()).read("C").read("C[0, 1]")


def test_no_rule_is_not_a_way_for_gradient() -> None:
    """Made without history, an unfolded node has scalars that take none either."""
    with record() as rec:
        a = tracer.tensor([1.0, 2.0], requires_grad=True).named("a")
        with tracer.no_grad():
            c = (a * 3).named("c")
        (a * c).sum().backward()
    new = Unfolding(rec.trace).read("c").trace
    assert not any(new.requires_grad(n) for n in new.unfolded[0])
    assert check_trace(new).ok


def test_an_input_of_which_nothing_is_used_keeps_its_zeros() -> None:
    """Everything of `a` is overwritten: its gradient is 0 although no element of it hands any back."""
    with record() as rec:
        a = tracer.tensor([1.0, 2.0], requires_grad=True).named("a")
        b = tracer.tensor([3.0, 4.0], requires_grad=True).named("b")
        c = tracer.where(tracer.tensor([True, True]), b * 1, a * 1).named("c")
        c.sum().backward()
    new = Unfolding(rec.trace).read("c").trace
    assert np.asarray(new.cursor(-1).grad("a")).tolist() == [0.0, 0.0]
    assert check_trace(new).ok
    whole(new)


def test_a_wrong_number_inside_is_found() -> None:
    """One stored value, one stored gradient: each earns a ✗ where it is."""
    new = Unfolding(product()).read("C[0, 0]").trace
    c = new.columns
    node = int(new.find("A[0, 1]"))
    for change in (_with_value, _with_gradient):
        found = check_trace(Trace(change(new, node)))
        assert not found.ok
    assert check_trace(Trace(c)).ok


def _with_value(trace: Trace, node: int) -> Any:
    c = trace.columns
    arena = list(c.arena)
    arena[c.slot[node]] = np.array(2.5)
    value = c.value.copy()
    value[node] = 2.5
    return replace(c, arena=tuple(arena), value=value)


def _with_gradient(trace: Trace, node: int) -> Any:
    c = trace.columns
    this = c.passes[0]
    assert this.slots is not None
    arena = list(c.arena)
    arena[this.slots[this.nodes.tolist().index(node)]] = np.array(0.125)
    return replace(c, arena=tuple(arena))


def test_a_number_inside_says_which_element_it_is() -> None:
    trace = Unfolding(network()).read("z[1, 0]").read("p").trace
    assert taken_from(trace, int(trace.find("b[0]"))) == (int(trace.find("b")), 0)
    assert taken_from(trace, int(trace.find("z[1, 0]"))) is None
    assert taken_from(trace, int(trace.find("b"))) is None
    own = [node for node in range(trace.n_nodes) if is_own_leaf(trace, node)]
    assert [trace.label(node) for node in own] == ["x", "W", "b", "W.grad", "b.grad"]


find_op("matmul")  # loads them all
EVERY = sorted(OPS)
SOME = ("cross_entropy", "embedding", "amax", "where")
"""Tried in every run; all others in deep ones."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SOME else (pytest.mark.deep,)) for name in EVERY]
)
def test_every_op_unfolds_within_a_trace(name: str) -> None:
    """With what comes after it and a pass through it: saved, explained, checked without a new doubt."""
    rng = np.random.default_rng(0)
    for sample in OPS[name].tries(rng)[:2]:
        with record() as rec:
            args = [_as_leaf(arg) for arg in sample.args]
            out = apply(OPS[name], *args, **sample.static)
            if out._requires_grad:
                (out * out.detach()).sum().backward()
        node = rec.ids[out._serial]
        doubts = sum(check_trace(rec.trace).unchecked.values())
        for way in choices(rec.trace, node).ways:
            if way.why_not is not None:
                continue
            one = unfold(rec.trace, node, way.how)
            stays(one, [0, len(one.base) // 2, len(one.base)])
            whole(one.trace)
            found = check_trace(one.trace)
            assert found.ok, found.summary.en
            assert doubts or not sum(found.unchecked.values()), found.summary.en
            for position in range(1, len(one.trace) + 1, 7):
                assert explain(one.trace.cursor(position)).plain("ja")


def _as_leaf(arg: Any) -> Any:
    if isinstance(arg, int | float):
        return arg
    array = np.array(arg)
    return Tensor._wrap(array.astype(np.float32) if array.dtype.kind == "f" else array, array.dtype.kind == "f")
