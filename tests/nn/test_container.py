"""Modules that hold modules."""

from __future__ import annotations

import pytest

from tracer import nn
from tracer.core.functions.all import FUNCTIONS as T
from tracer.errors import ArgumentTypeError, IndexingError, NotFoundError


def layers(*sizes: int) -> list[nn.Module]:
    return [nn.Linear(size, size) for size in sizes]


def sizes(container: nn.Sequential | nn.ModuleList) -> list[int]:
    return [layer.in_features for layer in container]  # type: ignore[attr-defined]


def test_sequential_hands_on() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Softmax(dim=1))
    assert net(T.zeros(1, 2, 2))._array.tolist() == [[0.25] * 4]


def test_sequential_by_names() -> None:
    net = nn.Sequential({"first": nn.Linear(1, 2), "act": nn.ReLU()})
    assert [name for name, _ in net.named_parameters()] == ["first.weight", "first.bias"]
    assert isinstance(net.act, nn.ReLU)
    assert net[1] is net.act


@pytest.mark.parametrize("kind", [nn.Sequential, nn.ModuleList])
def test_they_are_lists(kind: type[nn.Sequential] | type[nn.ModuleList]) -> None:
    made = kind(*layers(1, 2, 3)) if kind is nn.Sequential else kind(layers(1, 2, 3))  # type: ignore[arg-type]
    assert len(made) == 3
    assert (made[-1], made[0]) == (list(made)[2], next(iter(made)))
    assert sizes(made[1:]) == [2, 3]
    assert type(made[:1]) is kind
    made.append(nn.Linear(4, 4))
    made.insert(0, nn.Linear(9, 9))
    assert sizes(made) == [9, 1, 2, 3, 4]
    assert next(iter(made.state_dict())) == "0.weight"
    del made[0]
    made[0] = nn.Linear(7, 7)
    assert sizes(made) == [7, 2, 3, 4]
    assert [name for name, _ in made.named_children()] == ["0", "1", "2", "3"]
    made.extend(layers(5))
    assert sizes(made) == [7, 2, 3, 4, 5]
    for wrong in (5, -6):
        with pytest.raises(IndexingError, match=rf"index {wrong} is out of range; it has 5 items"):
            made[wrong]


def test_module_list_adds_and_pops() -> None:
    made = nn.ModuleList(layers(1)) + layers(2)
    made += layers(3)
    assert isinstance(made, nn.ModuleList)
    assert sizes(made) == [1, 2, 3]
    assert made.pop(0).in_features == 1
    assert sizes(made) == [2, 3]


def test_a_module_list_is_walked_not_called() -> None:
    with pytest.raises(NotImplementedError, match="ModuleList"):
        nn.ModuleList(layers(1))(T.ones(1))
    with pytest.raises(ArgumentTypeError, match="a list of modules is expected"):
        nn.ModuleList(nn.Linear(1, 1))  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError, match="is a int"):
        nn.ModuleList([1])  # type: ignore[list-item]


def test_module_dict_is_a_dict() -> None:
    made = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})
    assert list(made) == list(made.keys()) == ["a", "b"]
    assert len(made) == 2
    assert "a" in made
    assert made["a"] is made.a
    assert [name for name, _ in made.items()] == ["a", "b"]
    assert list(made.values())[1] is made["b"]
    made["c"] = nn.Tanh()
    made.update({"b": nn.Sigmoid()})
    assert isinstance(made["b"], nn.Sigmoid)
    assert isinstance(made.pop("c"), nn.Tanh)
    del made["a"]
    assert list(made.state_dict()) == []
    with pytest.raises(NotFoundError, match="no module 'bb'") as caught:
        made["bb"]
    assert isinstance(caught.value, KeyError)
    assert "Did you mean 'b'?" in str(caught.value)
    made.clear()
    assert len(made) == 0


def test_parameter_list_registers_tensors() -> None:
    made = nn.ParameterList([T.ones(2), nn.Parameter(T.ones(3))])
    made.append(T.ones(4))
    assert [tuple(p.shape) for p in made.parameters()] == [(2,), (3,), (4,)]
    assert all(isinstance(p, nn.Parameter) for p in made)
    assert tuple(made[-1].shape) == (4,)
    made[0] = T.ones(5)
    assert tuple(made[0].shape) == (5,)
    assert len(made[1:]) == 2


def test_equal_neighbours_print_as_one_line() -> None:
    made = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
    assert repr(made) == (
        "ModuleList(\n  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n  (2): ReLU()\n)"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"
    assert repr(nn.Sequential()) == "Sequential()"
