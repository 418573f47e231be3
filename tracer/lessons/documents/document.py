"""What a Markdown document or a notebook is once read: prose and blocks in turn, and what is almost right in it.

Reading runs nothing. A block knows the lines of the file its code stands on, so that an error, the Source panel and an
editor speak of the same line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tracer.text import Text

if TYPE_CHECKING:  # the words of a block; reading a document without comments needs none of it
    from tracer.lessons.lesson import Card, Change, Granularity, Notation
    from tracer.lessons.stop import Stop

Kind = Literal["python", "fragment", "other"]
"""Python that can run; Python that cannot (a name is missing, or it does not compile); another language."""


@dataclass(frozen=True)
class Problem:
    """Something almost right, and where. It never stops the reading of the rest."""

    file: str
    """As traces call it: `notes.md`, or `notes.ipynb#3` for the third cell."""
    line: int
    """From 1."""
    say: Text

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.say.en}"

    def told(self, lang: str) -> str:
        """The line in a language."""
        return f"{self.file}:{self.line}: {self.say.ja if lang == 'ja' else self.say.en}"


@dataclass(frozen=True)
class Question:
    """Something to think about before going on."""

    ask: Text
    answer: Text


@dataclass(frozen=True)
class Script:
    """What a `<!-- tracer ... -->` comment says about the block after it. Everything in it may be left out."""

    file: str
    line: int
    """The comment's first line."""
    title: Text | None = None
    caption: Text | None = None
    """What is said before the block's first step."""
    notation: Notation | None = None
    by: Granularity | None = None
    stops: tuple[Stop, ...] = ()
    stop_lines: tuple[int, ...] = ()
    """The line each stop begins on, for messages."""
    stop_numbers: tuple[int, ...] = ()
    """How its author counts each stop: one that could not be read is counted, too."""
    questions: tuple[Question, ...] = ()
    card: Card | None = None
    """How the block ends; `card.change` is `change`."""
    change: Change | None = None


@dataclass(frozen=True)
class Prose:
    """Markdown from one heading or block to the next, without the comments that are ours."""

    text: str
    file: str
    line: int
    """Where it begins."""
    heading: str = ""
    """The heading it begins with, as plain words; empty when it goes on after a block."""
    level: int = 0
    """1 to 6 with a heading, else 0."""
    section: str = ""
    """`6.4.2`: the number of the heading, or of the one it stands under."""


@dataclass(frozen=True)
class Block:
    """A code block."""

    number: int
    """1, 2, ... as a reader counts the blocks of the page. Hidden ones are -1, -2, ..., which shifts no number."""
    kind: Kind
    lang: str
    """What the fence says: `python`, `javascript`."""
    code: str
    """What runs: prompts, printed lines of a session and magics are blanked out, so that lines keep their places."""
    shown: str
    """What stands in the file."""
    file: str
    """What traces, tracebacks and `Document.sources` call the text it stands in."""
    line: int
    """The line of `file` that the first line of `code` is."""
    section: str
    """`6.4.2`: the number of the nearest heading above that has one, or empty."""
    heading: str
    """The nearest heading above, or empty."""
    needs: tuple[str, ...] = ()
    """Names that nobody has defined when it would run, in order of their first use."""
    problem: Text | None = None
    """Why Python does not take it: `line 31: 'return' outside function`."""
    defines: tuple[str, ...] = ()
    """Names it leaves behind for later blocks."""
    omitted: tuple[Problem, ...] = ()
    """Lines of it that are not Python and are left out: `%matplotlib inline`, `!pip install`."""
    hidden: bool = False
    """A set-up block: runs, but is not shown."""
    skip: bool = False
    """Its author wants it shown and not run."""
    script: Script | None = None
    nearest: str | None = None
    """The lesson of ours that is nearest to it: `06-backpropagation/03_graph`."""
    nearest_why: Text = Text("", "")  # noqa: RUF009  # frozen
    """Why that one, or why there is none."""

    @property
    def runs(self) -> bool:
        """Whether running the document runs this block."""
        return self.kind == "python" and not self.skip

    @property
    def last_line(self) -> int:
        """The last line of the file that belongs to its code."""
        return self.line + max(self.code.count("\n") - self.code.endswith("\n"), 0)


Part = Prose | Block


@dataclass(frozen=True)
class Document:
    """A file of prose and code, read."""

    path: Path
    name: str
    """The file's name: `notes.md`."""
    title: Text
    """From the front matter, else the first heading, else the file's name."""
    parts: tuple[Part, ...]
    """In the order of the page, hidden blocks included."""
    problems: tuple[Problem, ...]
    """In the order of the page."""
    sources: Mapping[str, str]
    """The texts that blocks stand in: the whole file, or one cell for each `notes.ipynb#3`."""
    sha: str
    """Of all code that would run, hidden too, as hexadecimal digits: what a reader has agreed to run."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks in the order of the page, hidden ones too: the order they run in."""
        return tuple(part for part in self.parts if isinstance(part, Block))

    @property
    def shown_blocks(self) -> tuple[Block, ...]:
        """The blocks a reader sees: numbers 1, 2, ..."""
        return tuple(block for block in self.blocks if not block.hidden)

    @property
    def headings(self) -> tuple[Prose, ...]:
        """The prose that begins with a heading: an outline."""
        return tuple(part for part in self.parts if isinstance(part, Prose) and part.level)

    def block(self, number: int) -> Block | None:
        """The block of this number, or None."""
        return next((block for block in self.blocks if block.number == number), None)
