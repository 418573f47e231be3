"""A framed panel made of lines. Only lines that changed are painted again, once, however much of the view changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from rich.text import Span
from rich.text import Text as RichText
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tracer.scene.palette import DARK, PALETTES, Palette
from tracer.text import Lang, Text
from tracer.tui.view import View

MORE = Text(en="{lines} more", ja="あと {lines} 行")
WHEEL = 2
"""Lines that one notch of the wheel moves."""
WRITTEN_AT_ONCE = 12
"""Lines that are made ready for the terminal between two looks at what else there is to do."""
KEPT = 24
"""Pictures that a panel remembers: of the view on screen, those before it, and those that may come next."""


@dataclass(frozen=True)
class Painted:
    """What a panel painted. It follows from `inputs` alone, so it may be shown whenever they are the same again."""

    inputs: tuple[Any, ...]
    lines: list[Strip]
    state: tuple[Any, ...]
    """What `Panel.PAINTED` names."""


class Panel(Widget, can_focus=True):
    """Draws the view it is given. Subclasses say what with `paint`."""

    DEFAULT_CSS = """
    Panel {
        border: round $border-blurred; background: $surface; color: $foreground;
        border-title-color: $foreground; border-title-style: bold;
        border-subtitle-color: $text-muted; border-subtitle-background: $surface;
    }
    Panel:focus { border: round $border; border-title-color: $accent; }
    """
    HEADING: ClassVar[Text] = Text.same("")
    GROUND: ClassVar[Literal["surface", "background"]] = "surface"
    PUSHED: ClassVar[tuple[str, ...]] = ()
    """What the user can push or scroll, by attribute: `let_go` takes it back."""
    PAINTED: ClassVar[tuple[str, ...] | None] = None
    """What `paint` sets besides the lines it gives back, by attribute; None: what was painted is not remembered."""

    view: reactive[View | None] = reactive(None, repaint=False, init=False)
    lang: reactive[Lang] = reactive("en", repaint=False, init=False)
    heading: reactive[str] = reactive("", init=False)
    """Instead of the panel's own name, where several share one place."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[Strip] = []
        self._below = self._said_below = ""
        self._drawn: tuple[Any, ...] = ()
        """What `_lines` were painted from."""
        self._remembered: list[Painted] = []
        """The latest last."""
        self.later: Callable[[Panel], None] | None = None
        """Who paints a view that takes long, once what the other panels show of it is on screen; None: it is painted
        with them."""

    def paint(self, view: View, size: Size) -> list[Strip]:
        """The lines of `view`; at most `size.height` are shown."""
        raise NotImplementedError

    @property
    def palette(self) -> Palette:
        """The colours of the app's theme."""
        return PALETTES.get(self.app.theme, DARK)

    @property
    def ground(self) -> Style:
        """What everything is written on."""
        return _ground(self.palette, self.GROUND)

    def strips(self, lines: Iterable[RichText], width: int) -> list[Strip]:
        """Rich lines, each at most `width` cells, as strips of just that width."""
        ground = self.ground
        return [_strip(line.plain, line.style, tuple(line.spans), width, ground) for line in lines]

    def wrapped(self, paragraphs: Iterable[RichText], width: int) -> list[Strip]:
        """Rich paragraphs, broken into lines."""
        console = self.app.console
        return self.strips([line for words in paragraphs for line in words.wrap(console, width)], width)

    # Painting

    def watch_view(self) -> None:
        self.let_go()
        if self.later is not None and self.takes_long and self._painted_before(self._inputs(self.size)) is None:
            self.later(self)
        else:
            self.redraw()

    @property
    def takes_long(self) -> bool:
        """Whether to paint the view takes many times longer than a line of words does."""
        return False

    def let_go(self) -> None:
        """Another view is to be shown: take back what the user has pushed or scrolled."""

    def watch_lang(self) -> None:
        self.set_heading()
        self.redraw()

    def watch_heading(self) -> None:
        self.set_heading()

    def on_mount(self) -> None:
        self.set_heading()

    def say_below(self, words: str) -> None:
        """What is to stand in the lower border: the name of a node or a file too, so brackets in it are brackets."""
        self._below = words

    def set_heading(self) -> None:
        """The frame's title, in the present language."""
        self.border_title = Content(self.heading or self.HEADING[self.lang])

    def redraw(self) -> None:
        """Paint anew what differs from what is on screen."""
        size = self.size
        if not self.is_mounted or not size or not self.display:
            return  # painted when it is shown
        before = self._lines
        said = self._renew(size)
        if len(before) == len(self._lines):
            both = enumerate(zip(self._lines, before, strict=True))
            changed = [y for y, (line, old) in both if line is not old and line != old]
            if not changed and not said:
                return
            if changed:
                self.refresh(*(Region(0, y, size.width, 1) for y in changed))
        else:
            self.refresh()
        # Each panel would tell the screen by a message of its own, and the first one's frame would be painted before
        # the last one was heard: told at once, all panels of a step are in one frame, and that frame comes sooner.
        self.screen._dirty_widgets.add(self)
        self.screen.check_idle()

    def _inputs(self, size: Size) -> tuple[Any, ...]:
        """All that a picture follows from, the view first."""
        return (self.view, self.lang, self.app.theme, size, *(getattr(self, name) for name in self.PUSHED))

    def _renew(self, size: Size) -> bool:
        """Paint; whether the lower border says something else now."""
        self._repaint(size)
        if self._below == self._said_below:
            return False
        self._said_below = self._below
        # `border_subtitle = …` would have the whole panel painted again
        self._border_subtitle = Content(self._below).expand_tabs(4).split()[0]
        self.refresh(Region(0, size.height, size.width, 1))
        return True

    def _repaint(self, size: Size) -> None:
        self._drawn = self._inputs(size)
        kept = self._painted_before(self._drawn)
        if kept is not None and self.PAINTED is not None:
            self._lines = kept.lines
            for name, value in zip(self.PAINTED, kept.state, strict=True):
                setattr(self, name, value)
        else:
            self._lines = self._painted(self.view, size)
            self._remember(Painted(self._drawn, self._lines, self._state()))

    def _painted_before(self, inputs: tuple[Any, ...]) -> Painted | None:
        return next((one for one in self._remembered if one.inputs == inputs), None)

    def _painted(self, view: View | None, size: Size) -> list[Strip]:
        return self.filled(self.paint(view, size) if view is not None else [], size)

    def filled(self, lines: list[Strip], size: Size) -> list[Strip]:
        """Just as many lines as there is room for."""
        return [*lines, *[Strip.blank(size.width, self.ground)] * (size.height - len(lines))][: size.height]

    # Painting ahead

    @property
    def settled(self) -> bool:
        """Whether what it paints follows from `_inputs` alone."""
        return True

    def _state(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.PAINTED or ())

    def _remember(self, painted: Painted) -> None:
        if self.PAINTED is not None and self.settled:
            self._remembered = [*(one for one in self._remembered if one.inputs != painted.inputs), painted][-KEPT:]

    def paint_ahead(self, view: View) -> Iterator[None]:
        """Paint a view that may be shown next, and remember it, in small pieces. What is on screen stays as it is."""
        size = self.size
        if self.PAINTED is None or not self.settled or not self.is_mounted or not size or not self.display:
            return
        names = (*self.PAINTED, *self.PUSHED)
        before = [getattr(self, name, None) for name in names]
        self.let_go()
        inputs = (view, *self._inputs(size)[1:])
        lines: list[Strip] = []
        kept = self._painted_before(inputs)
        if kept is None:
            lines = self._painted(view, size)
            kept = Painted(inputs, lines, self._state())
        self._remember(kept)  # as the latest: it is forgotten after those that are less likely
        for name, value in zip(names, before, strict=True):
            setattr(self, name, value)
        for y, line in enumerate(lines):
            if y % WRITTEN_AT_ONCE == 0:
                yield
            if self.size == size:
                self._for_terminal(line).render(self.app.console)  # a strip remembers it

    def render_lines(self, crop: Region) -> list[Strip]:
        size = self.size
        if self._drawn != self._inputs(size):  # first shown, resized, or in other colours
            self._renew(size)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        return self._lines[y]

    def terminal_line(self, y: int) -> Strip:
        """A line as the terminal gets it: in its colours and glyphs."""
        return self._for_terminal(self._lines[y])

    def lower_border(self) -> Strip:
        """The lower border as the terminal gets it, between its corners."""
        size, left = self.outer_size, self.gutter.left
        line = self.render_lines(Region(0, size.height - 1, size.width, 1))[0]
        return line.crop(left, left + self.size.width)

    def _for_terminal(self, line: Strip) -> Strip:
        line = line.adjust_cell_length(self.size.width, self.ground)
        for line_filter in self.get_line_filters():
            line = line.apply_filter(line_filter, self.background_colors[1])
        return line


class ScrollingPanel(Panel):
    """A panel whose text may be longer than it is high: the wheel moves it, and the frame says how much there is."""

    PUSHED = ("_top",)
    PAINTED = ("_below", "_length", "_shown_top")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._top: int | None = None
        """First line shown, where the user has scrolled; None leaves it to `start`."""
        self._length = 0

    def document(self, view: View, width: int) -> list[Strip]:
        """All of the lines."""
        raise NotImplementedError

    def shorten(self, lines: list[Strip], height: int) -> list[Strip]:
        """The same lines, closer together if that makes them fit."""
        for blank in [i for i, line in enumerate(lines) if not line.text.strip()][: max(0, len(lines) - height)][::-1]:
            lines = lines[:blank] + lines[blank + 1 :]
        return lines

    def start(self, lines: int, height: int) -> int:
        """The first line to show when nobody has scrolled."""
        return 0

    def let_go(self) -> None:
        self._top = None

    def paint(self, view: View, size: Size) -> list[Strip]:
        lines = self.shorten(self.document(view, size.width), size.height)
        self._length = len(lines)
        top = self.start(len(lines), size.height) if self._top is None else self._top
        top = max(0, min(top, len(lines) - size.height))
        below = len(lines) - size.height - top
        self.say_below(MORE.format(lines=below)[self.lang] if below > 0 else "")
        self._shown_top = top
        return lines[top : top + size.height]

    def scroll_lines(self, n: int) -> None:
        """Move the text by `n` lines, as far as there is text."""
        last = max(0, self._length - self.size.height)
        self._top = max(0, min((self._shown_top if self._top is None else self._top) + n, last))
        self.redraw()

    _shown_top = 0

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-WHEEL)

    def key_down(self) -> None:
        self.scroll_lines(1)

    def key_up(self) -> None:
        self.scroll_lines(-1)


@lru_cache(maxsize=4096)
def _strip(plain: str, style: str | Style, spans: tuple[Span, ...], width: int, ground: Style) -> Strip:
    """One line of Rich text as a strip. Most lines of a step are those of the step before: they are kept.

    Where spans overlap, the later one wins, as in Rich.
    """
    base = ground + (Style.parse(style) if isinstance(style, str) else style)
    cuts = sorted({0, len(plain), *(min(at, len(plain)) for span in spans for at in (span.start, span.end))})
    segments = []
    for start, end in pairwise(cuts):
        look = base
        for span in spans:
            if span.start <= start and end <= span.end:
                look += Style.parse(span.style) if isinstance(span.style, str) else span.style
        segments.append(Segment(plain[start:end], look))
    return Strip(segments).adjust_cell_length(width, ground)


@cache
def _ground(palette: Palette, name: str) -> Style:
    return Style(color=palette.text, bgcolor=palette.surface if name == "surface" else palette.background)
