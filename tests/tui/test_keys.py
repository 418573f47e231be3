"""One table of keys: no key means two things on a screen, each is reachable, each does something."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.binding import Binding

from tracer.tui.app import GradientTracer
from tracer.tui.keys import KEYS, Place, ascii_twin, bindings, face_of, name_of, reachable_everywhere, rows
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.compare import CompareScreen
from tracer.tui.screens.document import DocumentScreen
from tracer.tui.screens.endcard import EndCardScreen
from tracer.tui.screens.gallery import GalleryScreen
from tracer.tui.screens.lockstep import LockstepScreen
from tracer.tui.screens.stepper import StepperScreen
from tracer.tui.screens.training import TrainingScreen

SCREENS: list[type[AppScreen[None]]] = [
    GalleryScreen,
    EndCardScreen,
    StepperScreen,
    DocumentScreen,
    LockstepScreen,
    TrainingScreen,
    CompareScreen,
]
PLACES: tuple[tuple[Place, ...], ...] = (
    ("gallery",),
    ("walk", "stepper"),
    ("walk", "stepper", "document"),
    ("walk", "lockstep"),
    ("endcard",),
    ("training",),
    ("compare",),
)


@pytest.mark.parametrize("places", PLACES, ids="+".join)
def test_no_key_means_two_things(places: tuple[Place, ...]) -> None:
    used = Counter(name_of(key) for row in rows(*places, "app") for key in row.keys)
    assert [key for key, times in used.items() if times > 1] == []


@pytest.mark.parametrize("row", KEYS, ids=lambda row: f"{row.place}.{row.action}")
def test_every_action_has_a_key_that_every_keyboard_types(row: object) -> None:
    assert any(reachable_everywhere(key) for key in row.keys)  # type: ignore[attr-defined]


def test_a_key_means_the_same_on_every_screen() -> None:
    """The letters that work on several screens do the same kind of thing there."""
    same = {"open": "inspect", "alone": "inspect", "find": "search", "quiz": "predict", "change": "hit"}
    same |= {"enlarge": "inspect", "parameter": "hit"}
    meanings: dict[str, set[str]] = {}
    for row in KEYS:
        for key in row.keys:
            if len(key) == 1 and row.place != "endcard":  # a card has no graph; space turns it over
                action = row.action.partition("(")[0]
                meanings.setdefault(key, set()).add({"select": "move"}.get(action, same.get(action, action)))
    assert {key: found for key, found in meanings.items() if len(found) > 1} == {}


def test_priority_keys_are_never_characters() -> None:
    """A text field must get what is typed into it."""
    assert [key for row in KEYS if row.priority for key in row.keys if len(key) == 1] == []


@pytest.mark.parametrize("screen", SCREENS)
def test_every_row_is_bound_on_its_screen_and_does_something(screen: type[AppScreen[None]]) -> None:
    for place in screen.PLACES:
        bound = {(b.key, b.action, b.priority) for b in screen.BINDINGS if isinstance(b, Binding)}
        assert {(b.key, b.action, b.priority) for b in bindings(place)} <= bound
        for row in rows(place):
            assert hasattr(screen, f"action_{row.action.partition('(')[0]}"), row.action


def test_every_app_row_does_something() -> None:
    for row in rows("app"):
        assert hasattr(GradientTracer, f"action_{row.action.partition('(')[0]}"), row.action


def test_words_are_there_in_both_languages() -> None:
    for row in KEYS:
        assert all(text[lang].strip() for text in (row.short, row.words) for lang in ("en", "ja"))


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("ｎ", "n"),
        ("Ｎ", "N"),
        ("３．５", "3.5"),
        ("　", " "),
        ("？", "?"),
        ("、", ","),
        ("。", "."),
        ("・", "/"),
        ("＄", "$"),
    ],
)
def test_full_width_characters_have_ascii_twins(wide: str, narrow: str) -> None:
    assert ascii_twin(wide) == narrow


@given(st.text())
def test_what_is_ascii_stays_and_nothing_grows(text: str) -> None:
    twin = ascii_twin(text)
    assert len(twin) == len(text)
    assert all(new == old for new, old in zip(twin, text, strict=True) if old.isascii())


@pytest.mark.parametrize(
    ("key", "face"), [("right", "→"), (",", ","), ("shift+left", "shift+←"), ("ctrl+p", "ctrl+p"), ("?", "?")]
)
def test_keys_are_written_as_on_the_keyboard(key: str, face: str) -> None:
    assert face_of(key) == face


def test_home_and_function_keys_are_not_counted_on() -> None:
    assert not any(map(reachable_everywhere, ["home", "f1", "pagedown", "shift+left", "[", "@"]))
