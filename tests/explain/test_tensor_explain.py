"""Tensors in words: each kind of moment, its shapes, its numbers where they are few, in both languages."""

from __future__ import annotations

import numpy as np
import pytest

import tracer
import tracer.core.ops.all  # the ops register themselves
from tests.explain import tensor_programs
from tracer.core.apply import apply
from tracer.core.op import OPS, Op
from tracer.core.record import record
from tracer.explain.explain import explain
from tracer.explain.explanation import Explanation
from tracer.explain.forward import bytes_text
from tracer.explain.trouble import first_trouble
from tracer.text import LANGS
from tracer.trace.segment import By
from tracer.trace.trace import Trace


def titled(trace: Trace, title: str, by: By = "node", element: int | None = None) -> Explanation:
    """The explanation of the first step with this title."""
    told = (explain(trace.cursor(int(p)), by=by, element=element) for p in trace.stops(by))
    return next(one for one in told if title in one.title.en)


def rows(told: Explanation) -> list[str]:
    return [row.text("en") + (f"   {row.tag.en}" if row.tag.en else "") for block in told.blocks for row in block]


def notes(told: Explanation, kind: str) -> str:
    return " ".join(note.text.en for note in told.notes if note.kind == kind)


@pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in OPS.values() if op.elementwise])
def test_every_op_is_told_on_single_numbers(op: Op) -> None:
    """Where the numbers are few, they are put into the local gradient: its functions must be at hand."""
    sample = next(iter(op.tries(np.random.default_rng(0))))
    with record() as rec:
        args = [
            tracer.tensor(a.flat[0].item(), requires_grad=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a
            for a in sample.args
        ]
        out = apply(op, *args, **sample.static)
        if out.requires_grad:
            out.backward()
    trace = rec.trace
    for position in trace.stops("edge"):
        told = explain(trace.cursor(int(position)), by="edge")
        assert all(told.plain(lang) for lang in LANGS)


# Forward


def test_a_leaf_is_told_with_shape_type_and_numbers() -> None:
    told = titled(tensor_programs.layer(), "leaf A")
    assert told.lead.en == (
        "A is a leaf: the program made it, a tensor of the shape (2, 3): 6 numbers of the type float32."
    )
    assert (
        told.lead.ja == "A は葉です。プログラムが直接作ったテンソルで、形は (2, 3)、float32 型の数 6 個からなります。"
    )
    assert rows(told) == ["A = [[1, 2, 3],", " [4, 5, 6]]"]
    assert "requires_grad is True" in told.sentence.en


def test_data_that_takes_no_gradient_is_told_so() -> None:
    told = titled(tensor_programs.trained(), "leaf X")
    assert told.sentence.en.startswith("It takes no gradient (requires_grad is False)")


def test_weights_that_a_program_updates_by_hand_are_not_called_given() -> None:
    """Their gradient is a line of the program, and so is the update."""
    with record() as rec:
        w = tracer.ones(3).named("w")
        w -= w * 0.5
    told = titled(rec.trace, "leaf w")
    assert "not to be learned" not in told.sentence.en
    assert "calculation of its own" in told.sentence.en


def test_a_matrix_product_says_which_axes_meet() -> None:
    told = titled(tensor_programs.layer(), "= A @ B")
    assert rows(told)[1] == "shapes : (2, 3) @ (3, 4) → (2, 4)"
    assert "the last axis of A (3) meets the first axis of B (3)" in told.sentence.en
    assert "A の最後の軸（3）と B の最初の軸（3）が出会い" in told.sentence.ja
    assert "A and B are remembered for the way back" in told.sentence.en


def test_broadcasting_is_told_forward() -> None:
    told = titled(tensor_programs.layer(), "C = ")
    assert "it is broadcast to (2, 4): used twice, once for each row." in told.sentence.en
    assert "行ごとに一度ずつ" in told.sentence.ja


def test_moving_data_about_is_told_by_its_shapes() -> None:
    trace = tensor_programs.moved()
    assert "(6,) → (2, 3): 6 numbers before, 6 after." in titled(trace, "m = ").sentence.en
    assert "Along axis 0 the lengths add up: 2 + 6 = 8." in titled(trace, "both = cat").sentence.en


def test_tensors_without_axes_are_told_like_plain_numbers() -> None:
    """And float32 is not said to be rounded: 0.1 is 0.1."""
    trace = tensor_programs.single()
    assert rows(titled(trace, "y = ")) == ["y = v2 × 0.1", "= 4 × 0.1", "= 0.4"]
    assert rows(titled(trace, "v2 → x", "edge"))[:3] == ["∂v2/∂x = 2 · x^(2 − 1)", "= 2 · 2^(2 − 1)", "= 4"]


def test_the_memory_of_a_recording_is_told_before_it_begins() -> None:
    trace = tensor_programs.layer()
    assert bytes_text(trace.memory) in explain(trace.cursor()).sentence.en
    assert [bytes_text(n) for n in (312, 4100, 12_300_000)] == ["312 B", "4.1 kB", "12 MB"]


# Backward


def test_both_factors_of_a_product_have_their_rule_and_its_shapes() -> None:
    told = titled(tensor_programs.layer(), "v3 → A and B")
    said = rows(told)
    assert "A.grad += ∂L/∂v3 @ Bᵀ" in said
    assert "= (2, 4) @ (4, 3) = (2, 3)" in said
    assert "B.grad += Aᵀ @ ∂L/∂v3" in said
    assert "= (3, 2) @ (2, 4) = (3, 4)" in said
    assert "its own shape comes out" in told.sentence.en


def test_a_broadcast_row_collects_the_gradients_of_all_rows() -> None:
    for by, title in (("node", "C → v3 and b"), ("edge", "edge C → b")):
        told = titled(tensor_programs.layer(), title, by)  # type: ignore[arg-type]
        assert (
            "Each row used b, so the rows' gradients add up: (2, 4) summed over axis 0 gives (4,)" in told.sentence.en
        )
        assert "行ごとの勾配を足し合わせます" in told.sentence.ja
        assert any("summed over axis 0" in row for row in rows(told))
        assert "[2, 2, 0, 2]" in " ".join(rows(told))


def test_an_elementwise_contribution_is_told_part_by_part() -> None:
    trace = tensor_programs.layer()
    parts = [told for p in trace.stops("part") if (told := explain(trace.cursor(int(p)), by="part")).kind == "edge"]
    gate = [told for told in parts if told.title.en == "edge H → C"]
    assert [told.sentence.en.split(",")[0] for told in gate] == [
        "First",
        "Next",
        "Then multiply",
        "Last",
    ]
    assert [told.sentence.ja[:2] for told in gate] == ["まず", "次は", "そし", "最後"]
    assert not any("∂H/∂C = step(C)" in row for row in rows(gate[0]))  # not before its part
    assert any("∂H/∂C = step(C)" in row for row in rows(gate[1]))


def test_the_jacobian_is_counted_once_a_pass_and_in_its_own_part() -> None:
    trace = tensor_programs.layer()
    told = [explain(trace.cursor(int(p)), by="node") for p in trace.stops("node")]
    assert sum("would be a Jacobian" in one.plain("en") for one in told) == 1
    part = next(
        explain(trace.cursor(int(p)), by="part")
        for p in trace.stops("part")
        if explain(trace.cursor(int(p)), by="part").title.en == "edge v3 → A" and trace.cursor(int(p)).moment.part == 2
    )
    assert "a Jacobian of 8 × 6 numbers" in part.sentence.en


def test_moving_data_back_is_told_in_the_ops_own_words() -> None:
    trace = tensor_programs.moved()
    assert "put back into a field of zeros" in titled(trace, "row → t").sentence.en
    assert "reshaped back into the shape of x" in titled(trace, "m → x").sentence.en
    both = titled(trace, "both → row and x")
    assert "The gradient is cut where the tensors were joined; row receives the piece it filled." in both.sentence.en
    assert both.routes is not None
    assert [route.state for route in both.routes.routes] == ["arriving", "coming"]


def test_routes_of_a_tensor_add_up_as_arrays() -> None:
    with record() as rec:
        x = tracer.tensor([1.0, 2.0], requires_grad=True).named("x")
        ((x * 3).sum() + (x * x).sum()).named("L").backward()
    told = explain(rec.trace.cursor(-1), by="edge")
    assert told.routes is not None
    assert told.routes.total.text("en") == "∂L/∂x = [1, 2] + [1, 2] + [3, 3] = [5, 7]"


def test_a_root_with_axes_says_where_its_gradient_comes_from() -> None:
    with record() as rec:
        x = tracer.tensor([1.0, 2.0], requires_grad=True).named("x")
        (x * x).named("y").backward(gradient=tracer.tensor([1.0, 10.0]))
    told = titled(rec.trace, "start at y")
    assert rows(told) == ["y.grad = [1, 10]"]
    assert "the program gave a weight for each element" in told.sentence.en


def test_what_is_not_finite_is_told_where_it_begins() -> None:
    with record() as rec:
        x = tracer.tensor([1.0, 0.0, 2.0], requires_grad=True).named("x")
        y = x.log().named("y")
        y.sum().backward()
    trouble = first_trouble(rec.trace.cursor(-1))
    assert trouble is not None
    assert trouble.text.en == (
        "y[1]: log(0) gives -inf: here a number stops being finite (1 of 3 elements). "
        "Towards 0 the logarithm falls without end."
    )
    spoilt = titled(rec.trace, "y → x", "edge")
    assert "1 of the numbers handed on to x are not: here the gradient breaks" in notes(spoilt, "trouble")


def test_the_infinity_of_a_mask_is_no_trouble() -> None:
    with record() as rec:
        scores = tracer.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True).named("scores")
        mask = tracer.tensor([[False, True], [False, False]])
        scores.masked_fill(mask, float("-inf")).softmax(-1)[0, 0].backward()
    assert first_trouble(rec.trace.cursor(-1)) is None
    assert "trouble" not in {
        note.kind for p in rec.trace.stops("node") for note in explain(rec.trace.cursor(int(p))).notes
    }


def test_a_hook_that_changes_a_gradient_is_told() -> None:
    with record() as rec:
        x = tracer.tensor([1.0, 2.0], requires_grad=True).named("x")
        x.register_hook(lambda g: g * 2)
        (x * x).sum().backward()
    told = titled(rec.trace, "→ x", "edge")
    assert "A hook of the program changes the gradient of x" in notes(told, "outside")


def test_a_pass_says_whether_the_graph_is_let_go() -> None:
    with record() as rec:
        x = tracer.tensor([1.0, 2.0], requires_grad=True).named("x")
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
    first, second = (notes(explain(rec.trace.cursor(this.stop)), "end") for this in rec.trace.passes)
    assert "retain_graph=True: what was remembered is kept" in first
    assert "a second backward() through the same nodes would fail" in second


# Events


def test_clearing_to_none_and_to_zeros_are_told_apart() -> None:
    none = titled(tensor_programs.trained(), "W.grad: None")
    assert rows(none)[0].startswith("W.grad = None")
    assert "starts it anew" in none.sentence.en
    zeros = titled(tensor_programs.trained(set_to_none=False), "W.grad: [[0, 0]]")
    assert "filled with zeros of the shape (1, 2)" in zeros.lead.en
    assert "Else it would add to what is there" in zeros.sentence.en


def test_every_number_of_an_adam_step_is_told_for_the_chosen_element() -> None:
    trace = tensor_programs.trained("Adam")
    first = titled(trace, "Adam: W[0, 1]", element=1)
    said = rows(first)
    assert said[0] == "m ← β₁ · m + (1 − β₁) · W.grad[0, 1]"
    assert any(row.startswith("m_hat = m / (1 − β₁^t)") for row in said)
    assert said[-2].startswith("W[0, 1] ← W[0, 1] − lr · m_hat / (√v_hat + ε)")
    assert "Adam, step 1." in first.sentence.en
    assert "Adam の 1 歩目です。" in first.sentence.ja
    other = titled(trace, "Adam: W[0, 0]", element=0)
    assert rows(other)[0].endswith("W.grad[0, 0]")


def test_momentum_is_told_from_the_second_step_on() -> None:
    trace = tensor_programs.trained("SGD")
    told = [one for p in trace.stops("node") if (one := explain(trace.cursor(int(p)))).kind == "update"]
    assert "there is nothing to keep" in told[0].sentence.en
    assert any("μ · m + W.grad" in row for row in rows(told[1]))


def test_one_number_in_an_axis_of_its_own_starts_from_1_and_moves_alone() -> None:
    """A loss of shape (1,) needs no weights; and an update counts the numbers that really change."""
    with record() as rec:
        w = tracer.tensor([1.0, 2.0], requires_grad=True)
        b = tracer.tensor([0.5], requires_grad=True)
        loss = w[:1] * 3 + b
        loss.backward()
        tracer.optim.SGD([w, b], lr=0.5).step()
    told = [explain(rec.trace.cursor(int(p))) for p in rec.trace.stops("node")]
    start = next(one for one in told if one.kind == "seed")
    assert start.rule.en == "∂loss/∂loss"
    assert "the gradient to begin with is 1" in start.sentence.en
    some, alone = (one for one in told if one.kind == "update")
    assert some.lead.en.startswith("w changes in 1 of its 2 numbers, and moves by 1.5 in all")
    assert not alone.lead.en


def test_an_update_written_by_hand_is_recognised_by_its_learning_rate() -> None:
    with record() as rec:
        w = tracer.tensor([0.3, -0.7], requires_grad=True).named("w")
        ((w - 1) ** 2).sum().backward()
        with tracer.no_grad():
            w -= 0.1 * w.grad
    told = next(one for p in rec.trace.stops("node") if (one := explain(rec.trace.cursor(int(p)))).kind == "update")
    assert "lr · w.grad" in told.rule.en
    assert " 0.1 · " in told.numbers.en


@pytest.mark.parametrize("program", ["layer", "moved", "single", "trained"])
def test_everything_is_said_in_both_languages_without_gaps(program: str) -> None:
    trace = getattr(tensor_programs, program)()
    for by in ("part", "edge", "node"):
        for position in trace.stops(by):
            cursor = trace.cursor(int(position))
            for node in (None, *range(trace.n_nodes)):
                told = explain(cursor, node, by=by)
                assert told.short.en
                assert told.short.ja
                for text in told.texts():
                    assert bool(text.en) == bool(text.ja), text
                    assert not {"{", "}"} & set(text.en + text.ja), text
                for lang in LANGS:
                    assert "None" not in told.sentence[lang] or "None は" in told.sentence[lang] or lang == "en"


def test_a_large_tensor_is_summed_up() -> None:
    with record() as rec:
        x = tracer.tensor(np.arange(600.0).reshape(20, 30), requires_grad=True).named("x")
        (x * 2).sum().backward()
    told = titled(rec.trace, "leaf x")
    assert [len(block) for block in told.blocks] == [1]
    assert rows(told)[0].startswith("x : (20, 30) ‖·‖")


def test_a_cross_entropy_that_ignores_rows_says_which_and_what_they_receive() -> None:
    """The usual mark, -100, is not worth the room."""
    with record() as rec:
        z = tracer.ones(2, 3, requires_grad=True).named("z")
        t = tracer.tensor([1, -1]).named("t")
        tracer.nn.functional.cross_entropy(z, t, ignore_index=-1).named("L").backward()
        tracer.nn.functional.cross_entropy(z, tracer.tensor([1, 0]).named("u")).named("M").backward()
    assert titled(rec.trace, "L = cross_entropy(z, t, ignore_index=-1)")
    assert titled(rec.trace, "M = cross_entropy(z, u)").title.en.endswith("(z, u)")
    told = titled(rec.trace, "edge L → z", by="edge")
    assert "rows that count" in told.sentence.en
    assert "ignored receives 0" in told.sentence.en
