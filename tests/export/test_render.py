"""The child process that draws: what it may be asked, what it imports, and what is said when it cannot."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.export.scenes import NAMES, product
from tracer.errors import ExportError
from tracer.export import render as module
from tracer.export.dot import to_dot
from tracer.export.render import Paper, layout_of, render, renderers
from tracer.export.style import Style

DOT = to_dot(product("textbook"), Style(loss="y", names=NAMES))

FAKE_DOT = """#!{python}
# Stands for Graphviz's own program: the same library, told by the same options.
import sys
import pygraphviz
file, options, out = sys.argv[1], sys.argv[2:-2], sys.argv[-1]
graph = pygraphviz.AGraph(string=open(file, encoding="utf-8").read())
format = next(o[2:] for o in options if o.startswith("-T"))
graph.graph_attr.update(o[2:].split("=", 1) for o in options if o.startswith("-G"))
open(out, "wb").write(graph.draw(format=format, prog="dot"))
"""


@pytest.mark.parametrize(("format", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-")])
def test_each_format_is_what_it_says(format: Any, start: bytes) -> None:
    assert render(DOT, format).data.startswith(start)


@pytest.mark.parametrize("format", ["ps", "gv", "svg:cairo", "../x", "plain", ""])
def test_nothing_else_that_graphviz_knows_can_be_asked_for(format: Any) -> None:
    with pytest.raises(ExportError, match="not an image format"):
        render(DOT, format)


def test_modules_where_the_user_stands_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither from the present folder nor through a relative PYTHONPATH."""
    for name in ("pygraphviz", "numpy", "json", "dataclasses", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("import pathlib; pathlib.Path(__file__).with_name('ran').touch()\n")
    monkeypatch.chdir(tmp_path)
    for path in ("", ".", os.pathsep, str(tmp_path)):
        monkeypatch.setenv("PYTHONPATH", path)
        assert render(DOT, "png").data.startswith(b"\x89PNG")
    assert not (tmp_path / "ran").exists()


def test_the_child_has_no_terminal_and_its_own_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """It could otherwise eat the keys meant for the app, or draw empty boxes on a machine without fonts."""
    seen: dict[str, Any] = {}
    run = subprocess.run

    def spy(command: list[str], **options: Any) -> Any:
        seen.update(options, command=command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", spy)
    monkeypatch.setenv("FONTCONFIG_FILE", "/nowhere")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    layout_of(DOT)
    assert seen["stdin"] == seen["stdout"] == subprocess.DEVNULL
    assert "-P" in seen["command"]
    assert Path(seen["env"]["FONTCONFIG_FILE"]).parent == Path(seen["cwd"])
    assert "PYTHONSTARTUP" not in seen["env"]


def test_a_drawing_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(ExportError, match=r"longer than 0\.001 seconds"):
        render(DOT, "svg", time_limit=0.001)


def test_what_graphviz_cannot_read_is_one_clear_line() -> None:
    with pytest.raises(ExportError, match="could not be drawn") as caught:
        render("digraph {", "svg")
    assert "Traceback" not in str(caught.value)
    assert caught.value.hint is not None


@pytest.fixture
def only_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without pygraphviz, with a program `dot`."""
    program = tmp_path / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(FAKE_DOT.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    return program


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_dot_on_path_draws_the_same_where_the_library_is_absent(only_dot: Path, format: Any) -> None:
    assert renderers() == ("dot",)
    paper = Paper(scale=0.5, width=200)
    fallen_back = render(DOT, format, paper)
    assert fallen_back.page.width == 200
    only_dot.unlink()
    with pytest.raises(ExportError):
        render(DOT, format, paper)


def test_dot_and_the_library_lay_out_alike(only_dot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fallen_back = render(DOT, "svg")
    monkeypatch.undo()
    assert render(DOT, "svg").data == fallen_back.data


def test_without_any_renderer_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert renderers() == ()
    with pytest.raises(ExportError, match=r"neither was found") as caught:
        render(DOT, "png")
    assert "pip install pygraphviz" in str(caught.value)
    assert "DOT works without" in str(caught.value)


def test_a_library_that_does_not_load_lets_dot_try(only_dot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Present but broken: the child says so, and the fallback draws."""
    monkeypatch.setattr(module, "find_spec", lambda name: object())
    broken = only_dot.parent / "draw.py"
    broken.write_text("raise ImportError('libgvc is missing')\n")
    monkeypatch.setattr(module.draw, "__file__", str(broken))
    assert render(DOT, "png").data.startswith(b"\x89PNG")


def test_a_crash_of_the_library_is_told_as_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crashing = tmp_path / "draw.py"
    crashing.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(module.draw, "__file__", str(crashing))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ExportError, match="crashed"):
        render(DOT, "png")


def test_a_huge_bitmap_is_made_smaller_instead_of_filling_memory() -> None:
    drawn = render(DOT, "png", Paper(width=5000), magnify=600 / 72)
    own = drawn.own_page
    assert own.width <= 30_001
    assert own.width * own.height <= module.LARGEST_BITMAP * 1.01
    assert int.from_bytes(drawn.data[16:20], "big") == pytest.approx(own.width, abs=1)
