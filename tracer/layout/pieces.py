"""Long work in pieces: a generator that yields wherever it may be left for a while, and returns what it makes."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from tracer.layout.uncollected import uncollected

Made = TypeVar("Made")
Pieces = Generator[None, None, Made]
"""Yields between two pieces; what it makes comes as its return value."""


def at_once(work: Pieces[Made]) -> Made:
    """What it makes, made without a pause, the garbage collector's included."""
    with uncollected():
        while True:
            try:
                next(work)
            except StopIteration as end:
                made: Made = end.value
                return made
