"""What the README lists is what there is. `python tests/test_readme.py` writes its lists anew."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


PLACES = {
    "walk": "walking",
    "stepper": "walking",
    "document": "documents",
    "lockstep": "two runs",
    "training": "training",
    "compare": "compared runs",
    "gallery": "gallery",
    "endcard": "end card",
}


def keys_list() -> str:
    """Every row of the key table: where, which keys, what they do."""
    from tracer.tui.keys import KEYS, face_of

    lines = ["| where | keys | what they do |", "|---|---|---|"]
    for key in KEYS:
        faces = f"`{key.face}`" if key.face else " ".join(f"`{face_of(k)}`" for k in key.keys)
        words = "English or 日本語" if key.action == "switch_lang" else key.words["en"]
        lines.append(f"| {PLACES.get(key.place, 'everywhere')} | {faces} | {words} |")
    return "\n".join(lines)


def commands_list() -> str:
    """Each command's name, its arguments and the first line of its help."""
    lines = ["```", "tracer".ljust(40) + "The gallery."]
    sources = [(ROOT / "tracer/cli" / file).read_text(encoding="utf-8") for file in COMMANDS]
    for function in (one for source in sources for one in ast.parse(source).body):
        if not isinstance(function, ast.FunctionDef) or not function.decorator_list:
            continue
        call = function.decorator_list[0]
        group, _, what = ast.unparse(call).partition("(")[0].partition(".")
        if group in GROUPS and what == "command" and isinstance(call, ast.Call):
            given = {argument.arg for argument in function.args.args}
            words = ["tracer", *GROUPS[group], ast.literal_eval(call.args[0])]
            words += [word for name, word in ARGUMENTS.items() if name in given]
            lines.append(" ".join(words).ljust(40) + (ast.get_docstring(function) or "").splitlines()[0])
    return "\n".join([*lines, "```"])


COMMANDS = ("commands.py", "drawing.py", "questions.py", "learning.py", "studying.py")
GROUPS = {"app": [], "lessons": ["lesson"]}
"""What these call a group of commands -> the words before theirs."""
ARGUMENTS = {
    "thing": "THING",
    "folder": "RUN",
    "things": "THING...",
    "model": "MODEL",
    "program": "PROGRAM.py",
    "values": "[x=3 ...]",
    "out": "-o FILE",
    "data": "[--data DATA]",
    "as_json": "[--json]",
    "at": "[--at N]",
}


def file_map() -> str:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    lines = ["```"]
    for layer in contracts[0]["layers"]:
        for module in (part.strip() for part in layer.split("|")):
            path = ROOT / module.replace(".", "/")
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            name = f"{module.replace('.', '/')}{'/' if path.is_dir() else '.py'}"
            lines.append(f"{name:<20} {' '.join(docstring.split(chr(10) * 2)[0].split())}")
    return "\n".join([*lines, "```"])


LISTS = {"keys": keys_list, "commands": commands_list, "map": file_map}


def with_lists(text: str) -> str:
    """The README with its lists made anew."""
    for name, make in LISTS.items():
        head, rest = text.split(f"<!-- {name}: ", 1)
        first, rest = rest.split("\n", 1)
        tail = rest.split(f"<!-- /{name} -->", 1)[1]
        text = f"{head}<!-- {name}: {first}\n{make()}\n<!-- /{name} -->{tail}"
    return text


def test_keys_commands_and_map_are_those_of_the_program() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_lists(text) == text, "run: python tests/test_readme.py"


def test_the_dependencies_have_their_reasons() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    section = README.read_text(encoding="utf-8").split("## Dependencies")[1].split("## Changes")[0]
    for requirement in project["dependencies"]:
        assert re.split(r"[<>=\[]", requirement)[0] in section
    for extra in project["optional-dependencies"]:
        assert f"`[{extra}]`" in section


def test_the_picture_and_the_files_it_names_are_there() -> None:
    text = README.read_text(encoding="utf-8")
    for path in re.findall(r"\]\(([^)#]+)\)", text) + re.findall(r"`((?:tracer|samples|tests|\.ci)/[\w./]+)`", text):
        assert (ROOT / path).exists(), path


def test_its_python_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracer

    monkeypatch.chdir(tmp_path)
    shown: list[object] = []
    monkeypatch.setattr(tracer, "show", shown.append, raising=False)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.S)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
    assert len(shown) == 1


def test_every_file_of_the_package_says_what_it_is() -> None:
    listed = subprocess.run(["git", "ls-files", "tracer/*.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    files = listed.stdout.split() or [str(p.relative_to(ROOT)) for p in (ROOT / "tracer").rglob("*.py")]
    for file in files:
        if "_content" not in file:
            assert ast.get_docstring(ast.parse((ROOT / file).read_text(encoding="utf-8"))), file


if __name__ == "__main__":
    README.write_text(with_lists(README.read_text(encoding="utf-8")), encoding="utf-8")
