"""What was worked out and may be asked for again: the few that were asked for last."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")
_MISSING: Any = object()


def recent(kept: dict[Key, Made], key: Key, most: int, make: Callable[[], Made]) -> Made:
    """What `kept` has under `key`; else what `make` gives.

    Args:
        kept: the `most` that were asked for last, the latest last. Changed in place; two threads may ask at once.
    """
    found = kept.pop(key, _MISSING)
    made: Made = make() if found is _MISSING else found
    kept[key] = made
    for old in list(kept)[: max(0, len(kept) - most)]:
        kept.pop(old, None)
    return made
