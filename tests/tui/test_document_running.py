"""What blocks do while a document plays: they run beside the app, fail, wait, leave nothing; how documents open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui.playing import HereRunner, notes, page_of, playing
from tests.tui.shell import remembering, shown, until
from tests.tui.stepping import press
from tracer.lessons.documents.document import Block
from tracer.lessons.documents.reading import read_document
from tracer.tui.app import GradientTracer
from tracer.tui.messages import Request
from tracer.tui.screens.consent import ConsentScreen
from tracer.tui.screens.document import DocumentScreen
from tracer.tui.screens.stepper import StepperScreen

pytestmark = pytest.mark.deep  # driven by keys, which is slow

SMALL, WIDE, HUGE = (80, 24), (120, 40), (200, 60)
FIRST, DEFINES, OTHER, LAYER, FRAGMENT, BROKEN, REST = range(7)
"""The places of `notes.md`."""


@pytest.fixture(autouse=True)
def agreed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is agreed to in a test is remembered nowhere else."""
    monkeypatch.setenv("TRACER_CONFIG_DIR", str(tmp_path))


# Blocks that have nothing to step through


WHY = {
    DEFINES: "It leaves behind squared_error",
    OTHER: "JavaScript does not run here",
    FRAGMENT: "it needs W1, b1",
    BROKEN: "raised",
    REST: "That was the last block",
}


@pytest.mark.deep
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
