"""gradcheck of functions of tensors, as PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tracer.core.functions.all  # noqa: F401  gives tensors their methods
from tracer import TracerError, gradcheck
from tracer.core.gradcheck import gradgradcheck
from tracer.core.op import OPS
from tracer.core.tensor import Tensor
from tracer.errors import GradcheckError


def tensor(values: Any, requires_grad: bool = True) -> Any:
    return Tensor._wrap(np.array(values, np.float64), requires_grad)


A, B = [[0.3, -0.7], [1.2, 0.4]], [[0.5, 1.0, -1.0], [0.1, 0.2, 0.3]]


def test_right_functions_pass() -> None:
    a, b = tensor(A), tensor(B)
    assert gradcheck(lambda a, b: (a @ b).tanh(), (a, b))
    assert gradcheck(lambda a: (a.exp(), a.sum(dim=0)), a)
    assert gradcheck(lambda a, n: a * n, (a, 3))
    assert a._grad is None, "no .grad is touched"


def test_second_derivatives_of_right_functions_pass() -> None:
    assert gradgradcheck(lambda a, b: (a @ b).tanh().sum(), (tensor(A), tensor(B)))
    assert gradgradcheck(lambda a: a.softmax(dim=1), tensor(A))
    assert gradgradcheck(lambda a: a**3, tensor(A), tensor(A))


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
def test_a_rule_that_is_one_percent_off_is_found(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = OPS["tanh"].inputs[0]
    right = spec.vjp
    assert right is not None
    object.__setattr__(spec, "vjp", lambda *args, **static: right(*args, **static) * 1.01)
    try:
        assert not gradcheck(lambda a: a.tanh(), tensor(A), raise_exception=False)
        with pytest.raises(GradcheckError, match=r"∂output\[0, 0\]/∂input\[0, 0\].*4 of 16 elements"):
            gradcheck(lambda a: a.tanh(), tensor(A))
    finally:
        object.__setattr__(spec, "vjp", right)
    assert check(lambda a: a.tanh(), tensor(A))


def test_a_detached_way_is_found() -> None:
    with pytest.raises(GradcheckError, match="output 0 with respect to input 0"):
        gradcheck(lambda a: a * a.detach(), tensor(A))


def test_float32_is_told_to_be_too_coarse() -> None:
    single = Tensor._wrap(np.array(A, np.float32), True)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda a: a.exp() * 100, single)
    assert "double()" in str(caught.value) + str(caught.value.hint)


def test_inputs_without_gradient_are_refused() -> None:
    with pytest.raises(TracerError, match="at least one input"):
        gradcheck(lambda a: a * 2, tensor(A, requires_grad=False))
    with pytest.raises(TypeError, match="output 0 is a float"):
        gradcheck(lambda a: 2.0, tensor(A))
