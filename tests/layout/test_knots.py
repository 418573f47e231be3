"""Knots in arrays: each run's score is that of the channel taken by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from tests.layout.test_route import channels
from tracer.layout import knots
from tracer.layout.knots import Knots
from tracer.layout.route import saved
from tracer.layout.runs import Nets, Runs


@pytest.mark.parametrize("pairs", [1, 1 << 18])
@given(channels())
def test_scores_are_those_that_pairs_give_one_by_one(pairs, drawn):
    """However many pairs are compared together."""
    bent = [net for net in drawn if not net.straight]
    if not bent:
        return
    fan = np.array([len(net.targets) for net in bent])
    nets = Nets(
        np.zeros(len(bent), np.int64),
        np.array([net.source for net in bent]),
        fan,
        np.array([target for net in bent for target in net.targets]),
    )
    runs = Runs(nets, np.arange(len(bent)))
    together = Knots(runs, np.arange(len(runs.count)))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(knots, "PAIRS", pairs)
        found = dict(zip(runs.net[together.members].tolist(), together._scores().tolist(), strict=True))
    lows = np.array([min(net.source, *net.targets) for net in bent])
    highs = np.array([max(net.source, *net.targets) for net in bent])
    alone = saved(np.array([len(bent)]), lows, highs, nets.source, fan, nets.target)
    assert [found[number] for number in range(len(bent))] == alone.tolist()
