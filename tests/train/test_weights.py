"""Weights go in and out as files, exactly; a file that does not fit is refused, and nothing has changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import tracer
from tests.train.runs import Place, place
from tracer import Training, Value
from tracer.errors import FileFormatError, NotFoundError, ProgramError, TracerError
from tracer.train import parameters
from tracer.train.run import Run
from tracer.train.weights import read_weights, write_weights

__all__ = ["place"]


def training() -> Training:
    """A tensor, a number, and rows of numbers."""
    rows = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    named = {"w": tracer.zeros(2, 3), "v": Value(0.5), "rows": rows}
    return Training(lambda i: 0.0, named)


GOOD = {"w": [[0.1, 0.2, 0.3], [1e-30, -1, 7]], "v": 0.25, "rows": [[5.0, 6.0], [7.0, 8.0]]}


@pytest.mark.parametrize("name", ["w.json", "w.safetensors", "w"])
def test_weights_come_back_bit_for_bit(tmp_path: Path, name: str) -> None:
    """What a file is follows from its content, not from its name."""
    rng = np.random.default_rng(1)
    arrays = {"wte": rng.normal(size=(5, 3)), "layer0.attn_wq": rng.normal(size=(3, 3)).T, "b": np.array(0.1)}
    write_weights(tmp_path / name, arrays)
    found = read_weights(tmp_path / name)
    assert {one: array.tolist() for one, array in found.items()} == {one: a.tolist() for one, a in arrays.items()}
    (tmp_path / name).rename(tmp_path / "other.bin")
    assert read_weights(tmp_path / "other.bin")["wte"].tobytes() == arrays["wte"].tobytes()
    loaded = tracer.load(tmp_path / "other.bin")
    assert isinstance(loaded, dict)
    assert loaded.keys() == arrays.keys()


def test_a_checkpoint_is_a_file_of_weights(place: Place) -> None:
    place.train(place.job("run"))
    run = Run.open(place.folder / "run")
    found = read_weights(run.folder / "checkpoints" / "step-000012.safetensors")
    assert {name: array.tolist() for name, array in found.items()} == {
        name: array.astype(np.float64).tolist() for name, array in run.weights().items()
    }


def test_a_run_that_begins_with_the_weights_of_another_begins_where_that_ended(place: Place) -> None:
    place.train(place.job("first"))
    weights = Run.open(place.folder / "first").weights()
    write_weights(place.folder / "w.json", weights)
    place.train(place.job("second", init=place.folder / "w.json"))
    again = Run.open(place.folder / "second")
    assert {name: array.tolist() for name, array in again.weights(0).items()} == {
        name: array.tolist() for name, array in weights.items()
    }
    (place.folder / "w.json").unlink()  # the run keeps what it began with
    told = place.do("open", again.job(), open=3, folder=str(place.folder))
    assert told["opened"][0]["loss"].hex() == again.reports[2].loss.hex()


def test_half_precision_of_the_brain_kind_is_read(tmp_path: Path) -> None:
    """PyTorch writes BF16, NumPy has no such type."""
    bits = np.array([1.5, -0.25], np.float32).view(np.uint32) >> 16
    header = json.dumps({"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    header += b" " * (-len(header) % 8)
    (tmp_path / "w").write_bytes(len(header).to_bytes(8, "little") + header + bits.astype(np.uint16).tobytes())
    assert read_weights(tmp_path / "w")["w"].tolist() == [1.5, -0.25]


def test_every_kind_of_parameter_is_read_and_written() -> None:
    made = training()
    assert parameters.shapes(made) == {"w": (2, 3), "v": (), "rows": (2, 2)}
    assert parameters.count(made) == 11
    parameters.put(made, {name: np.array(rows) for name, rows in GOOD.items()}, "w.json")
    found = parameters.arrays(made)
    assert found["rows"].tolist() == GOOD["rows"]
    assert found["v"].tolist() == 0.25
    np.testing.assert_array_equal(found["w"], np.array(GOOD["w"], np.float32))


BAD: list[tuple[dict[str, object], str]] = [
    ({**GOOD, "w": [[1.0, 2.0]]}, r"w has shape \(1, 2\); the model's has shape \(2, 3\)"),
    ({**GOOD, "rows": [[1.0, 2.0]]}, r"rows has shape \(1, 2\); the model's has shape \(2, 2\)"),
    ({**GOOD, "more": 1.0, "most": 2.0}, "the model has no more, most"),
    ({"w": GOOD["w"]}, "rows, v are missing"),
]


@pytest.mark.parametrize(("given", "says"), BAD)
def test_what_does_not_fit_is_refused_and_nothing_has_changed(given: dict[str, object], says: str) -> None:
    made = training()
    before = {name: array.tolist() for name, array in parameters.arrays(made).items()}
    with pytest.raises(ProgramError, match=says) as caught:
        parameters.put(made, {name: np.array(rows, np.float64) for name, rows in given.items()}, "w.json")
    assert caught.value.ja is not None
    assert {name: array.tolist() for name, array in parameters.arrays(made).items()} == before


HOSTILE: list[tuple[bytes, str]] = [
    (b'{"w": [[1, 2], [3]]}', "rows differ in length"),
    (b'{"w": [1, NaN]}', "w holds nan"),
    (b'{"w": [1, Infinity]}', "w holds inf"),
    (b'{"w": [1, "2"]}', 'w holds "2", which is no number'),
    (b'{"w": [1, true]}', "w holds true"),
    (b'{"w": [1, null]}', "w holds null"),
    (b'{"w": [1' + b"0" * 400 + b"]}", "too large"),
    (b'{"w": {"a": 1}}', "which is no number"),
    (b'{"w": [1, 2', "not whole"),
    (b"[1, 2]", "a table of names"),
    (b"{}", "holds no weights"),
    (b'{"w": ' + b"[" * 100_000, "not whole"),
    (b"", "no safetensors file"),
    (b"\0" * 40, "no safetensors file"),
    (b"\xff" * 8 + b"{}", "no safetensors file"),
    (b"hello, this is a text", "no safetensors file"),
]


@pytest.mark.parametrize(("data", "says"), HOSTILE)
def test_a_file_that_is_none_is_refused_in_one_line(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "weights"
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=says) as caught:
        read_weights(path)
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith(str(path))


def test_numbers_that_are_not_finite_are_refused_in_either_kind(tmp_path: Path) -> None:
    save_file({"w": np.array([1.0, np.nan])}, tmp_path / "w")
    with pytest.raises(FileFormatError, match="w holds nan; weights are finite numbers"):
        read_weights(tmp_path / "w")
    save_file({"w": np.array([True])}, tmp_path / "w")
    with pytest.raises(FileFormatError, match="w is bool, not numbers"):
        read_weights(tmp_path / "w")


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_what_is_no_file_is_said(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "w")
    with pytest.raises(TracerError, match=r"no such file|no ordinary file"):
        read_weights(tmp_path / "w")
    with pytest.raises(NotFoundError):
        read_weights(tmp_path / "other")


@pytest.mark.parametrize("gone", ["all of them", "the first"])
def test_without_its_checkpoints_a_run_begins_with_the_weights_that_it_was_given(place: Place, gone: str) -> None:
    """Going on and opening a step: the seed alone would give other numbers without a word."""
    place.train(place.job("first"))
    write_weights(place.folder / "w.json", Run.open(place.folder / "first").weights())
    place.train(place.job("second", init=place.folder / "w.json"))
    run = Run.open(place.folder / "second")
    expected = [report.loss.hex() for report in run.reports]
    for path in (run.folder / "checkpoints").iterdir():
        if gone == "all of them" or "000000" in path.name:
            path.unlink()
    told = place.do("open", run.job(), open=3, folder=str(place.folder))
    assert told["opened"][0]["loss"].hex() == expected[2]
    place.train(run.job(resume=True))
    assert [report.loss.hex() for report in Run.open(run.folder).reports] == expected
