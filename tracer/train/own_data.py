"""What the data are called that a program reads where nobody names any. A name for people: nothing hangs on it."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

DATA_ENDINGS = (".txt", ".csv")


def own_data(program: Path, source: str | None = None) -> str | None:
    """The name in a program's source: `names` of

        NAMES = Path(__file__).parent / "names.txt"

    None where no such line is at its top level.

    Args:
        source: its text, where it is not to be read from the file.
    """
    for one in top_level(program, source):
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.BinOp):
            last = one.value.right
            if isinstance(last, ast.Constant) and isinstance(last.value, str) and last.value.endswith(DATA_ENDINGS):
                return Path(last.value).stem
    return None


def top_level(program: Path, source: str | None = None) -> list[ast.stmt]:
    """A program's statements; none where it cannot be read."""
    try:
        with warnings.catch_warnings(action="ignore"):  # they are the program's own, and told when it runs
            return ast.parse(program.read_bytes() if source is None else source).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []
