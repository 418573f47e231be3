"""A panel as a file: a picture, or its numbers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from tracer.errors import ExportError
from tracer.export.figures.series import to_csv, to_json
from tracer.export.figures.sheet import Look, Sheet
from tracer.files import write_atomic
from tracer.panels.data import Data
from tracer.panels.panel import Choice, Panel
from tracer.text import Lang, Text

Format = Literal["svg", "png", "pdf", "csv", "json"]
FORMATS: tuple[Format, ...] = ("svg", "png", "pdf", "csv", "json")


def format_of(path: str | os.PathLike[str], format: str | None = None) -> Format:
    """The format asked for, or the one that the file's ending names.

    Raises:
        ExportError: it is none of ours.
    """
    asked = (format if format is not None else Path(path).suffix[1:]).lower()
    for known in FORMATS:
        if asked == known:
            return known
    endings = ", ".join(f".{name}" for name in FORMATS)
    said = f"'{asked}'" if format is not None else f"{Path(path)}"
    raise ExportError(
        f"{said}: says no format in which a panel can be written.",
        hint=f"Use one of {endings}.",
        ja=f"{said}: パネルを書き出せる形式ではありません。",
        hint_ja=f"次のどれかにしてください: {endings}",
    )


def panel_bytes(sheet: Sheet, format: Format, look: Look) -> bytes:
    """A panel as a file's contents.

    Raises:
        ExportError: it has nothing to show, or matplotlib is not there.
    """
    if not isinstance(sheet.data, Data):
        why = sheet.data
        raise ExportError(
            f"{sheet.title.en}: there is nothing to write. {why.en}",
            ja=f"{sheet.title.ja}: 書き出すものがありません。{why.ja}",
        )
    if format == "csv":
        return to_csv(sheet.data, look.lang).encode("utf-8")
    if format == "json":
        return to_json(sheet).encode("utf-8")
    from tracer.export.figures.draw import picture

    return picture(sheet, format, look)


def save_panel(
    data: Data | Text,
    path: str | os.PathLike[str],
    lang: Lang = "en",
    *,
    panel: Panel | None = None,
    choice: Choice | None = None,
    format: str | None = None,
    dark: bool = False,
    width: float | None = None,
) -> Path:
    """Writes what a panel shows to a file, which is replaced if it exists.

    Args:
        data: what the panel gave.
        path: its ending says the format unless `format` does: svg, png, pdf, csv or json.
        panel, choice: which panel it is, for the words below the picture.
        dark: for a projector in a dark room.
        width: millimetres.

    Raises:
        ExportError: nothing to show, an unknown format, or a file that cannot be written. An existing file is then as
            it was.
    """
    chosen, target = format_of(path, format), Path(path)
    sheet = Sheet(data, panel, choice or Choice())
    write_atomic(target, panel_bytes(sheet, chosen, Look(lang, dark, width)), ExportError)
    return target
