"""The command palette: everything a key does here, every lesson, every set of colours; found in either language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text as RichText
from textual.command import DiscoveryHit, Hit, Hits, Provider

from tracer.text import LANGS, Lang, Text
from tracer.tui.keys import face_of, rows
from tracer.tui.themes import THEME_WORDS

if TYPE_CHECKING:
    from tracer.tui.app import GradientTracer

_OPEN = Text(en="Open: {title}", ja="開く: {title}")
_NOTHING = Text(en="Nothing found.", ja="見つかりません。")
_MOVES = ("move", "select", "scroll", "panel", "close", "command_palette")
"""Actions that only make sense as keys."""
_COLOURS = Text(en="Colours: {name}", ja="配色: {name}")


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
