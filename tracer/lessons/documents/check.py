"""What an author claims, held to what the code computes: of a document, of a program with its TOML, of a course.

Everything that is wrong is told, each on its line; an author mends a page in one go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracer.errors import TracerError
from tracer.lessons.documents.document import Block, Document, Script
from tracer.lessons.documents.process import BlockRun, DocumentRun
from tracer.lessons.documents.status import how_it_ended
from tracer.lessons.documents.thing import block_thing
from tracer.lessons.leaves import overrides_of
from tracer.lessons.lesson import Lesson, card_denied
from tracer.lessons.limits import Limits
from tracer.lessons.runner import Thing, open_thing
from tracer.lessons.stop import problems, unknown_numbers
from tracer.text import Text
from tracer.trace.trace import Trace


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, and where."""

    where: str
    """`notes.md:41`, or a file's name."""
    say: Text
    wrong: bool = True
    """Whether a claim is; else it is told for what it is worth: a block that raises may be meant to."""

    def told(self, lang: str) -> str:
        """The line in a language."""
        return f"{self.where}: {self.say.ja if lang == 'ja' else self.say.en}"


def check_reading(document: Document) -> Iterator[Finding]:
    """What is almost right in the document as it was read."""
    for problem in document.problems:
        yield Finding(f"{problem.file}:{problem.line}", problem.say)


def check_running(document: Document, run: DocumentRun, *, limits: Limits | None = None) -> Iterator[Finding]:
    """What its blocks deny of what is said about them. A block with something to try is run once more.

    Args:
        limits: those of the run.
    """
    for done in run.blocks:
        ended = how_it_ended(done, where=False)
        if ended is not None:
            yield Finding(done.outcome.where or f"{done.block.file}:{done.block.line}", ended, wrong=False)
        script = done.block.script
        if script is not None:
            yield from _script(script, done)
            if script.change is not None:
                yield from _change(document, run, done, script, limits)


def claims_of(block: Block) -> int:
    """How many stops, and things to try, are held to a block's trace."""
    script = block.script
    return 0 if script is None else len(script.stops) + (script.change is not None)


def _script(script: Script, done: BlockRun) -> Iterator[Finding]:
    for line in problems(script.stops, done.trace):
        number, _, claim = line.removeprefix("stop ").partition(":")
        stop = int(number) - 1
        yield Finding(
            f"{script.file}:{script.stop_lines[stop]}", Text.same(f"stop {script.stop_numbers[stop]}:{claim}")
        )
    here = f"{script.file}:{script.line}"
    if script.caption is not None and (unknown := unknown_numbers(script.caption, done.trace.cursor(0))):
        line = f"'caption' uses {', '.join(unknown)}, which has no number before the first step."
        yield Finding(here, Text.same(line))
    if script.card is not None:
        for line in card_denied(script.card, done.trace):
            yield Finding(here, Text.same(line))


def _change(
    document: Document, run: DocumentRun, done: BlockRun, script: Script, limits: Limits | None
) -> Iterator[Finding]:
    """What the suggested change shows, in a run with it."""
    change, here = script.change, f"{script.file}:{script.line}"
    assert change is not None, "there is something to try"
    thing = block_thing(document, run, done.block.number, limits=limits)
    try:
        wanted = overrides_of(thing.trace, {change.leaf: change.to}, "the block")
        changed = thing.rerun(wanted).trace
    except TracerError as error:
        yield Finding(here, Text(f"change: {error.told('en')}", f"change: {error.told('ja')}"))
        return
    for line in problems((change.see,), changed):
        yield Finding(here, Text.same(f"change: {line.removeprefix('stop 1: ')}"))


def check_lesson(lesson: Lesson) -> Iterator[Finding]:
    """What a lesson's programs deny of what its TOML says; they are run for it.

    Raises:
        TracerError: a program cannot be run, or made nothing.
    """
    thing = open_thing(str(lesson.program))
    name = lesson.file.name
    for line in lesson.denied(thing.trace):
        yield Finding(name, Text.same(line))
    change = lesson.card.change
    for check, trace in (
        (lesson.check_beside, None if thing.compare is None else thing.compare.trace),
        (lesson.check_change, None if change is None else _changed(thing, change.leaf, change.to)),
    ):
        if trace is not None:
            try:
                check(trace)
            except TracerError as error:
                yield Finding(name, Text.same(error.message.removeprefix(f"{name}: ")))


def _changed(thing: Thing, leaf: str, to: float) -> Trace:
    """The trace of the run that the end card suggests."""
    return thing.rerun(overrides_of(thing.trace, {leaf: to}, thing.title)).trace
