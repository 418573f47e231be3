"""A file of tensors, read back whole or refused in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer.core.functions.all  # noqa: F401  gives tensors their methods
from tests.tensor_programs import TensorProgram, same, tensor_programs
from tracer.core.columns import Columns
from tracer.core.grad_mode import no_grad
from tracer.core.record import record
from tracer.core.tensor import Tensor
from tracer.core.update import update_parameter
from tracer.core.value import Value
from tracer.trace import blocks
from tracer.trace.compact import widen
from tracer.trace.literal import Writer, read
from tracer.trace.refused import Refused
from tracer.trace.store import _DTYPES, from_bytes, in_full, load, to_bytes
from tracer.trace.trace import Trace
from tracer.trace.validate_tensors import at_most


def tensor(values: Any, requires_grad: bool = True, dtype: str = "float32") -> Any:
    return Tensor._wrap(np.array(values, dtype), requires_grad)


def everything() -> Trace:
    """Views, indices, masks, notes, a seed, a hook, `autograd.grad`, and plain numbers beside them."""
    with record() as rec:
        a = Value(2.0, name="a")
        (a * 3).backward()
        x = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).named("x")
        i = tensor([0, 1, 1], False, "int64")
        y = x.T[i][..., ::2].relu() + x[:, None, :2].sum(dim=1).T.exp()[[0, 1, 0]]
        y = y.softmax(dim=0) * (x > 2).float()[0, 0]
        y.register_hook(lambda g: g * 2)
        y.backward(tensor(np.ones(y.shape), False) * 0.5, retain_graph=True)
        y.sum().backward(inputs=[tensor(0.0)])
        z = x.expand(3, 2, 3).amax(dim=2).detach()
        with no_grad():
            x -= z.sum() * 0.001
        update_parameter(x, x._array * 0.5, {"rule": "adam", "lr": 0.1, "step": 1, "m": np.zeros((2, 3)), "eps": None})
        x.grad = None
        (x * float("inf")).sum().backward()
    return rec.trace


_GOOD = to_bytes(everything().columns)


@settings(max_examples=40)
@given(tensor_programs())
def test_round_trip(program: TensorProgram) -> None:
    """The same bytes again, and the same numbers at every position."""
    trace = program.run().trace
    data = to_bytes(trace.columns)
    back = Trace(from_bytes(data))
    assert to_bytes(back.columns) == data
    for position in range(len(trace) + 1):
        here, there = trace.cursor(position), back.cursor(position)
        for node in range(trace.n_nodes):
            assert same(here.data(node), there.data(node))
            assert same(here.grad(node), there.grad(node))
        assert same(here.moment.contribution, there.moment.contribution)


def test_round_trip_of_everything(tmp_path: Path) -> None:
    trace = everything()
    trace.save(tmp_path / "t.trace")
    back = load(tmp_path / "t.trace")
    assert to_bytes(back.columns) == _GOOD == to_bytes(trace.columns)
    assert back.memory == trace.memory
    for a, b in zip(trace.columns.arena, back.columns.arena, strict=True):
        assert same(a, b)
        assert not b.flags.writeable
    notes = [note for note in back.columns.update_notes if note is not None]
    assert [note["rule"] for note in notes] == ["sub_", "adam"]
    assert (notes[1]["lr"], notes[1]["step"], notes[1]["eps"]) == (0.1, 1, None)
    np.testing.assert_array_equal(notes[1]["m"], np.zeros((2, 3)))
    assert [trace.formula(n) for n in range(trace.n_nodes)] == [back.formula(n) for n in range(trace.n_nodes)]


def test_shared_memory_is_written_once_and_order_is_kept() -> None:
    base = np.arange(4096.0).reshape(64, 64)
    arrays = (base, base.T, base[3:9, ::2], base[::-1], np.broadcast_to(base[0], (64, 64)), np.asfortranarray(base[:8]))
    packed = blocks.pack(arrays)
    assert len(packed["bytes"]) == base.nbytes + 8 * 64 * 8
    back = blocks.unpack(lambda name: packed[name])
    for a, b in zip(arrays, back, strict=True):
        assert same(a, b)
        assert a.strides == b.strides


def test_an_array_alone_is_written_without_gaps() -> None:
    wide = np.arange(1000.0)
    for array in (wide[::100], np.broadcast_to(np.float32(3), (50, 20)), np.zeros((0, 4)), np.array(2.5)):
        packed = blocks.pack([array.copy(order="K") if array.base is wide else array])
        assert len(packed["bytes"]) <= 128
        assert same(blocks.unpack(lambda name, packed=packed: packed[name])[0], array)  # type: ignore[misc]


def test_a_broadcast_too_large_to_be_believed_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LARGE", 1 << 10)
    array = np.broadcast_to(np.float64(1), (1000,))
    packed = blocks.pack([array])
    assert len(packed["bytes"]) >= 8000
    assert same(blocks.unpack(lambda name: packed[name])[0], array)


LITERALS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(1 << 62), 1 << 62), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), LITERALS, max_size=4))
def test_literals_come_back(given_: dict[str, Any]) -> None:
    writer = Writer(())
    assert repr(read(writer.text(given_), writer.arrays)) == repr(given_)


def test_literals_that_json_has_no_word_for() -> None:
    mask = np.array([True, False])
    static = {
        "index": (slice(0, None, 2), None, Ellipsis, mask, 3),
        "scalar": np.float32(0.5),
        "dtype": np.dtype("float32"),
        "more": {"x": (float("nan"), float("-inf"))},
    }
    writer = Writer((np.zeros(3), mask))
    back = read(writer.text(static), writer.arrays)
    assert back is not None
    assert back["index"][:3] == (slice(0, None, 2), None, Ellipsis)
    assert back["index"][3] is mask, "an array of the arena is not written twice"
    assert (type(back["scalar"]), back["dtype"]) == (np.float32, np.dtype("float32"))
    assert repr(back["more"]) == "{'x': (nan, -inf)}"
    broken = ['{"array": 9}', '{"array": -1}', '{"dtype": "O"}', '{"tuple": 3}', "{}", "1e999", "{", "9" * 5000]
    deep = '{"tuple": [' * 99 + "1" + "]}" * 99
    for text in ("[1]", *(f'{{"a": {value}}}' for value in (*broken, deep))):
        with pytest.raises(Refused, match="static arguments or notes"):
            read(text, writer.arrays)


@given(st.data())
def test_any_damage_loads_or_is_refused_in_one_line(data: st.DataObject) -> None:
    """Never another exception, neither on reading nor on the walk after it."""
    bad = bytearray(_GOOD)
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
        for node in trace.nodes:
            assert c.grad_state(node) in ("not_yet", "none", "partial", "complete")
            assert isinstance(c.routes(node), tuple)
            assert isinstance(trace.label(node) + trace.formula(node), str)


def hostile(**arrays: Any) -> bytes:
    """The good file with some columns replaced."""
    from safetensors.numpy import load as parse
    from safetensors.numpy import save

    size = int.from_bytes(_GOOD[:8], "little")
    metadata = json.loads(_GOOD[8 : 8 + size])["__metadata__"]
    columns = parse(_GOOD)
    for name, change in arrays.items():
        key = name.replace("__", ".")
        column = columns.get(key)
        if column is None:  # left out, being -1 throughout
            column = in_full(everything().columns)[key]
        whole = widen(column, np.dtype(_DTYPES[key.rpartition(".")[2]]))
        columns[key] = np.ascontiguousarray(change(whole.copy()))
    data: bytes = save(columns, metadata)
    return data


def setting(place: int, value: int) -> Any:
    def change(column: Any) -> Any:
        column[place] = value
        return column

    return change


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"arena__shape": setting(0, 1 << 40)}, "larger than its data"),
        ({"arena__shape": setting(0, -1)}, "shape of a tensor is broken"),
        ({"arena__stride": setting(0, 1 << 40)}, "outside its data"),
        ({"arena__start": setting(0, -64)}, "outside its data"),
        ({"arena__dtype": setting(0, 99)}, "unknown element type"),
        ({"arena__start": lambda column: column[:-1]}, "differ in length"),
        ({"slot": setting(0, 1 << 20)}, "unknown tensor"),
        ({"static": setting(-1, 1 << 20)}, "unknown tensor"),
        ({"pass__slots": setting(-1, 1 << 20)}, "no such tensor"),
        ({"pass__seed": setting(-1, 1 << 20)}, "no such tensor"),
        ({"updates__slot": setting(0, -1)}, "wrong kind"),
        ({"updates__slot": setting(0, 1 << 20)}, "no such tensor"),
        ({"pass__tensors": lambda column: column * 0}, "mixes numbers and tensors"),
        ({"op": lambda column: np.where(column == 0, 0, np.roll(column, 1)).astype(np.uint8)}, "damaged"),
        ({"flags": lambda column: column | 4}, "unknown flags"),
    ],
)
def test_a_lie_about_tensors_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        from_bytes(hostile(**changes))


@pytest.mark.parametrize(
    "static",
    [
        {"dim": 99, "keepdim": False},
        {"dim": "x", "keepdim": False},
        {"unheard": 1},
        {"dim": (0, 1, 2, 3, 4), "keepdim": False},
        {"dim": None, "keepdim": slice(0, 1, 2)},
    ],
)
def test_static_arguments_are_tried_before_they_are_believed(static: dict[str, Any]) -> None:
    with record() as rec:
        tensor([[1.0, 2.0]]).sum(dim=0).mean().backward()
    columns = rec.trace.columns
    row = int(columns.static[1])
    statics = list(columns.statics)
    statics[row] = static
    with pytest.raises(Refused, match="'sum'"):
        from_bytes(to_bytes(replace(columns, statics=tuple(statics))))


def swollen() -> Columns:
    """`repeat` that claims to have made four numbers of a thousand million times as many."""
    with record() as rec:
        tensor([1.0, 2.0]).repeat(2).sum().backward()
    columns = rec.trace.columns
    assert columns.op_names[0] == "repeat"
    return replace(columns, statics=({"repeats": (1 << 36,)}, *columns.statics[1:]))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to bound memory")
def test_an_op_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(Refused, match="'repeat' cannot be run again"):
        from_bytes(to_bytes(swollen()))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux to bound memory")
def test_the_bound_on_memory_ends_with_its_block() -> None:
    with at_most(1 << 28), pytest.raises(MemoryError):
        np.zeros(1 << 30, np.uint8)
    assert np.zeros(1 << 28, np.uint8).size == 1 << 28


def test_whether_a_pass_let_its_graph_go_is_in_the_file() -> None:
    """Said at its end; a file from before this was kept says that it was not let go, as it was read then."""
    from safetensors.numpy import load as parse
    from safetensors.numpy import save

    data = to_bytes(everything().columns)
    assert [p.retains for p in from_bytes(data).passes if p.slots is not None] == [True, False, False]
    size = int.from_bytes(data[:8], "little")
    older = {name: column for name, column in parse(data).items() if name != "pass.retains"}
    back = from_bytes(save(older, json.loads(data[8 : 8 + size])["__metadata__"]))
    assert all(p.retains for p in back.passes)


def test_a_file_of_version_1_still_loads() -> None:
    """As an older version wrote it: without any column of tensors."""
    from safetensors.numpy import save

    with record() as rec:
        a = Value(2.0, name="a")
        (a * a).backward()
        a.data = 3.0
        a.grad = 0.0
    data = to_bytes(rec.trace.columns)
    size = int.from_bytes(data[:8], "little")
    about = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["trace"])
    about["version"] = 1
    del about["arena"]
    new = (
        "slot",
        "static",
        "statics",
        "notes",
        "arena",
        "slots",
        "tensors",
        "seed",
        "accumulates",
        "retains",
        "hooked",
    )
    full = in_full(rec.trace.columns)
    old = {
        name: np.ascontiguousarray(column)
        for name, column in full.items()
        if not any(
            part in (*new, "before_slot", "hooked_offsets", "aside", "aside_offsets") for part in name.split(".")
        )
    }
    assert len(old) < len(full) - 15
    back = from_bytes(save(old, {"trace": json.dumps(about)}))
    assert to_bytes(back) == data
    assert Trace(back).cursor(-1).data("a") == 3.0


def test_a_file_of_version_2_still_loads(tmp_path: Path) -> None:
    """One that version 2 itself wrote, columns in full: tensors, updates, a hook, views, and a pass by hand."""
    trace = load(Path(__file__).with_name("version_2.safetensors"))
    assert to_bytes(trace.columns)[:8] != Path(__file__).with_name("version_2.safetensors").read_bytes()[:8]
    trace.save(tmp_path / "again.trace")
    again = load(tmp_path / "again.trace")
    ours, theirs = in_full(trace.columns), in_full(again.columns)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name], equal_nan=ours[name].dtype.kind == "f") for name in ours)
    assert trace.cursor(-1).data("a") == 5.0
    assert trace.cursor(-1).grad("a") == 12.0
    assert [p.retains for p in trace.columns.passes] == [True, True, False]
