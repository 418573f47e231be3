"""Channels in arrays: the tracks that `route` gives, whatever the nets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.layout.test_route import channels
from tracer.layout import tracks
from tracer.layout.route import ways_through
from tracer.layout.runs import Nets
from tracer.layout.tracks import routed


@given(st.lists(channels(), min_size=1, max_size=6), st.sampled_from([1, 4]))
def test_the_tracks_are_those_of_each_channel_by_itself(drawn, fewest):
    """Side by side, one by one, and with a ring of constraints."""
    nets = Nets(
        np.array([number for number, some in enumerate(drawn) for _ in some]),
        np.array([net.source for some in drawn for net in some]),
        np.array([len(net.targets) for some in drawn for net in some]),
        np.array([target for some in drawn for net in some for target in net.targets]),
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tracks, "FEWEST", fewest)
        found = routed(nets, len(drawn))
    alone = ways_through(drawn)
    assert found.count.tolist() == [count for _, count in alone]
    ways = []
    for upper, column, lower in zip(*(row.tolist() for row in (found.upper, found.column, found.lower)), strict=True):
        ways.append(() if upper < 0 else (upper,) if lower < 0 else (upper, column, lower))
    assert ways == [way for some, _ in alone for way in some]
