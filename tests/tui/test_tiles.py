"""Panels on a page: none is lost, and together they cover the page once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.tui.screens.training import ORDER
from tracer.tui.tiles import ALONE, PLANS, Plan, pages_of, plan_for, tiles

SIZES = ((80, 24), (100, 28), (112, 36), (120, 40), (160, 50), (200, 60), (300, 90))
TEXTS = tuple(name for name in ORDER if name != "boundary")
"""The panels of a model of texts."""
POINTS = ("loss", "boundary", "flow", "mlp", "numbers", "ratio", "weights", "updates", "adam", "heatmap", "rate")
plans = st.builds(Plan, st.integers(1, 6), st.integers(1, 5))
some = st.lists(st.sampled_from(ORDER), min_size=1, unique=True)


@given(some, plans)
def test_every_panel_is_on_one_page_in_its_order(panels: list[str], plan: Plan) -> None:
    pages = pages_of(panels, plan)
    assert [panel for page in pages for panel in page] == panels
    assert all(len(page) <= plan.room for page in pages)


@given(some, plans, st.integers(30, 300), st.integers(20, 100), st.sampled_from([(), ("flow",)]))
def test_a_page_is_covered_once(panels: list[str], plan: Plan, width: int, height: int, spare: tuple[str, ...]) -> None:
    for page in pages_of(panels, plan, spare):
        covered = [[0] * width for _ in range(height)]
        for tile in tiles(page, plan, width, height, spare).values():
            for y in range(tile.y, tile.y + tile.height):
                for x in range(tile.x, tile.x + tile.width):
                    covered[y][x] += 1
        assert all(times == 1 for row in covered for times in row)


@pytest.mark.parametrize("size", SIZES[3:])
@pytest.mark.parametrize("panels", [TEXTS, POINTS], ids=["texts", "points"])
def test_panels_side_by_side_are_large_enough_to_read(panels: tuple[str, ...], size: tuple[int, int]) -> None:
    plan = plan_for(*size)
    for page in pages_of(panels, plan):
        for tile in tiles(page, plan, size[0], size[1] - 4).values():
            assert tile.width >= 38
            assert tile.height >= 11


def test_a_small_terminal_has_one_panel_at_a_time() -> None:
    assert plan_for(80, 24) == plan_for(99, 60) == plan_for(200, 27) == ALONE
    assert pages_of(TEXTS, ALONE) == [(panel,) for panel in TEXTS]


def test_the_eight_stand_on_one_page_of_a_usual_terminal_as_designed() -> None:
    """Loss over gradient flow at the left; what the model computes in the middle and at the right."""
    plan = plan_for(120, 40)
    page = pages_of(TEXTS, plan)[0]
    found = tiles(page, plan, 120, 36)
    assert set(page) == {"loss", "attention", "probabilities", "embedding", "residual", "heads", "mlp", "flow"}
    columns = {x: [name for name in page if found[name].x == x] for x in (0, 40, 80)}
    assert columns == {
        0: ["loss", "flow"],
        40: ["attention", "residual", "embedding"],
        80: ["probabilities", "mlp", "heads"],
    }
    assert found["flow"].height == 24


def test_what_is_written_stands_under_a_gradient_flow_of_few_matrices() -> None:
    plan = plan_for(120, 40)
    page = pages_of(TEXTS, plan, {"flow"})[0]
    found = tiles(page, plan, 120, 36, {"flow"})
    assert len(page) == 9
    assert (found["flow"].height, found["samples"].height) == (15, 9)
    assert found["samples"].y == 27
    assert "samples" not in pages_of(TEXTS, plan)[0], "of several layers there are too many"


def test_a_large_terminal_shows_all_of_them() -> None:
    plan = plan_for(200, 60)
    assert pages_of(TEXTS, plan) == [TEXTS]
    found = tiles(TEXTS, plan, 200, 56)
    assert {tile.height for tile in found.values()} == {14, 28}


def test_plans_are_told_from_the_largest_to_the_smallest() -> None:
    assert list(PLANS) == sorted(PLANS, key=lambda one: one[:2], reverse=True)
