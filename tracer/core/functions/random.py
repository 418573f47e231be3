"""Random tensors: from equal seeds the same numbers as PyTorch's on a CPU.

Numbers are drawn on the host and moved to the tensor's device, so that a seed means the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tracer.core import draw
from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.backend import move, to_host
from tracer.core.functions.arguments import int_of
from tracer.core.functions.inplace import set_numbers as set_numbers
from tracer.core.functions.making import Array, Dtype, blank_like, chosen, leaf, room, shape_of
from tracer.core.functions.registry import function
from tracer.core.generator import Generator, default_generator
from tracer.core.ops.random import BERNOULLI
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, DtypeError, OptionError, ShapeError, UnsupportedDtypeError

# Seeds


@function(method=False)
def manual_seed(seed: Any) -> Generator:
    """Start the random numbers over: from equal seeds follow equal numbers. Returns the generator."""
    return default_generator.manual_seed(int(seed))


@function(method=False)
def seed() -> int:
    """Start the random numbers over from a seed nobody can know, and return it."""
    return default_generator.seed()


@function(method=False)
def initial_seed() -> int:
    """The seed the random numbers were last started from."""
    return default_generator.initial_seed()


@function(method=False)
def get_rng_state() -> Tensor:
    """Everything that decides which numbers come next, as bytes."""
    return default_generator.get_state()


@function(method=False)
def set_rng_state(new_state: Tensor) -> None:
    """Go on from what `get_rng_state` gave."""
    default_generator.set_state(new_state)


# New tensors


@function(method=False)
def rand(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Dtype = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform numbers in [0, 1): `rand(2, 3)` or `rand((2, 3))`."""
    array = room("rand", shape_of("rand", sizes, size), _float("rand", chosen("rand", dtype)))
    draw.uniform(array, 0, 1, _source(generator))
    return leaf(array, device, requires_grad)


@function(method=False)
def randn(
    *sizes: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Dtype = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers, of mean 0 and standard deviation 1: `randn(2, 3)` or `randn((2, 3))`."""
    array = room("randn", shape_of("randn", sizes, size), _float("randn", chosen("randn", dtype)))
    draw.normal(array, 0, 1, _source(generator))
    return leaf(array, device, requires_grad)


@function(method=False)
def randint(
    *bounds: Any,
    low: Any = None,
    high: Any = None,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Dtype = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Integers in [low, high): `randint(high, size)` or `randint(low, high, size)`."""
    given = list(bounds)
    if size is None and given:
        size = given.pop()
    if high is None and given:
        high = given.pop()
    if low is None and given:
        low = given.pop()
    if given or high is None or not isinstance(size, tuple | list):
        raise ArgumentTypeError(
            "randint: these arguments do not fit.",
            hint="Write randint(high, size) or randint(low, high, size), the size being a tuple.",
            where=user_line(),
        )
    kind = dtypes.int64 if dtype is None else dtypes.to_dtype(dtype, "randint: dtype")
    first, end = _range("randint", 0 if low is None else low, high, kind)
    array = room("randint", shape_of("randint", (size,)), kind)
    draw.integers(array, first, end, _source(generator))
    return leaf(array, device, requires_grad)


@function(method=False)
def randperm(
    n: Any,
    *,
    generator: Generator | None = None,
    dtype: Dtype = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """0 … n - 1 in random order."""
    (count,) = shape_of("randperm", (int_of("randperm", "n", n),))
    kind = dtypes.int64 if dtype is None else dtypes.to_dtype(dtype, "randperm: dtype")
    if count:
        _range("randperm", 0, count, kind)
    return leaf(draw.permutation(count, _source(generator)).astype(kind.numpy), device, requires_grad)


@function(method=False)
def rand_like(input: Tensor, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform numbers in [0, 1) with the shape, dtype and device of `input`."""
    array = blank_like("rand_like", input, dtype)
    _float("rand_like", dtypes.from_numpy_dtype(array.dtype))
    draw.uniform(array, 0, 1, default_generator)
    return leaf(array, device or input.device, requires_grad)


@function(method=False)
def randn_like(input: Tensor, *, dtype: Dtype = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Normal numbers with the shape, dtype and device of `input`."""
    array = blank_like("randn_like", input, dtype)
    _float("randn_like", dtypes.from_numpy_dtype(array.dtype))
    draw.normal(array, 0, 1, default_generator)
    return leaf(array, device or input.device, requires_grad)


@function(method=False)
def randint_like(
    input: Tensor, *bounds: Any, dtype: Dtype = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Integers like `input` in shape, dtype and device: `randint_like(x, high)` or `randint_like(x, low, high)`."""
    array = blank_like("randint_like", input, dtype)
    if not 1 <= len(bounds) <= 2:
        raise ArgumentTypeError("randint_like: give high, or low and high.", where=user_line())
    low, high = bounds if len(bounds) == 2 else (0, bounds[0])
    first, end = _range("randint_like", low, high, dtypes.from_numpy_dtype(array.dtype))
    draw.integers(array, first, end, default_generator)
    return leaf(array, device or input.device, requires_grad)


@function(method=False)
def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Dtype = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers. `mean` and `std` are numbers, with a `size`; or at least one is a tensor, with one an element."""
    tensors = [one for one in (mean, std) if isinstance(one, Tensor)]
    if not tensors:
        shape = shape_of("normal", () if size is None else (size,))
        array = room("normal", shape, _float("normal", chosen("normal", dtype)))
        draw.normal(array, float(mean), _spread("normal", std), _source(generator))
        return leaf(array, device, requires_grad)
    kind = _float("normal", tensors[0].dtype)
    means, spreads = (to_host(one._array) if isinstance(one, Tensor) else np.asarray(one) for one in (mean, std))
    if spreads.size and not (spreads >= 0).all():
        raise OptionError("normal: expects all elements of std >= 0.0.", where=user_line())
    array = np.empty(np.broadcast_shapes(means.shape, spreads.shape), kind.numpy)
    draw.normal(array, 0, 1, _source(generator))
    array *= spreads.astype(kind.numpy)
    array += means.astype(kind.numpy)
    return leaf(array, tensors[0].device)


@function
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """0 or 1 for each element of `input`, which is the probability of 1; or `p` is, for all."""
    _float("bernoulli", input.dtype)
    drawn = blank_like("bernoulli", input)
    if p is not None:
        draw.bernoulli(drawn, _probability("bernoulli", p), _source(generator))
    else:
        chances = to_host(input._array)
        if chances.size and not ((chances >= 0) & (chances <= 1)).all():
            raise OptionError("bernoulli: a probability lies in [0, 1].", where=user_line())
        draw.bernoulli_each(drawn, chances, _source(generator))
    return apply(BERNOULLI, input, drawn=drawn)


@function
def multinomial(
    input: Tensor, num_samples: Any, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Indices drawn with probability in proportion to `input`.

    Args:
        input: (V,) or (B, V), floating point; the weights need not sum to 1.
        num_samples: how many to draw from each row.
        replacement: whether an index may come again.

    Returns:
        (num_samples,) or (B, num_samples) int64.

    Raises:
        OptionError: a weight that is negative or not finite, a row of zeros, more samples than there are.
    """
    weights, count = to_host(input._array), int_of("multinomial", "num_samples", num_samples)
    if not 1 <= weights.ndim <= 2:
        raise ShapeError("multinomial: input must be 1 or 2 dim.", where=user_line())
    if weights.dtype.kind != "f":
        raise DtypeError(
            f"multinomial: only floating-point weights are drawn from, got {input.dtype}.",
            hint="Convert them: x.float().",
            where=user_line(),
        )
    if count <= 0:
        raise OptionError(f"multinomial: cannot sample n_sample <= 0 samples, got {count}.", where=user_line())
    if not replacement and count > weights.shape[-1]:
        raise OptionError(
            f"multinomial: cannot sample {count} of {weights.shape[-1]} without replacement.",
            hint="Give replacement=True, or fewer samples.",
            where=user_line(),
        )
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise OptionError(
            "multinomial: the weights contain `inf`, `nan` or an element < 0.",
            hint="Weights are probabilities up to a factor; softmax makes them of logits.",
            where=user_line(),
        )
    if not (weights.sum(-1) > 0).all():
        raise OptionError("multinomial: invalid distribution (sum of probabilities <= 0).", where=user_line())
    return leaf(draw.multinomial(weights, count, replacement, _source(generator)), input.device)


# In place


@function(module=False)
def normal_(input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers."""
    _float("normal_", input.dtype)
    spread = _spread("normal_", std)
    in_order = bool(input._array.flags.c_contiguous)
    return _refilled(input, "normal_", lambda array: draw.normal(array, mean, spread, _source(generator), in_order))


@function(module=False)
def uniform_(input: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers in [from, to)."""
    _float("uniform_", input.dtype)
    if from_ > to:
        raise OptionError(
            f"uniform_: expects to return a [from, to) range, but found from={from_} > to={to}.", where=user_line()
        )
    return _refilled(input, "uniform_", lambda array: draw.uniform(array, from_, to, _source(generator)))


@function(module=False)
def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1, with probability `p`, and 0; `p` may be a tensor with a probability for each element."""
    if isinstance(p, Tensor):
        chances = np.broadcast_to(to_host(p._array), input._array.shape)
        return _refilled(input, "bernoulli_", lambda array: draw.bernoulli_each(array, chances, _source(generator)))
    chance = _probability("bernoulli_", p)
    return _refilled(input, "bernoulli_", lambda array: draw.bernoulli(array, chance, _source(generator)))


@function(module=False)
def exponential_(input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of density lambd · exp(-lambd · x)."""
    if input._array.dtype.kind != "f":
        raise DtypeError(f"exponential_: a continuous distribution needs floats, got {input.dtype}.", where=user_line())
    if not lambd > 0:
        raise OptionError(f"exponential_: expects lambda > 0.0, but found lambda={lambd}.", where=user_line())
    return _refilled(input, "exponential_", lambda array: draw.exponential(array, lambd, _source(generator)))


@function(module=False)
def random_(input: Tensor, from_: Any = None, to: Any = None, *, generator: Generator | None = None) -> Tensor:
    """Fill with integers in [from, to); with one bound below it, with none over all the dtype counts exactly."""
    if to is None:
        from_, to = 0, from_
    if to is None:
        return _refilled(input, "random_", lambda array: draw.any_integers(array, _source(generator)))
    first, end = _range("random_", from_, to, input.dtype)
    return _refilled(input, "random_", lambda array: draw.integers(array, first, end, _source(generator)))


def _refilled(x: Tensor, name: str, fill: Callable[[Array], None]) -> Tensor:
    numbers = blank_like(name, x)
    fill(numbers)
    return set_numbers(x, move(numbers, x.device), name)


# Arguments


def _source(generator: Generator | None) -> Generator:
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise ArgumentTypeError(
            f"generator: got a {type(generator).__name__}.", hint="Make one with Generator().", where=user_line()
        )
    return generator


def _float(name: str, dtype: dtypes.DType) -> dtypes.DType:
    if not dtype.is_floating_point:
        raise UnsupportedDtypeError(
            f"{name}: draws floating-point numbers, which {dtype} cannot hold.",
            hint="For integers, use randint.",
            where=user_line(),
        )
    return dtype


def _spread(name: str, std: Any) -> float:
    if not std >= 0:
        raise OptionError(f"{name}: expects std >= 0.0, but found std {std}.", where=user_line())
    return float(std)


def _probability(name: str, p: Any) -> float:
    if not 0 <= p <= 1:
        raise OptionError(f"{name}: expects p to be in [0, 1], but got p={p}.", where=user_line())
    return float(p)


def _range(name: str, low: Any, high: Any, dtype: dtypes.DType) -> tuple[int, int]:
    first, end = int_of(name, "low", low), int_of(name, "high", high)
    if first >= end:
        raise OptionError(
            f"{name}: expects 'from' to be less than 'to', but got from={first} >= to={end}.", where=user_line()
        )
    least, most = _limits(dtype)
    for what, bound in (("low", first), ("high - 1", end - 1)):
        if not least <= bound <= most:
            raise OptionError(f"{name}: {what} is {bound}, out of bounds for {dtype}.", where=user_line())
    return first, end


def _limits(dtype: dtypes.DType) -> tuple[float, float]:
    if dtype is dtypes.bool_:
        return 0, 1
    if dtype.is_floating_point:
        return -math.inf, math.inf
    limits = np.iinfo(dtype.numpy)
    return int(limits.min), int(limits.max)
