"""Moving the selection with the arrows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.scene.neighbour import Direction, neighbour
from tracer.scene.scene import Box, Scene, Wire


def box(node: int, x: int, y: int, *, working: bool = False) -> Box:
    return Box(node, x, y, 10, 4, "box", f"n{node}", "1", "?", working=working)


def wire(edge: int, source: int, user: int) -> Wire:
    return Wire(edge, source, user, ((0, 0), (0, 1)))


# 0 feeds 1 and 2, which feed 3; 4 stands apart, right under 0
DIAMOND = Scene(
    "boxes",
    (box(0, 20, 0, working=True), box(1, 0, 8), box(2, 40, 8), box(3, 20, 16), box(4, 20, 6)),
    (wire(0, 0, 1), wire(1, 0, 2), wire(2, 1, 3), wire(3, 2, 3)),
    50,
    20,
)


@pytest.mark.parametrize(
    ("node", "direction", "expected"),
    [
        (0, "down", 1),  # along an edge, although 4 is nearer
        (1, "down", 3),
        (1, "right", 4),
        (4, "right", 2),
        (3, "up", 1),
        (2, "left", 4),
        (0, "up", None),
        (1, "left", None),
        (None, "down", 0),  # nothing selected: where the walk is
        (77, "up", 0),  # selected, but outside the window that is drawn
    ],
)
def test_the_selection_follows_edges_then_places(node: int | None, direction: Direction, expected: int | None) -> None:
    assert neighbour(DIAMOND, node, direction) == expected


@given(moves=st.lists(st.sampled_from(["left", "right", "up", "down"]), max_size=20))
def test_the_selection_never_leaves_the_picture(moves: list[Direction]) -> None:
    node: int | None = None
    for move in moves:
        node = neighbour(DIAMOND, node, move) if neighbour(DIAMOND, node, move) is not None else node
    assert node is None or node in DIAMOND.by_node


def test_an_empty_picture_has_nothing_to_select() -> None:
    assert neighbour(Scene("boxes", (), (), 0, 0), None, "up") is None


def test_every_box_of_the_diamond_can_be_reached() -> None:
    reached, todo = {0}, [0]
    while todo:
        node = todo.pop()
        for direction in ("left", "right", "up", "down"):
            there = neighbour(DIAMOND, node, direction)
            if there is not None and there not in reached:
                reached.add(there)
                todo.append(there)
    assert reached == set(DIAMOND.by_node)
