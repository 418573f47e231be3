"""State is a function of position, and says what the program did."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tracer import Cursor, Trace, TracerError, Value, by_hand, mark, record, scope
from tracer.trace.segment import GRANULARITIES, By


def graph() -> Trace:
    """(x + 2)(x − 1) at 3, backward, one update, one reset."""
    with record() as rec:
        x = Value(3.0, name="x")
        a = x + 2
        b = x - 1
        y = a * b
        y.backward()
        x.data -= 0.1 * x.grad
        x.grad = 0
    return rec.trace


def test_each_edge_is_one_use_and_both_uses_of_x_are_kept() -> None:
    trace = graph()
    assert [n.label for n in trace.nodes] == ["x", "2", "a", "1", "b", "y"]
    assert [(e.input, e.user, e.slot) for e in trace.edges] == [
        (0, 2, 0), (1, 2, 1), (0, 4, 0), (3, 4, 1), (2, 5, 0), (4, 5, 1),
    ]  # fmt: skip
    assert trace.uses(0) == (0, 2)
    assert [trace.kind(n) for n in trace.nodes] == ["leaf", "const", "op", "const", "op", "op"]
    assert trace.formula(trace.find("a")) == "x + 2"


def test_the_walk_delivers_in_reverse_creation_order_edge_by_edge() -> None:
    trace = graph()
    c = trace.cursor(0)
    seen = []
    for _ in range(c.index("edge")[1]):
        c = c.step(1, by="edge")
        m = c.moment
        seen.append((m.kind, trace.label(m.node or 0), m.contribution if m.kind == "edge" else m.after))
    assert seen == [
        ("forward", "x", None), ("forward", "2", None), ("forward", "a", None), ("forward", "1", None),
        ("forward", "b", None), ("forward", "y", None), ("seed", "y", None), ("edge", "a", 2.0), ("edge", "b", 5.0),
        ("edge", "x", 5.0), ("edge", "x", 2.0), ("update", "x", pytest.approx(2.3)), ("write", "x", 0.0),
    ]  # fmt: skip
    assert c.position == len(trace)


def test_a_gradient_grows_as_contributions_arrive() -> None:
    trace = graph()
    grads = []
    for position in range(len(trace) + 1):
        c = trace.cursor(position)
        if not grads or grads[-1] != (c.grad("x"), c.grad_state("x")):
            grads.append((c.grad("x"), c.grad_state("x")))
    assert grads == [(None, "not_yet"), (5.0, "partial"), (7.0, "complete"), (0.0, "complete")]
    assert trace.cursor(-1).grad_state(1) == "none"
    assert trace.cursor(-1).data("x") == pytest.approx(2.3)
    assert trace.cursor(0).data("x") is None


def test_inside_a_contribution_each_part_adds_one_number() -> None:
    trace = graph()
    known = [
        (m.part, m.upstream, m.local, m.contribution, m.before, m.after)
        for m in (trace.cursor(p).moment for p in range(20, 24))
    ]
    assert known == [
        (1, 2.0, None, None, 5.0, None),
        (2, 2.0, 1.0, None, 5.0, None),
        (3, 2.0, 1.0, 2.0, 5.0, None),
        (4, 2.0, 1.0, 2.0, 5.0, 7.0),
    ]


def test_routes_are_received_arriving_or_still_to_come() -> None:
    trace = graph()
    label = trace.label

    def routes(position: int) -> list[tuple[str, float | None, str]]:
        return [(label(r.user), r.contribution, r.state) for r in trace.cursor(position).routes("x")]

    assert routes(6) == [("b", None, "coming"), ("a", None, "coming")]
    assert routes(16) == [("b", None, "arriving"), ("a", None, "coming")]
    assert routes(19) == [("b", 5.0, "arriving"), ("a", None, "coming")]
    assert routes(22) == [("b", 5.0, "received"), ("a", 2.0, "arriving")]
    assert routes(23) == [("b", 5.0, "received"), ("a", 2.0, "arriving")]
    assert routes(24) == [("b", 5.0, "received"), ("a", 2.0, "received")]


def test_the_line_of_a_moment_is_the_users() -> None:
    trace = graph()
    lines = trace.sources[__file__].splitlines()

    def text(position: int) -> tuple[str, str]:
        c = trace.cursor(position)
        found = [lines[s.line - 1].strip() if s else "" for s in (c.line, c.also_line)]
        return found[0], found[1]

    assert text(3) == ("a = x + 2", "")
    assert text(19) == ("b = x - 1", "y.backward()")
    assert text(24) == ("x.data -= 0.1 * x.grad", "")
    assert text(25) == ("x.grad = 0", "")
    assert text(0) == ("", "")


@given(programs(), st.lists(st.tuples(st.integers(-9, 9), st.sampled_from(GRANULARITIES)), max_size=12))
def test_state_depends_only_on_position(program: Program, moves: list[tuple[int, By]]) -> None:
    """However you got here, you see what a straight walk here sees."""
    trace = program.record(backwards=2, update=True)
    c = trace.cursor(0)
    for n, by in moves:
        c = c.step(n, by=by)
    assert c == trace.cursor(c.position)
    fresh = Trace(trace.columns).cursor(c.position)
    for node in trace.nodes:
        assert repr((c.data(node), c.grad(node), c.grad_state(node))) == repr(
            (fresh.data(node), fresh.grad(node), fresh.grad_state(node))
        )
    assert repr(c.moment) == repr(fresh.moment)


@given(programs(), st.sampled_from(GRANULARITIES))
def test_stepping_forward_then_back_visits_the_same_positions(program: Program, by: By) -> None:
    trace = program.record()
    there, back = [0], [len(trace)]
    while there[-1] < len(trace):
        there.append(trace.cursor(there[-1]).step(1, by=by).position)
    while back[-1] > 0:
        back.append(trace.cursor(back[-1]).step(-1, by=by).position)
    assert there == back[::-1]
    assert trace.cursor(0).step(len(there), by=by).position == len(trace)
    indices = [trace.cursor(p).index(by) for p in there]
    assert indices == [(i, len(there) - 1) for i in range(len(there))]


@given(programs())
def test_coarser_steps_end_where_finer_ones_do(program: Program) -> None:
    trace = program.record(backwards=2, update=True)
    stops = [set(trace.stops(by).tolist()) for by in GRANULARITIES]
    for finer, coarser in pairwise(stops):
        assert coarser <= finer
        assert len(trace) in coarser


@given(programs(), st.integers(1, 3))
def test_the_end_of_the_walk_is_what_the_program_has(program: Program, backwards: int) -> None:
    """Bit for bit, since the walk uses the rules and the order of the engine."""
    with record() as rec:
        values = program.run()
        for _ in range(backwards):
            values[-1].backward()
    end = rec.trace.cursor(-1)
    reached = {int(n) for n in rec.trace.passes[0].columns.nodes}
    for value in values:
        assert repr(end.data(value)) == repr(value.data)
        if rec.trace.resolve(value) in reached:
            assert repr(end.grad(value)) == repr(value.grad)
        else:
            assert end.grad(value) is None


def test_the_wrong_algorithm_is_recorded_as_it_happened() -> None:
    with record() as rec:
        a = Value(1.0, name="a")
        b = a + a
        c = b + b
        with by_hand(c) as hand:

            def walk(v: Value) -> None:
                mark(v, "visited")
                for slot, source in enumerate(v.inputs):
                    hand.deliver(v, slot)
                    walk(source)

            walk(c)
    trace = rec.trace
    grads = [g for g in (trace.cursor(p).grad("a") for p in range(len(trace) + 1)) if g is not None]
    assert sorted(set(grads)) == [1.0, 2.0, 4.0, 6.0]
    assert trace.cursor(-1).marks("a") == ("visited",) * 4
    assert trace.passes[0].by_hand
    assert trace.cursor(-1).line is not None
    assert trace.stops("pass").tolist() == [3, trace.passes[0].stop, len(trace)]  # marks inside a pass do not cut it


def test_assigning_contributions_forgets_the_earlier_one() -> None:
    with record() as rec:
        x = Value(3.0, name="x")
        y = x * 2 + x * 5
        with by_hand(y, combine="assign") as hand:
            for v in (y, *y.inputs):
                hand.deliver(v, 0)
                if v is y:
                    hand.deliver(v, 1)
    trace = rec.trace
    seen = [trace.cursor(p).grad("x") for p in range(len(trace) + 1)]
    assert list(dict.fromkeys(seen)) == [None, 2.0, 5.0]


def test_a_root_that_is_a_leaf_is_assigned_by_hand_and_added_to_by_the_engine() -> None:
    with record() as rec:
        x = Value(3.0, name="x")
        x.backward()
        x.backward()
        grads = [x.grad]
        with by_hand(x):
            grads.append(x.grad)
    trace = rec.trace
    assert grads == [2.0, 1.0]
    assert [trace.cursor(p.stop).grad("x") for p in trace.passes] == [1.0, 2.0, 1.0]


def test_a_negative_number_in_a_formula_stands_in_parentheses() -> None:
    with record() as rec:
        x = Value(3.0, name="x")
        made = [x + -1, -2 * x, (-2) ** x, x**-2]
    assert [rec.trace.formula(rec.trace.resolve(v)) for v in made] == ["x + (-1)", "-2 × x", "(-2) ^ x", "x ^ (-2)"]


def test_scopes_nest_and_are_steps() -> None:
    with record() as rec:
        x = Value(1.0)
        with scope("layer0"):
            with scope("attn"):
                a = x * 2
            b = a + x
        b.backward()
    trace = rec.trace
    assert [trace.scope(n) for n in trace.nodes] == ["", "layer0.attn", "layer0.attn", "layer0"]
    assert trace.stops("scope").tolist() == [1, 3, 4, 13, 17]


def test_names_come_from_the_users_variables_unless_given() -> None:
    class Module:
        """Naming must see through a base class."""

    class Net(Module):
        def __init__(self) -> None:
            self.w = [Value(1.0), Value(2.0)]

    with record() as rec:
        net = Net()
        pair = {"left": Value(3.0)}
        out = (net.w[0] * pair["left"] + net.w[1]).named("result")
        _hidden = out * 2
    labels = [n.label for n in rec.trace.nodes]
    assert labels == ["net.w[0]", "net.w[1]", "pair[left]", "v3", "result", "2", "v6"]
    assert rec.trace.find("v3") == 3
    with pytest.raises(TracerError, match="result"):
        rec.trace.find("resul")


def test_a_variable_names_what_it_was_assigned_wherever_that_was() -> None:
    """In functions, and in every round of a loop; the last of several has the plain name."""

    def neuron(w: list[Value], bias: Value) -> Value:
        act = w[0] * 2 + bias
        out = act.tanh()
        return out  # noqa: RET504  the name is the point

    with record() as rec:
        w, b = [Value(0.1), Value(0.2)], Value(0.0)
        loss = Value(0.0)
        for _ in range(3):
            loss = loss + neuron(w, b)
        for p in w:
            p.data -= 0.1
        alias = w[1]
        assert alias.data < p.data + 1
    trace = rec.trace
    labels = [trace.label(n) for n in trace.nodes if trace.kind(n) != "const"]
    assert labels[:4] == ["w[0]", "alias", "b", "loss₁"]
    assert labels[5:] == ["act₁", "out₁", "loss₂", "v10", "act₂", "out₂", "loss₃", "v15", "act", "out", "loss"]
    assert trace.find("loss") == trace.n_nodes - 1


def test_values_made_before_recording_are_taken_in() -> None:
    w = Value(2.0, name="w")
    early = w * 3
    early.backward()
    with record() as rec:
        (early + 1).backward()
    trace = rec.trace
    assert [n.label for n in trace.nodes] == ["1", "w", "3", "early", "v4"]
    assert trace.cursor(-1).grad("w") == w.grad == 6.0


def test_what_the_program_looked_at_is_noted() -> None:
    with record() as rec:
        x = Value(2.0, name="x")
        y = x * 3
        if y > 5:
            z = Value(y.data, name="z") * 2
            z.backward()
    frozen = rec.trace.frozen[rec.trace.resolve(y)]
    assert [kind for kind, _ in frozen] == ["compare", "data"]
    assert rec.trace.cursor(-1).grad("x") is None


def test_an_edited_leaf_runs_the_program_again() -> None:
    """A program whose `if` flips shows the other graph."""

    def program() -> None:
        x = Value(2.0, name="x")
        y = x * x if x > 0 else -x
        y.backward()

    with record() as first:
        program()
    key = first.trace.leaf_key(first.trace.find("x"))
    with record({key: -4.0}) as second:
        program()
    assert second.trace.cursor(-1).data("x") == -4.0
    assert second.trace.cursor(-1).grad("x") == -1.0


def test_constants_can_be_edited_too() -> None:
    def program() -> None:
        x = Value(2.0, name="x")
        (x * 10 + 20).named("y")

    with record() as first:
        program()
    trace = first.trace
    key = trace.leaf_key(next(n for n in trace.nodes if n.label == "20"))
    with record({key: 5.0}) as second:
        program()
    assert second.trace.cursor(-1).data("y") == 25.0


def test_positions_outside_are_refused_in_words() -> None:
    trace = graph()
    with pytest.raises(TracerError, match="from 0 to 25"):
        trace.cursor(26)
    with pytest.raises(TracerError, match="must be one of"):
        trace.cursor(0).step(1, by="nodes")  # type: ignore[arg-type]
    with pytest.raises(TracerError, match="no node 99"):
        trace.cursor(0).data(99)
    assert isinstance(trace.cursor(3), Cursor)


def test_an_empty_recording_is_still_a_trace() -> None:
    with record() as rec:
        pass
    assert (len(rec.trace), rec.trace.n_nodes, rec.trace.cursor(0).moment.kind) == (0, 0, "start")
    assert [rec.trace.stops(by).tolist() for by in GRANULARITIES] == [[]] * 5


def test_columns_stay_small() -> None:
    """Bytes a node, without strings: what section 10 of the design allows."""
    program = Program((1.0,), tuple(("mul", (i, 0)) for i in range(2000)))
    c = program.record().columns
    names = ("op", "offsets", "inputs", "value", "flags", "scope", "line")
    total = sum(getattr(c, n).nbytes for n in names) + c.passes[0].nodes.nbytes + c.passes[0].grads.nbytes
    assert total / len(c.value) <= 25 + 24
    assert not c.value.flags.writeable


def test_the_graph_goes_out_as_networkx_with_parallel_edges() -> None:
    with record() as rec:
        x = Value(3.0, name="x")
        y = x * x
        y.backward()
    graph = rec.trace.to_networkx()
    assert graph.number_of_edges(0, 1) == 2
    assert graph.nodes[0] == {"name": "x", "op": "leaf", "value": 3.0, "grad": 6.0, "scope": ""}


def test_updates_keep_the_number_each_edge_carried() -> None:
    with record() as rec:
        w = Value(1.0, name="w")
        for _ in range(3):
            loss = w * w
            w.grad = 0
            loss.backward()
            w.data -= 0.25 * w.grad
    trace = rec.trace
    assert [trace.edge_value(e) for e in range(0, 6, 2)] == [1.0, 0.5, 0.25]
    assert np.array_equal([trace.cursor(p.stop).grad("w") for p in trace.passes], [2.0, 1.0, 0.5])
