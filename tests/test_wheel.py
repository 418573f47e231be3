"""What a user installs: a wheel built from this checkout, in an environment of its own, in a folder full of traps."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.deep  # starts many processes, which is slow

ROOT = Path(__file__).resolve().parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"
TRAPS = ("models", "numpy", "samples", "tracer", "typer", "textual", "json", "typing")

pytest.importorskip("hatchling", reason="a wheel is built with hatchling")


def run(*command: str | Path, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run without a terminal and without anything of the caller's that could lead back to the checkout."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "TRACER", "COVERAGE"))}
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**environ, **extra},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    made = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert made.returncode == 0, made.stderr
    return next(folder.glob("gradient_tracer-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds the wheel; its dependencies come from ours."""
    place = tmp_path_factory.mktemp("environment")
    ours = importlib.util.find_spec("pip") is not None  # a pip of its own costs more than all the rest
    assert run(sys.executable, "-m", "venv", *(["--without-pip"] if ours else []), place, cwd=place).returncode == 0
    pip = [sys.executable, "-m", "pip", "--python", place / BIN / "python"]
    pip = pip if ours else [place / BIN / "python", "-m", "pip"]
    made = run(*pip, "install", "--no-deps", "--no-index", "--no-compile", wheel, cwd=place)
    assert made.returncode == 0, made.stderr
    packages = run(place / BIN / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place)
    dependencies = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (Path(packages.stdout.strip()) / "dependencies.pth").write_text("\n".join(dependencies) + "\n")
    return place / BIN


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    """A folder in which everything that could be imported by mistake raises."""
    for name in TRAPS:
        (tmp_path / f"{name}.py").write_text(f"raise RuntimeError('the hostile {name}.py was imported')\n")
    (tmp_path / "samples" / "start").mkdir(parents=True)
    (tmp_path / "samples" / "start" / "01_multiply.py").write_text("raise RuntimeError('the hostile lesson ran')\n")
    return tmp_path


def test_the_wheel_holds_program_and_content_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"tracer", next(top for top in tops if top.endswith(".dist-info"))}
    for needed in ("_content/samples/start/01_multiply.py", "_content/models/mlp.py", "tui/app.tcss", "py.typed"):
        assert f"tracer/{needed}" in names
    assert any(name.startswith("tracer/export/fonts/") for name in names)
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".trace"))]
    content = {name.removeprefix("tracer/_content/") for name in names if name.startswith("tracer/_content/")}
    for folder in ("samples", "models"):
        here = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert {path.relative_to(ROOT).as_posix() for path in here} <= content


def test_it_starts_among_traps_and_finds_its_own_lessons(installed: Path, trapped: Path) -> None:
    made = run(installed / "tracer", "list", "--json", cwd=trapped)
    assert (made.returncode, made.stderr) == (0, "")
    listed = json.loads(made.stdout)
    assert "start/01_multiply" in {lesson["name"] for lesson in listed["lessons"]}
    for thing in (*listed["lessons"], *listed["models"], *listed["data"]):
        assert "_content" in Path(thing["path"]).parts
        assert Path(thing["path"]).is_relative_to(installed.parent.resolve())


@pytest.mark.parametrize(
    "thing", [["x*x", "x=3"], ["start/01_multiply"], ["mlp"]], ids=["expression", "lesson", "model"]
)
def test_it_opens_things_among_traps(installed: Path, trapped: Path, thing: list[str]) -> None:
    made = run(installed / "tracer", "open", *thing, cwd=trapped)
    assert (made.returncode, made.stderr) == (0, "")
    assert "∂" in made.stdout


def test_it_starts_as_a_module_among_traps(installed: Path, trapped: Path) -> None:
    (trapped / "tracer.py").unlink()  # `python -m tracer` would rightly run it
    made = run(installed / "python", "-m", "tracer", "steps", "x*x", "x=3", cwd=trapped)
    assert "typing.py" in made.stderr or made.returncode == 0, "python itself imports typing before we can say no"
    (trapped / "typing.py").unlink()
    made = run(installed / "python", "-m", "tracer", "steps", "x*x", "x=3", cwd=trapped)
    assert (made.returncode, made.stderr) == (0, "")


def test_a_users_own_program_runs_among_its_own_neighbours(installed: Path, trapped: Path) -> None:
    (trapped / "models.py").write_text("def square(v): return v * v\n")
    (trapped / "prog.py").write_text(
        "import models\nfrom tracer import Value\nx = Value(3.0)\ny = models.square(x)\ny.backward()\n"
    )
    made = run(installed / "tracer", "record", "prog.py", "-o", "run.trace", cwd=trapped)
    assert (made.returncode, made.stderr) == (0, "")
    made = run(installed / "tracer", "check", "run.trace", cwd=trapped)
    assert (made.returncode, made.stderr) == (0, "")


def test_it_exports_an_image_among_traps(installed: Path, trapped: Path) -> None:
    made = run(installed / "tracer", "export", "x*x", "x=3", "-o", "graph.svg", cwd=trapped)
    assert (made.returncode, made.stderr) == (0, "")
    assert (trapped / "graph.svg").read_bytes().startswith(b"<")
