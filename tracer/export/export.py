"""One entry for every picture file: what the command line and the app call.

A picture is a function of (cursor, options): the scene the canvas shows at that moment, set in type and written whole.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal

from tracer.core import floats
from tracer.core.op import Op
from tracer.errors import ExportError
from tracer.export.dot import NUMBER_SIZE, to_dot
from tracer.export.fonts import missing
from tracer.export.image import finish_pdf, finish_png, finish_svg
from tracer.export.mathtext import Run, formula_runs
from tracer.export.render import TIME_LIMIT, Drawn, ImageFormat, Paper, render
from tracer.export.style import MM_PER_INCH, POINTS_PER_INCH, Show, Style, length_mm
from tracer.files import write_atomic
from tracer.layout.fold import Folding
from tracer.scene.notation import Notation
from tracer.scene.scene import Scene, build_scene
from tracer.text import Lang, Text
from tracer.trace.cursor import Cursor
from tracer.trace.segment import By
from tracer.trace.trace import Trace

Format = Literal["dot", "svg", "png", "pdf"]
FORMATS: tuple[Format, ...] = ("dot", "svg", "png", "pdf")
_EXTENSIONS: dict[str, Format] = {"gv": "dot", **{name: name for name in FORMATS}}

Preset = Literal["screen", "textbook"]
PRESETS: tuple[Preset, ...] = ("screen", "textbook")

LIMIT = 500
"""Nodes drawn at most; of a larger graph, a window around the cursor. dot's time grows faster than the graph."""
UNIT = 4
"""Images are laid out this many times as large as they become; see `Style.unit`."""
SCALE: dict[Preset, float] = {"screen": 1.0, "textbook": 0.85}
"""Of the type sizes in `dot.py`: numbers become 10 points on a screen and 8.5 in print, as captions of papers are."""
SMALLEST_TYPE = 5.0
"""Points. Below this a journal sends a figure back."""
SCREEN_DPI = 192
PRINT_DPI = 600


@dataclass(frozen=True)
class Options:
    """What may be asked of a picture."""

    by: By = "edge"
    """The size of a step: what the highlight takes in, and what the caption counts."""
    notation: Notation | None = None
    """None: the preset's, which is boxes for `screen` and textbook for `textbook`."""
    style: Preset = "screen"
    """`screen`: as the app shows it. `textbook`: for print, with names as mathematics."""
    show: Show = "both"
    width: str | None = None
    """Exact width in print, such as `85mm`; type is made smaller to fit, never larger to fill."""
    digits: int = 4
    mono: bool = False
    caption: bool = True
    title: str = ""
    """Opens the caption; '' for the result's formula."""
    highlight: bool | None = None
    """Mark what the present step is about. None: unless the walk has ended."""
    lang: Lang = "en"
    checks: Mapping[int, str] = field(default_factory=dict)
    blanks: frozenset[int] = frozenset()
    """Nodes whose gradient a quiz asks for."""
    selected: int | None = None
    limit: int = LIMIT
    folding: Folding | None = None
    """What is open of a large graph, with a limit of its own; None: as at first, if it is larger than `limit`."""
    part: str | None = None
    """Key of a fold to point out."""
    time_limit: float = TIME_LIMIT


@dataclass(frozen=True)
class Picture:
    """A picture in memory, and what is to be said of it."""

    data: bytes
    format: Format
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Exported:
    """A picture that was written."""

    path: Path
    picture: Picture


def export(
    cursor: Cursor, path: str | os.PathLike[str], options: Options | None = None, *, format: str | None = None
) -> Exported:
    """Writes the picture of a moment to a file, which is replaced if it exists.

    Args:
        cursor: the moment.
        path: where to; its extension says the format unless `format` does.
        format: `dot`, `svg`, `png` or `pdf`.

    Raises:
        ExportError: an unknown format, an option out of range, no renderer, or a file that cannot be written. An
            existing file is then as it was.
    """
    chosen, target = format_of(path, format), Path(path)
    if target.is_dir() or not target.parent.is_dir():
        write_atomic(target, b"", ExportError)  # cannot succeed: it says why before anything is drawn
    made = picture(cursor, chosen, options)
    write_atomic(target, made.data, ExportError)
    return Exported(target, made)


def picture(cursor: Cursor, format: Format, options: Options | None = None) -> Picture:
    """The same without a file."""
    options = options or Options()
    if not 1 <= options.digits <= 17:
        raise ExportError(f"digits must be 1 to 17, not {options.digits}.")
    width = None if options.width is None else length_mm(options.width)
    scene = scene_of(cursor, options)
    style = style_of(cursor, scene, options)
    if format == "dot":
        return Picture(to_dot(scene, replace(style, width_mm=width)).encode("utf-8"), format, _notes(scene))
    return _image(to_dot(scene, replace(style, unit=UNIT)), format, options, width, scene)


def trace_to_dot(trace: Trace) -> str:
    """DOT text of a finished trace, all of it, in boxes."""
    return picture(trace.cursor(-1), "dot", Options(limit=trace.n_nodes + 1, caption=False)).data.decode("utf-8")


def format_of(path: str | os.PathLike[str], format: str | None = None) -> Format:
    """The format asked for, or the one that the file's extension names."""
    asked = format.lower() if format is not None else Path(path).suffix[1:].lower()
    found = _EXTENSIONS.get(asked)
    if found is not None:
        return found
    known = ", ".join(f".{name}" for name in FORMATS)
    if format is None and not asked:
        raise ExportError(f"{Path(path)}: no extension says which format to write.", hint=f"Use one of {known}.")
    said = repr(format) if format is not None else f"{Path(path)}: '.{asked}'"
    raise ExportError(f"{said} is not a format of pictures.", hint=f"Use one of {known}.")


def scene_of(cursor: Cursor, options: Options) -> Scene:
    """The scene a picture is made from: the canvas's own, with room for more nodes."""
    notation = options.notation or ("textbook" if options.style == "textbook" else "boxes")
    return build_scene(
        cursor,
        by=options.by,
        notation=notation,
        selected=options.selected,
        lang=options.lang,
        digits=options.digits,
        checks=options.checks,
        blanks=options.blanks,
        limit=options.limit,
        folding=options.folding,
        part=options.part,
    )


def style_of(cursor: Cursor, scene: Scene, options: Options) -> Style:
    """How that scene is set."""
    trace = cursor.trace
    root = _root(cursor)
    names = {box.node: trace.label(box.node) for box in scene.boxes}
    if root is not None and trace.name(root) is None and "L" not in names.values():
        names[root] = "L"  # a loss without a name of its own
    return Style(
        show=options.show,
        mono=options.mono,
        mathematics=options.style == "textbook",
        highlight=cursor.position < len(trace) if options.highlight is None else options.highlight,
        caption=_caption(cursor, scene, options) if options.caption else (),
        loss="" if root is None else names.get(root) or trace.label(root),
        names=names,
        ordered=frozenset(box.node for box in scene.boxes if _order_matters(trace.op(box.node))),
    )


@cache
def _order_matters(op: Op | None) -> bool:
    """Whether an op's inputs may not change places: it is asked with two numbers."""
    if op is None or len(op.inputs) != 2:
        return False
    if not op.scalar:
        return True  # a product of matrices
    return bool(op.run(2.0, 3.0, xp=floats)[0] != op.run(3.0, 2.0, xp=floats)[0])


def _root(cursor: Cursor) -> int | None:
    """What the gradients are gradients of: the root of the pass under way, else of the first to come."""
    passes = cursor.trace.passes
    if not passes:
        return None
    begun = [this for this in passes if this.start <= cursor.position]
    return int((begun[-1] if begun else passes[0]).root)


def _caption(cursor: Cursor, scene: Scene, options: Options) -> tuple[Run, ...]:
    """`y = a × b · step 9 of 11`, in the reader's language."""
    parts = [[Run(options.title, "words")] if options.title else formula_runs(scene.title, options.style == "textbook")]
    if cursor.position < len(cursor.trace):
        step, steps = cursor.index(options.by)
        words = Text(en="step {step} of {steps}", ja="ステップ {step}/{steps}").format(step=step, steps=steps)
        parts.append([Run(words[options.lang], "words")])
    if scene.left_out is not None:
        parts.append([Run(scene.left_out[options.lang], "words")])
    runs: list[Run] = []
    for part in parts:
        if part:
            runs += [*([Run(" · ")] if runs else []), *part]
    return tuple(runs)


def _image(dot: str, format: ImageFormat, options: Options, width_mm: float | None, scene: Scene) -> Picture:
    scale = SCALE[options.style] / UNIT
    width = None if width_mm is None else width_mm / MM_PER_INCH * POINTS_PER_INCH
    margin = 4.0 if width is None else 1.0  # a figure of exact width has its margins on the page
    paper = Paper(scale=scale, width=width, margin=margin)
    title = options.title or scene.title
    if format == "svg":
        drawn = render(dot, "svg", paper, magnify=UNIT, time_limit=options.time_limit)
        data = finish_svg(drawn.data, drawn.layout, drawn.own_page, size=_svg_size(drawn, width_mm), title=title)
    elif format == "pdf":
        drawn = render(dot, "pdf", paper, time_limit=options.time_limit)
        data = finish_pdf(drawn.data, drawn.page)
    else:
        dpi = float(SCREEN_DPI if width is None else PRINT_DPI)
        if width is not None:  # a whole number of pixels
            paper = replace(paper, width=round(width / POINTS_PER_INCH * dpi) / dpi * POINTS_PER_INCH)
        drawn = render(dot, "png", paper, magnify=dpi / POINTS_PER_INCH, time_limit=options.time_limit)
        data = finish_png(drawn.data, drawn.factor * POINTS_PER_INCH)
    return Picture(data, format, (*_notes(scene, dot), *_small_type(drawn.page.zoom, width_mm)))


def _svg_size(drawn: Drawn, width_mm: float | None) -> tuple[str, str]:
    """Width and height with their units: the very millimetres asked for, else points."""
    if width_mm is None:
        return f"{drawn.page.width:.2f}pt", f"{drawn.page.height:.2f}pt"
    return f"{width_mm:g}mm", f"{drawn.page.height / POINTS_PER_INCH * MM_PER_INCH:.3f}mm"


def _notes(scene: Scene, dot: str = "") -> tuple[Text, ...]:
    """What the picture does not show, or shows otherwise than elsewhere."""
    notes = [scene.left_out] if scene.left_out is not None else []
    if strange := missing(dot):
        notes.append(
            Text(
                en="Not in our fonts, so drawn with this machine's, if it has them: {signs}",
                ja="同梱のフォントにないため、この環境のフォントで描きました(なければ表示されません): {signs}",
            ).format(signs=strange)
        )
    return tuple(notes)


def _small_type(zoom: float, width_mm: float | None) -> tuple[Text, ...]:
    size = NUMBER_SIZE * UNIT * zoom
    if width_mm is None or size >= SMALLEST_TYPE:
        return ()
    wide = math.ceil(width_mm * SMALLEST_TYPE / size)
    words = Text(
        en="At this width the numbers are {size:.1f} points high; from {wide} mm on they can be read in print.",
        ja="この幅では数字が {size:.1f} ポイントになります。印刷で読めるのは {wide} mm からです。",
    )
    return (words.format(size=size, wide=wide),)
