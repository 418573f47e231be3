"""A run's folder: what is written there reads back; whatever else is in it is refused in one line, and left alone."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import tracer
from tests.train.runs import Place, checkpoints_of, log_of, place, snapshot
from tracer.errors import FileFormatError, NotFoundError, TracerError
from tracer.train import checkpoint, log, writer
from tracer.train.checkpoint import path_of
from tracer.train.run import Run, is_run, new_folder

__all__ = ["place"]


MADE: dict[str, bytes] = {}
"""A run that was trained once, for all tests that only look at it."""


@pytest.fixture
def trained(place: Place) -> Path:
    folder = place.folder / "run"
    if not MADE:
        place.train(place.job("run", settings={"lr": 0.05}, seed=7))
        MADE.update(snapshot(folder))
        return folder
    for name, data in MADE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_what_a_run_is_reads_back(trained: Path, place: Place) -> None:
    run = Run.open(trained)
    assert (run.name, run.steps, run.taken, run.seed, run.engine) == ("run", 12, 12, 7, "Tensor")
    assert run.settings == {"seed": 7, "lr": 0.05, "steps": 12, "spoil": 0}
    assert run.parameters == {"weight": (2, 2), "bias": (2,), "a": (), "b": ()}
    assert (run.device, run.dtype, run.checkpoints) == ("cpu", "float32", (0, 5, 10, 12))
    assert run.source == place.program.read_text(encoding="utf-8")
    assert run.versions["tracer"] == tracer.__version__
    assert run.history.steps == 12
    assert run.setup.parameters == 8
    assert [report.step for report in run.reports] == list(range(1, 13))
    rates = [report.lr for report in run.reports]
    assert rates == [0.05 * (1 - i / 12) for i in range(12)]
    assert not run.writing
    assert is_run(trained)
    loaded = tracer.load(trained)
    assert isinstance(loaded, Run)
    assert loaded.about == run.about


@pytest.mark.parametrize("state", ["state", "None"])
@pytest.mark.parametrize("step", [1, 5, 6, 9, 12])
def test_any_step_opens_to_the_losses_bits(place: Place, state: str, step: int) -> None:
    """From the nearest checkpoint, or from the seed where none can be gone on from."""
    place.write(state)
    place.train(place.job("run"))
    run = Run.open(place.folder / "run")
    told = place.do("open", run.job(), open=step, folder=str(place.folder))
    assert told["opened"][0]["loss"].hex() == run.reports[step - 1].loss.hex()


def test_opening_begins_at_the_nearest_checkpoint_that_can_be_read(place: Place) -> None:
    """And where all are damaged, at the seed."""
    text = place.program.read_text(encoding="utf-8")
    marked = "        with open('taken', 'a') as file: file.write(f'{i} ')\n        x = tracer.randn"
    text = text.replace("        x = tracer.randn", marked)
    place.write(text=text)
    place.train(place.job("run"))
    run = Run.open(place.folder / "run")

    def taken() -> str:
        Path("taken").write_text("", encoding="utf-8")
        told = place.do("open", run.job(), open=12, folder=str(place.folder))
        assert told["opened"][0]["loss"].hex() == run.reports[-1].loss.hex()
        return Path("taken").read_text(encoding="utf-8")

    assert taken() == "10 11 "
    path_of(run.folder, 10).write_bytes(b"")
    assert taken() == "5 6 7 8 9 10 11 "
    for step in run.checkpoints:
        path_of(run.folder, step).write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    assert taken() == " ".join(map(str, range(12))) + " "


def test_reading_on_gives_what_is_new_and_leaves_a_torn_line(trained: Path) -> None:
    run = Run.open(trained)
    first, at = run.newer(0, 0)
    assert len(first) == 12
    line = log.line_of(first[-1]).replace(b'"step": 12', b'"step": 13')
    with open(trained / "log.jsonl", "ab") as file:
        file.write(line + line[:9])
    more, after = run.newer(at, 12)
    assert [report.step for report in more] == [13]
    assert run.newer(after, 13) == ((), after)


def test_reading_on_begins_anew_where_the_log_was_cut(trained: Path) -> None:
    """As when it is gone on with from a checkpoint."""
    run = Run.open(trained)
    at = run.newer(0, 0)[1]
    lines = (trained / "log.jsonl").read_bytes().splitlines(True)
    (trained / "log.jsonl").write_bytes(b"".join(lines[:3]))
    assert [report.step for report in run.newer(at, 1)[0]] == [2, 3]


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    assert new_folder("names", 42, tmp_path).name == "names-42"
    (tmp_path / "names-42").mkdir()
    (tmp_path / "names-42-2").symlink_to("nowhere")
    assert new_folder("names", 42, tmp_path).name == "names-42-3"
    assert new_folder("../a b\x1b[31m/c", None, tmp_path).parent == tmp_path
    assert new_folder("...", 1, tmp_path).name == "run-1"


def test_what_is_there_already_is_not_touched(place: Place) -> None:
    folder = place.folder / "run"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(FileFormatError, match="something already"):
        place.train(place.job("run"))
    assert snapshot(folder) == {"thesis.txt": b"years of work"}
    (folder / "thesis.txt").unlink()
    place.train(place.job("run"))
    assert Run.open(folder).taken == 12


# Damaged, half-written, edited by hand


def edited(**changes: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        for name, value in changes.items():
            if value is ...:
                del about[name]
            else:
                about[name] = value
        (folder / "run.json").write_text(json.dumps(about), encoding="utf-8")

    return edit


def written(name: str, data: bytes | Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        path = folder / name
        path.write_bytes(data if isinstance(data, bytes) else data(path.read_bytes()))

    return write


def piped(folder: Path) -> None:
    (folder / "log.jsonl").unlink()
    os.mkfifo(folder / "log.jsonl")


WRONG: list[tuple[str, Callable[[Path], None], str]] = [
    ("half of it", written("run.json", lambda data: data[: len(data) // 2]), "run.json: it is not whole"),
    ("empty", written("run.json", b""), "run.json: it is not whole"),
    ("not text", written("run.json", b"\xff\xfe\0"), "run.json: it is not whole"),
    ("deep", written("run.json", b"[" * 100_000), "run.json: it is not whole"),
    ("list", written("run.json", b"[]"), "run.json: it is no table"),
    ("other", written("run.json", b"{}"), "run.json: it describes no run"),
    ("newer", edited(version=99), "newer Gradient Tracer"),
    ("no version", edited(version=...), "version is missing"),
    ("steps word", edited(steps="many"), "steps must be a whole number"),
    ("steps negative", edited(steps=-3), "steps must be a whole number"),
    ("steps huge", edited(steps=10**30), "steps must be a whole number"),
    ("steps nan", edited(steps=float("nan")), "steps must be a whole number"),
    ("steps true", edited(steps=True), "steps must be a whole number"),
    ("seed", edited(seed=1.5), "seed must be a whole number"),
    ("settings", edited(settings={"lr": [1]}), "settings.lr must be a number"),
    ("settings list", edited(settings=[]), "settings must be a table"),
    ("program", edited(program=...), "program is missing"),
    ("program path", edited(program={"path": 3, "shown": "", "sha256": ""}), "program.path must be a word"),
    ("asked", edited(asked={"settings": {}, "steps": "x"}), "asked.steps must be a whole number"),
    ("shape", edited(parameters={"w": [-1]}), "parameters.w must be a shape"),
    ("symbols", edited(symbols=[1, 2]), "symbols must be a list of words"),
    ("rows", edited(rows=[[1, 2]]), "rows must be a list of points"),
    ("hostile", edited(settings={"\x1b[31m": None}), "is missing"),
    ("log word", written("log.jsonl", b"hello\n"), "log.jsonl:1: this line is not whole"),
    (
        "log order",
        written("log.jsonl", lambda data: b"".join(data.splitlines(True)[::-1])),
        "step 12 stands where step 1",
    ),
    ("log gap", written("log.jsonl", lambda data: b"".join(data.splitlines(True)[1:])), "step 2 stands where step 1"),
    (
        "log loss",
        written("log.jsonl", b'{"step": 1, "loss": "low", "seconds": 0}\n'),
        "log.jsonl:1: loss must be a number",
    ),
    ("log no loss", written("log.jsonl", b'{"step": 1, "seconds": 0}\n'), "log.jsonl:1: loss is missing"),
    (
        "log huge",
        written("log.jsonl", b'{"step": 1, "loss": 1' + b"0" * 400 + b', "seconds": 0}\n'),
        "loss must be a number",
    ),
    ("log step", written("log.jsonl", b'{"step": -1, "loss": 1, "seconds": 0}\n'), "step must be a whole number"),
    ("log samples", written("log.jsonl", b'{"step": 1, "loss": 1, "seconds": 0, "samples": 3}\n'), "samples"),
    ("log pipe", piped, "log.jsonl: it is no ordinary file"),
]


@pytest.mark.parametrize(("spoil", "says"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_folder_that_is_not_as_we_write_it_is_refused_in_one_line(
    trained: Path, spoil: Callable[[Path], None], says: str
) -> None:
    spoil(trained)
    with pytest.raises(TracerError) as caught:
        Run.open(trained)
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert "\x1b" not in str(caught.value)


def test_what_is_no_folder_or_holds_no_run_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", tmp_path / ("x" * 3000), Path("a\0b")):
        with pytest.raises(NotFoundError, match="no such folder"):
            Run.open(path)
    with pytest.raises(NotFoundError, match=r"holds no run: run\.json is missing"):
        Run.open(tmp_path)
    assert not is_run(tmp_path)


def test_names_that_are_not_known_are_left_alone(trained: Path) -> None:
    edited(colour="green")(trained)
    assert Run.open(trained).taken == 12


def test_files_that_are_no_checkpoints_are_not_taken_for_some(trained: Path) -> None:
    for name in (
        "step-5.safetensors",
        "step-0000050.safetensors",
        "step-000007.safetensors.tmp",
        "step-١٢٣٤٥٦.safetensors",
    ):
        (trained / "checkpoints" / name).write_bytes(b"")
    assert Run.open(trained).checkpoints == (0, 5, 10, 12)
    with pytest.raises(NotFoundError, match="no checkpoint of step 7"):
        Run.open(trained).weights(7)
    path_of(trained, 5).write_bytes(path_of(trained, 10).read_bytes())
    with pytest.raises(FileFormatError, match="it is the checkpoint of step 10"):
        Run.open(trained).weights(5)


@pytest.mark.deep
def test_random_damage_never_gives_a_traceback_and_never_harms(place: Place) -> None:
    """Bytes changed, cut and doubled in every file: a run that opens resumes or is refused in one line."""
    rng = random.Random(3)
    place.train(place.job("whole"), 10)
    whole = snapshot(place.folder / "whole")
    resumed, said = 0, []
    for case in range(400):
        folder = place.folder / f"case-{case}"
        for name, data in whole.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        names = [name for name in whole if name not in ("lock", "program.py")]
        for _ in range(rng.randint(1, 3)):
            path = folder / rng.choice(names)
            data = bytearray(path.read_bytes())
            at = rng.randrange(len(data) + 1)
            match rng.randrange(5):
                case 0 if at < len(data):
                    data[at] = rng.randrange(256)
                case 1:
                    del data[at:]
                case 2:
                    data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 9)))
                case 3:
                    data[at:at] = rng.choice(
                        [b"-", b"99999999999999999999", b"null", b"[[", b"\n", b'"', b"NaN", b"{}"]
                    )
                case _:
                    del data[at : at + rng.randint(1, 40)]
            path.write_bytes(data)
        before = snapshot(folder)
        try:
            run = Run.open(folder)
            run.history  # noqa: B018
            _ = run.setup, run.checkpoints
            for step in run.checkpoints:
                with suppress(TracerError):
                    run.weights(step)
            assert snapshot(folder) == before, "reading changes nothing"
            place.train(run.job(resume=True))
            resumed += 1
        except TracerError as refusal:
            said.append(refusal.message)
            after = snapshot(folder)
            assert {**before, "lock": b""} == {**after, "lock": b""}, "what is refused is left as it was"
    assert not [one for one in said if "\n" in one]
    assert resumed > 50
    assert len(said) > 50


# A disk that is full


def test_on_a_full_disk_training_goes_on_and_what_is_there_stays_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said once; when there is room again, all that was missing is written, and the run is as if nothing had been."""
    place.train(place.job("whole"))
    refusals = 0
    full = False
    write, pwrite = writer.checkpoint.write, os.pwrite

    def no_room(folder: Path, found: checkpoint.Checkpoint) -> int:
        nonlocal full
        full = full or (found.step == 5 and not refusals)
        if full:
            raise FileFormatError("checkpoint: not written: the disk is full.")
        return write(folder, found)

    def some_room(file: int, data: bytes, at: int) -> int:
        nonlocal full, refusals
        if not full:
            return pwrite(file, data, at)
        refusals += 1
        full = refusals < 5
        if refusals % 2:  # a part of a line is written, as the last bytes of a disk take it
            return pwrite(file, bytes(data[:50]), at)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writer.checkpoint, "write", no_room)
    monkeypatch.setattr(log.os, "pwrite", some_room)
    told = place.train(place.job("full"))
    assert [said["step"] for said in told["unsaved"]] == [5]
    assert "not saved since step 0" in told["unsaved"][0]["reason"][0]
    assert len(told["report"]) == 12
    assert log_of(place.folder / "full") == log_of(place.folder / "whole")
    assert [said["step"] for said in told["saved"]][-1] == 12


def test_a_limit_on_file_size_is_a_full_disk(place: Place) -> None:
    """Real writes that fail: one message, a folder that opens, a log of whole lines."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    place.train(place.job("run"), 5)
    before = checkpoints_of(place.folder / "run")
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, hard))
    try:
        told = place.train(Run.open(place.folder / "run").job(resume=True, checkpoint_every=3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(told["report"]) == 7
    first, last = (said["reason"][0] for said in told["unsaved"])
    assert "not saved since step 5" in first
    assert "not saved after step 5" in last
    assert "too large" in last
    run = Run.open(place.folder / "run")
    assert 5 <= run.taken < 12
    assert checkpoints_of(place.folder / "run") == before
    assert not list(run.folder.rglob(".*"))
    again = place.train(run.job(resume=True, checkpoint_every=5))
    assert again["setup"][0]["taken"] == 5
    place.train(place.job("whole"))
    assert log_of(run.folder) == log_of(place.folder / "whole")


def test_where_nothing_can_be_written_nothing_is_begun(place: Place) -> None:
    (place.folder / "file").write_text("", encoding="utf-8")
    with pytest.raises(FileFormatError, match="not written") as caught:
        place.train(place.job("file/run"))
    assert "--no-save" in str(caught.value)


def test_checkpoints_that_take_too_much_are_thinned_where_they_stand_closest(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first and the last stay; any step still opens."""
    place.train(place.job("whole"))
    size = len(checkpoints_of(place.folder / "whole")["step-000005.safetensors"])
    monkeypatch.setattr(writer, "MOST_BYTES", int(4.5 * size))
    place.train(place.job("run", checkpoint_every=1))
    run = Run.open(place.folder / "run")
    assert len(run.checkpoints) == 4
    assert (run.checkpoints[0], run.checkpoints[-1]) == (0, 12)
    told = place.do("open", run.job(), open=9, folder=str(place.folder))
    assert told["opened"][0]["loss"].hex() == run.reports[8].loss.hex()


def test_a_checkpoint_of_a_pause_goes_with_the_next(place: Place) -> None:
    from tracer.train.built import build_training
    from tracer.train.loop import train
    from tracer.train.writer import RunWriter, begin

    built = build_training(json.loads(place.job("run").line()))
    folder = place.folder / "run"
    held = begin(folder, built.about(), built.source, built.training)
    kept = RunWriter(folder, built.training, every=5)
    for report in train(built.training, 7):
        kept.add(report)
        if report.step in (3, 4):
            kept.save(passing=True)
            assert report.step in checkpoint.steps_in(folder)
    assert checkpoint.steps_in(folder) == (0, 5)
    kept.end()
    kept.close()
    os.close(held)
    assert checkpoint.steps_in(folder) == (0, 5, 7)
