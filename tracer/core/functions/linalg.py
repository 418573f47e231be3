"""Matrix products under PyTorch's names: `@` for every rank, and the strict forms mm, bmm, mv, dot."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracer.core.apply import apply
from tracer.core.functions.arguments import tensor_of
from tracer.core.functions.einsum import tensordot
from tracer.core.functions.operands import same_dtype
from tracer.core.functions.registry import METHODS, function
from tracer.core.ops import linalg as ops
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import OptionError, ShapeError, UnsupportedDtypeError


def _shape(a: Tensor) -> tuple[int, ...]:
    return tuple(a._array.shape)


def _misfit(
    name: str, a: Tensor, b: Tensor, hint: str, hint_ja: str, names: tuple[str, str] = ("a", "b")
) -> ShapeError:
    one, two = names
    return ShapeError(
        f"{name}: {one} has shape {_shape(a)}, {two} has shape {_shape(b)}.",
        hint=hint,
        where=user_line(),
        ja=f"{name}：{one} の形は {_shape(a)}、{two} の形は {_shape(b)} です。",
        hint_ja=hint_ja,
    )


def _factors(name: str, input: Any, other: Any, second: str = "other") -> tuple[Tensor, Tensor]:
    """Two tensors of numbers and of one dtype."""
    a, b = tensor_of(name, input), tensor_of(name, other, second)
    if a._array.dtype != b._array.dtype:
        same_dtype(name, **{"input": a, second: b})
    if a._array.dtype.kind == "b":
        raise UnsupportedDtypeError(
            f"{name}: got bool tensors.",
            hint="Convert them to numbers first: x.float().",
            where=user_line(),
            ja=f"{name}：bool のテンソルの積は計算できません。",
            hint_ja="x.float() で数に変換してください。",
        )
    return a, b


@function
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """input @ other. Vectors, matrices, and stacks of matrices whose leading axes broadcast.

    A vector on the left is a row, on the right a column; that axis is gone from the result.

    Raises:
        ShapeError: the inner sizes differ, the leading axes do not broadcast, or one is a number (no axes).
        DtypeError: different dtypes.
    """
    a, b = _factors("matmul", input, other)
    one, two = a._array.shape, b._array.shape
    if not one or not two:
        raise _misfit(
            "matmul",
            a,
            b,
            "Both must have at least one axis; to multiply by a number, write *.",
            "どちらにも軸が 1 本以上必要です。数を掛けるときは * を使ってください。",
        )
    inner = two[-2] if len(two) > 1 else two[0]
    if one[-1] != inner:
        raise _no_product(a, b, inner)
    if len(one) > 2 and len(two) > 2 and one[:-2] != two[:-2]:
        try:
            np.broadcast_shapes(one[:-2], two[:-2])
        except ValueError:
            raise _misfit(
                "matmul",
                a,
                b,
                f"The axes before the last two, {one[:-2]} and {two[:-2]}, must be equal or 1 (counted from the "
                f"right).",
                f"最後の 2 本より前の軸 {one[:-2]} と {two[:-2]} は、右から数えて等しいか 1 でなければなりません。",
            ) from None
    return apply(ops.MATMUL, a, b)


def _no_product(a: Tensor, b: Tensor, inner: int) -> ShapeError:
    last, turned = _shape(a)[-1], ""
    if b.ndim == 2 and _shape(b)[1] == last:
        turned = " With b.T it would fit."
    which = {1: "only axis", 2: "first axis"}.get(b.ndim, "second last axis")
    which_ja = {1: "ただ一つの軸", 2: "最初の軸"}.get(b.ndim, "最後から 2 番目の軸")
    return _misfit(
        "matmul",
        a,
        b,
        f"The last axis of a ({last}) must equal the {which} of b ({inner}).{turned}",
        f"a の最後の軸（{last}）と b の{which_ja}（{inner}）は等しくなければなりません。"
        + ("b.T なら合います。" if turned else ""),
    )


def _ranks(name: str, a: Tensor, b: Tensor, ranks: tuple[int, int], names: tuple[str, str]) -> None:
    """Hold two tensors to their numbers of axes, then to the size they share."""
    word = {1: "a vector (1 axis)", 2: "a matrix (2 axes)", 3: "a stack of matrices (3 axes)"}
    word_ja = {1: "ベクトル（軸 1 本）", 2: "行列（軸 2 本）", 3: "行列の束（軸 3 本）"}
    if (a.ndim, b.ndim) != ranks:
        raise _misfit(
            name,
            a,
            b,
            f"{names[0]} must be {word[ranks[0]]}, {names[1]} {word[ranks[1]]}; matmul (@) takes all ranks.",
            f"{names[0]} は{word_ja[ranks[0]]}、{names[1]} は{word_ja[ranks[1]]}でなければなりません。"
            "matmul（@）ならどの軸数でも使えます。",
            names,
        )
    one, two = _shape(a), _shape(b)
    inner = two[-2] if len(two) > 1 else two[0]
    if one[-1] != inner or (ranks == (3, 3) and one[0] != two[0]):
        sizes = f"The last axis of {names[0]} ({one[-1]}) must equal the {'second last' if len(two) > 1 else 'only'} "
        sizes_ja = f"{names[0]} の最後の軸（{one[-1]}）と {names[1]} の"
        more, more_ja = "", ""
        if ranks == (3, 3):
            more = f", and their first axes ({one[0]}, {two[0]}) each other"
            more_ja = f"、また最初の軸どうし（{one[0]} と {two[0]}）"
        raise _misfit(
            name,
            a,
            b,
            f"{sizes}axis of {names[1]} ({inner}){more}.",
            f"{sizes_ja}{'最後から 2 番目' if len(two) > 1 else 'ただ一つ'}の軸（{inner}）{more_ja}は"
            "等しくなければなりません。",
            names,
        )


@function
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices, (n, m) and (m, p).

    Raises:
        ShapeError: not two matrices, or the inner sizes differ. DtypeError: different dtypes.
    """
    a, b = _factors("mm", input, mat2, "mat2")
    _ranks("mm", a, b, (2, 2), ("input", "mat2"))
    return apply(ops.MATMUL, a, b)


@function
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """The products of two stacks of matrices, (B, n, m) and (B, m, p), one by one.

    Raises:
        ShapeError: not two such stacks. DtypeError: different dtypes.
    """
    a, b = _factors("bmm", input, mat2, "mat2")
    _ranks("bmm", a, b, (3, 3), ("input", "mat2"))
    return apply(ops.MATMUL, a, b, _grad_fn="BmmBackward0")


@function
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """A matrix (n, m) times a vector (m,).

    Raises:
        ShapeError: not a matrix and a vector, or the sizes differ. DtypeError: different dtypes.
    """
    a, b = _factors("mv", input, vec, "vec")
    _ranks("mv", a, b, (2, 1), ("input", "vec"))
    return apply(ops.MATMUL, a, b)


@function
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """The product of two vectors of one size: elements multiplied and added up.

    Raises:
        ShapeError: not two vectors, or the sizes differ. DtypeError: different dtypes.
    """
    a, b = _factors("dot", input, tensor, "tensor")
    _ranks("dot", a, b, (1, 1), ("input", "tensor"))
    return apply(ops.MATMUL, a, b)


@function
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """`dot`, under its name for complex numbers."""
    a, b = _factors("vdot", input, other)
    _ranks("vdot", a, b, (1, 1), ("input", "other"))
    return apply(ops.MATMUL, a, b, _grad_fn="VdotBackward0")


@function
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Products along the last axis of both, added up: vectors' dot product, for every pair of them.

    Raises:
        ShapeError: the last axes differ.
    """
    a, b = _factors("inner", input, other)
    if not a.ndim or not b.ndim:
        return METHODS["mul"](a, b)  # type: ignore[no-any-return]
    if _shape(a)[-1] != _shape(b)[-1]:
        last, other_last = _shape(a)[-1], _shape(b)[-1]
        raise _misfit(
            "inner",
            a,
            b,
            f"Their last axes ({last}, {other_last}) must be equal.",
            f"最後の軸どうし（{last} と {other_last}）が等しくなければなりません。",
        )
    return tensordot(a, b, ([-1], [-1]))


@function(names=("ger",))
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Every element of one vector times every element of another, (n, m).

    Raises:
        ShapeError: not two vectors.
    """
    a, b = tensor_of("outer", input), tensor_of("outer", vec2, "vec2")
    if a.ndim != 1 or b.ndim != 1:
        raise _misfit(
            "outer",
            a,
            b,
            "Both must be vectors (1 axis).",
            "どちらもベクトル（軸 1 本）でなければなりません。",
            ("input", "vec2"),
        )
    if a._array.dtype != b._array.dtype:
        return METHODS["mul"](METHODS["unsqueeze"](a, 1), b)  # type: ignore[no-any-return]
    return apply(ops.OUTER, a, b)


@function
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta · input + alpha · mat1 @ mat2; `input` is broadcast to the product's shape.

    Raises:
        ShapeError: not two matrices, the inner sizes differ, or input does not fit. DtypeError: different dtypes.
    """
    return _added("addmm", ops.ADDMM, (input, mat1, mat2), (2, 2), ("mat1", "mat2"), beta, alpha)


@function
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta · input + alpha · the products of two stacks of matrices.

    Raises:
        ShapeError: not two such stacks, or input does not fit. DtypeError: different dtypes.
    """
    return _added("baddbmm", ops.BADDBMM, (input, batch1, batch2), (3, 3), ("batch1", "batch2"), beta, alpha)


@function
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """beta · input + alpha · mat @ vec.

    Raises:
        ShapeError: not a matrix and a vector, the inner sizes differ, or input does not fit.
    """
    return _added("addmv", ops.ADDMV, (input, mat, vec), (2, 1), ("mat", "vec"), beta, alpha)


def _added(
    name: str,
    op: Any,
    given: tuple[Any, Any, Any],
    ranks: tuple[int, int],
    names: tuple[str, str],
    beta: Any,
    alpha: Any,
) -> Tensor:
    c = tensor_of(name, given[0])
    a, b = _factors(name, tensor_of(name, given[1], names[0]), given[2], names[1])
    same_dtype(name, input=c, **{names[0]: a})
    _ranks(name, a, b, ranks, names)
    whole = a._array.dtype.kind != "f"
    if whole and any(isinstance(factor, float) for factor in (beta, alpha)):
        raise OptionError(
            f"{name}: beta is {beta}, alpha is {alpha}, but the tensors hold whole numbers.",
            hint="Give whole factors, or convert the tensors: x.float().",
            where=user_line(),
        )
    shape = _shape(a)[:-1] + _shape(b)[2 if ranks[0] == 3 else 1 :]
    try:
        fits = np.broadcast_shapes(_shape(c), shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{name}: input has shape {_shape(c)}, the product of {names[0]} and {names[1]} has shape {shape}.",
            hint="input must broadcast to the product's shape: axes equal or 1, counted from the right.",
            where=user_line(),
            ja=f"{name}：input の形は {_shape(c)}、{names[0]} と {names[1]} の積の形は {shape} です。",
            hint_ja="input は積の形に拡張できなければなりません。右から数えて、どの軸も等しいか 1 です。",
        )
    return apply(op, c, a, b, beta=beta, alpha=alpha)


@function
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal.

    Raises:
        ShapeError: not a matrix. UnsupportedDtypeError: of bools.
    """
    a = tensor_of("trace", input)
    if a.ndim != 2:
        raise ShapeError(
            f"trace: input has shape {_shape(a)}.",
            hint="It must be a matrix: 2 axes.",
            where=user_line(),
            ja=f"trace：input の形は {_shape(a)} です。",
            hint_ja="行列（軸 2 本）でなければなりません。",
        )
    if a._array.dtype.kind == "b":
        raise UnsupportedDtypeError("trace: got a bool tensor.", hint="Convert it first: x.long().", where=user_line())
    return apply(ops.TRACE, a)


@function
def kron(input: Tensor, other: Tensor) -> Tensor:
    """The Kronecker product: each element of `input` times the whole of `other`, laid out as blocks."""
    a, b = tensor_of("kron", input), tensor_of("kron", other, "other")
    ndim = max(a.ndim, b.ndim)
    one, two = ((1,) * (ndim - x.ndim) + _shape(x) for x in (a, b))
    left = METHODS["reshape"](a, tuple(n for size in one for n in (size, 1)))
    right = METHODS["reshape"](b, tuple(n for size in two for n in (1, size)))
    made: Tensor = METHODS["reshape"](left * right, tuple(n * m for n, m in zip(one, two, strict=True)))
    return made
