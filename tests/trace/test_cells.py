"""From a cell to its nodes and back, in both engines; and the moment at which it is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.models.programs import program, scalar_training, tensor_training, words
from tracer import Value, record, tap
from tracer.errors import NotFoundError
from tracer.trace.cells import At, Cell, cell_of, moment_of, nodes_of
from tracer.trace.observation import Observation, observe, observed_position
from tracer.trace.store import from_bytes, to_bytes
from tracer.trace.trace import Trace
from tracer.train.loop import recorded_step
from tracer.train.parameters import arrays

CASES: tuple[tuple[Any, dict[str, Any]], ...] = (
    (tensor_training, {"n_layer": 2}),
    (tensor_training, {"batch_size": 3, "accumulate": 2, "attention": False}),
    (tensor_training, {"tied": True, "n_head": 1, "block_size": 1}),
    (scalar_training, {"batch_size": 2}),
)
cases = pytest.mark.parametrize(("make", "settings"), CASES, ids=[f"{m.__name__} {words(s)}" for m, s in CASES])


def recorded(make: Any, settings: dict[str, Any]) -> tuple[Trace, Observation]:
    """A step and what is seen of it, read back from a file as an opened step is."""
    return _recorded(make, tuple(settings.items()))


@cache
def _recorded(make: Any, items: tuple[tuple[str, Any], ...]) -> tuple[Trace, Observation]:
    settings = dict(items)
    training = make(**settings)
    recorder, loss, error = recorded_step(training, 1)
    assert error is None
    assert loss is not None
    trace = Trace(from_bytes(to_bytes(recorder.columns())))
    return trace, observe(trace, step=1, loss=loss, held=arrays(training))


def cells(seen: Observation, every: int = 1) -> Iterator[tuple[Cell, float, float | None]]:
    """Every cell of every panel that somebody computed, its value and its gradient."""
    things = [(Cell(name, document=k), one) for name, some in seen.taps.items() for k, one in enumerate(some)]
    things += [(Cell(name), one) for name, one in seen.weights.items() if one.grad is not None]  # type: ignore[misc]
    for whole, one in things:
        known = np.argwhere(~np.isnan(one.value))[:: every if one.value.size > every else 1]
        for index in map(tuple, known.tolist()):
            grad = None if one.grad is None else float(one.grad[index])
            yield replace(whole, index=index), float(one.value[index]), grad


def number(found: Any, at: At) -> float:
    """What a cursor says, of one element."""
    return float(found if at.element is None else np.asarray(found).reshape(-1)[at.element])


@cases
def test_a_cell_leads_to_its_nodes_and_they_lead_back(make: Any, settings: dict[str, Any]) -> None:
    """Probabilities that nobody tapped are shown by the logit that they come from."""
    trace, seen = recorded(make, settings)
    named = "probs" in trace.taps
    count = 0
    for cell, _, _ in cells(seen, 5):
        (at,) = nodes_of(trace, cell)
        shown = replace(cell, of="logits") if cell.of == "probs" and not named else cell
        assert cell_of(trace, *at) == shown
        count += 1
    assert count > 50


@cases
def test_the_nodes_hold_the_numbers_of_the_cell(make: Any, settings: dict[str, Any]) -> None:
    trace, seen = recorded(make, settings)
    cursor = trace.cursor(observed_position(trace))
    for cell, value, grad in cells(seen, 11):
        if cell.of == "probs" and "probs" not in trace.taps:
            continue
        (at,) = nodes_of(trace, cell)
        if not cursor.is_made(at.node):  # a parameter that the step only updates
            assert cell.of in trace.parameters
            assert grad == 0.0
            continue
        assert number(cursor.data(at.node), at) == value
        found = cursor.grad(at.node)
        assert grad == (0.0 if found is None and grad == 0.0 else None if found is None else number(found, at))


@cases
def test_a_value_is_known_at_its_moment_and_not_before(make: Any, settings: dict[str, Any]) -> None:
    trace, seen = recorded(make, settings)
    for cell, _, _ in cells(seen, 97):
        (at,) = nodes_of(trace, cell)
        moment = moment_of(trace, cell)
        assert trace.cursor(moment).data(at.node) is not None
        assert trace.cursor(moment - 1).data(at.node) is None


@cases
def test_a_gradient_is_complete_at_its_moment_and_not_before(make: Any, settings: dict[str, Any]) -> None:
    trace, seen = recorded(make, settings)
    done = 0
    for cell, _, grad in cells(seen, 97):
        (at,) = nodes_of(trace, cell)
        moment = moment_of(trace, replace(cell, grad=True))
        found = trace.cursor(moment).grad(at.node)
        if grad is None or found is None:  # of all that is tapped, no gradient came here
            continue
        assert number(found, at) == pytest.approx(number(trace.cursor(observed_position(trace)).grad(at.node), at))
        assert trace.cursor(moment).grad_state(at.node) == "complete"
        last = trace.passes[-1]
        if last.start + 1 < moment <= last.stop:
            assert trace.cursor(moment - 1).grad_state(at.node) != "complete"
            done += 1
    assert done > 5


def test_fewer_numbers_are_the_whole_row_or_the_whole_thing() -> None:
    tensors, seen = recorded(tensor_training, {})
    T = seen.positions()
    whole, row = nodes_of(tensors, Cell("embed")), nodes_of(tensors, Cell("embed", (1,)))
    assert whole == (At(whole[0].node),)
    assert row == tuple(At(whole[0].node, 4 + k) for k in range(4))
    assert cell_of(tensors, whole[0].node) == Cell("embed")
    scalars, _ = recorded(scalar_training, {})
    assert len(nodes_of(scalars, Cell("embed"))) == 4 * T
    assert len(nodes_of(scalars, Cell("wte", (0,)))) == 4
    assert moment_of(scalars, Cell("embed")) == max(moment_of(scalars, Cell("embed", (T - 1, k))) for k in range(4))


def test_one_document_of_a_batch_is_its_elements() -> None:
    """Whatever is padding belongs to no cell."""
    trace, seen = recorded(tensor_training, {"batch_size": 3})
    lengths = [len(tokens) for tokens in seen.tokens]
    short = lengths.index(min(lengths))
    assert lengths[short] < max(lengths)
    found = nodes_of(trace, Cell("embed", document=short))
    assert len(found) == 4 * lengths[short]
    most = max(lengths)
    padding = (short * most + lengths[short]) * 4
    assert cell_of(trace, found[0].node, padding) is None


def test_what_nobody_computed_has_no_nodes() -> None:
    """Attention to a later position, number by number: it is opened where the step is looked at."""
    trace, _ = recorded(scalar_training, {})
    assert nodes_of(trace, Cell("layer0.attn", (0, 0, 1))) == ()
    assert moment_of(trace, Cell("layer0.attn", (0, 0, 1))) == observed_position(trace)


def test_the_loss_is_where_the_last_pass_began() -> None:
    for make in (tensor_training, scalar_training):
        trace, _ = recorded(make, {"accumulate": 2})
        (at,) = nodes_of(trace, Cell("loss", (17,)))
        assert at.node == trace.passes[-1].root
        assert cell_of(trace, at.node) == Cell("loss")
        assert trace.cursor(moment_of(trace, Cell("loss"))).data(at.node) is not None
        assert moment_of(trace, Cell("loss", grad=True)) == trace.passes[-1].start + 1


@pytest.mark.parametrize("name", ["mlp", "two_layer"])
def test_cells_of_the_other_models_lead_there_and_back(name: str) -> None:
    trace, seen = recorded(program(name).training, {})
    for cell, _, _ in cells(seen, 7):
        (at,) = nodes_of(trace, cell)
        assert cell_of(trace, *at) == cell


def test_tensors_side_by_side_lead_there_and_back() -> None:
    import tracer

    with record() as rec:
        x = tracer.ones(3, requires_grad=True)
        tap("pieces", x * 2, at=(0, 1))
        tap("pieces", x[:2] * 3, at=(1, 0))
    trace = rec.trace
    assert nodes_of(trace, Cell("pieces", (0, 0))) == ()
    (at,) = nodes_of(trace, Cell("pieces", (0, 1, 2)))
    assert number(trace.cursor(-1).data(at.node), at) == 2.0
    assert cell_of(trace, *at) == Cell("pieces", (0, 1, 2))
    assert len(nodes_of(trace, Cell("pieces", (1, 0)))) == 2


def test_what_no_panel_shows_is_no_cell() -> None:
    trace, _ = recorded(tensor_training, {})
    shown = {node for node in range(trace.n_nodes) if cell_of(trace, node) is not None}
    assert 0 < len(shown) < trace.n_nodes
    with record() as rec:
        Value(1.0)
    assert cell_of(rec.trace, 0) is None


@pytest.mark.parametrize(
    "cell",
    [
        Cell("nothing"),
        Cell("embed", document=1),
        Cell("embed", document=-1),
        Cell("embed", (99,)),
        Cell("embed", (-1, 0)),
        Cell("embed", (0, 0, 0)),
        Cell("wte", (0,), document=1),
    ],
)
def test_a_cell_that_is_not_there_is_refused(cell: Cell) -> None:
    trace, _ = recorded(tensor_training, {})
    with pytest.raises(NotFoundError, match=cell.of):
        nodes_of(trace, cell)


def test_the_loss_of_a_step_without_a_pass_is_refused() -> None:
    with record() as rec:
        Value(1.0)
    with pytest.raises(NotFoundError, match="no backward pass"):
        nodes_of(rec.trace, Cell("loss"))
