"""`tracer export RUN --panel` and `tracer report`: what training looked like, as figures, numbers and a report."""

from __future__ import annotations

import errno
import sys
from dataclasses import dataclass
from pathlib import Path

from tracer.cli.naming import run_folder
from tracer.cli.terminal import choose_lang, line_of, say, watched
from tracer.cli.writing import check_writable
from tracer.errors import ExportError, NotFoundError
from tracer.export.figures.of_run import TRAIL as EARLIER
from tracer.export.figures.of_run import Part, named, parts_of, sheet_of, view_of
from tracer.export.figures.save import FORMATS, Format, format_of, panel_bytes
from tracer.export.figures.sheet import Look
from tracer.export.fonts import missing
from tracer.export.style import length_mm
from tracer.files import write_atomic
from tracer.panels.data import Data
from tracer.panels.panel import Choice
from tracer.text import Lang, Text
from tracer.train.run import Run

ALL = "all"


@dataclass(frozen=True)
class Asked:
    """What of a run is to be written."""

    panel: str | None = None
    """A panel's name, or `all`."""
    twin: bool = False
    history: bool = False
    log: bool = False
    dark: bool = False
    layer: int | None = None
    head: int | None = None
    position: int | None = None
    document: int | None = None
    parameter: str | None = None

    @property
    def choice(self) -> Choice:
        last = Choice().position
        return Choice(
            self.layer or 0,
            self.head or 0,
            last if self.position is None else self.position,
            self.document or 0,
            self.twin,
            self.parameter or "",
            self.log,
            self.history,
        )

    @property
    def given(self) -> tuple[str, ...]:
        """The options that mean something with a panel alone, as they were typed."""
        return tuple(
            f"--{name}" for name, value in vars(self).items() if name != "panel" and value not in (None, False)
        )


@dataclass(frozen=True)
class Paper:
    """How it is to be set."""

    format: str | None = None
    width: str | None = None
    lang: str | None = None


def refuse_without_panel(asked: Asked) -> None:
    """Raise where options of a panel were given, and no panel."""
    if asked.given:
        raise ExportError(
            f"{asked.given[0]}: of which panel?",
            hint="Name one with --panel, such as --panel attention; --panel all writes every one.",
            ja=f"{asked.given[0]}: どのパネルですか。",
            hint_ja="--panel attention のように指定してください。--panel all ならすべてを書き出します。",
        )


def export_panels(name: str, out: Path, asked: Asked, *, step: int | None, paper: Paper) -> int:
    """Write one panel of a run to a file, or all of them into a folder."""
    lang = choose_lang(paper.lang)
    look = Look(lang, asked.dark, None if paper.width is None else length_mm(paper.width))
    folder = run_folder(name) or Path(name)
    if asked.panel == ALL:
        return _all(folder, out, asked, step, look, paper.format)
    panel = named(asked.panel or "")
    format = format_of(out, paper.format)
    check_writable(out, ExportError)
    trail = EARLIER if asked.history and panel.id == "embedding" else 0
    view = view_of(Run.open(folder), step, observed="observation" in panel.reads, trail=trail)
    sheet = sheet_of(panel, view, asked.choice)
    write_atomic(out, panel_bytes(sheet, format, look), ExportError)
    if isinstance(sheet.data, Data) and format not in ("csv", "json"):
        _tell_missing(sheet.heading[lang] + "".join((*sheet.data.rows, *sheet.data.columns)), lang)
    return 0


def _tell_missing(words: str, lang: Lang) -> None:
    """Say which signs our fonts have not."""
    if strange := missing(words):
        say(_MISSING.format(signs=strange[:40])[lang])


def _all(folder: Path, out: Path, asked: Asked, step: int | None, look: Look, format: str | None) -> int:
    """Every panel into a folder, which is made if it is not there."""
    if out.suffix[1:] in FORMATS and not out.is_dir():
        raise ExportError(
            f"-o {out}: all panels go into a folder, not into one file.",
            hint=f"-o {out.with_suffix('')} --format {out.suffix[1:]}",
            ja=f"-o {out}: すべてのパネルは一つのファイルではなくフォルダに書き出します。",
            hint_ja=f"-o {out.with_suffix('')} --format {out.suffix[1:]}",
        )
    chosen: Format = format_of("all.svg", format)
    run = Run.open(folder)
    view = view_of(run, step, trail=EARLIER if asked.history else 0)
    _make(out)
    parts = parts_of(view, asked.choice, twins=asked.twin, histories=asked.history)
    wrote = [_write(part, out, chosen, look) for part in parts]
    say(_WROTE.format(files=sum(wrote), folder=line_of(str(out)))[look.lang])
    return 0


def _make(folder: Path) -> None:
    """A folder, if it is not there.

    Raises:
        ExportError: it cannot be made.
    """
    try:
        folder.mkdir(exist_ok=True)
        check_writable(folder / "panel", ExportError)
    except (OSError, ValueError) as problem:
        missing_parent = isinstance(problem, OSError) and problem.errno == errno.ENOENT
        why = "the folder it is to be in does not exist" if missing_parent else "a file is in its place"
        if isinstance(problem, OSError) and problem.errno not in (errno.ENOENT, errno.EEXIST):
            why = (problem.strerror or str(problem)).lower()
        raise ExportError(
            f"{folder}: this folder cannot be made: {why}.", ja=f"{folder}: フォルダを作れません（{why}）。"
        ) from None


def _write(part: Part, out: Path, format: Format, look: Look) -> bool:
    """One of many; what has nothing to show is said and left out."""
    if not isinstance(part.sheet.data, Data):
        say(f"{part.stem}: {part.sheet.data[look.lang]}")
        return False
    if watched():
        print(f"\r… {part.stem}\x1b[K\r", end="", file=sys.stderr, flush=True)
    write_atomic(out / f"{part.stem}.{format}", panel_bytes(part.sheet, format, look), ExportError)
    return True


def refuse_other(name: str) -> None:
    """Raise where a panel is asked of what is no run."""
    if run_folder(name) is None:
        raise NotFoundError(
            f"--panel: {name} is no training run.",
            hint="Only a run's folder has panels: tracer train gpt makes one.",
            ja=f"--panel: {name} は訓練の記録ではありません。",
            hint_ja="パネルがあるのは訓練の記録のフォルダだけです（tracer train gpt で作れます）。",
        )


_MISSING = Text("Not in our fonts, so drawn as boxes: {signs}", "同梱のフォントにないため、四角で表示されます: {signs}")
_WROTE = Text("{files} files in {folder}", "{folder} に {files} 個のファイルを書き出しました")
