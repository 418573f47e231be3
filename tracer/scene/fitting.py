"""Words cut to an exact number of cells. What is cut may be hostile: it costs no more than the cells that are kept."""

from __future__ import annotations

from rich.cells import cell_len, get_character_cell_size

CUT = "…"
LOOK_AT = 4
"""Characters looked at for each cell asked for: a name of unseen ones ends somewhere."""


def head(words: str, width: int) -> str:
    """Exactly `width` cells: the beginning of `words`, ending in `…` where they are longer."""
    return _cut(words[: width * LOOK_AT + 1], width, whole=len(words) <= width * LOOK_AT + 1)


def tail(words: str, width: int) -> str:
    """Exactly `width` cells: the end of `words`, which tells `w[0]` from `w[1]`, after `…` where they are longer."""
    near = words[-(width * LOOK_AT + 1) :]
    if len(near) == len(words) and cell_len(near) <= width:
        return near + " " * (width - cell_len(near))
    kept, size = len(near), 0
    while kept and size + (more := get_character_cell_size(near[kept - 1])) <= width - 1:
        kept, size = kept - 1, size + more
    return (CUT + near[kept:] if width > 0 else "") + " " * (width - 1 - size)


def right(words: str, width: int) -> str:
    """Exactly `width` cells with `words` at their right end."""
    size = cell_len(words)
    return " " * (width - size) + words if size <= width else head(words, width)


def _cut(near: str, width: int, *, whole: bool) -> str:
    if whole and cell_len(near) <= width:
        return near + " " * (width - cell_len(near))
    kept, size = 0, 0
    while kept < len(near) and size + (more := get_character_cell_size(near[kept])) <= width - 1:
        kept, size = kept + 1, size + more
    return (near[:kept] + CUT if width > 0 else "") + " " * (width - 1 - size)
