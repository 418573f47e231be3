"""A picture kept from the step before is the very picture that would be built afresh."""

from __future__ import annotations

import random

import pytest

from tests.scene.folded_programs import layers
from tests.scene.polynomial import polynomial
from tracer.layout.fold import default_folding
from tracer.scene.now import STANDING
from tracer.scene.scene import Scene, build_scene
from tracer.scene.standing import Changes


def test_what_changes_between_two_positions_is_the_same_in_both_directions() -> None:
    changes = Changes.of([[3, 1], [], [2, 3]])
    assert changes.between(0, 1) == changes.between(1, 0) == {0}
    assert changes.between(1, 2) == {2}
    assert changes.between(2, 3) == {0, 2}
    assert changes.between(3, 9) == changes.between(2, 2) == set()


@pytest.mark.parametrize("folded", [False, True])
def test_a_walk_of_steps_and_jumps_shows_what_a_fresh_picture_would(folded: bool) -> None:
    trace = layers() if folded else polynomial()
    folding = default_folding(trace).opened_to(trace, trace.n_nodes // 2) if folded else None
    chance, position = random.Random(1), 0
    for _ in range(40):
        position += chance.choice([1, 1, 1, -1, -1, chance.randint(-len(trace), len(trace))])
        position = max(0, min(position, len(trace)))
        selected = chance.choice([None, chance.randrange(trace.n_nodes)])
        blanks = frozenset({chance.randrange(trace.n_nodes)} if chance.random() < 0.1 else ())

        def built(at: int = position, node: int | None = selected, hidden: frozenset[int] = blanks) -> Scene:
            return build_scene(trace.cursor(at), by="node", selected=node, blanks=hidden, folding=folding)

        kept = built()
        before = dict(STANDING)
        STANDING.clear()
        fresh = built()
        STANDING.clear()
        STANDING.update(before)
        assert kept == fresh
