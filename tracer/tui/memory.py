"""The garbage collector, kept from stopping the walk: a full collection takes as long as several frames."""

from __future__ import annotations

import gc

SELDOM = (100_000, 20, 100)
"""Thresholds of the collector while somebody walks: young objects are looked through between keys, by `tidy`."""

PIECES = 16
"""Pieces of work after which what survived the first look is looked through again."""
SOON = 0.4
"""Seconds after a screen was opened: it has been painted, and hardly anybody has pressed a key."""


def settle() -> None:
    """Collect everything once, and set aside what is left: later collections look at new objects only.

    What was set aside before is looked at again, so that closed screens do not pile up.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*SELDOM)


def tidy(piece: int) -> None:
    """Look through what a piece of work left behind: a fraction of a millisecond, at a moment at which nobody waits.

    Args:
        piece: which it was. After some pieces, what survived is looked through once more.
    """
    gc.collect(0 if piece % PIECES else 1)
