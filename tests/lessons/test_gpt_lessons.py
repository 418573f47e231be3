"""Facts that the lessons of the microgpt document's sections 4 to 8 state: each is a run, or a formula of PyTorch's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lessons.running import run
from tests.lessons.test_samples import trace_of
from tracer.lessons.content import find
from tracer.trace.cursor import Cursor
from tracer.trace.trace import Trace
from tracer.train import diagnosis

SIZES = {"wte": (3, 4), "wpe": (2, 4), "lm_head": (3, 4), "fc1": (16, 4), "fc2": (4, 16)}
SIZES |= dict.fromkeys(("wq", "wk", "wv", "wo"), (4, 4))
"""Of the small models."""


def end_of(name: str) -> Cursor:
    return trace_of(find(name).program).cursor(-1)


def changed(name: str, tmp_path: Path, old: str, new: str) -> Trace:
    """The run of a lesson's program in which `old` reads `new`."""
    text = find(name).program.read_text(encoding="utf-8")
    assert old in text
    program = tmp_path / "changed.py"
    program.write_text(text.replace(old, new), encoding="utf-8")
    return run(program)


def numbers(end: Cursor, name: str, *sizes: int) -> Any:
    """The values `name[0][0]`, ... as an array."""
    return np.array([end.data(f"{name}{_brackets(index)}") for index in np.ndindex(*sizes)]).reshape(sizes)


def gradients(end: Cursor, name: str, *sizes: int) -> Any:
    """Their gradients; 0 where none has arrived, as PyTorch has it."""
    found = [end.grad(f"{name}{_brackets(index)}") for index in np.ndindex(*sizes)]
    return np.array([g or 0.0 for g in found]).reshape(sizes)


def _brackets(index: tuple[int, ...]) -> str:
    return "".join(f"[{i}]" for i in index)


def test_vowels_draw_together_and_part_from_what_follows_them() -> None:
    """4.2, step by step."""
    end = end_of("4.2")
    together, apart = ([float(np.asarray(end.data(f"{name}{i}"))) for i in ("₁", "₂", "₃", "")] for name in PAIRS)
    assert together == sorted(together, reverse=True)
    assert apart == sorted(apart)
    assert together[0] == apart[0]


PAIRS = ("a_and_e", "a_and_n")


def test_heads_that_are_used_alike_stay_alike(tmp_path: Path) -> None:
    """4.3: what the card of the four heads answers."""
    end = changed("15_four_heads", tmp_path, "[[1.0, 0.5, 0.0, -0.5], [0.0, 0.5, 1.0, 0.5]]", "[[0.5] * 4, [0.25] * 4]")
    weights = np.asarray(end.cursor(-1).data("weights"))
    assert (weights == weights[0]).all()
    assert not np.allclose(weights[0], 0.25)


def test_a_weight_behind_a_norm_gets_less_gradient_the_larger_it_is(tmp_path: Path) -> None:
    """4.6: a quarter for four times the weight, for what depends on proportions alone does not feel the factor."""
    text = find("4.6").program.read_text(encoding="utf-8").replace("(6 * 4 * 4)])", "(6 * 4 * 4)], requires_grad=True)")
    program = tmp_path / "changed.py"
    found = []
    for times in ("1.0", "4.0"):
        program.write_text(text.replace("(0.5, 1.0, 4.0)", f"({times},)"), encoding="utf-8")
        found.append(np.asarray(run(program).cursor(-1).grad("numbers")))  # times the gradient of times * numbers
    np.testing.assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-4)


def test_without_the_norm_the_gradient_grows_with_the_sixth_power() -> None:
    """4.6, without: what its card answers."""
    end = end_of("20_no_norm")
    small, large = (float(np.asarray(end.data(name))[0]) for name in ("norms₁", "norms"))
    assert large / small == pytest.approx(8**6, rel=1e-4)


def test_adam_without_memory_moves_by_the_sign(tmp_path: Path) -> None:
    """5: what its card answers."""
    end = changed("22_adam", tmp_path, "0.85, 0.99", "0.0, 0.0").cursor(-1)
    moves = [float(np.asarray(end.data(name))) for name in ("move₁", "move₂", "move")]
    assert np.abs(moves) == pytest.approx([0.1] * 3, rel=1e-6)
    assert np.sign(moves).tolist() == [1, -1, 1]


def test_the_step_in_tensors_is_the_step_in_numbers() -> None:
    """6 and 7 draw the same weights: each bar is the length of the scalar lesson's gradients."""
    numbers_, tensors = trace_of(find("24_one_step").program), end_of("25_gradient_flow")
    after = numbers_.cursor(numbers_.passes[0].stop)
    assert after.data("loss") == pytest.approx(float(np.asarray(tensors.data("loss"))), rel=1e-6)
    for name, size in {**SIZES, "wpe": (5, 4)}.items():
        np.testing.assert_allclose(gradients(after, name, *size), np.asarray(tensors.grad(name)), rtol=1e-4, atol=1e-7)


def test_the_step_has_its_four_phases_and_a_reset() -> None:
    """6: forward with loss, backward, update, write; every parameter is written to, once each."""
    trace = trace_of(find("24_one_step").program)
    assert [segment.kind for segment in trace.segments] == ["forward", "backward", "update", "write"]
    assert [len(trace.segments[i]) for i in (2, 3)] == [236, 236]
    assert trace.n_nodes == 3319


def test_the_reading_of_the_flow_is_the_diagnosis() -> None:
    """7: a hundred times the next, a 100,000th of the middle; these bars are balanced by both."""
    flow = np.sort(np.asarray(end_of("25_gradient_flow").data("flow")))
    assert (diagnosis.ALONE, diagnosis.NEARLY_NOTHING) == (100, 1e-5)
    assert flow[-1] < diagnosis.ALONE * flow[-2]
    assert flow[0] > diagnosis.NEARLY_NOTHING * np.median(flow)


def test_28_nodes_against_6() -> None:
    """8: what the lesson counts."""
    trace = trace_of(find("26_scalars_tensors").program)
    scopes = [trace.scope(node) for node in range(trace.n_nodes)]
    assert [scopes.count(name) for name in ("scalars", "tensors")] == [28, 6]
    end = trace.cursor(-1)
    np.testing.assert_array_equal(gradients(end, "w", 2, 3), np.asarray(end.grad("W")))


def test_what_is_at_rest_was_not_read_or_lies_behind_shut_gates() -> None:
    """8: 24 rows of wte, 11 of wpe, and both sides of 4 neurons."""
    end = end_of("27_every_parameter")
    shut = (np.asarray(end.grad("fc1")) == 0).all(axis=1)
    assert shut.sum() == 4
    assert (np.asarray(end.grad("fc2"))[:, shut] == 0).all()
    assert float(np.asarray(end.data("at_rest"))) == (24 + 11 + 2 * 4) * 16


def test_attention_weights_are_never_updated() -> None:
    """8: the updates are of wq, wk and wv, in both steps."""
    trace = trace_of(find("28_attention_weights").program)
    updated = {trace.name(int(trace.table("update").node[i])) for i in range(6)}
    assert updated == {"wq", "wk", "wv"}


# Lessons made of Values, written once more in PyTorch's words


@pytest.mark.oracle
def test_the_whole_model_is_pytorchs() -> None:
    """4.1: the loss, and every gradient of every matrix, in float64."""
    torch = pytest.importorskip("torch")
    end = end_of("4.1")
    w = {name: torch.tensor(numbers(end, name, *size), requires_grad=True) for name, size in SIZES.items()}
    x = w["wte"][[2, 0]] + w["wpe"]
    h = torch.nn.functional.rms_norm(x, (4,), eps=1e-5)
    q, k, v = ((h @ w[name].T).view(2, 2, 2).transpose(0, 1) for name in ("wq", "wk", "wv"))
    heads = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    x = x + heads.transpose(0, 1).reshape(2, 4) @ w["wo"].T
    x = x + torch.relu(torch.nn.functional.rms_norm(x, (4,), eps=1e-5) @ w["fc1"].T) @ w["fc2"].T
    loss = torch.nn.functional.cross_entropy(x @ w["lm_head"].T, torch.tensor([0, 1]))
    loss.backward()
    assert end.data("loss") == pytest.approx(loss.item(), rel=1e-12)
    for name, size in SIZES.items():
        np.testing.assert_allclose(gradients(end, name, *size), w[name].grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.oracle
def test_the_loss_is_pytorchs() -> None:
    """4.7: probabilities, loss, and the gradients of scores, head and what reaches it."""
    torch = pytest.importorskip("torch")
    end = end_of("4.7")
    xs, head = (torch.tensor(numbers(end, *what), requires_grad=True) for what in (("xs", 2, 2), ("lm_head", 3, 2)))
    logits = xs @ head.T
    logits.retain_grad()
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 2]))
    loss.backward()
    assert end.data("loss") == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(numbers(end, "p", 2, 3), torch.softmax(logits, -1).detach().numpy(), rtol=1e-12)
    for name, size, theirs in (("xs", (2, 2), xs), ("lm_head", (3, 2), head), ("logits", (2, 3), logits)):
        np.testing.assert_allclose(gradients(end, name, *size), theirs.grad.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.oracle
def test_adam_by_hand_is_pytorchs() -> None:
    """5: gradients, both means and the weight after each of the three updates."""
    torch = pytest.importorskip("torch")
    trace = trace_of(find("22_adam").program)
    end = trace.cursor(-1)
    w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.1, betas=(0.85, 0.99), eps=1e-8)
    updates = [segment for segment in trace.segments if segment.kind == "update"]
    for goal, suffix, update in zip((0.0, 3.0, 0.5), ("₁", "₂", ""), updates, strict=True):
        optimizer.zero_grad()
        ((w - goal) ** 2).backward()
        optimizer.step()
        state = optimizer.state[w]
        assert end.data(f"g{suffix}") == pytest.approx(w.grad.item(), rel=1e-12)
        assert end.data(f"m{suffix}") == pytest.approx(state["exp_avg"].item(), rel=1e-12)
        assert end.data(f"v{suffix}") == pytest.approx(state["exp_avg_sq"].item(), rel=1e-12)
        assert trace.cursor(update.stop).data("w") == pytest.approx(w.item(), rel=1e-12)
