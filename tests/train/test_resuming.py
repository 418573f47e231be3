"""A run that was stopped goes on to the same numbers, bit for bit, or says why it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.train.runs import Place, checkpoints_of, log_of, place, snapshot
from tracer.errors import FileFormatError, NotFoundError, ProgramError, TracerError
from tracer.train import lock
from tracer.train.checkpoint import path_of
from tracer.train.run import Run

__all__ = ["place"]


@pytest.mark.parametrize("state", ["state", "None"])
@pytest.mark.parametrize("stop", [1, 5, 7, 11])
def test_a_resumed_run_ends_as_one_that_never_stopped(place: Place, state: str, stop: int) -> None:
    """Log and final checkpoint; with every source of random numbers, an optimizer, lists, an array and a gradient that
    goes on adding up; and by taking all steps again where the program does not say what to keep."""
    place.write(state)
    place.train(place.job("whole"))
    place.train(place.job("parts"), stop)
    parts = Run.open(place.folder / "parts")
    assert (parts.taken, parts.checkpoints[-1]) == (stop, stop)
    told = place.train(parts.job(resume=True, checkpoint_every=5))
    assert told["setup"][0]["taken"] == stop
    assert [report["step"] for report in told["report"]] == list(range(stop + 1, 13))
    assert log_of(place.folder / "parts") == log_of(place.folder / "whole")
    whole, again = checkpoints_of(place.folder / "whole"), checkpoints_of(place.folder / "parts")
    assert set(whole) == {f"step-{n:06}.safetensors" for n in (0, 5, 10, 12)}
    assert {name: again[name] for name in whole} == whole


def test_lines_after_the_last_checkpoint_are_taken_again(place: Place) -> None:
    """As after a kill: the log knows more steps than the checkpoints, its last line torn."""
    place.train(place.job("whole"))
    place.train(place.job("killed"), 9)
    folder = place.folder / "killed"
    path_of(folder, 9).unlink()
    with open(folder / "log.jsonl", "ab") as file:
        file.write(b'{"step": 10, "lo')
    told = place.train(Run.open(folder).job(resume=True, checkpoint_every=5))
    assert told["setup"][0]["taken"] == 5
    assert log_of(folder) == log_of(place.folder / "whole")
    assert checkpoints_of(folder) == checkpoints_of(place.folder / "whole")


def test_a_damaged_checkpoint_is_told_and_the_one_before_is_used(place: Place) -> None:
    place.train(place.job("whole"))
    place.train(place.job("hurt"), 10)
    folder = place.folder / "hurt"
    data = path_of(folder, 10).read_bytes()
    path_of(folder, 10).write_bytes(data[: len(data) // 2])
    told = place.train(Run.open(folder).job(resume=True, checkpoint_every=5))
    assert told["setup"][0]["taken"] == 5
    assert "step-000010" in told["setup"][0]["notes"][0]["en"]
    assert log_of(folder) == log_of(place.folder / "whole")


def refused(place: Place, name: str, **changes: object) -> TracerError:
    """What is said; nothing in the folder has changed."""
    before = snapshot(place.folder / name)
    with pytest.raises(TracerError) as caught:
        place.train(Run.open(place.folder / name).job(resume=True, **changes))
    after = snapshot(place.folder / name)
    assert {**before, "lock": b""} == {**after, "lock": b""}
    assert "\n" not in caught.value.message
    assert caught.value.ja is not None
    return caught.value


def test_another_program_is_refused_and_taken_by_force(place: Place) -> None:
    place.train(place.job("run"), 5)
    other = place.program.read_text(encoding="utf-8") + "\n# changed\n"
    error = refused(place, "run", source=other)
    was = Run.open(place.folder / "run").program.sha256
    assert "program has changed" in error.message
    assert was[:16] in error.message
    assert "--force" in str(error)
    place.train(Run.open(place.folder / "run").job(resume=True, source=other, force=True))
    run = Run.open(place.folder / "run")
    assert run.source == other
    assert run.about.resumed[0]["what"] == ["program"]
    assert run.taken == 12


def test_changed_data_are_refused_and_both_digests_told(place: Place) -> None:
    table = place.folder / "points.csv"
    table.write_text("x1,x2,y\n0,0,0\n1,1,1\n", encoding="utf-8")
    text = (
        "from tracer import Training\ndef training(data=None):\n"
        "    return Training(lambda i: sum(map(sum, data)), {}, rows=data, state={})\n"
    )
    place.write(text=text)
    place.train(place.job("run", data="points.csv", steps=4), 2)
    was = Run.open(place.folder / "run").data.sha256
    table.write_text("x1,x2,y\n0,0,0\n1,2,1\n", encoding="utf-8")
    error = refused(place, "run")
    assert "points.csv" in error.message
    assert was[:16] in error.message
    told = place.train(Run.open(place.folder / "run").job(resume=True, force=True))
    assert told["setup"][0]["taken"] == 2
    assert any("data was" in note["en"] for note in told["setup"][0]["notes"])


def test_another_setting_is_gone_on_with_and_both_are_told(place: Place) -> None:
    place.train(place.job("run", settings={"lr": 0.1}), 5)
    told = place.train(Run.open(place.folder / "run").job(resume=True, settings={"lr": 0.2}))
    assert told["setup"][0]["notes"][0]["en"] == "lr was 0.1, it is 0.2 now: the numbers differ from here on."
    assert told["setup"][0]["changes"] == ((5, {"lr": (0.1, 0.2)}),)


def test_more_steps_are_taken_and_what_that_means_is_said(place: Place) -> None:
    place.train(place.job("run", steps=6))
    run = Run.open(place.folder / "run")
    told = place.train(run.job(resume=True, steps=9))
    assert "with 9 planned steps instead of 6 the learning rate falls more slowly" in told["setup"][0]["notes"][0]["en"]
    assert "ゆっくり" in told["setup"][0]["notes"][0]["ja"]
    after = Run.open(place.folder / "run")
    assert (after.taken, after.steps) == (9, 9)
    assert log_of(after)[:6] == log_of(run)
    for step in (3, 6, 8):  # each with the number of steps that was planned when it was taken
        opened = place.do("open", after.job(), open=step, folder=str(place.folder))["opened"][0]
        assert opened["loss"].hex() == after.reports[step - 1].loss.hex()


def test_more_steps_are_refused_where_those_before_would_come_out_otherwise(place: Place) -> None:
    """No state is kept, so all are taken again; and the learning rate follows from how many there are to be."""
    place.write("None")
    place.train(place.job("run"), 7)
    before = snapshot(place.folder / "run")
    with pytest.raises(ProgramError, match="12 steps were planned, and the program's steps depend on that; 20"):
        place.train(Run.open(place.folder / "run").job(resume=True, steps=20))
    assert snapshot(place.folder / "run") == before
    place.train(Run.open(place.folder / "run").job(resume=True, steps=20, force=True))
    assert Run.open(place.folder / "run").taken == 20


def test_fewer_steps_than_were_taken_are_refused(place: Place) -> None:
    place.train(place.job("run"), 7)
    assert "has taken 7 steps; 5 were asked for" in refused(place, "run", steps=5).message


def test_a_run_that_another_process_trains_is_refused(place: Place) -> None:
    place.train(place.job("run"), 5)
    folder = place.folder / "run"
    assert not Run.open(folder).writing
    held = lock.take(folder)
    try:
        assert Run.open(folder).writing
        assert "another process" in refused(place, "run").message
    finally:
        import os

        os.close(held)
    assert not Run.open(folder).writing


def test_a_checkpoint_newer_than_the_log_is_refused(place: Place) -> None:
    """Somebody cut the log: going on would throw away what the checkpoints still know."""
    place.train(place.job("run"))
    (place.folder / "run" / "log.jsonl").write_bytes(b"")
    error = refused(place, "run")
    assert "step-000012.safetensors: is newer than log.jsonl" in error.message


@pytest.mark.parametrize("name", ["log.jsonl", "run.json", "program.py", "checkpoints", "lock"])
def test_a_run_with_links_in_it_is_not_written_to(place: Place, name: str) -> None:
    """Through a link, somebody else's file would be cut."""
    place.train(place.job("run"), 5)
    part = place.folder / "run" / name
    elsewhere = place.folder / f"elsewhere-{name}"
    part.rename(elsewhere)
    part.symlink_to(elsewhere)
    before = elsewhere.read_bytes() if elsewhere.is_file() else checkpoints_of(place.folder / "run")
    with pytest.raises(FileFormatError, match="link"):
        place.train(Run.open(place.folder / "run").job(resume=True))
    assert before == (elsewhere.read_bytes() if elsewhere.is_file() else checkpoints_of(place.folder / "run"))


def test_a_run_that_ended_in_nan_is_not_gone_on_with(place: Place) -> None:
    told = place.train(place.job("run", settings={"spoil": 4}))
    assert told["report"][-1]["step"] == 4
    assert told["report"][-1]["broken"] == "b"
    error = refused(place, "run")
    assert "ended at step 4, where b is not finite" in error.message


def test_what_is_no_run_is_said_in_one_line(place: Place) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        place.train(place.job("nothing", resume=True))


def test_a_checkpoint_of_another_shape_does_not_fit(place: Place) -> None:
    place.train(place.job("run"), 5)
    folder = place.folder / "run"
    from dataclasses import replace

    import numpy as np

    from tracer.train import checkpoint

    found = checkpoint.read(folder, 5)
    checkpoint.write(folder, replace(found, parameters={**found.parameters, "bias": np.zeros(3, np.float32)}))
    error = refused(place, "run")
    assert "bias has shape (3,); the model's has shape (2,)" in error.message


def test_other_versions_are_said(place: Place) -> None:
    place.train(place.job("run"), 5)
    path: Path = place.folder / "run" / "run.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about["versions"]["numpy"] = "1.0"
    path.write_text(json.dumps(about), encoding="utf-8")
    told = place.train(Run.open(place.folder / "run").job(resume=True))
    assert "numpy was 1.0" in told["setup"][0]["notes"][0]["en"]


def test_a_state_that_cannot_be_kept_is_refused_before_the_first_step(place: Place) -> None:
    place.write("{'rate': 0.1, 'thing': object()}")
    with pytest.raises(ProgramError, match="state thing is a object"):
        place.train(place.job("run"))
    assert not (place.folder / "run").exists()
