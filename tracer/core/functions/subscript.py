"""What a user wrote between brackets, read as PyTorch reads it and checked against the tensor's shape."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.backend import to_host
from tracer.core.subscript import Index, consumes, spelled_out
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, IndexingError

_MANY = 32  # a longer list of lists is taken for numbers, not for a tuple: PyTorch's rule, and once NumPy's


def read_index(shape: Sequence[int], key: Any) -> tuple[Index, str]:
    """The index as the ops take it, and the name PyTorch gives the node.

    Args:
        shape: of the tensor indexed.
        key: ints, slices, None, Ellipsis, bools, tensors, arrays or lists, alone or in a tuple.

    Raises:
        IndexingError: an entry is out of range, no index, or one too many. ArgumentError: a step below 1.
        ArgumentTypeError: a slice whose ends are no ints.
    """
    parts = tuple(key) if _is_tuple(key) else (key,)
    name = _basic_name(shape, parts)
    if name is not None:
        return parts, name
    index = _with_one_ellipsis([_entry(part) for part in parts])
    _check(tuple(shape), index)
    return index, _basic_name(shape, index) or "IndexBackward0"


def _basic_name(shape: Sequence[int], parts: Index) -> str | None:
    """The name of the last step that PyTorch makes, if the index is one of plain ints, slices, None and dots in range.

    PyTorch takes each entry in turn; slices that keep all do not count.
    """
    wanted = 0
    for part in parts:
        if type(part) is int or type(part) is slice:
            wanted += 1
        elif part is not None and part is not Ellipsis:
            return None
    name, axis, dots = "AliasBackward0", 0, False
    if wanted > len(shape):
        return None
    for part in parts:
        if part is None:
            name = "UnsqueezeBackward0"
        elif part is Ellipsis:
            if dots:
                return None
            dots, axis = True, axis + len(shape) - wanted
        elif type(part) is int:
            if not -shape[axis] <= part < shape[axis]:
                return None
            name, axis = "SelectBackward0", axis + 1
        else:
            start, stop, step = part.start, part.stop, part.step
            if not all(end is None or type(end) is int for end in (start, stop, step)) or (
                step is not None and step < 1
            ):
                return None
            if start or (step or 1) != 1 or not (stop is None or stop >= shape[axis]) or len(parts) == 1:
                name = "SliceBackward0"
            axis += 1
    return name


def _is_tuple(key: Any) -> bool:
    """Whether a list is meant as a tuple of indices: one that holds more than numbers."""
    if isinstance(key, tuple):
        return True
    if not isinstance(key, list) or len(key) >= _MANY:
        return False
    found = any(part is None or part is Ellipsis or isinstance(part, Tensor | slice | Sequence) for part in key)
    if found:
        warnings.warn(
            "index: a list that holds more than numbers is taken for a tuple, x[[i, j]] for x[i, j]; this is "
            "deprecated. Write x[tuple(listed)], or x[tracer.tensor(listed)] for places.",
            UserWarning,
            stacklevel=2,
        )
    return found


def _entry(part: Any) -> Any:
    """One entry as int, slice, None, Ellipsis, bool or array."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return part
    if isinstance(part, np.bool_):
        return bool(part)
    if isinstance(part, slice):
        return _slice(part)
    if isinstance(part, Tensor):
        if not part.ndim and part._array.dtype.kind in "iu" and part._array.dtype != np.uint8:
            return int(part)
        return _array(to_host(part._array), part.dtype)
    if isinstance(part, np.ndarray):
        return _array(part, part.dtype) if part.ndim else _entry(part.item())
    if isinstance(part, Sequence) and not isinstance(part, str):
        listed = np.array(_plain(part))
        return _array(listed.astype(np.int64) if listed.dtype.kind in "f" else listed, "list")
    try:
        return operator.index(part)
    except TypeError:
        kind = ArgumentTypeError if isinstance(part, str) else IndexingError  # as in PyTorch
        raise kind(
            f"index: a {type(part).__name__} is no index.",
            hint="Use ints, slices, ..., None, and tensors or lists of ints or bools.",
            where=user_line(),
            ja=f"添字：{type(part).__name__} は添字になりません。",
            hint_ja="整数、スライス、...、None、整数か真偽値のテンソルやリストが使えます。",
        ) from None


def _plain(listed: Sequence[Any]) -> list[Any]:
    """A nested list with tensors in it as Python numbers."""
    return [
        one.tolist() if isinstance(one, Tensor) else _plain(one) if isinstance(one, Sequence) else one for one in listed
    ]


def _slice(given: slice) -> slice:
    ends = []
    for end in (given.start, given.stop, given.step):
        try:
            ends.append(None if end is None else operator.index(end))
        except TypeError:
            raise ArgumentTypeError(
                f"index: a slice goes from int to int, got {type(end).__name__}.", where=user_line()
            ) from None
    if ends[2] is not None and ends[2] <= 0:
        raise ArgumentError(
            f"index: a slice's step is {ends[2]}; it must be greater than zero.",
            hint="To reverse an axis, use flip: x.flip(0).",
            where=user_line(),
            ja=f"添字：スライスの刻み幅が {ends[2]} です。1 以上でなければなりません。",
            hint_ja="逆順にするには x.flip(0) のように flip を使います。",
        )
    return slice(*ends)


def _array(found: Any, dtype: Any) -> Any:
    """Places as int64, masks as bool; a copy, so that a recording keeps what was meant."""
    if found.dtype == np.uint8:
        warnings.warn(
            "index: a uint8 tensor is taken for a mask, not for places; this is deprecated. Write x[mask.bool()].",
            UserWarning,
            stacklevel=2,
        )
    if found.dtype == np.bool_ or found.dtype == np.uint8:
        return found.astype(np.bool_) if found.ndim else bool(found)
    if found.dtype in (np.int64, np.int32) or (found.size == 0 and found.dtype.kind in "iuf" and dtype == "list"):
        return found.astype(np.int64)
    raise IndexingError(
        f"index: tensors used as indices must be long, int, byte or bool tensors, got {dtype}.",
        hint="Convert it: i.long().",
        where=user_line(),
        ja=f"添字：添字に使えるのは int64、int32、uint8、bool のテンソルです（渡されたのは {dtype}）。",
        hint_ja="i.long() で変換してください。",
    )


def _with_one_ellipsis(parts: list[Any]) -> Index:
    first = next((place for place, part in enumerate(parts) if part is Ellipsis), len(parts))
    return (*parts[: first + 1], *(part for part in parts[first + 1 :] if part is not Ellipsis))


def _check(shape: tuple[int, ...], index: Index) -> None:
    ndim, wanted = len(shape), sum(consumes(part) for part in index)
    if wanted > ndim:
        raise IndexingError(
            f"index: {wanted} axes are indexed, the tensor has shape {shape}.",
            hint="A tensor with one element and no axes gives its number by .item()."
            if not ndim
            else f"Give at most {ndim} {'indices' if ndim > 1 else 'index'}.",
            where=user_line(),
            ja=f"添字：{wanted} 本の軸が指定されましたが、テンソルの形は {shape} です。",
            hint_ja="軸のないテンソルの数は .item() で取り出します。" if not ndim else f"軸は {ndim} 本までです。",
        )
    axis = 0
    meet: list[tuple[int, ...]] = []
    for part in spelled_out(index, ndim):
        if isinstance(part, np.ndarray):
            meet.append(_check_array(shape, axis, part))
        elif isinstance(part, bool):
            meet.append((int(part),))
        elif isinstance(part, int):
            _in_range(shape, axis, part, part)
        axis += consumes(part)
    if len(set(meet)) < 2:
        return
    try:
        np.broadcast_shapes(*meet)
    except ValueError:
        listed = ", ".join(map(str, meet))
        raise IndexingError(
            f"index: arrays of places with shapes {listed} do not broadcast.",
            hint="Used together, they name one element each: counted from the right, sizes must be equal or 1.",
            where=user_line(),
            ja=f"添字：形 {listed} の添字どうしが合いません。",
            hint_ja="一緒に使う添字は、右から数えて軸の長さが等しいか 1 でなければなりません。",
        ) from None


def _check_array(shape: tuple[int, ...], axis: int, part: Any) -> tuple[int, ...]:
    """The shape this array brings to the result."""
    if part.dtype == np.bool_:
        here = shape[axis : axis + part.ndim]
        if part.shape != here:
            raise IndexingError(
                f"index: the mask has shape {part.shape}, the tensor {shape} has {here} there.",
                hint="A mask must have the shape of the axes it stands for.",
                where=user_line(),
                ja=f"添字：マスクの形は {part.shape} ですが、形 {shape} のテンソルの該当する軸は {here} です。",
                hint_ja="マスクは、対応する軸と同じ形でなければなりません。",
            )
        return (int(part.sum()),)
    if part.size:
        _in_range(shape, axis, int(part.min()), int(part.max()))
    return tuple(part.shape)


def _in_range(shape: tuple[int, ...], axis: int, lowest: int, highest: int) -> None:
    size = shape[axis]
    if -size <= lowest and highest < size:
        return
    wrong = lowest if lowest < -size else highest
    raise IndexingError(
        f"index: {wrong} is out of bounds for axis {axis} of shape {shape}.",
        hint=f"It must lie between {-size} and {size - 1}." if size else "The axis has no elements.",
        where=user_line(),
        ja=f"添字：{wrong} は、形 {shape} の軸 {axis} の範囲を外れています。",
        hint_ja=f"{-size} から {size - 1} までの整数を使ってください。" if size else "この軸には要素がありません。",
    )
