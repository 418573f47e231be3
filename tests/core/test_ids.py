"""Serial numbers and their nodes, in stretches and one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.ids import SHORT, Ids

BLOCKS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3 * SHORT)), min_size=1, max_size=8)


def filled(blocks: list[tuple[int, int]]) -> tuple[Ids, dict[int, int]]:
    """Blocks of neighbours with gaps between them; what it should hold."""
    ids, plain = Ids(), dict[int, int]()
    serial = node = 0
    for gap, count in blocks:
        serial += gap
        ids.add(np.arange(serial, serial + count), node)
        plain |= {serial + i: node + i for i in range(count)}
        serial, node = serial + count, node + count
    return ids, plain


@given(BLOCKS)
def test_it_holds_what_a_dict_would(blocks: list[tuple[int, int]]) -> None:
    ids, plain = filled(blocks)
    assert dict(ids) == plain
    assert len(ids) == len(plain)
    asked = np.arange(-2, max(plain) + 3)
    assert ids.find_all(asked).tolist() == [plain.get(serial, -1) for serial in asked.tolist()]
    assert [ids.get(serial) for serial in asked.tolist()] == [plain.get(serial) for serial in asked.tolist()]


@given(BLOCKS, st.data())
def test_one_is_taken_out_or_given_another_node(blocks: list[tuple[int, int]], data: st.DataObject) -> None:
    ids, plain = filled(blocks)
    serial = data.draw(st.sampled_from(sorted(plain)))
    assert ids.pop(serial) == plain.pop(serial)
    assert dict(ids) == plain
    ids[serial] = plain[serial] = 10_000
    other = data.draw(st.sampled_from(sorted(plain)))
    ids[other] = plain[other] = 10_001
    assert dict(ids.copy()) == plain


@given(BLOCKS, st.data())
def test_nodes_are_renumbered_and_the_last_ones_taken_back(blocks: list[tuple[int, int]], data: st.DataObject) -> None:
    ids, plain = filled(blocks)
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(plain), max_size=len(plain))), bool)
    new = np.where(kept, np.cumsum(kept) - 1, -1)
    assert dict(ids.moved(new)) == {serial: int(new[node]) for serial, node in plain.items() if new[node] >= 0}
    more = np.arange(max(plain) + 1, max(plain) + 40)
    ids.add(more, len(plain))
    ids.drop(more, len(plain))
    assert dict(ids) == plain
