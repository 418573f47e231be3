"""Autograd behaves as PyTorch's: what accumulates, what is freed, what raises, what a graph's nodes are called.

`run` gives each program to tracer and, where it is installed, to PyTorch, and compares what they say.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from typing import Any

import pytest

import tracer

torch: Any = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
oracle = [pytest.mark.oracle, pytest.mark.skipif(torch is None, reason="no PyTorch")]
both = pytest.mark.parametrize(
    "torch_", [pytest.param(tracer, id="tracer"), pytest.param(torch, id="torch", marks=oracle)]
)


def numbers(x: Any) -> Any:
    return None if x is None else x.detach().tolist()


@both
def test_leaves_accumulate_and_inner_nodes_keep_nothing(torch_: Any) -> None:
    x = torch_.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.sum().backward()
    assert numbers(x.grad) == [2.0, 4.0]
    (x * 3).sum().backward()
    assert numbers(x.grad) == [5.0, 7.0]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert y.grad is None
    assert "leaf" in str(said[0].message)


@both
def test_zeroing_to_zeros_and_to_none(torch_: Any) -> None:
    x = torch_.tensor(2.0, requires_grad=True)
    (x**2).backward()
    kept = x.grad
    x.grad.zero_()
    assert (numbers(x.grad), x.grad is kept) == (0.0, True)
    (x**3).backward()
    assert numbers(x.grad) == 12.0
    x.grad = None
    assert x.grad is None


@both
def test_a_graph_is_freed_by_its_pass_unless_kept(torch_: Any) -> None:
    x = torch_.tensor(3.0, requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert numbers(x.grad) == 12.0
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


@both
def test_an_op_that_kept_nothing_can_be_passed_twice(torch_: Any) -> None:
    x = torch_.tensor(3.0, requires_grad=True)
    y = x + 2
    y.backward()
    y.backward()
    assert numbers(x.grad) == 2.0


@both
def test_two_losses_that_share_a_freed_part(torch_: Any) -> None:
    w = torch_.tensor([1.0, 2.0], requires_grad=True)
    shared = torch_.exp(w)
    (shared * 2).sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        (shared * 3).sum().backward()


@both
def test_detach_and_no_grad_cut_the_graph(torch_: Any) -> None:
    x = torch_.tensor(2.0, requires_grad=True)
    y = x * x.detach()
    y.backward()
    assert numbers(x.grad) == 2.0
    with torch_.no_grad():
        z = x * 2
        assert not torch_.is_grad_enabled()
        with torch_.enable_grad():
            assert (x * 2).requires_grad
    assert not z.requires_grad
    assert z.grad_fn is None

    @torch_.no_grad()
    def silent() -> Any:
        return x * 2

    assert not silent().requires_grad
    with torch_.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad
    with pytest.raises(RuntimeError, match="does not require grad"):
        z.backward()


@both
def test_detach_shares_memory_and_version(torch_: Any) -> None:
    x = torch_.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1.0
    shared = y.detach()
    shared[0] = 7.0
    assert numbers(y) == [7.0, 2.0]
    assert y._version == shared._version == 1


@both
def test_requires_grad_is_for_floats_and_leaves(torch_: Any) -> None:
    x = torch_.tensor([1, 2])
    with pytest.raises(RuntimeError, match="floating point"):
        x.requires_grad_()
    y = torch_.tensor([1.0]).requires_grad_() * 2
    with pytest.raises(RuntimeError, match="leaf"):
        y.requires_grad = False
    assert torch_.tensor([1.0]).requires_grad_().requires_grad
    assert not torch_.tensor([1.0], requires_grad=True).requires_grad_(False).requires_grad


NAMES: list[tuple[str, Callable[[Any, Any], Any]]] = [
    ("AddBackward0", lambda t, x: x + 2),
    ("AddBackward0", lambda t, x: 2 + x),
    ("SubBackward0", lambda t, x: x - 2),
    ("RsubBackward1", lambda t, x: 2 - x),
    ("MulBackward0", lambda t, x: 2 * x),
    ("DivBackward0", lambda t, x: x / 2),
    ("PowBackward0", lambda t, x: x**2),
    ("PowBackward1", lambda t, x: x**x),
    ("NegBackward0", lambda t, x: -x),
    ("ExpBackward0", lambda t, x: x.exp()),
    ("ReluBackward0", lambda t, x: t.relu(x)),
    ("SumBackward0", lambda t, x: x.sum()),
    ("SumBackward1", lambda t, x: x.sum(dim=0)),
    ("MeanBackward0", lambda t, x: x.mean()),
    ("MmBackward0", lambda t, x: x @ x),
    ("MvBackward0", lambda t, x: x @ x[0]),
    ("DotBackward0", lambda t, x: x[0] @ x[1]),
    ("TBackward0", lambda t, x: x.t()),
    ("PermuteBackward0", lambda t, x: x.permute(1, 0)),
    ("ViewBackward0", lambda t, x: x.view(4)),
    ("SelectBackward0", lambda t, x: x[0]),
    ("CatBackward0", lambda t, x: t.cat([x, x])),
    ("SoftmaxBackward0", lambda t, x: t.softmax(x, 0)),
    ("LogSoftmaxBackward0", lambda t, x: t.log_softmax(x, 0)),
]


@both
@pytest.mark.parametrize(("name", "make"), NAMES)
def test_grad_fn_has_pytorchs_name(torch_: Any, name: str, make: Callable[[Any, Any], Any]) -> None:
    x = torch_.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = make(torch_, x)
    assert y.grad_fn.name() == name
    assert repr(y.grad_fn).startswith(f"<{name} object at 0x")
    assert f"grad_fn=<{name}>" in repr(y)


@both
def test_next_functions_lead_to_the_leaves(torch_: Any) -> None:
    x = torch_.tensor(1.0, requires_grad=True)
    y = torch_.tensor(2.0, requires_grad=True)
    loss = (x * y + x) ** 2
    add = loss.grad_fn.next_functions[0][0]
    assert add.name() == "AddBackward0"
    mul, end = (fn for fn, _ in add.next_functions)
    assert (mul.name(), repr(end).split()[0]) == ("MulBackward0", "<AccumulateGrad")
    assert end.variable is x
    assert [fn.variable is leaf for (fn, _), leaf in zip(mul.next_functions, (x, y), strict=True)] == [True, True]
    assert (x + 2).grad_fn.next_functions[1] == (None, 0)
    assert x.grad_fn is None


@both
@pytest.mark.parametrize(
    ("change", "make"),
    [
        ("x", lambda t, x: x * x),
        ("x", lambda t, x: x**2),
        ("y", lambda t, x: x.exp()),
        ("y", lambda t, x: t.tanh(x)),
        ("y", lambda t, x: t.relu(x)),
        ("y", lambda t, x: t.softmax(x, 0)),
    ],
)
def test_overwriting_what_backward_needs_is_found_out(torch_: Any, change: str, make: Any) -> None:
    leaf = torch_.tensor([0.5, 1.5], requires_grad=True)
    x = leaf * 1.0
    y = make(torch_, x)
    (x if change == "x" else y).mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@both
@pytest.mark.parametrize(
    ("change", "make", "expected"),
    [
        ("x", lambda t, x: x + 2, [1.0, 1.0]),
        ("x", lambda t, x: t.relu(x), [1.0, 1.0]),
        ("x", lambda t, x: x.sum(), [1.0, 1.0]),
        ("y", lambda t, x: x * 3, [6.0, 6.0]),
    ],
)
def test_overwriting_what_backward_does_not_need_is_fine(torch_: Any, change: str, make: Any, expected: Any) -> None:
    leaf = torch_.tensor([0.5, 1.5], requires_grad=True)
    x = leaf * 1.0
    y = make(torch_, x)
    (x if change == "x" else y).mul_(2)
    y.sum().backward()
    assert numbers(leaf.grad) == expected


@both
def test_a_computed_tensor_can_be_overwritten_and_gradient_follows(torch_: Any) -> None:
    w = torch_.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = w * 2
    y += w
    y *= 2
    y[0] = w[2] * 5
    y[1:] *= 3
    assert numbers(y) == [15.0, 36.0, 54.0]
    y.sum().backward()
    assert numbers(w.grad) == [0.0, 18.0, 23.0]


@both
def test_a_plain_tensor_takes_over_history_when_a_gradient_is_written_into_it(torch_: Any) -> None:
    w = torch_.tensor([1.0, 2.0], requires_grad=True)
    x = torch_.zeros(3)
    x[:2] = w * 3
    assert x.requires_grad
    x.sum().backward()
    assert numbers(w.grad) == [3.0, 3.0]


@both
def test_leaves_are_overwritten_only_without_gradients(torch_: Any) -> None:
    w = torch_.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        w += 1
    with pytest.raises(RuntimeError, match="a view of a leaf Variable"):
        w[0] += 1
    with torch_.no_grad():
        w += 1
        w[0] = 5.0
        w.mul_(2)
    assert numbers(w) == [10.0, 6.0]
    w.data -= 1
    assert numbers(w) == [9.0, 5.0]
    assert w.is_leaf
    assert w.requires_grad


@both
def test_in_place_results_must_fit(torch_: Any) -> None:
    x = torch_.zeros(3)
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        x += torch_.zeros(2, 3)
    n = torch_.zeros(3, dtype=torch_.int64)
    with pytest.raises(RuntimeError, match="can't be cast"):
        n += 0.5


@both
def test_backward_starts_from_a_given_gradient(torch_: Any) -> None:
    x = torch_.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with pytest.raises(RuntimeError, match="scalar outputs"):
        y.backward()
    with pytest.raises(RuntimeError, match=r"[Mm]ismatch in shape"):
        y.backward(gradient=torch_.ones(3))
    y.backward(gradient=torch_.tensor([1.0, 10.0]))
    assert numbers(x.grad) == [2.0, 40.0]


@both
def test_backward_into_some_leaves_only(torch_: Any) -> None:
    x = torch_.tensor(2.0, requires_grad=True)
    y = torch_.tensor(3.0, requires_grad=True)
    (x * y).backward(inputs=[x])
    assert numbers(x.grad) == 3.0
    assert y.grad is None


@both
def test_several_roots_in_one_call(torch_: Any) -> None:
    x = torch_.tensor(2.0, requires_grad=True)
    a, b = x * 2, x * x
    torch_.autograd.backward([a, b], [torch_.tensor(1.0), torch_.tensor(10.0)])
    assert numbers(x.grad) == 42.0


@both
def test_retain_grad_keeps_an_inner_gradient(torch_: Any) -> None:
    x = torch_.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    assert numbers(y.grad) == [4.0, 8.0]
    assert y.retains_grad
    with pytest.raises(RuntimeError):
        torch_.tensor([1.0]).retain_grad()


@both
def test_hooks_see_and_may_replace_a_gradient(torch_: Any) -> None:
    x = torch_.tensor([1.0, 2.0], requires_grad=True)
    seen: list[Any] = []
    y = x * 3
    handle = y.register_hook(lambda g: seen.append(numbers(g)))
    y.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    y.sum().backward()
    assert seen == [[1.0, 1.0]]
    assert numbers(x.grad) == [31.0, 31.0]
    handle.remove()
    (y * 1 if False else x * 3).sum().backward()
    assert seen == [[1.0, 1.0]]
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        torch_.tensor([1.0]).register_hook(lambda g: g)


@both
def test_autograd_grad_leaves_grads_alone(torch_: Any) -> None:
    x = torch_.tensor(2.0, requires_grad=True)
    y = torch_.tensor(5.0, requires_grad=True)
    a = x * y
    ga, gy = torch_.autograd.grad(a * a, [a, y])
    assert (numbers(ga), numbers(gy)) == (20.0, 40.0)
    assert x.grad is None
    unused = torch_.tensor(1.0, requires_grad=True)
    with pytest.raises(RuntimeError, match="not have been used"):
        torch_.autograd.grad(x * 2, unused)
    assert torch_.autograd.grad(x * 2, unused, allow_unused=True) == (None,)
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch_.autograd.grad(x * 2, torch_.tensor(1.0))


@both
def test_a_power_is_differentiated_down_to_the_zeros(torch_: Any) -> None:
    """x^3, 3 x^2, 6 x, 6, 0: the 6 is still a function of x, as a loop that differentiates on and on asks."""
    x = torch_.tensor(2.0, requires_grad=True)
    y, found = x**3, []
    for _ in range(4):
        (y,) = torch_.autograd.grad(y, x, create_graph=True)
        found.append(numbers(y))
    assert found == [12.0, 12.0, 6.0, 0.0]
    assert not y.requires_grad


@both
def test_a_second_slope_of_relu_is_zero_and_not_missing(torch_: Any) -> None:
    x = torch_.tensor([-1.0, 2.0], requires_grad=True)
    (first,) = torch_.autograd.grad((torch_.relu(x) * 3).sum(), x, create_graph=True)
    (second,) = torch_.autograd.grad(first.sum(), x)
    assert [numbers(first), numbers(second)] == [[0.0, 3.0], [0.0, 0.0]]


@both
def test_second_and_third_derivatives(torch_: Any) -> None:
    x = torch_.tensor(2.0, requires_grad=True)
    y = x**4
    (first,) = torch_.autograd.grad(y, x, create_graph=True)
    (second,) = torch_.autograd.grad(first, x, create_graph=True)
    (third,) = torch_.autograd.grad(second, x)
    assert [numbers(g) for g in (first, second, third)] == [32.0, 48.0, 48.0]
    penalty = (torch_.autograd.grad((x * x).sum(), x, create_graph=True)[0] ** 2).sum()
    penalty.backward()
    assert numbers(x.grad) == 16.0


@both
def test_backward_with_create_graph_makes_grads_that_have_history(torch_: Any) -> None:
    x = torch_.tensor(3.0, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of the cycle
        (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (g,) = torch_.autograd.grad(x.grad, x)
    assert (numbers(x.grad), numbers(g)) == (27.0, 18.0)
    x.grad = None


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
@both
def test_forward_mode_and_jacobians(torch_: Any) -> None:
    functional = torch_.autograd.functional

    def f(x: Any) -> Any:
        return x**2 * torch_.tensor([1.0, 10.0])

    x = torch_.tensor([1.0, 2.0])
    out, moved = functional.jvp(f, x, torch_.tensor([1.0, 1.0]))
    assert (numbers(out), numbers(moved)) == ([1.0, 40.0], [2.0, 40.0])
    assert numbers(functional.vjp(f, x, torch_.tensor([1.0, 1.0]))[1]) == [2.0, 40.0]
    assert numbers(functional.jacobian(f, x)) == [[2.0, 0.0], [0.0, 40.0]]
    assert numbers(functional.hessian(lambda x: (x**3).sum(), x)) == [[6.0, 0.0], [0.0, 12.0]]
    assert numbers(functional.hvp(lambda x: (x**3).sum(), x, torch_.tensor([1.0, 1.0]))[1]) == [6.0, 12.0]
    assert numbers(torch_.func.jvp(f, (x,), (torch_.tensor([1.0, 0.0]),))[1]) == [2.0, 0.0]
    assert numbers(torch_.func.grad(lambda x: (x**3).sum())(x)) == [3.0, 12.0]
    assert numbers(torch_.func.hessian(lambda x: (x**3).sum())(x)) == [[6.0, 0.0], [0.0, 12.0]]


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
@both
def test_functions_of_functions_hand_out_no_graph_of_their_own(torch_: Any) -> None:
    """Unless it leads to what the caller differentiates by: an argument, or a weight the function knows."""
    func, x = torch_.func, torch_.tensor([1.0, 2.0])
    w = torch_.tensor([1.0, 2.0], requires_grad=True)

    def cubes(x: Any) -> Any:
        return (x**3).sum()

    found = [func.grad(cubes)(x), *func.grad_and_value(cubes)(x), func.jacrev(lambda x: x**2)(x)]
    found += [func.grad(lambda x: cubes(func.grad(cubes)(x)))(x), func.jvp(cubes, (x,), (x,))[1]]
    out, back = func.vjp(lambda x: x**2, x)
    assert not any(one.requires_grad for one in (*found, out, *back(x)))
    assert numbers(found[-2]) == [162.0, 5184.0]
    assert func.grad(cubes)(w).requires_grad
    func.grad(lambda x: (x * w**2).sum())(x).sum().backward()
    assert numbers(w.grad) == [2.0, 4.0]


@both
def test_the_manual_network_of_the_documents_updates_plain_tensors_in_place(torch_: Any) -> None:
    w = torch_.ones(2, 2) * 0.5
    w -= 0.1 * torch_.ones(2, 2)
    assert numbers(w.sum()) == pytest.approx(1.6)
    mask = (w > 0).float()
    assert numbers(mask) == [[1.0, 1.0], [1.0, 1.0]]


@both
@pytest.mark.parametrize("turn", ["v", "v.t()", "v.permute(2, 0, 1)", "v.expand(2, 3, 4)"])
def test_writing_into_a_view_of_any_order_reaches_base_and_leaf(torch_: Any, turn: str) -> None:
    shape = (3, 4) if turn != "v.permute(2, 0, 1)" else (2, 3, 4)
    leaf = torch_.ones(*shape, requires_grad=True)
    base = eval(turn, {"v": leaf * 2.0}).clone()
    base[1].mul_(5)
    base[..., 0] += 1
    (base * base).sum().backward()
    assert numbers(base[1]) == numbers(eval(turn, {"v": leaf * 2.0})[1] * 5 + torch_.eye(base.shape[-1])[0])
    gradient = 2 * base.detach() * 2.0
    gradient[1] *= 5
    back = {"v.t()": lambda g: g.t(), "v.permute(2, 0, 1)": lambda g: g.permute(1, 2, 0), "v": lambda g: g}
    assert numbers(leaf.grad) == numbers(back.get(turn, lambda g: g.sum(0))(gradient))


@both
def test_second_derivatives_of_a_fat_op_that_takes_one_tensor_several_times(torch_: Any) -> None:
    """Each use counts once, also where one input was made from another."""
    attention = importlib.import_module(f"{torch_.__name__}.nn.functional").scaled_dot_product_attention
    x = torch_.tensor([[0.1, -0.4], [0.7, 0.2], [-0.3, 0.5]], dtype=torch_.float64, requires_grad=True)
    y = attention(x, x.tanh(), x)
    (g,) = torch_.autograd.grad((y * y).sum(), x, create_graph=True)
    (h,) = torch_.autograd.grad((g * g).sum(), x)
    expected = [[1.5934352, 0.8784120], [2.3111570, 1.2763854], [1.6822568, 0.8855899]]
    assert [pytest.approx(row, abs=1e-6) for row in expected] == numbers(h)
