"""Random tensors: a program prints the same numbers here and in PyTorch from the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.core.both import OURS as T
from tests.core.both import alike
from tracer.core.record import record
from tracer.errors import ArgumentTypeError, DtypeError, OptionError, UnsupportedDtypeError


def test_a_seed_brings_the_same_numbers_back() -> None:
    """And they are PyTorch's: its randn(3) after manual_seed(0) prints so."""
    T.manual_seed(0)
    first = T.randn(3)
    assert repr(first) == "tensor([ 1.5410, -0.2934, -2.1788])"
    assert T.initial_seed() == 0
    state = T.get_rng_state()
    more = T.rand(2)
    T.set_rng_state(state)
    assert T.rand(2).tolist() == more.tolist()
    T.manual_seed(0)
    assert T.randn(3).tolist() == first.tolist()


def test_without_a_seed_each_start_differs() -> None:
    seeds = {T.seed() for _ in range(3)}
    assert len(seeds) == 3
    T.manual_seed(0)


def test_a_generator_of_ones_own_leaves_the_others_alone() -> None:
    T.manual_seed(1)
    expected = T.rand(2).tolist()
    T.manual_seed(1)
    mine = T.Generator().manual_seed(5)
    T.rand(7, generator=mine)
    T.randn(7, generator=mine)
    T.randint(9, (3,), generator=mine)
    T.randperm(5, generator=mine)
    T.zeros(3).uniform_(generator=mine)
    assert T.rand(2).tolist() == expected
    with pytest.raises(ArgumentTypeError, match="generator: got a int"):
        T.rand(2, generator=3)


def test_filling_in_place_is_an_update_in_a_recording() -> None:
    x = T.tensor([0.0, 0.0], requires_grad=True)
    with record() as recorder:
        (x * 2).sum()
        x.data.normal_(generator=T.Generator().manual_seed(0))
        (x * 3).sum()
    assert x.tolist() == pytest.approx([1.5409961, -0.2934289])
    assert recorder.trace is not None


@pytest.mark.parametrize("fill", ["normal_", "uniform_", "bernoulli_", "exponential_", "zero_"])
def test_a_computed_tensor_that_is_filled_forgets_what_it_was_made_from(fill: str) -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    getattr(y, fill)()
    assert y.requires_grad
    (y * x).sum().backward()
    assert x.grad.tolist() == y.tolist()


def test_the_gradient_of_a_draw_is_zero() -> None:
    p = T.tensor([0.0, 1.0, 0.5], requires_grad=True)
    drawn = T.bernoulli(p)
    assert drawn.grad_fn.name() == "BernoulliBackward0"
    drawn.sum().backward()
    assert p.grad.tolist() == [0.0, 0.0, 0.0]
    assert drawn[:2].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda: T.rand(2, dtype=T.int64), UnsupportedDtypeError, "rand: draws floating-point numbers"),
        (lambda: T.randint(5, 5, (2,)), OptionError, "from=5 >= to=5"),
        (lambda: T.randint(0, 300, (2,), dtype=T.uint8), OptionError, "high - 1 is 299, out of bounds"),
        (lambda: T.randint(3, 4), ArgumentTypeError, "do not fit"),
        (lambda: T.zeros(2).uniform_(2, 1), OptionError, "found from=2 > to=1"),
        (lambda: T.zeros(2).normal_(0, -1), OptionError, "found std -1"),
        (lambda: T.zeros(2).bernoulli_(2), OptionError, "got p=2"),
        (lambda: T.multinomial(T.tensor([1, 2]), 1), DtypeError, "only floating-point weights"),
        (lambda: T.multinomial(T.tensor([1.0, 2.0]), 3), OptionError, "cannot sample 3 of 2"),
        (lambda: T.multinomial(T.tensor([0.0, 0.0]), 1), OptionError, "sum of probabilities"),
        (lambda: T.multinomial(T.tensor([-1.0, 2.0]), 1), OptionError, "element < 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        wrong()


LINES = """
torch.rand(3) | torch.rand(2, 3) | torch.rand((2, 3)) | torch.rand(3, dtype=torch.float64) | torch.rand(0)
torch.rand(3, dtype=torch.float16) | torch.rand(2, requires_grad=True) | torch.rand(()) | torch.rand(2, 3, size=(2,))
torch.randn(3) | torch.randn(5, 7) | torch.randn(20, dtype=torch.float64) | torch.randn(2, dtype=torch.int64)
torch.randn(33, dtype=torch.float16) | torch.randn(2, 8) | [torch.randn(3), torch.randn(3)] | torch.randn(())
[torch.randn(3), torch.rand(2), torch.randn(17), torch.randn(2)] | torch.rand(-1) | torch.rand(2.5) | torch.rand()
torch.randint(5, (2,)) | torch.randint(low=2, high=5, size=(9,)) | torch.randint(5, 2) | torch.randint(1, 5)
torch.randint(2.5, (2,)) | torch.randint(0, 10, (3, 4)) | torch.randint(10, (3,), dtype=torch.float32)
torch.randint(0, 300, (2,), dtype=torch.uint8) | torch.randint(0, 5, (2,), dtype=torch.bool)
torch.randint(0, 2, (5,), dtype=torch.bool) | torch.randint(5, 5, (2,)) | torch.randint(0, 2**40, (3,))
torch.randint(0, 2, (3,), requires_grad=True) | torch.rand(2, generator=3)
torch.randperm(7) | torch.randperm(2.5) | torch.randperm(300, dtype=torch.uint8) | torch.randperm(-1)
torch.randperm(5, dtype=torch.float32) | torch.randperm(3, requires_grad=True) | torch.randperm(0)
torch.randn_like(torch.zeros(5, 7).t()) | torch.rand_like(torch.zeros(5, 7).t()) | torch.rand_like(torch.zeros(3))
torch.randint_like(torch.zeros(3), 5) | torch.randint_like(torch.zeros(3), 2, 5) | torch.randn_like(T([1, 2]))
torch.rand_like(T([1, 2]), dtype=torch.float32) | torch.randn_like(torch.zeros(3, dtype=torch.float64))
torch.normal(0., 1., (2,)) | torch.normal(0, 1, size=(2,)) | torch.normal(torch.zeros(2, 3), torch.ones(3))
torch.normal(torch.zeros(2, dtype=torch.float64), 1.) | torch.normal(0., torch.ones(20)) | torch.normal(0., -1., (2,))
torch.normal(torch.zeros(2), -torch.ones(2)) | torch.normal(T([0, 1])) | torch.normal(2., 3., (20,))
torch.bernoulli(T([.5, .1, .9])) | torch.bernoulli(T([2.])) | torch.bernoulli(T([1]))
torch.bernoulli(torch.full((9,), .3, dtype=torch.float64)) | torch.bernoulli(torch.zeros(3, requires_grad=True))
torch.zeros(3).bernoulli_(T([0., 1., 1.])) | torch.zeros(2).bernoulli_(2)
T([1., 2., 3.]).multinomial(2) | torch.multinomial(T([1., 2.]), 3) | torch.multinomial(T([1, 2]), 1)
torch.multinomial(torch.ones(3, 4), 2) | torch.multinomial(torch.ones(3), 8, replacement=True)
torch.multinomial(T([0., 0.]), 1, replacement=True) | torch.multinomial(T([-1., 2.]), 1) | torch.multinomial(T(1.), 1)
torch.multinomial(torch.zeros(2, 2, 2), 1) | torch.multinomial(T([1., 2.]), 0) | torch.multinomial(T([1., 2.]), 2.5)
torch.multinomial(T([float('nan'), 2.]), 1) | torch.multinomial(T([0., 2.]), 2) | torch.multinomial(T([0., 0.]), 1)
torch.zeros(3).normal_() | torch.zeros(20).normal_(1, 2) | torch.zeros(4, 5).t().normal_() | torch.zeros(3).uniform_(1)
torch.zeros(2).normal_(0, -1) | torch.zeros(2, dtype=torch.int64).normal_()
torch.zeros(3, requires_grad=True).normal_() | (torch.zeros(3, requires_grad=True) * 1).detach().normal_()
torch.zeros(3).uniform_(2, 1) | torch.zeros(3).uniform_(1, 1) | torch.zeros(3).uniform_(-1, 2)
torch.zeros(3).exponential_(2) | torch.zeros(3).exponential_(0) | torch.zeros(3, dtype=torch.int64).exponential_()
torch.zeros(3, dtype=torch.int64).random_(5) | torch.zeros(3, dtype=torch.int64).random_() | torch.zeros(3).random_()
torch.zeros(3, dtype=torch.uint8).random_() | torch.zeros(3, dtype=torch.bool).random_()
torch.zeros(3, dtype=torch.float64).random_() | torch.zeros(3, dtype=torch.int32).random_(2, 7)
torch.zeros(3, dtype=torch.float16).random_() | torch.zeros(3, dtype=torch.uint8).random_(0, 300)
torch.get_rng_state() | torch.Generator().get_state() | torch.set_rng_state(T([1.])) | torch.initial_seed()
torch.set_rng_state(torch.zeros(3, dtype=torch.uint8)) | torch.manual_seed(2**64) | torch.Generator().initial_seed()
torch.Generator().device
torch.randn((2,), generator=torch.Generator().manual_seed(1)) | torch.Generator().manual_seed(1.5)
"""
CODES = [code.strip() for line in LINES.strip().splitlines() for code in line.split(" | ")]


@pytest.mark.oracle
@pytest.mark.parametrize("code", CODES)
def test_lines_draw_the_same_numbers_as_in_pytorch_or_are_refused_alike(code: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    alike(torch, code.replace("T(", "torch.tensor("))


@pytest.mark.oracle
def test_a_layers_first_weights_are_pytorchs() -> None:
    """What `nn.Linear` draws: uniform within 1/√fan-in, weights then biases, in one series."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(1337)
    theirs = torch.nn.Linear(7, 5)
    T.manual_seed(1337)
    bound = float(np.sqrt(6.0 / ((1 + 5) * 7)))
    weight = T.empty(5, 7).uniform_(-bound, bound)
    bias = T.empty(5).uniform_(-1 / float(np.sqrt(7)), 1 / float(np.sqrt(7)))
    np.testing.assert_array_equal(weight._array, theirs.weight.detach().numpy())
    np.testing.assert_array_equal(bias._array, theirs.bias.detach().numpy())
