"""What functions with two results return: a pair with names, printed as PyTorch prints it."""

from __future__ import annotations

from typing import NamedTuple

from tracer.core.tensor import Tensor


class _Pair(NamedTuple):
    values: Tensor
    indices: Tensor


class ValuesIndices(_Pair):
    """`values` and `indices`, also by place: `values, indices = x.max(dim=1)`."""

    __slots__ = ()

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"torch.return_types.{name}(\nvalues={self.values!r},\nindices={self.indices!r})"


def _made(name: str) -> type[ValuesIndices]:
    return type(name, (ValuesIndices,), {"__slots__": (), "__module__": __name__, "__doc__": ValuesIndices.__doc__})


max = _made("max")
min = _made("min")
median = _made("median")
sort = _made("sort")
topk = _made("topk")
