"""Where code, comments and prose stand in a page, however it is nested, broken or hostile."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lessons.documents.pages import block, page, told
from tracer.errors import FileFormatError
from tracer.lessons.documents import markdown
from tracer.lessons.documents.document import Block, Prose
from tracer.lessons.documents.front_matter import read_front_matter
from tracer.lessons.documents.markdown import cut
from tracer.lessons.documents.pieces import RawCode, RawComment, RawProse, lang_of, lines_of, plain_words


def kinds(text: str) -> list[tuple[str, int, str]]:
    """(kind of piece, its line, its first line of text)."""
    return [
        (type(one).__name__[3:].lower(), one.line, (one.text.strip().split("\n") or [""])[0])
        for one in cut(text, "a.md").pieces
    ]


def test_a_page_is_prose_and_code_in_turn() -> None:
    """Prose begins anew at each heading and after each block; fences without a language are part of it."""
    text = "# One\nwords\n\n## Two\n```python\nx = 1\n```\nmore\n```\ny = 2\n```\n```js\nlet a\n```\n"
    assert kinds(text) == [
        ("prose", 1, "# One"),
        ("prose", 4, "## Two"),
        ("code", 6, "x = 1"),
        ("prose", 8, "more"),
        ("code", 13, "let a"),
    ]


@pytest.mark.parametrize(
    "info",
    ["python", "py", "Python", "python3", "{python}", "{.python .numberLines}", 'python title="a.py"', "pycon",
     "python,linenos", "{code-cell} ipython3", "{code-cell}", "python {cmd=true}", "ipython", "torch"],
)  # fmt: skip
def test_python_has_many_names(info: str, tmp_path: Path) -> None:
    assert block(tmp_path, f"```{info}\nx = 1\n```\n").kind == "python"


@pytest.mark.parametrize("info", ["javascript", "js", "rust", "c++", "{r}", "python2"])
def test_other_languages_are_blocks_that_do_not_run(info: str, tmp_path: Path) -> None:
    assert block(tmp_path, f"```{info}\nx = 1\n```\n").kind == "other"


@pytest.mark.parametrize("info", ["", "text", "bash", "json", "mermaid", "diff", "console"])
def test_diagrams_data_and_commands_are_prose(info: str, tmp_path: Path) -> None:
    document = page(tmp_path, f"```{info}\nx = 1\n```\n")
    assert document.blocks == ()
    assert isinstance(document.parts[0], Prose)


NESTED = {
    "in a list": ("- item\n\n  ```python\n  x = 1\n  if x:\n      y = 2\n  ```\n\n  after\n- next\n", 4),
    "as a list's item": ("1. ```python\n   x = 1\n   if x:\n       y = 2\n   ```\n2. next\n", 2),
    "in a quote": ("> words\n>\n> ```python\n> x = 1\n> if x:\n>     y = 2\n> ```\n> after\n", 4),
    "in a quote in a list": ("- > ~~~python\n  > x = 1\n  > if x:\n  >     y = 2\n  > ~~~\n", 2),
    "indented a little": ("  ```python\n  x = 1\n  if x:\n      y = 2\n  ```\n", 2),
    "in HTML": ("<details>\n\n```python\nx = 1\nif x:\n    y = 2\n```\n\n</details>\n", 4),
}


@pytest.mark.parametrize("name", NESTED)
def test_nested_code_keeps_its_lines(name: str, tmp_path: Path) -> None:
    """Its text is free of what it stands in, its line number that of the file."""
    text, line = NESTED[name]
    found = block(tmp_path, text)
    assert found.code == "x = 1\nif x:\n    y = 2\n"
    assert found.line == line
    assert found.last_line == line + 2
    assert found.kind == "python"


def test_what_follows_code_in_a_list_is_still_prose() -> None:
    """Not an indented block, as it would be by its spaces alone."""
    text = "1. first\n\n    ```python\n    x = 1\n    ```\n\n    second *word*\n\n    - inner\n2. last\n"
    pieces = cut(text, "a.md").pieces
    assert pieces[-1] == RawProse("second *word*\n\n- inner\n2. last", "a.md", 7)


def test_line_ends_of_every_system_count_alike(tmp_path: Path) -> None:
    """A byte order mark, Windows' and old line ends move nothing."""
    for end in (b"\n", b"\r\n", b"\r"):
        found = page(tmp_path, b"\xef\xbb\xbf# T\n\n```python\nx = 1\ny = 2\n```\n".replace(b"\n", end))
        assert (found.title.en, found.blocks[0].line, found.blocks[0].code) == ("T", 4, "x = 1\ny = 2\n")
        assert found.sources["notes.md"] == "# T\n\n```python\nx = 1\ny = 2\n```\n"


def test_form_feeds_and_unicode_separators_end_no_line(tmp_path: Path) -> None:
    """Editors and Python do not count them, `str.splitlines` does."""
    text = "a\x0cb\u2028c\x85d\n\n```python\nx = '\u2028'\nraise_ = 1\n```\n"
    assert block(tmp_path, text).line == 4


# Comments


def test_comments_of_ours_are_taken_out_and_others_left() -> None:
    """Also in a list, several in a line, and with words after them."""
    text = "a\n<!-- tracer: skip --> rest\n<!-- note -->\n\n- b\n  <!-- tracer\n  title = 'x'\n\n  by = 'edge' -->\n"
    pieces = cut(text, "a.md").pieces
    assert [one for one in pieces if isinstance(one, RawComment)] == [
        RawComment("skip", " ", "a.md", 2, 2),
        RawComment("", "\ntitle = 'x'\n\nby = 'edge' ", "a.md", 6, 6),
    ]
    prose = [one.text for one in pieces if isinstance(one, RawProse)]
    assert prose == ["a", " rest\n", "<!-- note -->\n\n- b"]


def test_a_comment_shown_as_code_is_code() -> None:
    """A page that explains comments does not use them."""
    assert kinds("```html\n<!-- tracer: skip -->\n```\n\n    <!-- tracer: skip -->\n") == [("prose", 1, "```html")]


ALMOST = {
    "an open comment": (
        "a\n\n<!-- tracer: setup\nx = 1\n",
        "notes.md:3: this comment is never closed; it hides the rest of the page. Close it with -->.",
    ),
    "an open comment in a list": (
        "- <!-- tracer: skip\n\na\n",
        "notes.md:1: this comment is cut off where the list, quote or HTML around it ends. "
        "Close it with --> before that.",
    ),
    "another open comment": (
        "<!-- note\n\n```python\nx\n```\n",
        "notes.md:1: this comment is never closed; it hides the rest of the page. Close it with -->.",
    ),
    "an open fence": (
        "a\n\n```python\nx = 1\n",
        "notes.md:3: this code block is never closed; close it with ``` on a line of its own.",
    ),
    "an open fence of nothing": ("~~~~", "notes.md:1: this code block is never closed; close it with ~~~~"),
    "a fence closed by another": ("```python\nx = 1\n~~~\n", "notes.md:1: this code block is never closed"),
    "two backticks": ("a\n``python\nx = 1\n``\n", "notes.md:2: this does not begin a code block; that takes three"),
    "apostrophes": ("'''python\nx = 1\n'''\n", "notes.md:1: this does not begin a code block"),
    "a slip in our word": (
        "<!-- tracr: skip -->\n",
        "notes.md:1: 'tracr' is no word of ours, so this comment says nothing here. Did you mean 'tracer'?",
    ),
    "a comment in a line": (
        "a\nwords <!-- tracer: skip --> words\n",
        "notes.md:2: a tracer comment inside a paragraph says nothing; begin a line with it.",
    ),
    "open front matter": (
        "---\ntitle: A page\n\n# B\n",
        "notes.md:1: the front matter is never closed; end it with a line ---.",
    ),
    "odd front matter": (
        "---\ntitle: A page\nno key here\n---\n",
        "notes.md:3: this line of the front matter is not `key: value`; it is left out.",
    ),
    "front matter without a space": (
        "---\ntitle:A page\n---\n",
        "notes.md:2: this line of the front matter is not `key: value`; it is left out.",
    ),
    "open bracket in the front matter": (
        "---\ndate: 1\ntitle: [unclosed\nauthor: b\n---\n",
        "notes.md:3: this line of the front matter begins with [, which is never closed; it is left out.",
    ),
    "open quote in the front matter": (
        "---\ntitle: 'A page\n---\n",
        "notes.md:2: this line of the front matter begins with ', which is never closed; it is left out.",
    ),
    "front matter that is no TOML": (
        "+++\ndate = 1\ntitle = A page\n+++\n",
        "notes.md:3: the front matter is not TOML: Invalid value.",
    ),
    "no comment": (
        "<!- tracer: skip -->\n",
        "notes.md:1: this is no comment, so readers see it and it does nothing; a comment begins with <!--.",
    ),
}


@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_right_is_told_on_its_line(name: str, tmp_path: Path) -> None:
    text, expected = ALMOST[name]
    (problem,) = [one for one in told(page(tmp_path, text)) if "no code block" not in one]
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    "text",
    ["`<!-- tracer: skip -->` is how", "<!-- tracery is fine -->\n", "<!-- TODO: x -->\n", "````md\n```python\n````\n",
     "---\n\nwords\n\n---\n", "```python\nx = 1\n   ```", "> ```python\n> x = 1\n> ```", "`python`\n", "use `py` here"],
)  # fmt: skip
def test_what_is_right_is_no_problem(text: str, tmp_path: Path) -> None:
    assert told(page(tmp_path, text)) == []


# Titles


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: 'In front'\n---\n# One\n", "In front"),
        ("---\ndate: 1\ntags:\n  - a\n\n# c\ntitle: In front  # yes\n...\n# One\n", "In front"),
        ('+++\ntitle = "Hugo"\n+++\n# One\n', "Hugo"),
        ("## Two\n\n# One *a* `b` [c](d)\n", "One a b c"),
        ("## Two\n", "Two"),
        ("Set\n===\n", "Set"),
        ("words\n", "notes.md"),
        ("", "notes.md"),
        ("---\ntitle:\n---\n", "notes.md"),
        ("---\ntitle: [unclosed\n---\n# One\n", "One"),
        ('---\ntags: [a,\n  "b]"]\ntitle: "One\n  line"\nx: {a: 1}\n---\n# Two\n', "One line"),
        ("```python\n# comment\n```\n", "notes.md"),
    ],
)
def test_a_page_is_called(text: str, title: str, tmp_path: Path) -> None:
    """By its front matter, its first heading of level 1, any heading, or its file."""
    document = page(tmp_path, text)
    assert (document.title.en, document.title.ja) == (title, title)


@pytest.mark.parametrize("comment", ["<!--tracer:skip-->", "<!-- tracer: skip--->", "<!--- tracer: skip --->"])
def test_a_comment_written_tightly_counts(comment: str, tmp_path: Path) -> None:
    """What its author wants left out must not run because of a space."""
    document = page(tmp_path, f"{comment}\n```python\nx = 1\n```\n")
    assert not told(document)
    assert document.blocks[0].skip


def test_pictures_in_the_page_count_as_nothing(tmp_path: Path) -> None:
    """Notes exported with their pictures inside are longer than any text; code keeps what it holds."""
    picture = "data:image/png;base64," + "iVBOR" * 300_000
    code = f"x = '{picture[:400]}'\n"
    document = page(tmp_path, f"# A\n![p]({picture})\n```python\n{code}```\n<img src='{picture}'>\n")
    assert [part.text for part in document.parts if isinstance(part, Prose)] == [
        "# A\n![p](data:image/png;base64,…)", "<img src='data:image/png;base64,…'>",
    ]  # fmt: skip
    assert document.blocks[0].code == code


def test_front_matter_is_no_prose(tmp_path: Path) -> None:
    document = page(tmp_path, "---\ntitle: A\n---\n\n# B\n\n```python\nx = 1\n```\n")
    assert [(type(part).__name__, part.line) for part in document.parts] == [("Prose", 5), ("Block", 8)]


def test_headings_lose_their_marks() -> None:
    assert plain_words("2. `Value` **class** _x_ a_b_c [l](u) <b>c</b> \\* {#id}") == "2. Value class x a_b_c l c *"


def test_info_strings_name_a_language() -> None:
    assert [lang_of(info) for info in ("", "  ", "c++", "{}", "JS x", "{.r #a}", "objective-c")] == [
        "", "", "c++", "", "js", "r", "objective-c",
    ]  # fmt: skip


# Laws

LINES = [
    "```python", "```", "~~~js", "~~~", "> ```py", "> x = 2", "- item", "  ```py", "  ```", "    four", "- ```py",
    "<!-- tracer: skip -->", "<!-- tracer", "-->", "# head", "===", "---", "x = 1", "", "", "title: a", "<div>",
    "1. one", "\tx = 3", "> - ```js", "words <!-- note -->", "  more", "```` ```", "<!-- tracer: setup", "+++",
]  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_every_line_of_a_page_is_somewhere_and_nothing_moves(lines: list[str]) -> None:
    """Prose, code and comments cover the file; a line of each stands where its number says."""
    text = "\n".join(lines) + "\n"
    found = cut(text, "a.md")
    covered: set[int] = set()
    for piece in found.pieces:
        if isinstance(piece, RawComment):
            covered |= set(range(piece.line, piece.text_line + piece.text.count("\n") + 1))
            continue
        inside = lines_of(piece.text)
        covered |= {piece.line + i for i, words in enumerate(inside)}
        for i, words in enumerate(inside):
            there = lines[piece.line + i - 1].expandtabs(4)
            assert there.endswith(words.expandtabs(4).strip()), (piece, lines)
        if isinstance(piece, RawCode):
            covered |= {piece.line - 1, piece.line + len(inside)}
    front, _ = read_front_matter(lines_of(text), "a.md", [])
    for i, line in enumerate(lines, start=1):
        if line.strip() and i > front:
            assert i in covered, (i, line, found.pieces)


CODES = st.lists(
    st.sampled_from(["x = 1", "if x:", "    y = 2", "", "# `````", "print('<!-- tracer -->')"]), min_size=1
)
AROUND = st.sampled_from(["words", "# head", "- a\n- b", "> q", "<!-- note -->", "1. a\n   b", "| a |\n|---|"])


@given(st.lists(st.tuples(AROUND, CODES, st.sampled_from(["``````", "~~~"])), max_size=6))
def test_blocks_are_the_files_own_lines(parts: list[tuple[str, list[str], str]]) -> None:
    """The text of the file at a block's line is its code, and nothing between two fences is lost."""
    text = "".join(f"{words}\n\n{fence}python\n" + "\n".join(code) + f"\n{fence}\n\n" for words, code, fence in parts)
    blocks = [one for one in cut(text, "a.md").pieces if isinstance(one, RawCode)]
    assert [lines_of(one.text) for one in blocks] == [code for _, code, _ in parts]
    for one in blocks:
        lines = lines_of(one.text)
        assert text.split("\n")[one.line - 1 : one.line - 1 + len(lines)] == lines


# Large and hostile

N = 100_000
HOSTILE = {
    "nested quotes": ">" * N + " x\n",
    "quoted lines": (">" * 200 + " x\n") * 2_000,
    "nested lists": "".join("  " * min(i, 100) + "- a\n" for i in range(3_000)),
    "brackets": "[" * N,
    "a heading of brackets": "# " + "[" * N,
    "open comments": "<!--\n" * 50_000,
    "open comments of ours": "<!-- tracer\n\n" * 30_000,
    "open fences": "```python\n" * 50_000,
    "backticks": "`a" * N + "<!--",
    "spaces": "```python\n" + " " * N + "x\n```\n",
    "brackets in code": "```python\n" + "[" * N + "\n```\n",
    "minus signs in code": "```python\n" + "-" * N + "1\n```\n",
    "a long sum": "```python\n" + "1+" * N + "1\n```\n",
    "front matter without end": "---\n" + "a: b\n" * 50_000,
    "TOML brackets": "<!-- tracer\nx = " + "[" * N + "\n-->\n\n```python\n1\n```\n",
    "a long TOML number": "<!-- tracer\nby = " + "1" * N + "\n-->\n\n```python\n1\n```\n",
    "nothing but zeros": "\0" * N,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_read_at_once(name: str, tmp_path: Path) -> None:
    """No traceback, and no wait: a tenth of a second on the machine this was written on."""
    began = time.process_time()
    page(tmp_path, HOSTILE[name])
    assert time.process_time() - began < 3


def test_what_is_nested_too_deeply_is_text_and_the_rest_of_the_page_is_read(tmp_path: Path) -> None:
    document = page(tmp_path, ">" * N + " x\n\n```python\nx = 1\n```\n")
    assert [one.code for one in document.blocks] == ["x = 1\n"]
    assert told(document) == [
        "notes.md:1: more than 24 quotes or lists inside each other; what is deeper is read as plain text."
    ]


def test_work_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A paragraph that goes on lazily under twenty quotes asks every line twenty times."""
    monkeypatch.setattr(markdown, "MOST_CHECKS", 2_000)
    with pytest.raises(FileFormatError, match=r"notes\.md:\d+: so many lines are nested so deeply"):
        page(tmp_path, ">" * 20 + " x\n" + "b\n" * 1_000)


def test_parts_are_in_the_order_of_the_page(tmp_path: Path) -> None:
    """Lines only grow, whatever stands in between."""
    parts = page(tmp_path, "a\n\n```py\nx = 1\n```\n<!-- tracer: setup\ny = 1\n-->\nb\n\n```js\n1\n```\n").parts
    assert [part.line for part in parts] == sorted(part.line for part in parts)
    assert [part.number for part in parts if isinstance(part, Block)] == [1, -1, 2]
