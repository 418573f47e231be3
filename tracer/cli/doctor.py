"""`tracer doctor`: what is installed and what works here, tried out rather than looked up where that is quick."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tracer.cli.terminal import choose_lang, interactive, plain
from tracer.errors import TracerError
from tracer.text import Text

NEEDED = (
    *("numpy", "networkx", "textual", "rich", "typer", "graphviz", "pygraphviz", "matplotlib", "safetensors"),
    "platformdirs",
)
OPTIONAL = ("cupy-cuda12x", "numba", "torch", "textual-serve")
TINY = "digraph { a -> b }"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    what: Text
    said: str
    ok: bool = True
    """False where something that should work does not."""


def doctor(lang: str | None) -> int:
    """Print the report; 1 if something is broken."""
    words = choose_lang(lang)
    broken = 0
    for title, findings in SECTIONS.items():
        print(title[words])
        for finding in findings():
            mark = " " if finding.ok else "✗"
            print(plain(f"{mark} {_pad(finding.what[words], 22)}{finding.said}"))
            broken += not finding.ok
        print()
    print((_ALL_WELL if not broken else _BROKEN)[words])
    return 1 if broken else 0


def _programs() -> Iterator[Finding]:
    from tracer import __version__

    yield Finding(Text.same("gradient-tracer"), f"{__version__}   {Path(__file__).resolve().parents[1]}")
    yield Finding(Text.same("Python"), f"{platform.python_version()}   {sys.executable}")
    yield Finding(Text("system", "システム"), f"{platform.system()} {platform.release()} {platform.machine()}")
    for name in NEEDED:
        found = _version(name)
        yield Finding(Text.same(name), found or "not installed", found is not None)
    for name in OPTIONAL:
        yield Finding(Text.same(f"{name}"), _version(name) or "not installed (optional)")


def _computing() -> Iterator[Finding]:
    yield Finding(Text.same("BLAS"), blas())
    yield Finding(Text("CPU cores", "CPU コア数"), str(os.cpu_count()))
    gpu = "nvidia-smi found" if shutil.which("nvidia-smi") else "none found"
    yield Finding(Text.same("GPU"), f"{gpu}; nothing here needs one")


def _images() -> Iterator[Finding]:
    from tracer.export.render import render, renderers

    names = " ".join(renderers())
    yield Finding(Text("renderers", "描画ソフト"), names or "none: pip install pygraphviz", bool(names))
    for format in ("svg", "png", "pdf"):
        try:
            size = len(render(TINY, format, time_limit=20).data)
        except TracerError as error:
            yield Finding(Text.same(format.upper()), str(error).replace("\n", " "), ok=False)
        else:
            yield Finding(Text.same(format.upper()), f"works ({size:,} bytes)")


def _terminal() -> Iterator[Finding]:
    from tracer.tui.terminal import ambiguous_width, choose_glyphs

    environ = os.environ.get
    yield Finding(Text.same("TERM"), f"{environ('TERM', 'not set')}   COLORTERM {environ('COLORTERM', 'not set')}")
    size = shutil.get_terminal_size()
    yield Finding(Text("size", "大きさ"), f"{size.columns}x{size.lines}")
    yield Finding(Text("encoding", "文字コード"), f"{getattr(sys.__stderr__, 'encoding', 'none')}")
    if not interactive():
        yield Finding(Text("app", "アプリ"), "no terminal here: commands print text")
        return
    width = ambiguous_width(0, 2)
    cells = "the terminal does not say" if width is None else f"{width} cell{'s' * (width > 1)}"
    yield Finding(Text("width of ─ ∂ ×", "─ ∂ × の幅"), cells)
    yield Finding(Text("symbols", "記号"), choose_glyphs())


def _content() -> Iterator[Finding]:
    from tracer.lessons.content import catalogue
    from tracer.tui.settings import settings_path

    try:
        found = catalogue()
    except TracerError as error:
        yield Finding(Text("lessons", "レッスン"), str(error).replace("\n", " "), ok=False)
    else:
        count = f"{len(found.lessons)} lessons, {len(found.models)} models   {found.root}"
        yield Finding(Text("lessons", "レッスン"), count)
        for problem in found.problems:
            yield Finding(Text("lesson", "レッスン"), str(problem), ok=False)
    path = settings_path()
    yield Finding(Text("settings", "設定"), "nowhere to keep them" if path is None else f"{path}{_state(path)}")


def _state(path: Path) -> str:
    if path.exists():
        return "" if os.access(path, os.W_OK) else "   (cannot be written)"
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return "   (not written yet)" if os.access(folder, os.W_OK) else "   (cannot be written)"


def blas() -> str:
    """Which BLAS NumPy computes with, and which of its kernels runs on this processor."""
    import numpy as np

    try:
        built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        said = f"{built['name']} {built['version']}"
    except (KeyError, TypeError):
        said = "unknown"
    kernel = _kernel(Path(np.__file__).parent)
    return said if kernel is None else f"{said}, {kernel} kernel"


def _kernel(package: Path) -> str | None:
    """The kernel OpenBLAS chose: `OPENBLAS_CORETYPE` halves its speed when it pins an old one."""
    for library in sorted([*(package.parent / "numpy.libs").glob("*openblas*"), *package.glob(".dylibs/*openblas*")]):
        try:
            ask = ctypes.CDLL(str(library)).scipy_openblas_get_corename64_
            ask.restype = ctypes.c_char_p
            return str(ask().decode("ascii", "replace"))
        except (OSError, AttributeError):
            continue
    return None


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _pad(text: str, width: int) -> str:
    from rich.cells import cell_len

    return text + " " * max(1, width - cell_len(text))


SECTIONS: dict[Text, Callable[[], Iterator[Finding]]] = {
    Text("Programs", "プログラム"): _programs,
    Text("Computing", "計算"): _computing,
    Text("Images", "画像"): _images,
    Text("Terminal", "端末"): _terminal,
    Text("Lessons and settings", "レッスンと設定"): _content,
}
_ALL_WELL = Text("All is well.", "問題ありません。")
_BROKEN = Text("What is marked ✗ does not work.", "✗ の項目が動作しません。")
