"""The program of the child process that draws: DOT in, layout and picture out.

    python -P draw.py JOB.json

It runs apart from ours because Graphviz can crash the interpreter it lives in (drawing again after a failed draw does),
and it imports pygraphviz and the standard library only. Everything it reads and writes is named in the job.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMATS = {"json": "json", "svg": "svg:cairo", "png": "png:cairo", "pdf": "pdf:cairo"}
"""What may be asked for, and Graphviz's name of the renderer: Cairo, for it draws glyphs from fonts or embeds them."""


@dataclass(frozen=True)
class Page:
    """The paper and how the layout lies on it. Lengths in points; `zoom` is points of paper for a point of layout."""

    width: float
    height: float
    zoom: float
    centre: tuple[float, float]
    """The layout's point that comes to lie in the middle of the page."""

    @property
    def viewport(self) -> str:
        """Graphviz's attribute for this page."""
        return f"{self.width:.4f},{self.height:.4f},{self.zoom:.8f},{self.centre[0]:.4f},{self.centre[1]:.4f}"

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the layout (y upwards) comes to lie on the page (y downwards)."""
        return (
            (x - self.centre[0]) * self.zoom + self.width / 2,
            self.height / 2 - (y - self.centre[1]) * self.zoom,
        )


def page_for(layout: dict[str, Any], *, scale: float, width: float | None, margin: float) -> Page:
    """The page of a laid-out graph.

    Args:
        layout: Graphviz's JSON.
        scale: points of paper for a point of layout; with `width`, the most it may be: type never grows to fill a page.
        width: exact width of the page in points, or None for what the drawing needs.
        margin: points of paper on each side.
    """
    left, low, right, high = (float(number) for number in layout["bb"].split(","))
    across, up = max(right - left, 1.0), max(high - low, 1.0)
    if width is not None:
        scale = min(scale, (width - 2 * margin) / across)
    return Page(
        width=width if width is not None else across * scale + 2 * margin,
        height=up * scale + 2 * margin,
        zoom=scale,
        centre=((left + right) / 2, (low + high) / 2),
    )


def magnified(page: Page, factor: float) -> Page:
    """The same page, `factor` times as large."""
    return Page(page.width * factor, page.height * factor, page.zoom * factor, page.centre)


def main(job_file: str) -> None:
    """Does the job: `dot`, `format`, `attributes` of the graph, `page` (arguments of `page_for`), `magnify`, `out`."""
    import pygraphviz

    job = json.loads(Path(job_file).read_text("utf-8"))
    dot = Path(job["dot"]).read_text("utf-8")

    def draw(format: str, **attributes: str) -> bytes:
        graph = pygraphviz.AGraph(string=dot)  # a fresh one each time: a drawn graph must not be drawn again
        graph.graph_attr.update(attributes)
        picture = graph.draw(format=FORMATS[format], prog="dot")
        assert isinstance(picture, bytes), "without a path, draw returns the picture"
        return picture

    layout = draw("json")
    Path(job["layout"]).write_bytes(layout)
    if job["format"] == "json":
        return
    page = magnified(page_for(json.loads(layout), **job["page"]), job["magnify"])
    Path(job["out"]).write_bytes(draw(job["format"], viewport=page.viewport, **job["attributes"]))


if __name__ == "__main__":
    main(sys.argv[1])
