"""Words in place of a picture, and the lines under one: what is selected, the note, the scale."""

from __future__ import annotations

from collections.abc import Sequence

from tracer.panels.data import Data
from tracer.panels.drawing import Board, Drawn, Look, cut, wrapped
from tracer.scene.palette import Role
from tracer.text import Text

LEAST = 3
"""Lines that a picture gets before there are any under it."""

Piece = tuple[str, Role]


def said(words: Text, look: Look) -> Drawn:
    """Words alone."""
    board = Board(look.width, look.height)
    for y, line in enumerate(wrapped(words[look.lang], look.width)[: look.height]):
        board.put(0, y, line, look.palette.style("muted"))
    return board.drawn()


def foot(board: Board, data: Data, look: Look, wanted: int, *more: Sequence[Piece]) -> int:
    """Writes the lines under a picture at the board's end: what is selected, the note, then `more` (a legend).

    Args:
        wanted: lines that the picture could use.

    Returns:
        The lines that are left to it.
    """
    lines: list[Sequence[Piece]] = []
    if look.selected is not None and data.told(look.selected, look.lang):
        lines.append([("▸ ", "accent"), (data.told(look.selected, look.lang), "text")])
    more = tuple(one for one in more if one)
    if note := data.note[look.lang]:
        spare = board.height - wanted - len(lines) - len(more)
        whole = wrapped(note, board.width)
        lines += [[(line, "muted")] for line in (whole if len(whole) <= max(1, spare) else [note])]
    lines += more
    while lines and board.height - len(lines) < min(wanted, LEAST):
        lines.pop()
    for y, pieces in enumerate(lines, board.height - len(lines)):
        x = 0
        for text, role in pieces:
            x = board.put(x, y, cut(text, board.width - x), look.palette.style(role))
    return board.height - len(lines)
