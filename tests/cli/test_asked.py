"""What a command line of `tracer train` asks for, as a job; nothing starts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.shell import ROOT
from tracer.cli.asked import Wanted, claimed, job_of, kept, typed
from tracer.errors import TracerError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no file of the checkout is meant by `models/gpt.py`."""
    monkeypatch.chdir(tmp_path)


def test_every_option_reaches_the_job() -> None:
    job = job_of(
        Wanted(
            ["gpt", "--n-layer", "2", "residual=off"],
            data="names.txt",
            mode="text",
            steps="7",
            lr="0.5",
            seed="18446744073709551",
            device="cuda",
            init="w.json",
            every="2",
            checkpoint_every="3",
        )
    )
    assert (job.program, job.shown) == (ROOT / "models" / "gpt.py", "models/gpt.py")
    assert job.settings == {"n_layer": 2.0, "residual": "off", "lr": 0.5}
    assert (job.data, job.mode, job.steps, job.seed) == ("names.txt", "text", 7, 18446744073709551)
    assert (job.device, job.init, job.every, job.checkpoint_every) == ("cuda", Path("w.json"), 2, 3)
    assert (job.run, job.resume, job.document) == (None, False, None)


def test_what_has_an_option_may_be_typed_as_a_setting() -> None:
    job = job_of(Wanted(["gpt", "steps=5", "seed=12345678901", "mode=text", "device=cpu", "engine=scalar"]))
    assert (job.steps, job.seed, job.mode, job.device, job.engine) == (5, 12345678901, "text", "cpu", "scalar")
    assert job.settings == {}


@pytest.mark.parametrize(
    ("model", "engine", "file"),
    [
        ("gpt", "scalar", "gpt_scalar.py"),
        ("models/gpt.py", "scalar", "gpt_scalar.py"),
        ("gpt_scalar", "tensor", "gpt.py"),
        ("gpt_scalar", "scalar", "gpt_scalar.py"),
        ("gpt", None, "gpt.py"),
        ("mlp", "scalar", "mlp.py"),
    ],
)
def test_an_engine_means_the_twin_that_has_it(model: str, engine: str | None, file: str) -> None:
    job = job_of(Wanted([model], engine=engine))
    assert (job.program.name, job.shown) == (file, f"models/{file}")


def test_no_steps_are_enough_to_measure_a_document() -> None:
    assert job_of(Wanted(["gpt"], document="anna", steps="0")).steps == 0
    with pytest.raises(TracerError, match="a whole number from 1"):
        job_of(Wanted(["gpt"], steps="0"))


def test_a_run_gets_a_folder_of_its_own(tmp_path: Path) -> None:
    named = [
        (Wanted(["gpt"]), "runs/names-42"),
        (Wanted(["gpt"], data="some/my names.txt", seed="7"), "runs/my-names-7"),
        (Wanted(["mlp"], data="moons"), "runs/moons-42"),
        (Wanted(["mlp"], run=Path("here")), "here"),
        (Wanted(["mlp"], no_save=True), None),
    ]
    for wanted, folder in named:
        assert kept(job_of(wanted), wanted).run == (None if folder is None else Path(folder))
    (tmp_path / "runs" / "names-42").mkdir(parents=True)
    assert kept(job_of(Wanted(["gpt"])), Wanted(["gpt"])).run == Path("runs/names-42-2")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"], "nothing is made before training begins"


def test_trainings_that_begin_at_once_get_folders_of_their_own(tmp_path: Path) -> None:
    """And what comes to nothing leaves nothing."""
    wanted = Wanted(["gpt"])
    with claimed(job_of(wanted), wanted) as first, claimed(job_of(wanted), wanted) as second:
        assert (first.run, second.run) == (Path("runs/names-42"), Path("runs/names-42-2"))
        (tmp_path / "runs" / "names-42-2" / "run.json").touch()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["names-42-2"]


@pytest.mark.parametrize("make", [lambda path: path.touch(), lambda path: path.symlink_to("nowhere")])
def test_where_no_folder_can_be_made_nothing_is_waited_for(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "runs")
    with claimed(job_of(Wanted(["gpt"])), Wanted(["gpt"])) as job:
        assert job.run == Path("runs/names-42")
    assert os.path.lexists(tmp_path / "runs")


def test_nothing_is_made_where_no_run_is_kept(tmp_path: Path) -> None:
    for wanted in (Wanted(["gpt"], no_save=True), Wanted(["gpt"], run=Path("here"))):
        with claimed(job_of(wanted), wanted):
            assert not list(tmp_path.iterdir())


def test_the_words_that_train_it_once_more() -> None:
    wanted = Wanted(["gpt", "--n-layer", "2", "shift=−1"], data="names", lr="0.1", engine="scalar", plain=True)
    assert typed(wanted) == [
        *("tracer", "train", "gpt", "--n-layer", "2", "shift=-1"),
        *("--data", "names", "--lr", "0.1", "--engine", "scalar"),
    ]
