"""What `tracer open THING` opens, as one kind of object: its trace, its lesson if it has one, and how to run it again.

A name is an existing file, else a lesson or model of ours, else an expression.
"""

from __future__ import annotations

import os
import re
import shlex
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tracer.errors import ExpressionError, FileFormatError, NotFoundError, TracerError, did_you_mean
from tracer.files import content_root
from tracer.lessons.given import shorten
from tracer.lessons.leaves import Overrides as Overrides
from tracer.lessons.leaves import assignments, overrides_of
from tracer.lessons.outcome import Outcome
from tracer.text import Lang, Text
from tracer.trace.store import is_trace, load
from tracer.trace.trace import Trace

if TYPE_CHECKING:  # opening a saved trace needs none of it
    from tracer.layout.folding import Folding
    from tracer.lessons.lesson import Lesson
    from tracer.lessons.limits import Limits
    from tracer.lessons.process import Run
    from tracer.trace.unfolding import Unfolding

PROGRAM_ENDINGS = (".py", ".pyw")
TRACE_ENDINGS = (".trace", ".safetensors")
OPENS = (
    "programs (.py), documents (.md, .ipynb), saved traces (.trace), folders of lessons, lessons and models by name "
    "(see `tracer list`), and expressions"
)
"""What this version opens, for messages."""

TITLE_WIDTH = 60
LONGEST_NAME = 255
"""Characters of a file name; no lesson has so many."""
_PLAIN_NAME = re.compile(r"[\w§./~][\w§./\\-]*")
"""What was probably meant as a file's or lesson's name, though `a/b` and `a-b` are expressions too."""
_SECTION = re.compile(r"§?([1-9]\d*(\.\d+){1,3})")


class Rerun(Protocol):
    def __call__(self, overrides: Overrides, /, stop: threading.Event | None = None) -> Thing: ...


def _cannot_rerun(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
    raise TracerError("this trace cannot be run again: its program is not at hand.")


@dataclass(frozen=True)
class Thing:
    """Something opened: a trace to walk, and where it came from."""

    title: str
    """`prog.py`, `y = (x + 2)(x - 1)`, a lesson's English title."""
    trace: Trace
    lesson: Lesson | None = None
    rerun: Rerun = field(default=_cannot_rerun, compare=False)
    """Run it once more with these leaves overridden, and no others; a program ends early where `stop` is set.

    Raises `TracerError` where it cannot be."""
    name: str = ""
    """What to type after `tracer open`."""
    overrides: Overrides = field(default_factory=dict)
    """The leaves that were edited."""
    output: str = ""
    """What the program printed."""
    saved: bool = False
    """Read from a file: nothing ran."""
    compare: Thing | None = None
    """The other run of a lesson that shows two in lockstep."""
    typed: tuple[str, ...] = ()
    """What to type instead of `tracer open name`."""
    unfolding: Unfolding | None = None
    """What is unfolded in `trace`; see `with_unfolding`."""
    folded: Thing | None = None
    """The same with nothing unfolded, where something is."""
    folding: Folding | None = None
    """What is open of a large graph at first, where that was asked for."""
    heading: Text | None = None
    """The title in the reader's language, where it holds words of ours."""

    def titled(self, lang: Lang) -> str:
        """The title, for somebody who reads `lang`."""
        return self.title if self.heading is None else self.heading[lang]

    @property
    def outcome(self) -> Outcome:
        """How its program ended."""
        return Outcome.of(self.trace.info)

    def command(self, position: int | None = None, options: Sequence[str] = ()) -> str:
        """The command that opens exactly this: edited leaves that have a name, what is unfolded, and where one is.

        Args:
            options: more to type: what is open, and how much is drawn.
        """
        words = [self.name, *assignments(self.trace, self.overrides, every=self._is_expression)]
        unfolded = () if self.unfolding is None else self.unfolding.names
        more = [word for name in unfolded for word in ("--unfold", name)]
        at = [] if position is None else ["--at", str(position)]
        return shlex.join([*(self.typed or ("tracer", "open", *words)), *more, *options, *at])

    @property
    def _is_expression(self) -> bool:
        from tracer.lessons.formula import FILE

        return FILE in self.trace.sources


def open_thing(
    name: str,
    assignments: Mapping[str, float] | None = None,
    *,
    limits: Limits | None = None,
    progress: Callable[[float], None] | None = None,
    stop: threading.Event | None = None,
) -> Thing:
    """Open a file, lesson, model or expression by what the command line calls it.

    Args:
        assignments: a number for each name of an expression; for anything else, another value for the leaf so called.
        limits, progress, stop: see `run_program`.

    Raises:
        TracerError: one clear message: nothing is called so, or it cannot be run, read or parsed.
    """
    given = dict(assignments or {})

    def run(path: Path, **how: Any) -> Run:
        from tracer.lessons.process import run_program

        return run_program(path, limits=limits, progress=progress, **{"stop": stop, **how})

    path = Path(name)
    if _is_file(path):
        thing = _open_file(path, name, run)
    else:
        lesson = _lesson(name)
        if lesson is None:
            return _open_expression(name, given)
        thing = _open_lesson(lesson, lesson.name, run)
    return thing.rerun(overrides_of(thing.trace, given, thing.title), stop=stop) if given else thing


def _open_file(path: Path, name: str, run: Callable[..., Run]) -> Thing:
    if is_trace(path) or path.suffix.lower() in TRACE_ENDINGS:
        trace = load(path)
        return thing_of_trace(Thing(str(trace.info.get("title") or path.name), trace, name=name, saved=True))
    if path.suffix.lower() in PROGRAM_ENDINGS or _is_script(path):
        from tracer.lessons.content import lesson_beside

        lesson = lesson_beside(path)
        return _open_lesson(lesson, name, run) if lesson is not None else _open_program(path, name, run)
    raise FileFormatError(f"{name}: this version does not open files of this kind.", hint=f"It opens {OPENS}.")


def _open_program(path: Path, name: str, run: Callable[..., Run], shown: str | None = None) -> Thing:
    def again(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
        made = run(path, overrides=overrides, shown=shown, stop=stop, again=True)
        return Thing(path.name, made.trace, None, again, name, dict(overrides), made.output)

    first = run(path, shown=shown)
    return Thing(path.name, first.trace, None, again, name, {}, first.output)


def _open_lesson(lesson: Lesson, name: str, run: Callable[..., Run]) -> Thing:
    """A lesson's program, and the one to compare it with; both run at once."""

    def with_words(thing: Thing, compare: Thing | None) -> Thing:
        plain = thing.rerun

        def again(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
            return with_words(plain(overrides, stop=stop), compare)

        return replace(thing, title=lesson.title.en, lesson=lesson, rerun=again, compare=compare)

    other: list[Thing | BaseException] = []

    def run_other(path: Path) -> None:
        try:
            other.append(_open_program(path, str(path), run, _shown(path)))
        except BaseException as error:  # raised again in the thread that asked
            other.append(error)

    beside = threading.Thread(target=run_other, args=(lesson.compare,)) if lesson.compare is not None else None
    if beside is not None:
        beside.start()
    try:
        thing = _open_program(lesson.program, name, run, _shown(lesson.program))
    finally:
        if beside is not None:
            beside.join()
    found = other[0] if other else None
    if isinstance(found, BaseException):
        raise found
    return with_words(thing, found)


def _shown(program: Path) -> str | None:
    """`samples/start/01_multiply.py`, wherever the content lies; None for a file elsewhere."""
    try:
        return program.resolve().relative_to(content_root().resolve()).as_posix()
    except ValueError:
        return None


def thing_of_trace(thing: Thing) -> Thing:
    """`thing`, whose program is not at hand: it is run again by performing its own timeline."""

    def again(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
        from tracer.lessons.again import perform

        return replace(thing_of_trace(replace(thing, trace=perform(thing.trace, overrides))), overrides=dict(overrides))

    return replace(thing, rerun=again)


def _open_expression(text: str, values: Mapping[str, float]) -> Thing:
    """The expression `text`; what looks like a name of something that is not there is told as that."""
    from tracer.lessons.formula import run_expression

    def again(overrides: Overrides, /, stop: threading.Event | None = None) -> Thing:
        trace = run_expression(text, values, overrides)
        return Thing(shorten(str(trace.info["title"]), TITLE_WIDTH), trace, None, again, text, dict(overrides))

    try:
        return again({})
    except ExpressionError as problem:
        name = unicodedata.normalize("NFKC", text.strip())
        if len(name) <= LONGEST_NAME and os.path.isdir(name):
            raise _not_found(name, problem) from None
        if not values and (section := _SECTION.fullmatch(name)):
            raise _no_section(section[1]) from None
        if values or len(name) > LONGEST_NAME or not _PLAIN_NAME.fullmatch(name) or not re.search(r"[^\W\d]", name):
            raise
        raise _not_found(name, problem) from None


def _no_section(section: str) -> NotFoundError:
    """What to say of a section that has no lesson: one beside it that is written alike, else the one it belongs to."""
    from tracer.lessons.content import catalogue

    known = {lesson.section: None for lesson in catalogue().lessons if lesson.section}
    around = section.rpartition(".")[0]
    beside = [one for one in known if around and one.rpartition(".")[0] == around]
    hint = did_you_mean(section, beside) or (
        f"Did you mean {around!r}?" if around in known else did_you_mean(section, known)
    )
    return NotFoundError(
        f"there is no lesson for section {section}.",
        hint=hint or "`tracer list` shows every lesson and its section.",
        ja=f"{section} 節のレッスンはありません。",
        hint_ja=None if hint else "`tracer list` でレッスンと節の一覧を表示します。",
    )


def _not_found(name: str, problem: ExpressionError) -> TracerError:
    """What to say of a name that is no file, no lesson, and `problem` as an expression."""
    path = Path(name)
    if path.is_dir():
        return FileFormatError(f"{name} is a folder.", hint=f"Name a file in it. This version opens {OPENS}.")
    if path.suffix.lower() in (*PROGRAM_ENDINGS, *TRACE_ENDINGS) or path.is_absolute():
        near = None
        if path.parent.is_dir():
            near = did_you_mean(path.name, sorted(one.name for one in path.parent.iterdir() if one.is_file()))
        return NotFoundError(f"{name}: no such file.", hint=near, ja=f"{name}: ファイルが見つかりません。")
    from tracer.lessons.content import find

    try:
        find(name)
    except NotFoundError as error:
        hints, hints_ja = [error.hint or ""], [line.strip() for line in error.told("ja").splitlines()[1:]]
    as_expression = problem.message.partition("\n")[0]
    if as_expression.startswith("no value"):
        if not hints[0].startswith("Did you mean") and not (name.isidentifier() and len(name) > 2):
            return problem  # x - y, 2x
        example = (problem.hint or "").removeprefix("Add it: ")
        hints.append(f"As an expression, it needs numbers: {example}")
        hints_ja.append(f"式として開くには数が必要です: {example}")
    else:
        hints.append(f"As an expression: {as_expression}")
        hints_ja.append(f"式としては: {problem.told('ja').splitlines()[0]}")
    return NotFoundError(
        f"there is no file, lesson or model called {name!r}.",
        hint="\n  ".join(hints),
        ja=f"{name!r} というファイル・レッスン・モデルはありません。",
        hint_ja="\n  ".join(hints_ja),
    )


def _lesson(name: str) -> Lesson | None:
    from tracer.lessons.content import find

    try:
        return find(name)
    except NotFoundError:
        return None


def _is_file(path: Path) -> bool:
    """Whether it is there and no folder. Text that cannot be a path is none."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):  # too long, or a null byte
        return False


def _is_script(path: Path) -> bool:
    if not path.is_file():
        return path.exists()  # a pipe or device: `run_program` says so
    try:
        with path.open("rb") as file:
            first = file.readline(200)
    except OSError:
        return False
    return first.startswith(b"#!") and b"python" in first
