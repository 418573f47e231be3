"""What a program marks for panels: free when nobody listens, kept in a recording, handed to whoever listens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracer
from tracer import Value, record, tap, taps
from tracer.core.taps import LISTENING
from tracer.errors import FileFormatError
from tracer.lessons.again import perform
from tracer.trace.store import in_full, load, save, to_bytes
from tracer.trace.unfold import unfold


def test_a_tap_is_what_was_tapped() -> None:
    x, rows = Value(1.0), [[Value(2.0)]]
    assert tap("x", x) is x
    with taps():
        assert tap("rows", rows) is rows
    with record():
        assert tap("rows", rows) is rows
    assert not LISTENING


def test_who_listens_gets_the_things_in_order_and_hears_nothing_afterwards() -> None:
    x, y = Value(1.0), Value(2.0)
    with taps() as found:
        tap("x", x)
        with taps() as inner:
            tap("x", y)
        tap("y", y)
    tap("x", x)
    assert found == {"x": [x, y], "y": [y]}
    assert inner == {"x": [y]}


def test_a_recording_keeps_the_nodes_in_the_shape_of_the_thing() -> None:
    """A tensor is one node; a plain number, and the end of a shorter row, is -1."""
    with record() as rec:
        a, b, c = Value(1.0, "a"), Value(2.0, "b"), Value(3.0, "c")
        tap("rows", [[a, 0.5, b * c], [c]])
        tap("one", a)
        tap("tensor", tracer.ones(2, 3) * 2)
        tap("late", Value(4.0) + 1)
    trace = rec.trace
    (rows,) = trace.taps["rows"]
    assert rows.tolist() == [[0, -1, 3], [2, -1, -1]]
    assert trace.taps["one"][0].shape == ()
    (tensor,) = trace.taps["tensor"]
    assert trace.shape(int(tensor)) == (2, 3)
    assert trace.cursor(-1).data(int(trace.taps["late"][0])) == 5.0


def test_pieces_gather_in_one_thing_until_a_place_is_taken() -> None:
    """Attention weights, a row for each position and head, of two documents one after the other."""
    with record() as rec, taps() as found:
        things = []
        for _ in range(2):
            for t in range(2):
                for h in range(3):
                    row = [Value(float(s)) for s in range(t + 1)]
                    things.append(row)
                    tap("attn", row, at=(h, t))
    nodes = rec.trace.taps["attn"]
    assert [one.shape for one in nodes] == [(3, 2, 2)] * 2
    assert (nodes[0][:, 0, 1] == -1).all()
    assert (nodes[1][:, 1] >= 0).all()
    assert len(found["attn"]) == 2
    assert found["attn"][0][2][1] is things[5]


def test_what_the_recording_never_saw_is_no_node() -> None:
    old = Value(1.0)
    with record() as rec:
        tap("old", [old])
        Value(2.0)
    assert rec.trace.taps["old"][0].tolist() == [-1]


def test_a_file_brings_them_back(tmp_path: Path) -> None:
    with record() as rec:
        for i in range(3):
            tap("a", [Value(float(i)), 1.0])
        tap("none", [])
        tap("b", tracer.zeros(2) + 1)
    save(rec.trace, tmp_path / "t")
    found = load(tmp_path / "t").taps
    assert {name: [one.tolist() for one in things] for name, things in found.items()} == {
        "a": [[0, -1], [1, -1], [2, -1]],
        "none": [[]],
        "b": [5],
    }


def test_a_file_without_taps_has_no_entry_for_them(tmp_path: Path) -> None:
    """So older readers read it, and we read theirs."""
    with record() as rec:
        Value(1.0)
    assert not any(name.startswith("taps") for name in in_full(rec.columns()))
    save(rec.trace, tmp_path / "t")
    assert load(tmp_path / "t").taps == {}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("taps.nodes", [7, 0]),
        ("taps.nodes", [-2, 0]),
        ("taps.nodes", [0]),
        ("taps.nodes", [0, 0, 0]),
        ("taps.counts", [2]),
        ("taps.counts", [-1]),
        ("taps.shape", [3]),
        ("taps.shape", [-2]),
        ("taps.axes", [2]),
        ("taps.axes", [1, 1]),
    ],
)
def test_a_hostile_file_is_refused(
    name: str, wrong: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with record() as rec:
        tap("a", [Value(1.0), Value(2.0)])
    columns = rec.columns()
    arrays = in_full(columns)
    arrays[name] = np.array(wrong, arrays[name].dtype)
    monkeypatch.setattr("tracer.trace.store.in_full", lambda _: arrays)
    (tmp_path / "t").write_bytes(to_bytes(columns))
    with pytest.raises(FileFormatError, match="damaged"):
        load(tmp_path / "t")


def test_unfolding_a_node_moves_those_behind_it() -> None:
    with record() as rec:
        x = tracer.tensor([[1.0, 2.0]], requires_grad=True)
        y = tap("y", tracer.softmax(x, 1))
        z = tap("z", y.sum())
        z.backward()
    trace: Any = rec.trace
    opened = unfold(trace, int(trace.taps["y"][0]), "composite").trace
    for name in "yz":
        op = opened.op(int(opened.taps[name][0]))
        assert op is not None
        assert op.name == {"y": "div", "z": "sum"}[name]


def test_a_window_keeps_the_taps_of_what_it_keeps() -> None:
    with record(when="nan", keep=1) as rec:
        w = Value(1.0, "w")
        for i in range(20):
            loss = tap("loss", w * float(i))
            loss.backward()
    trace = rec.trace
    kept = trace.taps["loss"]
    assert [trace.cursor(-1).data(int(one)) for one in kept] == [19.0]
    assert len(rec.taps["loss"]) <= 6


def test_a_trace_computed_again_on_other_numbers_keeps_them() -> None:
    with record() as rec:
        x = Value(3.0, "x")
        y = tap("y", x * x)
        y.backward()
    again = perform(rec.trace, {rec.trace.leaf_key(0): 4.0})
    assert again.cursor(-1).data(int(again.taps["y"][0])) == 16.0


# Plain numbers, and what is trained


def test_plain_numbers_are_kept_as_numbers() -> None:
    """Tokens and targets: they are no nodes, and a shorter row ends in nan."""
    with record() as rec:
        tap("tokens", [1, 2, 3])
        tap("tokens", (4,))
        tap("rows", [[1, 2], [3]])
        tap("array", np.arange(4).reshape(2, 2))
        tap("one", True)
        for t in (0, 1):
            tap("pieces", 7 + t, at=t)
        tap("empty", [])
        tap("words", ["a"])
    numbers = rec.trace.tap_numbers
    assert [one.tolist() for one in numbers["tokens"]] == [[1.0, 2.0, 3.0], [4.0]]
    np.testing.assert_array_equal(numbers["rows"][0], [[1.0, 2.0], [3.0, np.nan]])
    assert numbers["array"][0].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert numbers["one"][0] == 1.0
    assert numbers["pieces"][0].tolist() == [7.0, 8.0]
    assert set(rec.trace.taps) == {"empty", "words"}


def test_a_name_that_has_nodes_keeps_them_in_their_order() -> None:
    with record() as rec:
        tap("x", [Value(1.0)])
        tap("x", [2.0])
    assert [one.tolist() for one in rec.trace.taps["x"]] == [[0], [-1]]
    assert rec.trace.tap_numbers == {}


def test_a_file_brings_numbers_and_parameters_back(tmp_path: Path) -> None:
    with record() as rec:
        a, b = Value(1.0), tracer.ones(2, requires_grad=True)
        tap("tokens", [[3, 4], [5]])
        (a * 2.0).backward()
        (b * 2).sum().backward()
        rec.parameters["a"] = [[a._serial, -1]]
        rec.parameters["b"] = b._serial
        rec.parameters["untouched"] = [-1]
    save(rec.trace, tmp_path / "t")
    found = load(tmp_path / "t")
    np.testing.assert_array_equal(found.tap_numbers["tokens"][0], [[3.0, 4.0], [5.0, np.nan]])
    assert {name: one.tolist() for name, one in found.parameters.items()} == {
        "a": [[0, -1]],
        "b": int(rec.trace.parameters["b"]),
        "untouched": [-1],
    }


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("parameters.nodes", [99]),
        ("parameters.nodes", [-2]),
        ("parameters.counts", [2]),
        ("parameters.counts", [0]),
        ("tap_numbers.shape", [5]),
        ("tap_numbers.counts", [-1]),
    ],
)
def test_a_file_hostile_in_these_is_refused(
    name: str, wrong: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with record() as rec:
        w = Value(1.0)
        tap("tokens", [3, 4])
        rec.parameters["w"] = w._serial
    columns = rec.columns()
    arrays = in_full(columns)
    arrays[name] = np.array(wrong, arrays[name].dtype)
    monkeypatch.setattr("tracer.trace.store.in_full", lambda _: arrays)
    (tmp_path / "t").write_bytes(to_bytes(columns))
    with pytest.raises(FileFormatError, match="damaged"):
        load(tmp_path / "t")


def test_parameters_go_along_when_a_node_is_unfolded_or_the_recording_is_cut() -> None:
    with record() as rec:
        x = tracer.tensor([[1.0, 2.0]], requires_grad=True)
        y = tracer.softmax(x, 1)
        w = tracer.ones(2, requires_grad=True)
        (y * w).sum().backward()
        rec.parameters |= {"x": x._serial, "w": w._serial}
    trace = rec.trace
    opened = unfold(trace, int(trace.resolve(y)), "composite").trace
    for name in "xw":
        np.testing.assert_array_equal(
            opened.value(int(opened.parameters[name])), trace.value(int(trace.parameters[name]))
        )
    with record(when="nan", keep=1) as window:
        v = Value(1.0, "v")
        window.parameters["v"] = v._serial
        for i in range(20):
            tap("tokens", [i])
            (v * float(i)).backward()
    assert window.trace.name(int(window.trace.parameters["v"])) == "v"
    assert len(window.tap_numbers.get("tokens", [])) <= 6
