"""A document being run: a thread hands it to the runner, and results are told to the screen as they come.

The code runs in a child process, never here. Each run has a number; what an earlier run still says is not heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from threading import Event
from typing import TYPE_CHECKING, Protocol, TypeVar

from textual.message_pump import MessagePump

from tracer.core.record import Recorder
from tracer.errors import TracerError
from tracer.lessons.documents.document import Block, Document
from tracer.lessons.leaves import Overrides
from tracer.lessons.runner import Thing
from tracer.trace.trace import Trace
from tracer.tui.background import in_background

if TYPE_CHECKING:
    from tracer.lessons.documents.process import DocumentRun, Edits

Arrived = Callable[["DocumentRun", "Block | None"], None]
"""What has run so far, and what runs now."""


class Runner(Protocol):
    """Runs documents; tests have one that needs no child process."""

    def run(
        self, document: Document, edits: Edits | None, progress: Arrived, stop: Event, give_up: Event, upto: int | None
    ) -> DocumentRun:
        """Run the blocks, telling of each; `stop` ends the one that runs, `give_up` all of them."""

    def thing(self, document: Document, run: DocumentRun, number: int, overrides: Overrides) -> Thing:
        """A block that has run, as something to walk."""


class ChildRunner:
    """Runs them in a child process."""

    def run(
        self, document: Document, edits: Edits | None, progress: Arrived, stop: Event, give_up: Event, upto: int | None
    ) -> DocumentRun:
        from tracer.lessons.documents.process import run_document

        return run_document(document, edits=edits, progress=progress, stop=stop, give_up=give_up, upto=upto)

    def thing(self, document: Document, run: DocumentRun, number: int, overrides: Overrides) -> Thing:
        from tracer.lessons.documents.thing import block_thing

        return block_thing(document, run, number, overrides=overrides)


class Session:
    """What has run of a document. Everything here happens in the app's own thread, but for `_run`.

    Args:
        pump: the screen, to whose messages the results are added.
        arrived: called with every result.
        ended: called when all blocks have run, with what went wrong with the running itself.
    """

    def __init__(
        self,
        pump: MessagePump,
        document: Document,
        arrived: Arrived,
        ended: Callable[[TracerError | None], None],
        *,
        runner: Runner | None = None,
    ) -> None:
        self.document = document
        self.edits: Edits | None = None
        """All leaves that were edited, where they are to be changed."""
        self._overrides: dict[int, Overrides] = {}
        """Number of the block they were edited in -> the leaves, as its own trace knows them."""
        self.run: DocumentRun | None = None
        self.running: Block | None = None
        self.active = False
        """Whether blocks are still to come."""
        self._pump, self._tell_arrived, self._tell_ended = pump, arrived, ended
        self.runner = runner or ChildRunner()
        self._stop, self._give_up = Event(), Event()
        self._number = 0
        self._things: dict[int, Thing] = {}

    def start(self) -> None:
        """Run all of it; a run under way ends."""
        self.abandon()
        self.run, self.running, self.active = None, None, True
        self._stop, self._give_up, self._things = Event(), Event(), {}
        progress = partial(self._progress, self._number)
        job = partial(self.runner.run, self.document, self.edits, progress, self._stop, self._give_up, None)
        in_background(self._pump, job, partial(self._ended, self._number), partial(self._failed, self._number))

    def stop_block(self) -> bool:
        """End the block that runs; the later ones go on. False if none runs."""
        if self.active:
            self._stop.set()
        return self.active

    def abandon(self) -> None:
        """End all of it: what it still says is not heard."""
        self._number += 1
        self.active = False
        self._give_up.set()

    def edit(self, block: Block, overrides: Overrides) -> None:
        """Run all of it with these leaves of a block edited: what comes after the block sees them, too."""
        assert self.run is not None, "a block that was edited has run"
        self.edits = self._with(self.run, block.number, overrides)
        self._overrides[block.number] = dict(overrides)
        self.start()

    def overrides_of(self, block: Block) -> Overrides:
        """The leaves of a block that were edited in this run."""
        return self._overrides.get(block.number, {})

    def thing(self, block: Block) -> Thing | None:
        """A block that has run, as something to walk; the same object each time."""
        run = self.run
        if run is None or run.of(block.number) is None:
            return None
        if block.number not in self._things:
            self._things[block.number] = self._thing(run, block.number, self.overrides_of(block))
        return self._things[block.number]

    def _thing(self, run: DocumentRun, number: int, overrides: Overrides) -> Thing:
        thing = self.runner.thing(self.document, run, number, overrides)
        return replace(thing, rerun=partial(self._again, run, number))

    def _again(self, run: DocumentRun, number: int, overrides: Overrides, /, stop: Event | None = None) -> Thing:
        """A block once more with these leaves edited, and what was edited in other blocks. Called in a thread.

        Raises:
            TracerError: it could not be run.
        """
        edits = self._with(run, number, overrides)
        again = self.runner.run(self.document, edits, _nobody, Event(), stop or Event(), number)
        if again.of(number) is None:
            raise TracerError("it was stopped before it got there.", ja="そこに着く前に中止されました。")
        return self._thing(again, number, overrides)

    def _with(self, run: DocumentRun, number: int, overrides: Overrides) -> Edits:
        """All edits, and these of one block: a leaf that came from an earlier block is edited where it was made."""
        from tracer.lessons.documents.process import Edits
        from tracer.lessons.documents.thing import edits_of

        made = run.of(number)
        assert made is not None, "it has run"
        before, more = self.edits or Edits({}, {}), edits_of(made, overrides)
        return Edits(_both(before.made, more.made), _both(before.entering, more.entering))

    # Told by the thread

    def _progress(self, number: int, so_far: DocumentRun, running: Block | None) -> None:
        if number == self._number and self._pump.is_running:
            with suppress(RuntimeError):  # the app has ended meanwhile
                self._pump.call_later(self._arrived, number, so_far, running)

    # Back in the app's thread

    def _arrived(self, number: int, so_far: DocumentRun, running: Block | None) -> None:
        if number == self._number:
            self.run, self.running = so_far, running
            self._tell_arrived(so_far, running)

    def _ended(self, number: int, run: DocumentRun) -> None:
        if number == self._number:
            self.run, self.running, self.active = run, None, False
            self._tell_arrived(run, None)
            self._tell_ended(None)

    def _failed(self, number: int, error: TracerError) -> None:
        if number == self._number:
            self.running, self.active = None, False
            self._tell_ended(error)


Row = TypeVar("Row")
Value = TypeVar("Value")


def _both(
    first: Mapping[int, Mapping[Row, Value]], second: Mapping[int, Mapping[Row, Value]]
) -> dict[int, dict[Row, Value]]:
    """The rows of both, those of the second instead of those of the first."""
    return {block: {**first.get(block, {}), **second.get(block, {})} for block in {*first, *second}}


def _nobody(run: DocumentRun, running: Block | None) -> None:
    """Nobody follows this run."""


@cache
def empty_trace() -> Trace:
    """What is walked where there is nothing to walk."""
    return Trace(Recorder(lines=False).columns())
