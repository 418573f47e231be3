"""What a module knows of its parts."""

from __future__ import annotations

import copy
import gc
import weakref
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from tracer import nn
from tracer.core import dtype as dtypes
from tracer.core.functions.all import FUNCTIONS as T
from tracer.core.record import record
from tracer.core.tensor import Tensor
from tracer.errors import ArgumentError, ArgumentTypeError, NotFoundError, TracerError
from tracer.nn.path import path_of


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(2, 3)
        self.act = nn.ReLU()
        self.fc2 = nn.Linear(3, 2, bias=False)

    def forward(self, x: Any) -> Any:
        return self.fc2(self.act(self.fc1(x)))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.scale = nn.Parameter(T.ones(2))
        self.register_buffer("mean", T.zeros(2))
        self.width = 2

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        return x * self.scale + self.mean


NAMES = [f"blocks.{i}.{name}" for i in (0, 1) for name in ("fc1.weight", "fc1.bias", "fc2.weight")]


def test_parameters_are_found_by_dotted_names_in_order() -> None:
    """A module's own come before those of its parts."""
    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["scale", *NAMES]
    assert len(list(net.parameters())) == 7
    assert [name for name, _ in net.named_parameters(prefix="net", recurse=False)] == ["net.scale"]
    assert [name for name, _ in net.named_buffers()] == ["mean"]
    assert dict(net.named_parameters())["blocks.1.fc2.weight"] is net.blocks[1].fc2.weight


def test_modules_are_walked_from_the_outside_in() -> None:
    net = Net()
    assert [name for name, _ in net.named_modules()][:6] == [
        "", "blocks", "blocks.0", "blocks.0.fc1", "blocks.0.act", "blocks.0.fc2",
    ]  # fmt: skip
    assert [name for name, _ in net.named_children()] == ["blocks"]
    assert list(net.children()) == [net.blocks]
    assert len(list(net.modules())) == 10


def test_what_is_shared_comes_once() -> None:
    """Unless duplicates are asked for; state_dict has it under each name."""
    shared = nn.Linear(2, 2)
    net = nn.Sequential(shared, nn.ReLU(), shared)
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert list(net.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_parts_are_plain_attributes() -> None:
    """A recording walks `__dict__` and so meets them under the names the program uses."""
    net = Net()
    assert net.__dict__["scale"] is net.scale
    assert net.__dict__["blocks"].__dict__["0"].__dict__["fc1"].__dict__["weight"] is net.blocks[0].fc1.weight


def test_a_recording_names_parameters_by_their_path() -> None:
    with record() as rec:
        model = Net()
        model(T.ones(1, 2))
    names = set(rec.columns().names.values())
    assert {"model.scale", "model.blocks.0.fc1.weight", "model.blocks.1.fc2.weight", "model.mean"} <= names


def test_parameters_come_into_being_with_their_first_values() -> None:
    """A recording sees one leaf each, at the user's line, and no event of filling it."""
    with record() as rec:
        layer = nn.Linear(2, 3)
    columns = rec.columns()
    assert len(columns.op) == 2
    assert len(columns.updates.node) == 0
    np.testing.assert_array_equal(columns.arena[columns.slot[0]], layer.weight._array)
    assert columns.files[columns.line_file[columns.line[0]]] == __file__


def test_a_parameter_of_fresh_numbers_is_one_leaf() -> None:
    """Which takes gradient; the numbers it was made of are no node beside it, unless they are used too."""
    with record() as rec:
        w = nn.Parameter(T.ones(2))
        (w * 2).sum().backward()
        start = T.zeros(2)
        v = nn.Parameter(start)
        (start + v).sum().backward()
    columns = rec.columns()
    assert [columns.op_names[op - 1] if op else "leaf" for op in columns.op] == [
        "leaf", "leaf", "mul", "sum", "leaf", "leaf", "add", "sum",
    ]  # fmt: skip
    assert {columns.names[node] for node in (0, 4, 5)} == {"w", "v", "start"}
    assert columns.names[0] == "w"
    assert list(columns.passes[0].nodes) == [0, 2, 3]
    assert 5 not in columns.passes[1].nodes


def test_a_parameter_of_numbers_in_use_is_a_leaf_of_its_own() -> None:
    with record() as rec:
        start = T.ones(2)
        other = start * 2
        w = nn.Parameter(start)
        v = nn.Parameter(other)
    columns = rec.columns()
    assert [bool(op) for op in columns.op] == [False, False, True, False, False]
    assert [columns.names[node] for node in (0, 2, 3, 4)] == ["start", "other", "w", "v"]
    assert w is not v


def scopes(rec: Any) -> set[str]:
    columns = rec.columns()
    return {columns.scopes[columns.scope[node]] for node in range(len(columns.op)) if columns.op[node]}


def test_calls_open_scopes_of_their_attribute_path() -> None:
    """A ModuleList is not called, and still part of the path."""
    model = Net()
    with record() as rec:
        model(T.ones(1, 2))
    assert scopes(rec) == {"", *(f"blocks.{i}.{part}" for i in (0, 1) for part in ("fc1", "act", "fc2"))}


def test_a_part_called_by_itself_opens_its_whole_path() -> None:
    model = Net()
    with record() as rec:
        model.blocks[1].fc1(T.ones(1, 2))
    assert scopes(rec) == {"blocks.1.fc1"}


def test_a_shared_part_is_named_after_the_module_that_calls_it() -> None:
    class Decoder(nn.Module):
        def __init__(self, table: nn.Linear) -> None:
            super().__init__()
            self.out = table

        def forward(self, x: Any) -> Any:
            return self.out(x)

    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Linear(2, 2)
            self.decoder = Decoder(self.table)

        def forward(self, x: Any) -> Any:
            return self.decoder(self.table(x))

    model = Pair()
    with record() as rec:
        model(T.ones(1, 2))
    assert scopes(rec) == {"table", "decoder.out"}


def test_a_module_that_stands_alone_opens_no_scope() -> None:
    layer = nn.Linear(2, 2)
    with record() as rec:
        layer(T.ones(1, 2))
    assert scopes(rec) == {""}


def test_a_scope_ends_when_forward_raises() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = nn.Sequential(nn.Linear(3, 3))

        def forward(self, x: Any) -> Any:
            return self.part(x)

    model, layer = Broken(), nn.Linear(2, 2)
    with record() as rec:
        with pytest.raises(TracerError):
            model(T.ones(1, 2))
        layer(T.ones(1, 2))
    assert scopes(rec) == {""}


def test_a_removed_part_has_no_path_any_more() -> None:
    net = Net()
    block = net.blocks[1]
    del net.blocks[1]
    with record() as rec:
        block.fc1(T.ones(1, 2))
    assert scopes(rec) == {"fc1"}


def test_a_module_keeps_nothing_that_holds_it_alive() -> None:
    """Parents are known weakly, so a network goes when its last user does."""
    net = Net()
    gone, layer = weakref.ref(net), net.blocks[0].fc1
    gc.disable()
    try:
        del net
        assert gone() is None
    finally:
        gc.enable()
    assert path_of(layer) == ""  # the block that held it is gone too, and the name with it


def test_a_deep_copy_is_a_network_of_its_own() -> None:
    """With its own parameters and its own paths."""
    model = Net()
    twin = copy.deepcopy(model)
    assert twin.blocks[0].fc1.weight is not model.blocks[0].fc1.weight
    np.testing.assert_array_equal(twin.blocks[0].fc1.weight._array, model.blocks[0].fc1.weight._array)
    assert [name for name, _ in twin.named_parameters()] == [name for name, _ in model.named_parameters()]
    del model
    with record() as rec:
        twin.blocks[1].fc1(T.ones(1, 2))
    assert scopes(rec) == {"blocks.1.fc1"}


def test_a_shallow_copy_shares_parts_but_not_the_list_of_them() -> None:
    model = Net()
    twin = copy.copy(model)
    twin.extra = nn.Linear(1, 1)
    assert twin.blocks is model.blocks
    assert "extra" not in dict(model.named_children())


def test_assigning_registers_and_deleting_forgets() -> None:
    net = Net()
    net.scale = nn.Parameter(T.zeros(3))
    assert net.get_parameter("scale").shape == (3,)
    net.scale = None  # the place stays
    assert "scale" not in dict(net.named_parameters())
    net.scale = nn.Parameter(T.zeros(1))
    del net.scale
    assert not hasattr(net, "scale")
    net.scale = "now something else"
    assert "scale" not in dict(net.named_parameters())


def test_a_buffer_is_no_parameter_and_may_stay_out_of_the_state() -> None:
    net = nn.Module()
    net.register_buffer("kept", T.ones(1))
    net.register_buffer("scratch", T.ones(1), persistent=False)
    net.kept = T.zeros(1)
    assert [name for name, _ in net.named_buffers()] == ["kept", "scratch"]
    assert repr(net.state_dict()) == f"{OrderedDict([('kept', T.zeros(1))])!r}"
    assert not list(net.parameters())


def test_a_plain_tensor_is_no_parameter() -> None:
    """Nor is one computed from a parameter."""
    net = nn.Module()
    net.w = T.ones(2)
    net.twice = nn.Parameter(T.ones(2)) * 2
    assert not list(net.parameters())


def test_get_submodule_parameter_and_buffer() -> None:
    net = Net()
    assert net.get_submodule("blocks.1.fc1") is net.blocks[1].fc1
    assert net.get_submodule("") is net
    assert net.get_parameter("blocks.0.fc1.bias") is net.blocks[0].fc1.bias
    assert net.get_buffer("mean") is net.mean
    with pytest.raises(AttributeError, match=r"Block has no module 'fc11'") as caught:
        net.get_submodule("blocks.0.fc11")
    assert "Did you mean 'fc1'" in str(caught.value)
    with pytest.raises(AttributeError, match="Net has no parameter 'mean'"):
        net.get_parameter("mean")


def test_train_and_eval_reach_every_part() -> None:
    net = Net()
    assert net.training
    assert net.eval() is net
    assert not any(module.training for module in net.modules())
    net.blocks[0].train()
    assert not net.training
    assert net.blocks[0].fc1.training
    with pytest.raises(ArgumentError, match="True or False"):
        net.train("yes")  # type: ignore[arg-type]


def test_freezing_reaches_every_parameter() -> None:
    net = Net().requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    assert not net(T.ones(1, 2)).requires_grad


def test_zero_grad_gives_none_or_zeros() -> None:
    net = Net()
    net(T.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(p.grad is not None and not p.grad._array.any() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_apply_visits_parts_first() -> None:
    seen: list[str] = []
    net = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
    assert net.apply(lambda module: seen.append(type(module).__name__)) is net
    assert seen == ["Linear", "ReLU", "Sequential"]


def test_conversion_keeps_parameters_and_leaves_integers() -> None:
    """The same objects, so that an optimizer made before goes on; with their gradients."""
    net = Net()
    net.register_buffer("count", T.zeros(1, dtype=dtypes.int64))
    net(T.ones(1, 2)).sum().backward()
    before = list(net.parameters())
    assert net.double() is net
    assert all(mine is yours for mine, yours in zip(before, net.parameters(), strict=True))
    assert {p.dtype for p in net.parameters()} == {dtypes.float64}
    assert {p.grad.dtype for p in net.parameters() if p.grad is not None} == {dtypes.float64}
    assert net.count.dtype is dtypes.int64
    assert net.to(dtypes.float32).scale.dtype is dtypes.float32
    assert net.to("cpu", dtypes.float64).scale.dtype is dtypes.float64
    assert net.to(T.ones(1)).scale.dtype is dtypes.float32
    with pytest.raises(TypeError, match="only accepts floating point dtypes"):
        net.to(dtypes.int64)


def test_moving_to_where_it_is_changes_nothing() -> None:
    """And so records nothing."""
    net = Net()
    with record() as rec:
        net.to("cpu").float()
    assert len(rec.columns().updates.node) == 0


def test_converting_is_one_update_a_parameter() -> None:
    net = nn.Linear(2, 2)
    with record() as rec:
        net.double()
    assert len(rec.columns().updates.node) == 2
    assert not rec.columns().op.any()


def test_hooks_see_and_may_replace_what_goes_in_and_out() -> None:
    layer = nn.Identity()
    first = layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    second = layer.register_forward_hook(lambda module, args, output: output * 10)
    assert layer(1) == 20
    first.remove()
    assert layer(1) == 10
    second.remove()
    assert layer(1) == 1


def test_it_must_say_what_it_computes() -> None:
    class Empty(nn.Module):
        pass

    with pytest.raises(NotImplementedError, match=r'Module \[Empty\] is missing the required "forward"') as caught:
        Empty()(1)
    assert isinstance(caught.value, TracerError)
    assert "forward が定義されていません" in caught.value.told("ja")


def test_init_must_be_called_first() -> None:
    class Hasty(nn.Module):
        def __init__(self) -> None:
            self.fc = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call") as caught:
        Hasty()
    assert "super().__init__()" in str(caught.value)


@pytest.mark.parametrize("name", ["scale", "blocks", "mean"])
def test_a_registered_place_takes_only_its_kind(name: str) -> None:
    net = Net()
    with pytest.raises(ArgumentTypeError, match=f"Net.{name}: cannot assign a float"):
        setattr(net, name, 1.0)


@pytest.mark.parametrize("name", ["", "a.b", "width", "forward"])
def test_names_that_cannot_be_registered(name: str) -> None:
    """Empty, dotted or taken; a KeyError, as in PyTorch."""
    with pytest.raises(NotFoundError):
        Net().add_module(name, nn.ReLU())
    with pytest.raises(KeyError):
        Net().register_buffer(name, T.ones(1))


def test_things_that_cannot_be_registered() -> None:
    net = Net()
    for register, thing in ((net.add_module, 1), (net.register_buffer, 1), (net.register_parameter, T.ones(1))):
        with pytest.raises(ArgumentTypeError):
            register("new", thing)  # type: ignore[operator]
        with pytest.raises(ArgumentTypeError):
            register(1, None)  # type: ignore[operator]


def test_it_prints_its_parts() -> None:
    assert repr(Block()) == (
        "Block(\n"
        "  (fc1): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (act): ReLU()\n"
        "  (fc2): Linear(in_features=3, out_features=2, bias=False)\n"
        ")"
    )


def test_an_extra_repr_of_ones_own_is_printed() -> None:
    class Told(nn.Module):
        def extra_repr(self) -> str:
            return "a=1"

    assert repr(Told()) == "Told(a=1)"
    told = Told()
    told.part = nn.ReLU()
    assert repr(told) == "Told(\n  a=1\n  (part): ReLU()\n)"


def test_parameter_prints_as_one_and_takes_gradients() -> None:
    p = nn.Parameter(T.ones(2))
    assert repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert isinstance(p, Tensor)
    assert p.is_leaf
    assert not nn.Parameter(T.ones(2), requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)


def test_parameter_shares_memory_with_its_data() -> None:
    data = T.ones(2)
    p = nn.Parameter(data)
    data.zero_()
    assert p._array.tolist() == [0.0, 0.0]


def test_parameter_refuses_what_takes_no_gradient() -> None:
    with pytest.raises(RuntimeError, match="only floating-point tensors take gradients"):
        nn.Parameter(T.arange(3))
    with pytest.raises(TypeError, match="data is a list"):
        nn.Parameter([1.0])  # type: ignore[arg-type]
    assert nn.Parameter(T.arange(3), requires_grad=False).dtype is dtypes.int64
