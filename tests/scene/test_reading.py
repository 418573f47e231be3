"""Strings are kept between changes, so every change must be known."""

from hypothesis import given

from tests.strategies import programs
from tracer.scene.reading import Readings, changes, deliveries


@given(programs())
def test_a_node_changes_only_at_its_listed_moments(program):
    """Between two of them, in one pass, the cursor says the same at every position."""
    trace = program.record(2, update=True)
    seen = {}
    for position in range(len(trace) + 1):
        cursor = trace.cursor(position)
        for node in range(trace.n_nodes):
            said = (cursor.data(node), cursor.grad(node), cursor.grad_state(node), cursor.marks(node))
            before = seen.get(node)
            if before is not None and before[0] != said and before[1] == cursor.at_pass:
                assert position in changes(trace, node, cursor.at_pass)
            seen[node] = (said, cursor.at_pass)


@given(programs())
def test_reading_backwards_gives_what_reading_forwards_gave(program):
    trace = program.record(2, update=True)
    cursors = [trace.cursor(position) for position in range(len(trace) + 1)]
    every = frozenset(range(trace.n_edges))
    one, other = Readings(4, every), Readings(4, every)
    ahead = [[one.node(c, n, c.at_pass) for n in range(trace.n_nodes)] for c in cursors]
    back = [[other.node(c, n, c.at_pass) for n in range(trace.n_nodes)] for c in reversed(cursors)]
    assert ahead == back[::-1]


@given(programs())
def test_every_delivery_of_a_pass_has_its_time(program):
    trace = program.record(2)
    for this in trace.passes:
        found = deliveries(trace, this.index, range(trace.n_edges))
        times = sorted(time for times in found.values() for time, _ in times)
        assert len(times) == len(this.edges)
        for time in times:
            moment = trace.cursor(time).moment
            assert moment.part == 4
            assert (time, moment.delivery) in found[moment.edge]
            assert deliveries(trace, this.index, {moment.edge}) == {moment.edge: found[moment.edge]}
