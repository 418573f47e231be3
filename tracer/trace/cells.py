"""One number of a panel, by what it is; and which node of a trace that is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A number of a step: of something tapped, of a parameter, or the loss."""

    of: str
    """A tap's or a parameter's name: `layer0.attn`, `logits`, `wte`, `loss`."""
    index: tuple[int, ...]
    """Where in it; fewer numbers than axes are a whole row, a whole matrix, the whole parameter."""
    document: int = 0
    grad: bool = False
    """Whether its gradient is meant."""
