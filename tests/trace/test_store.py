"""One file, read back whole or refused in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Program, programs
from tracer import Trace, TracerError, Value, by_hand, mark, record
from tracer.core.columns import Columns
from tracer.errors import FileFormatError
from tracer.trace.refused import Refused
from tracer.trace.store import VERSION, from_bytes, is_trace, load, to_bytes


def same(a: Columns, b: Columns) -> bool:
    return to_bytes(a) == to_bytes(b)


def by_hand_trace() -> Trace:
    with record() as rec:
        a = Value(1.0, name="a ✓ 重み")
        b = a + a
        with by_hand(b) as hand:
            hand.deliver(b, 0)
            mark(b, "訪問済み")
            hand.deliver(b, 1)
        a.data = 2.0
        a.grad = None  # type: ignore[assignment]
    rec.info["title"] = "題"
    return rec.trace


@given(programs(), st.integers(0, 2), st.booleans())
def test_round_trip(program: Program, backwards: int, update: bool) -> None:
    trace = program.record(backwards, update=update)
    assert same(from_bytes(to_bytes(trace.columns)), trace.columns)


def test_round_trip_of_everything_a_trace_can_hold(tmp_path: Path) -> None:
    trace = by_hand_trace()
    trace.save(tmp_path / "a.trace")
    back = load(tmp_path / "a.trace")
    assert same(back.columns, trace.columns)
    assert back.find("a ✓ 重み") == 0
    assert back.info["title"] == "題"
    assert back.cursor(-1).grad(0) is None
    assert back.sources[__file__] == Path(__file__).read_text(encoding="utf-8")
    assert is_trace(tmp_path / "a.trace")


@given(st.data())
def test_any_damage_loads_or_is_refused_in_one_line(data: st.DataObject) -> None:
    """Never another exception, neither on reading nor on the walk after it."""
    good = _GOOD
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    del bad[data.draw(st.one_of(st.just(len(bad)), st.integers(0, len(bad)))) :]
    try:
        trace = Trace(from_bytes(bytes(bad)))
    except Refused:
        return
    for position in range(len(trace) + 1):
        c = trace.cursor(position)
        assert c.moment.kind
        assert c.line is None or c.line.file is not None
        for node in trace.nodes:
            assert c.grad_state(node) in ("not_yet", "none", "partial", "complete")
            assert isinstance(c.routes(node), tuple)
            assert isinstance(trace.label(node) + trace.formula(node), str)


_GOOD = to_bytes(by_hand_trace().columns)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a trace"),
        (b"hello, this is not a trace at all", "not a trace"),
        (b"\xff" * 64, "not a trace"),
        (_GOOD[: len(_GOOD) // 2], "cut off"),
        (_GOOD[:-1], "cut off"),
        (_GOOD.replace(f'\\"version\\": {VERSION}'.encode(), b'\\"version\\": 7'), "newer"),
    ],
    ids=["empty", "text", "noise", "half of it", "one byte less", "newer"],
)
def test_what_is_no_trace_is_refused_by_name(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "bad.trace"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=says) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert path.read_bytes() == content


def test_a_file_of_weights_is_not_taken_for_a_trace(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"w": np.ones(3)}, tmp_path / "w.safetensors")
    assert not is_trace(tmp_path / "w.safetensors")
    with pytest.raises(FileFormatError, match="not a trace"):
        load(tmp_path / "w.safetensors")


def test_metadata_is_plain_json_with_a_version() -> None:
    size = int.from_bytes(_GOOD[:8], "little")
    about = json.loads(json.loads(_GOOD[8 : 8 + size])["__metadata__"]["trace"])
    assert (about["format"], about["version"]) == ("gradient-tracer-trace", VERSION)
    assert about["info"] == {"title": "題"}


def test_no_file_and_no_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(TracerError, match="no such file"):
        load(tmp_path / "none.trace")
    with pytest.raises(TracerError, match="cannot be read"):
        load(tmp_path)
    with pytest.raises(TracerError, match="mkdir -p"):
        by_hand_trace().save(tmp_path / "missing" / "a.trace")
    with pytest.raises(TracerError, match="is a folder"):
        by_hand_trace().save(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux's full device")
def test_a_full_disk_is_said() -> None:
    with pytest.raises(TracerError, match="the disk is full"):
        by_hand_trace().save("/dev/full")


def test_a_failed_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.trace"
    by_hand_trace().save(path)
    before = path.read_bytes()

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(TracerError, match="the disk is full"):
        graph_of_two().save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_a_pipe_gets_the_bytes(tmp_path: Path) -> None:
    real, link = tmp_path / "real.trace", tmp_path / "link.trace"
    link.symlink_to(real)
    graph_of_two().save(link)
    assert link.is_symlink()
    assert load(real).n_nodes == 2
    code = "from tracer.files import write_atomic; write_atomic('/dev/stdout', b'through')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"through"
    with open(tmp_path / "redirected", "wb") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True)
    assert (tmp_path / "redirected").read_bytes() == b"through"
    assert os.path.islink("/dev/stdout") or not os.path.exists("/dev/stdout")
    with pytest.raises(TracerError, match="null character"):
        graph_of_two().save("a\0b")


@pytest.mark.parametrize("version", [b"Infinity", b"true   ", b'"1"', b"1e999"])
def test_a_version_that_is_no_whole_number_is_refused(version: bytes) -> None:
    size = int.from_bytes(_GOOD[:8], "little")
    there = f'version\\": {VERSION}'.encode()
    header = _GOOD[8 : 8 + size].replace(there, b'version\\": ' + version.replace(b'"', b'\\"'))
    assert len(header) > size
    with pytest.raises(Refused, match="not a trace"):
        from_bytes(len(header).to_bytes(8, "little") + header + _GOOD[8 + size :])


def graph_of_two() -> Trace:
    with record() as rec:
        Value(1.0)
        Value(2.0)
    return rec.trace


ENDLESS = """
import sys, time
from tracer import Value, record
from tracer.trace.spool import Spool
with record() as rec, Spool(rec, sys.argv[1]):
    x = Value(1.0, name="x")
    y = x + 1
    y.backward()
    print("ready", flush=True)
    while True:
        y = y + 1 if sys.argv[2] == "busy" else y
        if sys.argv[2] == "idle": time.sleep(0.01)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
@pytest.mark.parametrize("how", ["busy", "idle"])
def test_a_killed_program_leaves_a_trace_up_to_there(tmp_path: Path, how: str) -> None:
    """SIGKILL, which nothing can catch."""
    path = tmp_path / "spool.trace"
    child = subprocess.Popen([sys.executable, "-c", ENDLESS, str(path), how], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (path.exists() and load(path).passes):  # what is there always loads
        time.sleep(0.02)
    child.kill()
    child.wait()
    child.stdout.close()
    trace = load(path)
    assert trace.n_nodes >= 3
    assert trace.cursor(trace.passes[0].stop).grad("x") == 1.0
