"""How long a program of the user's own may run, and how much it may make."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How far a program may go."""

    nodes: int = 2_000_000
    """About 100 MB of trace."""
    seconds: float | None = None
    """After that it is stopped as by Ctrl-C; None lets it run."""
