"""What an exception of a user's program says, as the user would see it: their frames, not ours."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

ERROR_KEPT = 500
"""Characters of an exception's message."""

_OURS = str(Path(__file__).resolve().parents[1])
_CONTENT = str(Path(_OURS, "_content"))
_STDLIB = os.path.dirname(os.__file__) + os.sep


def own_frames(error: BaseException) -> traceback.StackSummary:
    """The frames in the user's files: not ours, not the standard library's, not an installed package's."""
    frames = traceback.extract_tb(error.__traceback__)
    return traceback.StackSummary.from_list([frame for frame in frames if is_users(frame.filename)])


def is_users(file: str) -> bool:
    """Whether code in `file` is the user's own."""
    if file.startswith(("<", _STDLIB)) or "site-packages" in file:
        return False
    return not file.startswith(_OURS) or file.startswith(_CONTENT)


def told(error: BaseException, shown: str) -> tuple[str, str, int, str]:
    """What an exception says: on one line, the user's file and line, and all of it as Python writes it.

    Args:
        shown: what messages call the program.
    """
    frames = own_frames(error)
    said = [clean(line) for line in traceback.format_exception_only(type(error), error)]
    if isinstance(error, SyntaxError) and error.filename in (None, shown, "<string>"):
        return one_line(said[-1]), shown, error.lineno or 0, "".join(said)
    text = "".join(["Traceback (most recent call last):\n", *frames.format(), *said])
    file, line = (frames[-1].filename, frames[-1].lineno or 0) if frames else (shown, 0)
    return one_line(said[0] if len(said) == 1 else " ".join(said)), file, line, text


def clean(text: str) -> str:
    """Without what a terminal would obey, and not endless."""
    kept = text if len(text) <= ERROR_KEPT else f"{text[:ERROR_KEPT].rstrip()}… ({len(text):,} characters)\n"
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in kept)


def one_line(text: str) -> str:
    """The same on one line."""
    return clean(" ".join(text.split()))
