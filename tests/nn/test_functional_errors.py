"""What PyTorch refuses is refused: with an error of the same type, naming shapes, rule and the user's line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tracer.nn.functional as F
from tests.nn.calls import OURS, Both, leaf, made, theirs
from tracer.errors import TracerError

REFUSED: dict[str, Callable[[Both], Any]] = {
    "relu of bools": lambda b: b.F.relu(b.i(1, 0, dtype="bool")),
    "leaky_relu of ints": lambda b: b.F.leaky_relu(b.i(1, 2)),
    "elu of ints": lambda b: b.F.elu(b.i(1, 2)),
    "gelu of ints": lambda b: b.F.gelu(b.i(1, 2)),
    "gelu of a list": lambda b: b.F.gelu([1.0]),
    "gelu of another kind": lambda b: b.F.gelu(b.x(2), approximate="fast"),
    "silu of ints": lambda b: b.F.silu(b.i(1, 2)),
    "softplus of ints": lambda b: b.F.softplus(b.i(1, 2)),
    "softmax of ints": lambda b: b.F.softmax(b.i(1, 2), 0),
    "softmax along no axis": lambda b: b.F.softmax(b.x(3), 1),
    "log_softmax of ints": lambda b: b.F.log_softmax(b.i(1, 2), 0),
    "target above": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 3)),
    "target below": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, -1)),
    "target of int32": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1, dtype="int32")),
    "target of bools": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1, dtype="bool")),
    "target of floats": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1, dtype="float32")),
    "whole probabilities": lambda b: b.F.cross_entropy(b.x(2, 3), b.i([[1, 0, 0], [0, 1, 0]])),
    "target too long": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1, 2)),
    "target of a column": lambda b: b.F.cross_entropy(b.x(2, 3), b.i([[0], [1]])),
    "target of pictures": lambda b: b.F.cross_entropy(b.x(2, 3, 4), b.i([[0, 1], [0, 1]])),
    "no classes": lambda b: b.F.nll_loss(b.x(), b.i(0)),
    "a list of targets": lambda b: b.F.cross_entropy(b.x(2, 3), [0, 1]),
    "class weights too few": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1), b.x(2)),
    "class weights of another dtype": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1), b.x(3, dtype="float64")),
    "class weights that learn": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1), b.x(3, grad=True)),
    "another reduction": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1), reduction="average"),
    "smoothing too much": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1), label_smoothing=1.5),
    "scores of ints": lambda b: b.F.cross_entropy(b.i([[1, 2, 3]]), b.i([0])),
    "probabilities ignored": lambda b: b.F.cross_entropy(b.x(2, 3), b.x(2, 3), ignore_index=1),
    "ignoring None": lambda b: b.F.cross_entropy(b.x(2, 3), b.i(0, 1), ignore_index=None),
    "nll target above": lambda b: b.F.nll_loss(b.x(2, 3), b.i(0, 3)),
    "nll target too long": lambda b: b.F.nll_loss(b.x(2, 3), b.i(0, 1, 2)),
    "nll target of floats": lambda b: b.F.nll_loss(b.x(2, 3), b.x(2)),
    "squares of ints": lambda b: b.F.mse_loss(b.i(1, 2), b.i(1, 2)),
    "squares, another reduction": lambda b: b.F.mse_loss(b.x(2), b.x(2), reduction="batchmean"),
    "beta below 0": lambda b: b.F.smooth_l1_loss(b.x(2), b.x(2), beta=-1.0),
    "delta of 0": lambda b: b.F.huber_loss(b.x(2), b.x(2), delta=0.0),
    "probability above 1": lambda b: b.F.binary_cross_entropy(b.x(2) + 3, b.x(2)),
    "target probability above 1": lambda b: b.F.binary_cross_entropy(b.x(2), b.x(2) + 3),
    "bce of two shapes": lambda b: b.F.binary_cross_entropy(b.x(2), b.x(1)),
    "bce of two dtypes": lambda b: b.F.binary_cross_entropy(b.x(2), b.i(0, 1)),
    "bce weight too long": lambda b: b.F.binary_cross_entropy(b.x(2, 3), b.x(2, 3), b.x(2)),
    "scores of two shapes": lambda b: b.F.binary_cross_entropy_with_logits(b.x(2), b.x(1)),
    "scores to whole targets": lambda b: b.F.binary_cross_entropy_with_logits(b.x(2), b.i(0, 1)),
    "layer_norm of another shape": lambda b: b.F.layer_norm(b.x(2, 3), (2,)),
    "layer_norm of no shape": lambda b: b.F.layer_norm(b.x(2, 3), ()),
    "layer_norm of a number": lambda b: b.F.layer_norm(b.x(2, 3), 3),
    "layer_norm weight too short": lambda b: b.F.layer_norm(b.x(2, 3), (3,), b.x(2)),
    "layer_norm of two dtypes": lambda b: b.F.layer_norm(b.x(2, 3), (3,), b.x(3, dtype="float64")),
    "layer_norm of ints": lambda b: b.F.layer_norm(b.i([[1, 2]]), (2,)),
    "rms_norm of another shape": lambda b: b.F.rms_norm(b.x(2, 3), (2,)),
    "rms_norm of ints": lambda b: b.F.rms_norm(b.i([[1, 2]]), (2,)),
    "rms_norm weight too short": lambda b: b.F.rms_norm(b.x(2, 3), (3,), b.x(1)),
    "linear of another width": lambda b: b.F.linear(b.x(2, 3), b.x(4, 5)),
    "linear bias too short": lambda b: b.F.linear(b.x(2, 3), b.x(4, 3), b.x(3)),
    "linear of two dtypes": lambda b: b.F.linear(b.x(2, 3), b.x(4, 3, dtype="float64")),
    "linear of a number": lambda b: b.F.linear(b.x(), b.x(4, 3)),
    "linear of three axes of weight": lambda b: b.F.linear(b.x(2, 3), b.x(2, 4, 3)),
    "mask and causal": lambda b: b.F.scaled_dot_product_attention(
        b.x(4, 3), b.x(4, 3), b.x(4, 3), attn_mask=b.x(4, 4), is_causal=True
    ),
    "attention of rows": lambda b: b.F.scaled_dot_product_attention(b.x(3), b.x(3), b.x(3)),
    "keys of another size": lambda b: b.F.scaled_dot_product_attention(b.x(4, 3), b.x(4, 2), b.x(4, 3)),
    "a value too many": lambda b: b.F.scaled_dot_product_attention(b.x(4, 3), b.x(4, 3), b.x(5, 3)),
    "heads that do not meet": lambda b: b.F.scaled_dot_product_attention(
        b.x(1, 4, 2, 3), b.x(1, 2, 2, 3), b.x(1, 2, 2, 3)
    ),
    "values of another dtype": lambda b: b.F.scaled_dot_product_attention(
        b.x(4, 3), b.x(4, 3), b.x(4, 3, dtype="float64")
    ),
    "a mask of ints": lambda b: b.F.scaled_dot_product_attention(
        b.x(2, 3), b.x(2, 3), b.x(2, 3), b.i([[1, 0], [1, 1]])
    ),
    "a mask of another shape": lambda b: b.F.scaled_dot_product_attention(b.x(4, 3), b.x(4, 3), b.x(4, 3), b.x(4, 3)),
    "attention dropping all and more": lambda b: b.F.scaled_dot_product_attention(
        b.x(4, 3), b.x(4, 3), b.x(4, 3), dropout_p=1.5
    ),
    "conv2d channels": lambda b: b.F.conv2d(b.x(1, 2, 4, 4), b.x(3, 3, 2, 2)),
    "conv2d filter too large": lambda b: b.F.conv2d(b.x(1, 3, 4, 4), b.x(3, 3, 5, 5)),
    "conv2d bias": lambda b: b.F.conv2d(b.x(1, 3, 4, 4), b.x(2, 3, 2, 2), b.x(3)),
    "conv2d of a table": lambda b: b.F.conv2d(b.x(4, 4), b.x(2, 3, 2, 2)),
    "conv2d of two dtypes": lambda b: b.F.conv2d(b.x(1, 3, 4, 4), b.x(2, 3, 2, 2, dtype="float64")),
    "conv2d groups": lambda b: b.F.conv2d(b.x(1, 3, 4, 4), b.x(2, 3, 2, 2), groups=2),
    "conv2d standing still": lambda b: b.F.conv2d(b.x(1, 3, 4, 4), b.x(2, 3, 2, 2), stride=0),
    "conv2d negative margin": lambda b: b.F.conv2d(b.x(1, 3, 4, 4), b.x(2, 3, 2, 2), padding=-1),
    "conv2d same and stride": lambda b: b.F.conv2d(b.x(1, 3, 4, 4), b.x(2, 3, 2, 2), stride=2, padding="same"),
    "conv2d unknown margin": lambda b: b.F.conv2d(b.x(1, 3, 4, 4), b.x(2, 3, 2, 2), padding="full"),
    "max_pool2d wide margin": lambda b: b.F.max_pool2d(b.x(1, 3, 4, 4), 2, padding=2),
    "max_pool2d of a table": lambda b: b.F.max_pool2d(b.x(4, 4), 2),
    "max_pool2d window too large": lambda b: b.F.max_pool2d(b.x(1, 3, 4, 4), 5),
    "max_pool2d of three axes": lambda b: b.F.max_pool2d(b.x(1, 3, 4, 4), (2, 2, 2)),
    "avg_pool2d by 0": lambda b: b.F.avg_pool2d(b.x(1, 3, 4, 4), 2, divisor_override=0),
    "pad by an odd number": lambda b: b.F.pad(b.x(2, 3), (1,)),
    "pad more axes than there are": lambda b: b.F.pad(b.x(2, 3), (1,) * 6),
    "pad below nothing": lambda b: b.F.pad(b.x(2, 3), (-4, 0)),
    "pad by floats": lambda b: b.F.pad(b.x(2, 3), (1.0, 1)),
    "pad of another mode": lambda b: b.F.pad(b.x(2, 3), (1, 1), mode="mirror"),
    "reflect a value": lambda b: b.F.pad(b.x(2, 3), (1, 1), mode="reflect", value=1.0),
    "reflect too far": lambda b: b.F.pad(b.x(2, 3), (3, 1), mode="reflect"),
    "dropout of more than all": lambda b: b.F.dropout(b.x(3), 1.5),
    "dropout of ints": lambda b: b.F.dropout(b.i(1, 2), 0.5),
    "embedding outside": lambda b: b.F.embedding(b.i([3]), b.x(3, 2)),
    "embedding at floats": lambda b: b.F.embedding(b.x(3), b.x(3, 2)),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses_is_refused_with_an_error_of_the_same_type(name: str) -> None:
    with pytest.raises(Exception) as expected:  # noqa: PT011  whatever PyTorch raises
        REFUSED[name](theirs())
    with pytest.raises(TracerError) as got:
        REFUSED[name](OURS)
    assert isinstance(got.value, expected.type), f"{expected.type.__name__}: {expected.value}"
    assert got.value.where is not None
    assert got.value.where.startswith(__file__)


MESSAGES = [
    (
        lambda: F.linear(leaf(2, 3), leaf(4, 5)),
        "linear: input has shape (2, 3), weight has shape (4, 5).",
        "The last axis of input (3) must equal the last axis of weight (5)",
    ),
    (
        lambda: F.cross_entropy(leaf(2, 3), made([0, 3])),
        "cross_entropy: Target 3 is out of bounds for 3 classes.",
        "Class indices lie between 0 and 2",
    ),
    (
        lambda: F.mse_loss(leaf(2, 3), leaf(2)),
        "mse_loss: input has shape (2, 3), target has shape (2,).",
        "at axis -1 they are 3 and 2",
    ),
    (
        lambda: F.conv2d(leaf(1, 2, 4, 4), leaf(3, 3, 2, 2)),
        "conv2d: input has shape (1, 2, 4, 4), weight has shape (3, 3, 2, 2), groups is 1.",
        "must have 3 channels",
    ),
    (
        lambda: F.scaled_dot_product_attention(leaf(4, 3), leaf(4, 2), leaf(4, 3)),
        "scaled_dot_product_attention: query has shape (4, 3), key has shape (4, 2), value has shape (4, 3).",
        "The last axis of query (3) must equal the last axis of key (2).",
    ),
]


@pytest.mark.parametrize(("call", "message", "rule"), MESSAGES)
def test_an_error_names_the_function_the_shapes_and_the_rule(call: Any, message: str, rule: str) -> None:
    with pytest.raises(TracerError) as got:
        call()
    assert got.value.message == message
    assert rule in (got.value.hint or "")
    assert got.value.ja is not None
