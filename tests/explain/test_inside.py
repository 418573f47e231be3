"""What is said of the nodes that only unfolding shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer
from tracer.core.op import OPS
from tracer.core.record import record
from tracer.explain.explain import explain
from tracer.explain.proof import check_trace
from tracer.text import Lang
from tracer.trace.segment import PARTS
from tracer.trace.trace import Trace
from tracer.trace.unfolding import Unfolding


def program() -> Trace:
    with record() as rec:
        x = tracer.tensor([[1.0, -2.0, 0.5]]).named("x")
        W = tracer.tensor([[0.5, -0.3], [-0.8, 0.2], [2.0, 1.0]], requires_grad=True)
        W.name = "W"
        z = (x @ W).named("z")
        h = z.relu().named("h")
        m = h.max().named("m")
        n = tracer.nn.functional.layer_norm(z, (2,)).named("n")
        L = (m**2 + n[0, 0]).named("L")
        L.backward()
    return rec.trace


def opened(*names: str) -> Trace:
    unfolding = Unfolding(program())
    for name in names:
        unfolding = unfolding.read(name)
    return unfolding.trace


def made(trace: Trace, node: int, lang: Lang = "en") -> str:
    return explain(trace.cursor(trace.made_at(node))).plain(lang)


def handed(trace: Trace, user: str, to: str, lang: Lang = "en", by: Any = "edge") -> str:
    """What is said when `user` has handed its gradient to `to`."""
    this = trace.passes[0]
    for delivery, (one, target) in enumerate(zip(this.users.tolist(), this.targets.tolist(), strict=True)):
        if (trace.label(one), trace.label(target)) == (user, to):
            return explain(trace.cursor(this.position_of(delivery)), by=by).plain(lang)
    raise AssertionError(f"{user} hands nothing to {to}")


def test_a_number_is_taken_out_by_its_name_alone() -> None:
    trace = opened("z[0, 1]")
    said = made(trace, int(trace.find("W[2, 1]")))
    assert said.startswith("FORWARD  W[2, 1]\n")
    assert "W[2, 1] is one number of W" in said
    assert "W[2, 1] = 1" in said
    assert "shapes" not in said
    assert "W[2, 1] = W[2, 1]" not in said
    assert "要素を一つだけ取り出したもの" in made(trace, int(trace.find("W[2, 1]")), "ja")


def test_the_op_as_it_was_says_what_it_is_there_for() -> None:
    trace = opened("z[0, 1]")
    rest = trace.inputs(int(trace.find("z")))[0]
    assert "It is the op as it was: it gives z those elements that are not unfolded." in made(trace, rest)
    assert "展開していないものはここから来ます" in made(trace, rest, "ja")
    assert "as it was" not in made(trace, trace.inputs(int(trace.find("h")))[0])


@pytest.mark.parametrize("names", [("z[0]",), ("h",), ("n",)])
def test_nothing_inside_is_kept_by_the_program(names: tuple[str, ...]) -> None:
    trace = opened(*names)
    for node in trace.unfolded[0]:
        assert "remembered" not in made(trace, node)
        assert "覚えて" not in made(trace, node, "ja")
    assert "remembered" in made(trace, int(trace.find("L")))


def test_a_constant_of_a_definition_is_not_the_programs() -> None:
    trace = opened("n")
    inside = [node for node in trace.unfolded[0] if trace.kind(node) != "op"]
    assert inside
    for node in inside:
        assert "stands in the definition of n: a constant, which takes no gradient." in made(trace, node)
        assert "n の定義に現れる定数" in made(trace, node, "ja")
        assert "in the definition" in explain(trace.cursor(-1), node).plain("en")
    two = next(node for node in range(trace.n_nodes) if trace.label(node) == "2")
    assert "2 is a plain number in the program." in made(trace, two)


def test_a_gradient_is_handed_to_the_place_the_number_came_from() -> None:
    trace = opened("z[0, 0]")
    said = handed(trace, "W[2, 0]", "W")
    assert "W[2, 0] hands its gradient to W." in said
    assert "contribution = ∂L/∂W[2, 0] at [2, 0], 0 elsewhere" in said
    grad = float(np.asarray(trace.cursor(-1).grad("W[2, 0]")))
    assert f"W.grad[2, 0] += contribution   (0 → {grad:.4g})" in said
    assert "∂L/∂W[2, 0] を [2, 0] の位置に（ほかは 0）" in handed(trace, "W[2, 0]", "W", "ja")
    assert "∂L/∂z, but 0 at [0, 0]" in handed(trace, "z", trace.label(trace.inputs(int(trace.find("z")))[0]))
    assert "(∂L/∂z)[0, 0]" in handed(trace, "z", "z[0, 0]")
    whole = opened("z")
    assert "(∂L/∂z)[0, 1]" in handed(whole, "z", "z[0, 1]")
    assert "Jacobian" not in handed(whole, "z", "z[0, 1]")


def test_the_one_chosen_gets_the_gradient() -> None:
    trace = opened("m")
    picked = trace.label(trace.inputs(int(trace.find("m")))[0])
    assert f"∂L/∂{picked} · 1, the one chosen" in handed(trace, picked, "h[0, 0]")
    assert f"∂L/∂{picked} · 0, not chosen" in handed(trace, picked, "h[0, 1]")
    assert "は 0 です。何も通りません。" in handed(trace, picked, "h[0, 1]", "ja")
    assert "m is v" in made(trace, int(trace.find("m")))
    assert "of the type float32 again" in made(trace, int(trace.find("m")))


def test_equal_ones_share() -> None:
    with record() as rec:
        a = tracer.tensor([3.0, 3.0, 1.0], requires_grad=True).named("a")
        a.amax().named("m").backward()
    trace = Unfolding(rec.trace).read("m").trace
    picked = trace.label(trace.inputs(int(trace.find("m")))[0])
    assert f"∂m/∂{picked} / 2, shared by 2 equal ones" in handed(trace, picked, "a[0]")
    assert "同じ値 2 個で分け合う" in handed(trace, picked, "a[1]", "ja")
    assert check_trace(trace).ok


@pytest.mark.parametrize("names", [("z",), ("h",), ("m",), ("n",), ("z[0, 1]", "h[0]")])
@pytest.mark.parametrize("by", ["part", "edge", "node", "scope"])
def test_every_moment_inside_is_told_in_both_languages(names: tuple[str, ...], by: Any) -> None:
    trace = opened(*names)
    for position in range(1, len(trace) + 1, 1 if by == "part" else PARTS):
        said = explain(trace.cursor(position), by=by)
        for lang in ("en", "ja"):
            text = said.plain(lang)
            assert text
            assert "{" not in text


@pytest.mark.parametrize("name", ["mul", "add", "element", "join"])
def test_a_wrong_rule_among_many_numbers_is_found(name: str) -> None:
    """Tried side by side, or all inputs of one op at once: a rule that is 1 % off does not hide."""
    with record() as rec:
        rng = np.random.default_rng(1)
        a = tracer.tensor(rng.normal(size=(4, 5)), requires_grad=True).named("a")
        b = tracer.tensor(rng.normal(size=(5, 4)), requires_grad=True).named("b")
        c = (a @ b).named("c")
        (c * c).sum().named("L").backward()
    right = Unfolding(rec.trace).read("c").trace
    assert check_trace(right).ok
    op = OPS[name]
    spec = op.inputs[0]
    if op.joint_vjp is None:
        rule, where, field = spec.vjp, spec, "vjp"
        wrong: Any = lambda *args, **static: rule(*args, **static) * 1.01  # type: ignore[misc]  # noqa: E731
    else:
        joint, where, field = op.joint_vjp, op, "joint_vjp"  # type: ignore[assignment]

        def wrong(*args: Any, **static: Any) -> Any:
            parts = list(joint(*args, **static))
            parts[7] = None if parts[7] is None else parts[7] * 1.01
            return tuple(parts)

    kept = getattr(where, field)
    object.__setattr__(where, field, wrong)
    try:
        found = check_trace(Trace(right.columns))
    finally:
        object.__setattr__(where, field, kept)
    assert not found.ok


def test_a_gate_at_its_edge_is_a_kink_as_relu_is() -> None:
    """Unfolded or not, what goes through relu at exactly 0 cannot be checked by nudging, and that is said."""
    with record() as rec:
        x = tracer.tensor([1.0, 0.0, -1.0], requires_grad=True).named("x")
        w = tracer.tensor(2.0, requires_grad=True).named("w")
        (x.relu().named("y") * w).sum().backward()
    plain, new = check_trace(rec.trace), Unfolding(rec.trace).read("y").trace
    found = check_trace(new)
    marks = {new.label(node): found.of(node).mark for node in range(new.n_nodes)}
    assert plain.of(int(rec.trace.find("x"))).mark == marks["x"] == marks["x[1]"] == "?"
    assert marks["x[0]"] == marks["x[2]"] == marks["w"] == "✓"
    said = found.of(int(new.find("x[1]"))).reason
    assert "a kink: v" in said.en
    assert "gate(x[1]) has no single slope" in said.en
    assert sum(found.unchecked.values()) == found.unchecked["kink"] == 2


def test_equal_logits_are_no_kink_of_softmax() -> None:
    """Its largest number is taken out without a gradient: which of two equal ones won is all the same."""
    with record() as rec:
        x = tracer.zeros(1, 3, requires_grad=True).named("x")
        p = tracer.softmax(x, dim=-1).named("p")
        p[0, 1].log().backward()
    found = check_trace(Unfolding(rec.trace).read("p[0]").trace)
    assert found.ok
    assert not sum(found.unchecked.values())
