"""Collections that do not stop the walk."""

from __future__ import annotations

import gc
import weakref

import pytest

from tracer.tui.memory import PIECES, settle, tidy


class Node:
    """Something that refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def thaw() -> object:
    before = gc.get_threshold()
    yield None
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_stays_is_set_aside_and_what_goes_is_freed() -> None:
    kept, gone = Node(), Node()
    watch = weakref.ref(gone)
    del gone
    settle()
    assert watch() is None
    assert gc.get_freeze_count() > 0
    assert kept.me is kept


def test_what_was_set_aside_is_freed_the_next_time() -> None:
    node = Node()
    settle()
    watch = weakref.ref(node)
    del node
    gc.collect()
    assert watch() is not None, "set aside: not looked at"
    settle()
    assert watch() is None


def test_between_keys_young_objects_are_looked_through_and_otherwise_seldom() -> None:
    settle()
    assert gc.get_threshold()[0] >= 50_000, "the key that makes the last of them would wait"
    gone = Node()
    watch = weakref.ref(gone)
    del gone
    tidy(1)
    assert watch() is None


def test_what_survived_the_first_look_is_looked_through_after_some_pieces() -> None:
    settle()
    node = Node()
    tidy(1)  # it is not among the youngest any more
    watch = weakref.ref(node)
    del node
    tidy(2)
    assert watch() is not None
    tidy(PIECES)
    assert watch() is None
