"""The pieces: panels that paint only what changed, a row of choices, work beside the app."""

from __future__ import annotations

import asyncio
import threading

import pytest
from rich.style import Style
from rich.text import Text as RichText
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.strip import Strip

from tests.tui.stepping import WIDE, expression, press, walking
from tracer.errors import TracerError
from tracer.text import Text
from tracer.tui.background import in_background
from tracer.tui.view import View
from tracer.tui.widgets.choice import Choice
from tracer.tui.widgets.explanation import ExplanationPanel
from tracer.tui.widgets.panel import Panel, ScrollingPanel, _strip
from tracer.tui.widgets.values import ValuesPanel


async def test_a_step_repaints_only_lines_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with walking(expression(), WIDE, at=15) as (pilot, screen):
        panel = screen.query_one("#values", ValuesPanel)
        painted: list[Region] = []
        monkeypatch.setattr(panel, "refresh", lambda *regions, **_: painted.extend(regions))
        await press(pilot, "right")
        lines = {region.y for region in painted}
        assert lines
        assert 0 not in lines, "the heading stays"
        assert all(region.height == 1 for region in painted)
        painted.clear()
        screen.change(busy=None)
        assert painted == [], "nothing changed, nothing is painted"


async def test_a_panel_that_was_hidden_is_up_to_date_when_it_is_shown() -> None:
    async with walking(expression(), (80, 24), at=15) as (pilot, screen):
        await press(pilot, "right")
        await press(pilot, "tab")
        panel = screen.query_one("#explanation", ExplanationPanel)
        assert "v4 → x" in "".join(panel.render_line(0).text for _ in range(1))


class Long(ScrollingPanel):
    """Thirty lines."""

    def document(self, view: View, width: int) -> list[Strip]:
        return self.strips([RichText(f"line {i}") for i in range(30)], width)


class Reading(App[None]):
    def compose(self) -> ComposeResult:
        yield Long()


async def test_a_long_text_scrolls_by_wheel_and_keys_and_says_how_much_is_left() -> None:
    thing = expression()
    view = View(Text.same(thing.title), thing.trace.cursor(0))
    app = Reading()
    async with app.run_test(size=(30, 12)) as pilot:
        panel = app.query_one(Long)
        panel.view = view
        await pilot.pause()
        assert panel.size.height == 10
        assert panel.render_line(0).text.startswith("line 0")
        assert panel.border_subtitle == "20 more"
        panel.focus()
        await pilot.press("down", "down", "up")
        assert panel.render_line(0).text.startswith("line 1 ")
        panel.scroll_lines(100)
        assert panel.render_line(9).text.startswith("line 29")
        assert not panel.border_subtitle
        panel.lang = "ja"
        panel.scroll_lines(-100)
        assert panel.border_subtitle == "あと 20 行"
        panel.scroll_lines(5)
        panel.view = View(Text.same(thing.title), thing.trace.cursor(1))
        assert panel.render_line(0).text.startswith("line 0")


def test_a_text_that_nearly_fits_loses_its_blank_lines_first() -> None:
    lines = [Strip.blank(4) if i % 2 else _strip(f"l{i}", "", (), 4, Style()) for i in range(6)]
    shorter = ScrollingPanel().shorten(lines, 4)
    assert [line.text.strip() for line in shorter] == ["l0", "l2", "l4", ""]


def test_where_spans_overlap_the_later_one_wins() -> None:
    text = RichText("abcdef")
    text.stylize("bold", 0, 4)
    text.stylize("red", 2, 6)
    strip = _strip(text.plain, text.style, tuple(text.spans), 8, Style(bgcolor="blue"))
    looks = [
        (s.text, bool(s.style and s.style.bold), s.style.color.name if s.style and s.style.color else "") for s in strip
    ]
    assert looks[:3] == [("ab", True, ""), ("cd", True, "red"), ("ef", False, "red")]
    assert strip.cell_length == 8
    assert all(s.style is not None and s.style.bgcolor is not None for s in strip)


def test_a_panel_paints_nothing_of_its_own() -> None:
    with pytest.raises(NotImplementedError):
        Panel().paint(None, Size(1, 1))  # type: ignore[arg-type]


class Choosing(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[int] = []

    def compose(self) -> ComposeResult:
        yield Choice(Text("Colour", "色"), [Text("red", "赤"), Text("blue", "青")], width=8, id="colour")

    def on_choice_changed(self, event: Choice.Changed) -> None:
        self.told.append(event.choice.chosen)


async def test_a_choice_is_made_by_arrows_space_or_a_click() -> None:
    app = Choosing()
    async with app.run_test(size=(40, 3)) as pilot:
        choice = app.query_one(Choice)
        choice.focus()
        app.told.clear()
        await pilot.press("right", "space", "left")
        assert app.told == [1, 0, 1]
        assert choice.render().plain == "Colour   red  ‹blue› "
        await pilot.click(choice, offset=(10, 0))
        assert choice.chosen == 0
        choice.lang = "ja"
        assert choice.render().plain.startswith("色")


async def test_work_beside_the_app_reports_what_it_made_or_what_went_wrong() -> None:
    app = Choosing()
    async with app.run_test() as pilot:
        told: list[object] = []

        def wrong() -> None:
            raise TracerError("no")

        in_background(app, lambda: threading.current_thread().name, told.append, told.append)
        in_background(app, wrong, told.append, told.append)
        for _ in range(200):
            await pilot.pause()
            if len(told) == 2:
                break
            await asyncio.sleep(0.01)
        assert told[0] == "background", "not the app's own thread"
        assert str(told[1]) == "no"


async def test_work_that_ends_after_the_app_reports_to_nobody() -> None:
    app = Choosing()
    gate, told = threading.Event(), list[object]()
    async with app.run_test():
        in_background(app, lambda: gate.wait(5), told.append, told.append)
    gate.set()
    await asyncio.sleep(0.05)
    assert told == []
