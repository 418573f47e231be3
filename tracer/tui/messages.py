"""What workers and screens tell the app. Frozen, so that what was said cannot change under way."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from tracer.lessons.content import Catalogue
    from tracer.lessons.documents.course import Course
    from tracer.lessons.documents.document import Document
    from tracer.lessons.runner import Thing
    from tracer.tui.opened_run import OpenedRun

AT_THE_END = sys.maxsize
"""A position beyond any trace: cursors stop at the last step."""


@dataclass(frozen=True)
class Request:
    """Something to open, as the command line names it."""

    name: str
    """A lesson, a model, a file or an expression."""
    assignments: tuple[tuple[str, float], ...] = ()
    """`x=3` for an expression."""
    at: int | None = None
    """The position to open at; None is the start."""
    quiz: bool = False
    """Whether gradients are blanks to fill in."""
    export: bool = False
    """Whether to ask at once how its picture is to be saved."""
    block: int | None = None
    """Of a document: the block to begin at; None is its beginning."""
    run: bool | None = None
    """Of a document: whether whoever opens it has agreed to run its code; else they are asked."""

    find: str = ""
    """A query: the walk begins at the first node it finds."""
    breaks: tuple[str, ...] = ()
    """Breakpoints to begin with."""
    watches: tuple[str, ...] = ()
    """Watches to begin with."""

    @property
    def seeks(self) -> bool:
        """Whether any of these three is given: then one run is walked alone."""
        return bool(self.find or self.breaks or self.watches)

    @property
    def words(self) -> str:
        """As it would be typed after `tracer open`: what `parse` reads back."""
        return shlex.join([self.name, *(f"{name}={value!r}" for name, value in self.assignments)])

    @classmethod
    def parse(cls, words: str) -> Request:
        """A request from `words`.

        Raises:
            ValueError: a quote that does not end, or a value that is no number.
        """
        name, *rest = shlex.split(words) or [""]
        pairs = [pair.partition("=") for pair in rest]
        return cls(name, tuple((left, float(right)) for left, _, right in pairs))


class CatalogueRead(Message):
    """The list of lessons is there."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.catalogue = catalogue


class Opened(Message):
    """A thing has been run (or read) and can be walked; of a document, a course or a training run, it has been read."""

    def __init__(self, request: Request, thing: Thing | Document | Course | OpenedRun) -> None:
        super().__init__()
        self.request, self.thing = request, thing


class OpenFailed(Message):
    """A thing could not be opened, and why."""

    def __init__(self, request: Request, reason: str) -> None:
        super().__init__()
        self.request, self.reason = request, reason


class LessonEnded(Message):
    """A step beyond the last one of a lesson: time for its end card."""

    def __init__(self, thing: Thing) -> None:
        super().__init__()
        self.thing = thing
