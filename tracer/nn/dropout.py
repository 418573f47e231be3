"""Dropout: while training, numbers are left out at random."""

from __future__ import annotations

from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError
from tracer.nn import functional as F
from tracer.nn.module import Module


class Dropout(Module):
    """In training, each number becomes 0 with probability p and the others grow by 1 / (1 - p); else nothing happens.

    Args:
        p: in [0, 1].
        inplace: whether the input itself is overwritten.

    Raises:
        ArgumentError: p is no probability.

    Source: Srivastava et al., "Dropout" (2014).
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ArgumentError(
                f"Dropout: p is {p}; a probability lies between 0 and 1.",
                where=user_line(),
                ja=f"Dropout：p に {p} が渡されましたが、確率は 0 以上 1 以下です。",
            )
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
