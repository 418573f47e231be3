"""A document as a walk goes through it: places one after the other, each the prose before a block and the block.

A page is a value like the view it is part of: what is drawn follows from it and from nothing else. A block's output is
shown once its steps have been walked: no number before its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tracer.lessons.documents.document import Block, Document
from tracer.text import Text, clean

if TYPE_CHECKING:
    from tracer.lessons.documents.process import BlockRun

State = Literal["unread", "waiting", "running", "ran", "failed", "stopped", "skipped", "fragment", "broken", "other"]
"""What has become of a block. unread: nobody has agreed to run the document."""


@dataclass(frozen=True)
class Place:
    """Where a reader can be: at a block, or in the prose after the last one."""

    start: int
    """The first of the document's parts that belong to it: the prose before the block."""
    stop: int
    """After the last one: the block itself."""
    block: Block | None

    @property
    def name(self) -> int:
        """The number of its block, 0 of the prose after the last one."""
        return self.block.number if self.block is not None else 0


def places_of(document: Document) -> tuple[Place, ...]:
    """Every place of a document in the order of the page; at least one."""
    found, start = [], 0
    for i, part in enumerate(document.parts):
        if isinstance(part, Block) and not part.hidden:
            found.append(Place(start, i + 1, part))
            start = i + 1
    rest = document.parts[start:]
    if not found or any(not isinstance(part, Block) and part.text.strip() for part in rest):
        found.append(Place(start, len(document.parts), None))
    return tuple(found)


@dataclass(frozen=True)
class Page:
    """A document, and where in it one is."""

    document: Document
    at: int = 0
    """Index of the place."""
    read: int = 0
    """Screenfuls of prose that have been read before the block's first step."""
    runs: tuple[BlockRun, ...] = ()
    """What has run so far, in order."""
    running: int | None = None
    """The number of the block that runs now."""
    agreed: bool = False
    """Whether the document runs, or has run."""
    places: tuple[Place, ...] = ()
    """Every place of the document; worked out where they are not given."""
    _by_number: dict[int, BlockRun] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.places:
            object.__setattr__(self, "places", places_of(self.document))
        self._by_number.update((run.block.number, run) for run in self.runs)

    @property
    def place(self) -> Place:
        """Where one is."""
        return self.places[self.at]

    @property
    def block(self) -> Block | None:
        """The block one is at."""
        return self.place.block

    @property
    def last(self) -> bool:
        """Whether nothing comes after this place."""
        return self.at == len(self.places) - 1

    def run_of(self, block: Block) -> BlockRun | None:
        """What came of running a block, as far as it has run."""
        return self._by_number.get(block.number)

    def state_of(self, block: Block) -> State:
        """What has become of a block."""
        if block.kind == "other":
            return "other"
        if block.kind == "fragment":
            return "broken" if block.problem is not None else "fragment"
        if block.skip:
            return "skipped"
        run = self.run_of(block)
        if run is None:
            return "unread" if not self.agreed else "running" if self.running == block.number else "waiting"
        kind = run.outcome.kind
        return "ran" if kind == "complete" else "stopped" if kind == "stopped" else "failed"

    def passed(self, part: int) -> bool:
        """Whether the walk has left this part of the document behind."""
        return part < self.place.stop - (self.block is not None)

    @property
    def name(self) -> Text:
        """Where one is, for the head of a panel: `block 3 of 12`."""
        total = len(self.document.shown_blocks)
        if self.block is None:
            return _AFTER if total else Text.same("")
        return _BLOCK.format(i=self.block.number, n=total)

    @property
    def title(self) -> Text:
        """The document and the section one is in."""
        heading = next((h for h in reversed(self._headings()) if h), "")
        title = self.document.title
        if not heading or heading == title.en:
            return title
        return Text(f"{self.document.name} › {heading}", f"{self.document.name} › {heading}")

    def _headings(self) -> list[str]:
        if self.block is not None:
            return [clean(self.block.heading)]
        return [clean(part.heading) for part in self.document.parts if not isinstance(part, Block)]


def language_of(block: Block) -> str:
    """What a fence's language is called, for a reader: `JavaScript`."""
    return _LANGUAGES.get(block.lang, clean(block.lang))


_LANGUAGES = {
    "javascript": "JavaScript", "js": "JavaScript", "ts": "TypeScript", "typescript": "TypeScript", "c": "C",
    "cpp": "C++", "c++": "C++", "rust": "Rust", "go": "Go", "java": "Java", "julia": "Julia", "r": "R",
    "jsx": "JavaScript", "tsx": "TypeScript", "csharp": "C#", "cs": "C#", "matlab": "MATLAB", "sql": "SQL",
}  # fmt: skip
_BLOCK = Text(en="block {i} of {n}", ja="ブロック {i}/{n}")
_AFTER = Text(en="after the last block", ja="最後のブロックのあと")
