"""Names and what is said of them, a line or more each."""

from __future__ import annotations

from rich.cells import cell_len

from tracer.panels.data import Data
from tracer.panels.drawing import Board, Drawn, Look, cut, wrapped


def table(data: Data, look: Look) -> Drawn:
    """As many as there are lines for; long words go on below themselves."""
    board = Board(look.width, look.height)
    lang = look.lang
    named = min(max((cell_len(name[lang]) for name, _ in data.table), default=0), look.width // 2)
    left = named + 2 if named else 0
    y = 0
    for name, words in data.table:
        board.put(0, y, cut(name[lang], named), look.palette.style("muted"))
        for line in wrapped(words[lang], max(0, look.width - left)) or [""]:
            board.put(left, y, line, look.palette.style("text"))
            y += 1
        if y >= look.height:
            break
    return board.drawn()
