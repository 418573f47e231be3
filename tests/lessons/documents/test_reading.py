"""A document as a whole: its blocks counted and placed, what they need, what keeps a file from being read at all."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lessons.documents.pages import block, notebook, page, told
from tracer.errors import FileFormatError, NotFoundError, TracerError
from tracer.lessons.documents import reading
from tracer.lessons.documents.document import Prose
from tracer.lessons.documents.nearest import Nearest
from tracer.lessons.documents.reading import read_document, section_of
from tracer.text import Text

CHAPTER = """\
# Backwards

## 1. A product

```python
a = torch.tensor(2.0, requires_grad=True)
(a * a).backward()
```

### 1.2 With weights

```
y = Wx + b
```

```python
y = W @ a + b
```

#### In other words

```javascript
const y = W.mul(x).add(b);
```

## 2. A loop

```python
for step in range(steps):
    return step
```
"""


def test_a_chapter_is_blocks_in_sections(tmp_path: Path) -> None:
    """Numbers, kinds, sections (inherited from the heading above), what is missing, what does not parse."""
    document = page(tmp_path, CHAPTER)
    assert [(one.number, one.kind, one.section, one.heading, one.needs) for one in document.blocks] == [
        (1, "python", "1", "1. A product", ()),
        (2, "fragment", "1.2", "1.2 With weights", ("W", "b")),
        (3, "other", "1.2", "In other words", ()),
        (4, "fragment", "2", "2. A loop", ("steps",)),
    ]
    problem = document.blocks[3].problem
    assert problem is not None
    assert (problem.en, problem.ja) == (
        "line 30: 'return' outside function",
        "30 行目: Python の文法に合いません（'return' outside function）",
    )
    assert [(one.heading, one.level) for one in document.headings] == [
        ("Backwards", 1), ("1. A product", 2), ("1.2 With weights", 3), ("In other words", 4), ("2. A loop", 2),
    ]  # fmt: skip
    assert told(document) == []


def test_lessons_are_looked_for_where_a_block_does_not_run(tmp_path: Path) -> None:
    """With the document's name, section, heading and code; a block that runs needs none."""
    asked = []

    def nearest(*about: str) -> Nearest:
        asked.append(about)
        return Nearest("start/01_multiply", Text("why", "なぜ"))

    (tmp_path / "06-x.md").write_text(CHAPTER, encoding="utf-8")
    document = read_document(tmp_path / "06-x.md", nearest=nearest)
    assert [about[:3] for about in asked] == [
        ("06-x", "1.2", "1.2 With weights"), ("06-x", "1.2", "In other words"), ("06-x", "2", "2. A loop"),
    ]  # fmt: skip
    assert [one.nearest for one in document.blocks] == [None, *["start/01_multiply"] * 3]
    assert document.blocks[1].nearest_why.ja == "なぜ"


BROKEN = {
    "a bracket": ("x = (1\n\ny = 2\n", "line 2: '(' was never closed"),
    "two signs": ("x = = 1\n", "line 2: invalid syntax"),
    "await": ("await x\n", "line 2: 'await' outside function"),
    "a break": ("\nbreak\n", "line 3: 'break' outside loop"),
    "a future import too late": ("x = 1\nfrom __future__ import annotations\n", "line 3: from __future__ imports must"),
    "a character": ("x = “1”\n", "line 2: invalid character '“' (U+201C)"),
    "depth": ("x = " + "-" * 50_000 + "1\n", "line 2: it is nested too deeply"),
    "a null": ("x = '\0'\n", None),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_python_refuses_is_a_fragment_with_a_reason(name: str, tmp_path: Path) -> None:
    """It keeps no other block from running. (Markdown knows no null character: it is read as �.)"""
    code, expected = BROKEN[name]
    document = page(tmp_path, f"```python\n{code}```\n\n```python\nx = 1\n```\n")
    broken, after = document.blocks
    assert after.kind == "python"
    if expected is None:
        assert broken.kind == "python"
    else:
        assert broken.kind == "fragment"
        assert broken.problem is not None
        assert broken.problem.en.startswith(expected)


def test_odd_backslashes_are_no_warning(tmp_path: Path) -> None:
    """Python's SyntaxWarning is the program's, not the reader's; a warning here would be an error."""
    assert block(tmp_path, "```python\ns = '\\d'\nif s is 'x': pass\n```\n").kind == "python"


@pytest.mark.parametrize(
    ("heading", "section"),
    [
        ("6.4.2 A small network", "6.4.2"), ("1. A product", "1"), ("５．２ Adam", "5.2"), ("§3.1 Chains", "3.1"),
        ("Chapter 6: Backwards", "6"), ("第6章 誤差逆伝播法", "6"), ("6.3.1計算グラフ", "6.3.1"), ("Section 2", "2"),
        ("3D plots", ""), ("2 次元配列", ""), ("数学06", ""), ("1.5x faster", ""), ("", ""), ("2024", ""), ("4", "4"),
        ("1) First", "1"),
    ],
)  # fmt: skip
def test_a_heading_has_a_section_number_or_none(heading: str, section: str) -> None:
    assert section_of(heading) == section


def test_a_heading_ends_the_section_of_the_one_before(tmp_path: Path) -> None:
    """`## Summary` after `## 1. x` is in no section; deeper ones inherit."""
    document = page(tmp_path, "# 3. C\n## 3.1 A\n### deeper\n## Sum\n### x\n# Other\n## y\n")
    assert [part.section for part in document.parts if isinstance(part, Prose)] == [
        "3", "3.1", "3.1", "3", "3", "", "",
    ]  # fmt: skip


def test_the_digest_is_of_what_runs(tmp_path: Path) -> None:
    """Prose, stops and fragments may change without asking again; code that runs, hidden too, may not."""
    same = ["```py\nx = 1\n```\n", "words\n\n```py\nx = 1\n```\n", "```py\nx = 1\n```\n\n```py\ny = W\n```\n",
            "<!-- tracer\nby = 'edge'\n-->\n```py\nx = 1\n```\n", "```py\nx = 1\n```\n```js\n1\n```\n"]  # fmt: skip
    other = ["```py\nx = 2\n```\n", "<!-- tracer: setup\ny = 1\n-->\n```py\nx = 1\n```\n", "```py\nx = 1\nz = 1\n```\n",
             "<!-- tracer: skip -->\n```py\nx = 1\n```\n", "```py\nx = 1\n```\n```py\n```\n"]  # fmt: skip
    digests = [page(tmp_path, text).sha for text in (*same, *other)]
    assert len({*digests[: len(same)]}) == 1
    assert len({*digests}) == 1 + len(other)


def test_a_document_without_code_is_a_document(tmp_path: Path) -> None:
    for text in ("", "\n\n", "words\n", "```\nx = 1\n```\n"):
        assert page(tmp_path, text).blocks == ()
    assert page(tmp_path, notebook(("markdown", "words")), "n.ipynb").blocks == ()


# Files that cannot be read


def message(path: Path | str) -> str:
    with pytest.raises(TracerError) as caught:
        read_document(path)
    assert caught.value.told("ja")
    return str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The nearest name beside it is offered."""
    (tmp_path / "notes.md").write_text("x", encoding="utf-8")
    said = message(tmp_path / "note.md")
    assert said.endswith("note.md: no such file.\n  Did you mean 'notes.md'?")
    for odd in (tmp_path / "none" / "a.md", tmp_path / "notes.md" / "a.md", tmp_path / ("x" * 300 + ".md"), "a\0.md"):
        assert message(odd)
    with pytest.raises(NotFoundError):
        read_document(tmp_path / "zzz")


def test_a_folder_and_a_device(tmp_path: Path) -> None:
    (tmp_path / "c.md").mkdir()
    assert message(tmp_path / "c.md").startswith(
        "c.md: is a folder, not a document.\n  A folder of lessons is a course"
    )
    assert message("/dev/zero") == "zero: is a device or a pipe, not a file."
    os.mkfifo(tmp_path / "pipe.md")
    assert message(tmp_path / "pipe.md") == "pipe.md: is a device or a pipe, not a file."


ENCODED = {
    "Shift_JIS": (
        "線\n勾配のこと\n".encode("shift_jis"),
        "a.md:1: is not UTF-8 text (byte 0x90). It looks like SHIFT_JIS.",
    ),
    "EUC-JP": ("a\nあいう勾配\n".encode("euc_jp"), "a.md:2: is not UTF-8 text (byte 0xa4)."),
    "UTF-16": ("# A\n".encode("utf-16"), "a.md:1: is not UTF-8 text (byte 0xff). It looks like UTF-16."),
    "Latin-1": (b"a\n\nb \xe9\n", "a.md:3: is not UTF-8 text (byte 0xe9).\n  Save it as UTF-8: iconv"),
}


@pytest.mark.parametrize("name", ENCODED)
def test_another_encoding_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    data, expected = ENCODED[name]
    (tmp_path / "a.md").write_bytes(data)
    assert message(tmp_path / "a.md").startswith(expected)


def test_ten_megabytes_are_refused(tmp_path: Path) -> None:
    """With the limit, and what to do."""
    with (tmp_path / "a.md").open("wb") as file:
        file.truncate(10_000_000)
    assert message(tmp_path / "a.md") == (
        "a.md: 10.0 MB of text is too large for a document; 1 MB is the most.\n"
        "  Divide it: a folder of documents is a course."
    )


def test_blocks_without_number_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading, "MOST_BLOCKS", 3)
    with pytest.raises(FileFormatError, match="4 code blocks and comments are too many for a document; 3 are the most"):
        page(tmp_path, "```py\nx = 1\n```\n" * 4)


def test_names_from_a_file_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    """An escape sequence in a file's name, a title, a message."""
    document = page(tmp_path, "# \x1b[31mred\n\n<!-- tracer: \x1b[31m -->\n\n```py\nx = \x1b\n```\n", "a\x1bb.md")
    said = [document.name, document.title.en, *told(document), str(document.blocks[0].problem)]
    assert not any("\x1b" in words for words in said)


# Laws

LINES = [
    "# 1. One", "```python", "```js", "```", "x = y", "y = (1", "def f(): return z", "f()", "%magic", ">>> x", "return",
    "<!-- tracer", "<!-- tracer: setup", "<!-- tracer: skip -->", "<!-- tracer: zzz -->", "-->", "[[stop]]", "[card]",
    'node = "x"', 'kind = "forward"', 'kind = "mark"', "expect = 1", 'say = "{x}"', 'say.en = "{"', "title = 3",
    "zz = 1", "> ```python", "- item", "  x = 1", "", "---", "title: a",
    "'''", "\0", "\x0c", "\u2028", "\ufeff", "日本語",
]  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=30))
def test_whatever_a_page_holds_it_is_read(lines: list[str]) -> None:
    """Parts and problems stand in order within the file; what runs compiles; a fragment says why it is one."""
    text = "\n".join(lines)
    with TemporaryDirectory() as folder:
        document = page(Path(folder), text)
    count = len(lines)
    for where in (document.parts, document.problems):
        numbers = [one.line for one in where]
        assert numbers == sorted(numbers)
        assert all(1 <= line <= count + 1 for line in numbers), (numbers, text)
    numbers = [one.number for one in document.blocks]
    assert [number for number in numbers if number > 0] == [*range(1, len(document.shown_blocks) + 1)]
    assert len({*numbers}) == len(numbers)
    for one in document.blocks:
        assert one.code.count("\n") == one.shown.count("\n")
        if one.kind == "python":
            compile(one.code, "a", "exec")
            assert (one.needs, one.problem, one.nearest) == ((), None, None)
        elif one.kind == "fragment":
            assert one.needs or one.problem is not None
        assert all(name.isidentifier() for name in one.defines)
