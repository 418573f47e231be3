"""Numbers of nodes without a name: unfolding one node leaves those of all others as they were."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.record import record
from tracer.core.value import Value
from tracer.errors import NotFoundError
from tracer.trace.numbering import KEY, numbers, spans, splices_of
from tracer.trace.query import find_nodes
from tracer.trace.trace import Trace


def test_what_came_in_is_numbered_under_the_node_it_came_for() -> None:
    assert numbers(6, ((1, 4),)) == ["0", "1.1", "1.2", "1.3", "1", "2"]


def test_a_node_inside_and_the_last_one_can_be_unfolded_again() -> None:
    """What was unfolded once goes on counting; what came in has numbers of its own below it."""
    assert numbers(8, ((1, 3), (1, 2), (4, 4))) == ["0", "1.1.1", "1.1", "1.2", "1.3", "1.4", "1.5", "1"]


@given(st.integers(1, 6), st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), max_size=5))
def test_numbers_are_unique_and_those_of_before_stay(size: int, drawn: list[tuple[int, int]]) -> None:
    splices: list[tuple[int, int]] = []
    before = [str(node) for node in range(size)]
    for place, count in drawn:
        splices.append((place % len(before), count))
        now = numbers(len(before) + count - 1, tuple(splices))
        assert [number for number in now if number in set(before)] == before
        assert len(set(now)) == len(now)
        assert splices_of({KEY: splices}, len(now)) == tuple(splices)
        for span, (at, many) in zip(spans(tuple(splices)), splices, strict=True):
            assert len(span) >= many
            assert at <= span[-1]
        before = now


@pytest.mark.parametrize(
    "said", ["no", 3, [3], [[0]], [[0, 0]], [[0, 9]], [[5, 2]], [[-1, 2]], [["0", 2]], [[0, True]], {"0": 2}, [None]]
)
def test_a_file_that_says_nonsense_has_plain_numbers(said: Any) -> None:
    assert splices_of({KEY: said}, 3) == ()


def test_a_number_finds_its_node() -> None:
    with record() as rec:
        (Value(1.0) + 2.0) * 3.0
    c = rec.columns()
    plain = Trace(c)
    assert (plain.numbered("2"), plain.numbered("9"), plain.numbered("1.1")) == (2, None, None)
    c.info[KEY] = [[2, 3]]  # type: ignore[index]  # as `splice` leaves it
    trace = Trace(c)
    assert [trace.label(node) for node in range(trace.n_nodes)] == ["v0", "2", "v2.1", "3", "v2"]
    assert int(trace.find("v2")) == 4
    assert find_nodes(trace, "v2.1") == [2]
    assert trace.unfolded == (range(2, 5),)
    with pytest.raises(NotFoundError):
        trace.find("v4")
