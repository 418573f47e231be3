"""A fold of the picture in words."""

from __future__ import annotations

from tracer.explain.explanation import Explanation
from tracer.explain.part import about_part
from tracer.layout.fold import LIMIT, Folding, stats
from tracer.numbers import percent
from tracer.scene.arrange import arrange
from tracer.scene.notation import Notation
from tracer.text import clean
from tracer.trace.cursor import Cursor


def about_fold(
    cursor: Cursor,
    key: str,
    *,
    notation: Notation = "boxes",
    folding: Folding | None = None,
    limit: int = LIMIT,
    digits: int = 4,
) -> Explanation | None:
    """What is known of a fold at this moment; None where the picture has none of this key."""
    drawn = arrange(cursor.trace, notation, cursor.moment.node or 0, limit, digits, folding).drawn
    fold = next((one for one in drawn.folds.values() if one.key == key), None)
    if fold is None:
        return None
    now = stats(cursor.trace, fold).at(cursor.position)
    share = "" if now.share is None else percent(now.share)
    around = [clean(one.title) for one in drawn.opened if one.kind == "scope" and fold.id in drawn.inside[one.key]]
    return about_part(cursor, clean(fold.title), fold.kind, fold.nodes, now, share, around, digits)
