"""The glossary's words, and finding them in what is said."""

from __future__ import annotations

import pytest

from tests.explain import programs
from tracer.explain.explain import explain
from tracer.explain.glossary import GLOSSARY, words_in
from tracer.text import LANGS, Lang


def test_the_words_that_the_first_lessons_need_are_there() -> None:
    needed = (
        "node edge leaf loss kink gradient contribution accumulate zero_grad,forward pass,backward pass,chain rule,"
        "upstream gradient,local gradient,finite difference,topological order"
    )
    words = [word for part in needed.split(",") for word in (part.split(" ") if part.startswith("node") else [part])]
    assert set(words) <= set(GLOSSARY)


@pytest.mark.parametrize("key", GLOSSARY)
def test_each_word_is_explained_in_both_languages_and_finds_itself(key: str) -> None:
    entry = GLOSSARY[key]
    for lang in LANGS:
        assert entry.word[lang]
        assert len(entry.means[lang]) > 20
        assert all(form in words_in_forms(form, lang, key) for form in entry.forms[lang].split("|"))


def words_in_forms(form: str, lang: Lang, key: str) -> list[str]:
    assert key in words_in(f"x: {form}." if lang == "en" else f"これは{form}です。", lang)
    return [form]


def test_the_longest_word_wins() -> None:
    assert words_in("The upstream gradient, then the gradient.", "en") == ("upstream gradient", "gradient")
    assert words_in("上流の勾配と局所勾配を掛けます。", "ja") == ("upstream gradient", "local gradient")


def test_a_word_inside_another_is_not_found() -> None:
    assert words_in("the losses of a knowledge-edged noder", "en") == ()


@pytest.mark.parametrize("lang", LANGS)
def test_an_explanation_knows_its_words(lang: Lang) -> None:
    trace = programs.product()
    told = explain(trace.cursor(trace.passes[0].position_of(2) - 1), by="part")
    assert {"upstream gradient", "local gradient", "contribution", "chain rule"} <= set(told.words(lang))
