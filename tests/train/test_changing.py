"""A run that goes on with other settings is exactly that: every step is taken, opened, observed and resumed with the
settings that were in force when it was taken."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.train.runs import Place, log_of, place, snapshot
from tracer.errors import ProgramError
from tracer.train import built as built_module
from tracer.train import checkpoint
from tracer.train.checkpoint import path_of
from tracer.train.job import Job
from tracer.train.looking_back import LookingBack
from tracer.train.report import Setup
from tracer.train.run import Run
from tracer.train.saying import number_of

__all__ = ["place"]

MODELS = Path(__file__).resolve().parents[2] / "models"
SMALL: dict[str, Any] = {"n_embd": 4, "n_head": 2, "block_size": 4, "batch_size": 2}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # model -> what it begins with, what it goes on with after step 5
    "gpt": (SMALL, {"lr": 0.05, "residual": "off", "beta1": 0.5, "norm": "layer", "activation": "tanh"}),
    "gpt_scalar": (SMALL, {"lr": 0.05, "attention": "off", "beta2": 0.9}),
    "mlp": ({}, {"lr": 0.5}),
    "two_layer": ({}, {"lr": 0.01, "batch": 20}),
}


def job(place: Place, model: str, name: str = "run", **other: Any) -> Job:
    settings, _ = CHANGES[model]
    words = place.folder / "words.txt"
    words.write_text("\n".join(["anna", "bo", "ada", "nob", "dan", "ban"]), encoding="utf-8")
    data = str(words) if model.startswith("gpt") else None
    told = {"settings": settings, "steps": 9, "data": data, "every": 100, **other}
    return dataclasses.replace(place.job(name), program=MODELS / f"{model}.py", **told)


def changed(place: Place, name: str = "run", **other: Any) -> dict[str, list[Any]]:
    return place.train(Run.open(place.folder / name).job(resume=True, **{"checkpoint_every": 5, "every": 100, **other}))


def opened(place: Place, name: str, step: int) -> float:
    run = Run.open(place.folder / name)
    return float(place.do("open", run.job(), open=step, folder=str(place.folder))["opened"][0]["loss"])


def by_hand(job: Job, model: str) -> list[float]:
    """The losses where what was learned in five steps is put into a training with the other settings, by hand."""
    first = built_module.build_training(json.loads(job.line())).training
    losses = [number_of(first.step(i)) for i in range(5)]
    other = dataclasses.replace(job, settings={**job.settings, **CHANGES[model][1]})
    second = built_module.build_training(json.loads(other.line())).training
    for mine, theirs in zip(
        first.named_parameters().values(), second.named_parameters().values(), strict=True
    ):  # rows of numbers, tensors, numbers
        put(mine, theirs)
    if model == "gpt_scalar":
        for name in "mv":
            second.state[name][:] = first.state[name]  # type: ignore[index]  # what is there
    elif model != "mlp":
        held, begins = (one.state["optimizer"].state_dict() for one in (first, second))  # type: ignore[index]
        second.state["optimizer"].load_state_dict({**begins, "state": held["state"]})  # type: ignore[index]
    return [*losses, *(number_of(second.step(i)) for i in range(5, 9))]


def put(mine: Any, theirs: Any) -> None:
    if isinstance(mine, list):
        for one, other in zip(mine, theirs, strict=True):
            put(one, other)
    elif hasattr(mine, "data") and isinstance(mine.data, float):
        theirs.data = mine.data
    else:
        theirs._array[...] = mine._array


@pytest.mark.parametrize(
    "model",
    [
        "gpt",
        "two_layer",
        pytest.param("mlp", marks=pytest.mark.deep),
        pytest.param("gpt_scalar", marks=pytest.mark.deep),
    ],
)
def test_it_goes_on_with_what_was_learned_and_what_the_settings_say(place: Place, model: str) -> None:
    """Bit for bit as put together by hand: Adam's moments stay and its betas follow, as does the rate of SGD, which
    a checkpoint holds."""
    expected = by_hand(job(place, model, run=None), model)
    place.train(job(place, model), 5)
    told = changed(place, settings=CHANGES[model][1])
    assert [one.loss.hex() for one in Run.open(place.folder / "run").reports] == [one.hex() for one in expected]
    assert told["setup"][0]["taken"] == 5
    for step in (1, 5, 6, 9):
        assert opened(place, "run", step).hex() == expected[step - 1].hex(), step


def test_a_step_is_opened_and_observed_with_the_settings_it_was_taken_with(place: Place) -> None:
    place.train(job(place, "gpt"), 5)
    changed(place, settings={"residual": "off"})
    run = Run.open(place.folder / "run")
    back = LookingBack(json.loads(run.job().line()))
    for step in (6, 5, 7, 1, 9):  # across the change and back
        seen = back.observation(step)
        assert seen is not None
        assert seen.loss.hex() == run.reports[step - 1].loss.hex()
        sums = seen.seen("layer0.attn_out", 0), seen.seen("embed", 0)
        assert all(sums)
    fresh = LookingBack(json.loads(run.job().line())).observation(5)
    again = back.observation(5)
    assert fresh is not None
    assert again is not None
    assert all((fresh.weights[name].value == again.weights[name].value).all() for name in fresh.weights)


def test_what_is_not_named_stays_as_it_was(place: Place) -> None:
    """Named in a job, as on the command line, settings are the change and not all there is."""
    place.train(job(place, "gpt", settings={**SMALL, "activation": "gelu"}), 5)
    changed(place, settings={"lr": 0.5})
    run = Run.open(place.folder / "run")
    assert (run.settings["activation"], run.settings["lr"], run.settings["n_embd"]) == ("gelu", 0.5, 4)
    assert run.changes == ((5, {"lr": (0.01, 0.5)}),)
    setup = run.setup
    assert setup.settings_at(5)["lr"] == 0.01
    assert setup.settings_at(6)["lr"] == 0.5
    assert setup.settings_at(0)["activation"] == "gelu"
    assert Setup.of(json.loads(json.dumps(setup.to_json()))) == setup


def test_settings_may_change_several_times_and_before_another_step_is_taken(place: Place) -> None:
    """At 3, twice at 6 (only the last counts), at 8 back to what they were; all steps open as they were taken."""
    place.train(place.job("run", settings={"lr": 0.1}), 3)
    run = place.folder / "run"
    place.train(Run.open(run).job(resume=True, settings={"lr": 0.2}, checkpoint_every=2), 6)
    place.train(Run.open(run).job(resume=True, settings={"lr": 0.7}), 6)  # ends at once: it has taken them
    place.train(Run.open(run).job(resume=True, settings={"lr": 0.3}), 8)
    place.train(Run.open(run).job(resume=True, settings={"lr": 0.1}))
    found = Run.open(run)
    assert found.changes == ((3, {"lr": (0.1, 0.2)}), (6, {"lr": (0.2, 0.3)}), (8, {"lr": (0.3, 0.1)}))
    assert found.taken == 12
    for step in range(1, 13):
        assert opened(place, "run", step).hex() == found.reports[step - 1].loss.hex(), step
    (folder := run / "checkpoints").joinpath("step-000003.safetensors").unlink()  # then across it, by taking steps
    assert folder.is_dir()
    for step in (4, 5):
        assert opened(place, "run", step).hex() == found.reports[step - 1].loss.hex(), step


@pytest.mark.parametrize("lost", [1, pytest.param(0, marks=pytest.mark.deep), pytest.param(2, marks=pytest.mark.deep)])
def test_killed_anywhere_about_a_change_it_goes_on_to_the_same_numbers(place: Place, lost: int) -> None:
    """Before the first checkpoint after it: the steps since are lost, the change is not."""
    place.train(job(place, "gpt"), 5)
    changed(place, settings={"lr": 0.05, "residual": "off"})
    expected = log_of(place.folder / "run")
    folder = place.folder / "run"
    path_of(folder, 9).unlink()
    lines = (folder / "log.jsonl").read_bytes().split(b"\n")
    (folder / "log.jsonl").write_bytes(b"\n".join(lines[: 5 + lost]) + b"\n" + b'{"step": 8, "lo')
    changed(place)
    assert log_of(folder) == expected
    assert [after for after, _ in Run.open(folder).changes] == [5]


def test_killed_between_cutting_the_log_and_noting_the_change_nothing_has_changed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.train(job(place, "gpt"))
    expected = log_of(place.folder / "run")
    path_of(place.folder / "run", 9).unlink()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tracer.train.about.About.write", killed)
        with pytest.raises(KeyboardInterrupt):
            changed(place, settings={"lr": 0.05})
    run = Run.open(place.folder / "run")
    assert (run.taken, run.changes, run.settings["lr"]) == (5, (), 0.01)
    changed(place)
    assert log_of(place.folder / "run") == expected


def test_a_change_whose_checkpoint_is_lost_is_made_where_the_run_goes_on(place: Place) -> None:
    place.train(job(place, "gpt"), 5)
    changed(place, settings={"lr": 0.05})
    folder = place.folder / "run"
    for step in (5, 9):
        path_of(folder, step).write_bytes(b"damaged")
    changed(place)
    run = Run.open(folder)
    assert run.changes == ((0, {"lr": (0.01, 0.05)}),)
    for step in (1, 9):
        assert opened(place, "run", step).hex() == run.reports[step - 1].loss.hex()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"n_layer": 2}, "there would be a parameter layer1.attn_wq"),
        pytest.param({"n_embd": 8}, r"wte would have shape \(\d+, 8\) instead of \(\d+, 4\)", marks=pytest.mark.deep),
        ({"tied": "on"}, "there would be no lm_head"),
        ({"held_out": 0.5}, "it learns from other data"),
        ({"dtype": "float64"}, "its numbers are of another kind"),
        ({"seed": 7}, "the seed decides"),
    ],
)
def test_what_only_a_new_run_can_have_is_refused_with_the_way_out(
    place: Place, settings: dict[str, Any], why: str
) -> None:
    place.train(job(place, "gpt"), 5)
    before = snapshot(place.folder / "run")
    with pytest.raises(ProgramError, match=why) as caught:
        changed(place, **({"seed": 7} if "seed" in settings else {"settings": settings}))
    assert {**snapshot(place.folder / "run"), "lock": b""} == {**before, "lock": b""}
    name = next(iter(settings))
    assert caught.value.message.startswith(f"{name}=")
    assert "tracer train" in (caught.value.hint or "")
    assert name in (caught.value.hint or "")
    assert caught.value.ja is not None


def test_a_program_that_names_no_state_cannot_go_on_with_other_settings(place: Place) -> None:
    place.write("None")
    place.train(place.job("run"), 5)
    with pytest.raises(ProgramError, match="names no `state`"):
        changed(place, settings={"lr": 0.5})


def test_texts_of_a_step_are_written_with_the_settings_of_that_step(place: Place) -> None:
    place.train(job(place, "gpt"), 5)
    told: dict[str, Any] = {"number": 3, "temperature": 1.0, "drawn_from": 1}
    before = place.do("sample", Run.open(place.folder / "run").job(), at=5, **told)["text"]
    changed(place, settings={"attention": "off", "norm": "off"})
    assert place.do("sample", Run.open(place.folder / "run").job(), at=5, **told)["text"] == before


def test_a_run_of_before_there_were_changes_is_read(place: Place) -> None:
    """`resumed` noted only what was asked for; and its format stays 1 as long as no setting changes."""
    place.train(place.job("run", steps=6))
    place.train(Run.open(place.folder / "run").job(resume=True, steps=9))
    path = place.folder / "run" / "run.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    del about["resumed"][0]["before"]["in_use"], about["resumed"][0]["carried"]
    path.write_text(json.dumps({**about, "version": 1}), encoding="utf-8")
    run = Run.open(place.folder / "run")
    assert run.changes == ((6, {"steps": (6, 9)}),)
    for step in (3, 6, 8):
        assert opened(place, "run", step).hex() == run.reports[step - 1].loss.hex()
    about["resumed"] += [{"step": "x"}, {"step": 7, "before": {"steps": -1, "settings": {}}}, {"step": 8, "before": 3}]
    path.write_text(json.dumps(about), encoding="utf-8")
    assert Run.open(place.folder / "run").changes == run.changes


@pytest.mark.deep
def test_the_checkpoint_at_a_change_stays_however_little_room_there_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.train(job(place, "gpt"), 4)
    monkeypatch.setattr("tracer.train.writer.MOST_BYTES", 1)
    place.train(Run.open(place.folder / "run").job(resume=True, settings={"lr": 0.5}, checkpoint_every=2), 7)
    changed(place)
    assert {0, 4} <= set(checkpoint.steps_in(place.folder / "run"))
