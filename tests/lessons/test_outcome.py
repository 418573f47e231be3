"""How a program ended, in words."""

from __future__ import annotations

from tracer.lessons.outcome import Outcome


def test_an_error_stands_in_the_sentence_as_it_was() -> None:
    """Braces are common in them: a KeyError of a dict, an f-string."""
    words = Outcome("raised", "KeyError: {'a': 1}", "prog.py", 3).words
    assert words is not None
    assert words.en == "The program raised KeyError: {'a': 1}. What it computed before is here. (prog.py:3)"
    assert "例外 KeyError: {'a': 1} で" in words.ja


def test_an_error_that_says_where_it_happened_says_so_once() -> None:
    words = Outcome("raised", "IndexingError: index: 5 is out of bounds. At most 1. at prog.py:4", "prog.py", 4).words
    assert words is not None
    assert words.en == (
        "The program raised IndexingError: index: 5 is out of bounds. At most 1. What it computed before is here. "
        "(prog.py:4)"
    )


def test_a_complete_run_has_nothing_to_say_and_nonsense_reads_as_complete() -> None:
    assert Outcome().words is None
    assert Outcome.of({"outcome": "nonsense"}) == Outcome()
