"""The lessons, models and data sets that come with the program, found by name.

In a checkout they stand at the top level, to be read and copied; in a wheel they are inside the package. The current
folder is never looked at: a `samples/` that happens to lie there is somebody else's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

from tracer.errors import LessonError, NotFoundError, did_you_mean
from tracer.files import FIRST
from tracer.files import content_root as content_root
from tracer.lessons.documents.course import ABOUT, Page, gather
from tracer.lessons.experiment import FOLDER, Experiment, load_experiment
from tracer.lessons.lesson import Lesson, load
from tracer.lessons.toml import read
from tracer.text import Text, clean


@dataclass(frozen=True)
class Group:
    """A folder of lessons: the start, or those made from one document; and documents to open as they are."""

    name: str
    title: Text
    lessons: tuple[Lesson, ...]
    pages: tuple[Page, ...] = ()
    """Documents, which stand after the lessons."""
    accompanies: tuple[str, ...] = ()
    """Names, without ending, of the documents that the lessons were made from."""

    @property
    def minutes(self) -> int:
        """How long all of it takes."""
        return sum(lesson.minutes for lesson in self.lessons)


@dataclass(frozen=True)
class DataSet:
    """A small file to train on."""

    name: str
    path: Path
    title: Text
    holds: Literal["points", "text"] = "points"
    """Rows x1, x2, y; or a document a line."""


@dataclass(frozen=True)
class Catalogue:
    """Everything there is to open, in the order it is shown."""

    root: Path
    groups: tuple[Group, ...]
    models: tuple[Lesson, ...]
    data: tuple[DataSet, ...]
    problems: tuple[LessonError, ...]
    """What could not be read. The rest is there all the same."""
    experiments: tuple[Experiment, ...] = ()

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """Every lesson, in reading order."""
        return tuple(lesson for group in self.groups for lesson in group.lessons)

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every document, in reading order."""
        return tuple(page for group in self.groups for page in group.pages)

    def after(self, lesson: Lesson) -> Lesson | None:
        """The lesson that follows: the one it names, else the next in reading order."""
        if lesson.next is not None:
            return _lookup(lesson.next, self.lessons)
        order = self.lessons
        places = [i for i, other in enumerate(order) if other.name == lesson.name]
        return order[places[0] + 1] if places and places[0] + 1 < len(order) else None


def catalogue() -> Catalogue:
    """Everything there is to open; read once."""
    return read_catalogue(content_root())


@lru_cache(maxsize=4)
def read_catalogue(root: Path) -> Catalogue:
    """The catalogue of the content under `root`. A lesson that cannot be read is in `problems`, not an error."""
    samples = root / "samples"
    troubles: list[LessonError] = []
    others = ("data", FOLDER, "__pycache__")
    folders = [folder for folder in samples.iterdir() if folder.is_dir() and folder.name not in others]
    folders.sort(key=lambda folder: (folder.name != FIRST, folder.name))
    return Catalogue(
        root=root,
        groups=tuple(_group(folder, troubles) for folder in folders),
        models=tuple(_lessons(root / "models", troubles)),
        data=tuple(_data(samples / "data", troubles)),
        experiments=tuple(_experiments(samples / FOLDER, troubles)),
        problems=tuple(troubles),
    )


def find(name: str) -> Lesson:
    """The lesson or model of this name: `start/01_multiply`, `03_graph`, `graph`, `6.3`, `microgpt/3.3`, `mlp`.

    A folder's name means its first lesson. Where two answer to a short name, the first in reading order is meant.

    Raises:
        NotFoundError: there is none; the nearest names are offered.
        LessonError: it is there, but cannot be read.
    """
    everything = catalogue()
    for problem in everything.problems:
        if problem.message.startswith(f"{name.rpartition('/')[2].removesuffix('.toml')}.toml:"):
            raise problem
    return _lookup(name, (*everything.lessons, *everything.models))


def find_experiment(name: str) -> Experiment:
    """The experiment in a TOML file, or of ours the one of this name: `residual`, `experiments/residual`.

    Raises:
        NotFoundError: there is none; the nearest names are offered.
        LessonError: it cannot be read.
    """
    path = Path(name)
    try:
        if path.suffix.casefold() == ".toml" and path.is_file():
            return load_experiment(path)
    except (OSError, ValueError):  # no path at all
        pass
    there = catalogue()
    known = {_folded(alias): one for one in there.experiments for alias in (one.name, one.alias)}
    wanted = _folded(name).removeprefix("samples/").removesuffix(".toml")
    if wanted in known:
        return known[wanted]
    for problem in there.problems:
        if problem.message.startswith(f"{wanted.rpartition('/')[2]}.toml:"):
            raise problem
    near = did_you_mean(wanted, known) or f"Experiments: {', '.join(one.alias for one in there.experiments)}."
    raise NotFoundError(
        f"there is no experiment called {clean(name)!r}.",
        hint=f"{near} A file of your own ends in .toml: tracer experiment my.toml",
        ja=f"{clean(name)!r} という実験はありません。",
        hint_ja=f"実験: {', '.join(one.alias for one in there.experiments)}。自作のものは .toml ファイルを指定します。",
    )


def find_page(name: str) -> Page | None:
    """The document of this name: `write-your-own/01_slope`, `01_slope`, `slope`; a folder's means its first document.

    None when there is none.
    """
    return _known(catalogue().pages).get(_wanted(name))


def aliases(lesson: Lesson | Page) -> tuple[str, ...]:
    """Every name a lesson or document answers to, the full one first."""
    folder, _, stem = lesson.name.partition("/")
    number, _, slug = stem.partition("_")
    names = [lesson.name, stem]
    if number.isdigit() and slug:
        names += [slug, f"{folder}/{slug}"]
    if isinstance(lesson, Lesson) and lesson.section:
        names += [lesson.section, f"§{lesson.section}", f"{folder}/{lesson.section}"]
    return tuple(dict.fromkeys(names))


def answers_to(lesson: Lesson, name: str) -> bool:
    """Whether `name` is one of its short names; its full one means no other."""
    wanted = _folded(name)
    return wanted != _folded(lesson.name) and wanted in map(_folded, aliases(lesson))


def lesson_beside(program: Path) -> Lesson | None:
    """The lesson whose program this file is, wherever it lies, or None when it has no TOML.

    Raises:
        LessonError: there is a TOML, but it cannot be read.
    """
    return load(program) if program.suffix == ".py" and program.with_suffix(".toml").is_file() else None


def _lookup(name: str, among: Iterable[Lesson]) -> Lesson:
    known, wanted = _known(among), _wanted(name)
    if wanted in known:
        return known[wanted]
    hint = did_you_mean(wanted, [*known, *_known(catalogue().pages)]) or "`tracer list` shows every lesson and model."
    raise NotFoundError(
        f"there is no lesson or model called {name!r}.",
        hint=hint,
        ja=f"{name!r} というレッスンやモデルはありません。",
        hint_ja="`tracer list` で一覧を表示します。" if hint.startswith("`") else None,
    )


Named = TypeVar("Named", Lesson, Page)


def _known(among: Iterable[Named]) -> dict[str, Named]:
    """Every name there is. Full names win over short ones, short ones over folders; earlier things over later ones."""
    known: dict[str, Named] = {}
    among = tuple(among)
    for give in (lambda one: (one.name,), aliases, lambda one: (one.name.partition("/")[0],)):
        for one in among:
            for alias in give(one):
                known.setdefault(_folded(alias), one)
    return known


def _wanted(name: str) -> str:
    """A name as it was typed, without what it need not have."""
    folded = _folded(name).removeprefix("samples/")
    return folded.removesuffix(".toml").removesuffix(".py").removesuffix(".md").removesuffix(".ipynb").strip("/")


def _folded(name: str) -> str:
    """`６．３` and `Start/01_Multiply` are `6.3` and `start/01_multiply`."""
    return unicodedata.normalize("NFKC", name).casefold().strip().replace("\\", "/")


def _group(folder: Path, troubles: list[LessonError]) -> Group:
    found = gather(folder)
    troubles += found.problems
    return Group(folder.name, found.title, found.lessons, found.pages, found.accompanies)


def _lessons(folder: Path, troubles: list[LessonError]) -> Iterable[Lesson]:
    for path in sorted(folder.glob("*.toml")):
        if path.name != ABOUT:
            try:
                yield load(path)
            except LessonError as error:
                troubles.append(error)


def _experiments(folder: Path, troubles: list[LessonError]) -> Iterable[Experiment]:
    for path in sorted(folder.glob("*.toml")):
        try:
            yield load_experiment(path)
        except LessonError as error:
            troubles.append(error)


def _data(folder: Path, troubles: list[LessonError]) -> Iterable[DataSet]:
    if not (folder / ABOUT).is_file():
        return
    try:
        rows = read(folder / ABOUT, ("data",)).tables("data", ("file", "holds", "title"), "data")
        for row in rows:
            path = folder / row.string("file")
            if not path.is_file():
                raise row.error(f"'file' names {clean(path.name)}, which is not there.")
            text = "holds" in row and row.choice("holds", ("points", "text")) == "text"
            yield DataSet(path.stem, path, row.text("title"), "text" if text else "points")
    except LessonError as error:
        troubles.append(error)
