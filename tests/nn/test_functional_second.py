"""Second derivatives of the functions, beside PyTorch's: the gradient of the gradient's squared length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer.nn.functional as F
from tracer.core.autograd import grad
from tracer.core.tensor import Tensor

Call = Callable[..., Any]
LABELS = np.array([0, 2])

CALLS: dict[str, tuple[Call, list[tuple[int, ...]]]] = {
    **{
        name: (lambda f, x, name=name: getattr(f, name)(x), [(2, 3)])
        for name in ("elu", "gelu", "silu", "softplus", "sigmoid", "tanh", "mish", "logsigmoid", "celu")
    },
    "leaky_relu": (lambda f, x: f.leaky_relu(x * x * x), [(2, 3)]),
    "gelu by tanh": (lambda f, x: f.gelu(x, approximate="tanh"), [(2, 3)]),
    "softmax": (lambda f, x: f.softmax(x, 1), [(2, 3)]),
    "log_softmax": (lambda f, x: f.log_softmax(x, 0), [(2, 3)]),
    "cross_entropy": (lambda f, x, t: f.cross_entropy(x, t), [(2, 3)]),
    "cross_entropy smoothed": (lambda f, x, t: f.cross_entropy(x, t, label_smoothing=0.2, reduction="none"), [(2, 3)]),
    "nll_loss": (lambda f, x, t: f.nll_loss(x * x, t), [(2, 3)]),
    "mse_loss": (lambda f, x, y: f.mse_loss(x * x, y), [(2, 3), (2, 3)]),
    "smooth_l1_loss": (lambda f, x, y: f.smooth_l1_loss(x, y), [(2, 3), (2, 3)]),
    "huber_loss": (lambda f, x, y: f.huber_loss(x, y, reduction="sum"), [(2, 3), (2, 3)]),
    "bce": (lambda f, x: f.binary_cross_entropy(f.sigmoid(x), f.sigmoid(-x).detach()), [(2, 3)]),
    "bce of scores": (lambda f, x, y: f.binary_cross_entropy_with_logits(x, y), [(2, 3), (2, 3)]),
    "layer_norm": (lambda f, x, w, b: f.layer_norm(x, (3,), w, b), [(2, 3), (3,), (3,)]),
    "rms_norm": (lambda f, x, w: f.rms_norm(x, (3,), w, 1e-5), [(2, 3), (3,)]),
    "linear": (lambda f, x, w, b: f.linear(x, w, b), [(2, 3), (4, 3), (4,)]),
    "attention": (lambda f, q, k, v: f.scaled_dot_product_attention(q, k, v, is_causal=True), [(2, 3, 2)] * 3),
    "conv2d": (lambda f, x, w, b: f.conv2d(x, w, b, 2, 1), [(1, 2, 4, 4), (3, 2, 2, 2), (3,)]),
    "max_pool2d": (lambda f, x: f.max_pool2d(x * x, 2), [(1, 2, 4, 4)]),
    "avg_pool2d": (lambda f, x: f.avg_pool2d(x * x, 2, 1, 1), [(1, 2, 4, 4)]),
    "pad": (lambda f, x: f.pad(x * x, (1, -1)), [(2, 3)]),
    "normalize": (lambda f, x: f.normalize(x), [(2, 3)]),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", CALLS)
def test_second_derivatives_are_pytorchs(name: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    call, shapes = CALLS[name]
    rng = np.random.default_rng(5)
    arrays = [rng.normal(size=shape) for shape in shapes]
    labels = [LABELS] if "cross_entropy" in name or name == "nll_loss" else []
    mine = [Tensor._wrap(a.copy(), requires_grad=True) for a in arrays]
    yours = [torch.tensor(a, requires_grad=True) for a in arrays]

    def twice(functional: Any, xs: Any, targets: Any, gradient: Any, weigh: Any) -> Any:
        out = call(functional, *xs, *targets)
        first = gradient((out * weigh(out.shape)).sum(), xs, create_graph=True, allow_unused=True)
        length = sum((g * g).sum() for g in first if g is not None)
        return gradient(length, xs, allow_unused=True)

    def weights(shape: Any) -> np.ndarray:
        return np.random.default_rng(6).normal(size=tuple(shape))

    got = twice(F, mine, [Tensor._wrap(t) for t in labels], grad, lambda s: Tensor._wrap(np.asarray(weights(s))))
    wanted = twice(
        torch.nn.functional,
        yours,
        [torch.tensor(t) for t in labels],
        torch.autograd.grad,
        lambda s: torch.tensor(weights(s)),
    )
    for one, other, array in zip(got, wanted, arrays, strict=True):
        expected = np.zeros(array.shape) if other is None else other.numpy()
        found = np.zeros(array.shape) if one is None else one._array
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)
