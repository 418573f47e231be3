"""A shape as PyTorch shows it: a tuple that prints itself as `torch.Size([2, 3])`."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex, overload

from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError


class Size(tuple[int, ...]):
    """The lengths of a tensor's axes.

    Slices, sums and repetitions are sizes again.

    Raises:
        ArgumentTypeError: a length that is no integer.
    """

    __slots__ = ()

    def __new__(cls, lengths: Iterable[SupportsIndex] = ()) -> Size:
        return super().__new__(cls, [_length(length, place) for place, length in enumerate(lengths)])

    def numel(self) -> int:
        """How many elements a tensor of this size has: 1 for `Size([])`."""
        return math.prod(self)

    @overload
    def __getitem__(self, which: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, which: slice, /) -> Size: ...
    def __getitem__(self, which: SupportsIndex | slice, /) -> int | Size:
        found = super().__getitem__(which)
        return Size(found) if isinstance(found, tuple) else found

    def __add__(self, other: Any) -> Any:
        made = super().__add__(other) if isinstance(other, tuple) else NotImplemented
        return made if made is NotImplemented else Size(made)

    def __radd__(self, other: Any) -> Any:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> Size:
        return Size(super().__mul__(times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __reduce__(self) -> tuple[Any, ...]:
        return Size, (tuple(self),)


def _length(given: SupportsIndex, place: int) -> int:
    try:
        return operator.index(given)
    except TypeError:
        raise ArgumentTypeError(
            f"Size: item {place} is {given!r}, a {type(given).__name__}.",
            hint="The length of an axis is an integer.",
            where=user_line(),
        ) from None
