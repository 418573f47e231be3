"""What workers and screens tell the app. Frozen, so that what was said cannot change under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from tracer.lessons.content import Catalogue
    from tracer.lessons.runner import Thing


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


class CatalogueRead(Message):
    """The list of lessons is there."""

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.catalogue = catalogue


class Opened(Message):
    """A thing has been run (or read) and can be walked."""

    def __init__(self, request: Request, thing: Thing) -> None:
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
