"""How a program ended, in words."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize(
    "error",
    [
        "ModuleNotFoundError: No module named 'torch.utils' here: in a document, torch means tracer",
        "ModuleNotFoundError: No module named 'tracer.utils'",
        "ImportError: cannot import name 'zzz' from 'tracer' (/usr/lib/tracer/__init__.py)",
        "AttributeError: module 'tracer.nn' has no attribute 'LSTMM'",
    ],
)
def test_what_we_lack_of_pytorch_is_not_to_be_installed(error: str) -> None:
    hint = Outcome("raised", error).hint
    assert hint is not None
    assert hint.en.startswith("tracer has a part of PyTorch")


def test_another_module_is_to_be_installed() -> None:
    hint = Outcome("raised", "ModuleNotFoundError: No module named 'tracery'").hint
    assert hint is not None
    assert "pip install" in hint.en
