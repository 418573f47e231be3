"""`tracer report`: a whole run as one page of HTML, or as a PDF."""

from __future__ import annotations

from pathlib import Path

from tracer.cli.runs import open_folder
from tracer.cli.terminal import choose_lang, say
from tracer.cli.writing import check_writable
from tracer.errors import ExportError
from tracer.export.figures.report import contents_of, format_of, report_bytes
from tracer.export.figures.sheet import Look
from tracer.files import write_atomic
from tracer.panels.panel import Choice


def report(folder: Path, out: Path, step: int | None, of: tuple[int, int, int, int], lang: str | None) -> int:
    """Write it; what is missing in it is said on stderr, too.

    Args:
        of: layer, head, position and document.
    """
    format = format_of(out)
    check_writable(out, ExportError)
    words = choose_lang(lang)
    contents = contents_of(open_folder(folder), step, Choice(*of))
    for warning in contents.warnings:
        say(warning[words])
    write_atomic(out, report_bytes(contents, format, Look(words)), ExportError)
    return 0
