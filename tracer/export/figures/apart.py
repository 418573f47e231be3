"""A report written by a process of its own: it takes seconds, and the app is not to wait for its keys meanwhile.

The child reads one line of JSON, what to write, and answers with one: what went wrong, or null.
"""

from __future__ import annotations

import json
import sys
from dataclasses import astuple
from pathlib import Path

from tracer.errors import ExportError, TracerError
from tracer.export.figures.report import contents_of, format_of, report_bytes
from tracer.export.figures.sheet import Look
from tracer.files import write_atomic
from tracer.panels.panel import Choice
from tracer.programs.process import start
from tracer.text import Lang
from tracer.train.run import Run


def write_report(
    folder: str | Path, out: Path, lang: Lang, step: int | None = None, choice: Choice | None = None
) -> None:
    """Write the report of a run.

    Raises:
        TracerError: the run is broken, or the file cannot be written.
    """
    format = format_of(out)
    if out.is_dir() or not out.parent.is_dir():
        write_atomic(out, b"", ExportError)  # cannot succeed: it says why before anything is drawn
    contents = contents_of(Run.open(folder), step, choice)
    write_atomic(out, report_bytes(contents, format, Look(lang)), ExportError)


def write_report_apart(folder: str, out: Path, lang: Lang, step: int | None, choice: Choice) -> Path:
    """The same in a process of its own; the path.

    Raises:
        ExportError: as the other says, or the process died.
    """
    format_of(out)
    job = {"folder": folder, "out": str(out.absolute()), "lang": lang, "step": step, "choice": astuple(choice)}
    child = start(__name__, apart=True)
    said, _ = child.communicate(json.dumps(job).encode() + b"\n")
    try:
        error = json.loads(said)
    except ValueError:
        raise ExportError(
            f"{out}: not written: the process that was to write it died.",
            ja=f"{out}: 書き込めません。書き出すプロセスが異常終了しました。",
        ) from None
    if error is not None:
        raise ExportError(error["message"], hint=error["hint"], ja=error["ja"], hint_ja=error["hint_ja"])
    return out


def main() -> None:
    """The child's side."""
    job = json.loads(sys.stdin.buffer.readline())
    error = None
    try:
        write_report(job["folder"], Path(job["out"]), job["lang"], job["step"], Choice(*job["choice"]))
    except TracerError as problem:
        error = {name: getattr(problem, name) for name in ("message", "hint", "ja", "hint_ja")}
    print(json.dumps(error), flush=True)
