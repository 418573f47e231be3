"""The Python that runs of what stands in a block: without prompts, printed lines and notebook commands.

A line that is left out leaves an empty line (or `pass`), so that every other keeps its number.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings

from tracer.lessons.documents.document import Problem
from tracer.lessons.documents.pieces import lines_of
from tracer.text import Text

_PROMPT = re.compile(r"(?:>>>|\.\.\.)(?: (.*)|$)")
_IN = re.compile(r"(?:In ?\[\d*\]|\.{3,}): ?(.*)$")
_SESSION = re.compile(r"\s*(?:>>>(?: |$)|In ?\[\d*\]: )")
_COMMAND = re.compile(r"(\s*)(?=\S)(?:[%!?]|[\w., ]+=\s*[%!](?!=)|[\w.]+\?{1,2}\s*$)")
_CELL_MAGIC = re.compile(r"%%(\w+)")
_KEEPS_PYTHON = frozenset({"time", "timeit", "capture", "prun", "python", "python3", "pypy", "debug"})
"""Cell magics after which the rest of the cell is Python that a reader expects to run."""


def other_language(text: str) -> str:
    """`bash` for a cell that begins with `%%bash`; empty for Python."""
    first = next((line for line in lines_of(text) if line.strip()), "")
    magic = _CELL_MAGIC.match(first)
    return magic[1].casefold() if magic and magic[1] not in _KEEPS_PYTHON else ""


def runnable(text: str, file: str, line: int) -> tuple[str, tuple[Problem, ...]]:
    """The code of a block that runs, and a line for each command in it that does not.

    Args:
        text: what stands in the file.
        file, line: where its first line is.
    """
    lines = lines_of(text)
    first = next((one for one in lines if one.strip()), "")
    if _SESSION.match(first):
        prompt = _PROMPT if ">>>" in first else _IN
        lines = [(match[1] or "") if (match := prompt.match(one.lstrip())) else "" for one in lines]
        first = next((one for one in lines if one.strip()), "")
    if first[:1].isspace():
        lines = textwrap.dedent("\n".join(lines)).split("\n")  # a part cut out of something, indented as it was there
    end = "\n" if text.endswith("\n") else ""
    code = "\n".join(lines) + end
    if not any(_COMMAND.match(one) for one in lines) or parses(code):
        return code, ()  # a line may begin with % inside parentheses
    omitted = []
    for i, one in enumerate(lines):
        if match := _COMMAND.match(one):
            lines[i] = f"{match[1]}pass" if match[1] else ""
            omitted.append(Problem(file, line + i, _LEFT_OUT.format(command=one.strip()[:60])))
    return "\n".join(lines) + end, tuple(omitted)


def parses(code: str) -> bool:
    """Whether it is Python."""
    try:
        parse(code)
    except PARSING:
        return False
    return True


def parse(code: str, file: str = "<block>") -> ast.Module:
    """The syntax tree, without a word about backslashes that look odd.

    Raises:
        SyntaxError, ValueError, MemoryError, RecursionError: it is not Python, or nested past all reason.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code, file)


PARSING = (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError)
"""What parsing and compiling may raise."""

_LEFT_OUT = Text(
    en="a notebook command, not Python; it is left out: {command}",
    ja="Python ではないノートブックのコマンドなので、実行しません: {command}",
)
