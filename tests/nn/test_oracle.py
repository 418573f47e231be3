"""Modules, first values, clipping beside PyTorch's. Skipped where PyTorch is not installed; `.ci/run` installs it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracer import nn
from tracer.core import dtype as dtypes
from tracer.core.functions.all import FUNCTIONS as T
from tracer.core.tensor import Tensor
from tracer.nn import init
from tracer.nn.utils import clip_grad_norm_, clip_grad_value_

pytestmark = pytest.mark.oracle
torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")

Rng = np.random.Generator
Build = Callable[[Any], Any]
"""A module, made of `nn` or of `torch.nn`."""


def floats(*shape: int) -> Callable[[Rng], list[Any]]:
    return lambda rng: [rng.normal(size=shape)]


def indices(high: int, *shape: int) -> Callable[[Rng], list[Any]]:
    return lambda rng: [rng.integers(0, high, size=shape)]


def classes(rng: Rng) -> list[Any]:
    return [rng.normal(size=(6, 4)), rng.integers(0, 4, size=6)]


def pairs(rng: Rng) -> list[Any]:
    return [rng.normal(size=(3, 4)), rng.uniform(size=(3, 4))]


def chances(rng: Rng) -> list[Any]:
    return [rng.uniform(0.01, 0.99, size=(3, 4)), rng.uniform(size=(3, 4))]


def tensors(lib: Any, *numbers: float) -> Any:
    """A tensor of `numbers`, of the library whose `nn` this is."""
    return T.tensor(numbers, dtype=dtypes.float64) if lib is nn else torch.tensor(numbers, dtype=torch.float64)


def residual(lib: Any) -> Any:
    """A module with a parameter, a buffer and parts of its own, shared ones among them."""

    class Residual(lib.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.norm = lib.LayerNorm(4)
            self.layers = lib.ModuleList([lib.Linear(4, 4) for _ in range(3)])
            self.again = self.layers[0]
            self.gates = lib.ParameterList([lib.Parameter(tensors(lib, 0.5, 1.0, -1.0, 2.0))])
            self.heads = lib.ModuleDict({"a": lib.Linear(4, 2), "b": lib.Sequential(lib.Linear(4, 2), lib.Tanh())})
            self.register_buffer("shift", tensors(lib, 1.0, 2.0, 3.0, 4.0))
            self.register_parameter("nothing", None)

        def forward(self, x: Any) -> Any:
            for layer in (*self.layers, self.again):
                x = x + layer(self.norm(x)) * self.gates[0]
            return self.heads["a"](x) * self.heads["b"](x + self.shift)

    return Residual()


MODULES: dict[str, tuple[Build, Callable[[Rng], list[Any]]]] = {
    "Linear": (lambda lib: lib.Linear(4, 3), floats(2, 4)),
    "Linear, 1-d": (lambda lib: lib.Linear(4, 3), floats(4)),
    "Linear, no bias": (lambda lib: lib.Linear(4, 3, bias=False), floats(2, 5, 4)),
    "Embedding": (lambda lib: lib.Embedding(5, 3), indices(5, 2, 4)),
    "Embedding, padding": (lambda lib: lib.Embedding(5, 3, padding_idx=1), indices(5, 9)),
    "LayerNorm": (lambda lib: lib.LayerNorm(4), floats(2, 3, 4)),
    "LayerNorm, two axes": (lambda lib: lib.LayerNorm((3, 4), eps=1e-3, bias=False), floats(2, 3, 4)),
    "LayerNorm, plain": (lambda lib: lib.LayerNorm([4], elementwise_affine=False), floats(2, 4)),
    "RMSNorm": (lambda lib: lib.RMSNorm(4), floats(2, 3, 4)),
    "RMSNorm, two axes": (lambda lib: lib.RMSNorm((3, 4), eps=1e-5, elementwise_affine=False), floats(2, 3, 4)),
    "Dropout, none": (lambda lib: lib.Dropout(0.0), floats(3)),
    "Dropout, all": (lambda lib: lib.Dropout(1.0), floats(3)),
    "Dropout, eval": (lambda lib: lib.Dropout(0.5).eval(), floats(3)),
    "ReLU": (lambda lib: lib.ReLU(), floats(3, 4)),
    "LeakyReLU": (lambda lib: lib.LeakyReLU(0.2), floats(3, 4)),
    "GELU": (lambda lib: lib.GELU(), floats(3, 4)),
    "GELU, tanh": (lambda lib: lib.GELU("tanh"), floats(3, 4)),
    "SiLU": (lambda lib: lib.SiLU(), floats(3, 4)),
    "Sigmoid": (lambda lib: lib.Sigmoid(), floats(3, 4)),
    "Tanh": (lambda lib: lib.Tanh(), floats(3, 4)),
    "Softmax": (lambda lib: lib.Softmax(dim=1), floats(3, 4)),
    "LogSoftmax": (lambda lib: lib.LogSoftmax(dim=-2), floats(3, 4)),
    "Softplus": (lambda lib: lib.Softplus(beta=2.0, threshold=1.0), floats(3, 4)),
    "Mish": (lambda lib: lib.Mish(), floats(3, 4)),
    "ELU": (lambda lib: lib.ELU(0.5), floats(3, 4)),
    "SELU": (lambda lib: lib.SELU(), floats(3, 4)),
    "CELU": (lambda lib: lib.CELU(0.5), floats(3, 4)),
    "Hardtanh": (lambda lib: lib.Hardtanh(-0.5, 0.25), floats(3, 4)),
    "ReLU6": (lambda lib: lib.ReLU6(), lambda rng: [rng.normal(size=(3, 4)) * 6]),
    "LogSigmoid": (lambda lib: lib.LogSigmoid(), floats(3, 4)),
    "Softsign": (lambda lib: lib.Softsign(), floats(3, 4)),
    "Tanhshrink": (lambda lib: lib.Tanhshrink(), floats(3, 4)),
    "Softmin": (lambda lib: lib.Softmin(dim=1), floats(3, 4)),
    "Identity": (lambda lib: lib.Identity(3, unused=True), floats(3)),
    "Flatten": (lambda lib: lib.Flatten(), floats(2, 3, 4)),
    "Flatten, some": (lambda lib: lib.Flatten(-2, -1), floats(2, 3, 4)),
    "Conv2d": (lambda lib: lib.Conv2d(2, 4, 3), floats(2, 2, 5, 6)),
    "Conv2d, options": (
        lambda lib: lib.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=2, groups=2, bias=False),
        floats(2, 4, 7, 6),
    ),
    "Conv2d, same": (lambda lib: lib.Conv2d(2, 3, (3, 5), padding="same"), floats(2, 5, 6)),
    "Conv2d, reflect": (lambda lib: lib.Conv2d(2, 3, 3, padding=(1, 2), padding_mode="reflect"), floats(1, 2, 5, 6)),
    "Conv2d, circular": (lambda lib: lib.Conv2d(2, 3, 3, padding="same", padding_mode="circular"), floats(1, 2, 5, 6)),
    "MaxPool2d": (lambda lib: lib.MaxPool2d(2), floats(1, 2, 5, 6)),
    "MaxPool2d, options": (lambda lib: lib.MaxPool2d((3, 2), 1, 1, ceil_mode=True), floats(1, 2, 5, 6)),
    "AvgPool2d": (
        lambda lib: lib.AvgPool2d((3, 2), 2, 1, ceil_mode=True, count_include_pad=False),
        floats(1, 2, 5, 6),
    ),
    "CrossEntropyLoss": (lambda lib: lib.CrossEntropyLoss(), classes),
    "CrossEntropyLoss, options": (
        lambda lib: lib.CrossEntropyLoss(
            weight=tensors(lib, 1.0, 2.0, 0.5, 1.5), ignore_index=2, reduction="sum", label_smoothing=0.1
        ),
        classes,
    ),
    "NLLLoss": (lambda lib: lib.NLLLoss(weight=tensors(lib, 1.0, 2.0, 0.5, 1.5), reduction="none"), classes),
    "MSELoss": (lambda lib: lib.MSELoss(), pairs),
    "MSELoss, sum": (lambda lib: lib.MSELoss(reduction="sum"), pairs),
    "L1Loss": (lambda lib: lib.L1Loss(), pairs),
    "SmoothL1Loss": (lambda lib: lib.SmoothL1Loss(beta=0.5), pairs),
    "HuberLoss": (lambda lib: lib.HuberLoss(delta=0.5, reduction="sum"), pairs),
    "KLDivLoss": (lambda lib: lib.KLDivLoss(reduction="batchmean"), pairs),
    "BCELoss": (lambda lib: lib.BCELoss(weight=tensors(lib, 1.0, 2.0, 0.5, 1.5)), chances),
    "BCEWithLogitsLoss": (lambda lib: lib.BCEWithLogitsLoss(pos_weight=tensors(lib, 1.0, 2.0, 0.5, 1.5)), pairs),
    "Sequential": (lambda lib: lib.Sequential(lib.Linear(4, 3), lib.ReLU(), lib.Linear(3, 1)), floats(5, 4)),
    "Residual": (residual, floats(5, 4)),
}


def both(name: str) -> tuple[Any, Any]:
    """The module of ours and of PyTorch's, in float64, with PyTorch's numbers in both."""
    build, _ = MODULES[name]
    mine, yours = build(nn).double(), build(torch.nn).double()
    if not all(p.numel() == 0 for p in yours.parameters()):
        with torch.no_grad():
            for p in yours.parameters():
                p.copy_(torch.randn(p.shape, dtype=torch.float64))
    report = mine.load_state_dict({key: Tensor._wrap(one.numpy().copy()) for key, one in yours.state_dict().items()})
    assert repr(report) == "<All keys matched successfully>"
    return mine, yours


def inputs(arrays: list[Any]) -> tuple[list[Any], list[Any]]:
    """Tensors of both sides; the first takes gradients, if it holds floats."""
    wants = [i == 0 and array.dtype.kind == "f" for i, array in enumerate(arrays)]
    return (
        [Tensor._wrap(array.copy(), want) for array, want in zip(arrays, wants, strict=True)],
        [torch.tensor(array, requires_grad=want) for array, want in zip(arrays, wants, strict=True)],
    )


def agree(mine: Any, yours: Any) -> None:
    if yours is None:
        assert mine is None
    else:
        assert tuple(mine.shape) == tuple(yours.shape)
        np.testing.assert_allclose(mine._array, yours.detach().numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("cases", [10, pytest.param(200, marks=pytest.mark.deep)])
def test_modules_have_pytorchs_outputs_and_gradients(name: str, cases: int) -> None:
    """Gradients of every parameter and of the input, for a random gradient of the output."""
    torch.manual_seed(0)
    for seed in range(cases):
        mine, yours = both(name)
        rng = np.random.default_rng(seed)
        given_mine, given_yours = inputs(MODULES[name][1](rng))
        out_mine, out_yours = mine(*given_mine), yours(*given_yours)
        agree(out_mine, out_yours)
        if out_yours.requires_grad:
            g = rng.normal(size=tuple(out_yours.shape))
            out_mine.backward(Tensor._wrap(np.array(g)))
            out_yours.backward(torch.tensor(g))
        agree(given_mine[0].grad, given_yours[0].grad)
        for (name_mine, p), (name_yours, q) in zip(mine.named_parameters(), yours.named_parameters(), strict=True):
            assert name_mine == name_yours
            agree(p.grad, q.grad)


MORE_TEXTS: list[Build] = [
    lambda lib: lib.ReLU(inplace=True),
    lambda lib: lib.LeakyReLU(inplace=True),
    lambda lib: lib.SiLU(inplace=True),
    lambda lib: lib.ELU(inplace=True),
    lambda lib: lib.Hardtanh(inplace=True),
    lambda lib: lib.Softmax(),
    lambda lib: lib.Conv2d(3, 4, 3, padding="same"),
    lambda lib: lib.MaxPool2d(3, stride=2, padding=1),
    lambda lib: lib.Sequential(),
    lambda lib: lib.ModuleList(),
    lambda lib: lib.ModuleDict(),
    lambda lib: lib.ParameterList(),
    lambda lib: lib.ModuleList([lib.Linear(1, 1)] * 2 + [lib.ReLU()] + [lib.Sequential(lib.Linear(1, 2))] * 3),
    lambda lib: lib.Sequential(lib.ModuleList([lib.Linear(1, 1)]), lib.Sequential(lib.ReLU(), lib.Tanh())),
]


@pytest.mark.parametrize("build", [*(build for build, _ in MODULES.values()), *MORE_TEXTS])
def test_modules_print_as_pytorchs(build: Build) -> None:
    assert repr(build(nn)) == repr(build(torch.nn))


@pytest.mark.parametrize("name", MODULES)
def test_states_have_pytorchs_names_and_shapes(name: str) -> None:
    """In the same order, so that weights go either way."""
    mine, yours = MODULES[name][0](nn), MODULES[name][0](torch.nn)
    shapes = [{key: tuple(one.shape) for key, one in module.state_dict().items()} for module in (mine, yours)]
    assert list(shapes[0].items()) == list(shapes[1].items())
    for walk in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [key for key, _ in getattr(mine, walk)()] == [key for key, _ in getattr(yours, walk)()]
    yours.load_state_dict({key: torch.from_numpy(one._array.copy()) for key, one in mine.state_dict().items()})


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_first_values_are_pytorchs(name: str, seed: int) -> None:
    """After the same `manual_seed` the same numbers, to the last bit, in float32."""
    T.manual_seed(seed)
    torch.manual_seed(seed)
    mine, yours = MODULES[name][0](nn), MODULES[name][0](torch.nn)
    for (key, p), q in zip(mine.state_dict().items(), yours.state_dict().values(), strict=True):
        np.testing.assert_array_equal(p._array, q.numpy(), err_msg=key)


FILLS: list[Callable[[Any, Any], Any]] = [
    lambda lib, t: lib.uniform_(t, -3.0, 2.0),
    lambda lib, t: lib.normal_(t, 1.0, 0.02),
    lambda lib, t: lib.xavier_uniform_(t, gain=1.5),
    lambda lib, t: lib.xavier_normal_(t),
    lambda lib, t: lib.kaiming_uniform_(t, a=math.sqrt(5)),
    lambda lib, t: lib.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"),
    lambda lib, t: lib.kaiming_normal_(t, nonlinearity="tanh"),
    lambda lib, t: lib.trunc_normal_(t, std=0.5, a=-0.4, b=0.6),
    lambda lib, t: lib.trunc_normal_(t, mean=0.1, std=0.02),
    lambda lib, t: lib.trunc_normal_(t, a=1.5, b=2.5),
]


@pytest.mark.parametrize("fill", range(len(FILLS)))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 2, 2), (40, 30)])
def test_init_draws_pytorchs_numbers(fill: int, dtype: str, shape: tuple[int, ...]) -> None:
    T.manual_seed(3)
    torch.manual_seed(3)
    mine = FILLS[fill](init, T.empty(*shape, dtype=getattr(dtypes, dtype)))
    yours = FILLS[fill](torch.nn.init, torch.empty(*shape, dtype=getattr(torch, dtype)))
    np.testing.assert_array_equal(mine._array, yours.numpy())
    assert T.rand(1).item() == torch.rand(1).item()  # both have drawn equally often


def grads(rng: Rng, count: int) -> Iterator[Any]:
    for _ in range(count):
        yield rng.normal(size=tuple(rng.integers(1, 4, size=rng.integers(0, 4))))


@settings(max_examples=100)
@given(
    seed=st.integers(0, 2**32 - 1),
    limit=st.floats(0.01, 5),
    kind=st.sampled_from([1.0, 2.0, 3.0, math.inf]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_clipping_is_pytorchs(seed: int, limit: float, kind: float, dtype: Any) -> None:
    """The norm returned and every gradient after."""
    rng = np.random.default_rng(seed)
    arrays = [np.array(one, dtype) for one in grads(rng, int(rng.integers(1, 4)))]
    mine = [Tensor._wrap(np.zeros_like(one), True) for one in arrays]
    yours = [torch.zeros(one.shape, dtype=torch.from_numpy(one).dtype, requires_grad=True) for one in arrays]
    for p, q, one in zip(mine, yours, arrays, strict=True):
        p.grad, q.grad = Tensor._wrap(one.copy()), torch.tensor(one)
    mine.append(Tensor._wrap(np.zeros(2), True))  # without a gradient
    rtol = 1e-5 if dtype is np.float32 else 1e-10
    norm, theirs = clip_grad_norm_(mine, limit, kind), torch.nn.utils.clip_grad_norm_(yours, limit, kind)
    assert norm.item() == pytest.approx(theirs.item(), rel=rtol)
    assert str(norm.dtype) == str(theirs.dtype)
    for clip in (lambda: None, lambda: (clip_grad_value_(mine, 0.1), torch.nn.utils.clip_grad_value_(yours, 0.1))):
        clip()
        for p, q in zip(mine, yours, strict=False):
            np.testing.assert_allclose(p.grad._array, q.grad.numpy(), rtol=rtol)


WRONG: list[Callable[[Any], Any]] = [
    lambda lib: lib.Linear(4, 3).load_state_dict({}),
    lambda lib: lib.Linear(4, 3).load_state_dict(lib.Linear(4, 2).state_dict(), strict=False),
    lambda lib: lib.Linear(4, 3).load_state_dict([]),
    lambda lib: lib.Linear(4, 3).load_state_dict(lib.Sequential(lib.Linear(4, 3)).state_dict()),
    lambda lib: lib.Linear(4, 3).get_submodule("x"),
    lambda lib: lib.Linear(4, 3).get_parameter("x"),
    lambda lib: lib.Linear(4, 3).missing,
    lambda lib: setattr(lib.Linear(4, 3), "weight", 1.0),
    lambda lib: setattr(lib.Sequential(lib.ReLU()), "0", 1.0),
    lambda lib: lib.Module().add_module("a.b", lib.ReLU()),
    lambda lib: lib.Module().add_module("", lib.ReLU()),
    lambda lib: lib.Module().add_module("x", 1),
    lambda lib: lib.Linear(1, 1).register_buffer("weight", None),
    lambda lib: lib.Module().register_parameter("x", 1.0),
    lambda lib: lib.Module()(1),
    lambda lib: lib.ModuleList([lib.ReLU()])[3],
    lambda lib: lib.Sequential(lib.ReLU())[-2],
    lambda lib: lib.ModuleDict()["x"],
    lambda lib: lib.ModuleList(3),
    lambda lib: lib.Dropout(1.5),
    lambda lib: lib.Conv2d(3, 4, 3, groups=2),
    lambda lib: lib.Conv2d(3, 4, 3, padding="same", stride=2),
    lambda lib: lib.Conv2d(3, 4, 3, padding_mode="odd"),
    lambda lib: lib.Linear(4, 3).train("yes"),
    lambda lib: lib.Linear(4, 3).to(dtypes.int64 if lib is nn else torch.int64),
    lambda lib: lib.init.xavier_normal_(lib.Linear(4, 3).bias),
    lambda lib: lib.init.kaiming_normal_(lib.Linear(4, 3).weight, mode="in"),
    lambda lib: lib.init.calculate_gain("swish"),
]


@pytest.mark.parametrize("wrong", range(len(WRONG)))
def test_what_pytorch_refuses_is_refused_with_its_kind_of_error(wrong: int) -> None:
    with pytest.raises(Exception) as theirs:  # noqa: PT011  whatever PyTorch raises
        WRONG[wrong](torch.nn)
    with pytest.raises(theirs.type):
        WRONG[wrong](nn)
