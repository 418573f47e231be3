"""What each module computes, by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tracer import nn
from tracer.core.functions.all import FUNCTIONS as T
from tracer.errors import ArgumentError, ShapeError


def given(*rows: Any) -> Any:
    return T.tensor(list(rows))


def close(tensor: Any, expected: Any) -> None:
    np.testing.assert_allclose(tensor._array, np.array(expected), rtol=1e-6, atol=1e-7)


def test_linear() -> None:
    layer = nn.Linear(2, 2)
    layer.load_state_dict({"weight": given([1.0, 2.0], [3.0, 4.0]), "bias": given(0.5, -0.5)})
    y = layer(given([1.0, 1.0], [0.0, 2.0]))
    close(y, [[3.5, 6.5], [4.5, 7.5]])
    y.sum().backward()
    close(layer.weight.grad, [[1.0, 3.0], [1.0, 3.0]])
    close(layer.bias.grad, [2.0, 2.0])


def test_linear_starts_within_its_bound() -> None:
    """±1/√in_features for both."""
    layer = nn.Linear(16, 500)
    for p in layer.parameters():
        assert 0.2 < np.abs(p._array).max() <= 0.25
    assert nn.Linear(2, 3, bias=False).bias is None
    assert list(nn.Linear(2, 3, bias=False).state_dict()) == ["weight"]


def test_embedding_looks_rows_up_and_only_those_receive_gradient() -> None:
    table = nn.Embedding(3, 2)
    rows = table(T.tensor([2, 0, 2]))
    close(rows, table.weight._array[[2, 0, 2]])
    rows.sum().backward()
    close(table.weight.grad, [[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]])


def test_the_padding_row_is_zero_and_stays() -> None:
    table = nn.Embedding(3, 2, padding_idx=-1)
    assert table.padding_idx == 2
    assert not table.weight._array[2].any()
    table(T.tensor([0, 2])).sum().backward()
    close(table.weight.grad, [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    with pytest.raises(ArgumentError, match="padding_idx is 3, but the table has 3 rows"):
        nn.Embedding(3, 2, padding_idx=3)


def test_an_embedding_from_given_rows_is_frozen_unless_told() -> None:
    rows = given([1.0, 2.0], [3.0, 4.0])
    assert not nn.Embedding.from_pretrained(rows).weight.requires_grad
    table = nn.Embedding.from_pretrained(rows, freeze=False)
    close(table(T.tensor([1])), [[3.0, 4.0]])
    assert table.weight.requires_grad
    with pytest.raises(ShapeError, match=r"shape \(2, 2\), \(3, 2\) is expected"):
        nn.Embedding(3, 2, _weight=rows)


def test_layer_norm_takes_out_the_mean() -> None:
    norm = nn.LayerNorm(2, eps=0.0)
    close(norm(given([1.0, 3.0])), [[-1.0, 1.0]])
    assert list(norm.state_dict()) == ["weight", "bias"]
    assert list(nn.LayerNorm(2, bias=False).state_dict()) == ["weight"]
    assert list(nn.LayerNorm(2, elementwise_affine=False).state_dict()) == []


def test_rms_norm_divides_by_the_root_mean_square() -> None:
    close(nn.RMSNorm(2, eps=0.0)(given([1.0, 7.0])), [[0.2, 1.4]])
    assert list(nn.RMSNorm(2).state_dict()) == ["weight"]


def test_dropout_drops_in_training_only() -> None:
    """What stays grows by 1 / (1 - p), so that the mean is kept."""
    layer = nn.Dropout(0.5)
    T.manual_seed(0)
    found = layer(T.ones(1000))._array
    assert set(found.tolist()) == {0.0, 2.0}
    assert 400 < (found == 0).sum() < 600
    close(layer.eval()(T.ones(4)), [1.0] * 4)
    with pytest.raises(ArgumentError, match=r"p is 1\.5"):
        nn.Dropout(1.5)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (nn.ReLU(), [0.0, 0.0, 2.0]),
        (nn.LeakyReLU(0.1), [-0.1, 0.0, 2.0]),
        (nn.Sigmoid(), [1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-2))]),
        (nn.Tanh(), [math.tanh(-1), 0.0, math.tanh(2)]),
        (nn.SiLU(), [-1 / (1 + math.e), 0.0, 2 / (1 + math.exp(-2))]),
        (nn.GELU(), [-0.5 * (1 + math.erf(-1 / math.sqrt(2))), 0.0, 1 + math.erf(2 / math.sqrt(2))]),
        (nn.Softplus(), [math.log1p(math.exp(-1)), math.log(2), math.log1p(math.exp(2))]),
        (nn.Softmax(dim=0), [math.exp(x) / (math.exp(-1) + 1 + math.exp(2)) for x in (-1, 0, 2)]),
        (nn.LogSoftmax(dim=0), [x - math.log(math.exp(-1) + 1 + math.exp(2)) for x in (-1, 0, 2)]),
        (nn.Identity(1, any=2), [-1.0, 0.0, 2.0]),
    ],
    ids=lambda one: type(one).__name__,
)
def test_activations(module: nn.Module, expected: list[float]) -> None:
    close(module(given(-1.0, 0.0, 2.0)), expected)


def test_inplace_overwrites_the_input() -> None:
    x = given(-1.0, 2.0)
    assert nn.ReLU(inplace=True)(x) is x
    close(x, [0.0, 2.0])


def test_flatten_keeps_the_first_axis() -> None:
    assert tuple(nn.Flatten()(T.zeros(2, 3, 4)).shape) == (2, 12)
    assert tuple(nn.Flatten(0, 1)(T.zeros(2, 3, 4)).shape) == (6, 4)


def test_conv2d_slides_its_window() -> None:
    layer = nn.Conv2d(1, 1, 2)
    layer.load_state_dict({"weight": given([[[1.0, 2.0], [3.0, 4.0]]]), "bias": given(0.5)})
    close(layer(T.arange(9.0).reshape(1, 1, 3, 3)), [[[[27.5, 37.5], [57.5, 67.5]]]])
    assert tuple(nn.Conv2d(4, 6, (3, 5), groups=2).weight.shape) == (6, 2, 3, 5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"groups": 2}, "cannot be divided into 2 groups"),
        ({"groups": 0}, "groups is 0"),
        ({"padding": "full"}, "padding is 'full'"),
        ({"padding": "same", "stride": 2}, "needs a stride of 1"),
        ({"padding_mode": "mirror"}, "padding_mode is 'mirror'; it must be one of zeros, reflect"),
    ],
)
def test_conv2d_refuses_what_does_not_fit(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        nn.Conv2d(3, 4, 3, **options)


def test_max_pool2d_takes_the_largest_of_each_window() -> None:
    close(nn.MaxPool2d(2)(T.arange(16.0).reshape(1, 1, 4, 4)), [[[[5.0, 7.0], [13.0, 15.0]]]])


def test_losses() -> None:
    """Means unless told; `none` gives each."""
    x, y = given(1.0, 3.0), given(0.0, 1.0)
    close(nn.MSELoss()(x, y), 2.5)
    close(nn.MSELoss(reduction="sum")(x, y), 5.0)
    close(nn.L1Loss(reduction="none")(x, y), [1.0, 2.0])
    close(nn.BCELoss()(given(0.5, 0.25), y), (math.log(2) + math.log(4)) / 2)
    close(nn.BCEWithLogitsLoss()(given(0.0, 0.0), y), math.log(2))
    close(nn.BCEWithLogitsLoss(pos_weight=given(3.0))(given(0.0, 0.0), y), 2 * math.log(2))


def test_cross_entropy_is_minus_the_log_of_the_targets_probability() -> None:
    """The document's example: logits [1, 2, 3], class 1; gradient p - onehot."""
    logits = T.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    loss = nn.CrossEntropyLoss()(logits, T.tensor([1]))
    loss.backward()
    close(loss, 1.4076059)
    close(logits.grad, [[0.09003057, -0.75527153, 0.66524094]])
    log_probs = nn.LogSoftmax(dim=1)(logits)
    close(nn.NLLLoss()(log_probs, T.tensor([1])), 1.4076059)
    close(nn.CrossEntropyLoss(ignore_index=0)(T.cat([logits, logits]), T.tensor([1, 0])), 1.4076059)


def test_a_loss_carries_its_weights_in_its_state() -> None:
    loss = nn.CrossEntropyLoss(weight=given(1.0, 2.0, 3.0))
    assert list(loss.state_dict()) == ["weight"]
    assert list(nn.CrossEntropyLoss().state_dict()) == []
