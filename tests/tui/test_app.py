"""The shell, driven by keys: gallery, find, first run, help, palette, colours, languages, sizes."""

from __future__ import annotations

import asyncio
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual import events
from textual.widgets import Input, OptionList
from textual.widgets._toast import Toast

from tests.tui.shell import CONTENT, remembering, shown, small_content, until, until_pictured
from tracer.errors import ProgramError
from tracer.lessons.runner import open_thing
from tracer.scene.palette import PALETTES
from tracer.text import Lang
from tracer.tui.app import GradientTracer
from tracer.tui.keys import KEYS
from tracer.tui.library import Library
from tracer.tui.messages import LessonEnded, Request
from tracer.tui.screens.endcard import EndCardScreen
from tracer.tui.screens.exporting import ExportScreen
from tracer.tui.screens.gallery import GalleryScreen
from tracer.tui.screens.help import HelpScreen
from tracer.tui.screens.language import LanguageScreen
from tracer.tui.screens.notice import NoticeScreen
from tracer.tui.screens.opening import OpeningScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.settings import SettingsFile
from tracer.tui.themes import THEME_WORDS
from tracer.tui.widgets.keybar import KeyBar

pytestmark = pytest.mark.usefixtures("small_content")
__all__ = ["small_content"]


def gallery_list(app: GradientTracer) -> OptionList:
    return app.screen.query_one("#gallery-list", OptionList)


def marked(app: GradientTracer) -> str | None:
    option = gallery_list(app).highlighted_option
    return option.id if option is not None else None


# --- gallery


async def test_the_gallery_lists_everything_and_starts_at_the_beginning() -> None:
    app = GradientTracer(remembering(recent=("mine.py",)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        listed = "\n".join(line[:56] for line in shown(app).splitlines())
        order = [
            "Start here",
            "A product",
            "One number",
            "02 Second",
            "A graph",
            "Models",
            "A tiny",
            "Recent",
            "mine.py",
        ]
        places = [listed.index(words) for words in order]
        assert places == sorted(places)
        assert marked(app) == "lesson:start/01_product"


async def test_the_preview_shows_the_graph_and_counts_of_the_real_run_and_no_number() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        screen = shown(app)
        assert "d = a × b" in screen
        assert "3 nodes · 6 steps · 2 min" in screen
        assert "Two numbers and their product." in screen


async def test_progress_is_marked_and_the_first_lesson_to_do_is_offered() -> None:
    app = GradientTracer(remembering(progress={"start/01_product": "done", "second/01_graph": "begun"}))
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        screen = shown(app)
        assert "✓ A product" in screen
        assert "▸ 6.3" in screen
        assert "1/2" in screen
        assert marked(app) == "lesson:start/02_twice"


async def test_arrows_and_letters_move_over_headings() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        await pilot.press("down", "j")
        assert marked(app) == "lesson:second/01_graph"
        await pilot.press("up", "k")
        assert marked(app) == "lesson:start/01_product"


@pytest.mark.deep
async def test_find_narrows_the_list_in_either_language() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        for typed in ("graph", "6.3", "計算グラフ", "ＧＲＡＰＨ", "second list"):
            await pilot.press("slash")
            app.screen.query_one(Input).insert_text_at_cursor(typed)
            await until(pilot, lambda: "A product" not in shown(app))
            assert marked(app) == "lesson:second/01_graph", typed
            assert "Models" not in shown(app)
            await pilot.press("escape")
            await until(pilot, lambda: "A product" in shown(app))
            assert isinstance(app.screen, GalleryScreen)


async def test_what_is_typed_into_find_is_text_and_not_commands() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        await pilot.press("slash", *"qLt?:", "ｎ")
        app.post_message(events.Key("ideographic_space", "　"))  # not printable, says Python: Textual drops it
        await pilot.pause()
        assert app.screen.query_one(Input).value == "qLt?:ｎ "
        assert (app.lang, app.theme) == ("en", "dark")
        assert "Nothing matches." in shown(app)


async def test_q_quits_and_escape_does_not() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        assert app.is_running
        await pilot.press("q")
    assert app.return_code == 0


async def test_a_full_width_q_quits_as_well() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ｑ")
    assert app.return_code == 0


# --- language, colours, help, palette


async def test_the_first_run_asks_for_the_language_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    path = tmp_path / "settings.json"
    app = GradientTracer(SettingsFile(path))
    async with app.run_test(size=(80, 24)) as pilot:
        assert isinstance(app.screen, LanguageScreen)
        await pilot.press("enter")
        await pilot.pause()
        assert app.lang == "ja"
        assert isinstance(app.screen, GalleryScreen)
    again = GradientTracer(SettingsFile(path))
    async with again.run_test(size=(80, 24)):
        assert again.lang == "ja"
        assert isinstance(again.screen, GalleryScreen)


@pytest.mark.parametrize("key", ["L", "ctrl+l", "Ｌ"])
async def test_the_language_switches_at_any_time(key: str) -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        assert "open" in shown(app)
        await pilot.press(key)
        await pilot.pause()
        for words in ("開く", "積", "二つの数とその積です。", "ノード 3 個", "勾配のすべての数"):
            assert words in shown(app)
        assert app.settings.now.lang == "ja"
        await pilot.press(key)
        assert app.lang == "en"


async def test_one_key_goes_through_all_colours_and_they_are_kept() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24)) as pilot:
        seen = [app.theme]
        for _ in THEME_WORDS:
            await pilot.press("t")
            seen.append(app.theme)
        assert seen == [*THEME_WORDS, "dark"]
        assert set(seen) == set(PALETTES)
        assert app.settings.now.theme == app.theme


async def test_unknown_colours_in_the_settings_mean_dark() -> None:
    app = GradientTracer(remembering(theme="mauve"))
    async with app.run_test(size=(80, 24)):
        assert app.theme == "dark"


@pytest.mark.parametrize("lang", ["en", "ja"])
async def test_help_has_every_key_and_every_word(lang: str) -> None:
    app = GradientTracer(remembering(lang))  # type: ignore[arg-type]
    async with app.run_test(size=(120, 200)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        screen = shown(app)
        for row in KEYS:
            assert row.words[app.lang] in screen
        await pilot.press("escape")
        assert isinstance(app.screen, GalleryScreen)


@pytest.mark.parametrize("typed", ["light", "明るい"])
async def test_the_palette_finds_commands_in_either_language(typed: str) -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        app.screen.query_one(Input).insert_text_at_cursor(typed)
        await until(pilot, lambda: "Colours: light" in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "light")


async def test_the_palette_opens_lessons_by_title() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.catalogue is not None)
        await pilot.press("ctrl+p")
        await pilot.pause()
        app.screen.query_one(Input).insert_text_at_cursor("used twice")
        await until(pilot, lambda: "Open: One number, used twice" in shown(app))


async def test_keys_of_the_screen_below_do_nothing_while_the_palette_is_open() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"qtL")
        assert app.screen.query_one(Input).value == "qtL"
        assert (app.lang, app.theme) == ("en", "dark")
        await pilot.press("escape")
        assert isinstance(app.screen, GalleryScreen)


# --- opening


async def test_a_program_that_cannot_be_opened_is_said_in_place() -> None:
    def fail(request: Request, stop: threading.Event) -> None:
        raise ProgramError(f"{request.name}: [line 3] does not compile.", hint="Look there.")

    app = GradientTracer(remembering(), library=Library(fail))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_thing("mine[1].py")
        await until(pilot, lambda: isinstance(app.screen, NoticeScreen))
        assert "mine[1].py: [line 3] does not compile." in shown(app)
        assert "Look there." in shown(app)
        await pilot.press("enter")
        assert isinstance(app.screen, GalleryScreen)


async def test_a_long_run_says_so_and_escape_stops_it() -> None:
    stopped = threading.Event()

    def run_for_ever(request: Request, stop: threading.Event) -> None:
        stop.wait()
        stopped.set()
        raise ProgramError("it recorded nothing.")

    app = GradientTracer(remembering(), library=Library(run_for_ever))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_thing("endless.py")
        await until(pilot, lambda: isinstance(app.screen, OpeningScreen))
        assert "Running endless.py" in shown(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, NoticeScreen))
        assert stopped.is_set()


async def test_a_run_that_will_not_stop_can_be_left_and_does_not_keep_the_app() -> None:
    def hang(request: Request, stop: threading.Event) -> None:
        threading.Event().wait()

    app = GradientTracer(remembering(), library=Library(hang))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_thing("deaf.py")
        await until(pilot, lambda: isinstance(app.screen, OpeningScreen))
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert isinstance(app.screen, GalleryScreen)


def test_a_run_is_shared_by_all_who_ask_and_a_file_is_run_anew() -> None:
    made: list[str] = []

    def make(request: Request, stop: threading.Event) -> str:
        made.append(request.name)
        return request.name

    library = Library(make)  # type: ignore[arg-type]
    assert library.ask(Request("a")).result() == library.ask(Request("a")).result() == "a"
    assert made == ["a"]
    library.ask(Request("a"), fresh=True).result()
    library.ask(Request("a", (("x", 1.0),))).result()
    assert made == ["a", "a", "a"]


@pytest.mark.parametrize("words", ["a.py", "'(x + 2) * y' x=3.0 y=-0.5", "'it is mine.py'"])
def test_what_was_opened_can_be_opened_again(words: str) -> None:
    assert Request.parse(words).words == words


# --- end card


async def end_card(app: GradientTracer, following: str | None) -> EndCardScreen:
    thing = await asyncio.wrap_future(app.library.ask(Request("start/01_product")))
    assert app.catalogue is not None
    after = next((lesson for lesson in app.catalogue.lessons if lesson.name == following), None)
    card = EndCardScreen(thing, after)
    await app.push_screen(card)
    return card


async def test_the_end_card_asks_before_it_answers() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.catalogue is not None)
        await end_card(app, "start/02_twice")
        await pilot.pause()
        screen = shown(app)
        for words in (
            "The gradient of a is 3.",
            "And that of b?",
            "Set a to 10 and look at b.",
            "One number, used twice",
        ):
            assert words in screen
        assert "It is a, which is 2." not in screen
        await pilot.press("space")
        await pilot.pause()
        assert "It is a, which is 2." in shown(app)
        await pilot.press("L")
        await pilot.pause()
        assert "a の値、つまり 2 です。" in shown(app)
        await pilot.press("q")
        assert isinstance(app.screen, GalleryScreen)


async def test_the_last_lesson_s_card_leads_back_to_the_gallery() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.catalogue is not None)
        await end_card(app, None)
        await pilot.pause()
        assert "That was the last lesson." in shown(app)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, GalleryScreen)


# --- sizes, mouse, trouble


@pytest.mark.parametrize(("width", "height"), [(20, 5), (79, 40), (120, 23), (1, 1)])
async def test_a_small_terminal_is_told_so_and_quits_cleanly(width: int, height: int) -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        screen = shown(app)
        assert "Lessons" not in screen
        if width >= 20:
            assert "Terminal too small" in screen
            assert "80x24" in screen
            assert "q quits" in screen
        await pilot.press("q")
    assert app.return_code == 0


async def test_growing_the_terminal_brings_the_screen_back() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "Lessons" in shown(app))
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: "too small" in shown(app))


async def test_a_click_in_the_footer_does_what_its_key_does() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        line = shown(app).splitlines()[-1]
        await pilot.click(KeyBar, offset=(cell_len(line[: line.index("? help")]), 0))
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)


async def test_the_footer_says_what_q_does_once_the_dialog_above_is_closed() -> None:
    """It may be drawn while the dialog is there: a language or a size changes, a run goes on."""
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        below = app.screen_stack[-2].query_one(KeyBar)
        assert "q quit" in str(below.render())
        assert app.can_go_back


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("width", [80, 120, 200])
async def test_the_footer_always_says_how_to_open_to_get_help_and_to_quit(width: int, lang: str) -> None:
    app = GradientTracer(remembering(lang))  # type: ignore[arg-type]
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        line = shown(app).splitlines()[-1]
        for hint in ("enter open", "q quit", "? help") if lang == "en" else ("enter 開く", "q 終了", "? ヘルプ"):
            assert hint in line


async def test_an_unwritable_settings_folder_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    app = GradientTracer(SettingsFile(tmp_path / "taken" / "settings.json"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("1")
        await until(pilot, lambda: "cannot be saved" in shown(app))
        await pilot.press("t")
        assert app.theme == "light"


async def test_keys_typed_with_an_input_method_reach_the_bindings_as_ascii() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ｔ")
        assert app.theme == "light"
        assert app._ascii_key(events.Key("？", "？")).key == "question_mark"
        assert app._ascii_key(events.Key("勾", "勾")).key == "勾"


async def test_ascii_glyphs_reach_every_cell_of_the_gallery() -> None:
    app = GradientTracer(remembering(), glyphs="ascii")
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        assert shown(app).isascii() or {c for c in shown(app) if not c.isascii()} <= set("日本語")


# --- from the gallery to the next lesson


async def test_a_lesson_is_walked_to_its_card_and_on_to_the_next() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        assert app.settings.now.progress == {"start/01_product": "begun"}
        await pilot.press("dollar_sign", "right")
        await until(pilot, lambda: isinstance(app.screen, EndCardScreen))
        assert app.settings.now.progress == {"start/01_product": "done"}
        await pilot.press("left")
        assert isinstance(app.screen, StepperScreen)
        await pilot.press("right")
        await until(pilot, lambda: isinstance(app.screen, EndCardScreen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        assert app.screen.thing.lesson is not None
        assert app.screen.thing.lesson.name == "start/02_twice"
        await pilot.press("q")
        await until_pictured(pilot)
        assert "✓ A product" in shown(app)
        assert "▸ One number, used twice" in shown(app)


async def test_the_card_s_change_runs_the_lesson_again_with_that_number() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.catalogue is not None)
        await end_card(app, "start/02_twice")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        cursor = app.screen.view.cursor
        assert cursor.position == len(cursor.trace)
        assert cursor.grad(cursor.trace.find("b")) == 10.0


async def test_a_quiz_opens_with_blanks() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        assert app.screen.quiz


async def test_x_offers_to_save_the_finished_picture() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        stepper = app.screen_stack[-2]
        assert isinstance(stepper, StepperScreen)
        assert stepper.view.cursor.position == len(stepper.thing.trace)


async def test_a_thing_opened_before_the_app_is_shown_at_its_position_and_remembered() -> None:
    thing = await asyncio.to_thread(open_thing, "(x + 2) * (x - 1)", {"x": 3.0})
    request = Request("(x + 2) * (x - 1)", (("x", 3.0),), 4)
    app = GradientTracer(remembering(), first=request, thing=thing)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert isinstance(app.screen, StepperScreen)
        assert app.screen.view.cursor.position == 4
        assert app.settings.now.recent == ("'(x + 2) * (x - 1)' x=3.0",)
        await pilot.press("q")
    assert app.return_code == 0


async def test_a_recent_thing_opens_from_the_gallery() -> None:
    app = GradientTracer(remembering(recent=("'x * x' x=3.0",)))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.catalogue is not None)
        await pilot.press("end", "enter")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        assert app.screen.thing.lesson is None


def colours(app: GradientTracer, selector: str) -> set[str]:
    """The colours of what a widget has written."""
    widget = app.screen.query_one(selector)
    segments = (segment for strip in widget.render_lines(widget.size.region) for segment in strip)
    return {str(s.style.color.name) for s in segments if s.text.strip() and s.style and s.style.color}


async def test_what_is_drawn_already_follows_a_change_of_colours() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        await pilot.press("t")
        await until(pilot, lambda: app.palette.text in colours(app, "Picture"))
        await pilot.press("question_mark", "t")
        await until(pilot, lambda: app.palette.text in colours(app, "#help-words"))
        await pilot.press("escape")
        await end_card(app, None)
        await pilot.press("t")
        await until(pilot, lambda: app.palette.ok in colours(app, "#endcard-words"))


async def test_help_goes_from_the_keys_to_the_words_and_back() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Words" not in shown(app)
        await pilot.press("tab")
        await until(pilot, lambda: "computation graph   計算グラフ" in shown(app))
        await pilot.press("tab")
        await until(pilot, lambda: "open the lesson" in shown(app))


async def test_the_palette_says_that_it_found_nothing_in_the_user_s_language() -> None:
    app = GradientTracer(remembering("ja"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        app.screen.query_one(Input).insert_text_at_cursor("zzzzq")
        await until(pilot, lambda: "見つかりません。" in shown(app))
        await pilot.press("escape")


async def test_the_first_click_marks_and_the_second_opens() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        place = (5, next(i for i, line in enumerate(shown(app).splitlines()) if "One number" in line))
        await pilot.click(offset=place)
        await pilot.pause()
        assert isinstance(app.screen, GalleryScreen)
        assert marked(app) == "lesson:start/02_twice"
        await pilot.click(offset=place)
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))


async def test_a_lesson_that_cannot_be_read_is_told_and_the_others_are_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(CONTENT, tmp_path / "content")
    (tmp_path / "content/samples/start/01_product.toml").write_text("titel = 1")
    monkeypatch.setattr("tracer.lessons.content.content_root", lambda: tmp_path / "content")
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "unknown key 'titel'" in shown(app))
        assert "One number, used twice" in shown(app)


async def test_help_over_a_long_run_goes_when_the_run_fails() -> None:
    go = threading.Event()

    def fail_later(request: Request, stop: threading.Event) -> None:
        go.wait()
        raise ProgramError("it recorded nothing.")

    app = GradientTracer(remembering(), library=Library(fail_later))  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_thing("slow.py")
        await until(pilot, lambda: isinstance(app.screen, OpeningScreen))
        await pilot.press("question_mark")
        go.set()
        await until(pilot, lambda: isinstance(app.screen, NoticeScreen))
        await pilot.press("escape")
        assert isinstance(app.screen, GalleryScreen)


async def test_a_lesson_that_names_a_next_one_that_is_not_there_ends_all_the_same() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.catalogue is not None)
        thing = await asyncio.wrap_future(app.library.ask(Request("start/01_product")))
        assert thing.lesson is not None
        app.post_message(LessonEnded(replace(thing, lesson=replace(thing.lesson, next="nowhere"))))
        await until(pilot, lambda: isinstance(app.screen, EndCardScreen))
        assert "That was the last lesson." in shown(app)


@pytest.mark.deep
async def test_one_thing_is_said_at_a_time_above_the_lesson_s_words_and_on_its_screen_only() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_pictured(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        await pilot.press(*"ccc", "t", "t", "c")
        await until(pilot, lambda: "Copied" in shown(app))
        await pilot.pause()
        assert len(app.screen.query(Toast)) == len(app._notifications) == 1
        toast, words = app.screen.query_one(Toast).region, app.screen.query_one("#sentence").region
        assert 0 < toast.y < toast.bottom <= words.y
        await pilot.press("g")
        await until(pilot, lambda: "Copied" not in shown(app))
        await pilot.press("escape")
        await pilot.pause()
        assert "Copied" not in shown(app)
        assert not app._notifications


async def test_what_comes_of_a_dialog_is_said_on_the_screen_below() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_pictured(pilot)
        app.push_screen(LanguageScreen(), lambda lang: app.notify(f"chosen: {lang}"))
        await pilot.pause()
        app.screen.dismiss("ja")
        await until(pilot, lambda: "chosen: ja" in shown(app))
        await pilot.pause()
        assert app._notifications


async def test_opening_what_was_found_closes_the_find_line() -> None:
    app = GradientTracer(remembering())
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        await pilot.press("slash", *"twice")
        await until(pilot, lambda: "A product" not in shown(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, StepperScreen))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, GalleryScreen))
        assert not app.screen.query(Input)
        assert marked(app) == "lesson:start/02_twice"
        assert "A product" in shown(app)
        await pilot.press("j")
        assert marked(app) != "lesson:start/02_twice", "letters are keys again"


@pytest.mark.parametrize(
    ("lang", "finding", "again"), [("en", "esc close", "p as a quiz"), ("ja", "esc 閉じる", "p クイズ")]
)
async def test_while_finding_the_bottom_line_has_the_keys_of_finding_only(lang: Lang, finding: str, again: str) -> None:
    app = GradientTracer(remembering(lang))
    async with app.run_test(size=(120, 40)) as pilot:
        await until_pictured(pilot)
        await pilot.press("slash")
        await pilot.pause()
        line = shown(app).splitlines()[-1]
        assert finding in line
        assert again not in line
        assert "?" not in line
        await pilot.press("escape")
        await until(pilot, lambda: again in shown(app).splitlines()[-1])
