"""The app owns the state: language, colours, settings and what is open. Screens draw it and ask the app to change it.

Programs never run here: the library asks the runner, which runs them in a child process while the app stays at work.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.filter import LineFilter
from textual.notifications import Notify
from textual.reactive import reactive
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widget import Widget

from tracer.errors import TracerError
from tracer.scene.glyphs import GlyphSet
from tracer.scene.palette import DARK, PALETTES, Palette
from tracer.text import LANGS, Lang, Text
from tracer.tui.commands import Commands
from tracer.tui.filter import GlyphFilter
from tracer.tui.keys import ascii_twin, bindings, name_of
from tracer.tui.library import Library, open_with_runner
from tracer.tui.messages import CatalogueRead, LessonEnded, Opened, OpenFailed, Request
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.dialog import Dialog
from tracer.tui.settings import Settings, SettingsFile
from tracer.tui.themes import THEME_WORDS, THEMES

if TYPE_CHECKING:
    from tracer.lessons.content import Catalogue
    from tracer.lessons.documents.course import Course
    from tracer.lessons.documents.document import Document
    from tracer.lessons.runner import Thing
    from tracer.tui.opened_run import OpenedRun
    from tracer.tui.running import Running

PATIENCE = 0.25
"""Seconds an opening may take before the app says that it is at it: a lesson is usually there sooner."""


LONGEST_WAIT = 5.0
"""Seconds a key waits for those typed before it."""
ASKED_AGAIN = 0.002
"""Seconds until keys that had to wait are looked at again: those before them need the loop."""
CLOSING = ("escape", "enter")
"""Keys after which a dialog may be gone."""


class WholeCells(ScrollBarRender):
    """Scroll bars of whole cells: the eighths of a cell that Textual draws are ragged in ASCII."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


class GradientTracer(App[None]):
    """The terminal app.

    Args:
        settings: what it remembers; kept in memory only by default.
        glyphs: `unicode`, `safe` or `ascii`: see `tracer.tui.terminal.choose_glyphs`.
        first: what to open instead of the gallery.
        thing: `first`, where it was opened already.
        training: a training run to show instead.
        screen: makes another screen to show instead.
        lang: the language of this run; the one remembered if None.
        library: how things are opened.
    """

    TITLE = "Gradient Tracer"
    CSS_PATH = "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app")]
    COMMANDS: ClassVar = {Commands}

    lang: reactive[Lang] = reactive("en", init=False)
    catalogue: reactive[Catalogue | None] = reactive(None, init=False)
    """Every lesson and model; None until a worker has read them."""

    def __init__(
        self,
        settings: SettingsFile | None = None,
        *,
        glyphs: GlyphSet = "unicode",
        first: Request | None = None,
        thing: Thing | None = None,
        training: Running | None = None,
        screen: Callable[[], AppScreen[None]] | None = None,
        lang: Lang | None = None,
        library: Library | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings or SettingsFile(None)
        self.library = library or Library(open_with_runner)
        ScrollBar.renderer = WholeCells
        self._glyph_filter = GlyphFilter(glyphs)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.settings.now.theme if self.settings.now.theme in THEME_WORDS else DARK.name
        self.set_reactive(GradientTracer.lang, lang or self.settings.now.lang or "en")
        self._ask_language = lang is None and self.settings.now.lang is None
        self._first, self._first_thing, self._training, self._first_screen = first, thing, training, screen
        self._opening: Request | None = None
        self._told_on: Screen[Any] | None = None
        """The screen on which the message was said that is being shown."""
        self._typed_into: WeakKeyDictionary[events.Key, Widget | None] = WeakKeyDictionary()
        """What had the focus when a key was typed; until the key is dealt with, another screen may be on top."""
        self._keys: deque[events.Key] = deque()
        """Keys that wait for those typed before them."""
        self._asks_again = False

    # --- starting

    def get_default_screen(self) -> Screen[Any]:
        """The gallery, where it comes first: Textual's blank screen would cost a frame."""
        instead = self._first, self._training, self._first_screen
        if instead == (None, None, None) and not self._ask_language:
            from tracer.tui.screens.gallery import GalleryScreen

            return GalleryScreen()
        return super().get_default_screen()

    def on_mount(self) -> None:
        if not self.is_headless:
            with suppress(NotImplementedError, RuntimeError):  # Windows, or not in the main thread
                for ending in (signal.SIGTERM, signal.SIGHUP):  # leave the terminal as it was found
                    asyncio.get_running_loop().add_signal_handler(ending, partial(self.exit, return_code=128 + ending))
        if self._ask_language:
            from tracer.tui.screens.language import LanguageScreen

            self.push_screen(LanguageScreen(), self._language_chosen)
        else:
            self._show_first()

    def on_ready(self) -> None:
        """The first frame is there: now for what would have kept it waiting."""
        Thread(target=self._read_catalogue, name="catalogue", daemon=True).start()
        if not gc.isenabled():
            gc.freeze()  # what start-up made stays; no collection need look at it again
            gc.enable()

    def _read_catalogue(self) -> None:
        from tracer.lessons.content import catalogue

        try:
            found = catalogue()
        except TracerError as error:  # an installation without its lessons still opens files
            self.call_from_thread(self.notify, error.told(self.lang), severity="error", markup=False)
        else:
            self.post_message(CatalogueRead(found))

    def _show_first(self) -> None:
        if self._training is not None:
            from tracer.tui.screens.training import TrainingScreen

            self.push_screen(TrainingScreen(self._training))
        elif self._first_screen is not None:
            self.push_screen(self._first_screen())
        elif self._first is None:
            self.show_gallery()
        elif self._first_thing is None:
            self._open(self._first)
        else:
            self._show(self._first, self._first_thing)

    # --- what is said in passing

    def _on_notify(self, event: Notify) -> None:
        """One message at a time: the last one. Textual then shows it."""
        self._notifications.clear()
        self._told_on = self.screen

    def forget_told(self, screen: Screen[Any]) -> None:
        """`screen` is on top now: what was said on another one is over."""
        if self._told_on is not screen:
            self.clear_notifications()

    # --- keys

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            if not event.is_forwarded:
                self._keys.append(event)
                await self._hand_on()
                return
            if event in self._typed_into:  # nobody wanted it there: it has come back
                focused, dialog = self._typed_into.pop(event), self.screen
                if isinstance(dialog, Dialog) and not _within(focused, dialog) and dialog.type_ahead(event):
                    return
        await super().on_event(event)

    async def _hand_on(self) -> None:
        """Give the keys away, in the order of typing, as far as they overtake none."""
        while self._keys and not self._overtakes(self._keys[0]):
            event = self._ascii_key(self._keys.popleft())
            self._typed_into[event] = self.focused
            await super().on_event(event)
            if not event.is_forwarded:  # taken before any widget saw it: nobody will say that it is dealt with
                self._typed_into.pop(event, None)
        if self._keys and not self._asks_again:
            self._asks_again = True
            self.set_timer(ASKED_AGAIN, self._hand_on_later)

    async def _hand_on_later(self) -> None:
        self._asks_again = False
        await self._hand_on()

    def _overtakes(self, event: events.Key) -> bool:
        """Whether keys typed before it are still on their way to the dialog on top, or about to close it."""
        dialog = self.screen
        if not isinstance(dialog, Dialog) or monotonic() - event.time > LONGEST_WAIT:
            return False
        return bool(dialog.ahead) or any(
            not _within(focused, dialog) or key.key in CLOSING
            for key, focused in self._typed_into.items()
            if not key._stop_propagation  # else it was dealt with
        )

    def _ascii_key(self, event: events.Key) -> events.Key:
        """A key typed while a Japanese input method is on, as its ASCII twin; text fields get what was typed."""
        typed = event.character
        if not typed or typed.isascii() or (self.focused and self.focused.check_consume_key(event.key, typed)):
            return event
        twin = ascii_twin(typed)
        return event if twin == typed else events.Key(name_of(twin), twin)

    # --- what is open

    def on_catalogue_read(self, message: CatalogueRead) -> None:
        self.catalogue = message.catalogue
        problems = message.catalogue.problems[:3]
        if problems:  # whoever writes a lesson wants to know; the others work
            self.notify("\n".join(map(str, problems)), severity="warning", timeout=10, markup=False)

    def open_thing(
        self,
        name: str,
        assignments: Mapping[str, float] | None = None,
        *,
        at: int | None = None,
        quiz: bool = False,
        export: bool = False,
    ) -> None:
        """Run or read `name` in the background, then walk it.

        Args:
            name, assignments: as the command line takes them.
            at: position to start from, `AT_THE_END` too.
            quiz: whether gradients are blanks to fill in.
            export: whether to ask at once how its picture is to be saved.
        """
        self._open(Request(name, tuple((assignments or {}).items()), at, quiz, export))

    def _open(self, request: Request) -> None:
        self._opening = request
        run = self.library.ask(request, fresh=not self._is_ours(request.name))
        run.add_done_callback(partial(self._say_opened, request))
        self.set_timer(PATIENCE, partial(self._say_opening, request))

    def _is_ours(self, name: str) -> bool:
        if self.catalogue is None:
            return False
        return any(lesson.name == name for lesson in (*self.catalogue.lessons, *self.catalogue.models))

    def _say_opened(self, request: Request, run: Future[Thing | Document | Course | OpenedRun]) -> None:
        """Called in whatever thread finished it."""
        error = run.exception()
        with suppress(RuntimeError):  # the app has ended meanwhile
            if error is None:
                self.post_message(Opened(request, run.result()))
            elif isinstance(error, TracerError):
                self.post_message(OpenFailed(request, error.told(self.lang)))
            else:
                self.call_later(self._fail, error)

    def _fail(self, error: BaseException) -> None:
        """Our own mistake: end with its traceback."""
        raise error

    def _say_opening(self, request: Request) -> None:
        from tracer.tui.screens.opening import OpeningScreen

        if self._opening is request:
            self.push_screen(OpeningScreen(request.name))

    def stop_opening(self) -> None:
        """End the program that is being run; what it has computed by then opens."""
        if self._opening is not None:
            self.library.stop(self._opening)

    def give_up_opening(self) -> None:
        """Stop waiting."""
        self._opening = None
        self._close_opening()
        if len(self.screen_stack) == 1:
            self.show_gallery()

    def _close_opening(self) -> None:
        from tracer.tui.screens.opening import OpeningScreen

        if any(isinstance(screen, OpeningScreen) for screen in self.screen_stack):
            while not isinstance(self.screen, OpeningScreen):  # help may lie over it
                self.pop_screen()
            self.pop_screen()

    def on_opened(self, message: Opened) -> None:
        if message.request is self._opening:  # else the user went elsewhere meanwhile
            self._opening = None
            self._close_opening()
            self._show(message.request, message.thing)

    def on_open_failed(self, message: OpenFailed) -> None:
        from tracer.tui.screens.notice import NoticeScreen

        if message.request is self._opening:
            self._opening = None
            self._close_opening()
            if len(self.screen_stack) == 1:
                self.show_gallery()
            title = Text(en="This cannot be opened", ja="開けませんでした")
            self.push_screen(NoticeScreen(title, Text.same(message.reason)))

    def _show(self, request: Request, thing: Thing | Document | Course | OpenedRun) -> None:
        """Whatever was opened, in place of what was walked before."""
        from tracer.lessons.runner import Thing

        if isinstance(thing, Thing):
            self._walk(request, thing)
            return
        from tracer.lessons.documents.course import Course
        from tracer.lessons.documents.document import Document

        if isinstance(thing, Course):
            self._list(request, thing)
        elif isinstance(thing, Document):
            self._play(request, thing)
        else:
            self._show_run(request, thing)

    def _show_run(self, request: Request, run: OpenedRun) -> None:
        """A training run out of its folder."""
        from tracer.tui.screens.training import TrainingScreen

        self._to_gallery()
        self.remember(lambda now: now.opened(request.words))
        self.push_screen(TrainingScreen(run))

    def _list(self, request: Request, course: Course) -> None:
        """A folder of lessons and documents."""
        from tracer.tui.screens.gallery import GalleryScreen

        self._to_gallery(from_documents=True)
        self.remember(lambda now: now.opened(request.words))
        self.push_screen(GalleryScreen(course))
        if course.problems:
            self.notify("\n".join(map(str, course.problems[:3])), severity="warning", timeout=10, markup=False)

    def _play(self, request: Request, document: Document) -> None:
        """A document, block by block."""
        from tracer.tui.screens.document import DocumentScreen

        self._to_gallery(from_documents=True)
        self.remember(lambda now: now.opened(request.words))
        self.push_screen(
            DocumentScreen(
                document,
                block=request.block,
                at=request.at,
                values=dict(request.assignments),
                run=bool(request.run),
                quiz=request.quiz,
            )
        )

    def _walk(self, request: Request, thing: Thing) -> None:
        """Step through `thing`, in place of what was walked before."""
        self._to_gallery()
        if thing.lesson is not None:
            name = thing.lesson.name
            self.remember(lambda now: now.began(name))
        else:
            self.remember(lambda now: now.opened(request.words))
        if thing.compare is not None and not (request.quiz or request.export or request.seeks):
            from tracer.tui.screens.lockstep import LockstepScreen

            self.push_screen(LockstepScreen(thing, at=request.at))
            return
        from tracer.tui.screens.stepper import StepperScreen

        stepper = StepperScreen(thing, at=request.at, quiz=request.quiz)
        stepper.begin_with(request.breaks, request.watches)
        self.push_screen(stepper)
        if request.find:
            stepper.call_after_refresh(stepper.find_first, request.find)
        if request.export:
            stepper.call_after_refresh(stepper.action_export)

    def show_gallery(self) -> None:
        """Back to the gallery, or to the document that a lesson was opened from."""
        self._to_gallery()
        if not (isinstance(self.screen, AppScreen) and self.screen.COMES_BACK):
            from tracer.tui.screens.gallery import GalleryScreen

            self.push_screen(GalleryScreen())

    def _to_gallery(self, *, from_documents: bool = False) -> None:
        """Take away every screen above one that is come back to; all of ours if there is none.

        Args:
            from_documents: whether a document goes, too.
        """
        while len(self.screen_stack) > 1:
            screen = self.screen
            document = isinstance(screen, AppScreen) and "document" in screen.PLACES
            if isinstance(screen, AppScreen) and screen.COMES_BACK and not (document and from_documents):
                break
            self.pop_screen()

    def on_lesson_ended(self, message: LessonEnded) -> None:
        from tracer.tui.screens.endcard import EndCardScreen

        lesson = message.thing.lesson
        assert lesson is not None, "only a lesson ends with a card"
        self.remember(lambda now: now.finished(lesson.name))
        following = None
        with suppress(TracerError):  # somebody's own lesson may name one that is not there
            following = self.catalogue.after(lesson) if self.catalogue is not None else None
        self.push_screen(EndCardScreen(message.thing, following))

    # --- what is remembered

    def remember(self, change: Callable[[Settings], Settings]) -> None:
        """Apply `change` to the settings. If they cannot be saved, say so once and go on."""
        known = self.settings.problem
        self.settings.change(change)
        if self.settings.problem is not None and known is None:
            self.notify(self.settings.problem[self.lang], severity="warning", timeout=10, markup=False)

    # --- language and colours

    def _language_chosen(self, lang: Lang | None) -> None:
        self.set_language(lang or "en")
        self._show_first()

    def set_language(self, lang: Lang) -> None:
        """Show everything in `lang`, now and next time."""
        self.lang = lang
        self.remember(lambda now: replace(now, lang=lang))

    def action_switch_lang(self) -> None:
        self.set_language(LANGS[(LANGS.index(self.lang) + 1) % len(LANGS)])

    @property
    def palette(self) -> Palette:
        """The colours in use, for what is drawn with Rich."""
        return PALETTES.get(self.theme, DARK)

    def set_theme(self, name: str) -> None:
        """Use these colours, now and next time."""
        self.theme = name
        self.remember(lambda now: replace(now, theme=name))

    def action_switch_theme(self) -> None:
        names = list(THEME_WORDS)
        self.set_theme(names[(names.index(self.theme) + 1) % len(names)])
        self.notify(THEME_WORDS[self.theme][self.lang], timeout=1.5, markup=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        glyphs = [self._glyph_filter] if self._glyph_filter.enabled else []
        return [*super().get_line_filters(), *glyphs]

    # --- what every screen can do

    def action_help(self) -> None:
        from tracer.tui.screens.help import HelpScreen

        if isinstance(self.screen, AppScreen) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen.PLACES, self.screen.texts()))

    async def action_back(self) -> None:
        """One screen back; from the first one, quit."""
        if isinstance(self.screen, AppScreen) and self.screen.leave():
            return
        if self.can_go_back:
            self.pop_screen()
        else:
            self.exit()

    def action_close(self) -> None:
        """One screen back; the first one stays."""
        if isinstance(self.screen, AppScreen) and self.screen.leave():
            return
        if self.can_go_back:
            self.pop_screen()

    @property
    def can_go_back(self) -> bool:
        """Whether there is a screen of ours below the one on top."""
        return self.comes_back_from(self.screen)

    def comes_back_from(self, screen: Screen[Any]) -> bool:
        """Whether there is a screen of ours below a screen, whatever is above it."""
        stack = self.screen_stack
        place = stack.index(screen) if screen in stack else 0
        return place > 0 and isinstance(stack[place - 1], AppScreen)

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder=_PALETTE[self.lang], id="--command-palette"))

    def action_help_quit(self) -> None:
        """Ctrl-C: Textual's own words are English and name one key."""
        self.notify(_QUIT[self.lang], markup=False)


def _within(widget: Widget | None, screen: Screen[Any]) -> bool:
    """Whether a widget is part of a screen; one that is gone is part of none."""
    return widget is not None and screen in widget.ancestors_with_self


_PALETTE = Text(en="What do you want to do?", ja="何をしますか？")
_QUIT = Text(en="q goes back and quits; ctrl+q quits at once.", ja="q で戻る・終了。ctrl+q ですぐに終了します。")
