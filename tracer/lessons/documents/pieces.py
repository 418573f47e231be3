"""What a file is cut into before anything is understood: prose, code and comments, each with its lines.

Markdown and notebooks come down to the same pieces; what is done with them is the same from there on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tracer.lessons.documents.document import Problem


@dataclass(frozen=True)
class RawProse:
    """Markdown that is shown, from one heading, code block or comment of ours to the next."""

    text: str
    file: str
    line: int
    heading: str = ""
    level: int = 0


@dataclass(frozen=True)
class RawCode:
    """A code block as it stands in the file."""

    lang: str
    """In small letters: `python`, `javascript`."""
    text: str
    file: str
    line: int
    """Of its first line of code."""


@dataclass(frozen=True)
class RawComment:
    """A comment that begins with `<!-- tracer`."""

    kind: str
    """What follows the colon: `setup`, `skip`; empty without one."""
    text: str
    """What follows that."""
    file: str
    line: int
    """Where the comment begins."""
    text_line: int
    """Where `text` begins."""


Piece = RawProse | RawCode | RawComment


@dataclass
class Pieces:
    """A file's pieces in order, and what was almost right in it so far."""

    title: str = ""
    """From the front matter or the notebook's metadata; empty when there is none."""
    pieces: list[Piece] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    """The texts that `file` names."""


PYTHON = frozenset({
    "python", "python3", "py", "py3", "ipython", "ipython3", "pycon", "python-repl", "pytorch", "torch",
})  # fmt: skip
"""What a fence may say for code that we run."""
PLAIN = frozenset({
    "text", "txt", "plain", "plaintext", "none", "output", "out", "console", "terminal", "shell", "bash", "sh", "zsh",
    "fish", "powershell", "ps1", "bat", "cmd", "shell-session", "shellsession", "json", "jsonc", "json5", "yaml", "yml",
    "toml", "ini", "cfg", "csv", "tsv", "diff", "patch", "log", "http", "mermaid", "dot", "graphviz", "plantuml",
    "ascii", "math", "latex", "tex", "katex", "bibtex", "markdown", "md", "rst", "html", "xml", "svg", "css", "scss",
    "makefile", "make", "dockerfile", "docker", "gitignore",
})  # fmt: skip
"""Fences that hold a diagram, a formula, data or something to type: shown as prose, for there is nothing to step."""

_DIRECTIVE = re.compile(r"\{(?:code|code-cell|code-block|exec_code)\}\s*")
_LANG = re.compile(r"\{?\s*\.?([^\s{}.,:;=()\[\]]+)")
LONGEST_HEADING = 300
"""Characters of a heading that are looked at."""


def lang_of(info: str) -> str:
    """The language that a fence's info string names, in small letters; empty when it names none.

    `python title="a.py"`, `{python}`, `{.python .numberLines}` (Pandoc), `{code-cell} ipython3` (MyST): all are Python.
    """
    rest = _DIRECTIVE.sub("", info.strip(), count=1)
    if not rest:
        return "python" if info.strip() else ""
    match = _LANG.match(rest)
    return match[1].casefold() if match else ""


def lines_of(text: str) -> list[str]:
    """The lines of `text`, as editors and Python count them; a line break at the end begins no further line.

    `str.splitlines` would also break at form feeds and Unicode separators, which no line number counts.
    """
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


_PAYLOAD = re.compile(r"(data:[\w.+/-]{1,80}(?:;[\w.=-]{1,80}){0,4};base64,)[A-Za-z0-9+/=%_-]{100,}")


def without_payloads(text: str) -> str:
    """`text` without the pictures that stand in it as base64: what they are is said, what they hold is left out."""
    return _PAYLOAD.sub(r"\1…", text) if ";base64," in text else text


def plain_words(markdown: str) -> str:
    """A heading's words without Markdown's marks: `` 2. `Value` **class** `` is `2. Value class`."""
    markdown = markdown[:LONGEST_HEADING]  # the patterns below take time by the square of what never closes
    words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    words = re.sub(r"</?[A-Za-z][^<>]*>|<!--.*?-->|\s\{#[^}]*\}\s*$", "", words)
    words = re.sub(r"(`+)(.+?)\1", r"\2", words)
    words = re.sub(r"(\*{1,3}|(?<!\w)_{1,3})(?=\S)(.+?)(?<=\S)\1", r"\2", words)
    return " ".join(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", words).split())
