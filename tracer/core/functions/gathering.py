"""Reading and writing at places a tensor names: gather, scatter, embedding, one-hot, as PyTorch has them."""

from __future__ import annotations

from typing import Any

from tracer.core import dtype as dtypes
from tracer.core.apply import apply
from tracer.core.backend import namespace
from tracer.core.functions.arguments import dim_of, int_of, tensor_of
from tracer.core.functions.registry import function
from tracer.core.functions.shape import broadcast_to, flatten, reshape
from tracer.core.functions.sizes import shape_of
from tracer.core.functions.subscript import read_index
from tracer.core.ops import gathering as ops
from tracer.core.ops.indexing import INDEX
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, DtypeError, PlaceError, ShapeError


@function
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Elements of `input` along an axis, at the place that `index` names for each element of the result.

    Args:
        index: ints; as many axes as input, and no larger than it but along `dim`.

    Returns:
        The shape of `index`.

    Raises:
        ShapeError: shapes do not fit. PlaceError: a place is out of range. DtypeError: index has no ints.
    """
    a = tensor_of("gather", input)
    axis = dim_of("gather", dim, a.ndim)
    places = _places("gather", a, axis, index)
    return apply(ops.GATHER, a, places, dim=axis)


@function
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """`gather` where other axes broadcast; without `dim`, from all elements in one row.

    Along `dim` places count from either end, and go round, as in PyTorch.

    Raises:
        ShapeError: shapes do not fit. PlaceError: a place is out of range. DtypeError: indices has no ints.
    """
    a, index = tensor_of("take_along_dim", input), tensor_of("take_along_dim", indices, "indices")
    if dim is None:
        return gather(flatten(a), 0, flatten(index))
    if a.ndim != index.ndim:
        raise _unequal_ndim("take_along_dim", a, index, "indices")
    axis = dim_of("take_along_dim", dim, a.ndim)
    one, other = list(shape_of(a)), list(shape_of(index))
    for place, (n, m) in enumerate(zip(shape_of(a), shape_of(index), strict=True)):
        if place != axis:
            one[place] = other[place] = max(n, m) if 0 not in (n, m) else 0
    if shape_of(a)[axis] and _outside(index, shape_of(a)[axis]) is not None and index.dtype is dtypes.int64:
        index = Tensor._wrap(index._array % shape_of(a)[axis])
    return gather(_spread(a, one), axis, _spread(index, other))


def _spread(a: Tensor, shape: list[int]) -> Tensor:
    return a if shape_of(a) == tuple(shape) else broadcast_to(a, tuple(shape))


@function
def take(input: Tensor, index: Tensor) -> Tensor:
    """Elements by their place in one row of all; the shape of `index`.

    Raises:
        IndexingError: a place out of range. DtypeError: index is not int64.
    """
    a, places = tensor_of("take", input), tensor_of("take", index, "index")
    if places.dtype is not dtypes.int64:
        raise DtypeError(f"take: index is {places.dtype}; int64 is expected.", where=user_line())
    read, _ = read_index((a._array.size,), (places,)) if places.ndim else read_index((a._array.size,), (places[None],))
    picked = apply(INDEX, reshape(a, -1), index=read, _grad_fn="TakeBackward0")
    return picked if places.ndim else reshape(picked, ())


@function
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy of `input` with elements of `src` written along an axis, at the places that `index` names.

    Where several meet, one of them stays, and it alone receives gradient.

    Args:
        src: a tensor no smaller than index, or a number.
        reduce: "add" adds instead.

    Raises:
        ShapeError: shapes do not fit. PlaceError: a place is out of range. DtypeError: src is of another dtype.
    """
    a, given = tensor_of("scatter", input), src if value is None else value
    axis = dim_of("scatter", dim, a.ndim)
    places = _places("scatter", a, axis, index, given)
    if reduce is None:
        name = "ScatterBackward0" if isinstance(given, Tensor) else "ScatterBackward1"
        return apply(ops.SCATTER, a, places, given, dim=axis, _grad_fn=name)
    if reduce != "add":
        raise ArgumentError(f"scatter: reduce is {reduce!r}; only 'add' is there.", where=user_line())
    if not isinstance(given, Tensor):
        given = Tensor._wrap(namespace(a._array).full(shape_of(places), given, a._array.dtype))
    return apply(ops.SCATTER_ADD, a, places, given, dim=axis)


@function
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy of `input` with elements of `src` added along an axis, at the places that `index` names.

    Raises:
        ShapeError: shapes do not fit. PlaceError: a place is out of range. DtypeError: src is of another dtype.
    """
    a, given = tensor_of("scatter_add", input), tensor_of("scatter_add", src, "src")
    axis = dim_of("scatter_add", dim, a.ndim)
    return apply(ops.SCATTER_ADD, a, _places("scatter_add", a, axis, index, given), given, dim=axis)


def _places(name: str, a: Tensor, axis: int, index: Any, src: Any = None) -> Tensor:
    """The index tensor, checked."""
    places = tensor_of(name, index, "index")
    if places.dtype not in (dtypes.int64, dtypes.int32):
        raise DtypeError(
            f"{name}: index is {places.dtype}; int32 or int64 is expected.",
            hint="Convert it: i.long().",
            where=user_line(),
            ja=f"{name}：index は {places.dtype} ですが、int32 か int64 でなければなりません。",
            hint_ja="i.long() で変換してください。",
        )
    if isinstance(src, Tensor) and src.dtype is not a.dtype:
        raise DtypeError(f"{name}: input is {a.dtype}, src is {src.dtype}; they must agree.", where=user_line())
    if not (src is None or isinstance(src, Tensor) or dtypes.is_scalar(src)):
        raise ArgumentTypeError(
            f"{name}: src must be a Tensor or a number, got {type(src).__name__}.", where=user_line()
        )
    if max(places.ndim, 1) != max(a.ndim, 1):
        raise _unequal_ndim(name, a, places, "index")
    if not places._array.size:
        return places
    beyond = [i for i in range(places.ndim) if i != axis and a.ndim and shape_of(places)[i] > shape_of(a)[i]]
    if beyond:
        raise _too_large(name, places, f"input, of shape {shape_of(a)}, but along axis {axis}")
    if isinstance(src, Tensor):
        if max(places.ndim, 1) != max(src.ndim, 1):
            raise _unequal_ndim(name, src, places, "index")
        if any(n > m for n, m in zip(shape_of(places), shape_of(src), strict=False)):
            raise _too_large(name, places, f"src, of shape {shape_of(src)}")
    size = shape_of(a)[axis] if a.ndim else 1
    wrong = _outside(places, size)
    if wrong is not None:
        raise PlaceError(
            f"{name}: index {wrong} is out of bounds for axis {axis} of shape {shape_of(a)}.",
            hint=f"Places must lie between 0 and {size - 1}.",
            where=user_line(),
            ja=f"{name}：{wrong} は、形 {shape_of(a)} の軸 {axis} の範囲を外れています。",
            hint_ja=f"0 から {size - 1} までの番号を使ってください。",
        )
    return places


def _outside(places: Tensor, size: int) -> int | None:
    """A place that is not in [0, size), if there is one."""
    if not places._array.size:
        return None
    lowest, highest = int(places._array.min()), int(places._array.max())
    return lowest if lowest < 0 else highest if highest >= size else None


def _unequal_ndim(name: str, a: Tensor, index: Tensor, word: str) -> ShapeError:
    return ShapeError(
        f"{name}: input has shape {shape_of(a)}, {word} has shape {shape_of(index)}.",
        hint="Both must have the same number of axes.",
        where=user_line(),
        ja=f"{name}：input の形は {shape_of(a)}、{word} の形は {shape_of(index)} です。",
        hint_ja="軸の数が等しくなければなりません。",
    )


def _too_large(name: str, index: Tensor, than: str) -> ShapeError:
    return ShapeError(
        f"{name}: index has shape {shape_of(index)}.", hint=f"It must be no larger than {than}.", where=user_line()
    )


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of a table, one for each number: `nn.functional.embedding`.

    Args:
        input: ints, any shape.
        weight: (V, D), the table.
        padding_idx: this row receives no gradient.

    Returns:
        The shape of `input` and then D.

    Raises:
        PlaceError: a number outside [0, V). DtypeError: input has no ints. ShapeError: weight has not two axes.
    """
    numbers, table = tensor_of("embedding", input), tensor_of("embedding", weight, "weight")
    if max_norm is not None or scale_grad_by_freq:
        raise ArgumentError("embedding: max_norm and scale_grad_by_freq are not there.", where=user_line())
    if table.ndim != 2:
        raise ShapeError(
            f"embedding: weight has shape {shape_of(table)}; it must have two axes.",
            where=user_line(),
            ja=f"embedding：weight の形は {shape_of(table)} ですが、軸は 2 本でなければなりません。",
        )
    if numbers.dtype not in (dtypes.int64, dtypes.int32):
        raise DtypeError(
            f"embedding: input is {numbers.dtype}; rows are named by int32 or int64.",
            hint="Convert it: i.long(). Perhaps input and weight changed places?",
            where=user_line(),
            ja=f"embedding：input は {numbers.dtype} ですが、行の番号は int32 か int64 でなければなりません。",
            hint_ja="i.long() で変換してください。input と weight の順序も確かめてください。",
        )
    rows = shape_of(table)[0]
    wrong = _outside(numbers, rows)
    if wrong is not None:
        raise PlaceError(
            f"embedding: index out of range: {wrong}, weight has {rows} rows.",
            hint=f"Numbers must lie between 0 and {rows - 1}.",
            where=user_line(),
            ja=f"embedding：{wrong} は範囲外です。weight の行数は {rows} です。",
            hint_ja=f"0 から {rows - 1} までの番号を使ってください。",
        )
    padding = None if padding_idx is None else int_of("embedding", "padding_idx", padding_idx)
    if padding is not None and not -rows <= padding < rows:
        raise ArgumentError(
            f"embedding: padding_idx is {padding}, weight has {rows} rows.",
            hint=f"It must lie between {-rows} and {rows - 1}.",
            where=user_line(),
        )
    return apply(ops.EMBEDDING, table, numbers, padding_idx=None if padding is None else padding % rows)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Each number as a row of zeros with one 1: `nn.functional.one_hot`. int64, takes no gradient.

    Args:
        tensor: int64, any shape, in [0, num_classes).
        num_classes: length of a row; -1 is the largest number plus 1.

    Returns:
        The shape of `tensor` and then num_classes.

    Raises:
        DtypeError: not int64. ShapeError: a number outside the classes, or none to count them by.
    """
    numbers = tensor_of("one_hot", tensor, "tensor")
    count = int_of("one_hot", "num_classes", num_classes)
    if numbers.dtype is not dtypes.int64:
        raise DtypeError(
            f"one_hot: tensor is {numbers.dtype}; one_hot is only applicable to int64.",
            hint="Convert it: i.long().",
            where=user_line(),
            ja=f"one_hot：tensor は {numbers.dtype} ですが、int64 でなければなりません。",
            hint_ja="i.long() で変換してください。",
        )
    empty = not numbers._array.size
    classes = count if empty or count != -1 else max(int(numbers._array.max()) + 1, 0)
    wrong = _outside(numbers, classes)
    if wrong is None and not (empty and count <= 0):
        return apply(ops.ONE_HOT, numbers, num_classes=classes)
    if empty:
        hint, hint_ja = "Without numbers, num_classes must be given.", "数がひとつもないときは num_classes が必要です。"
    elif wrong is not None and wrong < 0:
        hint, hint_ja = "Class values must be non-negative.", "クラスの番号は 0 以上でなければなりません。"
    else:
        hint, hint_ja = "Class values must be smaller than num_classes.", "番号は num_classes より小さくしてください。"
    got = f"tensor has shape {shape_of(numbers)}" if empty else f"class {wrong}"
    raise ShapeError(
        f"one_hot: {got}, num_classes is {count}.",
        hint=hint,
        where=user_line(),
        ja=f"one_hot：{'要素がありません' if empty else f'クラス {wrong}'}（num_classes は {count}）。",
        hint_ja=hint_ja,
    )
