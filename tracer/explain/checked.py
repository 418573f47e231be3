"""What a check of one node comes to: its mark, its numbers, and the sentence that says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tracer.text import Text

Mark = Literal["✓", "?", "✗", ""]
"""Right; not checked, or cannot be; wrong; nothing to check."""


@dataclass(frozen=True)
class Check:
    """What was found out about one node. Of a tensor, errors and slopes are those of its worst element."""

    node: int
    mark: Mark
    reason: Text
    """Why the mark, in a sentence with its numbers."""
    pass_index: int | None = None
    """The pass whose gradient was checked; None where only the value was."""
    value_error: float | None = None
    """|stored − computed again|; None for a leaf or a constant, whose value follows from nothing."""
    sum_error: float | None = None
    """|recorded gradient − sum of its contributions|."""
    slope: float | None = None
    """What nudging shows."""
    slope_error: float | None = None
    """|gradient − slope|."""
    kink: int | None = None
    """A node at whose kink the nudge arrives, where a slope settles nothing."""
