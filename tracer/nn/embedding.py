"""Embedding: a table whose rows are looked up and learned."""

from __future__ import annotations

from typing import Any

from tracer.core.dtype import DType
from tracer.core.grad_mode import no_grad
from tracer.core.record import silence
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ShapeError
from tracer.nn import functional as F
from tracer.nn import init
from tracer.nn.module import Module
from tracer.nn.parameter import Parameter, empty_parameter, tell


class Embedding(Module):
    """Row i of the table for each index i. Only rows that were looked up receive gradient.

    Args:
        num_embeddings: rows, V.
        embedding_dim: length of a row, C.
        padding_idx: a row that begins at 0 and receives no gradient.
        device, dtype: of the table.

    Parameters:
        weight: (V, C); first values normal, mean 0, width 1.

    Raises:
        ArgumentError: padding_idx is no row.
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ArgumentError(
                f"Embedding: padding_idx is {padding_idx}, but the table has {num_embeddings} rows.", where=user_line()
            )
        self.padding_idx = padding_idx % num_embeddings if padding_idx is not None else None
        if _weight is not None:
            if tuple(_weight.shape) != (num_embeddings, embedding_dim):
                raise ShapeError(
                    f"Embedding: the table has shape {tuple(_weight.shape)}, "
                    f"({num_embeddings}, {embedding_dim}) is expected.",
                    where=user_line(),
                )
            self.weight = Parameter(_weight, requires_grad=not _freeze)
            return
        self.weight = empty_parameter((num_embeddings, embedding_dim), device, dtype)
        self.weight.requires_grad_(not _freeze)
        with silence():
            self.reset_parameters()
        tell(self.weight)

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Embedding:
        """A table with these rows, (V, C); not trained unless `freeze` is False."""
        rows, length = embeddings.shape
        return cls(rows, length, padding_idx, _weight=embeddings, _freeze=freeze)

    def reset_parameters(self) -> None:
        """Draw new first values."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        padding = f", padding_idx={self.padding_idx}" if self.padding_idx is not None else ""
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
