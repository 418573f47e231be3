"""Creation order, of `Value`s and tensors alike: a topological order of every graph."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

next_serial: Callable[[], int] = count().__next__
"""The next number."""
