"""What every screen has: the app's language, and a word instead of a muddle when the terminal is too small."""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import events
from textual.geometry import Size
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from tracer.text import Lang, Text
from tracer.tui.keys import Place
from tracer.tui.lines import Uncovered

if TYPE_CHECKING:
    from tracer.tui.app import GradientTracer

Result = TypeVar("Result")

LEAST = Size(80, 24)
"""The smallest terminal the screens are laid out for."""
HANDED_OVER = 0.0003
"""Seconds that the writer of frames is left alone after each: else Python lets it begin when all else that a key asks
for is done, and in the middle of an array's arithmetic not at all."""
WIDE = 110
"""From this width on, screens have room to the side (class `-wide`)."""
TALL = 50
"""From this height on, they have room below (class `-tall`)."""


class TooSmall(Widget):
    """Covers the screen while the terminal is smaller than `LEAST`. Fits 20x5."""

    WORDS: ClassVar[Text] = Text(
        en="Terminal too small\n{width}x{height}, needs {least}\nq quits",
        ja="画面が小さすぎます\n{width}x{height} → {least} 以上\nq で終了",
    )
    lang: reactive[Lang] = reactive("en")

    def on_mount(self) -> None:
        self.watch(self.app, "lang", self._follow_language)

    def _follow_language(self, lang: Lang) -> None:
        self.lang = lang

    def render(self) -> str:
        size = self.screen.size
        return self.WORDS.format(width=size.width, height=size.height, least="x".join(map(str, LEAST)))[self.lang]


class AppScreen(Screen[Result]):
    """A screen of this app. Its `lang` follows the app's, so that widgets can bind to it."""

    PLACES: ClassVar[tuple[Place, ...]] = ()
    """Whose rows of the key table work here, besides the app's: for the help and the palette."""
    COMES_BACK: ClassVar[bool] = False
    """Whether what is opened from here lies above it, and closing that comes back: a list, a document."""

    lang: reactive[Lang] = reactive("en", init=False)

    def __init__(self) -> None:
        super().__init__()
        self.set_reactive(AppScreen.lang, self.tracer.lang)
        self._uncovered = Uncovered()
        self._grade(self.app.size)  # known now, so that nothing is styled twice

    @property
    def tracer(self) -> GradientTracer:
        """The app, with its type."""
        return cast("GradientTracer", self.app)

    def leave(self) -> bool:
        """Called before `q` or Esc goes back: True if the screen did something else instead."""
        return False

    def texts(self) -> tuple[tuple[Text, Text], ...]:
        """What the help tells of this screen besides its keys: headings and paragraphs, what is in front first."""
        return ()

    def _on_mount(self, event: events.Mount) -> None:
        super()._on_mount(event)
        self.watch(self.app, "lang", self._follow_language)

    def _follow_language(self, lang: Lang) -> None:
        self.lang = lang

    def _compositor_refresh(self) -> None:
        """A frame, and a moment in which the thread that writes frames can write it."""
        changed = bool(self._compositor._dirty_regions)
        self._frame()
        if changed and not self.app.is_headless:
            sleep(HANDED_OVER)

    def _frame(self) -> None:
        """What Textual does for a frame, in short where only lines of panels have changed."""
        app, compositor = self.app, self._compositor
        if self is not app.screen or app.is_inline or not compositor._dirty_regions:
            super()._compositor_refresh()
            return
        update = self._uncovered.update(self, compositor._dirty_regions)
        if update is None:
            super()._compositor_refresh()
            return
        compositor._dirty_regions.clear()
        app._display(self, update)
        self._dirty_widgets.clear()
        app._update_mouse_over(self)

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def on_screen_resume(self) -> None:
        self._fit(self.app.size)  # it may have been resized while another screen was on top
        self.tracer.forget_told(self)

    def _fit(self, size: Size) -> None:
        small = size.width < LEAST.width or size.height < LEAST.height
        if small and not self.query(TooSmall):
            self.mount(TooSmall())
        self.set_class(small, "-too-small")
        self._grade(size)

    def _grade(self, size: Size) -> None:
        self.set_class(size.width >= WIDE, "-wide")
        self.set_class(size.height >= TALL, "-tall")
