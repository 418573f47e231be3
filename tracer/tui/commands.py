"""The command palette: everything a key does here, every lesson, every set of colours; found in either language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from rich.text import Text as RichText
from textual.command import DiscoveryHit, Hit, Hits, Provider

from tracer.text import LANGS, Lang, Text, clean
from tracer.tui.keys import face_of, rows
from tracer.tui.library import runs_here
from tracer.tui.themes import THEME_WORDS

if TYPE_CHECKING:
    from tracer.tui.app import GradientTracer
    from tracer.tui.view import View

_OPEN = Text(en="Open: {title}", ja="開く: {title}")
_NOTHING = Text(en="Nothing found.", ja="見つかりません。")
_MOVES = ("move", "select", "scroll", "panel", "panel_number", "close", "command_palette")
"""Actions that only make sense as keys."""
_FOLD_ALL = Text(en="Fold every part of the graph", ja="グラフのすべての部分を折りたたむ")
_LIMIT = Text(en="Boxes drawn: at most {n}", ja="描く箱の数: {n} 個まで")
_HOPS = Text(
    en="Boxes drawn: those up to {n} wires away from the one at hand", ja="描く範囲: いまの箱から線 {n} 本以内"
)
_NO_HOPS = Text(en="Boxes drawn: all, as far as there is room", ja="描く範囲: 上限まですべて")
_COMPARE = Text(en="Compare this run with {name}", ja="この訓練を {name} と比べる")
_COLOURS = Text(en="Colours: {name}", ja="配色: {name}")


LIMITS = (50, 100, 200, 300, 500)
"""Boxes drawn at most, as offered."""


@runtime_checkable
class Folds(Protocol):
    """A screen that shows a graph folded."""

    view: View

    def fold_all(self) -> None: ...
    def set_limit(self, limit: int) -> None: ...
    def set_hops(self, hops: int | None) -> None: ...


@runtime_checkable
class Compares(Protocol):
    """A screen that shows a training run."""

    def is_of(self, path: str) -> bool: ...
    def compare_with(self, path: str) -> None: ...


@dataclass(frozen=True)
class Command:
    """One line of the palette."""

    words: Text
    run: Callable[[], Any]
    key: str = ""
    """The key that does the same, to learn it by."""
    score: float = 1.0

    def prompt(self, lang: Lang) -> RichText:
        # Rich text, so that a bracket in a file's name is not read as markup
        return RichText.assemble(self.words[lang], (f"   {self.key}" if self.key else "", "dim"))


class Commands(Provider):
    """Finds commands by their words in either language, and shows them in the app's."""

    @property
    def tracer(self) -> GradientTracer:
        return cast("GradientTracer", self.app)

    def commands(self) -> Iterator[Command]:
        """What can be done on the screen from which the palette was opened."""
        screen, app = self.screen, self.tracer
        for row in rows(*getattr(screen, "PLACES", ()), "app"):
            if row.action.partition("(")[0] not in _MOVES:
                owner = app if row.place == "app" else screen
                run = partial(app.run_action, row.action, owner)
                yield Command(row.words, run, "  ".join(face_of(key) for key in row.keys[:2]))
        for theme, name in THEME_WORDS.items():
            yield Command(_COLOURS.format(name=name), partial(app.set_theme, theme))
        if isinstance(screen, Folds) and screen.view.folding is not None:
            yield Command(_FOLD_ALL, screen.fold_all)
            for n in LIMITS:
                yield Command(_LIMIT.format(n=n), partial(screen.set_limit, n))
            for hops in (1, 2, 3):
                yield Command(_HOPS.format(n=hops), partial(screen.set_hops, hops))
            yield Command(_NO_HOPS, partial(screen.set_hops, None))
        if isinstance(screen, Compares):
            for path in runs_here():
                if not screen.is_of(path):
                    yield Command(_COMPARE.format(name=clean(path)), partial(screen.compare_with, path))
        for lesson in app.catalogue.lessons if app.catalogue is not None else ():
            title = Text(*(f"{lesson.section} {lesson.title[lang]}".strip() for lang in LANGS))
            yield Command(_OPEN.format(title=title), partial(app.open_thing, lesson.name))
        for page in app.catalogue.pages if app.catalogue is not None else ():
            yield Command(_OPEN.format(title=page.title), partial(app.open_thing, str(page.path_in(app.lang))))

    async def discover(self) -> Hits:
        for command in self.commands():
            yield DiscoveryHit(command.prompt(self.tracer.lang), command.run, text=command.words[self.tracer.lang])

    async def search(self, query: str) -> Hits:
        matcher, lang, found = self.matcher(query), self.tracer.lang, False
        for command in self.commands():
            score = max(matcher.match(command.words[lang]) for lang in LANGS)
            if score > 0:
                found = True
                yield Hit(score, command.prompt(lang), command.run, text=command.words[lang])
        if not found:  # Textual would say so in English
            yield Hit(1.0, RichText(_NOTHING[lang]), _do_nothing, text=query)


def _do_nothing() -> None:
    """What "nothing found" does."""
