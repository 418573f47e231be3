"""First values for parameters, drawn as PyTorch draws them: with the same seed, the same numbers.

Each function fills its tensor in place, whether it takes gradients or not, and returns it.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from tracer.core.backend import namespace
from tracer.core.generator import Generator
from tracer.core.grad_mode import no_grad
from tracer.core.record import silence
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError

_LINEAR = ("linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
_GAINS = {"sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4} | dict.fromkeys(_LINEAR, 1.0)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much first weights are widened to make up for what the activation after them takes away.

    Args:
        nonlinearity: "linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu".
        param: the negative slope of a leaky ReLU, 0.01 unless given.

    Raises:
        ArgumentError: another name.
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ArgumentError(f"calculate_gain: negative slope {slope!r} is not a number.", where=user_line())
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ArgumentError(
            f"calculate_gain: unsupported nonlinearity {nonlinearity!r}.",
            hint=f"Known are {', '.join([*_GAINS, 'leaky_relu'])}.",
            where=user_line(),
        )
    return _GAINS[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Evenly from [a, b)."""
    with no_grad():
        return _done(tensor.uniform_(a, b, generator=generator))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """From the normal distribution."""
    with no_grad():
        return _done(tensor.normal_(mean, std, generator=generator))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """All `val`."""
    with no_grad():
        return _done(tensor.fill_(val))


def ones_(tensor: Tensor) -> Tensor:
    """All 1."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """All 0."""
    with no_grad():
        return _done(tensor.zero_())


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix.

    Raises:
        ArgumentError: not two axes.
    """
    if tensor.ndim != 2:
        raise ArgumentError(f"eye_: the tensor has {tensor.ndim} axes; it must have 2.", where=user_line())
    return _overwritten(tensor, namespace(tensor._array).eye(*tensor.shape))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Evenly from [-a, a), a = gain · √(6 / (fan_in + fan_out)).

    Raises:
        ArgumentError: fewer than two axes.

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010).
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """From the normal distribution of width gain · √(2 / (fan_in + fan_out)).

    Raises:
        ArgumentError: fewer than two axes.
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Evenly from [-b, b), b = gain · √(3 / fan).

    Args:
        tensor: (out, in, ...).
        a: the negative slope of the leaky ReLU that follows.
        mode: "fan_in" keeps the size of values on the way forward, "fan_out" that of gradients on the way back.
        nonlinearity: what follows, as for `calculate_gain`.

    Raises:
        ArgumentError: fewer than two axes, or an unknown mode or nonlinearity.

    Source: He et al., "Delving Deep into Rectifiers" (2015).
    """
    if _empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """From the normal distribution of width gain / √fan; arguments as for `kaiming_uniform_`."""
    if _empty(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """From the normal distribution cut off outside [a, b]: what falls outside is drawn again."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
    with silence(), no_grad():  # a recording sees the numbers that stay
        drawn = Tensor._wrap(namespace(tensor._array).empty_like(tensor._array))
        rule = _redrawn if inside > 0.3 else _accepted
        found = rule(drawn, mean, std, a, b, generator)
    return _overwritten(tensor, found)


def _redrawn(drawn: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None) -> Any:
    """Normal numbers; those outside are drawn anew until none is left."""
    low, high = (drawn._array.dtype.type(bound) for bound in (a, b))
    found = drawn.normal_(mean, std, generator=generator)._array.copy()
    while (outside := (found < low) | (found > high)).any():
        again = drawn.normal_(mean, std, generator=generator)._array
        found[outside] = again[outside]
    return found


def _accepted(drawn: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None) -> Any:
    """Even numbers, each kept with the likelihood it has; for a narrow part of the distribution."""
    xp = namespace(drawn._array)
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    found = xp.empty_like(drawn._array)
    pending = xp.ones(found.shape, bool)
    while pending.any():
        candidates = drawn.uniform_(a, b, generator=generator)._array
        found[pending] = candidates[pending]
        scaled = (candidates - mean) / std
        likely = scaled * scaled * -0.5 - peak
        with xp.errstate(divide="ignore"):
            pending &= xp.log(drawn.uniform_(generator=generator)._array) > likely
    return found


def _normal_cdf(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def _xavier_std(tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2.0 / float(sum(fans(tensor))))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    modes = ("fan_in", "fan_out")
    if mode not in modes:
        raise ArgumentError(
            f"kaiming: mode {mode!r} is not supported.", hint="Use 'fan_in' or 'fan_out'.", where=user_line()
        )
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[modes.index(mode)])


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs each output has, and how many outputs each input: (fan_in, fan_out).

    Args:
        tensor: (out, in) or (out, in, kernel...).

    Raises:
        ArgumentError: fewer than two axes.
    """
    if tensor.ndim < 2:
        raise ArgumentError(
            f"init: a tensor of shape {tuple(tensor.shape)} has no fan in and fan out; it needs two axes or more.",
            hint="Give a bias other first values: zeros_, uniform_, normal_.",
            where=user_line(),
            ja=f"init：形 {tuple(tensor.shape)} のテンソルには fan in と fan out がありません。軸が二本以上必要です。",
            hint_ja="バイアスには zeros_、uniform_、normal_ などを使います。",
        )
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel


def _empty(tensor: Tensor) -> bool:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return True
    return False


def _overwritten(tensor: Tensor, array: Any) -> Tensor:
    with no_grad():
        return _done(tensor.copy_(Tensor._wrap(array.astype(tensor._array.dtype), told=False)))


def _done(tensor: Any) -> Tensor:
    filled: Tensor = tensor
    return filled
