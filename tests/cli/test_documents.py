"""Documents on the command line: agreed to, then each block like any other thing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.shell import Shell, Terminal

pytestmark = pytest.mark.deep  # starts many processes, which is slow

NOTES = """\
# Slopes

<!-- tracer
title.en = "A square"
title.ja = "二乗"
caption.en = "Twice x."
caption.ja = "x の二倍です。"

[[stop]]
node = "x"
kind = "complete"
expect = 6
say.en = "Here it is: {∂x}."
say.ja = "ここで {∂x} になります。"
-->

```python
x = torch.tensor(3.0, requires_grad=True)
y = x * x
y.backward()
print("printed", x.grad)
```

```python
out = inputs @ weights
```

```js
let loss = x.mul(x)
```

```python
print(x.grad + nothing_of_this_name if False else "no graph")
```

## What breaks

```python
z = x * 2
raise ValueError("as meant")
```
"""


@pytest.fixture
def notes(shell: Shell) -> Path:
    return shell.write("notes.md", NOTES.replace("nothing_of_this_name if False else", "1 if False else"))


def test_nothing_runs_before_somebody_has_agreed(shell: Shell) -> None:
    shell.write("notes.md", "```python\nopen('ran', 'w')\n```\n")
    for command in ("open", "steps", "check"):
        said = shell.refused(command, "notes.md")
        assert "notes.md is not run: nobody has agreed to run its code here" in said
        assert "executes 1 block of Python with your rights" in said
        assert f"tracer {command} notes.md --yes" in said
    assert "実行はまだ許可されていない" in shell.refused("steps", "notes.md", "--lang", "ja")
    assert not (shell.folder / "ran").exists()
    assert shell("steps", "notes.md", "--yes").code == 0
    assert (shell.folder / "ran").exists()
    os.remove(shell.folder / "ran")
    assert shell("steps", "notes.md").code == 0, "agreed to once"
    assert (shell.folder / "ran").exists()
    shell.write("notes.md", "```python\nopen('ran', 'w') \n```\n")
    assert shell("steps", "notes.md").code == 2, "the code is another"


def test_all_blocks_in_order_as_text(shell: Shell, notes: Path) -> None:
    ran = shell("steps", notes.name, "--yes")
    headings = [line for line in ran.out.splitlines() if line.startswith("── ")]
    assert headings == [
        "── block 1, line 18: A square ──",
        "── block 2, line 25: Slopes ──",
        "── block 3, line 29: Slopes ──",
        "── block 4, line 33: Slopes ──",
        "── block 5, line 39: What breaks ──",
    ]
    assert "Twice x." in ran.out
    assert "» Here it is: 6." in ran.out
    assert "It printed:\n  printed tensor(6.)" in ran.out
    assert "Not run: a fragment. Nobody has defined inputs, weights." in ran.out
    assert "(tracer open " in ran.out
    assert "Not run: this is not Python but js." in ran.out
    assert "It printed:\n  no graph" in ran.out
    assert "The block raised ValueError: as meant. (notes.md:40)" in ran.out
    assert ran.code == 2
    assert 'File "notes.md", line 40' in ran.err
    assert "block 5, line 39: What breaks\n  The block raised ValueError: as meant." in ran.err


def test_every_step_as_json_says_its_block(shell: Shell, notes: Path) -> None:
    ran = shell("steps", notes.name, "--yes", "--json")
    records = [json.loads(line) for line in ran.out.splitlines()]
    heads = [one for one in records if "schema" in one]
    assert [(one["block"], one["kind"], one.get("status")) for one in heads] == [
        (1, "python", "ran"),
        (2, "fragment", None),
        (3, "other", None),
        (4, "python", "ran"),
        (5, "python", "failed"),
    ]
    assert heads[0]["output"] == "printed tensor(6.)\n"
    assert heads[1]["needs"] == ["inputs", "weights"]
    assert heads[4]["outcome"]["line"] == 40
    steps = [one for one in records if one.get("step") and one["block"] == 1]
    assert len(steps) == heads[0]["steps"]
    assert [one["say"]["ja"] for one in steps if one["say"]] == ["ここで 6 になります。"]


@pytest.mark.deep
def test_one_block_is_checked_exported_recorded_and_changed_as_a_program_is(shell: Shell, notes: Path) -> None:
    assert "A square" in shell("check", notes.name, "--yes", "--block", 1).out
    assert shell("export", notes.name, "--block", 1, "-o", "graph.svg").code == 0
    assert (shell.folder / "graph.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert shell("record", notes.name, "--block", 1, "-o", "one.trace", "x=5").code == 0
    assert "x = 5   ∂ 10" in shell("steps", "one.trace").out
    assert "several blocks that compute something: 1, 5" in shell.refused("export", notes.name, "-o", "all.svg")
    assert "has no leaf called 'w'" in shell.refused("steps", notes.name, "w=1", "--block", 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["notes.md", "--block", 9], "notes.md has no block 9.\n  Its blocks are 1 to 5."),
        (["notes.md", "--block", 2], "block 2 of notes.md: Not run: a fragment. Nobody has defined inputs, weights."),
        (["note.md"], "note.md: no such file.\n  Did you mean 'notes.md'?"),
        (["6.3", "--block", 1], "--block 1: 6.3 is no document."),
        (["latin.md"], "latin.md:1: is not UTF-8 text"),
        (["large.md"], "is too large for a document"),
        (["broken.ipynb"], "broken.ipynb"),
        (["folder.md"], "is a folder, not a document"),
    ],
)
def test_what_is_wrong_is_one_message(shell: Shell, notes: Path, words: list[object], says: str) -> None:
    (shell.folder / "latin.md").write_bytes(b"caf\xe9")
    (shell.folder / "large.md").write_bytes(b"words " * 2_000_000)
    shell.write("broken.ipynb", '{"cells": [')
    (shell.folder / "folder.md").mkdir()
    assert says in shell.refused("export", *words, "-o", "x.svg")
    assert not (shell.folder / "x.svg").exists()


def test_a_document_without_code_is_read_and_says_so(shell: Shell) -> None:
    shell.write("words.md", "# Only words\n")
    assert shell("open", "words.md") == (0, "Only words\nIt has no code block.\n", "")


def test_broken_fences_and_front_matter_cost_nothing_else(shell: Shell) -> None:
    shell.write("notes.md", "---\ntitle: [\n---\n\n```python\nx = torch.tensor(1.)\n```\n\n```python\nprint(x)\n")
    ran = shell("steps", "notes.md", "--yes")
    assert ran.code == 0
    assert "tensor(1.)" in ran.out
    assert shell("lesson", "check", "notes.md").code == 1


def test_a_folder_is_a_course(shell: Shell, notes: Path) -> None:
    shell.write("about.toml", 'title = "My course"\norder = ["second", "notes"]\n')
    shell.write("second.md", "# The second\n")
    ran = shell("open", ".")
    assert ran.out.splitlines()[0] == "My course"
    assert [line.rpartition("tracer open ")[2] for line in ran.out.splitlines()[1:]] == ["second.md", "notes.md"]
    (shell.folder / "empty").mkdir()
    assert "there is no lesson in this folder" in shell.refused("open", "empty")


def test_a_shipped_document_opens_by_name_in_either_language_without_asking(shell: Shell) -> None:
    ran = shell("steps", "write-your-own", "--block", 1, "--lang", "ja")
    assert ran.code == 0
    assert "値段" in ran.out


WRONG = """\
# Claims

<!-- tracer
[[stop]]
node = "x"
kind = "complete"
expect = 7
say = "{∂x}"

[[stop]]
node = "nobody"
kind = "forward"
say = "never"

[change]
leaf = "x"
to = 1
node = "x"
expect = 5
say = "try it"
-->

```python
x = torch.tensor(3.0, requires_grad=True)
(x * x).backward()
```

<!-- tracer
captoin = "almost"
-->

```python
raise ValueError("meant")
```
"""


def test_lesson_check_tells_every_mistake_on_its_line(shell: Shell) -> None:
    shell.write("claims.md", WRONG)
    ran = shell("lesson", "check", "claims.md", "--yes")
    assert ran.code == 1
    assert ran.err == ""
    assert ran.out.splitlines() == [
        "claims.md:29: unknown key 'captoin'. Did you mean 'caption'?",
        "claims.md:4: stop 1: expects 7 as the gradient of x; the trace has 6.",
        "claims.md:10: stop 2: 'forward' of 'nobody' never happens in this run. Names: x.",
        "claims.md:3: change: expects 5 as the gradient of x; the trace has 2.",
        "claims.md:33: The block raised ValueError: meant.",
    ]


def test_a_page_whose_claims_hold_is_not_called_well_where_a_block_failed(shell: Shell) -> None:
    shell.write("a.md", "```python\nx = 1\n```\n\n```python\nraise ValueError('meant')\n```\n")
    ran = shell("lesson", "check", "a.md", "--yes")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "a.md:6: The block raised ValueError: meant.",
        "a.md: no claim is wrong, but not every block ran to its end (see above): 1 of 2 did not. "
        "Stops and changes checked: 0.",
    ]


def test_lesson_check_takes_lessons_folders_and_names(shell: Shell, notes: Path) -> None:
    shell.write("prog.py", "from tracer import Value\nx = Value(3.0)\ny = x * x\ny.backward()\n")
    shell.write("alone.py", "x = 1\n")
    toml = (
        'title = { en = "T", ja = "題" }\nsource = "§1"\nminutes = 1\nintro = { en = "i", ja = "始" }\n'
        '[[stop]]\nnode = "x"\nkind = "complete"\nexpect = 6\nsay = { en = "s", ja = "言" }\n'
        '[card]\nresult = { en = "r", ja = "結" }\nquestion = { en = "q", ja = "問" }\n'
        'answer = { en = "a", ja = "答" }\n'
    )
    shell.write("prog.toml", toml)
    ran = shell("lesson", "check", "prog.py", "prog.toml", "start/01_multiply")
    assert (ran.code, ran.out.count("nothing is wrong")) == (0, 3), ran
    shell.write("prog.toml", toml.replace("expect = 6", "expect = 5"))
    ran = shell("lesson", "check", ".", "--yes")
    assert ran.code == 1
    assert "prog.toml: stop 1: expects 5 as the gradient of x; the trace has 6." in ran.out
    assert "notes.md:40: The block raised ValueError: as meant." in ran.out
    ran = shell("lesson", "check", "alone.py", "nobody.md", "prog.py")
    assert ran.code == 2
    assert "alone.py is no lesson." in ran.err
    assert "nobody.md: no such file." in ran.err
    assert "prog.toml: stop 1" in ran.out, "the others are checked all the same"


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_on_a_terminal_it_asks_and_a_no_is_a_no(shell: Shell) -> None:
    shell.write("notes.md", "```python\nprint('it ran')\n```\n")
    with Terminal("steps", "notes.md", cwd=shell.folder) as terminal:
        terminal.until("Run it? [y/N]")
        terminal.type("n\r")
        assert terminal.ended() == 2
        assert b"it ran" not in terminal.told
    with Terminal("steps", "notes.md", cwd=shell.folder) as terminal:
        terminal.until("Run it? [y/N]")
        terminal.type("y\r")
        terminal.until("it ran")
        assert terminal.ended() == 0
    assert (shell.folder / ".settings" / "agreed.json").exists(), "and it is not asked again"
