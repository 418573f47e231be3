"""The error function on whole arrays: NumPy has none, and Python's, one number at a time, takes fifty times as long.

Up to 1 it is the number times a polynomial of its square; beyond, 1 − e^(−x²) times a polynomial of 1 / (x + 3), which
runs over a short range. The coefficients interpolate both at Chebyshev points, computed with 40 digits; float32 needs
half as many. The error is at most the last bit of 1: 1.2e-16 in float64, 1.2e-7 in float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 8192
"""Elements computed at a time: what they need stays in the cache."""
_END = 6.0
"""From here on the result is 1 in float64."""

_NEAR64 = (
    0.9654687386698673,
    -0.1405360890227171,
    0.019852496688984218,
    -0.0022854855611440855,
    0.00021751715603563488,
    -1.75371694412802e-05,
    1.2233827638093572e-06,
    -7.51156925108609e-08,
    4.115751500265885e-09,
    -2.035231956483527e-10,
    9.21125018742823e-12,
    -3.80659122412214e-13,
)
_FAR64 = (
    0.20798329133342885,
    0.15436117429436919,
    0.04969844540339464,
    0.012713147695692198,
    0.002479314697078186,
    0.0003316029605764125,
    1.9563583246137112e-05,
    -2.4255574719050315e-06,
    -5.541274478467714e-07,
    4.526700764248741e-09,
    1.1339538061744706e-08,
    2.6381508985080735e-10,
    -2.571511429603255e-10,
    -6.047405945991704e-12,
    6.0857915906870915e-12,
)
_NEAR32 = (
    0.9654687386698673,
    -0.14053609727754268,
    0.019852497140907616,
    -0.0022854195448728494,
    0.00021751354165582579,
    -1.7669068026125697e-05,
    1.2306054785446075e-06,
)
_FAR32 = (
    0.20798329549073946,
    0.15436117425501214,
    0.04969831228475211,
    0.012713148953150776,
    0.0024799825791831935,
    0.0003315967264280054,
    1.8485697971986048e-05,
    -2.4157982329487707e-06,
)


def erf(a: NDArray[Any]) -> NDArray[Any]:
    """2 / √π times the area under e^(−t²) from 0 to each element, in the dtype of `a`, which is of floating point."""
    kind = np.dtype(np.float64 if a.dtype == np.float64 else np.float32)
    flat = np.ascontiguousarray(a, kind).reshape(-1)
    out = np.empty_like(flat)
    near, far = (_NEAR64, _FAR64) if kind == np.float64 else (_NEAR32, _FAR32)
    for start in range(0, flat.size, _BLOCK):
        x = flat[start : start + _BLOCK]
        size = np.abs(x)
        inner = np.minimum(size, 1)
        outer = np.clip(size, 1, _END)
        beyond = 1 - np.exp(-outer * outer) * _polynomial(far, 14.4 / (outer + 3) - 2.6)
        within = inner * _polynomial(near, 2 * inner * inner - 1)
        out[start : start + _BLOCK] = np.copysign(np.where(size > 1, beyond, within), x)
    return out.reshape(a.shape).astype(a.dtype, copy=False)


def _polynomial(coefficients: tuple[float, ...], x: NDArray[Any]) -> NDArray[Any]:
    """Horner's rule, from the highest power down."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total *= x
        total += coefficient
    return total
