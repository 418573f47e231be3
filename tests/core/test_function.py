"""What a function of the graph says when it cannot run back."""

from __future__ import annotations

import pytest

import tracer
from tracer.errors import GraphError


def test_a_freed_graph_and_an_overwritten_tensor_name_the_line_that_walked_back() -> None:
    x = tracer.ones(3, requires_grad=True)
    loss = (x * x).exp().sum()
    loss.backward()
    with pytest.raises(GraphError, match=r"a second time[\s\S]*at .*test_function\.py:\d+"):
        loss.backward()
    y = x * 2
    loss = (y * y).sum()
    y.add_(1)
    with pytest.raises(GraphError, match=r"inplace operation[\s\S]*at .*test_function\.py:\d+"):
        loss.backward()
