"""Runs of the GPT in both engines: resumed, opened and measured, each to the bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.train.runs import Place, checkpoints_of, log_of, place
from tracer.train.job import Job
from tracer.train.run import Run
from tracer.train.weights import write_weights

__all__ = ["place"]

MODELS = Path(__file__).resolve().parents[2] / "models"
SIZES: dict[str, Any] = {"n_embd": 4, "n_head": 2, "block_size": 4, "batch_size": 2, "held_out": 0.5}
WORDS = "\n".join(["anna", "bo", "ada", "nob", "dan", "ban"])


def job(place: Place, name: str, engine: str, **other: Any) -> Job:
    path = place.folder / "words.txt"
    path.write_text(WORDS, encoding="utf-8")
    program = MODELS / ("gpt.py" if engine == "tensor" else "gpt_scalar.py")
    told: dict[str, Any] = {"data": str(path), "settings": SIZES, "steps": 8, "checkpoint_every": 3, **other}
    return Job(program, program.name, run=place.folder / name, engine=engine, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["lines", "text"])
@pytest.mark.parametrize("engine", ["tensor", pytest.param("scalar", marks=pytest.mark.deep)])
def test_a_gpt_goes_on_and_opens_bit_for_bit(place: Place, engine: str, mode: str) -> None:
    place.train(job(place, "whole", engine, mode=mode))
    place.train(job(place, "parts", engine, mode=mode), 5)
    run = Run.open(place.folder / "parts")
    told = place.train(run.job(resume=True, checkpoint_every=3))
    assert told["setup"][0]["taken"] == 5
    whole, parts = Run.open(place.folder / "whole"), Run.open(place.folder / "parts")
    assert log_of(parts) == log_of(whole)
    assert (
        checkpoints_of(parts.folder)["step-000008.safetensors"]
        == checkpoints_of(whole.folder)["step-000008.safetensors"]
    )
    assert whole.reports[-1].eval is not None
    assert whole.reports[-1].samples
    assert whole.reports[1].lr == pytest.approx(0.01 * 7 / 8) or engine == "scalar"
    opened = place.do("open", whole.job(), open=6, folder=str(place.folder))["opened"][0]
    assert opened["loss"].hex() == whole.reports[5].loss.hex()


def test_weights_of_one_engine_measure_the_same_in_the_other(place: Place) -> None:
    """Loss and the size of every gradient, through both kinds of file."""
    place.train(job(place, "run", "tensor", settings={**SIZES, "dtype": "float64"}))
    weights = Run.open(place.folder / "run").weights()
    found = []
    for engine, name in (("tensor", "w.json"), ("scalar", "w.safetensors")):
        write_weights(place.folder / name, weights)
        settings = {**SIZES, "dtype": "float64"}
        one = job(place, "none", engine, settings=settings, init=place.folder / name, document="nab", steps=0)
        found.append(place.do("measure", one)["measured"][0])
    tensor, scalar = found
    assert scalar["loss"] == pytest.approx(tensor["loss"], abs=1e-10)
    assert scalar["grad_norm"] == pytest.approx(tensor["grad_norm"], abs=1e-10)
    assert list(tensor["grad_norm"]) == list(weights)
    assert json.dumps(found)


def test_a_held_out_document_that_changed_is_noticed(place: Place) -> None:
    place.train(job(place, "run", "tensor"), 4)
    run = Run.open(place.folder / "run")
    (place.folder / "words.txt").write_text(WORDS.replace("ban", "nab"), encoding="utf-8")
    with pytest.raises(Exception, match=r"the data \(words.txt\) have changed"):
        place.train(run.job(resume=True))
