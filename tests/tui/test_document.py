"""Playing a document: read, step, see the code line and the output, on to the next block; whatever the blocks do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.text import Text as RichText

from tests.tui.playing import notes, page_of, playing
from tests.tui.shell import shown, until
from tests.tui.stepping import press
from tracer.lessons.documents.document import Block
from tracer.lessons.documents.reading import read_document
from tracer.scene.palette import Palette
from tracer.tui.page import Page, places_of
from tracer.tui.screens.document import twin
from tracer.tui.screens.outline import OutlineScreen
from tracer.tui.screens.predict import PredictScreen
from tracer.tui.screens.question import QuestionScreen
from tracer.tui.typeset import prose_lines
from tracer.tui.widgets.page import PagePanel

pytestmark = pytest.mark.deep  # driven by keys, which is slow

SMALL, WIDE, HUGE = (80, 24), (120, 40), (200, 60)
FIRST, DEFINES, OTHER, LAYER, FRAGMENT, BROKEN, REST = range(7)
"""The places of `notes.md`."""


# Places


def test_a_place_is_the_prose_before_a_block_and_the_block() -> None:
    document = notes()
    found = places_of(document)
    assert [place.name for place in found] == [1, 2, 3, 4, 5, 6, 0]
    assert [place.start for place in found[1:]] == [place.stop for place in found[:-1]]
    assert (found[0].start, found[-1].stop) == (0, len(document.parts))


def test_a_document_without_code_has_one_place() -> None:
    document = replace(notes(), parts=tuple(part for part in notes().parts if not isinstance(part, Block)))
    assert [place.name for place in places_of(document)] == [0]
    assert [place.name for place in places_of(replace(document, parts=()))] == [0]


def test_a_block_is_what_has_become_of_it() -> None:
    page = Page(notes())
    states = [page.state_of(block) for block in notes().shown_blocks]
    assert states == ["unread", "unread", "other", "unread", "fragment", "unread"]
    page = replace(page, agreed=True, running=2)
    assert [page.state_of(block) for block in notes().shown_blocks][:2] == ["waiting", "running"]
    skipped = replace(notes().shown_blocks[0], skip=True)
    assert page.state_of(skipped) == "skipped"


# Walking


async def test_one_key_reads_walks_prints_and_goes_on() -> None:
    """Nothing but the right arrow, from the first line to the last."""
    async with playing(size=SMALL) as (pilot, screen):
        seen = [(screen.page.at, 0)]
        screen._asked_after.add(1)  # the question has a test of its own
        for _ in range(80):
            await pilot.press("right")
            seen.append((screen.page.at, screen.view.cursor.position))
            if screen.page.last:
                break
        assert list(dict.fromkeys(at for at, _ in seen)) == list(range(7))
        assert max(p for at, p in seen if at == FIRST) == len(screen.session.thing(notes().shown_blocks[0]).trace)  # type: ignore[union-attr]
        assert seen == sorted(seen)


@pytest.mark.deep
async def test_left_takes_the_same_way_back() -> None:
    async with playing(size=SMALL) as (pilot, screen):
        screen._asked_after.add(1)
        there = []
        for _ in range(25):
            there.append((screen.page.at, screen.view.cursor.position))
            await pilot.press("right")
        for _ in range(25):
            await pilot.press("left")
        assert (screen.page.at, screen.view.cursor.position) == (0, 0)
        assert screen.query_one(PagePanel).view.page.read == 0  # type: ignore[union-attr]


async def test_prose_longer_than_the_screen_is_read_before_the_first_step() -> None:
    async with playing(size=SMALL) as (pilot, screen):
        before = shown(pilot.app)  # type: ignore[arg-type]
        assert "Slopes of a small network" in before
        assert "y.backward()" not in before
        after = await press(pilot, "right")
        assert screen.view.cursor.position == 0
        assert "y.backward()" in after
        await press(pilot, "right")
        assert screen.view.cursor.position == 1


async def test_the_working_line_lights_up_beside_the_prose_and_the_graph_grows() -> None:
    async with playing(size=WIDE) as (pilot, _screen):
        lines = (await press(pilot, *["right"] * 3)).splitlines()
        (code,) = [line for line in lines if "a = x + 2" in line and "▸" in line]
        assert code.index("▸") < 60
        assert any("a = x + 2" in line[60:] for line in lines)
        assert any("Each route delivers" in line for line in lines)


async def test_output_is_not_shown_before_its_time() -> None:
    """No number before the walk has come to it: not on the page, not in the code panel, not further down."""
    async with playing(size=WIDE) as (pilot, screen):
        for size in (WIDE, HUGE):
            await pilot.resize_terminal(*size)
            screen.go_to_place(FIRST)
            while screen.view.steps[0] < screen.view.steps[1] - 1:
                text = await press(pilot, "right")
                assert "tensor(7.)" not in text
                assert "✓ ran" not in text
            assert "prints at its end" in text
            assert "x.grad tensor(7.)" in await press(pilot, "right")


async def test_what_later_blocks_printed_is_not_shown_either() -> None:
    async with playing(size=(120, 200)) as (pilot, _screen):
        text = shown(pilot.app)  # type: ignore[arg-type]
        assert "squared_error" in text, "the whole document is on screen"
        assert "ready" not in text.replace('print("ready")', "")
        assert "cannot be multiplied" not in text
        assert "ready" in (await press(pilot, "J")).replace('print("ready")', "")


async def test_stops_and_captions_of_a_comment_are_said() -> None:
    async with playing(size=WIDE) as (pilot, screen):
        assert "One leaf, two routes" in shown(pilot.app)  # type: ignore[arg-type]
        assert "x gets 7." in await press(pilot, "r")
        assert screen.view.fresh
    async with playing(size=WIDE, lang="ja") as (pilot, screen):
        assert "x の勾配は 7 になりました" in await press(pilot, "r")


async def test_a_question_is_asked_at_the_end_and_space_shows_its_answer() -> None:
    async with playing(size=WIDE) as (pilot, screen):
        text = await press(pilot, "end", "right")
        assert isinstance(pilot.app.screen, QuestionScreen)
        assert "What would x get" in text
        assert "the number that b holds" not in text
        assert "the number that b holds" in await press(pilot, "space")
        await press(pilot, "right")
        assert screen.is_current
        assert screen.page.at == DEFINES


async def test_a_question_is_asked_once_and_can_be_put_off() -> None:
    async with playing(size=WIDE) as (pilot, screen):
        await press(pilot, "end", "right", "escape")
        assert (pilot.app.screen, screen.page.at) == (screen, FIRST)
        await press(pilot, "right")
        assert screen.page.at == DEFINES


async def test_read_on_goes_from_stop_to_stop_and_on_to_the_next_block() -> None:
    async with playing(size=WIDE) as (pilot, screen):
        screen._asked_after.add(1)
        end = len(screen.thing.trace)
        await press(pilot, "r")
        assert (screen.page.at, screen.view.cursor.position) == (FIRST, end)
        await press(pilot, "r")
        assert (screen.page.at, screen.view.cursor.position) == (DEFINES, 0)
        await press(pilot, "R")
        assert (screen.page.at, screen.view.cursor.position) == (FIRST, 0)


@pytest.mark.deep
async def test_blocks_are_reached_by_J_and_K() -> None:
    async with playing(size=WIDE) as (pilot, screen):
        await press(pilot, "J", "J", "J", "right")
        assert (screen.page.at, screen.view.cursor.position) == (LAYER, 1)
        await press(pilot, "K")
        assert (screen.page.at, screen.view.cursor.position) == (LAYER, 0)
        await press(pilot, "K")
        assert screen.page.at == OTHER
        await press(pilot, *["J"] * 9)
        assert screen.page.last


# The outline


@pytest.mark.deep
async def test_the_outline_goes_to_headings_and_blocks() -> None:
    async with playing(size=SMALL) as (pilot, screen):
        text = await press(pilot, "o")
        assert isinstance(pilot.app.screen, OutlineScreen)
        assert "3. A layer" in text
        await press(pilot, *"layer", "enter")
        assert screen.page.at == LAYER
        assert shown(pilot.app).splitlines()[2].startswith("│ 3. A layer")  # type: ignore[arg-type]
        await press(pilot, "o", *"W1", "enter")
        assert screen.page.at == FRAGMENT
        await press(pilot, "o", *"take home", "enter")
        assert screen.page.at == REST


async def test_an_outline_without_matches_says_so() -> None:
    async with playing(size=SMALL) as (pilot, screen):
        assert "No heading" in await press(pilot, "o", *"qqq", "enter")
        await press(pilot, "escape")
        assert pilot.app.screen is screen


# Panels


async def test_a_step_typesets_the_block_and_no_prose(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key costs does not grow with the document."""
    typeset: list[str] = []

    def counted(text: str, width: int, palette: Palette) -> list[RichText]:
        typeset.append(text)
        return prose_lines(text, width, palette)

    monkeypatch.setattr("tracer.tui.widgets.page.prose_lines", counted)
    async with playing(size=WIDE) as (pilot, screen):
        await pilot.pause()
        assert typeset, "the first screenful"
        typeset.clear()
        await press(pilot, *["right"] * 6)
        assert screen.view.cursor.position > 4
        assert typeset == []


async def test_as_a_quiz_it_asks_before_it_shows() -> None:
    async with playing(size=WIDE, quiz=True) as (pilot, screen):
        await press(pilot, "end")
        assert isinstance(pilot.app.screen, PredictScreen)
        await press(pilot, *"7", "enter", "enter")
        assert screen.view.at_end


async def test_what_stands_where_at_each_size() -> None:
    visible = {}
    async with playing(size=SMALL) as (pilot, screen):
        for size in (SMALL, (120, 28), WIDE, HUGE):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            names = ("page", "code", "graph", "explanation", "values", "note")
            visible[size] = [name for name in names if screen.query_one(f"#{name}").region.area]
    assert visible == {
        SMALL: ["page"],
        (120, 28): ["page", "graph"],
        WIDE: ["page", "graph", "explanation"],
        HUGE: ["page", "code", "graph", "explanation", "values", "note"],
    }


async def test_on_a_small_terminal_the_page_comes_to_the_front_for_reading() -> None:
    async with playing(size=SMALL) as (pilot, screen):
        screen._asked_after.add(1)
        await press(pilot, "right", "right", "tab")
        assert screen.tab == "graph"
        await press(pilot, "right")
        assert screen.tab == "graph", "the graph stays while one walks"
        await press(pilot, "J")
        assert screen.tab == "page", "the prose of the next block is to be read"
        await press(pilot, "K", "end")
        assert screen.tab == "graph"


async def test_the_page_scrolls_and_the_next_step_takes_it_back() -> None:
    async with playing(size=SMALL) as (pilot, screen):
        before = shown(pilot.app)  # type: ignore[arg-type]
        assert await press(pilot, "down", "down", "down") != before
        assert await press(pilot, "up", "up", "up") == before
        screen.action_scroll(200)
        assert "Every number above was computed" in await press(pilot)
        screen.action_scroll(-300)
        assert await press(pilot) == before


async def test_a_click_on_a_block_goes_there() -> None:
    async with playing(size=(120, 60)) as (pilot, screen):
        lines = shown(pilot.app).splitlines()  # type: ignore[arg-type]
        y = next(i for i, line in enumerate(lines) if "def squared_error" in line)
        await pilot.click(offset=(10, y))
        await pilot.pause()
        assert screen.page.at == DEFINES


@pytest.mark.deep
async def test_resizing_keeps_the_place() -> None:
    async with playing(size=HUGE) as (pilot, screen):
        await press(pilot, "J", "J", "J", "right", "right")
        for size in (SMALL, WIDE, HUGE, (60, 20), WIDE):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert (screen.page.at, screen.view.cursor.position) == (LAYER, 2)
        assert "▸" in shown(pilot.app)  # type: ignore[arg-type]


async def test_the_line_at_work_is_shown_where_another_block_defines_it() -> None:
    async with playing(size=WIDE) as (pilot, screen):
        screen.go_to_place(LAYER)
        text = await press(pilot, *["right"] * 6)
        assert "at work, in block 2" in text
        assert "52▸ return ((pred - target) ** 2).sum()" in text


async def test_a_page_turns_with_the_language(tmp_path: Path) -> None:
    code = "\n\n```python\nimport torch\nx = torch.tensor(2.0, requires_grad=True)\n(x * x).backward()\n```\n"
    page_of("# In English" + code, tmp_path)
    (tmp_path / "page.ja.md").write_text("# 日本語で" + code, encoding="utf-8")
    async with playing(read_document(tmp_path / "page.md"), size=SMALL) as (pilot, screen):
        await press(pilot, "right", "L")
        await until(pilot, lambda: "日本語で" in shown(pilot.app))  # type: ignore[arg-type]
        await until(pilot, lambda: pilot.app.screen.view.cursor.position == screen.view.cursor.position)  # type: ignore[attr-defined]
        await press(pilot, "L")
        await until(pilot, lambda: "In English" in shown(pilot.app))  # type: ignore[arg-type]


def test_the_same_page_in_another_language(tmp_path: Path) -> None:
    for name in ("a.b.md", "a.b.ja.md", "only.md"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert twin(tmp_path / "a.b.md", "ja") == tmp_path / "a.b.ja.md"
    assert twin(tmp_path / "a.b.ja.md", "en") == tmp_path / "a.b.md"
    assert twin(tmp_path / "a.b.md", "en") is None
    assert twin(tmp_path / "only.md", "ja") is None
