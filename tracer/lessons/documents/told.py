"""A block's own words in the form that a program's lesson has, for what prints lessons."""

from __future__ import annotations

from tracer.lessons.documents.document import Block, Document
from tracer.lessons.documents.thing import block_title
from tracer.lessons.lesson import Card, Lesson
from tracer.text import Text

_NOTHING = Text.same("")


def lesson_of(document: Document, block: Block) -> Lesson | None:
    """What the comment before a block says, as a lesson; None where there is none."""
    script = block.script
    if script is None:
        return None
    return Lesson(
        name=f"{document.path.stem}/{block.number}",
        file=document.path,
        program=document.path,
        title=block_title(document, block),
        source=f"§{block.section}" if block.section else "",
        minutes=0,
        notation=script.notation or "boxes",
        by=script.by,
        intro=script.caption or _NOTHING,
        stops=script.stops,
        card=script.card or Card(_NOTHING, _NOTHING, _NOTHING, script.change),
        next=None,
        compare=None,
        caption=None,
        beside=(),
    )
