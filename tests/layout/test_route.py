"""Channels: any nets at all, without two of them on one cell."""

from collections import defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tracer.layout.route import Net, route


@st.composite
def channels(draw):
    """Nets with distinct sources and distinct targets, on few columns so that they get in each other's way."""
    count = draw(st.integers(1, 7))
    columns = st.integers(0, 15)
    sources = draw(st.lists(columns, min_size=count, max_size=count, unique=True))
    targets = draw(st.lists(columns, min_size=count, max_size=12, unique=True))
    groups = [[target] for target in targets[:count]]
    for target in targets[count:]:
        groups[draw(st.integers(0, count - 1))].append(target)
    return [Net(source, tuple(group)) for source, group in zip(sources, groups, strict=True)]


def cells_of(net, paths, tracks):
    """Cell -> sides by which the net leaves it; track -1 is the row above the channel, `tracks` the row below."""
    cells = defaultdict(set)
    for target, bends in zip(net.targets, paths, strict=True):
        corners = [(net.source, -1), *bends, (target, tracks)]
        for (x0, y0), (x1, y1) in pairwise(corners):
            assert x0 == x1 or y0 == y1
            for x in range(min(x0, x1), max(x0, x1) + 1):
                for y in range(min(y0, y1), max(y0, y1) + 1):
                    cells[x, y] |= {
                        side
                        for side, on in (
                            ("W", x > min(x0, x1)),
                            ("E", x < max(x0, x1)),
                            ("N", y > min(y0, y1)),
                            ("S", y < max(y0, y1)),
                        )
                        if on
                    }
    return cells


@given(channels())
def test_nets_share_a_cell_only_to_cross(nets):
    routed = route(nets)
    owners = defaultdict(list)
    for net, paths in zip(nets, routed.bends, strict=True):
        for cell, sides in cells_of(net, paths, routed.tracks).items():
            owners[cell].append(sides)
    for cell, sides in owners.items():
        assert len(sides) <= 2, cell
        if len(sides) == 2:
            assert sorted(map(sorted, sides)) == [["E", "W"], ["N", "S"]], cell


@given(channels())
def test_two_nets_on_one_track_have_a_blank_between_them(nets):
    """`─╯╰─` would read as one wire."""
    routed = route(nets)
    spans = defaultdict(list)
    for paths in routed.bends:
        tracks = defaultdict(list)
        for path in paths:
            for (x0, t0), (x1, t1) in pairwise(path):
                if t0 == t1:
                    tracks[t0] += [x0, x1]
        for track, columns in tracks.items():
            spans[track].append((min(columns), max(columns)))
    for on_track in spans.values():
        on_track.sort()
        for (_, end), (start, _) in pairwise(on_track):
            assert start > end + 1


def test_a_straight_wire_takes_no_track():
    assert route([Net(3, (3,)), Net(9, (9,))]).tracks == 0


def test_two_wires_that_swap_columns_get_a_detour():
    """Each would have to be above the other: one of them takes two tracks."""
    routed = route([Net(0, (8,)), Net(8, (0,))])
    assert routed.tracks == 3
    assert sorted(len(paths[0]) for paths in routed.bends) == [2, 4]


def test_a_ring_of_three_is_opened_once():
    routed = route([Net(0, (4,)), Net(4, (8,)), Net(8, (0,))])
    assert sorted(len(paths[0]) for paths in routed.bends) == [2, 2, 4]


def test_nested_wires_do_not_cross_themselves():
    """Wires that all go right are stacked so that none crosses another."""
    nets = [Net(0, (10,)), Net(2, (12,)), Net(4, (14,))]
    tracks = [paths[0][0][1] for paths in route(nets).bends]
    assert tracks == [2, 1, 0]
