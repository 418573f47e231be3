"""Scaled dot-product attention: scores, softmax, weighted sum, as one step with one joint rule.

The attention weights are computed once and kept: the rule, and the panels that show them, read the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.backend import namespace
from tracer.core.op import JOINT, Input, Op, Sample, register
from tracer.core.ops.fat import softmax_backward
from tracer.text import Text


def _turned(xp: Any, a: Any) -> Any:
    return xp.swapaxes(a, -1, -2)


def allowed(xp: Any, queries: int, keys: int) -> Any:
    """(queries, keys) bools: the causal mask. A query sees the keys up to its own position."""
    return xp.arange(queries)[:, None] >= xp.arange(keys)


def weights_of(xp: Any, query: Any, key: Any, mask: Any = None, *, is_causal: bool = False, scale: float = 1.0) -> Any:
    """softmax(query @ keyᵀ · scale), (..., L, S). A query that may see no key has weights 0, as in PyTorch."""
    weights = xp.matmul(query * scale, _turned(xp, key))
    if is_causal:  # every query sees the first key
        weights = xp.where(allowed(xp, weights.shape[-2], weights.shape[-1]), weights, -xp.inf)
    elif mask is not None:
        weights = xp.where(mask, weights, -xp.inf) if mask.dtype == bool else weights + mask
    if not weights.shape[-1]:
        return weights
    top = weights.max(axis=-1, keepdims=True)
    if mask is not None:
        top[top == -xp.inf] = 0  # nothing to see: exp(−∞ − 0) is the 0 that is wanted, −∞ − −∞ would be nan
    weights -= top
    xp.exp(weights, out=weights)
    total = weights.sum(axis=-1, keepdims=True)
    if mask is not None:
        total[total == 0] = 1
    weights /= total
    return weights


def _attention(
    xp: Any, query: Any, key: Any, value: Any, mask: Any = None, *, is_causal: bool, scale: float
) -> tuple[Any, dict[str, Any]]:
    weights = weights_of(xp, query, key, mask, is_causal=is_causal, scale=scale)
    return xp.matmul(weights, value), {"weights": weights}


def _attention_vjp(
    xp: Any,
    g: Any,
    out: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    *,
    wanted: tuple[bool, ...],
    is_causal: bool,
    scale: float,
    weights: Any,
) -> tuple[Any, ...]:
    """Where the mask closed a place its weight is 0, and so is all that flows through it."""
    found: list[Any] = [None] * len(wanted)
    if wanted[2]:
        found[2] = xp.matmul(_turned(xp, weights), g)
    if wanted[0] or wanted[1] or wanted[3:] == (True,):
        scores = softmax_backward(xp, xp.matmul(g, _turned(xp, value)), weights, -1)
        if wanted[0]:
            found[0] = xp.matmul(scores, key) * scale
        if wanted[1]:
            found[1] = xp.matmul(_turned(xp, scores), query) * scale
        if wanted[3:] == (True,):
            found[3] = scores
    return tuple(found)


def attention_weights(F: Any, query: Any, key: Any, mask: Any = None, *, is_causal: bool, scale: float) -> Any:
    """Tensors: scores, mask and softmax, each a node of its own; (..., L, S)."""
    scores = F.matmul(query, F.transpose(key, -2, -1)) * scale
    xp = namespace(query._array)
    seen = allowed(xp, *scores.shape[-2:]) if is_causal else None if mask is None else mask._array
    if seen is None or seen.dtype != bool:
        return F.softmax(scores if mask is None else scores + mask, -1)

    def constant(array: Any) -> Any:
        return type(query)._wrap(array)

    # a query that may see no key would get nan from softmax; it counts as 0
    blind = ~seen.any(axis=-1, keepdims=True)
    weights = F.softmax(F.masked_fill(scores, constant(~seen & ~blind), float("-inf")), -1)
    return F.masked_fill(weights, constant(blind), 0.0) if blind.any() else weights


def _attention_composite(
    F: Any, query: Any, key: Any, value: Any, mask: Any = None, *, is_causal: bool, scale: float
) -> Any:
    return F.matmul(attention_weights(F, query, key, mask, is_causal=is_causal, scale=scale), value)


def _samples(rng: Any) -> Iterable[Sample]:
    for shape in ((3, 2), (2, 3, 2), (2, 2, 3, 4)):
        q, k, v = (rng.normal(0, 1, shape) for _ in range(3))
        yield Sample((q, k, v), {"is_causal": False, "scale": 0.7})
        yield Sample((q, k, v), {"is_causal": True, "scale": 0.7})
        yield Sample((q, k, v, rng.normal(0, 1, (3, 3))), {"is_causal": False, "scale": 0.5})
        yield Sample((q, k, v, rng.uniform(0, 1, (3, 3)) < 0.6), {"is_causal": False, "scale": 0.5})
    yield Sample(
        (rng.normal(0, 1, (2, 2, 3)), rng.normal(0, 1, (2, 4, 3)), rng.normal(0, 1, (2, 4, 5))),
        {"is_causal": True, "scale": 0.6},
    )


def _shown(names: Sequence[str], static: Mapping[str, Any]) -> str:
    masked = ", causal" if static.get("is_causal") else f", {names[3]}" if len(names) > 3 else ""
    return f"attention({', '.join(names[:3])}{masked})"


def _grad_fn(inputs: Sequence[Any], static: Mapping[str, Any]) -> str:
    """PyTorch runs another kernel for four axes than for others."""
    axes = len(inputs[0].shape)
    if axes == 4:
        return "ScaledDotProductFlashAttentionForCpuBackward0"
    return "MmBackward0" if axes == 2 else "UnsafeViewBackward0"


SCALED_DOT_PRODUCT_ATTENTION = register(
    Op(
        name="scaled_dot_product_attention",
        grad_fn=_grad_fn,
        label="attention",
        show=_shown,
        what=Text(
            en="Attention: each query is compared with every key by a dot product; softmax turns the scores into "
            "weights that add up to 1; the output is the sum of the values with those weights. A causal mask hides "
            "later positions.",
            ja="注意機構です。各クエリをすべてのキーと内積で比べ、スコアを softmax で合計 1 の重みに変え、その重みで"
            "バリューを足し合わせます。因果マスクがあれば、後ろの位置は見えません。",
        ),
        forward=_attention,
        inputs=(
            Input(
                "query",
                vjp=JOINT,
                local="",
                why=Text(
                    en="Nudge a query: its scores move by the keys, the weights shift towards the keys it now matches "
                    "better, and the output moves towards their values.",
                    ja="クエリを動かすと、スコアがキーの分だけ動き、よりよく合うキーへ重みが移り、"
                    "出力はそのバリューのほうへ動きます。",
                ),
                back=Text(
                    en="Back through the softmax to the scores, then the sum of the keys, each times the gradient of "
                    "its score and the scale.",
                    ja="softmax を通ってスコアまで戻り、各キーに「スコアの勾配 × スケール」を掛けて足します。",
                ),
            ),
            Input(
                "key",
                vjp=JOINT,
                local="",
                why=Text(
                    en="Nudge a key: every query that sees it scores it differently, and all its weights shift.",
                    ja="キーを動かすと、それを見るすべてのクエリのスコアが変わり、重み全体が移ります。",
                ),
                back=Text(
                    en="Back through the softmax to the scores, then the sum of the queries that saw this key, each "
                    "times the gradient of its score and the scale.",
                    ja="softmax を通ってスコアまで戻り、このキーを見た各クエリに「スコアの勾配 × スケール」を"
                    "掛けて足します。",
                ),
            ),
            Input(
                "value",
                vjp=JOINT,
                local="",
                why=Text(
                    en="Nudge a value: every output moves by the weight it gives to that position.",
                    ja="バリューを動かすと、各出力は、その位置に与えた重みの分だけ動きます。",
                ),
                back=Text(
                    en="Weightsᵀ times the upstream gradient: each value receives from every output, in proportion to "
                    "the weight that output gave it.",
                    ja="重みの転置と上流の勾配の行列積です。各バリューは、与えられた重みに比例して、すべての出力から"
                    "勾配を受け取ります。",
                ),
            ),
            Input(
                "attn_mask",
                vjp=JOINT,
                local="",
                why=Text(
                    en="{attn_mask} is added to the scores, or says which keys may be seen; −∞ or False hides a key.",
                    ja="{attn_mask} はスコアに足されるか、どのキーを見てよいかを示します。"
                    "−∞ か False でキーが隠れます。",
                ),
                back=Text(
                    en="The gradient of the scores, summed over the axes along which the mask was repeated.",
                    ja="スコアの勾配です。マスクが繰り返された軸については和を取ります。",
                ),
            ),
        ),
        joint_vjp=_attention_vjp,
        needs=("query", "key", "value"),
        samples=_samples,
        saves=("weights",),
        composite=_attention_composite,
    )
)
