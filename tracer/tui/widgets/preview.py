"""A look at the lesson that is marked: what it is about, its graph, how long it takes.

The words are there at once. The graph is the one that the lesson's program records: it is run in the background when
the marker has rested on the lesson for a moment, and Enter then opens what has been run already.
"""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.console import Group as RichGroup
from rich.text import Text as RichText
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from tracer.scene.prose import Prose
from tracer.text import Lang, Text
from tracer.tui.library import is_run_here
from tracer.tui.messages import Request

if TYPE_CHECKING:
    from tracer.lessons.documents.course import Page
    from tracer.lessons.experiment import Experiment
    from tracer.lessons.lesson import Lesson
    from tracer.lessons.runner import Thing
    from tracer.tui.app import GradientTracer
    from tracer.tui.settings import Progress

REST = 0.15
"""Seconds the marker has to rest on a lesson before its program is run for the picture."""

_COUNTS = Text(
    en="{nodes:,} nodes · {steps:,} steps · {minutes} min", ja="ノード {nodes:,} 個 · {steps:,} ステップ · {minutes} 分"
)
_MINUTES = Text(en="{minutes} min", ja="{minutes} 分")
_STATES: dict[Progress | None, Text] = {
    "done": Text(en="✓ done", ja="✓ 完了"),
    "begun": Text(en="▸ begun", ja="▸ 途中"),
    None: Text(en="", ja=""),
}
_PAGE = Text(
    en="{file}: a document to play. Prose, code and graph stand side by side, block by block.",
    ja="{file}: 文書。文章・コード・グラフを並べて、ブロックごとにたどります。",
)
_RUN = Text(
    en="A training run. Enter shows its loss and what it wrote; each of its steps opens.",
    ja="訓練の記録です。Enter で損失と生成例を表示し、どのステップでも開けます。",
)
_EXPERIMENT = Text(
    en="An experiment: {runs} runs of {steps} steps, about {seconds} s",
    ja="実験：{steps} ステップの訓練を {runs} 回、約 {seconds} 秒",
)
_RECENT = Text(en="Opened before. Enter opens it again.", ja="前に開いたものです。Enter でもう一度開きます。")


class Picture(Widget):
    """The graph's outline: what depends on what, before any number is known. As large as there is room."""

    DEFAULT_CSS = "Picture { height: 1fr; margin: 1 0; }"

    thing: reactive[Thing | None] = reactive(None)

    def render(self) -> RichText:
        width, height = self.size
        if self.thing is None or width < 1 or height < 1:
            return RichText()
        from tracer.scene.canvas import draw
        from tracer.scene.outline import outline
        from tracer.scene.raster import Viewport

        scene = outline(self.thing.trace, width, height)
        canvas = draw(scene, Viewport(0, 0, min(scene.width, width), min(scene.height, height)))
        return canvas.text(cast("GradientTracer", self.app).palette)


class Preview(Vertical):
    """Shows one lesson, model or recent thing. The gallery says which."""

    lesson: reactive[Lesson | None] = reactive(None)
    page: reactive[Page | None] = reactive(None)
    """A document."""
    experiment: reactive[Experiment | None] = reactive(None)
    file: reactive[str | None] = reactive(None)
    """The file that opens the lesson, where no catalogue knows it."""
    recent: reactive[str | None] = reactive(None)
    """What was opened before, as it was typed, if that is what is marked."""
    progress: reactive[Progress | None] = reactive(None)
    lang: reactive[Lang] = reactive("en")

    def compose(self) -> ComposeResult:
        yield Static(id="preview-words", markup=False)
        yield Picture()
        yield Static(id="preview-program", markup=False)
        yield Static(id="preview-counts", markup=False)

    def on_mount(self) -> None:
        self._draw()

    def watch_lang(self) -> None:
        self._draw()

    def watch_progress(self) -> None:
        self._draw()

    def watch_recent(self) -> None:
        self._draw()

    def watch_page(self) -> None:
        self._draw()

    def watch_experiment(self) -> None:
        self._draw()

    def watch_lesson(self, lesson: Lesson | None) -> None:
        self.query_one(Picture).thing = None
        self._draw()
        if lesson is not None:
            self.set_timer(REST, partial(self._run, lesson))

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        lang, lesson = self.lang, self.lesson
        if lesson is None:
            page = self.page
            asked = self.experiment
            title = asked.title if asked is not None else page.title if page is not None else None
            self.border_title = Content(title[lang] if title is not None else self.recent or "")
            recent = _RUN if self.recent and is_run_here(self.recent) else _RECENT if self.recent else None
            words = _PAGE.format(file=page.path_in(lang).name) if page is not None else recent
            counts = ""
            if asked is not None:
                words = _asked(asked)
                counts = _EXPERIMENT.format(runs=len(asked.variants), steps=f"{asked.steps:,}", seconds=asked.seconds)[
                    lang
                ]
            self.query_one("#preview-words", Static).update(Prose(words[lang]) if words is not None else "")
            self.query_one("#preview-counts", Static).update(counts)
            self.query_one("#preview-program", Static).update("")
            return
        self.border_title = Content(f"{lesson.section}  {lesson.title[lang]}".strip())
        self.query_one("#preview-words", Static).update(RichGroup(Prose(lesson.intro[lang])))
        thing = self.query_one(Picture).thing
        size = _MINUTES.format(minutes=lesson.minutes)
        if thing is not None:
            start = thing.trace.cursor(0)
            steps = start.index(lesson.by or "edge")[1]  # as the stepper counts them
            size = _COUNTS.format(nodes=thing.trace.n_nodes, steps=steps, minutes=lesson.minutes)
            self.query_one("#preview-program", Static).update(next(iter(thing.trace.sources.values()), ""))
        self.query_one("#preview-counts", Static).update(f"{size[lang]}   {_STATES[self.progress][lang]}")

    def _run(self, lesson: Lesson) -> None:
        if lesson is self.lesson:
            app = cast("GradientTracer", self.app)
            app.library.ask(Request(self.file or lesson.name)).add_done_callback(partial(self._say_run, lesson))

    def _say_run(self, lesson: Lesson, run: Future[Any]) -> None:
        """Called in the thread that ran it. A lesson that cannot be run says so when it is opened."""
        if run.exception() is None and self.is_running:
            with suppress(RuntimeError):  # the app has ended meanwhile
                self.call_later(self._show, lesson, run.result())

    def _show(self, lesson: Lesson, thing: Thing) -> None:
        if lesson is self.lesson:
            self.query_one(Picture).thing = thing
            self._draw()


def _asked(experiment: Experiment) -> Text:
    """What it asks, and what is done."""
    asks, does = experiment.question, experiment.explanation
    return Text(f"{asks.en}\n\n{does.en}", f"{asks.ja}\n\n{does.ja}")
