"""What is on screen at which size, in which language and notation; the mouse; a lesson from start to end card."""

from __future__ import annotations

import pytest
from textual.geometry import Offset

from tests.tui.shell import shown, until
from tests.tui.stepping import HUGE, LOW, NARROW, WIDE, expression, press, program, thing_of, walking
from tracer.core.record import record
from tracer.core.value import Value
from tracer.lessons.runner import open_thing
from tracer.text import LANGS, Lang
from tracer.tui.app import GradientTracer
from tracer.tui.screens.edit import EditScreen
from tracer.tui.screens.endcard import EndCardScreen
from tracer.tui.screens.gallery import GalleryScreen
from tracer.tui.screens.help import HelpScreen
from tracer.tui.screens.notice import NoticeScreen
from tracer.tui.screens.stepper import TABS
from tracer.tui.widgets.graph import GraphPanel, _place
from tracer.tui.widgets.header import Header
from tracer.tui.widgets.panel import Panel
from tracer.tui.widgets.timeline import Timeline
from tracer.tui.widgets.values import ValuesPanel

HEADINGS: dict[Lang, tuple[str, ...]] = {
    "en": ("Graph", "Explanation", "Source", "Values", "Timeline"),
    "ja": ("グラフ", "説明", "ソース", "値", "タイムライン"),
}


def page(pilot: object) -> str:
    app = pilot.app  # type: ignore[attr-defined]
    assert isinstance(app, GradientTracer)
    return shown(app)


def visible(screen: object) -> list[str]:
    return [name for name in TABS if screen.query_one(f"#{name}").region.area]  # type: ignore[attr-defined]


# Sizes


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("size", [WIDE, HUGE])
async def test_with_room_all_panels_are_there(size: tuple[int, int], lang: Lang) -> None:
    async with walking(expression(), size, lang=lang, at=15) as (pilot, screen):
        assert visible(screen) == list(TABS)
        frames = "".join(line for line in page(pilot).splitlines() if "─" in line)
        assert all(f"─ {heading} " in frames for heading in HEADINGS[lang])


async def test_at_80x24_there_is_one_panel_and_the_sentence_always() -> None:
    async with walking(expression(), NARROW, at=15) as (pilot, screen):
        seen = []
        for _ in TABS:
            seen += visible(screen)
            assert "y → v4   1 · 5 = 5" in page(pilot)
            await press(pilot, "tab")
        assert seen == list(TABS)
        assert visible(screen) == ["graph"]
        await press(pilot, "shift+tab")
        assert visible(screen) == ["values"]
        assert "4 of 4" in page(pilot)


async def test_wide_but_low_there_is_the_graph_and_another() -> None:
    async with walking(expression(), LOW, at=15) as (pilot, screen):
        assert visible(screen) == ["graph", "explanation"]
        await press(pilot, "tab")
        assert visible(screen) == ["graph", "source"]


async def test_a_resize_takes_effect_at_once_and_keeps_the_place() -> None:
    async with walking(expression(), WIDE, at=15) as (pilot, screen):
        for size, panels in ((NARROW, 1), (HUGE, 4), (LOW, 2), (WIDE, 4)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert len(visible(screen)) == panels
            assert "9/11" in page(pilot)


async def test_a_terminal_too_small_says_so_and_comes_back() -> None:
    async with walking(expression(), at=15) as (pilot, _):
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert "too small" in page(pilot)
        await pilot.resize_terminal(*NARROW)
        await pilot.pause()
        assert "9/11" in page(pilot)


async def test_tab_goes_round_the_panels_where_all_are_there() -> None:
    async with walking(expression(), WIDE) as (pilot, screen):
        focused = []
        for _ in range(4):
            await press(pilot, "tab")
            assert isinstance(screen.focused, Panel)
            focused.append(screen.focused.id)
        assert set(focused) <= {"graph", "source", "explanation", "note", "values"}
        assert len(set(focused)) == 4


# Language, notation, what stands out


async def test_the_language_changes_everywhere_at_once() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        japanese = await press(pilot, "L")
        assert all(heading in japanese for heading in HEADINGS["ja"])
        assert "検算済み" in japanese
        header = screen.query_one(Header)
        await pilot.click(header, offset=(header.size.width - 3, 0))
        await pilot.pause()
        assert all(heading in page(pilot) for heading in HEADINGS["en"])


async def test_d_draws_the_same_moment_in_the_other_notation() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        assert "║ y = v2 × v4 ║" in page(pilot)
        await press(pilot, "d")
        scene = screen.query_one("#graph", GraphPanel).scene
        assert scene is not None
        assert scene.by_node[screen.thing.trace.resolve("y")].shape == "circle"
        assert "║ y = v2 × v4 ║" in await press(pilot, "d")


async def test_v_dims_the_other_direction() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        graph = screen.query_one("#graph", GraphPanel)

        def colours(text: str) -> set[str]:
            found = set()
            for y in range(graph.size.height):
                for segment in graph.render_line(y):
                    if segment.text.strip() == text and segment.style and segment.style.color:
                        found.add(segment.style.color.name)
            return found

        both = colours("10")
        await press(pilot, "v")
        assert (screen.view.show, colours("10")) == ("values", both)
        assert "values" in page(pilot).splitlines()[0]
        await press(pilot, "v")
        assert screen.view.show == "gradients"
        assert colours("10") == {graph.palette.muted}
        await press(pilot, "v")
        assert screen.view.show == "both"


async def test_a_change_of_colours_repaints_every_panel() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        before = screen.query_one("#values", ValuesPanel).render_line(0)
        await press(pilot, "t")
        assert screen.query_one("#values", ValuesPanel).render_line(0) != before


async def test_help_shows_the_keys_of_this_screen_first() -> None:
    async with walking(expression()) as (pilot, _):
        assert "one step forward" in await press(pilot, "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)


# Selecting


async def test_shift_arrows_and_letters_move_the_selection_along_edges() -> None:
    async with walking(thing_of(program()), at=1) as (pilot, screen):
        trace = screen.thing.trace
        seen = []
        for key in ("j", "shift+down", "shift+down", "k", "h", "l"):
            await press(pilot, key)
            assert screen.view.selected is not None
            seen.append(trace.label(screen.view.selected))
        assert seen[0] == "x", "the first key selects where the walk is"
        assert seen[1] in ("a", "b")
        assert seen[2] == "y"
        assert set(seen[3:]) <= {"a", "b"}


async def test_a_step_takes_the_explanation_back_and_leaves_the_selection() -> None:
    async with walking(thing_of(program()), at=6) as (pilot, screen):
        screen.select(0)
        assert screen.view.about == 0
        await press(pilot, "right")
        assert (screen.view.about, screen.view.selected) == (None, 0)


# Mouse


async def test_a_click_selects_and_a_click_beside_lets_go() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        graph = screen.query_one("#graph", GraphPanel)
        assert graph.scene is not None
        trace = screen.thing.trace
        box = graph.scene.by_node[trace.resolve("x")]
        at = Offset(box.x + 2, box.y + 1) - graph._at + Offset(1, 1)
        await pilot.click(graph, offset=at)
        await pilot.pause()
        assert screen.view.selected == trace.resolve("x")
        assert "▸x" in page(pilot)
        await pilot.click(graph, offset=(1, 1))
        await pilot.pause()
        assert screen.view.selected is None


async def test_a_double_click_on_a_leaf_edits_it() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        graph = screen.query_one("#graph", GraphPanel)
        assert graph.scene is not None
        box = graph.scene.by_node[screen.thing.trace.resolve("x")]
        await pilot.click(graph, offset=Offset(box.x + 2, box.y + 1) - graph._at + Offset(1, 1), times=2)
        await pilot.pause()
        assert isinstance(pilot.app.screen, EditScreen)


async def test_a_click_in_the_table_selects_the_node_of_its_line() -> None:
    async with walking(expression(), at=15) as (pilot, screen):
        await pilot.click("#values", offset=(3, 2))
        await pilot.pause()
        assert screen.view.about == screen.thing.trace.resolve("x")


async def test_a_click_or_drag_on_the_timeline_goes_there() -> None:
    async with walking(expression()) as (pilot, screen):
        line = screen.query_one(Timeline)
        await pilot.mouse_down(line, offset=(30, 1))
        first = screen.view.cursor.position
        assert first > 0
        await pilot.hover(line, offset=(80, 1))
        await pilot.mouse_up(line, offset=(80, 1))
        await pilot.pause()
        assert screen.view.cursor.position >= first


async def test_header_timeline_and_start_write_the_same_counts() -> None:
    """Constants count as nodes everywhere, and thousands are told apart everywhere."""
    with record() as rec:
        y = Value(1.0, name="x")
        for _ in range(600):
            y = y + 1.0
    assert (rec.trace.n_nodes, len(rec.trace)) == (1201, 1201)
    async with walking(thing_of(rec.trace)) as (pilot, screen):
        text = page(pilot)
        assert "0/1,201" in text
        assert "0 / 1,201" in text
        assert "1,201 values" in " ".join(text.split())
        graph = screen.query_one("#graph", GraphPanel)
        assert graph.scene is not None
        assert "of 1,201 nodes" in graph.scene.note


async def test_the_wheel_moves_a_large_graph_until_the_next_step() -> None:
    with record() as rec:
        x = Value(1.0, name="x")
        y = x
        for _ in range(20):
            y = y.tanh()
        y.backward()
    async with walking(thing_of(rec.trace)) as (pilot, screen):
        graph = screen.query_one("#graph", GraphPanel)
        assert graph._at.y == 0
        graph.push(0, 5)
        assert graph._at.y == 5
        await press(pilot, "right")
        assert graph._at.y == 0, "the window follows the walk again"
        for _ in range(12):
            await press(pilot, "right")
        assert graph._at.y > 0
        assert graph.scene is not None
        working = next(box for box in graph.scene.boxes if box.working)
        assert graph._at.y <= working.y
        assert working.bottom < graph._at.y + graph.size.height
        graph.push(0, -10_000)
        graph.push(0, -1)
        assert graph._at.y == 0


@pytest.mark.parametrize("middle", range(0, 100, 7))
def test_what_is_at_work_is_always_in_the_window(middle: int) -> None:
    low, high = max(0, middle - 2), min(99, middle + 2)
    start = _place(100, 20, [(low, high)], 0)
    assert 0 <= start <= 80
    assert start <= low
    assert high < start + 20
    assert _place(10, 20, [(0, 9)], 0) == -5, "what fits is centred"


async def test_dragging_moves_the_graph_and_selects_nothing() -> None:
    with record() as rec:
        y = Value(1.0, name="x")
        for _ in range(20):
            y = y.tanh()
    async with walking(thing_of(rec.trace)) as (pilot, screen):
        graph = screen.query_one("#graph", GraphPanel)
        await pilot.mouse_down(graph, offset=(30, 15))
        graph.on_mouse_move(_move(graph, 30, 9))
        assert graph._at.y == 6
        await pilot.mouse_up(graph, offset=(30, 9))
        await pilot.pause()
        assert screen.view.selected is None


def _move(graph: GraphPanel, x: int, y: int) -> object:
    from textual import events

    return events.MouseMove(graph, x, y, 0, -1, 1, False, False, False)


# A lesson


async def test_a_lesson_speaks_at_its_stops_and_ends_on_its_card() -> None:
    thing = open_thing("start/01_multiply")
    async with walking(thing) as (pilot, screen):
        assert "You buy some apples" in page(pilot)
        assert screen.view.fresh
        assert "4 × 3 = 12" in await press(pilot, "r")
        await press(pilot, "right")
        assert screen.view.fresh
        await press(pilot, "left")
        assert "closes the lesson" in await press(pilot, "end")
        await press(pilot, "right")
        await until(pilot, lambda: isinstance(pilot.app.screen, EndCardScreen))
        await press(pilot, "left")
        assert pilot.app.screen is screen
        assert screen.view.cursor.position == len(screen.view.cursor.trace)
        await press(pilot, "r")
        await until(pilot, lambda: isinstance(pilot.app.screen, EndCardScreen))


async def test_after_a_stop_its_words_stay_but_step_back() -> None:
    thing = open_thing("start/01_multiply")
    async with walking(thing) as (pilot, screen):
        await press(pilot, "r", "right", ",", "right")
        assert screen.view.note is not None
        assert not screen.view.fresh


async def test_a_lesson_played_pauses_where_there_is_something_to_read() -> None:
    thing = open_thing("start/01_multiply")
    async with walking(thing) as (pilot, screen):
        await press(pilot, ">", ">", ">", "space")
        await until(pilot, lambda: not screen.playing)
        assert screen.view.cursor.position == screen.stops[0]


async def test_a_lesson_in_japanese_says_its_title_in_japanese() -> None:
    thing = open_thing("start/01_multiply")
    async with walking(thing, lang="ja") as (pilot, _):
        assert "掛け算をひとつ" in page(pilot)
        assert "りんごを買います" in page(pilot)


async def test_q_goes_back_to_the_gallery_or_out() -> None:
    async with walking(expression()) as (pilot, _):
        await press(pilot, "q")
    assert pilot.app.return_code == 0
    assert not isinstance(pilot.app.screen_stack[-1] if pilot.app.screen_stack else None, GalleryScreen)


async def test_a_program_that_raised_says_how_it_ended(tmp_path: object) -> None:
    path = tmp_path / "broken.py"  # type: ignore[operator]
    path.write_text("from tracer import Value\nx = Value(2.0)\ny = x * x\nraise ValueError('no')\n", "utf-8")
    async with walking(open_thing(str(path))) as (pilot, screen):
        assert isinstance(pilot.app.screen, NoticeScreen)
        assert "broken.py" in page(pilot)
        assert "ValueError: no" in page(pilot)
        assert "The program raised" not in await press(pilot, "enter")
        assert pilot.app.screen is screen
        assert "The program raised ValueError: no" in await press(pilot, "end")
        assert screen.view.fresh


@pytest.mark.parametrize("key", ["d", "n"])
async def test_what_changes_the_graph_brings_it_to_the_front(key: str) -> None:
    async with walking(expression(), NARROW) as (pilot, screen):
        await press(pilot, "tab")
        assert screen.tab != "graph"
        await press(pilot, "right", key)
        assert screen.tab == "graph"
