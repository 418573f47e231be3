"""The lesson of ours that is nearest to a block that does not run here: a fragment, or another language.

Where the document is the one that our lessons were made from, its sections decide, and the words within a section;
elsewhere the words alone: names, ops and the heading, each weighing more the fewer lessons have it.
"""

from __future__ import annotations

import keyword
import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from tracer.errors import TracerError
from tracer.lessons.content import Catalogue, Group, catalogue
from tracer.lessons.lesson import Lesson
from tracer.text import Text

ALIKE = 0.12
"""Below this cosine a lesson of another document has nothing to do with a block."""
IN_COMMON = 2
"""Words that it must share with the block at least."""


@dataclass(frozen=True)
class Nearest:
    """A lesson's name and why it is offered; without a name, why none is."""

    name: str | None
    why: Text


def nearest_lesson(document: str, section: str, heading: str, code: str) -> Nearest:
    """The lesson nearest to a block.

    Args:
        document: the document's name without its ending: `06-backpropagation`.
        section, heading: what the block stands under.
        code: in whatever language.
    """
    try:
        return _shelf(catalogue()).nearest(document, section, heading, code)
    except TracerError:  # an installation without lessons
        return Nearest(None, _NONE)


@lru_cache(maxsize=2)
def _shelf(found: Catalogue) -> Shelf:
    return Shelf(found)


class Shelf:
    """All lessons, with the words each is about."""

    def __init__(self, found: Catalogue) -> None:
        self.groups = found.groups
        self.words = {lesson.name: _words_of_lesson(lesson) for lesson in found.lessons}
        spread = Counter(word for words in self.words.values() for word in words)
        self.weight = {word: math.log(1 + len(self.words) / count) for word, count in spread.items()}
        self.length = {name: self._length(words) for name, words in self.words.items()}

    def nearest(self, document: str, section: str, heading: str, code: str) -> Nearest:
        """See `nearest_lesson`."""
        words = words_of(code) | words_of(heading)
        group = self._group_of(document)
        every = [lesson for one in self.groups for lesson in one.lessons]
        if group is None or not group.lessons:
            best = self._best(words, every)
            if best is None or self._alike(words, best) < ALIKE or len(words & self.words[best.name]) < IN_COMMON:
                return Nearest(None, _NONE)
            return Nearest(best.name, _LIKE.format(title=best.title))
        for lessons, why in self._by_section(group, section):
            best = self._best(words, lessons)
            if best is not None:
                return Nearest(best.name, why.format(section=section, found=best.section, title=best.title))
        best = self._best(words, every)
        assert best is not None
        return Nearest(best.name, _OF_NO_SECTION.format(title=best.title))

    def _group_of(self, document: str) -> Group | None:
        wanted = document.casefold()
        return next((one for one in self.groups if wanted in (stem.casefold() for stem in one.accompanies)), None)

    def _by_section(self, group: Group, section: str) -> list[tuple[list[Lesson], Text]]:
        """The lessons to choose from, the nearest sections first."""
        lessons, around = list(group.lessons), section.rpartition(".")[0]
        if not section:
            return []
        found = [
            ([one for one in lessons if one.section == section], _OF_SECTION),
            ([one for one in lessons if one.section.startswith(f"{section}.")], _INSIDE),
        ]
        while around:
            found.append(([one for one in lessons if one.section == around], _AROUND))
            found.append(([one for one in lessons if one.section.startswith(f"{around}.")], _OF_CHAPTER))
            around = around.rpartition(".")[0]
        return found

    def _best(self, words: frozenset[str], lessons: list[Lesson]) -> Lesson | None:
        """The one most alike; of equal ones the first in reading order."""
        return max(lessons, key=lambda lesson: self._alike(words, lesson), default=None)

    def _alike(self, words: frozenset[str], lesson: Lesson) -> float:
        """The cosine between a block's words and a lesson's, 0 to 1; words that no lesson has do not count."""
        known = frozenset(word for word in words if word in self.weight)
        common = known & self.words[lesson.name]
        length = self._length(known) * self.length[lesson.name]
        return sum(self.weight[word] ** 2 for word in common) / length if length else 0.0

    def _length(self, words: frozenset[str]) -> float:
        return math.sqrt(sum(self.weight[word] ** 2 for word in words))


_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|@(?=\s)")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CJK = re.compile(r"[\u30a0-\u30ff\u4e00-\u9fff]{2,}")
_IDLE = frozenset(
    {
        *keyword.kwlist, "print", "self", "data", "grad", "value", "tensor", "requires", "item", "shape", "const",
        "let", "var", "new", "function", "this", "console", "log10", "float", "int", "range", "len", "true", "false",
        "the", "of", "and", "it", "its", "to", "an", "on", "is",
    }
)  # fmt: skip
_SAME = {
    "@": "matmul",
    "mm": "matmul",
    "nll": "entropy",
    "crossentropy": "entropy",
    "ln": "log",
    "backprop": "backward",
}
MOST_CODE = 20_000
"""Characters of a block that are looked at."""


def words_of(text: str) -> frozenset[str]:
    """The words in code or a heading: names and their parts in small letters, pairs of Japanese characters."""
    text = text[:MOST_CODE]
    found: set[str] = set()
    for name in _NAME.findall(text):
        found.add(_SAME.get(name.casefold(), name.casefold()))
        found |= {_SAME.get(part.casefold(), part.casefold()) for part in _PART.findall(name) if len(part) > 2}
    for run in _CJK.findall(text):
        found |= {run[i : i + 2] for i in range(len(run) - 1)}
    return frozenset(word for word in found if word not in _IDLE and len(word) > 1)  # x and w are in every lesson


def _words_of_lesson(lesson: Lesson) -> frozenset[str]:
    try:
        program = lesson.program.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        program = ""
    said = [lesson.title, lesson.intro, lesson.card.result]
    return words_of(program) | words_of(" ".join(f"{one.en} {one.ja}" for one in said)) | words_of(lesson.name)


_NONE = Text(en="No lesson is like this block.", ja="このブロックに近いレッスンはありません。")
_LIKE = Text(en="The lesson most like this block: {title}", ja="このブロックに最も近いレッスン: {title}")
_OF_SECTION = Text(en="The lesson of section {section}: {title}", ja="{section} 節のレッスン: {title}")
_INSIDE = Text(
    en="A lesson of section {found}, which is part of {section}: {title}",
    ja="{section} 節の中の {found} 節のレッスン: {title}",
)
_AROUND = Text(
    en="The lesson of section {found}, which section {section} is part of: {title}",
    ja="{section} 節を含む {found} 節のレッスン: {title}",
)
_OF_CHAPTER = Text(
    en="Section {section} has no lesson; the nearest in its chapter is that of {found}: {title}",
    ja="{section} 節のレッスンはありません。同じ章で最も近いのは {found} 節のレッスンです: {title}",
)
_OF_NO_SECTION = Text(
    en="There is no lesson of this section; the nearest of all: {title}",
    ja="この節のレッスンはありません。全体で最も近いレッスン: {title}",
)
