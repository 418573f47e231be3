"""The checks find what is wrong, at the right node, and find nothing where nothing is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.explain import programs
from tests.strategies import Program
from tests.strategies import programs as random_programs
from tracer.core.op import OPS, Op, scalar_ops
from tracer.core.ops import elementwise
from tracer.core.record import record
from tracer.core.value import Value
from tracer.explain.proof import check_at, check_node, check_trace
from tracer.text import LANGS
from tracer.trace.trace import Trace


def marks(trace: Trace) -> dict[str, str]:
    found = check_trace(trace)
    return {trace.label(node): found.checks[node].mark for node in range(trace.n_nodes)}


# Right programs


@pytest.mark.parametrize("name", ["product", "square", "cross_entropy", "loop", "not_zeroed", "gates"])
def test_right_programs_are_checked_and_found_right(name: str) -> None:
    trace = programs.ALL[name]()
    found = check_trace(trace)
    assert found.ok, found.summary.en
    assert found.first_wrong is None
    for node in range(trace.n_nodes):
        assert found.checks[node].mark == ("" if trace.kind(node) == "const" else "✓")


@settings(max_examples=60, deadline=None)
@given(random_programs(max_steps=10), st.integers(1, 3), st.booleans())
def test_no_right_program_is_called_wrong(program: Program, passes: int, update: bool) -> None:
    """However steep, flat, kinked or overflowing: the checks may give up (`?`), but never say ✗."""
    trace = program.record(passes, update=update)
    found = check_trace(trace)
    assert found.ok, (program, found.summary.en)


@settings(max_examples=60, deadline=None)
@given(random_programs(max_steps=10))
def test_what_could_not_be_checked_is_counted_and_said(program: Program) -> None:
    """As many as have the mark `?`."""
    trace = program.record(1)
    found = check_trace(trace)
    marks = [found.checks[node].mark for node in range(trace.n_nodes)]
    assert sum(found.unchecked.values()) == marks.count("?"), (program, found.unchecked)
    assert found.summary.en.endswith("Nothing is wrong.") == ("?" not in marks)


def test_a_check_gives_its_numbers() -> None:
    found = check_node(programs.gates(), "x")
    assert found.mark == "✓"
    assert found.slope == pytest.approx(0.1467697)
    assert found.slope_error is not None
    assert found.slope_error < 1e-9
    assert found.sum_error == pytest.approx(0, abs=1e-15)
    assert found.value_error is None  # a leaf follows from nothing
    assert "nudging x shows the same" in found.reason.en


def test_constants_and_what_no_gradient_reached_are_not_marked_as_gradients() -> None:
    trace = programs.cross_entropy()
    assert check_node(trace, "p[0]").reason.en == "p[0] follows from its inputs; no gradient reached it"
    assert check_node(programs.product(), 1).mark == ""


@pytest.mark.deep
@pytest.mark.parametrize("block", range(10))
def test_no_right_program_is_called_wrong_among_thousands(block: int) -> None:
    """Every op, also near poles, kinks and the ends of the float range; leaves updated between two passes."""
    for seed in range(400 * block, 400 * (block + 1)):
        trace = wild(np.random.default_rng(seed))
        found = check_trace(trace)
        assert found.ok, (seed, found.summary.en)


def wild(rng: np.random.Generator) -> Trace:
    """A random program of any ops on numbers of any size."""
    sizes = (3.0, 1e4, 1e-4)
    with record() as rec:
        values = [Value(float(rng.uniform(-1, 1) * rng.choice(sizes))) for _ in range(rng.integers(1, 4))]
        values.append(Value(float(rng.integers(-3, 4))))
        for name in rng.choice(list(scalar_ops()), rng.integers(1, 14)):
            args = [values[rng.integers(len(values))]]
            if len(OPS[name].inputs) == 2:
                args.append(values[rng.integers(len(values))] if rng.random() < 0.7 else float(rng.integers(-2, 3)))
            values.append(getattr(args[0], name)(*args[1:]))
        values[-1].backward()
        if rng.random() < 0.3:
            values[0].data = float(rng.uniform(-2, 2))
            (values[0] * values[-1] + values[0].tanh()).backward()
    return rec.trace


# Wrong numbers


def test_a_corrupted_gradient_is_wrong_at_its_node_and_nowhere_else() -> None:
    trace = programs.with_grad(programs.product(), 4, 5.001)  # b
    found = check_trace(trace)
    assert not found.ok
    assert found.first_wrong is not None
    assert trace.label(found.first_wrong.node) == "b"
    assert found.first_wrong.reason.en == "b.grad is stored as 5.001, but its contributions make 5"
    assert marks(trace) == {"x": "?", "2": "", "a": "✓", "1": "", "b": "✗", "y": "✓"}
    assert "a gradient it comes from is wrong" in found.checks[0].reason.en


def test_a_corrupted_value_is_wrong_at_its_node_first() -> None:
    trace = programs.with_value(programs.product(), 2, 5.005)  # a
    found = check_trace(trace)
    assert found.first_wrong is not None
    assert trace.label(found.first_wrong.node) == "a"
    assert found.first_wrong.reason.en == "a is stored as 5.005, but x + 2 gives 5"
    assert found.first_wrong.value_error == pytest.approx(0.005)
    assert check_node(trace, "a").mark == "✗"


@contextmanager
def bent(name: str, slot: int, factor: float = 1.001) -> Iterator[Op]:
    """One rule off by 0.1 %, everywhere."""
    right: Op = OPS[name]
    vjp = right.inputs[slot].vjp
    assert vjp is not None
    inputs = list(right.inputs)
    inputs[slot] = replace(inputs[slot], vjp=lambda xp, g, out, *args: factor * vjp(xp, g, out, *args))
    wrong = replace(right, inputs=tuple(inputs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPS, name, wrong)
        patch.setattr(elementwise, name.upper(), wrong)
        yield wrong


def test_a_rule_a_thousandth_off_is_found_where_it_delivers() -> None:
    with bent("tanh", 0):
        trace = programs.gates()
        found = check_trace(trace)
        assert found.first_wrong is not None
        assert trace.label(found.first_wrong.node) == "z"
        assert found.first_wrong.reason.en.startswith(
            "∂v4/∂z: the rule of tanh says 0.8877, nudging z alone shows 0.8869"
        )
        assert check_node(trace, "z").mark == "✗"
        assert check_node(trace, "v4").mark == "✓"


def test_a_rule_changed_after_recording_no_longer_adds_up() -> None:
    trace = programs.product()
    with bent("mul", 1):
        again = Trace(trace.columns)
        found = check_trace(again)
        assert found.first_wrong is not None
        assert again.label(found.first_wrong.node) == "b"


@settings(max_examples=25, deadline=None)
@given(random_programs(max_steps=6), st.sampled_from([("mul", 0), ("tanh", 0), ("sigmoid", 0), ("add", 1), ("sub", 0)]))
def test_a_bent_rule_is_found_in_any_program_that_uses_it(program: Program, rule: tuple[str, int]) -> None:
    name, slot = rule
    last = len(program.leaves) + len(program.steps) - 1
    used = Program(program.leaves, (*program.steps, (name, (last, 0)[: len(OPS[name].inputs)])))
    with bent(name, slot):
        trace = used.record()
        this = trace.passes[0]
        delivered = [
            (int(t), trace.contribution(0, d)[2])
            for d, (u, t, e) in enumerate(zip(this.users, this.targets, this.edges, strict=True))
            if (op := trace.op(int(u))) is not None and op.name == name and trace.edge(int(e)).slot == slot
        ]
        assume(any(1e-3 < abs(c) < 1e6 for _, c in delivered))
        found = check_trace(trace)
        assert not found.ok
        assert found.first_wrong is not None
        assert found.first_wrong.node in {node for node, _ in delivered}


@settings(max_examples=25, deadline=None)
@given(random_programs(max_steps=6), st.data())
def test_any_corrupted_gradient_is_found(program: Program, data: st.DataObject) -> None:
    trace = program.record()
    nodes = trace.passes[0].columns.nodes.tolist()
    node = data.draw(st.sampled_from(nodes))
    grad = trace.passes[0].recorded_grad(node)
    assert grad is not None
    assume(math.isfinite(grad) and abs(grad) > 1e-6)
    found = check_trace(programs.with_grad(trace, node, grad * 1.001))
    assert found.first_wrong is not None
    assert found.first_wrong.node == node


@settings(max_examples=25, deadline=None)
@given(random_programs(max_steps=6), st.data())
def test_any_corrupted_value_is_found(program: Program, data: st.DataObject) -> None:
    trace = program.record()
    node = data.draw(st.sampled_from([n for n in range(trace.n_nodes) if trace.kind(n) == "op"]))
    value = float(trace.columns.value[node])
    assume(math.isfinite(value) and abs(value) > 1e-6)
    found = check_trace(programs.with_value(trace, node, value * 1.001))
    assert found.first_wrong is not None
    assert found.first_wrong.node == node


# Passes delivered by hand


@pytest.mark.parametrize(("name", "shown"), [("recursion", "6"), ("assign", "1")])
def test_a_wrong_algorithm_is_contradicted_by_nudging(name: str, shown: str) -> None:
    trace = programs.ALL[name]()
    found = check_node(trace, "a")
    assert found.mark == "✗"
    assert found.reason.en == f"a.grad says {shown}, but nudge a, and c moves 4 times as far"
    assert found.sum_error == 0  # it adds up: the order is wrong, not the sum
    assert not check_trace(trace).ok


def test_a_right_order_by_hand_is_right() -> None:
    from tracer.core.value import by_hand

    with record() as rec:
        a = Value(1.0, name="a")
        b = (a + a).named("b")
        c = (b + b).named("c")
        with by_hand(c) as hand:
            for user in (c, b):
                for slot in (0, 1):
                    hand.deliver(user, slot)
    assert marks(rec.trace) == {"a": "✓", "b": "✓", "c": "✓"}


# Where nudging decides nothing


def test_a_kink_is_said_and_not_hidden() -> None:
    with record() as rec:
        x = Value(0.0, name="x")
        h = x.relu().named("h")
        (h * 3).named("y").backward()
    found = check_node(rec.trace, "x")
    assert found.mark == "?"
    assert found.kink == rec.trace.find("h")
    assert found.reason.en.startswith("a kink: h = relu(x) has no single slope at 0")
    assert "折れ目" in found.reason.ja
    assert check_node(rec.trace, "h").mark == "✓"


def test_a_kink_further_up_is_found_and_one_beside_the_way_is_not() -> None:
    with record() as rec:
        x = Value(2.0, name="x")
        z = (x - 2).named("z")
        (z.relu() + x * 3).named("y").backward()
    assert check_node(rec.trace, "x").kink is not None
    with record() as rec:
        x, other = Value(2.0, name="x"), Value(0.0, name="other")
        (other.relu() + x * 3).named("y").backward()
    assert check_node(rec.trace, "x").mark == "✓"
    assert check_node(rec.trace, "other").mark == "?"


def test_a_kink_close_by_is_avoided_by_a_shorter_nudge() -> None:
    with record() as rec:
        x = Value(1e-8, name="x")
        (x.relu() * 3).named("y").backward()
    assert check_node(rec.trace, "x").mark == "✓"


def test_a_kink_behind_an_updated_leaf_is_found() -> None:
    """A leaf used with two numbers has two rows in the replay; the kink of the second use must be seen too."""
    with record() as rec:
        x = Value(1.0, name="x")
        (x * 2).backward()
        x.data = 0.0
        x.relu().named("y").backward()
    found = check_node(rec.trace, "x", 1)
    assert found.kink == rec.trace.find("y")


def test_what_is_not_finite_cannot_be_nudged() -> None:
    found = check_node(programs.spoilt(), "x")
    assert found.mark == "?"
    assert found.reason.en == "cannot be checked by nudging, because s is -inf"
    assert check_trace(programs.spoilt()).ok


def test_a_gradient_too_small_for_nudging_is_vouched_for_by_its_rules() -> None:
    with record() as rec:
        x = Value(1.0, name="x")
        (x * 1e-14 + 1e3).named("y").backward()
    found = check_node(rec.trace, "x")
    assert found.mark == "✓"
    assert "cannot be measured at y, but every rule on its edges agrees" in found.reason.en


def test_a_dead_gradient_is_exactly_zero_and_right() -> None:
    with record() as rec:
        x = Value(-2.0, name="x")
        (x.relu() * 5 + 1e6).named("y").backward()
    found = check_node(rec.trace, "x")
    assert (found.mark, found.slope) == ("✓", 0)


# As far as the walk has come


def test_nothing_is_marked_before_its_gradient_is_complete() -> None:
    trace = programs.product()
    said = {p: check_at(trace.cursor(p), "x") for p in range(len(trace) + 1)}
    assert {check.mark for p, check in said.items() if p < 23} == {"?"}
    assert all(check.slope is None for p, check in said.items() if p < 23)
    assert said[0].reason.en == "x: not made yet"
    assert said[10].reason.en == "x: no gradient yet"
    assert said[19].reason.en == "x: 1 route still missing"
    assert said[23].mark == "✓"


def test_a_gradient_written_by_hand_is_not_judged() -> None:
    trace = programs.loop()
    after = trace.cursor(trace.passes[0].stop + 2)
    assert check_at(after, "w").reason.en == "w: its gradient was written by hand"
    assert check_at(trace.cursor(trace.passes[0].stop), "w").mark == "✓"
    assert check_at(trace.cursor(trace.passes[1].stop), "w").pass_index == 1


@pytest.mark.parametrize("name", programs.ALL)
def test_every_check_has_words_in_both_languages(name: str) -> None:
    trace = programs.ALL[name]()
    found = check_trace(trace)
    texts = [found.summary, *(found.checks[n].reason for n in range(trace.n_nodes))]
    texts += [check_at(trace.cursor(p), n).reason for p in range(0, len(trace), 5) for n in range(trace.n_nodes)]
    for text in texts:
        for lang in LANGS:
            assert text[lang]
            assert "{" not in text[lang]


# Large graphs


def network(width: int = 12, layers: int = 3, samples: int = 4) -> Trace:
    """A small dense network, large enough to be sampled under a small budget."""
    rng = np.random.default_rng(3)
    with record() as rec:
        weights = [[[Value(float(v)) for v in rng.normal(0, 0.4, width)] for _ in range(width)] for _ in range(layers)]
        loss = Value(0.0, name="start")
        for _ in range(samples):
            x = [Value(float(v)) for v in rng.normal(size=width)]
            for layer in weights:
                x = [sum((w * v for w, v in zip(row, x, strict=True)), Value(0.0)).tanh() for row in layer]
            for out in x:
                loss = loss + out * out
        loss.named("loss").backward()
    return rec.trace


NETWORK = network()


def test_a_large_graph_is_sampled_and_says_so() -> None:
    found = check_trace(NETWORK, budget=500_000)
    assert found.ok
    counts = found.counts
    assert counts["nudged"] < 100 < counts["together"]
    assert counts["gradients"] == NETWORK.n_nodes
    assert counts["rules"] == NETWORK.n_edges
    assert "leaves nudged together" in found.summary.en
    assert all(found.checks[n].mark == "✓" for n in range(0, NETWORK.n_nodes, 7))
    reasons = [found.checks[n].reason.en for n in range(NETWORK.n_nodes)]
    assert any("every rule between it and loss agrees with nudging" in reason for reason in reasons)
    assert any("shows the same" in reason for reason in reasons)


def test_a_sample_still_finds_one_bent_rule_and_one_corrupted_gradient() -> None:
    with bent("tanh", 0):
        found = check_trace(network(), budget=500_000)
        assert found.first_wrong is not None
    node = int(NETWORK.passes[0].columns.nodes[40])
    grad = NETWORK.passes[0].recorded_grad(node)
    assert grad is not None
    wrong = check_trace(programs.with_grad(NETWORK, node, grad * 1.001), budget=500_000)
    assert wrong.first_wrong is not None
    assert wrong.first_wrong.node == node


def test_leaves_moved_together_find_what_only_nudging_can_find() -> None:
    """A pass by hand that leaves one delivery out: sums and rules agree, the root does not."""
    from tracer.core.value import by_hand

    with record() as rec:
        leaves = [Value(0.5 + i / 100, name=f"w{i}") for i in range(60)]
        root = leaves[0] * 2
        for leaf in leaves[1:]:
            root = root + leaf * leaf
        root.named("root")
        order = []
        stack, seen = [root], set()
        while stack:
            value = stack.pop()
            if value not in seen:
                seen.add(value)
                order.append(value)
                stack.extend(value.inputs)
        order.sort(key=lambda v: -v._serial)
        with by_hand(root) as hand:
            for user in order:
                for slot in range(len(user.inputs)):
                    if not (user.inputs[slot] is leaves[33] and slot == 1):
                        hand.deliver(user, slot)
    found = check_trace(rec.trace, budget=2_000)
    assert found.first_wrong is not None
    assert rec.trace.label(found.first_wrong.node) == "w33"
