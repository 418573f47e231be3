"""Ops that only move elements: they run on node ids as on numbers, and share memory where they say so."""

from __future__ import annotations

import numpy as np
import pytest

from tracer.core.op import OPS, Op
from tracer.core.ops import arrange, gathering, indexing, shape
from tracer.core.subscript import has_arrays

MOVING = [
    shape.RESHAPE, shape.VIEW, shape.FLATTEN, shape.TRANSPOSE, shape.PERMUTE, shape.SQUEEZE, shape.UNSQUEEZE,
    shape.EXPAND, shape.CLONE, arrange.CAT, arrange.STACK, arrange.REPEAT, arrange.REPEAT_INTERLEAVE,
    arrange.FLIP, arrange.ROLL, arrange.DIAGONAL, indexing.SLICE, indexing.INDEX, indexing.INDEX_PUT,
    indexing.WHERE, gathering.GATHER, gathering.SCATTER, gathering.EMBEDDING,
]  # fmt: skip
"""Every element of the output is an element of an input."""


@pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in MOVING])
def test_it_runs_on_an_array_of_node_ids(op: Op) -> None:
    """So a tensor node unfolds into its scalars: out's ids say which element each one is."""
    rng = np.random.default_rng(0)
    for sample in op.tries(rng):
        start, ids, known = 100, [], {}
        for a in sample.args:
            movable = isinstance(a, np.ndarray) and a.dtype.kind == "f"
            ids.append(np.arange(start, start + a.size).reshape(a.shape) if movable else a)
            if movable:
                known |= dict(zip(ids[-1].ravel().tolist(), a.ravel().tolist(), strict=True))
                start += 100
        static = {**sample.static, **({"dtype": "int64"} if "dtype" in sample.static else {})}
        moved = op.run(*ids, **static)[0]
        assert moved.dtype == np.int64
        expected = op.run(*sample.args, **sample.static)[0]
        assert [known[i] for i in moved.ravel().tolist()] == expected.ravel().tolist()


@pytest.mark.parametrize("op", [pytest.param(op, id=op.name) for op in MOVING])
def test_memory_is_shared_by_those_who_say_so(op: Op) -> None:
    """And nobody else's: what an op returns as its own may be written to."""
    for sample in op.tries(np.random.default_rng(0)):
        out = op.run(*sample.args, **sample.static)[0]
        first = sample.args[0]
        if op.view and first.flags.c_contiguous:
            assert np.may_share_memory(out, first), sample.static
        if not op.view:
            assert not any(np.may_share_memory(out, a) for a in sample.args if isinstance(a, np.ndarray))
            assert out.flags.writeable


def test_what_shares_memory_is_sliced_and_what_does_not_is_gathered() -> None:
    """A gathered result stands row by row, whatever NumPy chose, so that `view` works on it as in PyTorch."""
    for sample in indexing.SLICE.tries(np.random.default_rng(0)):
        assert not has_arrays(sample.static["index"])
    a = np.zeros((2, 3, 4))
    assert indexing.INDEX.run(a, index=(slice(None), slice(None), np.array([0, 1])))[0].flags.c_contiguous


@pytest.mark.parametrize(
    ("name", "inputs", "static", "text"),
    [
        ("reshape", ["x"], {"shape": (2, 3)}, "x.reshape(2, 3)"),
        ("transpose", ["x"], {"dim0": 0, "dim1": 1}, "x.transpose(0, 1)"),
        ("permute", ["-x"], {"dims": (2, 0, 1)}, "(-x).permute(2, 0, 1)"),
        ("permute", ["x"], {"dims": (1, 0)}, "x.T"),
        ("permute", ["-x"], {"dims": (1, 0)}, "(-x).T"),
        ("roll", ["x"], {"shifts": (1, 2), "dims": (0, 1)}, "x.roll((1, 2), (0, 1))"),
        ("cat", ["a", "b"], {"dim": 1, "dtype": "float32"}, "cat([a, b], 1)"),
        ("stack", list("abcdef"), {"dim": 0, "dtype": "float32"}, "stack([a, b, …, f], 0)"),
        ("slice", ["x"], {"index": (0, slice(1, 3))}, "x[0, 1:3]"),
        ("index", ["x"], {"index": (np.array([2, 0]),)}, "x[[2, 0]]"),
        ("index_put", ["x", "v"], {"index": (slice(None), 0)}, "x[:, 0] = v"),
        ("embedding", ["wte", "tokens"], {"padding_idx": None}, "wte[tokens]"),
        ("gather", ["p", "y"], {"dim": 1}, "p.gather(1, y)"),
        ("where", ["m", "a", "0"], {"dtype": "float32"}, "where(m, a, 0)"),
        ("clone", ["x"], {"order": "C"}, "x.contiguous()"),
        ("clone", ["x"], {"order": "K"}, "x.clone()"),
    ],
)
def test_an_application_is_written_as_a_user_writes_it(name: str, inputs: list[str], static: dict, text: str) -> None:
    assert OPS[name].written(inputs, static) == text


def test_the_words_for_an_index_name_it() -> None:
    why = gathering.EMBEDDING.inputs[1].why.format(idx="tokens", out="rows")
    assert why.en.startswith("tokens says which elements are meant")
    assert why.ja.startswith("tokens は")
