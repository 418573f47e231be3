"""A large graph in the stepper: parts open and close in place, and every panel speaks of them."""

from __future__ import annotations

from dataclasses import replace

from tests.scene.folded_programs import layers, positions
from tests.tui.stepping import NARROW, WIDE, press, walking
from tracer.lessons.runner import Thing
from tracer.lessons.unfolded import fold_thing, limit_thing, unfold_thing
from tracer.tui.screens.stepper import StepperScreen


def small() -> Thing:
    return fold_thing(Thing("small.py", positions(), name="small.py"))


def large() -> Thing:
    return Thing("large.py", layers(), name="large.py")


def titles(screen: StepperScreen) -> list[str]:
    return [box.title for box in screen.scene.boxes if box.key]


def opened(screen: StepperScreen) -> set[str]:
    assert screen.view.folding is not None
    return set(screen.view.folding.opened)


async def test_enter_opens_a_part_and_backspace_folds_it_again() -> None:
    async with walking(small()) as (pilot, screen):
        assert titles(screen)[0] == "position 0–2 ×3"
        screen.select_part("position 0–2")
        page = await press(pilot, "enter")
        assert titles(screen)[:3] == ["position 0", "position 1", "position 2"]
        assert screen.view.part == "position 0", "what came first in it is pointed out"
        assert "PART OF THE GRAPH" in page
        await press(pilot, "j", "enter")
        assert screen.view.folding is not None
        assert any(key.startswith("position ") and "–" not in key for key in opened(screen))
        inner = screen.view.part
        assert inner is not None
        assert "." in inner
        page = await press(pilot, "backspace")
        assert screen.view.part == inner.partition(".")[0]
        assert opened(screen) == {"position 0–2"}
        await press(pilot, "F")
        assert opened(screen) == set()


async def test_nothing_opens_by_itself_while_the_walk_goes_on() -> None:
    async with walking(large()) as (pilot, screen):
        before = opened(screen)
        page = await press(pilot, "right", "right", "right")
        assert opened(screen) == before
        assert [box for box in screen.scene.boxes if box.working]
        assert "enter opens the box at work" in page
        working = next(box for box in screen.scene.boxes if box.working)
        await press(pilot, "enter")
        assert working.key in opened(screen)


async def test_a_node_is_revealed_by_opening_what_hides_it_and_the_moment_stays() -> None:
    async with walking(large(), at=700) as (pilot, screen):
        leaf = int(layers().find("w1[2,3]"))
        screen.reveal(leaf)
        page = await press(pilot)
        assert screen.view.cursor.position == 700
        assert screen.view.selected == leaf
        box = next(box for box in screen.scene.boxes if box.selected)
        assert box.path.endswith("linear")
        assert [row.name for row in box.ports if row.selected] == ["w1[2,3]"]
        assert "w1[2,3]" in page
        options = screen.view_options()
        again = unfold_thing(large(), [options[i + 1] for i, word in enumerate(options) if word == "--unfold"])
        assert again.folding is not None
        assert screen.view.folding is not None
        assert again.folding.opened >= {"layer 1", "layer 1.linear"}


async def test_escape_lets_go_then_closes_what_was_opened_then_leaves() -> None:
    async with walking(small()) as (pilot, screen):
        screen.open_part("position 0–2")
        await press(pilot, "escape")
        assert screen.view.part is None
        assert opened(screen) == {"position 0–2"}
        await press(pilot, "escape")
        assert opened(screen) == set()


async def test_the_table_lists_the_boxes_and_enter_opens_the_line_chosen() -> None:
    async with walking(small(), NARROW) as (pilot, screen):
        page = await press(pilot, "shift+tab")
        assert "position 0–2 ×3" in page
        page = await press(pilot, "j", "j", "j", "enter")  # past the two leaves
        assert "position 0–2" in opened(screen)
        assert "position 1" in page


async def test_a_copied_command_has_what_is_open_and_the_limit() -> None:
    thing = limit_thing(unfold_thing(small(), ["position 1.mix"]), 120)
    async with walking(thing) as (_, screen):
        assert screen.view_options() == ["--unfold", "position 1.mix", "--limit", "120"]
        assert screen.thing.command(3, screen.view_options()).endswith("--unfold 'position 1.mix' --limit 120 --at 3")
    async with walking(small()) as (_, screen):
        assert screen.view_options() == ["--fold"]


async def test_the_limit_is_a_setting_and_the_neighbourhood_can_be_narrowed() -> None:
    async with walking(large(), WIDE) as (pilot, screen):
        screen.set_limit(50)
        await press(pilot)
        assert screen.tracer.settings.now.limit == 50
        screen.set_hops(1)
        page = await press(pilot)
        assert "boxes" in page
        assert screen.view.folding is not None
        assert replace(screen.view.folding, opened=frozenset()).hops == 1
        screen.fold_all()
        await press(pilot)
        assert opened(screen) == set()
