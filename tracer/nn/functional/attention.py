"""Scaled dot-product attention."""

from __future__ import annotations

import math

from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.functions.all import FUNCTIONS as F
from tracer.core.ops.attention import SCALED_DOT_PRODUCT_ATTENTION, attention_weights
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import DtypeError
from tracer.nn.functional.checks import floating_of, same_dtype, shape_of, tensor_of, wrong_option, wrong_shape
from tracer.nn.functional.layer import dropout


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query @ keyᵀ · scale + mask) @ value.

    Args:
        query: (..., L, E), floating point; often (N, heads, L, E).
        key: (..., S, E).
        value: (..., S, Ev).
        attn_mask: broadcastable to (..., L, S): bools (True may be seen), or numbers added to the scores.
        dropout_p: the share of attention weights set to 0, whether training or not.
        is_causal: position i sees positions up to i only.
        scale: 1 / √E where left out.
        enable_gqa: fewer heads in key and value than in query; each serves several.

    Returns:
        (..., L, Ev). A position that may see nothing gets 0.

    Raises:
        ShapeError: shapes that do not fit.
        DtypeError: different dtypes, or a mask of whole numbers.
        OptionError: both a mask and is_causal, or dropout_p outside [0, 1].

    Source: A. Vaswani et al., "Attention Is All You Need", 2017, eq. 1.
    """
    name = "scaled_dot_product_attention"
    q, k, v = (floating_of(name, argument, x) for argument, x in (("query", query), ("key", key), ("value", value)))
    same_dtype(name, query=q, key=k, value=v)
    if enable_gqa:
        k, v = _shared_heads(name, q, k), _shared_heads(name, q, v)
    _check_shapes(name, q, k, v)
    if is_causal and attn_mask is not None:
        raise wrong_option(
            f"{name}: got both attn_mask and is_causal=True.",
            "Explicit attn_mask should not be set when is_causal=True: keep one, or put both into attn_mask.",
            f"{name}：attn_mask と is_causal=True が両方渡されました。",
            "どちらか一方にします。因果マスクは attn_mask に含められます。",
        )
    if not 0 <= dropout_p <= 1:
        raise wrong_option(
            f"{name}: dropout probability has to be between 0 and 1, but got {dropout_p}.",
            "dropout_p is the share of attention weights that are set to 0.",
        )
    masks = () if attn_mask is None else (_mask(name, attn_mask, q, k),)
    factor = 1 / math.sqrt(shape_of(q)[-1]) if scale is None else float(scale)
    if dropout_p:
        weights = attention_weights(F, q, k, *masks, is_causal=bool(is_causal), scale=factor)
        out: Tensor = F.matmul(dropout(weights, dropout_p), v)
        return out
    return apply(SCALED_DOT_PRODUCT_ATTENTION, q, k, v, *masks, is_causal=bool(is_causal), scale=factor)


def _shared_heads(name: str, q: Tensor, x: Tensor) -> Tensor:
    """Each head of `x` repeated until there are as many as queries have."""
    heads, own = (shape_of(t)[-3] if t.ndim >= 3 else 0 for t in (q, x))
    if not own or heads % own:
        raise wrong_shape(
            f"{name}: query has {heads} heads, key or value has {own}.",
            "With enable_gqa the number of heads of query must be a multiple of those of key and value.",
        )
    return x if heads == own else F.repeat_interleave(x, heads // own, -3)


def _check_shapes(name: str, q: Tensor, k: Tensor, v: Tensor) -> None:
    one, two, three = shape_of(q), shape_of(k), shape_of(v)
    if one == two == three and len(one) >= 2:
        return
    got = f"{name}: query has shape {one}, key has shape {two}, value has shape {three}."
    ja = f"{name}：query の形は {one}、key の形は {two}、value の形は {three} です。"
    if min(len(one), len(two), len(three)) < 2:
        raise wrong_shape(got, "Each must have at least two axes: (positions, size).", ja, "軸は二つ以上必要です。")
    if one[-1] != two[-1]:
        raise wrong_shape(
            got,
            f"The last axis of query ({one[-1]}) must equal the last axis of key ({two[-1]}).",
            ja,
            f"query の最後の軸（{one[-1]}）と key の最後の軸（{two[-1]}）は等しくなければなりません。",
        )
    if two[-2] != three[-2]:
        raise wrong_shape(
            got,
            f"There must be one value for each key: {two[-2]} keys, {three[-2]} values.",
            ja,
            f"キーとバリューは同じ個数です。キーは {two[-2]} 個、バリューは {three[-2]} 個です。",
        )
    for place in range(3, max(len(one), len(two), len(three)) + 1):
        sizes = {shape[-place] for shape in (one, two, three) if len(shape) >= place} - {1}
        if len(sizes) > 1:
            raise wrong_shape(
                got,
                f"Axes before the last two must be equal or 1; at axis {-place} they are {sorted(sizes)}.",
                ja,
                f"最後の二つより前の軸は、等しいか 1 です。軸 {-place} では {sorted(sizes)} です。",
            )


def _mask(name: str, given: Tensor, q: Tensor, k: Tensor) -> Tensor:
    """The mask in query's dtype, or of bools."""
    mask = tensor_of(name, "attn_mask", given)
    if mask.dtype not in (dtypes.bool_, dtypes.float32, q.dtype):
        raise DtypeError(
            f"{name}: attn_mask is {mask.dtype}, query is {q.dtype}.",
            hint="A mask holds bools, or numbers of query's dtype that are added to the scores.",
            where=user_line(),
        )
    got, scores = shape_of(mask), (shape_of(q)[-2], shape_of(k)[-2])
    if any(n not in (1, m) for n, m in zip(got[::-1], scores[::-1], strict=False)):
        raise wrong_shape(
            f"{name}: attn_mask has shape {got}, the scores have shape {(*shape_of(q)[:-2], *scores)}.",
            "The mask must be broadcastable to the scores, (..., queries, keys).",
            f"{name}：attn_mask の形は {got}、スコアの形は {(*shape_of(q)[:-2], *scores)} です。",
            "マスクはスコアの形 (..., クエリ数, キー数) に広げられなければなりません。",
        )
    return mask if mask.dtype in (dtypes.bool_, q.dtype) else mask.to(q.dtype)
