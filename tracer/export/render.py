"""DOT -> SVG, PNG, PDF or a layout, in a child process with a time limit.

The Graphviz library inside pygraphviz's wheel draws, so no system package is needed; `dot` on PATH is used where that
library is absent or fails. The child starts in an empty folder of its own, with Python's safe path, our fonts and no
standard input: a `numpy.py` where the user stands is not ours to run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from tracer.errors import ExportError
from tracer.export import draw
from tracer.export.draw import Page, factor_for, magnified, page_for
from tracer.export.fonts import prepare

ImageFormat = Literal["svg", "png", "pdf"]
IMAGE_FORMATS: tuple[ImageFormat, ...] = ("svg", "png", "pdf")

TIME_LIMIT = 120.0
"""Seconds for one picture; 2,000 nodes take about 10."""
LARGEST_BITMAP = 60_000_000
"""Pixels of a PNG: 240 MB in memory while it is drawn."""

NO_RENDERER = "Images need pygraphviz or Graphviz's `dot`, and neither was found."
NO_RENDERER_HINT = "Reinstall with `pip install pygraphviz`, or export a .dot file: DOT works without them."


@dataclass(frozen=True)
class Paper:
    """How large a picture becomes."""

    scale: float = 1.0
    """Points of the picture for a point of the DOT text; with a width, the most it may be."""
    width: float | None = None
    """Exact width in points, or None for what the drawing needs."""
    margin: float = 4.0
    """Points on each side."""


@dataclass(frozen=True)
class Drawn:
    """A picture as Graphviz made it, with the layout it was made from."""

    data: bytes
    layout: dict[str, Any]
    page: Page
    """In points."""
    factor: float
    """The picture's own units in a point."""

    @property
    def own_page(self) -> Page:
        """The page in the picture's own units."""
        return magnified(self.page, self.factor)


def render(
    dot: str,
    format: ImageFormat,
    paper: Paper | None = None,
    *,
    magnify: float = 1.0,
    time_limit: float = TIME_LIMIT,
) -> Drawn:
    """Draws DOT text.

    Args:
        dot: a graph.
        format: one of `IMAGE_FORMATS`, and nothing else that Graphviz might know.
        paper: size of the picture.
        magnify: draws the picture this many times as large: PNG, to have more pixels than one a point (fewer if they
            would be too many); SVG, because glyphs are rounded to 1/64 of its unit.
        time_limit: seconds.

    Raises:
        ExportError: no renderer, a drawing that failed or took too long, a format that is not on the list.
    """
    if format not in IMAGE_FORMATS:
        raise ExportError(f"{format!r} is not an image format.", hint=f"Choose one of {', '.join(IMAGE_FORMATS)}.")
    paper = paper or Paper()
    area = LARGEST_BITMAP if format == "png" else None
    job = {"format": format, "page": asdict(paper), "magnify": magnify, "area": area}
    layout, data = _draw(dot, job, time_limit)
    page = page_for(layout, scale=paper.scale, width=paper.width, margin=paper.margin)
    return Drawn(data, layout, page, factor_for(page, magnify, area))


def layout_of(dot: str, *, time_limit: float = TIME_LIMIT) -> dict[str, Any]:
    """Graphviz's JSON of the laid-out graph: where every line and every text lies."""
    layout, _ = _draw(dot, {"format": "json"}, time_limit)
    return layout


def renderers() -> tuple[str, ...]:
    """What can draw here, best first: `pygraphviz`, `dot`."""
    found = ["pygraphviz"] if sys.executable and find_spec("pygraphviz") is not None else []
    return tuple([*found, "dot"] if shutil.which("dot") else found)


def _draw(dot: str, job: dict[str, Any], time_limit: float) -> tuple[dict[str, Any], bytes]:
    """Layout and picture by the first renderer that succeeds."""
    problems: list[str] = []
    try:
        with tempfile.TemporaryDirectory(prefix="tracer-") as place:
            folder = Path(place)
            (folder / "graph.dot").write_text(dot, "utf-8")
            prepare(folder, dot)
            for attempt in (_by_pygraphviz, _by_dot):
                problem = attempt(folder, job, time_limit)
                if problem is None:
                    layout = json.loads((folder / "layout.json").read_text("utf-8"))
                    return layout, b"" if job["format"] == "json" else (folder / "picture").read_bytes()
                problems += [problem] if problem else []
    except OSError as error:
        raise ExportError(f"The picture could not be drawn: {error.strerror or error}.") from error
    if not problems:
        raise ExportError(NO_RENDERER, hint=NO_RENDERER_HINT)
    raise ExportError(f"The picture could not be drawn: {problems[0]}", hint="Exporting a .dot file works without it.")


def _by_pygraphviz(folder: Path, job: dict[str, Any], time_limit: float) -> str | None:
    """None when done, '' when there is no pygraphviz, else what went wrong."""
    if "pygraphviz" not in renderers():
        return ""
    files = {"dot": "graph.dot", "layout": "layout.json", "out": "picture"}
    (folder / "job.json").write_text(json.dumps(job | files), "utf-8")
    # -P: neither the script's folder nor the present one is on the import path; -s is not given, for pygraphviz may
    # have been installed for one user only
    command = [sys.executable, "-P", "-X", "utf8", draw.__file__, "job.json"]
    problem = _run(command, folder, time_limit)
    if problem is not None and "ModuleNotFoundError" in problem:
        return ""
    return problem


def _by_dot(folder: Path, job: dict[str, Any], time_limit: float) -> str | None:
    """The same with Graphviz's own program."""
    program = shutil.which("dot")
    if program is None:
        return ""
    command = [os.path.abspath(program), "graph.dot"]
    problem = _run([*command, "-Tjson", "-o", "layout.json"], folder, time_limit)
    if problem is not None or job["format"] == "json":
        return problem
    layout = json.loads((folder / "layout.json").read_text("utf-8"))
    attributes = draw.PAPER_ATTRIBUTES | {"viewport": draw.viewport_of(layout, job)}
    settings = [f"-G{name}={value}" for name, value in attributes.items()]
    return _run([*command, f"-T{draw.FORMATS[job['format']]}", *settings, "-o", "picture"], folder, time_limit)


def _run(command: list[str], folder: Path, time_limit: float) -> str | None:
    """Runs a program in `folder`. None when it succeeded, else its last words."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=time_limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {time_limit:g} seconds."
    if done.returncode == 0:
        return None
    words = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    if done.returncode < 0:
        return f"the renderer crashed (signal {-done.returncode})."
    return words[-1] if words else f"the renderer gave up (exit code {done.returncode})."


def _environment(folder: Path) -> dict[str, str]:
    """The user's, with our fonts and without what could make the child import from where the user stands."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "FONTCONFIG", "GV", "PANGO")) or name == "PYTHONPATH"
    }
    here = os.path.realpath(os.getcwd())
    paths = [p for p in kept.pop("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(p)]
    if outside := [p for p in paths if os.path.realpath(p) != here]:
        kept["PYTHONPATH"] = os.pathsep.join(outside)
    return kept | {
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        "PANGOCAIRO_BACKEND": "fc",  # macOS and Windows: look fonts up as on Linux, in our folder
        "PANGO_LANGUAGE": "ja",  # of shared Han characters, the Japanese forms
        "LC_ALL": "C",  # a decimal point is a point
    }
