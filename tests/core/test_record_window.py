"""`record(when=..., keep=...)`: the last passes before trouble, as a recording of its own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tests.strategies import Program, programs
from tracer import Trace, Value, by_hand, load, mark, record, scope
from tracer.core.record_window import WindowRecorder
from tracer.core.window import window
from tracer.errors import ArgumentError
from tracer.explain.survey import check_trace
from tracer.trace.store import from_bytes, to_bytes


def loop(steps: int, *, bad: int | None = None) -> tuple[Value, Value]:
    """Gradient descent on (w·x − 1)², whose gradient adds up over two steps; log of a negative number at step `bad`."""
    w, x = Value(0.5, name="w"), Value(2.0, name="x")
    base = (x * 3.0).named("base")  # made once, used in every step
    for step in range(steps):
        with scope(f"step {step}"):
            loss = (w * x - 1.0) ** 2 + base * 0.125
            if step == bad:
                loss = loss * (-loss).log()
        loss.named("loss")
        loss.backward()
        if step % 2:
            w.data -= 0.01 * w.grad
            x.data += 0.125
            w.grad = 0.0
    return w, x


def ended(trace: Trace) -> None:
    """A whole recording: it can be written, read, and every number in it follows from the others."""
    assert to_bytes(from_bytes(to_bytes(trace.columns))) == to_bytes(trace.columns)
    assert check_trace(trace).ok


def test_without_trouble_the_last_passes_remain() -> None:
    with record(when="nan", keep=3) as rec:
        w, _ = loop(20)
    trace = rec.trace
    assert trace.label(trace.passes[0].root) == "loss"
    assert len(trace.passes) == 3
    assert isinstance(rec, WindowRecorder)
    assert rec.trouble is None
    assert {trace.scope(node) for node in range(trace.n_nodes)} - {""} == {"step 17", "step 18", "step 19"}
    assert trace.cursor(-1).data("w") == w.data
    assert trace.cursor(-1).data(w) == w.data
    ended(trace)


def test_the_trace_ends_with_the_pass_that_met_trouble() -> None:
    """The loop goes on, the recording does not."""
    with record(when="nan", keep=3) as rec:
        loop(30, bad=17)
    assert isinstance(rec, WindowRecorder)
    trace = rec.trace
    assert len(trace.passes) == 4
    assert rec.trouble is not None
    assert rec.trouble.passes == 18
    node = rec.trouble.node
    assert math.isnan(trace.value(node))
    assert trace.op(node).name == "log"  # type: ignore[union-attr]
    assert trace.scope(node) == "step 17"
    assert trace.segments[-1].kind == "backward"
    assert math.isnan(trace.cursor(-1).grad("w"))  # type: ignore[arg-type]
    ended(trace)


@pytest.mark.parametrize("keep", [1, 2, 5])
@pytest.mark.parametrize("steps", [1, 4, 11, 12, 13, 30])
def test_the_window_tells_of_its_moments_what_the_whole_recording_tells(keep: int, steps: int) -> None:
    """Counted from the end, each position holds the same values, gradients and steps."""
    with record() as rec:
        loop(steps)
    with record(when="nonfinite", keep=keep) as part:
        loop(steps)
    all_of_it, some = rec.trace, part.trace
    assert len(some.passes) == min(keep, steps)
    first = some.passes[0]
    there = all_of_it.passes[-len(some.passes)]
    assert len(some) - first.stop == len(all_of_it) - there.stop
    for back in range(len(some) - first.start):
        a, b = all_of_it.cursor(len(all_of_it) - back), some.cursor(len(some) - back)
        assert (a.moment.kind, a.moment.before, a.moment.after) == (b.moment.kind, b.moment.before, b.moment.after)
        assert a.moment.contribution == b.moment.contribution
        assert a.line == b.line
        for name in ("w", "x", "loss", "base"):
            assert a.data(name) == b.data(name)
            if name in ("w", "x"):
                assert (a.grad(name) or 0.0) == (b.grad(name) or 0.0)
    ended(some)


def test_memory_holds_a_few_passes_however_long_the_loop() -> None:
    with record(when="nan", keep=2) as rec:
        most = 0
        w = Value(1.0, name="w")
        for step in range(200):
            with scope(f"step {step}"):
                loss = sum((w * float(i) for i in range(50)), Value(0.0)) * 1e-4
            loss.backward()
            w.grad = 0.0
            most = max(most, rec.n_nodes)
            assert len(rec.ids) <= most
    assert most < 160 * 2 * 3
    assert len(rec.scope_ids) < 20
    assert len(rec.bound) + len(rec.names) < 1000


def test_tensors_keep_their_versions_and_their_arrays_are_let_go() -> None:
    def train(steps: int) -> None:
        tracer.manual_seed(0)
        w = tracer.randn(3, 2, requires_grad=True)
        x = tracer.randn(4, 3)
        optimizer = tracer.optim.Adam([w], lr=0.1)
        for _ in range(steps):
            loss = (x @ w).relu().square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    with record() as rec:
        train(15)
    with record(when="nan", keep=2) as part:
        train(15)
    a, b = rec.trace, part.trace
    assert len(b.passes) == 2
    assert len(b.columns.arena) < len(a.columns.arena) / 4
    for back in range(len(b) - b.passes[0].start):
        one, other = a.cursor(len(a) - back), b.cursor(len(b) - back)
        assert one.moment.kind == other.moment.kind
        assert np.array_equal(one.data("w"), other.data("w"))  # type: ignore[arg-type]
        assert np.array_equal(one.grad("w"), other.grad("w"))  # type: ignore[arg-type]
        assert (one.moment.note or {}).get("step") == (other.moment.note or {}).get("step")
    ended(b)


@pytest.mark.parametrize(("when", "met"), [("nan", False), ("inf", True), ("nonfinite", True)])
def test_each_word_finds_its_own(when: str, met: bool) -> None:
    with record(when=when) as rec:
        (Value(1e308, name="a") * 10.0).backward()
    assert (rec.trouble is not None) == met  # type: ignore[attr-defined]
    with record(when=when) as rec:
        x = tracer.tensor([1.0, math.inf], requires_grad=True)
        (x * 2).sum().backward()
    assert (rec.trouble is not None) == met  # type: ignore[attr-defined]


def test_a_gradient_alone_is_trouble() -> None:
    """sqrt(0) is 0; its slope is not finite."""
    with record(when="nonfinite") as rec:
        x = Value(0.0, name="x")
        for _ in range(5):
            x.sqrt().backward()
    assert isinstance(rec, WindowRecorder)
    assert rec.trouble is not None
    assert rec.trouble.gradient
    assert (rec.trouble.passes, len(rec.trace.passes)) == (1, 1)
    assert rec.trace.label(rec.trouble.node) == "x"


def test_passes_by_hand_are_kept_and_looked_at() -> None:
    with record(when="nan", keep=2) as rec:
        a = Value(1.0, name="a")
        for step in range(12):
            b = a * 2.0
            with by_hand(b) as hand:
                mark(b, f"visit {step}")
                hand.deliver(b, 0)
    assert len(rec.trace.passes) == 2
    assert rec.trace.columns.mark_texts == ("visit 10", "visit 11")
    ended(rec.trace)


def test_a_window_saves_and_loads(tmp_path: Path) -> None:
    with record(when="nan", keep=2) as rec:
        loop(9, bad=8)
    rec.trace.save(tmp_path / "end.trace")
    back = load(tmp_path / "end.trace")
    assert len(back.passes) == 3
    assert math.isnan(back.cursor(-1).grad("w"))  # type: ignore[arg-type]


@settings(max_examples=25)
@given(programs(), st.integers(2, 4))
def test_any_program_can_be_cut(program: Program, passes: int) -> None:
    whole = program.record(passes, update=True)
    for first in range(1, len(whole.passes)):
        cut = window(whole.columns, first)
        assert cut is not None
        assert to_bytes(from_bytes(to_bytes(cut.columns))) == to_bytes(cut.columns)
        a, b = whole.cursor(-1), Trace(cut.columns).cursor(-1)
        for node, new in enumerate(cut.nodes.tolist()):
            if new >= 0:
                assert repr(a.data(node)) == repr(b.data(new))
                assert repr(a.grad(node) or 0.0) == repr(b.grad(new) or 0.0)


@pytest.mark.parametrize("when", ["nans", "", "finite"])
def test_another_word_is_refused(when: str) -> None:
    with pytest.raises(ArgumentError, match="it must be one of 'nan', 'inf', 'nonfinite'"):
        record(when=when)


@pytest.mark.parametrize("keep", [0, -1, 1.5, True, "3"])
def test_a_number_of_passes_is_whole(keep: int) -> None:
    with pytest.raises(ArgumentError, match="a whole number of passes"):
        record(when="nan", keep=keep)
