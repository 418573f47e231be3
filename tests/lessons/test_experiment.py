"""Experiments: ours are whole in both languages; what is wrong in one is told in a line, with the line it stands on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.errors import LessonError, NotFoundError
from tracer.lessons.content import catalogue, find_experiment
from tracer.lessons.experiment import Experiment, load_experiment
from tracer.lessons.toml_lines import line_of

HEAD = 'title = "x"\nmodel = "gpt"\nsteps = 5\n'
TWO = '[[variant]]\nname = "a"\n[[variant]]\nname = "b"\n'


def load(folder: Path, words: str) -> Experiment:
    path = folder / "my.toml"
    path.write_text(words, encoding="utf-8")
    return load_experiment(path)


def refused(folder: Path, words: str) -> str:
    with pytest.raises(LessonError) as error:
        load(folder, words)
    assert "\n" not in error.value.message
    return error.value.message


@pytest.mark.parametrize("name", ["activation", "attention", "learning-rate", "norm", "residual"])
def test_ours_ask_show_and_answer_in_both_languages(name: str) -> None:
    found = find_experiment(name)
    for words in (found.title, found.question, found.explanation, found.look, found.answer):
        assert words.en
        assert words.ja
        assert words.en != words.ja
    assert 2 <= len(found.variants) <= 6
    assert 0 < found.seconds < 60
    assert found is find_experiment(f"experiments/{name}")
    assert [one.alias for one in catalogue().experiments].count(name) == 1


def test_plain_words_are_the_same_in_both_languages_and_settings_are_shared(tmp_path: Path) -> None:
    found = load(
        tmp_path, HEAD + "settings = { lr = 0.1, n_layer = 2 }\n" + TWO + 'settings = { lr = 1, norm = "off" }\n'
    )
    assert found.title.ja == "x"
    assert [dict(one.settings) for one in found.variants] == [
        {"lr": 0.1, "n_layer": 2.0},
        {"lr": 1.0, "n_layer": 2.0, "norm": "off"},
    ]


@pytest.mark.parametrize(
    ("words", "line", "says"),
    [
        (HEAD, "", "'variant' is missing"),
        (HEAD + '[[variant]]\nname = "a"\n', ":4", "2 to 6 times"),
        (HEAD + "bogus = 1\n" + TWO, ":4", "unknown key 'bogus'"),
        (HEAD + '[[variant]]\nname = "../up"\n[[variant]]\nname = "b"\n', ":5", "'name' names a folder"),
        (HEAD + '[[variant]]\nname = "a"\n[[variant]]\nname = "A"\n', ":7", "another variant's"),
        (HEAD + TWO + "[variant.settings]\nsteps = 3\n", ":9", "'steps' is no setting of a variant"),
        (HEAD + TWO + "settings = { lr = nan }\n", ":8", "'lr' must be a finite number"),
        (HEAD + TWO + "settings = { lr = [1] }\n", ":8", "'lr' must be a number"),
        (HEAD + TWO + "settings = 3\n", ":8", "'settings' must be a table"),
        (HEAD.replace("steps = 5", "steps = 0") + TWO, ":3", "'steps'"),
        (HEAD.replace("steps = 5", "steps = 99999999") + TWO, ":3", "at most 1,000,000"),
        (HEAD + "seed = 1.5\n" + TWO, ":4", "'seed' must be a whole number"),
        ('title = """\nmodel = 3\n"""\nmodel = 4\nsteps = 3\n' + TWO, ":4", "'model' must be a string"),
        ('title = { en = "a" }\nmodel = "m"\nsteps = 3\n' + TWO, ":1", "title: 'ja' is missing"),
        ("title = = 3", "", "line 1"),
        ("steps = 5\x00", "", "line 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, words: str, line: str, says: str) -> None:
    told = refused(tmp_path, words)
    assert told.startswith(f"my.toml{line}: ")
    assert says in told


@given(st.text(alphabet="abmodelsteps\n=[]{}\"'.,#0123456789 \\", max_size=200))
def test_no_text_at_all_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(words, encoding="utf-8")
    line_of(words, ("variant", 1, "settings", "lr"))
    with pytest.raises(LessonError):
        load_experiment(path)


def test_an_experiment_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(NotFoundError) as error:
        find_experiment("residuals")
    assert "residual" in str(error.value)


def test_the_line_of_a_setting_is_that_of_the_variant_else_that_of_all(tmp_path: Path) -> None:
    words = HEAD + "[settings]\nlr = 1\n" + TWO + "[variant.settings]\nn_layer = 4\n"
    found = load(tmp_path, words)
    assert found.line_of(2, "n_layer") == 11
    assert found.line_of(1, "lr") == 5
    assert found.line_of(1, "width") is None
    assert found.line_of_key("model") == 2
