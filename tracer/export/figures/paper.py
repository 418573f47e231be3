"""Matplotlib as we use it: without pyplot, in our own fonts, nothing written into the user's home, the same bytes each
time, and no word of a user read as markup.
"""

from __future__ import annotations

import atexit
import io
import json
import logging
import os
import re
import shutil
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape

from tracer.errors import ExportError
from tracer.export.fonts import FONTS
from tracer.scene.palette import LIGHT, Palette

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ImageFormat = Literal["svg", "png", "pdf"]
FILES = {"Tracer Text": "TracerText-Regular.ttf", "Tracer JP": "TracerJP-Regular.otf"}
FAMILIES = (*FILES, "DejaVu Sans")
"""In this order a sign is looked for; the last comes with matplotlib."""
SIZE = 10.0
"""Points of a label. Titles are larger, captions and numbers in cells smaller."""
DPI = 300
"""Of a PNG, and of the parts of other pictures that are pixels."""
_LOCK = threading.Lock()
"""Matplotlib's settings are the process's: one figure is drawn at a time."""


@contextmanager
def printing(palette: Palette = LIGHT) -> Iterator[None]:
    """Inside, figures are drawn in our fonts and colours, whatever the user's own settings are."""
    matplotlib = _matplotlib()
    with _LOCK, warnings.catch_warnings(), matplotlib.rc_context():
        warnings.simplefilter("ignore")  # a sign that no font has is drawn as a box; it is said elsewhere
        matplotlib.rcParams.update({k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")})
        matplotlib.rcParams.update(_settings(palette))
        yield


def _settings(palette: Palette) -> dict[str, Any]:
    return {
        "font.family": list(FAMILIES),
        "font.size": SIZE,
        "text.parse_math": False,
        "text.color": palette.text,
        "axes.unicode_minus": True,
        "axes.formatter.use_mathtext": False,
        "axes.formatter.limits": (-4, 6),
        "axes.facecolor": palette.background,
        "axes.edgecolor": palette.muted,
        "axes.labelcolor": palette.text,
        "axes.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "xtick.color": palette.muted,
        "ytick.color": palette.muted,
        "xtick.labelcolor": palette.text,
        "ytick.labelcolor": palette.text,
        "figure.facecolor": palette.background,
        "savefig.facecolor": palette.background,
        "legend.frameon": False,
        "lines.linewidth": 1.5,
        "svg.fonttype": "path",
        "svg.hashsalt": "gradient-tracer",
        "pdf.fonttype": 3,
        "hatch.linewidth": 0.6,
        "hatch.color": palette.background,
    }


def blank(width: float, height: float) -> Figure:
    """An empty figure of so many inches, whose parts make room for one another."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def written(figure: Figure, format: ImageFormat, title: str, words: str = "") -> bytes:
    """The picture as bytes.

    Args:
        title: what it shows, for a screen reader and a reader's list of files.
        words: what is to be said of it.
    """
    out = io.BytesIO()
    if format == "svg":
        figure.savefig(out, format="svg", dpi=DPI, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
        return _plain_svg(out.getvalue().decode("utf-8"), title, words)
    if format == "pdf":
        metadata = {"CreationDate": None, "Creator": "Gradient Tracer", "Producer": None, "Title": title}
        figure.savefig(out, format="pdf", dpi=DPI, metadata=metadata)
    else:
        figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None, "Title": _latin(title)})
    return out.getvalue()


def _plain_svg(svg: str, title: str, words: str) -> bytes:
    """The drawing alone, with a title and its words; without the reference to a DTD and without comments."""
    svg = re.sub(r"<!--.*?-->\n?", "", svg[svg.index("<svg") :], flags=re.S)
    head = f"\n <title>{escape(title)}</title>" + (f"\n <desc>{escape(words)}</desc>" if words else "")
    end = svg.index(">") + 1
    return (svg[: end - 1] + ' role="img">' + head + svg[end:]).encode("utf-8")


def _latin(words: str) -> str:
    """What a PNG can hold as text."""
    return words.encode("ascii", "replace").decode("ascii")


@cache
def _matplotlib() -> Any:
    """Matplotlib with our fonts. It is told to keep its files in a folder that goes when the process goes.

    Raises:
        ExportError: it is not there, or does not work.
    """
    with _LOCK:
        try:
            return _imported()
        except ImportError as problem:
            raise ExportError(
                f"figures need matplotlib, which could not be loaded: {problem}.",
                hint="pip install matplotlib",
                ja=f"図を描くための matplotlib を読み込めません: {problem}",
                hint_ja="pip install matplotlib",
            ) from None


def _imported() -> Any:
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    folder = tempfile.mkdtemp(prefix="tracer-figures-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    before = os.environ.get("MPLCONFIGDIR")
    os.environ["MPLCONFIGDIR"] = folder
    try:
        _list_our_fonts(Path(folder))
        import matplotlib
        from matplotlib import font_manager

        _ = matplotlib.get_configdir(), matplotlib.get_cachedir()  # both are asked for once, and kept
    finally:
        if before is None:
            del os.environ["MPLCONFIGDIR"]
        else:
            os.environ["MPLCONFIGDIR"] = before
    known = {Path(entry.fname).name for entry in font_manager.fontManager.ttflist}
    for file in FILES.values():
        if file not in known:
            font_manager.fontManager.addfont(FONTS / file)
    return matplotlib


def _list_our_fonts(folder: Path) -> None:
    """Tell matplotlib that the machine's fonts are known: none. Else it would read all of them, which takes seconds.

    The list is the file that it writes itself; where its form is another one, it is left alone and not missed.
    """
    spec = find_spec("matplotlib.font_manager") if find_spec("matplotlib") is not None else None
    found = spec and spec.origin and re.search(r"__version__ = '([\d.]+)'", Path(spec.origin).read_text("utf-8"))
    if not found:
        return
    entries = [("fonts/ttf/DejaVuSans.ttf", FAMILIES[-1]), *((str(FONTS / file), name) for name, file in FILES.items())]
    listed = {
        "_version": found[1],
        "_FontManager__default_weight": "normal",
        "default_size": None,
        "defaultFamily": {"ttf": FAMILIES[-1], "afm": "Helvetica"},
        "afmlist": [],
        "ttflist": [_entry(*entry) for entry in entries],
        "__class__": "FontManager",
    }
    (folder / f"fontlist-v{found[1]}.json").write_text(json.dumps(listed), "utf-8")


def _entry(file: str, name: str) -> dict[str, Any]:
    """A font as that list has it."""
    shape = {"style": "normal", "variant": "normal", "weight": 400, "stretch": "normal", "size": "scalable"}
    return {"fname": file, "name": name, **shape, "__class__": "FontEntry"}
