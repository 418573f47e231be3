"""Settings on the command line of `tracer train`: three ways to type one, and a word for each that is misspelt."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shell import ROOT
from tracer.cli.asked import OPTIONS
from tracer.cli.listing import setting_completions
from tracer.cli.settings import Words, read_words, refuse_unknown_flags, settings_offered
from tracer.errors import ExpressionError

PROGRAM = """\
def training(documents=None, n_layer=1, lr=0.01, residual=True, norm="rms", *, seed=42, scale=None):
    pass
"""


@pytest.mark.parametrize(
    "words",
    [["n_layer=2"], ["--n-layer", "2"], ["--n-layer=2"], ["--n_layer", "2"], ["ｎ_layer＝２"], ["--n-layer", "２"]],
)
def test_a_setting_is_typed_in_many_ways(words: list[str]) -> None:
    assert read_words(words).settings == {"n_layer": 2.0}


@pytest.mark.parametrize("words", [["--no-residual"], ["--residual", "off"], ["residual=off"], ["--residual=off"]])
def test_a_switch_is_off_in_many_ways(words: list[str]) -> None:
    assert read_words(words).settings == {"residual": "off"}


def test_a_flag_without_a_value_is_on() -> None:
    assert read_words(["gpt", "--tied"]) == Words(("gpt",), {"tied": "on"}, {"tied": "--tied"})
    assert read_words(["--tied", "--no-residual", "gpt"]).settings == {"tied": "on", "residual": "off"}
    assert read_words(["--tied", "lr=0.1"]).settings == {"tied": "on", "lr": 0.1}


def test_words_stay_words_and_numbers_have_either_minus() -> None:
    found = read_words(["gpt", "--norm", "layer", "shift=-1", "--by", "−0.5", "norm2=a=b"])
    assert found.bare == ("gpt",)
    assert found.settings == {"norm": "layer", "shift": -1.0, "by": -0.5, "norm2": "a=b"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["lr=0.1", "--lr", "0.2"], "lr is given twice"),
        (["residual=on", "--no-residual"], "residual is given twice"),
        (["n_layer="], "n_layer is given no value"),
        (["--n-layer="], "n_layer is given no value"),
    ],
)
def test_what_gives_no_value_or_two_is_refused(words: list[str], says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        read_words(words)


@pytest.mark.parametrize("flag", ["--temperature", "--walk"])
def test_what_belongs_to_sampling_is_sent_there(tmp_path: Path, flag: str) -> None:
    program = tmp_path / "prog.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with pytest.raises(ExpressionError) as caught:
        refuse_unknown_flags(read_words([flag, "1"]), program, "prog.py", OPTIONS)
    assert caught.value.hint is not None
    assert f"tracer sample RUN {flag}" in caught.value.hint
    assert f"tracer sample RUN {flag}" in caught.value.told("ja")
    program.write_text(PROGRAM.replace("n_layer", "temperature"), encoding="utf-8")
    refuse_unknown_flags(read_words(["--temperature", "1"]), program, "prog.py", OPTIONS)


def test_what_a_program_offers_is_read_from_its_source(tmp_path: Path) -> None:
    program = tmp_path / "prog.py"
    program.write_text(PROGRAM, encoding="utf-8")
    assert settings_offered(program) == {
        "n_layer": 1,
        "lr": 0.01,
        "residual": True,
        "norm": "rms",
        "seed": 42,
        "scale": None,
    }


@pytest.mark.parametrize(
    "text",
    ["x = 1\n", "def training(**anything): pass\n", "def training(:\n", "import other as training\n", "\0", "'\\d'"],
)
def test_where_the_source_does_not_tell_nothing_is_refused(tmp_path: Path, text: str) -> None:
    program = tmp_path / "prog.py"
    program.write_text(text, encoding="utf-8")
    assert settings_offered(program) is None
    refuse_unknown_flags(read_words(["--n-layr", "2"]), program, "prog.py", OPTIONS)


@pytest.mark.parametrize(
    ("flag", "near"),
    [("--n-layr", "'--n-layer'"), ("--no-residul", "'--residual'"), ("--stpes", "'--steps'"), ("--daat", "'--data'")],
)
def test_the_nearest_flag_is_offered(tmp_path: Path, flag: str, near: str) -> None:
    """Be it a setting of the program or an option of the command."""
    program = tmp_path / "prog.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with pytest.raises(ExpressionError) as refused:
        refuse_unknown_flags(read_words([flag, "2"][: 1 if "--no" in flag else 2]), program, "prog.py", OPTIONS)
    assert flag in refused.value.message
    assert near in str(refused.value)


def test_where_nothing_is_near_all_are_listed(tmp_path: Path) -> None:
    program = tmp_path / "prog.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with pytest.raises(ExpressionError, match="--n-layer, --lr, --residual, --norm"):
        refuse_unknown_flags(read_words(["--zzzz", "2"]), program, "prog.py", OPTIONS)


def test_settings_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prog.py").write_text(PROGRAM, encoding="utf-8")
    assert setting_completions("prog.py", "n") == ["n_layer=", "norm="]
    assert setting_completions("absent", "") == []


def test_the_help_names_every_setting_of_the_gpt() -> None:
    from tracer.cli import learning

    told = learning.train.__doc__ or ""
    offered = settings_offered(ROOT / "models" / "gpt.py")
    assert offered is not None
    for name in offered:
        flag = name.replace("_", "-")
        assert f"--{flag}" in told or f"--no-{flag}" in told or name == "mode"
    assert "learning rate falls in a straight line from --lr to 0 over the planned --steps" in told
