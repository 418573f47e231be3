"""Playing a document: read, step, see the code line and the output, on to the next block; whatever the blocks do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.text import Text as RichText

from tests.tui.playing import HereRunner, notes, playing
from tests.tui.shell import remembering, shown, until
from tests.tui.stepping import press
from tracer.lessons.documents.document import Block
from tracer.lessons.documents.reading import read_document
from tracer.scene.palette import Palette
from tracer.tui.app import GradientTracer
from tracer.tui.messages import Request
from tracer.tui.page import Page, places_of
from tracer.tui.screens.consent import ConsentScreen
from tracer.tui.screens.document import DocumentScreen, twin
from tracer.tui.screens.outline import OutlineScreen
from tracer.tui.screens.predict import PredictScreen
from tracer.tui.screens.question import QuestionScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.typeset import prose_lines
from tracer.tui.widgets.page import PagePanel

SMALL, WIDE, HUGE = (80, 24), (120, 40), (200, 60)
FIRST, DEFINES, OTHER, LAYER, FRAGMENT, BROKEN, REST = range(7)
"""The places of `notes.md`."""


def page_of(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def agreed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is agreed to in a test is remembered nowhere else."""
    monkeypatch.setenv("TRACER_CONFIG_DIR", str(tmp_path))


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


# Blocks that have nothing to step through


WHY = {
    DEFINES: "It leaves behind squared_error",
    OTHER: "JavaScript does not run here",
    FRAGMENT: "it needs W1, b1",
    BROKEN: "raised",
    REST: "That was the last block",
}


async def test_an_empty_trace_says_why_and_what_to_do() -> None:
    async with playing(size=SMALL) as (pilot, screen):
        screen._asked_after.add(1)
        for size in (SMALL, WIDE, HUGE):
            await pilot.resize_terminal(*size)
            for at, words in WHY.items():
                screen.go_to_place(at, end=at == BROKEN)
                text = await press(pilot)
                whole = " ".join(part.strip("▌█ ") for line in text.splitlines() for part in line.split("│"))
                assert words in whole
        for at in WHY:
            screen.go_to_place(at, end=at == BROKEN)
            await press(pilot, "n", "e", "p", "end", "home", "v", "d", "b", "f", ",", ".", "z", "tab", "tab", "y")
            assert screen.is_current
            assert screen.page.at == at


async def test_enter_opens_the_nearest_lesson_and_comes_back() -> None:
    document = notes()
    blocks = [replace(b, nearest="start/01_multiply") if b.kind == "other" else b for b in document.blocks]
    parts = tuple(blocks.pop(0) if isinstance(part, Block) else part for part in document.parts)
    async with playing(replace(document, parts=parts), size=WIDE) as (pilot, screen):
        screen.go_to_place(OTHER)
        assert "enter opens the lesson nearest" in await press(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, StepperScreen) and pilot.app.screen is not screen)
        await press(pilot, "q")
        assert pilot.app.screen is screen
        assert screen.page.at == OTHER


# Running


async def test_nothing_runs_before_somebody_has_agreed() -> None:
    runner = HereRunner()
    async with playing(size=WIDE, runner=runner, run=False) as (pilot, screen):
        assert isinstance(pilot.app.screen, ConsentScreen)
        await press(pilot, "escape")
        assert runner.runs == 0
        assert "has not been run" in await press(pilot)
        await press(pilot, *["right"] * 6)
        assert screen.page.at > FIRST, "it can be read"
        await press(pilot, *["K"] * 12, "enter")
        assert isinstance(pilot.app.screen, ConsentScreen)
        await press(pilot, "enter")
        await until(pilot, lambda: not screen.session.active)
        assert runner.runs == 1
        assert screen.view.cursor.trace.n_nodes


async def test_agreeing_is_remembered_for_this_code() -> None:
    async with playing(size=WIDE, run=False) as (pilot, screen):
        await press(pilot, "y")
        await until(pilot, lambda: not screen.session.active)
    async with playing(size=WIDE, run=False) as (pilot, screen):
        assert pilot.app.screen is screen
        await until(pilot, lambda: screen.session.run is not None and not screen.session.active)


@pytest.fixture
def slow() -> Iterator[tuple[HereRunner, threading.Event]]:
    """A runner whose second block waits."""
    go = threading.Event()

    def wait(block: Block) -> None:
        if block.number == 2:
            go.wait(30)

    yield HereRunner(wait), go
    go.set()


async def test_results_appear_as_they_come(slow: tuple[HereRunner, threading.Event]) -> None:
    runner, go = slow
    async with playing(size=WIDE, runner=runner) as (pilot, screen):
        await until(pilot, lambda: screen.page.running == 2)
        assert screen.view.cursor.trace.n_nodes, "the first block is there"
        text = await press(pilot, "right")
        assert "running block 2 of 6" in text
        assert screen.view.cursor.position == 1, "and is walked while the second one runs"
        assert "This block is running" in (await press(pilot, "J"))
        screen.go_to_place(LAYER)
        await press(pilot, "right")
        assert screen.page.at == LAYER, "no block is walked past before it has run"
        go.set()
        await until(pilot, lambda: not screen.session.active)
        assert screen.view.cursor.trace.n_nodes, "what one waited for came by itself"


async def test_escape_stops_the_block_that_runs(slow: tuple[HereRunner, threading.Event]) -> None:
    runner, _ = slow
    async with playing(size=WIDE, runner=runner) as (pilot, screen):
        await until(pilot, lambda: screen.page.running == 2)
        await press(pilot, "escape")
        assert screen.session._stop.is_set()
        assert pilot.app.screen is screen


async def test_one_failure_leaves_the_others_usable(tmp_path: Path) -> None:
    text = (
        "```python\n1 / 0\n```\n\n"
        "```python\nimport torch\nx = torch.tensor(2.0, requires_grad=True)\n(x * x).backward()\n```\n"
    )
    async with playing(read_document(page_of(text, tmp_path)), size=WIDE) as (pilot, screen):
        assert "The block raised ZeroDivisionError: division by zero. (page.md:2)" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "J", "end")
        assert screen.view.cursor.grad(0) is not None


async def test_a_block_and_a_position_can_be_asked_for() -> None:
    async with playing(size=WIDE, block=4, at=3) as (_pilot, screen):
        assert (screen.page.at, screen.view.cursor.position) == (LAYER, 3)
        assert "--block 4 --at 3" in screen.thing.command(3)
    async with playing(size=WIDE, block=99) as (_, screen):
        assert screen.page.at == FIRST


async def test_an_edited_leaf_runs_the_document_again_and_holds_for_later_blocks(tmp_path: Path) -> None:
    text = (
        "```python\nimport torch\nx = torch.tensor(2.0, requires_grad=True)\n(x * x).backward()\nk = x.item()\n```\n\n"
        "```python\nz = torch.tensor(k, requires_grad=True)\nw = z * 3\nw.backward()\nprint(k)\n```\n"
    )
    async with playing(read_document(page_of(text, tmp_path)), size=WIDE) as (pilot, screen):
        await press(pilot, "end", "e", *"5", "enter")
        await until(pilot, lambda: not screen._rerunning)
        assert "x = 5" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "J")
        await until(pilot, lambda: not screen.session.active)
        assert "5.0" in await press(pilot, "end")
        await press(pilot, "K", "K")
        assert "x = 5" in shown(pilot.app)  # type: ignore[arg-type]


async def test_a_nudge_is_taken_back_on_leaving_the_block() -> None:
    async with playing(size=WIDE) as (pilot, screen):
        screen._asked_after.add(1)
        await press(pilot, "end", "n")
        await until(pilot, lambda: screen.view.nudge is not None)
        runs = screen.session.runner.runs  # type: ignore[attr-defined]
        await press(pilot, "J")
        assert screen.view.nudge is None
        assert screen.session.runner.runs == runs  # type: ignore[attr-defined]


# The outline


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


# Opening


async def test_a_document_without_code_is_read(tmp_path: Path) -> None:
    async with playing(read_document(page_of("# Only words\n\n" + "line\n\n" * 60, tmp_path)), SMALL) as (
        pilot,
        _screen,
    ):
        assert "no code in this document" in await press(pilot, "tab")
        for _ in range(12):
            await press(pilot, "right")
        assert "Only words" not in shown(pilot.app).split("\n", 1)[1]  # type: ignore[arg-type]


async def test_an_empty_document_opens(tmp_path: Path) -> None:
    async with playing(read_document(page_of("", tmp_path)), SMALL) as (pilot, _screen):
        await press(pilot, "right", "left", "J", "o", "escape", "enter", "tab")
        assert "no code" in shown(pilot.app)  # type: ignore[arg-type]


async def test_the_app_opens_documents_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracer.tui.session.ChildRunner", HereRunner)
    page_of("# One page\n\n```python\nx = 1\n```\n", tmp_path)
    (tmp_path / "another.md").write_text("# Another page\n", encoding="utf-8")
    app = GradientTracer(remembering("en"), first=Request(str(tmp_path)))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "One page" in shown(app))
        assert "Another page" in shown(app)
        await press(pilot, "/", *"one", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConsentScreen))
        await press(pilot, "enter", "q")
        assert "Another page" in shown(app)
        assert app.settings.now.recent[0] == str(tmp_path / "page.md")
    app = GradientTracer(remembering("en"), first=Request(str(tmp_path / "page.md"), run=True))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, DocumentScreen) and not app.screen.session.active)


async def test_a_document_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = tmp_path / "latin.md"
    path.write_bytes(b"caf\xe9\n")
    app = GradientTracer(remembering("en"), first=Request(str(path)))
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: "is not UTF-8" in shown(app))
