"""Cells of wires: arms, junctions, crossings, weights."""

import pytest

from tracer.scene.raster import EAST, NORTH, SOUTH, WEST, Tone, Viewport, raster
from tracer.scene.scene import Wire

VIEW = Viewport(0, 0, 7, 7)


def wire(net, *points, working=False):
    return Wire(0, net, 99, points, working=working)


def page(*wires, tone=Tone.KNOWN, view=VIEW):
    drawn = raster([(w, Tone.WORKING if w.working else tone) for w in wires], view)
    return ["".join(row).rstrip() for row in drawn.glyphs]


def test_a_bend_and_its_arms():
    corner = wire(0, (0, 0), (3, 0), (3, 2))
    assert page(corner)[:3] == ["╶──╮", "   │", "   ╵"]
    arms = raster([(corner, Tone.KNOWN)], VIEW).arms
    assert [arms[side, 0, 3] for side in (NORTH, EAST, SOUTH, WEST)] == [0, 0, 1, 1]


def test_two_wires_of_one_net_that_meet_are_a_junction():
    lines = page(
        wire(0, (3, 0), (3, 6)), wire(0, (3, 0), (3, 3), (0, 3), (0, 6)), wire(0, (3, 0), (3, 3), (6, 3), (6, 6))
    )
    assert lines[3] == "╭──●──╮"


def test_two_nets_that_cross_are_a_crossing():
    assert page(wire(0, (3, 0), (3, 6)), wire(1, (0, 3), (6, 3)))[3] == "╶──┼──╴"


def test_a_fork_of_three_arms_needs_no_dot():
    assert page(wire(0, (3, 0), (3, 3), (0, 3), (0, 6)), wire(0, (3, 0), (3, 3), (6, 3), (6, 6)))[3] == "╭──┴──╮"


def test_the_wire_at_work_is_heavy_on_every_cell_of_its_way():
    """Also where it runs over a trunk that it shares, whichever was drawn first."""
    light, heavy = wire(0, (3, 0), (3, 3), (0, 3), (0, 6)), wire(0, (3, 0), (3, 3), (6, 3), (6, 6), working=True)
    assert (
        page(light, heavy) == page(heavy, light) == ["   ╻", "   ┃", "   ┃", "╭──┺━━┓", "│     ┃", "│     ┃", "╵     ╹"]
    )


def test_what_is_not_known_is_dashed_where_nothing_known_shares_the_cell():
    known, unknown = wire(0, (3, 0), (3, 3), (0, 3), (0, 6)), wire(0, (3, 0), (3, 3), (6, 3), (6, 6))
    drawn = raster([(unknown, Tone.UNKNOWN), (known, Tone.KNOWN)], VIEW)
    assert ["".join(row).rstrip() for row in drawn.glyphs][2:5] == ["   │", "╭──┴╌╌╮", "│     ╎"]


@pytest.mark.parametrize(("x", "y"), [(0, 0), (2, 3), (-4, 1), (1, -5), (6, 6)])
def test_a_view_elsewhere_shows_the_same_cells(x, y):
    wires = [wire(0, (3, 0), (3, 3), (0, 3), (0, 6)), wire(1, (1, 0), (1, 6)), wire(2, (0, 5), (6, 5), (6, 0))]
    whole = raster([(w, Tone.KNOWN) for w in wires], Viewport(-10, -10, 40, 40))
    part = raster([(w, Tone.KNOWN) for w in wires], Viewport(x, y, 5, 4))
    assert (part.glyphs == whole.glyphs[y + 10 : y + 14, x + 10 : x + 15]).all()
    assert (part.tones == whole.tones[y + 10 : y + 14, x + 10 : x + 15]).all()
