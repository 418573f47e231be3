"""What ops are opened on: shapes and dtypes beyond their samples, and numbers where something could go wrong."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tracer.core.op import Op, Sample

REDUCING = ("sum", "mean", "prod", "var", "std", "logsumexp", "norm", "amax", "amin", "all", "any", "count_nonzero")
ALONG = ("softmax", "log_softmax", "cumsum", "cumprod", "argsort")
WHICH = ("argmax", "argmin", "argmedian")


def _shape(rng: Any, least: int = 0) -> tuple[int, ...]:
    return tuple(rng.integers(1, 4, rng.integers(least, 4)).tolist())


def _part_of(rng: Any, full: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to `full`."""
    return tuple(n if rng.random() < 0.7 else 1 for n in full[rng.integers(0, len(full) + 1) :])


def _drawn(rng: Any, like: Any, shape: tuple[int, ...]) -> Any:
    """Numbers of a sample in another shape: what is in the op's domain stays there."""
    return np.asarray(rng.choice(like.reshape(-1), shape))


def shaped(op: Op, rng: Any) -> Sample:
    """One of the op's samples in another shape, where it takes any, and sometimes of float32."""
    tries = [one for one in op.tries(rng) if all(np.size(a) for a in one.args)]
    sample = tries[rng.integers(len(tries))]
    args, static = _reshaped(op, rng, sample)
    if rng.random() < 0.4:
        args = [a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args]
        if static.get("dtype") == "float64" and op.name != "to":
            static = {**static, "dtype": "float32"}
    return Sample(tuple(args), static)


def _reshaped(op: Op, rng: Any, sample: Sample) -> tuple[list[Any], dict[str, Any]]:
    args, static = list(sample.args), dict(sample.static)
    arrays = [a for a in args if isinstance(a, np.ndarray)]
    if op.name in REDUCING:
        shape = _shape(rng)
        dims = (
            tuple(sorted(rng.choice(len(shape), rng.integers(1, len(shape) + 1), replace=False).tolist()))
            if shape
            else ()
        )
        if op.name == "prod":
            dims = dims[:1]
        if op.name == "prod" and not dims:
            return [_drawn(rng, args[0], shape)], {"dim": None, "keepdim": False}
        dim = None if rng.random() < 0.3 and op.name != "prod" else dims
        return [_drawn(rng, args[0], shape)], {**static, "dim": dim, "keepdim": bool(rng.random() < 0.5)}
    if op.name in ALONG or op.name in WHICH:
        shape = _shape(rng)
        static["dim"] = int(rng.integers(len(shape))) if shape else 0
        if "keepdim" in static:
            static["keepdim"] = bool(rng.random() < 0.5)
        return [_drawn(rng, args[0], shape)], static
    if op.name == "matmul":
        batch, (m, n, p) = _shape(rng)[:2], rng.integers(1, 4, 3).tolist()
        left = (n,) if rng.random() < 0.2 else (*_part_of(rng, batch), m, n)
        right = (n,) if rng.random() < 0.2 else (*_part_of(rng, batch), n, p)
        return [rng.normal(size=left), rng.normal(size=right)], static
    if op.name == "conv2d":
        groups = int(rng.integers(1, 3))
        static = {"stride": (1, 2), "padding": ((1, 0), (0, 1)), "dilation": (1, 1), "groups": groups}
        return [rng.normal(size=(1, groups, 2, 3)), rng.normal(size=(groups, 1, 2, 2)), rng.normal(size=groups)], static
    if op.name == "linear":
        n, p = rng.integers(1, 4, 2).tolist()
        given = [rng.normal(size=(*_shape(rng), n)), rng.normal(size=(p, n)), rng.normal(size=p)]
        return given[: len(args)], static
    if op.name in ("reshape", "view", "flatten"):
        shape = _shape(rng)
        return [rng.normal(size=shape)], {"shape": (math.prod(shape),) if rng.random() < 0.5 else (1, *shape[::-1])}
    if op.name == "permute":
        shape = _shape(rng, 1)
        return [rng.normal(size=shape)], {"dims": tuple(rng.permutation(len(shape)).tolist())}
    if op.name in ("cat", "stack"):
        shape = _shape(rng, 1)
        return [rng.normal(size=shape) for _ in range(rng.integers(1, 4))], {**static, "dim": 0}
    broadcasts = (op.elementwise or op.unfolds == "elements") and not any(np.ndim(v) for v in static.values())
    if broadcasts and not op.name.startswith("binary_cross") and arrays:
        full = _shape(rng)
        whole = op.name in ("masked_fill", "winner", "lowest", "ranked", "gated", "select", "to", "detach")
        fitting = [
            _drawn(rng, a, full if i == 0 or whole else _part_of(rng, full)) if isinstance(a, np.ndarray) else a
            for i, a in enumerate(args)
        ]
        if op.name == "masked_fill":
            fitting[2] = args[2].reshape(())
        return fitting, static
    return args, static


A = np.array
_ROWS = {"dim": (1,), "keepdim": False}
_ALL: dict[str, Any] = {"dim": None, "keepdim": False}
_LINE = {"dim": 1, "keepdim": False}
_POOL = {"kernel": (2, 2), "stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1)}
_CLASSES = {"reduction": "mean", "ignore_index": -100}
_TIES = A([[1.0, 1, 0], [2, 3, 3], [0, 0, 0]])
_FLAT = A([[0.0, 0], [3, -3]])
_SCORES = A([[0.5, -1.0, 2.0], [1.0, 0.0, -0.5], [0.1, 0.2, 0.3]])

EDGES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("relu", (A([0.0, -0.0, 1, -1, np.inf, -np.inf, np.nan]),), {}),
    ("relu", (A(1.0, np.float32),), {}),
    ("maximum", (A([1.0, 2, 3, np.inf]), A([1.0, 3, 2, np.inf])), {}),
    ("maximum", (A([1.0, np.nan]), A([1.0, 3])), {}),
    ("minimum", (A([1.0, 2, 3]), 2.0), {}),
    ("clamp", (A([-2.0, -1, 0, 1, 2]), -1.0, 1.0), {}),
    ("clamp", (A([-2.0, -1, 0, 1, 2]), A(1.0), A(1.0)), {}),
    ("clamp", (A([-2.0, -1, 0, 1, 2]), 2.0, -1.0), {}),
    ("clamp", (A([-2.0, -1, 0, 1, np.nan]), -1.0, 1.0), {}),
    ("clamp_min", (A([-2.0, 0.25]), 0.25), {}),
    ("clamp_max", (A([0.25, 2]), A([0.25])), {}),
    ("leaky_relu", (A([0.0, 1, -1, np.inf]),), {"negative_slope": 0.1}),
    ("elu", (A([0.0, 1, -1, 800.0, -800.0]),), {"alpha": 1.0, "scale": 1.0, "input_scale": 1.0}),
    ("softplus", (A([0.0, 50, -50, 800]),), {"beta": 1.0, "threshold": 20.0}),
    ("abs", (A([0.0, 1, -2]),), {}),
    ("pow", (A([0.0, 2, -1.0]), 2.0), {}),
    ("pow", (2.0, A([0.0, 1.0])), {}),
    ("lerp", (A([0.0, 1]), A([2.0, 3]), A([0.2, 0.9])), {}),
    ("where", (A([True, False]), A([1.0, np.inf]), A([np.nan, 2.0])), {"dtype": "float64"}),
    ("masked_fill", (A([1.0, 2]), A([True, False]), A(-np.inf)), {}),
    ("amax", (_TIES,), _ROWS),
    ("amin", (_TIES,), _ROWS),
    ("amax", (A(3.0),), {"dim": (), "keepdim": False}),
    ("max", (A([[1.0, 1, 0], [1, 0, 1]]),), _ALL),
    ("max", (A([[1.0, np.nan, 0], [1, np.nan, 1]]),), _ALL),
    ("median", (A([3.0, 1, 2, 2, 2]),), _ALL),
    ("median", (A([3.0, 1, np.nan]),), _ALL),
    *[("norm", (_FLAT,), {"p": p, **_ROWS}) for p in (2.0, 3.0, 0.5, 1.0, 1.5, 0.0, np.inf, -np.inf)],
    ("std", (A([[2.0, 2], [3, 4]]),), {**_ROWS, "correction": 1}),
    ("prod", (A([[0.0, 2], [0, 0]]),), _ROWS),
    ("cumprod", (A([0.0, 2, 0, 3]),), {"dim": 0}),
    ("cumsum", (A(1.0),), {"dim": 0}),
    ("softmax", (A(1.0),), {"dim": 0}),
    ("softmax", (A([[1000.0, -1000.0], [0, 0]]),), {"dim": 1}),
    ("log_softmax", (A([[1.0, -np.inf]]),), {"dim": 1}),
    ("logsumexp", (A([[-np.inf, 1.0], [0, 0]]),), _ROWS),
    ("logsumexp", (A([[-1000.0, 1000.0], [0, 0]]),), _ROWS),
    ("sum", (A([[1, 2], [3, 4]]),), _ROWS),
    ("sum", (A([[True, False]]),), _ROWS),
    ("sum", (np.zeros((2, 0)),), _ROWS),
    ("all", (A([[1.0, 0], [2, 3]]),), _ROWS),
    ("any", (A([[True, False], [False, False]]),), _ROWS),
    ("argmax", (A([[1.0, 1, 0], [2, 3, 3]]),), _LINE),
    ("argmin", (A([[1.0, 1, np.nan], [2, 3, 3]]),), _LINE),
    ("argmax", (A(2.0),), {"dim": 0, "keepdim": False}),
    ("argsort", (A([[1.0, 1, 0], [2, 3, 3]]),), {"dim": 1, "descending": True}),
    ("argsort", (A([[1.0, 1, 0], [2, 3, np.nan]]),), {"dim": 0, "descending": False}),
    ("sort", (A(1.0), A(0)), {"dim": 0, "keepdim": True}),
    ("max_dim", (A(1.0), A(0)), {"dim": 0, "keepdim": False}),
    ("topk", (A([[0.5, 1.0, 2.0]]), A([[2, 2]])), {"dim": 1, "keepdim": True}),
    ("gather", (_SCORES, A([[0, 0, 2]])), {"dim": 0}),
    ("gather", (A(2.0), A(0)), {"dim": 0}),
    ("embedding", (_SCORES, A([[0, 1], [0, 2]])), {"padding_idx": 0}),
    ("embedding", (_SCORES, A(1)), {"padding_idx": 1}),
    ("scatter", (_SCORES, A([[0, 0]]), A([[1.0, 2.0]])), {"dim": 1}),
    ("scatter", (A(1.0), A(0), A(2.0)), {"dim": 0}),
    ("scatter_add", (A([1.0, 2, 3]), A([0, 0, 0, 2]), A([1.0, 2, 3, 4, 5])), {"dim": 0}),
    ("put", (A([1.0, 2, 3, 4]),), {"shape": (3,), "index": (A([1, 1, 1, 2]),)}),
    ("index_put", (A([1.0, 2, 3]), A([9.0])), {"index": (slice(None),)}),
    ("index_put", (A([1.0, 2]), A([5.0, 6, 7, 8])), {"index": (A([0, 0, 1, 1]),)}),
    ("tril", (A([[1.0, 2]]),), {"diagonal": -3}),
    ("nonzero", (A([[True, False], [True, True]]),), {}),
    ("nonzero", (A([0, 3, 0]),), {}),
    ("nll_loss", (_SCORES, A([-100, -100, 1])), _CLASSES),
    ("nll_loss", (_SCORES, A([-100, 2, 1])), {**_CLASSES, "reduction": "none"}),
    ("nll_loss", (_SCORES[0], A(2)), _CLASSES),
    ("nll_loss", (_SCORES, A([-100] * 3)), {**_CLASSES, "reduction": "sum"}),
    ("cross_entropy", (_SCORES, A([-100] * 3)), {**_CLASSES, "label_smoothing": 0.0}),
    (
        "cross_entropy",
        (_SCORES, A([1, -100, 2]), A([0.5, 1.0, 2.0])),
        {**_CLASSES, "reduction": "none", "label_smoothing": 0.1},
    ),
    ("binary_cross_entropy", (A([0.0, 1, 0.5, 1]), A([0.0, 1, 0.5, 0])), {"reduction": "mean"}),
    ("binary_cross_entropy_with_logits", (A([0.0, 800, -800, 1]), A([0.0, 1, 0.5, 0])), {"reduction": "mean"}),
    ("smooth_l1_loss", (A([0.0, 1, 2]), A([0.0, 0, 0])), {"reduction": "mean", "beta": 0.0}),
    ("huber_loss", (A([0.0, 1, 2]), A([0.0, 0, 0])), {"reduction": "sum", "delta": 1.0}),
    ("max_pool2d", (A([[[[1.0, 1], [1, 0]]]]),), _POOL),
    ("einsum", (_SCORES,), {"equation": "ij->ij"}),
    ("einsum", (A(2.0), A(3.0)), {"equation": ",->"}),
    ("addmm", (A([1.0, 2]), A([[1.0, 2]]), A([[1.0, 2], [3, 4]])), {"beta": 0, "alpha": 1}),
    ("matmul", (A([[1, 2], [3, 4]]), A([[1, 0], [0, 1]])), {}),
    ("mul", (A([1.0, 2], np.float32), A([1.0, 2])), {}),
    ("mul", (A([1, 2]), A([1.5, 2.5])), {}),
    ("add", (A(1.0), A([1.0, 2])), {}),
    (
        "scaled_dot_product_attention",
        (_SCORES, _SCORES, _SCORES, A([[True, False, True], [False] * 3, [True] * 3])),
        {"is_causal": False, "scale": 1.0},
    ),
    ("cat", (A([1.0]), np.zeros(0)), {"dim": 0, "dtype": "float64"}),
    ("to", (A([1.7, 2]),), {"dtype": "int64"}),
    ("to", (A([1, 2]),), {"dtype": "float32"}),
    ("trace", (A([[1, 2], [3, 4]]),), {}),
    ("logical_and", (A([1.0, 0]), A([True, True])), {}),
    ("reshape", (A(2.0),), {"shape": (1,)}),
    ("detach", (A(2.0),), {}),
    ("join", (1.0, A(2.0)), {"shape": (2,), "dtype": "float64"}),
]
"""Ties, zeros, limits, infinities, nan; tensors without axes; things used twice, overwritten or left out."""
