"""A file may say anything: it is refused in one line, or what it says can be walked to its end."""

from __future__ import annotations

import contextlib
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.trace.mutations import mutated, whole
from tests.trace.test_store import by_hand_trace
from tests.trace.test_store_tensors import everything
from tracer import Trace, TracerError, Value, load, record, scope
from tracer.core.columns import Columns
from tracer.errors import FileFormatError
from tracer.trace.flow import flow
from tracer.trace.refused import Refused
from tracer.trace.segment import GRANULARITIES
from tracer.trace.snapshot import snapshot
from tracer.trace.store import from_bytes, to_bytes

VERSION_2 = Path(__file__).with_name("version_2.safetensors").read_bytes()


def layered() -> Trace:
    """Scopes, names, constants, two passes with updates between them."""
    with record() as rec:
        w = [Value(0.5 - i, name=f"w[{i}]") for i in range(4)]
        for step in range(2):
            with scope(f"step {step}"):
                x = [(one * 2.0 + 1).relu() for one in w]
                with scope("loss"):
                    loss = sum(x, Value(0.0)).tanh() + w[0] ** 2
            loss.backward()
            for one in w:
                one.data -= 0.1 * one.grad
                one.grad = 0.0
    return rec.trace


BASES = {
    "values": to_bytes(layered().columns),
    "by hand": to_bytes(by_hand_trace().columns),
    "tensors": to_bytes(everything().columns),
    "version 2": VERSION_2,
}


def walk(trace: Trace, rng: Random, *, draw: bool = True) -> None:
    """What a person may ask of a trace, at some places of it."""
    for by in GRANULARITIES:
        if by != "part" and len(trace) < 100_000:
            assert list(trace.stops(by)[-1:]) in ([], [len(trace)])
    for position in {0, len(trace), *(rng.randint(0, len(trace)) for _ in range(4))}:
        c = trace.cursor(position)
        moment = c.moment
        assert moment.kind
        assert c.line is None or c.line.file is not None
        assert 0 <= c.step(1, "node").position <= len(trace)
        for node in rng.sample(range(trace.n_nodes), min(5, trace.n_nodes)):
            assert c.grad_state(node) in ("not_yet", "none", "partial", "complete")
            assert isinstance(c.routes(node), tuple)
            assert isinstance(trace.label(node) + trace.formula(node) + trace.scope(node), str)
            assert (c.data(node) is None) == (not c.is_made(node))
            assert len(trace.uses(node)) >= 0
        now = snapshot(trace, position)
        assert now.made.sum() == sum(c.is_made(node) for node in range(trace.n_nodes))
    for this in trace.passes:
        assert len(flow(trace, this.index).upstream) == len(this.edges)
    if trace.n_nodes and draw:
        with contextlib.suppress(TracerError):  # too large to draw is an answer
            assert trace.to_dot()


def read(data: bytes) -> Trace | str:
    """The trace, or the words it is refused with."""
    try:
        return Trace(from_bytes(data))
    except Refused as problem:
        return str(problem)


def try_seed(base: str, seed: int) -> bool:
    """Whether the mutated file is a trace; raises where it is neither that nor refused."""
    data = mutated(BASES[base], seed)
    found = read(data)
    if isinstance(found, str):
        assert "\n" not in found
        return False
    with np.errstate(all="ignore"):
        walk(found, Random(seed), draw=seed % 3 == 0)
    return True


@pytest.mark.parametrize("base", BASES)
def test_a_mutated_file_is_refused_in_one_line_or_can_be_walked(base: str) -> None:
    taken = sum(try_seed(base, seed) for seed in range(25))
    assert 0 < taken < 25, "both happen"


@pytest.mark.deep
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("base", BASES)
def test_thousands_of_mutated_files_are_refused_or_can_be_walked(base: str, part: int) -> None:
    for seed in range(1000 + 300 * part, 1300 + 300 * part):
        try_seed(base, seed)


def test_a_file_larger_than_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Sparse files: no disk holds what they say they are."""
    header = {"__metadata__": {"trace": '{"format": "gradient-tracer-trace", "version": 3, "info": {}}'}}
    size = 1 << 42
    about = {"value": {"dtype": "F64", "shape": [size // 8], "data_offsets": [0, size]}}
    head = whole({**header, **about}, b"")
    for name, begin, length, says in (
        ("zeros", b"", 100 << 30, "not a trace"),
        ("promised", head, len(head), "cut off"),
        ("terabytes", head, len(head) + size, "too large for this machine"),
        ("beyond", BASES["values"], 100 << 30, "cut off"),
        ("header", (1 << 60).to_bytes(8, "little"), 1 << 30, "not a trace"),
    ):
        path = tmp_path / name
        path.write_bytes(begin)
        with open(path, "r+b") as file:
            try:
                file.truncate(length)
            except OSError:
                pytest.skip("this file system has no files of that size")
        with pytest.raises(FileFormatError, match=says) as caught:
            load(path)
        assert "\n" not in str(caught.value)


def graph(n: int, scopes: tuple[str, ...], **changes: object) -> Columns:
    """A chain of n nodes, each the negative of the one before."""
    with record() as rec:
        -Value(1.0)
    base = rec.columns()
    fields = {
        "op": np.array([0, *[1] * (n - 1)], np.uint8),
        "offsets": np.array([0, *range(n)], np.int64),
        "inputs": np.arange(n - 1, dtype=np.int32),
        "value": np.where(np.arange(n) % 2, -1.0, 1.0),
        "flags": np.ones(n, np.uint8),
        "scope": np.arange(n, dtype=np.int32) % max(1, len(scopes)),
        "line": np.full(n, -1, np.int32),
        "slot": np.full(n, -1, np.int32),
        "static": np.full(n, -1, np.int32),
        "segments": np.array([[0, 0, n, -1, 0]], np.int64),
        "names": {},
        "frozen": (),
        "scopes": scopes,
        **changes,
    }
    return Columns(**{**base.__dict__, **fields})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"inputs": np.array([1, 1, 2], np.int32)}, "used before it was made"),  # 1 needs itself
        ({"inputs": np.array([2, 1, 2], np.int32)}, "used before it was made"),  # 1 needs 2, 2 needs 1
        ({"inputs": np.array([99, 1, 2], np.int32)}, "used before it was made"),
        ({"inputs": np.array([-1, 1, 2], np.int32)}, "used before it was made"),
        ({"scope": np.array([0, 0, 0, 7], np.int32)}, "unknown scope"),
        ({"line": np.array([0, 0, 0, 7], np.int32)}, "unknown source line"),
        ({"names": {7: "x"}}, "belongs to no node"),
    ],
)
def test_references_in_a_circle_or_to_nothing_are_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(Refused, match=says):
        from_bytes(to_bytes(graph(4, ("",), **changes)))


@pytest.mark.parametrize("name", ["重a̅み👩‍🚀" * 1667, "." * 100_000, "a." * 100_000, "\x1b[31m\u202e\0" * 3000])
def test_a_scope_of_any_name_is_read(name: str) -> None:
    """However long, however deep, whatever is in it: what is shown of it holds no control characters."""
    trace = Trace(from_bytes(to_bytes(graph(3, (name,)))))
    assert "\x1b" not in trace.scope(1)
    assert "\0" not in trace.scope(1)
    assert list(trace.stops("scope")) == [3]


def test_hundreds_of_thousands_of_distinct_scopes_are_read() -> None:
    n = 200_000
    trace = Trace(from_bytes(to_bytes(graph(n, tuple(f"part {i}" for i in range(n))))))
    assert trace.scope(n - 1) == f"part {n - 1}"
    assert len(trace.stops("scope")) == n


def test_the_files_that_are_mutated_are_whole(tmp_path: Path) -> None:
    """Each base loads and can be walked, so that a refusal above is due to the mutation."""
    for name, data in BASES.items():
        path = tmp_path / "base.trace"
        path.write_bytes(data)
        walk(load(path), Random(0))
        assert name
