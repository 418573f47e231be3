"""The program of the child process that draws: DOT in, layout and picture out.

    python -P draw.py JOB.json

It runs apart from ours because Graphviz can crash the interpreter it lives in (drawing again after a failed draw does),
and it imports pygraphviz and the standard library only. Everything it reads and writes is named in the job.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMATS = {"json": "json", "svg": "svg:cairo", "png": "png:cairo", "pdf": "pdf:cairo"}
"""What may be asked for, and Graphviz's name of the renderer: Cairo, for it draws glyphs from fonts or embeds them."""

PAPER_ATTRIBUTES = {"margin": "0", "dpi": "72"}
"""Without them a PDF has half an inch around it, and a PNG 96 pixels an inch, whatever the viewport says."""
LONGEST = 30_000
"""Pixels on a side; Cairo cannot make more than 32,767."""


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


def factor_for(page: Page, wanted: float, area: float | None) -> float:
    """How many times as large to draw a page: as wanted, or less if it would take more than `area` pixels."""
    if area is None:
        return wanted
    return min(wanted, math.sqrt(area / (page.width * page.height)), LONGEST / page.width, LONGEST / page.height)


def viewport_of(layout: dict[str, Any], job: dict[str, Any]) -> str:
    """Graphviz's attribute for the page of a job."""
    page = page_for(layout, **job["page"])
    return magnified(page, factor_for(page, job["magnify"], job["area"])).viewport


def main(job_file: str) -> None:
    """Does the job: `dot`, `format`, `page` (arguments of `page_for`), `magnify`, `area`, `layout`, `out`.

    Raises:
        ValueError: Graphviz did not understand the text, or could not draw it.
    """
    import pygraphviz
    from pygraphviz import graphviz

    job = json.loads(Path(job_file).read_text("utf-8"))
    graph = pygraphviz.AGraph(string=Path(job["dot"]).read_text("utf-8"))
    graph.graph_attr.update(PAPER_ATTRIBUTES)
    context = graphviz.gvContextWithBuiltins()
    if graphviz.gvLayout(context, graph.handle, b"dot"):
        raise ValueError("Graphviz could not lay the graph out.")

    def drawn(format: str) -> bytes:
        # one layout serves both: it takes nearly all the time of a large graph, and AGraph.draw would do it twice
        failed, *picture = graphviz.gvRenderData(context, graph.handle, FORMATS[format].encode())
        if failed:
            raise ValueError(f"Graphviz could not draw {format}.")
        return bytes(picture[0])

    layout = drawn("json")
    Path(job["layout"]).write_bytes(layout)
    if job["format"] == "json":
        return
    graph.graph_attr["viewport"] = viewport_of(json.loads(layout), job)
    Path(job["out"]).write_bytes(drawn(job["format"]))


if __name__ == "__main__":
    main(sys.argv[1])
