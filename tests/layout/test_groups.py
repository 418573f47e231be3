"""The tree of a trace's scopes: levels, repeats, and hostile names."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.core.record import record
from tracer.core.scope import scope
from tracer.core.value import Value
from tracer.layout.fold import Folding, default_folding, draw_graph, group_of
from tracer.layout.groups import Groups, groups_of
from tracer.layout.scopes import outer_levels, scope_tree
from tracer.layout.stacks import in_range
from tracer.trace.trace import Trace


def trace_of(names: list[str]) -> Trace:
    """A leaf, then v = tanh(v) in one scope after the other; columns are made by hand, so that there may be many."""
    with record() as rec:
        v = Value(0.5, name="x").tanh()
        assert v.data
    n = len(names) + 1
    return Trace(
        replace(
            rec.trace.columns,
            op=np.array([0, *[1] * (n - 1)], np.uint8),
            offsets=np.array([0, *range(n)], np.int64),
            inputs=np.arange(n - 1, dtype=np.int32),
            value=np.full(n, 0.5),
            flags=np.ones(n, np.uint8),
            scope=np.arange(n, dtype=np.int32),
            line=np.full(n, -1, np.int32),
            slot=np.full(n, -1, np.int32),
            static=np.full(n, -1, np.int32),
            segments=np.array([[0, 0, n, -1, 0]], np.int64),
            scopes=("", *names),
        )
    )


def inside(groups: Groups, key: str) -> list[str]:
    return [groups.keys[inner] for inner in groups.children[groups.by_key[key]]]


level = st.sampled_from(["a", "b", "layer 0", "layer 1", "layer 2", "", " ", "深い"])


@given(st.lists(st.lists(level, min_size=1, max_size=4).map(".".join), min_size=1, max_size=12))
def test_the_tree_holds_every_scope_once_and_a_group_is_what_its_key_begins(names):
    """Each scope in use is a group; the group around it is the longest other group whose levels its key begins with."""
    tree, which = scope_tree(names, np.ones(len(names), np.bool_))
    assert [tree.keys[at] for at in which] == names
    assert len(set(tree.keys)) == len(tree) <= 2 * len(set(names)) + 1
    for group in range(1, len(tree)):
        around = [other for other in tree.keys if other and tree.keys[group].startswith(other + ".")]
        assert tree.keys[tree.parent[group]] == max(around, key=len, default="")
        alone = [other for other in range(1, len(tree)) if tree.parent[other] == group]
        assert tree.keys[group] in names or len(alone) > 1  # a level that holds one other level is no group


def test_intervals_of_groups_hold_what_is_inside():
    groups = groups_of(trace_of(["a.x", "a.y", "b", "a.x.z"]))
    assert groups.keys == ("", "a", "a.x", "a.x.z", "a.y", "b")
    assert groups.stop == (6, 5, 4, 4, 5, 6)
    assert groups.members(1, 5).tolist() == [1, 2, 4]
    assert groups.depth == (0, 0, 1, 2, 1, 0)


def test_repeats_are_stacked_wherever_they_are():
    """Four layers with two heads each, and a fifth that is another thing."""
    heads = [f"net.layer {i}.head {j}.{part}" for i in range(4) for j in range(3) for part in ("q", "k")]
    groups = groups_of(trace_of([*heads, "net.layer 4.other", "net.end"]))
    assert inside(groups, "net") == ["net.layer 0–3", "net.layer 4.other", "net.end"]
    assert inside(groups, "net.layer 0–3") == [f"net.layer {i}" for i in range(4)]
    assert inside(groups, "net.layer 2") == ["net.layer 2.head 0–2"]


def test_two_are_no_stack_and_neither_are_different_things_with_numbers():
    groups = groups_of(trace_of(["layer 0.a", "layer 1.a", "step 1.a", "step 2.b", "step 3.c"]))
    assert not groups.stacks


def test_members_stand_by_number_not_by_name():
    groups = groups_of(trace_of([f"layer {i}" for i in (10, 9, 2, 1)]))
    assert inside(groups, "layer 1–10") == ["layer 1", "layer 2", "layer 9", "layer 10"]


@pytest.mark.parametrize(
    ("key", "group", "found"),
    [
        ("head 3", "head 0–3", True),
        ("head 3.q", "head 0–3", True),
        ("head 1–2", "head 0–3", True),
        ("head 4", "head 0–3", False),
        ("head 12", "head 0–3", False),
        ("header 3", "head 0–3", False),
        ("layer 1.mlp", "layer 0–3.mlp", True),
        ("layer 1.attention", "layer 0–3.mlp", False),
        ("a.head 2", "head 0–3", False),
    ],
)
def test_closing_a_stack_closes_its_members_and_nothing_else(key, group, found):
    assert in_range(key, group) is found
    assert (key not in Folding().open(key).close(group).opened) is found


def test_a_scope_can_be_named_as_it_was_written():
    """Also a level that holds only one other, and repeats with a plain hyphen; what is not there is None."""
    trace = trace_of(["net.only.a", "net.only.b", "layer 0", "layer 1", "layer 2", "layer 3"])
    assert group_of(trace, "net.only") == "net.only"
    assert group_of(trace, "net") == "net.only"
    assert group_of(trace, "layer 1-3") == "layer 1–3"
    assert group_of(trace, "layer 0-3") == "layer 0–3"
    assert group_of(trace, "nothing") is None
    assert group_of(trace, "") is None


@pytest.mark.parametrize(
    "names",
    [
        [f"{i * 7919 % 60_000}x" for i in range(60_000)],  # more than anybody reads
        [f"{i % 30}k.{i // 30 % 30}b.{i}" for i in range(60_000)],  # of these the outer levels are read
        [".".join("a" * (100_000 + i)) for i in range(3)],
        [".".join("a" * (i + 1)) for i in range(1_000)],
        ["x" * 10_000 + "あ" * 10_000 + str(i) for i in range(30)],
        ["." * i for i in range(400)],
        ["9" * 10_000 + str(i) for i in range(10)],
        ["\x1b[31m\0\n" + str(i) for i in range(10)],
    ],
    ids=["a lot", "three levels", "deep", "nested", "long", "dots", "digits", "controls"],
)
def test_hostile_scopes_neither_hang_nor_recurse(names):
    trace = trace_of(names)
    start = time.process_time()
    drawn = draw_graph(trace, 0)
    folding = default_folding(trace).opened_to(trace, trace.n_nodes - 1)
    seen = draw_graph(trace, trace.n_nodes - 1, folding=folding)
    assert time.process_time() - start < 10
    assert len(drawn.graph) <= 300
    assert len(seen.graph) <= 300
    assert seen.place(trace.n_nodes - 1) == trace.n_nodes - 1
    assert all("\x1b" not in fold.title for fold in drawn.folds.values())


def test_of_too_many_scopes_the_outer_levels_are_kept():
    names = [f"{i % 3}.{i % 9}.{i}" for i in range(100)]
    assert outer_levels(names, 100) == names
    assert set(outer_levels(names, 99)) == {f"{i % 3}.{i}" for i in range(9)}
    assert set(outer_levels(names, 5)) == {"0", "1", "2"}
    assert set(outer_levels(names, 2)) == {""}


def test_leaves_that_nothing_uses_are_one_group():
    with record() as rec:
        used = Value(1.0, name="used") * 2.0
        with scope("a"):
            idle = [Value(0.0, name=f"w[{i}]") for i in range(3)]
        assert used.data + len(idle)
    groups = groups_of(rec.trace)
    (group,) = groups.unused
    assert groups.keys[group] == "a.unused"
    assert groups.count(group, group + 1) == 3
