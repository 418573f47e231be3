"""Normal numbers from uniform ones, to the last bit as PyTorch makes them on a CPU.

float32 goes through the single-precision polynomials of Cephes in the order PyTorch's vector code evaluates them, with
fused multiply-adds; float64 through the C library's log, cos and sin, one number at a time.

Source: G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates" (1958); S. L. Moshier,
Cephes Mathematical Library, `logf`, `sinf`, `cosf`. Equality was found by experiment with PyTorch 2.13 (x86-64, AVX2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tracer.core.fma import Floats, fma

BLOCK = 16
"""Numbers made together: 8 uniforms give radii, 8 give angles."""
_CHUNK = 4096 * BLOCK  # numbers at a time, so that the intermediate arrays stay in the processor's cache

_F = np.float32
_LOG = tuple(
    map(
        _F,
        (
            7.0376836292e-2,
            -1.1514610310e-1,
            1.1676998740e-1,
            -1.2420140846e-1,
            1.4249322787e-1,
            -1.6668057665e-1,
            2.0000714765e-1,
            -2.4999993993e-1,
            3.3333331174e-1,
        ),
    )
)
_LN2_LOW, _LN2_HIGH = _F(-2.12194440e-4), _F(0.693359375)
_SQRT_HALF = _F(0.707106781186547524)
_FOUR_BY_PI = _F(1.27323954473516)
_MINUS_PI_BY_4 = (_F(-0.78515625), _F(-2.4187564849853515625e-4), _F(-3.77489497744594108e-8))  # in three parts
_SIN = (_F(-1.9515295891e-4), _F(8.3321608736e-3), _F(-1.6666654611e-1))
_COS = (_F(2.443315711809948e-5), _F(-1.388731625493765e-3), _F(4.166664568298827e-2))


def normal_blocks(uniforms: Floats, mean: float, std: float) -> Floats:
    """Normal numbers from uniforms in [0, 1), block by block.

    Args:
        uniforms: (16 · n,), float32 or float64. Of each 16, the first 8 become radii and the last 8 angles.
        mean, std: of the result.

    Returns:
        (16 · n,): of each 16, radius · cos(angle) in the first 8, radius · sin(angle) in the last 8.
    """
    out = np.empty_like(uniforms)
    for start in range(0, len(uniforms), _CHUNK):
        blocks = uniforms[start : start + _CHUNK].reshape(-1, 2, BLOCK // 2)
        into = out[start : start + _CHUNK].reshape(blocks.shape)
        one, two, turn = (uniforms.dtype.type(number) for number in (1, -2, 2 * math.pi))
        exact = uniforms.dtype == np.float64
        log = _by_libm(math.log, one - blocks[:, 0]) if exact else _log32(one - blocks[:, 0])
        radius, angle = np.sqrt(two * log), turn * blocks[:, 1]
        if exact:
            cos, sin = _by_libm(math.cos, angle), _by_libm(math.sin, angle)
        else:
            cos, sin = _cos_sin32(angle)
        for half, wave in enumerate((cos, sin)):
            into[:, half] = scaled(radius * wave, mean, std)
    return out


def normal_pair(first: float, second: float) -> tuple[float, float]:
    """Two normal numbers from two uniforms in [0, 1): how PyTorch fills fewer than 16."""
    radius, angle = math.sqrt(-2.0 * math.log1p(-second)), 2.0 * math.pi * first
    return radius * math.cos(angle), radius * math.sin(angle)


def scaled(numbers: Floats, mean: float, std: float) -> Floats:
    """numbers · std + mean with one rounding."""
    if std == 1.0:
        return np.asarray(numbers + numbers.dtype.type(mean))
    return fma(numbers, std, mean, numbers.dtype)


def _by_libm(function: Callable[[float], float], numbers: Floats) -> Floats:
    """The C library's function, number by number: NumPy's own vector versions differ by a bit on some processors."""
    made = np.fromiter(map(function, numbers.ravel().tolist()), np.float64, numbers.size)
    return made.reshape(numbers.shape)


def _mul_add(a: Any, b: Any, c: Any) -> Floats:
    return fma(a, b, c, _F)


def _log32(x: Floats) -> Floats:
    """Natural logarithm of float32 numbers in (0, 1]."""
    bits = x.view(np.int32)
    exponent = ((bits >> 23) - 126).astype(_F)
    x = ((bits & 0x007FFFFF) | 0x3F000000).view(_F)  # the mantissa, in [0.5, 1)
    small = x < _SQRT_HALF
    exponent = np.where(small, exponent - _F(1), exponent)
    x = np.where(small, (x - _F(1)) + x, x - _F(1))
    square = x * x
    y: Any = _LOG[0]
    for coefficient in _LOG[1:]:
        y = _mul_add(y, x, coefficient)
    y = _mul_add(y * x, square, exponent * _LN2_LOW)
    y = _mul_add(-square, _F(0.5), y)
    return _mul_add(exponent, _LN2_HIGH, x + y)


def _cos_sin32(x: Floats) -> tuple[Floats, Floats]:
    """Cosine and sine of float32 angles in [0, 2π)."""
    octant = ((x * _FOUR_BY_PI).astype(np.int32) + 1) & ~1
    turns = octant.astype(_F)
    for part in _MINUS_PI_BY_4:
        x = _mul_add(turns, part, x)
    square = x * x
    cos = _mul_add(_mul_add(_COS[0], square, _COS[1]), square, _COS[2]) * square
    cos = _mul_add(cos, square, -(square * _F(0.5))) + _F(1)
    sin = _mul_add(_mul_add(_SIN[0], square, _SIN[1]), square, _SIN[2]) * square
    sin = _mul_add(sin, x, x)
    upright = (octant & 2) == 0
    sin_sign = (octant & 4) << 29
    cos_sign = (~(octant - 2) & 4) << 29
    return (
        (np.where(upright, cos, sin).view(np.int32) ^ cos_sign).view(_F),
        (np.where(upright, sin, cos).view(np.int32) ^ sin_sign).view(_F),
    )
