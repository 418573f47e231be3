"""A course: a folder of documents and lessons, in an order.

`about.toml` may give it a title and an order; without one the files stand in the order of their names. Only titles are
read here: a list of lessons must not wait for every page in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tracer.errors import FileFormatError, LessonError, NotFoundError, did_you_mean
from tracer.lessons.documents.endings import ENDINGS, NOTEBOOK_ENDING
from tracer.lessons.documents.front_matter import read_front_matter
from tracer.lessons.documents.pieces import plain_words
from tracer.lessons.lesson import Lesson, load
from tracer.lessons.toml import Table, read
from tracer.text import Lang, Text, clean

ABOUT = "about.toml"
"""What a folder says about itself; every other TOML is a lesson's."""
COURSE_KEYS = ("title", "order", "documents")
JA = ".ja"
"""`slope.ja.md` is the Japanese page of `slope.md`."""
NO_LESSONS = frozenset({"readme", "license", "licence", "changelog", "contributing", "index"})
"""Pages about a folder, not in it. An `order` may name them all the same."""
TITLE_WITHIN = 64_000
"""Bytes of a page in which its title is looked for."""


@dataclass(frozen=True)
class Page:
    """A document of a course, not read yet but for its title."""

    name: str
    """Folder and file, as the command line takes it: `write-your-own/01_slope`."""
    path: Path
    title: Text
    ja: Path | None = None
    """The same page in Japanese, with the same code, when there is one."""

    def path_in(self, lang: Lang) -> Path:
        """The file to open in a language."""
        return self.ja if lang == "ja" and self.ja is not None else self.path


Item = Lesson | Page


@dataclass(frozen=True)
class Course:
    """A folder of lessons and documents."""

    name: str
    folder: Path
    title: Text
    items: tuple[Item, ...]
    """In reading order."""
    left_out: tuple[str, ...]
    """Files that its order does not name."""
    accompanies: tuple[str, ...]
    """Names, without ending, of the documents that its lessons were made from."""
    problems: tuple[LessonError, ...]
    """What could not be read. The rest is there all the same."""

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        """The items that are a program and its TOML."""
        return tuple(item for item in self.items if isinstance(item, Lesson))

    @property
    def pages(self) -> tuple[Page, ...]:
        """The items that are documents."""
        return tuple(item for item in self.items if isinstance(item, Page))


def read_course(folder: Path) -> Course:
    """The course in a folder.

    Raises:
        NotFoundError: there is no such folder.
        FileFormatError: it is no folder, or nothing in it is a lesson or a document.
    """
    if not folder.exists():
        raise NotFoundError(f"{clean(str(folder))}: no such folder.", ja=f"{folder}: フォルダーが見つかりません。")
    if not folder.is_dir():
        raise FileFormatError(f"{clean(str(folder))}: is not a folder.", ja=f"{folder}: フォルダーではありません。")
    found = gather(folder)
    if not found.items and not found.problems:
        raise FileFormatError(
            f"{clean(str(folder))}: there is no lesson in this folder.",
            hint="A course holds documents (.md, .ipynb), or programs (.py) with a .toml beside them.",
            ja=f"{folder}: このフォルダーにはレッスンがありません。",
            hint_ja="コースに入れられるのは、文書（.md、.ipynb）か、.toml を添えたプログラム（.py）です。",
        )
    return found


def gather(folder: Path) -> Course:
    """The course in a folder, even if it is empty."""
    troubles: list[LessonError] = []
    name = folder.resolve().name
    title, order, accompanies = _about(folder, Text.same(clean(name)), troubles)
    items = {item.name.partition("/")[2]: item for item in _items(folder, name, troubles)}
    listed = [key for key in items if key.casefold() not in NO_LESSONS]
    left_out: list[str] = []
    if order is not None:
        wanted = [_wanted(entry, items, troubles) for entry in order]
        left_out = [key for key in listed if key not in wanted]
        listed = list(dict.fromkeys(key for key in wanted if key is not None))
    return Course(
        name, folder, title, tuple(items[key] for key in listed), tuple(left_out), accompanies, tuple(troubles)
    )


def _about(
    folder: Path, title: Text, troubles: list[LessonError]
) -> tuple[Text, tuple[str, ...] | None, tuple[str, ...]]:
    """Title, order and what it accompanies, as far as `about.toml` says so and is right."""
    order, accompanies = None, None
    if (folder / ABOUT).is_file():
        try:
            top = read(folder / ABOUT, COURSE_KEYS)
            if "title" in top:
                given = top.values["title"]
                title = Text.same(" ".join(given.split())) if isinstance(given, str) else top.text("title")
            order = _names(top, "order")
            accompanies = _names(top, "documents")
        except LessonError as error:
            troubles.append(error)
    return title, order, accompanies or ()


def _names(top: Table, key: str) -> tuple[str, ...] | None:
    values = top.values.get(key)
    if values is None:
        return None
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise top.error(f"{key!r} must be a list of names.")
    return tuple(values)


def _wanted(entry: str, items: dict[str, Item], troubles: list[LessonError]) -> str | None:
    """The item that an entry of the order names: with or without its ending."""
    for key, item in items.items():
        path = item.path if isinstance(item, Page) else item.program
        if entry in (key, path.name):
            return key
    near = did_you_mean(entry, items) or f"There are: {', '.join(items) or 'none'}."
    troubles.append(LessonError(f"{ABOUT}: 'order' names {clean(entry)!r}, which is not there. {near}"))
    return None


def _items(folder: Path, name: str, troubles: list[LessonError]) -> Iterable[Item]:
    """Lessons and documents, in the order of their names."""
    paths = [one for one in folder.iterdir() if one.is_file() and not one.name.startswith(".")]
    stems: set[str] = set()
    for path in sorted(paths, key=lambda one: (one.stem, one.suffix.casefold() != ".toml", one.name)):
        ending = path.suffix.casefold()
        if ending == ".toml" and path.name != ABOUT and _is_lesson(path):
            try:
                lesson = load(path)
            except LessonError as error:
                troubles.append(error)
            else:
                stems.add(path.stem)
                yield replace(lesson, name=f"{name}/{path.stem}")
        elif ending in ENDINGS:
            base = path.with_name(path.stem.removesuffix(JA) + path.suffix)
            if path.stem.endswith(JA) and base.is_file():
                continue  # the Japanese side of another page
            ja = path.with_name(f"{path.stem}{JA}{path.suffix}")
            en_title = quick_title(path)
            title = Text(en_title, quick_title(ja)) if ja.is_file() else Text.same(en_title)
            own = path.name if path.stem in stems else path.stem
            stems.add(path.stem)
            yield Page(f"{name}/{own}", path, title, ja if ja.is_file() else None)


def _is_lesson(path: Path) -> bool:
    """Whether a TOML is a lesson's, and not a tool's settings."""
    if path.with_suffix(".py").is_file():
        return True
    try:
        return b"[[stop]]" in path.read_bytes()
    except OSError:
        return True  # reading it as a lesson says what is wrong


def quick_title(path: Path) -> str:
    """A document's title, from its first lines alone; its name when they hold none."""
    try:
        with path.open("rb") as file:
            text = file.read(TITLE_WITHIN if path.suffix.casefold() != NOTEBOOK_ENDING else -1).decode(
                "utf-8", "ignore"
            )
    except OSError:
        return clean(path.name)
    if path.suffix.casefold() == NOTEBOOK_ENDING:
        text, title = _notebook_start(text)
    else:
        text, title = text.removeprefix("\ufeff").replace("\r\n", "\n"), ""
    lines = text.split("\n")
    taken, own = read_front_matter(lines, path.name, [])
    return clean(title or own or _first_heading(lines[taken:]) or path.name)


def _first_heading(lines: list[str]) -> str:
    """The first heading of level 1, else the first of any, outside code."""
    first, fence = "", ""
    for line in lines:
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and (not fence or (mark[1].startswith(fence) and not line.strip().strip(mark[1][0]))):
            fence = "" if fence else mark[1]
        heading = None if fence else re.match(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$", line)
        if heading and (len(heading[1]) == 1 or not first):
            first = plain_words(heading[2])
            if len(heading[1]) == 1:
                break
    return first


def _notebook_start(text: str) -> tuple[str, str]:
    """A notebook's Markdown, and its title where the metadata give one."""
    try:
        book = json.loads(text)
        cells = [cell for cell in book["cells"] if cell["cell_type"] == "markdown"]
        title = book.get("metadata", {}).get("title", "")
        return "\n\n".join("".join(cell["source"]) for cell in cells), title if isinstance(title, str) else ""
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return "", ""
