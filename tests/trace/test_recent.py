"""What is kept of what was worked out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracer.trace.recent import recent


@given(st.lists(st.integers(0, 9)), st.integers(1, 4))
def test_the_last_ones_asked_for_are_kept_and_made_once(asked: list[int], most: int) -> None:
    kept: dict[int, int] = {}
    latest: list[int] = []
    for key in asked:
        made: list[int] = []
        assert recent(kept, key, most, lambda key=key, made=made: made.append(key) or -key) == -key
        assert made == ([] if key in latest else [key])
        latest = [*(one for one in latest if one != key), key][-most:]
        assert list(kept) == latest


def test_nothing_is_something_that_was_made() -> None:
    kept: dict[str, None] = {"a": None}
    recent(kept, "a", 1, lambda: [][0])
