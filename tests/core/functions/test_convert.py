"""From dtype to dtype, out to Python and NumPy: numbers, history, memory and refusals as in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.core.both import OURS as T
from tests.core.both import alike
from tracer.core.dtype import DTYPES
from tracer.core.record import record
from tracer.errors import ArgumentError, ArgumentTypeError, AxisError, BackendError, GraphError

SOURCES = [0.0, -0.0, 1.0, -1.0, 1.5, -1.5, 2.7, 100.0, 65504.0, 1e-8]


def test_a_tensor_that_is_right_already_stays_itself() -> None:
    x = T.tensor([1.5, 2.0])
    for same in (x.float(), x.to(T.float32), x.to("cpu"), x.to(x), x.cpu(), x.type_as(x), x.to(), x.type(T.float32)):
        assert same is x
    copy = x.to(T.float32, copy=True)
    assert copy is not x
    assert not np.may_share_memory(copy._array, x._array)


def test_gradient_comes_back_in_the_type_of_the_input() -> None:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    y = x.double()
    assert y.grad_fn.name() == "ToCopyBackward0"
    (y * y).sum().backward()
    assert x.grad.dtype is T.float32
    assert x.grad.tolist() == [2.0, 4.0]
    assert not x.long().requires_grad
    assert x.float().is_leaf


def test_numpy_shares_memory_but_not_history() -> None:
    x = T.tensor([1.0, 2.0])
    x.numpy()[0] = 5
    assert x.tolist() == [5.0, 2.0]
    x.requires_grad_()
    with pytest.raises(GraphError, match=r"Use tensor\.detach\(\)\.numpy\(\)"):
        x.numpy()
    assert x.detach().numpy().tolist() == x.numpy(force=True).tolist() == [5.0, 2.0]


def test_an_array_that_a_recording_holds_is_handed_out_as_a_copy() -> None:
    with record() as recorder:
        x = T.tensor([1.0, 2.0])
        y = x * 2
        y.numpy()[0] = 7
    assert y.tolist() == [2.0, 4.0]
    assert recorder.trace is not None


def test_a_device_that_is_not_there_is_told() -> None:
    x = T.tensor([1.0])
    with pytest.raises(BackendError, match="got 'float32'"):
        x.to("float32")
    with pytest.raises(ArgumentTypeError, match="got 3, which is no element type"):
        x.to(3)
    try:
        import cupy  # noqa: F401
    except ImportError:
        with pytest.raises(BackendError, match="needs CuPy"):
            x.to("cuda")


def test_what_a_tensor_says_of_itself() -> None:
    x = T.zeros(2, 3, dtype=T.float64)
    assert (x.size(), x.size(-1), x.dim(), x.ndimension(), x.numel(), x.nelement()) == ((2, 3), 3, 2, 2, 6, 6)
    assert (x.element_size(), x.is_floating_point(), x.is_signed(), x.is_complex()) == (8, True, True, False)
    assert (x.stride(), x.stride(0), x.is_contiguous(), x.type()) == ((3, 1), 3, True, "torch.DoubleTensor")
    assert T.result_type(x, 1) is T.float64
    with pytest.raises(AxisError, match="size"):
        x.size(2)
    with pytest.raises(GraphError, match="6 elements"):
        x.item()
    with pytest.raises(ArgumentError, match="invalid type"):
        x.type("LongTensor")


LINES = """
T([1, 2]).float() | T([1.7, -1.7]).long() | T([float('nan'), float('inf'), 1e20]).long() | T([300.]).to(torch.uint8)
T([0.5, 0, float('nan')]).bool() | T([1.]).to('cpu') | T([1.]).to(torch.float64) | T([1.]).to('cpu', torch.float64)
T([1.]).to(dtype=torch.float64, device='cpu') | T([1.]).to(T([1])) | T([1.]).to() | T([1.]).to(float)
T([1.]).to('float32') | T([1.]).to(None) | T([1.]).type() | T([1]).type() | T([True]).type() | T(1.).half().type()
T(1.).short().type() | T(1.).char().type() | T(1.).byte().type() | T(1.).int().type() | T(1.).double().type()
T([1.]).type(torch.int64) | T([1.]).type('torch.LongTensor') | T([1.]).type('LongTensor') | T([1.]).type_as(T(1))
T([1., 2.]).item() | T([[1.]]).item() | T([]).item() | T([1., 2.], requires_grad=True).tolist() | T(2).tolist()
T([1.], requires_grad=True).numpy() | T([1.], requires_grad=True).detach().numpy() | T([[1, 2]]).numpy()
T([1.], requires_grad=True).numpy(force=True) | T([1.]).is_floating_point() | torch.is_floating_point(T(1))
torch.zeros(2, 3).size() | torch.zeros(2, 3).size(-1) | torch.zeros(2, 3).size(dim=0) | torch.numel(torch.zeros(2, 3))
torch.zeros(2, 3).nelement() | torch.zeros(2, 3).dim() | torch.zeros(2, 3).ndimension() | torch.zeros(2).element_size()
torch.zeros(2, 3).size(5) | torch.zeros(()).size(0) | torch.zeros(2, 3).stride() | torch.zeros(2, 3).t().stride()
torch.zeros(2, 3).is_contiguous() | torch.zeros(2, 3).t().is_contiguous() | torch.zeros(2, 3).stride(-1)
(T([1.], requires_grad=True) * 1).double().grad_fn | T([1.], requires_grad=True).double().long()
T([1.], requires_grad=True).half() | T([1e5]).half() | T([1, 2]).is_signed() | torch.is_tensor(T(1))
torch.result_type(T([1, 2]), 1.5) | torch.is_tensor([1]) | T([1.9999999], dtype=torch.float64).half()
"""
CODES = [code.strip() for line in LINES.strip().splitlines() for code in line.split(" | ")]


@pytest.mark.oracle
@pytest.mark.parametrize("code", CODES)
def test_lines_convert_as_in_pytorch_or_are_refused_alike(code: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    alike(torch, code.replace("T(", "torch.tensor("))


@pytest.mark.oracle
@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", DTYPES)
def test_every_type_converts_into_every_other_as_in_pytorch(source: str, target: str) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is not installed")
    first = torch.tensor(SOURCES, dtype=torch.float64)
    first = first[first.abs() <= 120] if source in ("int8", "uint8") or target in ("int8", "uint8") else first
    first = first[first >= 0] if "uint8" in (source, target) else first
    first = first[first.abs() <= 3000] if "int16" in (source, target) else first
    theirs = first.to(getattr(torch, source))
    ours = T.from_numpy(theirs.numpy().copy())
    assert repr(ours.to(getattr(T, target))) == repr(theirs.to(getattr(torch, target)))
