"""What a reader has agreed to run: code that came with prose is run when somebody has said so, and only that code.

Remembered is the hash of a document's code, not its name: one changed character is asked about again.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from tracer.errors import TracerError
from tracer.files import settings_folder, write_atomic
from tracer.lessons.content import content_root
from tracer.lessons.documents.document import Document

FILE = "agreed.json"
MOST = 1_000
"""Documents that are remembered, the latest."""


def is_agreed(document: Document) -> bool:
    """Whether its code may run: there is none, it is ours, or somebody has agreed to it."""
    return not any(block.runs for block in document.blocks) or _is_ours(document.path) or document.sha in _read()


def agree(document: Document) -> None:
    """Remember that somebody has agreed to run this code. Where nothing can be written it is asked again next time."""
    folder = settings_folder()
    if folder is None or is_agreed(document):
        return
    known = {**_read(), document.sha: document.name}
    kept = dict(list(known.items())[-MOST:])
    with contextlib.suppress(OSError, TracerError):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / FILE, json.dumps({"version": 1, "agreed": kept}, ensure_ascii=False, indent=1).encode())


def _read() -> dict[str, str]:
    """Hash -> the name its document had."""
    folder = settings_folder()
    if folder is None:
        return {}
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        agreed = found["agreed"]
        return {sha: name for sha, name in agreed.items() if isinstance(sha, str) and isinstance(name, str)}
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {}  # not there, or not ours: then nothing was agreed to


def _is_ours(path: Path) -> bool:
    """Whether the document came with the program, as its lessons did."""
    try:
        return path.resolve().is_relative_to(content_root().resolve() / "samples")
    except (OSError, TracerError):
        return False
