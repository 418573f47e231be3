"""A scene says what the cursor knows, at once, and stands still."""

import gc
import time
import weakref
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import programs
from tracer.core.record import record
from tracer.core.value import Value
from tracer.explain.explain import explain
from tracer.layout.fold import is_folded
from tracer.numbers import format_number
from tracer.scene.canvas import draw
from tracer.scene.scene import BLANK, NOTATIONS, build_scene
from tracer.trace.trace import Trace

notations = st.sampled_from(NOTATIONS)
walks = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def places(scene):
    return [(box.node, box.x, box.y, box.width, box.height) for box in scene.boxes] + [w.points for w in scene.wires]


def squares(count: int) -> Trace:
    with record() as rec:
        v = Value(1.0, name="x")
        for _ in range(count):
            v = v * v
        v.backward()
    return rec.trace


@given(programs(), st.integers(1, 3), notations, walks)
def test_every_string_is_what_the_cursor_says_at_that_position(program, backwards, notation, walk):
    """However one got there: nothing is kept from an earlier or a later position."""
    trace = program.record(backwards, update=True)
    for when in walk:
        cursor = trace.cursor(round(when * len(trace)))
        scene = build_scene(cursor, notation=notation)
        for box in scene.boxes:
            value, grad, state = cursor.data(box.node), cursor.grad(box.node), cursor.grad_state(box.node)
            assert box.value == ("?" if value is None else format_number(value))
            assert box.known == (value is not None)
            assert box.grad_state == state
            number = "" if grad is None else format_number(grad)
            expected = {"none": "–", "not_yet": "?", "partial": f"{number} …", "complete": number}
            assert box.grad == expected[state]


@given(programs(), notations, walks)
def test_a_wire_shows_what_it_has_carried_and_delivered_and_no_more(program, notation, walk):
    trace = program.record(2, update=True)
    for when in walk:
        cursor = trace.cursor(round(when * len(trace)))
        for wire in build_scene(cursor, notation=notation).wires:
            if wire.edge is None:
                continue
            known = cursor.is_made(wire.input)
            assert (wire.value == "?") == (not known)
            if cursor.is_made(wire.user):
                assert wire.value == format_number(trace.edge_value(wire.edge))
            routes = {r.edge: r for r in cursor.routes(wire.input)} if cursor.at_pass is not None else {}
            route = routes.get(wire.edge)
            arrived = route is not None and route.state in ("received", "arriving") and cursor.moment.part in (0, 4)
            if not trace.requires_grad(wire.input):
                assert wire.grad == "–"
            elif route is None or route.state == "coming":
                assert wire.grad == "?"
            elif arrived:
                assert wire.grad == format_number(route.contribution)


@given(programs(), notations)
def test_exactly_what_is_at_work_is_marked_as_such(program, notation):
    trace = program.record()
    for position in range(len(trace) + 1):
        cursor = trace.cursor(position)
        scene, moment = build_scene(cursor, notation=notation), cursor.moment
        working = [box.node for box in scene.boxes if box.working]
        heavy = [wire.edge for wire in scene.wires if wire.working]
        if moment.kind == "edge":
            assert working == [moment.user]
            assert heavy == [moment.edge]
            assert [box.node for box in scene.boxes if box.receiving] == [moment.node]
        elif moment.kind == "forward" and is_folded(trace, moment.node):
            assert working == [trace.edge(trace.uses(moment.node)[0]).user], "a constant is written in its user's box"
        else:
            assert working == ([] if moment.kind == "start" else [moment.node])
            assert not any(box.receiving for box in scene.boxes)
        if moment.kind == "forward":
            drawn = [e for e in trace.edges_in(moment.node) if not is_folded(trace, trace.edge(e).input)]
            assert sorted(heavy) == drawn


@pytest.mark.parametrize("notation", NOTATIONS)
def test_by_node_every_contribution_of_the_step_is_lit(notation):
    """A step by node hands on along all edges of its user: `y → ab and a` lights both, each with its own label."""
    with record() as rec:
        a, b = Value(2.0, name="a"), Value(3.0, name="b")
        ab = (a * b).named("ab")
        (ab + a).named("d").backward()
    trace = rec.trace
    end = trace.cursor(len(trace))

    def lit(by):
        return {
            (w.input, w.label) for w in build_scene(end, notation=notation, by=by).wires if w.working and w.backward
        }

    assert lit("edge") == {(1, "1 · 2")}
    assert lit("node") == lit("pass") == {(0, "1 · 3"), (1, "1 · 2")}
    scene = build_scene(end, notation=notation, by="node")
    assert {box.node for box in scene.boxes if box.receiving} == {0, 1}
    assert [box.node for box in scene.boxes if box.working] == [trace.find("ab")]
    page = "\n".join(draw(scene).lines())
    assert "1 · 3" in page
    assert "1 · 2" in page
    assert page.count("▲" if notation == "boxes" else "◀") == 2


def test_by_node_the_picture_says_what_the_explanation_does():
    """At every stop the edges lit are those that the explanation adds up."""
    trace = squares(3)
    cursor = trace.cursor(0)
    while cursor.position < len(trace):
        cursor = cursor.step(1, by="node")
        if cursor.moment.kind == "edge":
            wires = [wire for wire in build_scene(cursor, by="node").wires if wire.working]
            assert len(wires) == len(explain(cursor, by="node").blocks[-1]) == 2


def test_the_label_grows_part_by_part():
    """Read upstream: `5 ·`; local gradient: `5 · 1`; then it stays while the product is added."""
    with record() as rec:
        x = Value(3.0, name="x")
        ((x + 2) * (x - 1)).named("y").backward()
    trace = rec.trace
    end = len(trace)
    labels = []
    for position in range(end - 3, end + 1):
        labels += [wire.label for wire in build_scene(trace.cursor(position)).wires if wire.label]
    assert labels == ["2 ·", "2 · 1", "2 · 1", "2 · 1"]


@given(programs(), st.integers(1, 2), notations, walks)
def test_nothing_moves_while_the_walk_goes_on(program, backwards, notation, walk):
    trace = program.record(backwards, update=True)
    still = places(build_scene(trace.cursor(0), notation=notation))
    for when in walk:
        assert places(build_scene(trace.cursor(round(when * len(trace))), notation=notation)) == still


@given(programs(), notations)
def test_every_number_has_room_at_every_position(program, notation):
    """Boxes are as wide as their widest number will be; wires keep free cells for theirs."""
    trace = program.record(2, update=True)
    for position in range(len(trace) + 1):
        scene = build_scene(trace.cursor(position), notation=notation)
        for box in scene.boxes:
            if box.shape == "box":
                assert len(box.value) <= box.width - 4
                assert len(box.grad) + 2 <= box.width - 4
        for node, wires in scene.wires_from.items():
            if notation == "textbook":
                box = scene.by_node[node]
                name = f"{box.name} = " if box.name and box.shape != "plain" else ""
                first = wires[0].points
                room = (first[1][0] if len(wires) > 1 else max(x for x, _ in first)) - first[0][0]
                assert max(len(name + box.value), len(box.grad) + 2) + 1 <= room


def test_a_blank_is_nowhere_in_the_scene():
    with record() as rec:
        x = Value(3.0, name="x")
        ((x + 2) * (x - 1)).named("y").backward()
    for notation in NOTATIONS:
        scene = build_scene(rec.trace.cursor(len(rec.trace)), notation=notation, blanks=frozenset({0}))
        assert scene.by_node[0].grad == BLANK
        assert all(wire.grad == BLANK and not wire.label for wire in scene.wires_from[0])
        assert build_scene(rec.trace.cursor(len(rec.trace)), notation=notation).by_node[0].grad == "7"


def test_digits_are_the_callers_choice():
    with record() as rec:
        (Value(1.0, name="x") / 3).named("y")
    cursor = rec.trace.cursor(len(rec.trace))
    assert [build_scene(cursor, digits=d).by_node[rec.trace.find("y")].value for d in (2, 6)] == ["0.33", "0.333333"]


def test_a_textbook_result_has_a_wire_that_leads_out():
    trace = squares(1)
    scene = build_scene(trace.cursor(len(trace)), notation="textbook")
    out = [wire for wire in scene.wires if wire.user is None]
    assert [wire.input for wire in out] == [1]
    assert not [wire for wire in build_scene(trace.cursor(len(trace))).wires if wire.user is None]


def test_a_large_graph_is_seen_through_a_window_that_follows_the_step():
    trace = squares(400)
    first, last = build_scene(trace.cursor(1), limit=60), build_scene(trace.cursor(trace.made_at(400)), limit=60)
    assert 0 in first.by_node
    assert 400 in last.by_node
    assert first.left_out is not None
    assert first.note == first.left_out.en
    assert build_scene(trace.cursor(1), limit=60, lang="ja").note == first.left_out.ja
    assert sum(box.users_left_out for box in first.boxes) > 0
    assert sum(box.inputs_left_out for box in last.boxes) > 0
    assert build_scene(trace.cursor(1), limit=500).left_out is None


def test_the_window_goes_to_a_selected_node_that_it_does_not_hold():
    trace = squares(400)
    scene = build_scene(trace.cursor(1), limit=60, selected=300)
    assert [box.node for box in scene.boxes if box.selected] == [300]


def test_an_empty_recording_is_an_empty_picture():
    with record() as rec:
        pass
    for notation in NOTATIONS:
        scene = build_scene(rec.trace.cursor(0), notation=notation)
        assert (scene.boxes, scene.wires, scene.title) == ((), (), "")


def test_a_forgotten_trace_leaves_nothing_behind():
    """Editing makes a new trace at each key; layouts of the old ones must not pile up."""
    trace = squares(3)
    build_scene(trace.cursor(len(trace)))
    gone = weakref.ref(trace)
    del trace
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_step_in_a_graph_of_300_boxes_costs_little(notation):
    """Bounds that fail when every box is read and built again at each step; the figures are in tests/bench."""
    trace = squares(299)
    build_scene(trace.cursor(0), notation=notation)

    def step(position):
        start = time.process_time()
        build_scene(trace.cursor(position), notation=notation)
        return time.process_time() - start

    assert median(step(position) for position in range(300, 340)) < 0.02
