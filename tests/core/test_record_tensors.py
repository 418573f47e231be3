"""What a recording keeps of tensors: numbers as they were, whatever is overwritten later; events; names."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest

import tracer
from tracer.core.columns import CONST, LIVE
from tracer.core.record import Recorder, inside_event
from tracer.explain.proof import check_trace


def arrays(rec: Recorder, name: str) -> np.ndarray:
    columns = rec.columns()
    node = next(n for n, known in columns.names.items() if known == name)
    return columns.arena[columns.slot[node]]


def test_every_array_is_kept_as_it_was_when_it_was_made() -> None:
    """Overwriting a leaf, an output, a view or a gradient later changes nothing that was recorded."""
    with tracer.record() as rec:
        w = tracer.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = w * 2
        part = y[:2]
        y.backward(tracer.ones(3))
        with tracer.no_grad():
            w += 10
            part += 100
            y.zero_()
        w.grad.zero_()
    columns = rec.columns()
    assert arrays(rec, "w").tolist() == [1.0, 2.0, 3.0]
    assert [columns.arena[slot].tolist() for slot in columns.updates.slot] == [[11.0, 12.0, 13.0]]
    assert [columns.arena[slot].tolist() for slot in columns.updates.before_slot] == [[1.0, 2.0, 3.0]]
    assert columns.update_notes == ({"rule": "add_", "operand": 10},)
    [this] = columns.passes
    assert this.slots is not None
    grads = {int(n): columns.arena[s].tolist() for n, s in zip(this.nodes, this.slots, strict=True)}
    assert grads[rec.ids[w._serial]] == [2.0, 2.0, 2.0]
    assert [columns.arena[slot].tolist() for slot in columns.writes.slot] == [[0.0, 0.0, 0.0]]
    assert not any(array.flags.writeable for array in columns.arena)


def test_a_view_shares_the_memory_of_what_it_looks_at() -> None:
    with tracer.record() as rec:
        x = tracer.ones(4, 5)
        y = x * 2
        z = y.reshape(20)
    columns = rec.columns()
    a, b = (columns.arena[columns.slot[rec.ids[t._serial]]] for t in (y, z))
    assert np.shares_memory(a, b)


def test_numbers_that_the_program_can_reach_elsewhere_are_copied() -> None:
    mine = np.array([1.0, 2.0])
    with tracer.record() as rec:
        x = tracer.from_numpy(mine)
        mine[0] = 50.0
        y = x * 2
    columns = rec.columns()
    assert columns.arena[columns.slot[rec.ids[x._serial]]].tolist() == [1.0, 2.0]
    assert y.tolist() == [100.0, 4.0]
    assert mine.flags.writeable


def test_nodes_flags_and_constants() -> None:
    with tracer.record() as rec:
        x = tracer.tensor([1.0], requires_grad=True)
        data = tracer.tensor([3.0])
        y = x * 2 + data
        with tracer.no_grad():
            z = y * y
        cut = y.detach()
    columns = rec.columns()
    flags = {name: columns.flags[rec.ids[t._serial]] for name, t in {"x": x, "data": data, "y": y}.items()}
    assert (flags["x"], flags["data"], flags["y"]) == (LIVE, 0, LIVE)
    assert columns.flags[rec.ids[z._serial]] == columns.flags[rec.ids[cut._serial]] == 0
    constants = [n for n in range(len(columns.value)) if columns.flags[n] & CONST]
    assert [(columns.value[n], columns.slot[n]) for n in constants] == [(2.0, -1)]


def test_the_column_of_values_tells_one_number_or_the_first_that_is_not_finite() -> None:
    with tracer.record() as rec:
        one = tracer.tensor([[7.0]])
        many = tracer.tensor([1.0, 2.0])
        broken = tracer.tensor([1.0, -1.0]) / tracer.tensor([1.0, 0.0])
    columns = rec.columns()
    found = [columns.value[rec.ids[t._serial]] for t in (one, many, broken)]
    assert found == [7.0, 0.0, -np.inf]


def test_a_pass_without_accumulation_a_seed_and_hooks_are_noted() -> None:
    with tracer.record() as rec:
        x = tracer.tensor([1.0, 2.0], requires_grad=True)
        y = x * 3
        y.register_hook(lambda g: g * 10)
        tracer.autograd.grad(y, x, tracer.tensor([1.0, 5.0]), retain_graph=True)
        y.backward(tracer.ones(2))
    first, second = rec.columns().passes
    assert (first.accumulates, first.retains, first.seed >= 0) == (False, True, True)
    assert (second.accumulates, second.retains, second.seed) == (True, False, -1)
    assert second.hooked == (rec.ids[y._serial],)
    assert x.grad.tolist() == [30.0, 30.0]


def test_tensors_made_before_recording_are_taken_in_with_their_history() -> None:
    w = tracer.tensor([2.0], requires_grad=True)
    y = w * w
    with tracer.record() as rec:
        y.backward()
    columns = rec.columns()
    assert len(columns.value) == 2
    assert columns.inputs.tolist() == [0, 0]
    assert columns.segments.tolist()[-1][1:3] == [0, 2]


def test_an_override_changes_single_elements_of_a_leaf() -> None:
    def program() -> tuple[object, Recorder]:
        with tracer.record(overrides) as rec:
            x = tracer.tensor([[1.0, 2.0], [3.0, 4.0]])
            y = x * 2
        return y.tolist(), rec

    overrides: dict = {}
    plain, rec = program()
    key = rec.trace.leaf_key(0)
    overrides = {key: {1: 50.0, 3: -1.0}}
    assert plain == [[2.0, 4.0], [6.0, 8.0]]
    assert program()[0] == [[2.0, 100.0], [6.0, -2.0]]


def test_a_gradient_used_as_a_number_is_called_after_its_leaf() -> None:
    with tracer.record() as rec:
        w = tracer.tensor([2.0], requires_grad=True)
        (w * w).backward()
        with tracer.no_grad():
            w -= 0.1 * w.grad
    assert "w.grad" in rec.columns().names.values()
    assert w.item() == pytest.approx(1.6)
    assert rec.columns().update_notes[0]["rule"] == "sub_"  # type: ignore[index]


def test_a_gradient_that_was_added_to_or_zeroed_is_another_node_where_it_is_used_next() -> None:
    """The plain training loop: each step reads `w.grad` as it is then, though it is one tensor all along."""
    with tracer.record() as rec:
        w = tracer.tensor([1.0, 2.0], requires_grad=True)
        for _ in range(3):
            (w * w).sum().backward()
            with tracer.no_grad():
                w -= 0.25 * w.grad
                w.grad.zero_()
        (w * w).sum().backward()
        (w * w).sum().backward()
        twice = w.grad * 1.0
    trace = rec.trace
    grads = [trace.value(n).tolist() for n in range(trace.n_nodes) if trace.label(n) == "w.grad"]
    assert grads == [[2.0, 4.0], [1.0, 2.0], [0.5, 1.0], [0.5, 1.0]]
    assert twice.tolist() == [0.5, 1.0]
    assert check_trace(rec.trace).ok


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda w: w.data.sub_(w.grad.data), id="data"),
        pytest.param(lambda w: w.view(-1)[0].mul_(0.5), id="view of a view"),
        pytest.param(lambda w: w[1:].copy_(tracer.tensor([7.0])), id="slice"),
        pytest.param(lambda w: w.detach().sub_(0.5), id="detached"),
        pytest.param(lambda w: w.grad.data.zero_(), id="gradient's data"),
        pytest.param(lambda w: w.grad[:1].mul_(3), id="part of the gradient"),
        pytest.param(lambda w: setattr(w, "data", w.data - 0.5), id="assigned"),
        pytest.param(lambda w: w.requires_grad_(False).mul(2) + w.requires_grad_(), id="frozen for a while"),
    ],
)
def test_numbers_written_through_another_tensor_are_told(change: Callable[[tracer.Tensor], object]) -> None:
    """The walk sees what the program sees, and recording changes nothing of it."""

    def run() -> tracer.Tensor:
        w = tracer.tensor([1.0, 2.0], requires_grad=True)
        for _ in range(3):
            (w * w).sum().backward()
            with tracer.no_grad():
                change(w)
        (w * 3).sum().backward()
        return w

    with tracer.record() as rec:
        w = run()
    plain = run()
    assert w.requires_grad
    assert w.tolist() == plain.tolist()
    assert w.grad.tolist() == plain.grad.tolist()
    assert check_trace(rec.trace).ok
    assert rec.trace.cursor(len(rec.trace)).grad(rec.ids[w._serial]).tolist() == w.grad.tolist()


def test_a_buffer_written_through_its_view_is_told() -> None:
    with tracer.record() as rec:
        buffer, w = tracer.zeros(3), tracer.ones(3, requires_grad=True)
        buffer[:2].add_(1)
        buffer.view(3, 1)[2, 0] = 5.0
        (buffer * w).sum().backward()
    assert w.grad.tolist() == [1.0, 1.0, 5.0]
    assert check_trace(rec.trace).ok


def test_a_parameter_is_called_by_its_place_in_the_network() -> None:
    """Whatever lists the program also keeps it in, made before the network or after."""
    with tracer.record() as rec:
        model = tracer.nn.Sequential(tracer.nn.Linear(2, 3), tracer.nn.Linear(3, 1))
        a = list(model.parameters())
        model(tracer.ones(1, 2)).sum().backward()
    assert len(a) == 4
    names = set(rec.columns().names.values())
    assert {"model.0.weight", "model.0.bias", "model.1.weight", "model.1.bias"} <= names


def test_what_an_optimizer_notes_is_kept_as_it_was() -> None:
    with tracer.record() as rec:
        p = tracer.tensor([1.0, 2.0], requires_grad=True)
        opt = tracer.optim.Adam([p], lr=0.1)
        for _ in range(2):
            p.grad = tracer.tensor([1.0, -1.0])
            opt.step()
    first, second = rec.columns().update_notes
    assert first is not None
    assert second is not None
    assert first["m"].tolist() == pytest.approx([0.1, -0.1])
    assert second["m_before"].tolist() == first["m"].tolist()


def test_a_leaf_frozen_after_use_keeps_its_past() -> None:
    """What was computed before still delivers to it; what is computed after does not."""
    with tracer.record() as rec:
        w = tracer.tensor([2.0], requires_grad=True, dtype=tracer.float64)
        x = tracer.tensor([3.0], requires_grad=True, dtype=tracer.float64)
        (w * x).backward()
        w.requires_grad_(False)
        (w * x).backward()
    trace = rec.trace
    end = trace.cursor(-1)
    assert (w.grad.item(), x.grad.item()) == (3.0, 4.0)
    assert end.grad(x) == 4.0
    assert [end.grad(n) for n in range(trace.n_nodes) if trace.name(n) == "w"] == [3.0, None]


def test_second_derivatives_of_a_fat_op_are_one_pass_in_a_recording() -> None:
    with tracer.record() as rec:
        x = tracer.tensor([0.5, 1.5], requires_grad=True)
        y = tracer.nn.functional.silu(x).sum()
        (g,) = tracer.autograd.grad(y, x, create_graph=True)
        g.sum().backward()
    assert len(rec.columns().passes) == 2
    assert rec.trace.n_nodes > 6


def test_what_is_taken_in_does_not_count_among_the_leaves_of_the_line() -> None:
    """The key of a leaf made on a line is the same whether or not something older was used there first."""
    x = tracer.Value(3.0)

    def program() -> tracer.Value:
        return x * x + tracer.Value(2.0, name="made")

    with tracer.record() as rec:
        program()
    with tracer.record({rec.trace.leaf_key(rec.trace.find("made")): 5.0}) as again:
        assert program().data == 14.0
    assert again.trace.source(again.trace.find("made")) is not None
    assert again.trace.source(0) is None, "who made it is not known"


def test_a_moment_in_the_middle_of_a_tensors_event_is_known_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """There nothing may be written down, and nobody interrupted: half of the event is there."""
    seen: list[bool] = []
    rec = Recorder()
    keep = rec.arena.keep

    def looking(given: object, *, copy: bool = False) -> int:
        seen.append(inside_event(sys._getframe()))
        return keep(given, copy=copy)

    monkeypatch.setattr(rec.arena, "keep", looking)
    with rec:
        tracer.tensor([1.0]) * 2
        assert not inside_event(sys._getframe())
    assert seen == [True, True]
