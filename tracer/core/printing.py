"""A tensor as text, letter by letter as PyTorch prints it.

One width serves all elements. It, the number of decimals and whether powers of ten are shown are decided by the
elements that will be seen; beyond `threshold` elements only the ends of each axis are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.backend import to_host
from tracer.core.where import user_line
from tracer.errors import ArgumentError

if TYPE_CHECKING:
    from tracer.core.tensor import Tensor

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class PrintOptions:
    """How tensors are written."""

    precision: int = 4
    """Digits after the point."""
    threshold: float = 1000
    """Elements from which on only the ends of the axes are shown."""
    edgeitems: int = 3
    """Elements shown at each end then."""
    linewidth: int = 80
    """Characters a line."""
    sci_mode: bool | None = None
    """Whether powers of ten are shown; None leaves it to the numbers."""


PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are written; what is not given stays as it is, but for `sci_mode`, which is always set.

    Args:
        precision: digits after the point.
        threshold: elements from which on only the ends of the axes are shown.
        edgeitems: elements shown at each end then.
        linewidth: characters a line.
        profile: "default", "short" or "full", to start from.
        sci_mode: whether powers of ten are shown; None leaves it to the numbers.
    """
    global _options
    if profile is not None and profile not in PROFILES:
        raise ArgumentError(
            f"set_printoptions: got profile {profile!r}.", hint=f"Known: {', '.join(PROFILES)}.", where=user_line()
        )
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes = {name: value for name, value in given.items() if value is not None}
    _options = replace(_options if profile is None else PROFILES[profile], **changes, sci_mode=sci_mode)  # type: ignore[arg-type]


def get_printoptions() -> dict[str, Any]:
    """How tensors are written now, as keywords for `set_printoptions`."""
    return asdict(_options)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """`with printoptions(precision=2):` writes tensors differently inside."""
    global _options
    before = _options
    set_printoptions(**options)
    try:
        yield
    finally:
        _options = before


def tensor_repr(tensor: Tensor) -> str:
    """`tensor([ 0.0900, -0.7553], requires_grad=True)`."""
    array = to_host(tensor._array)
    dtype = dtypes.from_numpy_dtype(array.dtype)
    kind = type(tensor).__name__
    head = "tensor(" if kind in ("Tensor", "Parameter") else f"{kind}("
    notes: list[str] = []
    if tensor.device.type != "cpu":
        notes.append(f"device='{tensor.device}'")
    if (array.ndim != 1) if array.size == 0 else not _options.edgeitems:
        notes.append(f"size={tuple(array.shape)}")
    obvious = {dtypes.get_default_dtype()} | ({dtypes.int64, dtypes.bool_} if array.size else set())
    if dtype not in obvious:
        notes.append(f"dtype={dtype}")
    if tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return _annotated(head + array_text(array, len(head)), notes, len(head))


def format_tensor(tensor: Tensor, spec: str) -> str:
    """`f"{loss:.4f}"`: a tensor without axes is formatted as its number; others take no format."""
    if tensor.ndim == 0 and type(tensor).__name__ == "Tensor":
        return format(to_host(tensor._array).item(), spec)
    return object.__format__(tensor, spec)


def array_text(array: Array, indent: int = 0) -> str:
    """The elements in brackets, without `tensor(` around them.

    Args:
        indent: columns already taken on the first line; the following lines start there.
    """
    if array.size == 0:
        return "[]"
    cut = array.size > _options.threshold
    return _nested(array, indent, cut, _Style(_ends(array) if cut else array))


class _Style:
    """How one element is written, so that all line up."""

    def __init__(self, seen: Array) -> None:
        self.is_float = seen.dtype.kind == "f"
        self.whole, self.powers, self.width = True, False, 1
        if not self.is_float:
            self.width = max((len(str(value)) for value in seen.ravel().tolist()), default=1)
            return
        numbers = seen[np.isfinite(seen) & (seen != 0)]
        if not numbers.size:
            return
        sizes = np.abs(numbers.astype(np.float64))
        least, most = sizes.min(), sizes.max()
        self.whole = bool((numbers == np.ceil(numbers)).all())
        asked = _options.sci_mode
        self.powers = bool(most / least > 1000 or most > 1e8 or least < 1e-4) if asked is None else asked
        point = self.whole and not self.powers
        self.width = max(1, *(len(self._digits(value)) + point for value in numbers.tolist()))

    def _digits(self, value: float) -> str:
        if self.powers:
            return f"{value:.{_options.precision}e}"
        return f"{value:.0f}" if self.whole else f"{value:.{_options.precision}f}"

    def write(self, value: Any) -> str:
        """One element, padded to the common width."""
        if not self.is_float:
            return str(value).rjust(self.width)
        point = "." if self.whole and not self.powers and math.isfinite(value) else ""
        return (self._digits(value) + point).rjust(self.width)


def _nested(array: Array, indent: int, cut: bool, style: _Style) -> str:
    if array.ndim == 0:
        return style.write(array.item())
    edge, length = _options.edgeitems, len(array)
    shortened = cut and length > 2 * edge
    if array.ndim == 1:
        return _row(array, indent, cut, style)
    places = [*range(edge), *range(length - edge, length)] if shortened else range(length)
    parts = [_nested(array[place], indent + 1, cut, style) for place in places]
    if shortened:
        parts.insert(edge, "...")
    between = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return f"[{between.join(parts)}]"


def _row(row: Array, indent: int, cut: bool, style: _Style) -> str:
    edge = _options.edgeitems
    if cut and not edge:
        shown = ["..."]
    elif cut and len(row) > 2 * edge:
        shown = [*map(style.write, row[:edge].tolist()), " ...", *map(style.write, row[-edge:].tolist())]
    else:
        shown = [*map(style.write, row.tolist())]
    each = max(1, (_options.linewidth - indent) // (style.width + 2))
    lines = [", ".join(shown[start : start + each]) for start in range(0, len(shown), each)]
    return f"[{(',' + chr(10) + ' ' * (indent + 1)).join(lines)}]"


def _ends(array: Array) -> Array:
    """The elements that are shown of a long array: both ends of each axis."""
    edge = _options.edgeitems
    for axis, length in enumerate(array.shape):
        if length > 2 * edge:
            array = np.take(array, [*range(edge), *range(length - edge, length)], axis)
    return array


def _annotated(text: str, notes: list[str], indent: int) -> str:
    """The notes after the elements, on new lines where they do not fit."""
    used = len(text) - text.rfind("\n") + 1
    for note in notes:
        if used + len(note) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + note
            used = indent + len(note)
        else:
            text += ", " + note
            used += len(note) + 2
    return text + ")"
