"""The functions as PyTorch has them: node names, signatures, warnings, dropout's mask."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracer.nn.functional as F
from tests.nn.calls import OURS, Both, leaf, made, theirs
from tracer.core.generator import default_generator
from tracer.core.record import record
from tracer.core.tensor import Tensor

NAMES: dict[str, Callable[[Both], Any]] = {
    "relu": lambda b: b.F.relu(b.x(3, grad=True)),
    "leaky_relu": lambda b: b.F.leaky_relu(b.x(3, grad=True)),
    "elu": lambda b: b.F.elu(b.x(3, grad=True)),
    "selu": lambda b: b.F.selu(b.x(3, grad=True)),
    "celu": lambda b: b.F.celu(b.x(3, grad=True)),
    "sigmoid": lambda b: b.F.sigmoid(b.x(3, grad=True)),
    "tanh": lambda b: b.F.tanh(b.x(3, grad=True)),
    "gelu": lambda b: b.F.gelu(b.x(3, grad=True)),
    "silu": lambda b: b.F.silu(b.x(3, grad=True)),
    "softplus": lambda b: b.F.softplus(b.x(3, grad=True)),
    "logsigmoid": lambda b: b.F.logsigmoid(b.x(3, grad=True)),
    "softsign": lambda b: b.F.softsign(b.x(3, grad=True)),
    "tanhshrink": lambda b: b.F.tanhshrink(b.x(3, grad=True)),
    "softmax": lambda b: b.F.softmax(b.x(3, grad=True), 0),
    "log_softmax": lambda b: b.F.log_softmax(b.x(3, grad=True), 0),
    "cross_entropy": lambda b: b.F.cross_entropy(b.x(2, 3, grad=True), b.i(0, 2)),
    "cross_entropy of one": lambda b: b.F.cross_entropy(b.x(3, grad=True), b.i(1)),
    "cross_entropy of pictures": lambda b: b.F.cross_entropy(b.x(2, 3, 2, grad=True), b.i([[0, 1], [2, 0]])),
    "cross_entropy smoothed": lambda b: b.F.cross_entropy(b.x(2, 3, grad=True), b.i(0, 2), label_smoothing=0.1),
    "nll_loss": lambda b: b.F.nll_loss(b.x(2, 3, grad=True), b.i(0, 2)),
    "mse_loss": lambda b: b.F.mse_loss(b.x(3, grad=True), b.x(3)),
    "l1_loss": lambda b: b.F.l1_loss(b.x(3, grad=True), b.x(3)),
    "smooth_l1_loss": lambda b: b.F.smooth_l1_loss(b.x(3, grad=True), b.x(3)),
    "huber_loss": lambda b: b.F.huber_loss(b.x(3, grad=True), b.x(3)),
    "bce": lambda b: b.F.binary_cross_entropy(b.x(3, grad=True), b.x(3)),
    "bce of scores": lambda b: b.F.binary_cross_entropy_with_logits(b.x(3, grad=True), b.x(3)),
    "layer_norm": lambda b: b.F.layer_norm(b.x(2, 3, grad=True), (3,), b.x(3), b.x(3)),
    "rms_norm": lambda b: b.F.rms_norm(b.x(2, 3, grad=True), (3,), b.x(3)),
    "linear of a row": lambda b: b.F.linear(b.x(3, grad=True), b.x(2, 3), b.x(2)),
    "linear": lambda b: b.F.linear(b.x(2, 3, grad=True), b.x(2, 3), b.x(2)),
    "linear of a batch": lambda b: b.F.linear(b.x(2, 2, 3, grad=True), b.x(2, 3), b.x(2)),
    "linear of a row, no bias": lambda b: b.F.linear(b.x(3, grad=True), b.x(2, 3)),
    "linear, no bias": lambda b: b.F.linear(b.x(2, 3, grad=True), b.x(2, 3)),
    "linear of a batch, no bias": lambda b: b.F.linear(b.x(2, 2, 3, grad=True), b.x(2, 3)),
    "attention": lambda b: b.F.scaled_dot_product_attention(*(b.x(3, 2, grad=True) for _ in "qkv")),
    "attention of a batch": lambda b: b.F.scaled_dot_product_attention(*(b.x(2, 3, 2, grad=True) for _ in "qkv")),
    "attention of heads": lambda b: b.F.scaled_dot_product_attention(*(b.x(2, 2, 3, 2, grad=True) for _ in "qkv")),
    "conv2d": lambda b: b.F.conv2d(b.x(1, 2, 4, 4, grad=True), b.x(1, 2, 2, 2), b.x(1)),
    "max_pool2d": lambda b: b.F.max_pool2d(b.x(1, 2, 4, 4, grad=True), 2),
    "avg_pool2d": lambda b: b.F.avg_pool2d(b.x(1, 2, 4, 4, grad=True), 2),
    "pad": lambda b: b.F.pad(b.x(2, 3, grad=True), (1, 1)),
    "dropout": lambda b: b.F.dropout(b.x(3, grad=True), 0.5),
    "embedding": lambda b: b.F.embedding(b.i(0, 1), b.x(3, 2, grad=True)),
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_the_node_has_pytorchs_name(name: str) -> None:
    assert NAMES[name](OURS).grad_fn.name() == NAMES[name](theirs()).grad_fn.name()


LIKE_PYTORCHS = (
    "relu", "gelu", "silu", "softmax", "log_softmax", "nll_loss", "mse_loss", "smooth_l1_loss", "huber_loss", "bce",
    "bce of scores", "layer_norm", "conv2d", "max_pool2d", "avg_pool2d", "pad", "dropout", "embedding", "l1_loss",
)  # fmt: skip
"""Those that are one node in PyTorch too."""


@pytest.mark.oracle
@pytest.mark.parametrize("name", LIKE_PYTORCHS)
def test_the_node_leads_where_pytorchs_leads(name: str) -> None:
    """A target counts though it takes no gradient; an index, which never could, does not."""
    mine, yours = (
        [node and node.name() for node, _ in NAMES[name](b).grad_fn.next_functions] for b in (OURS, theirs())
    )
    assert mine == yours


@pytest.mark.oracle
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"cross_entropy smoothed"}))
def test_a_second_backward_is_refused_where_pytorch_refuses_it(name: str) -> None:
    """What a rule reads is freed by the first; a node whose rule reads nothing runs again."""

    def twice(b: Both) -> bool:
        out = NAMES[name](b).sum()
        out.backward()
        try:
            out.backward()
        except RuntimeError as problem:
            return "backward through the graph a second time" not in str(problem)
        return True

    assert twice(OURS) == twice(theirs())


def overwritten(b: Both, call: Callable[..., Any], which: int) -> bool:
    """Whether backward still runs when input `which` was overwritten after the forward step."""
    given = [b.x(1, 2, 4, 4, grad=True) * 1, b.x(1, 2, 4, 4), b.x(1, 2, 2, 2)]
    out = call(b.F, *given)
    given[which] += 1
    try:
        out.sum().backward()
    except RuntimeError as problem:
        return "modified by an inplace operation" not in str(problem)
    return True


@pytest.mark.oracle
@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize(
    "name",
    [
        "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "sigmoid", "tanh", "softmax", "log_softmax",
        "mse_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "conv2d",
        "max_pool2d", "avg_pool2d", "layer_norm", "linear", "pad", "scaled_dot_product_attention",
    ],
)  # fmt: skip
def test_an_overwritten_tensor_is_noticed_where_pytorch_notices_it(name: str, which: int) -> None:
    calls: dict[str, Callable[..., Any]] = {
        "softmax": lambda f, x, y, w: f.softmax(x, 1),
        "log_softmax": lambda f, x, y, w: f.log_softmax(x, 1),
        "conv2d": lambda f, x, y, w: f.conv2d(x, w),
        "max_pool2d": lambda f, x, y, w: f.max_pool2d(x, 2),
        "avg_pool2d": lambda f, x, y, w: f.avg_pool2d(x, 2),
        "layer_norm": lambda f, x, y, w: f.layer_norm(x, (2, 4, 4), y[0]),
        "linear": lambda f, x, y, w: f.linear(x, y[0, 0]),
        "pad": lambda f, x, y, w: f.pad(x, (1, 1)),
        "scaled_dot_product_attention": lambda f, x, y, w: f.scaled_dot_product_attention(x, y, y),
    }
    losses = ("mse_loss", "smooth_l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits")

    def call(functional: Any, x: Any, y: Any, w: Any) -> Any:
        if name in calls:
            return calls[name](functional, x, y, w)
        return getattr(functional, name)(x, y) if name in losses else getattr(functional, name)(x)

    assert overwritten(OURS, call, which) == overwritten(theirs(), call, which)


@pytest.mark.oracle
@pytest.mark.parametrize("name", sorted(F.__all__))
def test_arguments_have_pytorchs_names_order_and_defaults(name: str) -> None:
    found = getattr(theirs().F, name)
    try:
        expected = inspect.signature(found)
    except ValueError:
        assert name in (found.__doc__ or "")  # a built-in one: its first line of help is all there is
        return
    if any(p.kind is p.VAR_POSITIONAL for p in expected.parameters.values()):
        assert name == "max_pool2d"  # chosen by return_indices at run time
        return
    mine = inspect.signature(getattr(F, name)).parameters
    wanted = {key: p.default for key, p in expected.parameters.items() if key != "out"}
    assert {key: p.default for key, p in mine.items()} == wanted
    assert list(mine) == list(wanted)


@pytest.mark.filterwarnings("error")
def test_shapes_that_differ_are_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"Using a target size \(torch.Size\(\[3\]\)\) that is different"):
        F.mse_loss(leaf(2, 3), leaf(3))


def test_an_axis_left_out_is_guessed_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
        out = F.softmax(leaf(2, 3))
    np.testing.assert_allclose(out._array.sum(1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("old", "new"), [({"reduce": False}, "none"), ({"size_average": False}, "sum"), ({"size_average": True}, "mean")]
)
def test_the_old_words_for_reduction_still_work(old: dict[str, bool], new: str) -> None:
    a, b = leaf(2, 3), made(np.zeros((2, 3)), "float32")
    with pytest.warns(UserWarning, match=f"reduction='{new}'"):
        got = F.mse_loss(a, b, **old)
    np.testing.assert_array_equal(got._array, F.mse_loss(a, b, reduction=new)._array)


def test_in_place_gates_write_into_their_input() -> None:
    x = made([-1.0, 2.0])
    for function in (F.relu, F.leaky_relu, F.elu, F.silu, F.relu6, F.hardtanh, F.selu, F.celu, F.mish):
        same = x.clone()
        assert function(same, inplace=True) is same
        np.testing.assert_array_equal(same._array, function(x)._array)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropouts_mask_is_drawn_from_the_generator(p: float) -> None:
    """A seed decides it; what is kept is divided by 1 − p; the gradient passes the same mask."""
    x = Tensor._wrap(np.ones(1000, np.float32), requires_grad=True)
    default_generator.manual_seed(3)
    out = F.dropout(x, p)
    default_generator.manual_seed(3)
    np.testing.assert_array_equal(F.dropout(x, p)._array, out._array)
    assert set(np.unique(out._array)) == {0, np.float32(1) / np.float32(1 - p)}
    assert (out._array == 0).mean() == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 1000))
    out.sum().backward()
    np.testing.assert_array_equal(x._grad._array, out._array)  # type: ignore[union-attr]


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 4)])
def test_dropout_drops_what_pytorch_drops(shape: tuple[int, ...], dtype: str) -> None:
    """With the same seed; on an Intel processor PyTorch asks Intel's library, whose numbers are others."""
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    for p in (0.0, 0.3, 1.0):
        torch.manual_seed(11)
        default_generator.manual_seed(11)
        expected = torch.nn.functional.dropout(torch.ones(shape, dtype=getattr(torch, dtype)), p).numpy()
        got = F.dropout(made(np.ones(shape), dtype), p)._array
        assert got.dtype == expected.dtype
        if _intel():
            assert set(np.unique(got)) <= {0.0, *np.unique(expected)}
        else:
            np.testing.assert_array_equal(got, expected)


def _intel() -> bool:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as about:
            return "GenuineIntel" in about.read()
    except OSError:
        return False


def test_the_mask_is_a_node_of_the_graph() -> None:
    with record() as rec:
        x = leaf(4).named("x")
        y = F.dropout(x, 0.5).named("y")
        y.sum().backward()
    trace = rec.trace
    node = trace.find("y")
    assert trace.op(node).name == "mul"
    assert [trace.name(n) for n in trace.inputs(node)] == ["x", "mask"]


def test_when_not_training_dropout_hands_its_input_on() -> None:
    x = leaf(3)
    assert F.dropout(x, 0.5, training=False) is x
    assert F.dropout(x, 0.0) is x


def test_embedding_gives_gradient_to_the_rows_used_alone() -> None:
    table = leaf(4, 2)
    F.embedding(made([1, 1, 3]), table, padding_idx=3).sum().backward()
    np.testing.assert_array_equal(table._grad._array, [[0, 0], [2, 2], [0, 0], [0, 0]])  # type: ignore[union-attr]


def test_one_hot_is_one_where_the_index_points() -> None:
    np.testing.assert_array_equal(F.one_hot(made([2, 0]), 3)._array, [[0, 0, 1], [1, 0, 0]])


@pytest.mark.oracle
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_normalize_and_cosine_similarity_are_pytorchs(dim: int) -> None:
    from tests.core.ops.beside import beside

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    beside(lambda module, x: module.normalize(x, dim=dim), [a], "float64")
    beside(lambda module, x: module.normalize(x, p=3.0, dim=dim), [a], "float64")
    beside(lambda module, x, y: module.cosine_similarity(x, y, dim=dim), [a, b], "float64")
