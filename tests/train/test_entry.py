"""What a program's `training` is asked, and what it must give back."""

from __future__ import annotations

import pytest

import tracer
from tracer.errors import ProgramError
from tracer.train.entry import Training, build, in_use


def take(i: int) -> float:
    return float(i)


def entry(data: object = None, seed: int = 42, lr: float = 0.2, hidden: int = 3) -> Training:
    entry.got = {"data": data, "seed": seed, "lr": lr, "hidden": hidden}  # type: ignore[attr-defined]
    return Training(take, ())


def test_only_what_the_user_gave_is_passed_on() -> None:
    build({"training": entry}, "p.py", None, None, {})
    assert entry.got == {"data": None, "seed": 42, "lr": 0.2, "hidden": 3}  # type: ignore[attr-defined]
    build({"training": entry}, "p.py", ((1.0, 2.0, -1.0),), 7, {"hidden": 8.0, "lr": 0.5})
    assert entry.got == {"data": ((1.0, 2.0, -1.0),), "seed": 7, "lr": 0.5, "hidden": 8}  # type: ignore[attr-defined]


def test_a_whole_number_stays_one() -> None:
    build({"training": entry}, "p.py", None, None, {"hidden": 8.0})
    assert type(entry.got["hidden"]) is int  # type: ignore[attr-defined]
    with pytest.raises(ProgramError, match="takes a whole number"):
        build({"training": entry}, "p.py", None, None, {"hidden": 2.5})


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"hiden": 3.0}, "Did you mean 'hidden'"), ({"zzz": 1.0}, "It takes: data, seed, lr, hidden")],
)
def test_what_it_does_not_take_is_refused_by_name(settings: dict[str, float], says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        build({"training": entry}, "p.py", None, None, settings)


def test_data_and_seed_are_refused_by_an_entry_without_them() -> None:
    def bare() -> Training:
        return Training(take, ())

    with pytest.raises(ProgramError, match="--data"):
        build({"training": bare}, "p.py", (), None, {})
    with pytest.raises(ProgramError, match="--seed"):
        build({"training": bare}, "p.py", None, 1, {})


def test_an_entry_that_takes_anything_gets_anything() -> None:
    def free(**settings: float) -> Training:
        assert settings == {"depth": 2.0}
        return Training(take, ())

    build({"training": free}, "p.py", None, None, {"depth": 2.0})


@pytest.mark.parametrize("namespace", [{}, {"training": 3}])
def test_a_program_without_the_entry_is_told_what_it_is(namespace: dict[str, object]) -> None:
    with pytest.raises(ProgramError, match="defines no function `training`"):
        build(namespace, "p.py", None, None, {})


def test_something_else_than_a_training_is_refused() -> None:
    with pytest.raises(ProgramError, match="returned None, not a Training"):
        build({"training": lambda: None}, "p.py", None, None, {})


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"step": 3}, "step must be a function"),
        ({"predict": 3}, "predict must be a function"),
        ({"steps": 0}, "steps must be a whole number"),
        ({"steps": True}, "steps must be a whole number"),
        ({"parameters": 3}, "parameters and rows"),
        ({"rows": [(1, 2)]}, "parameters and rows"),
    ],
)
def test_a_part_of_the_wrong_kind_is_named(parts: dict[str, object], says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        Training(**{"step": take, "parameters": (), **parts})  # type: ignore[arg-type]


def test_parameters_have_names() -> None:
    class P:
        name = "w"

    assert list(Training(take, [P(), object()]).named_parameters()) == ["w", "p1"]
    assert list(Training(take, {"fc1.weight": P()}).named_parameters()) == ["fc1.weight"]


def test_settings_in_use_are_the_numbers_with_the_users_on_top() -> None:
    assert in_use(entry, None, {"lr": 0.5}) == {"seed": 42, "lr": 0.5, "hidden": 3}
    assert in_use(entry, 7, {})["seed"] == 7


def test_parameters_given_by_name_are_called_so_in_a_recording() -> None:
    """A name of the program's own stays."""
    w, b = tracer.tensor([1.0], requires_grad=True), tracer.tensor([2.0], requires_grad=True).named("bias")
    with tracer.record() as rec:
        Training(lambda i: None, {"fc.weight": w, "fc.bias": b})
        (w * b).sum()
    assert {rec.trace.name(node) for node in range(rec.trace.n_nodes)} >= {"fc.weight", "bias"}


def words(
    documents: object = None, steps: int = 1000, mode: str = "lines", residual: bool = True, norm: str = "rms"
) -> Training:
    words.got = (documents, steps, mode, residual, norm)  # type: ignore[attr-defined]
    return Training(take, ())


def test_text_arrives_as_documents_and_the_number_of_steps_where_it_is_asked_for() -> None:
    build({"training": words}, "p.py", None, None, {}, documents=("a", "b"), steps=7, mode="text")
    assert words.got == (["a", "b"], 7, "text", True, "rms")  # type: ignore[attr-defined]
    build({"training": words}, "p.py", None, None, {})
    assert words.got == (None, 1000, "lines", True, "rms")  # type: ignore[attr-defined]
    build({"training": entry}, "p.py", None, None, {}, steps=7, mode="lines")  # not its business
    with pytest.raises(ProgramError, match=r"takes no 'documents', which --data sets"):
        build({"training": entry}, "p.py", None, None, {}, documents=("a",))


@pytest.mark.parametrize(("said", "means"), [("off", False), ("Yes", True), ("0", False), (1.0, True), (False, False)])
def test_a_setting_that_is_a_bool_takes_its_words(said: bool | float | str, means: bool) -> None:
    build({"training": words}, "p.py", None, None, {"residual": said})
    assert words.got[3] is means  # type: ignore[attr-defined]


@pytest.mark.parametrize(("said", "means"), [("off", "off"), (False, "off"), (2.0, "2")])
def test_a_setting_that_is_a_word_stays_one(said: bool | float | str, means: str) -> None:
    build({"training": words}, "p.py", None, None, {"norm": said})
    assert words.got[4] == means  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "said", "rule"),
    [
        ("residual", "maybe", "residual=maybe: p.py takes on or off"),
        ("steps", "many", "takes a whole number here, such as 1000"),
        ("steps", True, "takes a whole number here"),
    ],
)
def test_a_setting_of_another_kind_is_refused_by_name(name: str, said: bool | str, rule: str) -> None:
    with pytest.raises(ProgramError, match=rule):
        build({"training": words}, "p.py", None, None, {name: said})


def test_a_number_may_be_typed_as_a_word_and_a_word_is_no_number() -> None:
    build({"training": entry}, "p.py", None, None, {"lr": "0.5", "hidden": "8"})
    assert (entry.got["lr"], entry.got["hidden"]) == (0.5, 8)  # type: ignore[attr-defined]
    with pytest.raises(ProgramError, match=r"takes a number here, such as 0\.2"):
        build({"training": entry}, "p.py", None, None, {"lr": "fast"})


def test_settings_in_use_are_told_with_their_words() -> None:
    assert in_use(words, None, {"residual": "off"}) == {
        "steps": 1000,
        "mode": "lines",
        "residual": False,
        "norm": "rms",
    }


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"state": 3}, "state must be a mapping"),
        ({"documents": "anna"}, "documents must be a list of strings"),
        ({"symbols": [1]}, "symbols must be a list of strings"),
        ({"loss": 3}, "loss must be a function of a document"),
        ({"evaluate": 3}, "evaluate must be a function"),
        ({"sample": "x"}, "sample must be a function"),
    ],
)
def test_a_part_for_text_of_the_wrong_kind_is_named(parts: dict[str, object], says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        Training(**{"step": take, "parameters": (), **parts})  # type: ignore[arg-type]


def test_parameters_in_rows_are_called_by_their_places() -> None:
    rows = [[tracer.Value(1.0), tracer.Value(2.0, name="mine")]]
    Training(take, {"wte": rows, "b": [tracer.Value(0.0)]})
    assert [p.name for p in rows[0]] == ["wte[0,0]", "mine"]
