"""Where in the user's program we are: out of our own frames to the first that is not ours."""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType, FrameType

_PACKAGE = str(Path(__file__).resolve().parents[1])
_CONTENT = str(Path(_PACKAGE, "_content"))


def user_file(code: CodeType) -> str | None:
    """The file of this code, None where it is ours or Python's own import machinery.

    Lessons and models that ship inside the package are content: a user's, not ours.
    """
    file = code.co_filename
    if file.startswith(_PACKAGE) and not file.startswith(_CONTENT):
        return None
    return None if file.startswith("<frozen") else file


def user_line() -> str | None:
    """`file:line` of the innermost frame that is not ours, for an error's `where`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = user_file(frame.f_code)
        if file is not None:
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return None
