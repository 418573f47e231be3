"""What there is to open: lessons with the marks of progress, models, recent things; and a look at the one marked.

The list is there at once. What takes time (reading the lessons, running one for its picture) happens beside it.
"""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tracer.text import Lang, Text
from tracer.tui.keys import Place, bindings
from tracer.tui.library import runs_here
from tracer.tui.messages import AT_THE_END, Request
from tracer.tui.screens.base import AppScreen
from tracer.tui.widgets.keybar import KeyBar, KeyLine
from tracer.tui.widgets.preview import Preview

if TYPE_CHECKING:
    from pathlib import Path

    from tracer.lessons.content import Catalogue
    from tracer.lessons.documents.course import Course, Page
    from tracer.lessons.experiment import Experiment
    from tracer.lessons.lesson import Lesson

_MOTTO = Text(en="every number of a gradient, and where it came from", ja="勾配のすべての数と、それがどこから来たか")
_LESSONS = Text(en="Lessons", ja="レッスン")
_COURSE = Text(en="Course", ja="コース")
_MODELS = Text(en="Models", ja="モデル")
_EXPERIMENTS = Text(en="Experiments", ja="実験")
_RECENT = Text(en="Recent", ja="最近開いたもの")
_FIND = Text(en="find: title, number, word", ja="検索: 題名・節番号・語")
_FIND_KEYS = Text(en="enter  open   ↑ ↓  choose   esc  close", ja="enter  開く   ↑ ↓  選ぶ   esc  閉じる")
_NOTHING = Text(en="Nothing matches.", ja="見つかりません。")
_READING = Text(en="Reading the lessons…", ja="レッスンを読み込んでいます…")

DOCUMENT = "≡"
"""Stands before a document."""
ASKS = "?"
"""Stands before an experiment."""
MARKS = {"done": "✓", "begun": "▸", None: " "}


@dataclass(frozen=True)
class Row:
    """One line of the list: a heading, a lesson or model, or something opened before."""

    words: Text
    heading: bool = False
    lesson: Lesson | None = None
    page: Page | None = None
    """A document."""
    path: Path | None = None
    """The file that opens a lesson of somebody's own, which no catalogue knows."""
    experiment: Experiment | None = None
    recent: str | None = None
    """As it was opened: `Request.parse` reads it."""
    group: tuple[str, ...] = ()
    """The names of the lessons under a heading."""

    @property
    def id(self) -> str | None:
        if self.lesson is not None:
            return f"lesson:{self.lesson.name}"
        if self.page is not None:
            return f"page:{self.page.name}"
        if self.experiment is not None:
            return f"experiment:{self.experiment.name}"
        return f"recent:{self.recent}" if self.recent is not None else None

    def request(self, lang: Lang) -> Request | None:
        """What opens it: of a document in two languages, the page in this one."""
        if self.lesson is not None:
            return Request(self.lesson.name if self.path is None else str(self.path))
        if self.page is not None:
            return Request(str(self.page.path_in(lang)))
        return Request.parse(self.recent) if self.recent is not None else None

    def matches(self, wanted: str) -> bool:
        """Whether every word of `wanted` is in the title, in either language, in the section or in the name."""
        told = [self.words.en, self.words.ja, self.recent or ""]
        if self.page is not None:
            told.append(self.page.name)
        if self.experiment is not None:
            asked = self.experiment.question
            told += [self.experiment.name, asked.en, asked.ja]
        if self.lesson is not None:
            told += [self.lesson.section, self.lesson.name, self.lesson.intro.en, self.lesson.intro.ja]
        there = _folded(" ".join(told))
        return all(word in there for word in _folded(wanted).split())


def _folded(words: str) -> str:
    """`Ｃｈａｉｎ` and `chain` are the same."""
    return unicodedata.normalize("NFKC", words).casefold()


def all_rows(catalogue: Catalogue, recent: tuple[str, ...]) -> Iterator[Row]:
    """Everything, in order: the lessons by document, models, recent things."""
    for group in catalogue.groups:
        if group.lessons or group.pages:
            yield Row(group.title, heading=True, group=tuple(lesson.name for lesson in group.lessons))
            for lesson in group.lessons:
                yield Row(lesson.title, lesson=lesson)
            for page in group.pages:
                yield Row(page.title, page=page)
    if catalogue.models:
        yield Row(_MODELS, heading=True)
        for model in catalogue.models:
            yield Row(model.title, lesson=model)
    if catalogue.experiments:
        yield Row(_EXPERIMENTS, heading=True)
        for experiment in catalogue.experiments:
            yield Row(experiment.title, experiment=experiment)
    if recent:
        yield Row(_RECENT, heading=True)
        for words in recent:
            yield Row(Text.same(words), recent=words)


def rows_of(course: Course) -> Iterator[Row]:
    """What a course holds, in its order."""
    from tracer.lessons.lesson import Lesson

    yield Row(course.title, heading=True, group=tuple(lesson.name for lesson in course.lessons))
    for item in course.items:
        if isinstance(item, Lesson):
            yield Row(item.title, lesson=item, path=item.program)
        else:
            yield Row(item.title, page=item)


class Entries(OptionList):
    """The list. With the mouse, the first click marks and a click on what is marked opens."""

    def _on_click(self, event: events.Click) -> None:  # type: ignore[override]  # Textual's own need not be awaited
        clicked = event.style.meta.get("option")
        if clicked is not None and not self.options[clicked].disabled and clicked != self.highlighted:
            event.prevent_default()
            self.highlighted = clicked


class Find(Input):
    """The line one types into to find something. Esc closes it; arrows move the list."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "screen.close_find", show=False)]


class GalleryScreen(AppScreen[None]):
    """The first screen; or the list of a course, a folder of somebody's own.

    Args:
        course: what to list instead of our lessons, models and recent things.
    """

    PLACES: ClassVar[tuple[Place, ...]] = ("gallery",)
    COMES_BACK = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("gallery")]
    AUTO_FOCUS = "#gallery-list"

    wanted: reactive[str] = reactive("", init=False)
    """What is typed into the find line."""

    def __init__(self, course: Course | None = None) -> None:
        super().__init__()
        self.course = course
        self.rows: tuple[Row, ...] = ()
        """Everything there is, found or not."""

    def compose(self) -> ComposeResult:
        yield Static(id="gallery-title")
        with Horizontal(id="gallery"):
            with Vertical(id="gallery-left"):
                yield Entries(id="gallery-list", markup=False)
            yield Preview(id="gallery-preview").data_bind(AppScreen.lang)
        yield KeyBar("gallery").data_bind(AppScreen.lang)
        yield KeyLine(_FIND_KEYS).data_bind(AppScreen.lang)

    def on_mount(self) -> None:
        self._show_keys(finding=False)
        self._write_titles()
        self.watch(self.app, "catalogue", self._read, init=False)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._read()  # the first time; later, marks and recent things may have changed

    def _read(self) -> None:
        catalogue = self.tracer.catalogue
        if self.course is not None:
            self.rows = tuple(rows_of(self.course))
        elif catalogue is not None:
            recent = self.tracer.settings.now.recent
            runs = [words for words in map(shlex.quote, runs_here()) if words not in recent]
            self.rows = tuple(all_rows(catalogue, (*recent, *runs)))
        self._write_list()

    def watch_lang(self, lang: Lang) -> None:
        self._write_titles()
        self._write_list()

    def watch_wanted(self, wanted: str) -> None:
        self._write_list()

    def _write_titles(self) -> None:
        """Titles, in the present language."""
        lang = self.lang
        self.query_one("#gallery-title", Static).update(
            Content.assemble((" Gradient Tracer", "bold $accent"), "   ", (_MOTTO[lang], "$text-muted"))
        )
        words = _LESSONS[lang] if self.course is None else _COURSE[lang]
        self.query_one("#gallery-left").border_title = words
        for find in self.query(Find):
            find.placeholder = _FIND[lang]

    # --- the list

    def _write_list(self) -> None:
        """Write the list anew, and mark the line that was marked, or else the first lesson not done yet."""
        listed = self.query_one("#gallery-list", OptionList)
        marked = listed.highlighted_option.id if listed.highlighted_option else None
        options = list(self._options())
        listed.set_options(options)
        places = {option.id: place for place, option in enumerate(options) if not option.disabled}
        if places:
            listed.highlighted = places.get(marked, self._to_begin_with(places))

    def _options(self) -> Iterator[Option]:
        if self.course is None and self.tracer.catalogue is None:
            yield Option(Content.styled(_READING[self.lang], "$text-muted"), disabled=True)
            return
        shown: list[Row] = []
        for row in self.rows:
            if row.heading and shown and shown[-1].heading:
                shown.pop()  # nothing below it was found
            if row.heading or row.matches(self.wanted):
                shown.append(row)
        if shown and shown[-1].heading:
            shown.pop()
        if not shown:
            yield Option(Content.styled(_NOTHING[self.lang], "$text-muted"), disabled=True)
        for i, row in enumerate(shown):
            if row.heading and i:
                yield Option("", disabled=True)
            yield Option(self._line(row), id=row.id, disabled=row.heading)

    def _line(self, row: Row) -> Content:
        words, progress = row.words[self.lang], self.tracer.settings.now.progress
        if row.heading:
            done = sum(progress.get(name) == "done" for name in row.group)
            count = f"   {done}/{len(row.group)}" if row.group else ""
            return Content.assemble((words, "bold $accent"), (count, "$text-muted"))
        if row.page is not None:
            return Content(f"{DOCUMENT} {words}")
        if row.experiment is not None:
            return Content(f"{ASKS} {words}")
        if row.lesson is None:
            return Content(f"  {words}")
        mark = MARKS[progress.get(row.lesson.name)]
        section = f"{row.lesson.section:<6} " if row.lesson.section else ""
        return Content(f"{mark} {section}{words}")  # in one colour: the marked line is written on the accent

    def _to_begin_with(self, places: Mapping[str | None, int]) -> int:
        """The first line whose lesson is not done; the first of all when all are."""
        progress = self.tracer.settings.now.progress
        for row in self.rows:
            if row.lesson is not None and row.id in places and progress.get(row.lesson.name) != "done":
                return places[row.id]
        return min(places.values())

    @property
    def marked(self) -> Row | None:
        """The row the user is on."""
        option = self.query_one("#gallery-list", OptionList).highlighted_option
        return next((row for row in self.rows if option is not None and option.id and row.id == option.id), None)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        row, preview = self.marked, self.query_one(Preview)
        preview.lesson, preview.recent = (row.lesson, row.recent) if row is not None else (None, None)
        preview.file = str(row.path) if row is not None and row.path is not None else None
        preview.page = row.page if row is not None else None
        preview.experiment = row.experiment if row is not None else None
        preview.progress = self.tracer.settings.now.progress.get(row.lesson.name) if row and row.lesson else None

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.action_open()

    # --- keys

    def action_open(self, *, at: int | None = None, quiz: bool = False, export: bool = False) -> None:
        row = self.marked
        if row is None:
            return
        if row.experiment is not None:
            from tracer.tui.screens.experiment import ExperimentScreen

            self.leave()
            self.app.push_screen(ExperimentScreen(row.experiment))
            return
        try:
            request = row.request(self.lang)
        except ValueError:  # a recent line somebody edited
            request = Request(row.recent or "")
        if request is not None:
            self.leave()  # who comes back is not in the find line any more
            self.tracer.open_thing(request.name, dict(request.assignments), at=at, quiz=quiz, export=export)

    def action_quiz(self) -> None:
        self.action_open(quiz=True)

    def action_export(self) -> None:
        """Open the marked thing at its end, and ask how to save what is seen there."""
        self.action_open(at=AT_THE_END, export=True)

    def action_move(self, lines: int) -> None:
        listed = self.query_one("#gallery-list", OptionList)
        (listed.action_cursor_down if lines > 0 else listed.action_cursor_up)()

    async def action_find(self) -> None:
        if not self.query(Find):
            await self.query_one("#gallery-left").mount(Find(placeholder=_FIND[self.lang], id="gallery-find"), before=0)
            self._show_keys(finding=True)
        self.query_one(Find).focus()

    def _show_keys(self, *, finding: bool) -> None:
        """In the bottom line: the keys that work now."""
        self.query_one(KeyBar).set_class(finding, "-away")  # a class: `display` would win over a terminal too small
        self.query_one(KeyLine).set_class(not finding, "-away")

    def action_close_find(self) -> None:
        self.query(Find).remove()
        self._show_keys(finding=False)
        self.wanted = ""
        self.query_one("#gallery-list").focus()

    def leave(self) -> bool:
        """Going back with something to find typed in shows everything again."""
        finding = bool(self.query(Find))
        if finding:
            self.action_close_find()
        return finding

    def on_input_changed(self, event: Input.Changed) -> None:
        self.wanted = event.value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.action_open()
