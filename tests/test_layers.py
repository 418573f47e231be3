"""What knows of what: each package in a fresh interpreter, and a start that loads only what it needs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tracer"

IMPORT_ALL = """
import importlib, pkgutil, sys
name = sys.argv[1]
module = importlib.import_module(name)
for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
    if not found.name.endswith((".__main__", ".launch", ".draw")):
        importlib.import_module(found.name)
print(*sorted(sys.modules))
"""


@cache
def loaded(code: str, *args: str) -> set[str]:
    """The modules a fresh interpreter holds after running `code`, which prints them."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    made = subprocess.run(
        [sys.executable, "-P", "-c", code, *args], capture_output=True, text=True, env=environ, check=False
    )
    assert made.returncode == 0, made.stderr
    return set(made.stdout.split())


@pytest.mark.parametrize(
    "name",
    [
        "text",
        "numbers",
        "errors",
        "files",
        "core",
        "trace",
        "explain",
        "layout",
        "scene",
        "panels",
        "export",
        "lessons",
        "train",
        "programs",
        "cli",
    ],
)
def test_textual_is_loaded_by_the_app_alone(name: str) -> None:
    assert (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists()
    assert "textual" not in loaded(IMPORT_ALL, f"tracer.{name}")


@pytest.mark.parametrize("name", ["text", "numbers", "errors"])
def test_the_lowest_layer_imports_nothing_of_ours(name: str) -> None:
    ours = {module for module in loaded(IMPORT_ALL, f"tracer.{name}") if module.startswith("tracer.")}
    assert ours == {f"tracer.{name}"}


def test_importing_tracer_costs_next_to_nothing() -> None:
    modules = loaded("import sys, tracer; print(*sys.modules)")
    assert not modules & {"numpy", "rich", "textual", "networkx", "typer", "asyncio"}
    assert {module for module in modules if module.startswith("tracer")} == {"tracer"}


def test_the_public_names_are_all_there() -> None:
    import tracer

    for name in tracer.__all__:
        assert getattr(tracer, name) is not None


def test_bare_tracer_reaches_the_app_without_the_command_line() -> None:
    """Typer alone costs a seventh of a second."""
    code = """
import sys
import tracer.__main__ as start
import tracer.cli.terminal as terminal
import tracer.tui.start as app
terminal.interactive = lambda: True
def run_app():
    sys.stdout.write(" ".join(sys.modules))
    return 0
app.run_app = run_app
sys.exit(start.main([]))
"""
    modules = loaded(code)
    assert not modules & {"typer", "pydantic", "numpy", "networkx", "textual"}


def test_the_gallery_comes_to_its_first_frame_without_the_trace_reader() -> None:
    """Numpy alone costs a seventh of a second."""
    modules = loaded("import sys, tracer.tui.app, tracer.tui.screens.gallery; print(*sys.modules)")
    assert not modules & {"numpy", "networkx", "pygments", "markdown_it", "typer", "tracer.trace", "tracer.core"}


def test_a_typed_number_finds_its_functions_wherever_it_is_read_first() -> None:
    assert loaded("from tracer.tui.typed import parse_number; print(parse_number('sqrt(4)'))") == {"2.0"}


NOT_AT_FIRST = {
    "typer": "the parser of the command line",
    "pydantic": "the parser's own",
    "networkx": "cycles among the parts of a folded graph",
    "graphviz": "export",
    "markdown_it": "documents",
    "pygments": "languages other than Python",
    "tomllib": "lessons",
    "tracer.lessons.content": "the list of lessons",
    "tracer.lessons.lesson": "lessons",
    "tracer.lessons.documents.document": "documents",
    "tracer.lessons.process": "running a program",
    "tracer.lessons.again": "editing a leaf",
    "tracer.core.record": "recording",
    "tracer.explain.proof": "checks of a small graph, and the key i",
    "tracer.trace.paths": "the key a",
    "tracer.trace.query": "the key /",
    "tracer.trace.unfolding": "unfolding",
    "tracer.trace.why": "the key y",
    "tracer.tui.screens.edit": "the key e",
    "tracer.tui.screens.gallery": "the list of lessons",
    "tracer.tui.screens.search": "the key /",
}
"""What the first picture of a large saved trace does without, and what it is for."""


def test_a_large_saved_trace_comes_to_its_first_picture_without_what_later_keys_need(tmp_path: Path) -> None:
    """What is imported costs every user who opens a file a part of a second, whatever they do next."""
    from tracer import Value, record, scope

    with record() as made:
        x = v = Value(1.0, name="x")
        for i in range(100):
            with scope(f"step {i}"):
                for _ in range(6):
                    v = v * x
        v.backward()
    made.trace.save(tmp_path / "large.trace")
    code = """
import sys
import tracer.__main__ as start
import tracer.cli.terminal as terminal
import tracer.tui.start as app
terminal.interactive = lambda: True
def run_app(first, thing, **_):
    from tracer.tui.app import GradientTracer
    from tracer.tui.widgets.graph import scene_of
    shown = GradientTracer(first=first, thing=thing)
    with shown._context():
        from tracer.tui.screens.stepper import StepperScreen
        stepper = StepperScreen(thing)
        stepper.begin_with(first.breaks, first.watches)
        assert any(box.node < 0 for box in scene_of(stepper.view, "en").boxes), "it is folded"
    sys.stdout.write(" ".join(sys.modules))
    return 0
app.run_app = run_app
sys.exit(start.main(["open", sys.argv[1]]))
"""
    modules = loaded(code, str(tmp_path / "large.trace"))
    assert {"textual", "numpy", "tracer.layout.fold", "tracer.tui.screens.stepper"} <= modules
    assert modules & NOT_AT_FIRST.keys() == set()


def test_what_is_imported_once_all_is_painted_is_there() -> None:
    from tracer.tui.screens.later import LATER

    assert all(find_spec(name) for name in LATER)


def test_a_command_imports_its_own_module_alone() -> None:
    code = "import sys, tracer.cli.commands; print(*sys.modules)"
    ours = {module for module in loaded(code) if module.startswith("tracer.")}
    named = ("commands", "drawing", "learning", "options", "questions", "studying", "terminal")
    declared = {f"tracer.cli.{name}" for name in named}
    assert ours == {"tracer.cli", *declared, "tracer.text"}


def imports(path: Path) -> set[str]:
    """Every module that a file's import statements name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found.add(node.module or "")
    return found


def test_nothing_of_ours_imports_content() -> None:
    for path in PACKAGE.rglob("*.py"):
        tops = {name.partition(".")[0] for name in imports(path)}
        assert not tops & {"models", "samples", "tests"}, path


def test_content_imports_what_a_user_would() -> None:
    public = {"tracer", "tracer.nn", "tracer.nn.functional", "tracer.optim"}
    for path in [*(ROOT / "samples").rglob("*.py"), *(ROOT / "models").rglob("*.py")]:
        assert {name for name in imports(path) if name.startswith("tracer")} <= public, path
