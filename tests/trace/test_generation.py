"""A generation read back: what was read, what was drawn, the cache; and nothing of it before its time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.trace.generated import READ, generation
from tracer.core.record import record
from tracer.core.value import Value
from tracer.trace.generation import Generation

ENGINES = ("tensor", "scalar")


@pytest.mark.parametrize("engine", ENGINES)
def test_each_position_reads_what_the_one_before_drew(engine: str) -> None:
    tokens = generation(engine).tokens
    assert [token.read for token in tokens] == list(READ)
    assert [token.drawn for token in tokens] == [0, 1, 2]
    assert all(before.ends <= after.begins for before, after in pairwise(tokens))


def test_a_piece_of_text_begins_with_its_first_symbol_and_not_with_bos() -> None:
    tokens = generation("tensor", "abab", "text").tokens
    assert [(token.read, token.drawn) for token in tokens] == [(0, 1), (1, 0), (0, 1)]


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_is_told_before_its_time(engine: str) -> None:
    """At every position of the trace: only rows that are complete, probabilities and symbols once they are there."""
    found = generation(engine)
    trace = found.trace
    for position in range(len(trace) + 1):
        cursor = trace.cursor(position)
        token = found.token_at(cursor)
        assert (token is None) == (position <= found.tokens[0].begins)
        read = found.read_by(cursor)
        assert read == (() if token is None else READ[: token.position + 1])
        drawn = found.drawn_by(cursor)
        assert drawn is None or (token is not None and position >= token.ends)
        probs = found.probabilities(cursor)
        if drawn is not None:
            assert probs is not None
            np.testing.assert_allclose(probs.sum(), 1, rtol=1e-6)
        for cache in found.caches(cursor):
            assert max(len(cache.keys), len(cache.values)) <= len(read)
            assert np.isfinite(cache.keys).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_at_the_end_the_cache_holds_a_row_for_each_symbol_read(engine: str) -> None:
    found = generation(engine)
    (cache,) = found.caches(found.trace.cursor(-1))
    rows = [[5, 0], [1, -2], [3, -4]] if engine == "tensor" else [[3, -4], [1, 0], [2, -2]]
    assert cache.layer == "layer0"
    np.testing.assert_allclose(cache.keys, rows)
    np.testing.assert_allclose(cache.values, 2 * np.array(rows))


def test_a_row_of_the_cache_comes_in_when_all_of_it_is_computed() -> None:
    """x + 1 is there, x * -2 is not: the row of the scalar cache is not there yet."""
    found = generation("scalar")
    token = found.tokens[1]
    rows = [sum(len(cache.keys) for cache in found.caches(found.trace.cursor(token.begins + k))) for k in (1, 2, 3)]
    assert rows in ([1, 1, 1], [1, 1, 2])
    assert sum(len(cache.keys) for cache in found.caches(found.trace.cursor(token.ends))) == 2


def test_any_other_trace_has_no_positions() -> None:
    with record() as recorder:
        Value(2.0) * 3
    found = Generation(recorder.trace)
    assert found.tokens == ()
    assert found.token_at(recorder.trace.cursor(-1)) is None
    assert found.caches(recorder.trace.cursor(-1)) == ()
