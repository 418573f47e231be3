"""Names that lines give, wherever an instruction stands, and values that wait to be written down."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from tracer import Value, record, scope
from tracer.core import settling
from tracer.core.columns import Columns
from tracer.core.record_columns import BATCH


def names(body: str) -> list[str]:
    """What the nodes of a function's body are called, in order of the nodes."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    space: dict[str, object] = {"Value": Value}
    exec(
        compile(f"def run():\n    a, b = Value(2.0, name='a'), Value(3.0, name='b')\n{lines}", "body.py", "exec"), space
    )
    with record() as rec:
        space["run"]()  # type: ignore[operator]
    trace = rec.trace
    return [trace.name(node) or "-" for node in range(2, trace.n_nodes) if trace.kind(node) != "const"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("c = a * b + a", ["-", "c"]),
        ("c = a * b; d = c + a; a + d", ["c", "d", "-"]),
        ("c = a * 2.0\nc = c * 2.0\nfor _ in range(2): c = 2.0 * c + 1.0", ["c₁", "c₂", "-", "c₃", "-", "c"]),
        ("for _ in range(3): c = a * b + a", ["-", "c₁", "-", "c₂", "-", "c"]),
        ("for i in range(3): c = a * b if i % 2 else a + b", ["c₁", "c₂", "c"]),
        ("c = (d := a * b) + a", ["d", "c"]),
        ("c = sum([a, b, a])\nd = c + 1", ["-", "-", "c", "d"]),
        ("c = [x * b for x in (a, b)]\nd = c[0] + c[1]", ["-", "-", "d"]),
    ],
)
def test_a_variable_names_what_its_line_made(body: str, expected: list[str]) -> None:
    assert names(body) == expected


@pytest.mark.parametrize("count", [1, 40, BATCH - 1, BATCH, 2 * BATCH + 7])
def test_every_number_of_values_is_written_down_whole(count: int) -> None:
    with record() as rec:
        x = Value(1.0, name="x")
        for _ in range(count):
            x = x + 1.0
        assert rec.n_nodes == 2 * count + 1
    trace = rec.trace
    assert trace.value(trace.n_nodes - 1) == count + 1
    assert [trace.inputs(node) for node in range(2, trace.n_nodes, 2)] == [
        (0 if i == 0 else 2 * i, 2 * i + 1) for i in range(count)
    ]


def test_values_that_nobody_holds_die_once_they_are_written_down() -> None:
    with record() as rec:
        seen = []
        for _ in range(3 * BATCH):
            seen.append(weakref.ref(Value(1.0) * 2.0))
        gc.collect()
        assert sum(ref() is not None for ref in seen) <= BATCH
        assert rec.n_nodes == 3 * BATCH * 3
        assert not any(ref() is not None for ref in seen)


def test_threads_that_share_a_recording_lose_nothing() -> None:
    def work(x: Value) -> None:
        for _ in range(1000):
            x = x + 1.0
        x.backward()

    with record() as rec:
        roots = [Value(float(i), name=f"x{i}") for i in range(4)]
        threads = [threading.Thread(target=work, args=(x,)) for x in roots]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    trace = rec.trace
    assert trace.n_nodes == 4 + 4 * 2000
    assert len(trace.passes) == 4
    assert [trace.cursor(-1).grad(f"x{i}") for i in range(4)] == [1.0] * 4


def columns_of_a_loop(old: Value) -> Columns:
    """What a recording keeps of a loop in which nodes, passes, reads, updates and zeroed gradients take turns."""
    with record() as rec:
        w = Value(0.5, name="w")
        for i in range(BATCH // 8):
            with scope(f"turn {i % 5}"):
                x = w * 2.0 + old
                y = (x - 1.0).tanh().named(f"y{i}") if x > 0 else x * x
            y.backward()
            if i % 3 == 0:
                w.data = w.data - 0.01 * w.grad
                w.grad = None if i % 2 else 0
    return rec.columns()


def test_what_waits_is_the_same_written_down_at_once_or_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    old, again = Value(0.25), Value(0.25)
    at_once = columns_of_a_loop(old)
    monkeypatch.setattr(settling, "FEW", 10**9)
    one_by_one = columns_of_a_loop(again)
    for column in ("op", "flags", "inputs", "offsets", "value", "scope", "line", "segments"):
        np.testing.assert_array_equal(getattr(at_once, column), getattr(one_by_one, column), column)
    for table in ("writes", "updates"):
        for column in ("node", "line", "made", "value", "before", "flag"):
            mine, theirs = (getattr(getattr(one, table), column) for one in (at_once, one_by_one))
            np.testing.assert_array_equal(mine, theirs, f"{table}: {column}")
    assert at_once.names == one_by_one.names
    assert at_once.frozen == one_by_one.frozen
    assert len(at_once.passes) == len(one_by_one.passes) == BATCH // 8
    for mine, theirs in zip(at_once.passes, one_by_one.passes, strict=True):
        assert (mine.root, mine.line) == (theirs.root, theirs.line)
        np.testing.assert_array_equal(mine.nodes, theirs.nodes)
        np.testing.assert_array_equal(mine.grads, theirs.grads)
