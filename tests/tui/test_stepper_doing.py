"""Go to, search, look closer, checks, export, copy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui.shell import shown, until
from tests.tui.stepping import expression, press, program, thing_of, toasts, walking
from tracer.core.columns import Columns
from tracer.core.record import record
from tracer.core.value import Value
from tracer.trace.trace import Trace
from tracer.tui.checks import check_all
from tracer.tui.screens.exporting import ExportScreen
from tracer.tui.screens.goto import GoToScreen
from tracer.tui.screens.inspect import InspectScreen
from tracer.tui.screens.search import SearchScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.widgets.choice import Choice

pytestmark = pytest.mark.deep  # driven by keys, which is slow


async def fill(pilot: object, text: str) -> str:
    pilot.app.screen.query_one(Input).value = text  # type: ignore[attr-defined]
    return await press(pilot, "enter")  # type: ignore[arg-type]


# Go to


@pytest.mark.parametrize(("typed", "step"), [("9", "9/11"), ("y.grad", "7/11"), ("x", "1/11"), ("end", "11/11")])
async def test_go_to_a_place(typed: str, step: str) -> None:
    async with walking(expression()) as (pilot, _):
        await press(pilot, "g")
        assert isinstance(pilot.app.screen, GoToScreen)
        assert step in await fill(pilot, typed)


@pytest.mark.parametrize(("lang", "words"), [("en", "from 0 to 11"), ("ja", "0 から 11 まで")])
async def test_a_place_that_is_not_there_is_told(lang: str, words: str) -> None:
    async with walking(expression(), lang=lang) as (pilot, screen):  # type: ignore[arg-type]
        await press(pilot, "g")
        assert words in await fill(pilot, "99")
        await press(pilot, "escape")
        assert screen.view.cursor.position == 0


# Search


async def test_search_selects_what_is_chosen() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        await press(pilot, "end", "slash")
        assert isinstance(pilot.app.screen, SearchScreen)
        await press(pilot, "b")
        assert "1 of 6 nodes" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "enter")
        assert screen.view.about == screen.thing.trace.resolve("b")
        assert "b = x − 1" in shown(pilot.app)  # type: ignore[arg-type]


async def test_an_empty_search_offers_queries_and_enter_puts_one_into_the_field() -> None:
    async with walking(thing_of(program())) as (pilot, screen):
        await press(pilot, "slash")
        dialog = pilot.app.screen
        assert isinstance(dialog, SearchScreen)
        marked = [one.query for one in dialog.offered].index("w")
        await press(pilot, *["down"] * marked, "enter")
        assert dialog.typed == "w"
        await press(pilot, "enter")
        assert screen.view.selected == screen.thing.trace.resolve("w")


async def test_search_that_finds_nothing_says_so_and_stays() -> None:
    async with walking(expression()) as (pilot, _):
        await press(pilot, "slash")
        assert "No node matches" in await fill(pilot, "nobody")
        assert isinstance(pilot.app.screen, SearchScreen)


async def test_names_are_never_markup() -> None:
    with record() as rec:
        (Value(1.0, name="[red]x[/]") * 2).named("[bold").backward()
    async with walking(thing_of(rec.trace)) as (pilot, _):
        assert "[red]x[/]" in await press(pilot, "end", "slash")
        await press(pilot, "escape", "enter")
        assert isinstance(pilot.app.screen, InspectScreen)
        assert "[red]x[/]" in shown(pilot.app)  # type: ignore[arg-type]
        await press(pilot, "escape", "e")
        assert "[red]x[/]" in shown(pilot.app)  # type: ignore[arg-type]


# Look closer, checks


async def test_every_digit_and_the_check_of_a_node() -> None:
    with record() as rec:
        x = Value(1.0, name="x")
        (x.tanh() * x).named("y").backward()
    async with walking(thing_of(rec.trace)) as (pilot, screen):
        await press(pilot, "end", "enter")
        closer = pilot.app.screen
        assert isinstance(closer, InspectScreen)
        await until(pilot, lambda: closer.check is not None)
        page = shown(pilot.app)  # type: ignore[arg-type]
        assert repr(rec.trace.cursor(-1).grad("x")) in page
        assert "✓" in page
        await press(pilot, "q")
        assert pilot.app.screen is screen


async def test_looking_closer_tells_nothing_of_the_future() -> None:
    async with walking(expression(), at=18) as (pilot, screen):
        screen.select(screen.view.cursor.trace.resolve("x"))
        await press(pilot, "enter")
        closer = pilot.app.screen
        assert isinstance(closer, InspectScreen)
        await until(pilot, lambda: closer.check is not None)
        assert closer.check is not None
        assert closer.check.mark == "?"
        assert "7" not in shown(pilot.app).split("gradient")[1].split("line")[0]  # type: ignore[arg-type]


async def test_a_small_graph_is_checked_on_arrival_and_shown_as_it_is_reached() -> None:
    async with walking(expression()) as (pilot, screen):
        await until(pilot, lambda: len(screen.view.checks) == 4)
        counts = []
        for _ in range(11):
            page = await press(pilot, "right")
            counts.append(int(page.split("checked ")[1][0]))
        assert counts == [0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 4]


async def test_a_corrupted_gradient_is_marked_wrong_in_the_header() -> None:
    trace = program()
    broken = trace.columns.passes[0].grads.copy()
    broken[list(trace.columns.passes[0].nodes).index(trace.resolve("a"))] += 1
    columns: Columns = replace(trace.columns, passes=(replace(trace.columns.passes[0], grads=broken),))
    async with walking(thing_of(Trace(columns))) as (pilot, screen):
        await until(pilot, lambda: bool(screen.view.checks))
        assert "✗ wrong: a" in await press(pilot, "end")
        assert "✗" not in await press(pilot, "home"), "nothing is wrong before it has happened"


def test_each_pass_has_its_own_checks() -> None:
    """A leaf's mark ends where the next pass, or a write, changes its gradient."""
    with record() as rec:
        x = Value(2.0, name="x")
        (x * x).backward()
        x.grad = 0.0
        (x * 3).backward()
    trace = rec.trace
    mine = [one for one in check_all(trace) if one.check.node == 0]
    assert [one.check.pass_index for one in mine] == [0, 1]
    for position in range(len(trace) + 1):
        assert sum(one.holds_at(position) for one in mine) <= 1
        if any(one.holds_at(position) for one in mine):
            assert trace.cursor(position).grad_state(0) == "complete"
    written = trace.events("write")[0][0][0]
    assert not any(one.holds_at(written) for one in mine)


# Export, copy


async def test_export_writes_what_is_on_screen(tmp_path: Path) -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        await press(pilot, "d", "x")
        dialog = pilot.app.screen
        assert isinstance(dialog, ExportScreen)
        assert dialog.query_one(Input).value.endswith("-9.svg")
        dialog.query_one(Input).value = str(tmp_path / "graph.dot")
        await pilot.pause()
        await press(pilot, "enter")
        await until(pilot, lambda: (tmp_path / "graph.dot").exists() and screen.view.busy is None)
        text = (tmp_path / "graph.dot").read_text("utf-8")
        assert "5" in text
        await until(pilot, lambda: "Saved" in toasts(pilot))


async def test_export_shows_the_last_step_as_the_screen_does(tmp_path: Path) -> None:
    """At the end the step is still marked on screen; what is saved is what one sees, at the step's own size."""
    trace = expression().trace
    async with walking(expression(), at=len(trace)) as (pilot, screen):
        screen.change(by="node")
        await press(pilot, "x")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "graph.dot")
        await pilot.pause()
        await press(pilot, "enter")
        await until(pilot, lambda: (tmp_path / "graph.dot").exists() and screen.view.busy is None)
        assert "arrowtail=normal" in (tmp_path / "graph.dot").read_text("utf-8")


async def test_export_that_fails_says_why_in_one_line(tmp_path: Path) -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "x")
        pilot.app.screen.query_one(Input).value = str(tmp_path / "nowhere" / "graph.dot")
        await pilot.pause()
        await press(pilot, "enter")
        await until(pilot, lambda: "nowhere" in toasts(pilot))
        assert screen.view.busy is None
        assert not (tmp_path / "nowhere").exists()


async def test_format_and_file_name_follow_each_other() -> None:
    async with walking(expression()) as (pilot, _):
        await press(pilot, "x")
        dialog = pilot.app.screen
        assert isinstance(dialog, ExportScreen)
        field, choice = dialog.query_one(Input), dialog.query_one("#export-format", Choice)
        await press(pilot, "right")
        assert field.value.endswith(".png")
        field.value = "picture.pdf"
        await pilot.pause()
        assert choice.options[choice.chosen].en == "pdf"
        page = await press(pilot, "down", "right")
        assert "‹for print›" in page
        assert "85mm" in page
        field.value = ""
        assert "Type a file's name." in await press(pilot, "enter")


async def test_copy_gives_the_command_that_opens_exactly_this() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        await press(pilot, "c")
        assert pilot.app.clipboard == screen.thing.command(15)
        assert pilot.app.clipboard.startswith("tracer open")
        assert "--at 15" in pilot.app.clipboard
        await until(pilot, lambda: "Copied" in toasts(pilot))


async def test_look_closer_with_nothing_to_look_at_says_so() -> None:
    async with walking(expression()) as (pilot, screen):
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, StepperScreen)
        assert pilot.app.screen is screen
        await until(pilot, lambda: "Select a node first" in toasts(pilot))


@pytest.mark.parametrize("key", ["g", "slash", "e", "x", "p"])
async def test_under_a_dialog_stand_its_own_keys(key: str) -> None:
    async with walking(expression()) as (pilot, _):
        line = (await press(pilot, key)).splitlines()[-1]
        assert "enter" in line
        assert "esc" in line
        assert "space play" not in line
