"""An optimizer holds parameters in groups, and per parameter what it remembers from step to step.

A rule computes on plain arrays and hands each new value over through `update_parameter`, so that a recording sees one
event a parameter, with a note of every number the rule used.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from itertools import chain
from typing import Any

import numpy as np

from tracer.core.backend import move
from tracer.core.grad_mode import enable_grad
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.core.zeroing import zero_grads
from tracer.errors import ArgumentError, ArgumentTypeError, StateError

Params = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
Group = dict[str, Any]


class Optimizer:
    """What every optimizer has: `param_groups`, `state`, `step`, `zero_grad`, `state_dict`.

    A rule of ours overrides `_update`; a rule of your own may override `step` instead, as in PyTorch.

    Args:
        params: tensors, `named_parameters()`, or groups: `[{"params": [...], "lr": 0.1}, ...]`.
        defaults: options of every group that does not set them itself.

    Raises:
        ArgumentError: no parameters, a tensor that is no leaf, one that stands in two groups.
        ArgumentTypeError: something that is no tensor.
    """

    def __init__(self, params: Params, defaults: Mapping[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise ArgumentTypeError(
                f"{type(self).__name__}: params is a single tensor.",
                hint="Give a list of tensors: [w], or model.parameters().",
                where=user_line(),
                ja=f"{type(self).__name__}：params にテンソルが一つだけ渡されました。",
                hint_ja="[w] や model.parameters() のように、テンソルの並びを渡します。",
            )
        self.defaults = dict(defaults)
        self.state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        self._groups: list[Group] = []  # underscored: a recording would else call parameters by their places in here
        self._opt_called = False
        given: list[Any] = list(params)
        if not given:
            raise ArgumentError(
                f"{type(self).__name__}: params is empty.",
                hint="A generator such as model.parameters() can be used only once; a model without parameters "
                "has nothing to train.",
                where=user_line(),
                ja=f"{type(self).__name__}：params が空です。",
                hint_ja="model.parameters() のようなジェネレータは一度しか使えません。"
                "パラメータのないモデルは訓練できません。",
            )
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    @property
    def param_groups(self) -> list[Group]:
        """`[{"params": [...], "lr": ..., ...}, ...]`; options may be changed between steps."""
        return self._groups

    @param_groups.setter
    def param_groups(self, groups: list[Group]) -> None:
        self._groups = groups

    def __repr__(self) -> str:
        said = []
        for i, group in enumerate(self.param_groups):
            options = "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
            said.append(f"\nParameter Group {i}\n{options}")
        return f"{type(self).__name__} ({''.join(said)})"

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move every parameter that has a gradient.

        Args:
            closure: computes the loss anew, gradients included; called first.

        Returns:
            What the closure returned, else None.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with np.errstate(all="ignore"):  # what overflows is inf, as everywhere: no warning with a path of ours
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter._grad is not None:
                        self._update(parameter, group)
        self._opt_called = True
        return loss

    def _update(self, parameter: Tensor, group: Group) -> None:
        """The rule: give `parameter`, which has a gradient, its new value."""
        raise NotImplementedError(f"{type(self).__name__} has no rule: override step.")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, so that the next backward pass does not add to them.

        Args:
            set_to_none: whether `.grad` becomes None; otherwise it is filled with zeros.
        """
        zero_grads(chain.from_iterable(group["params"] for group in self.param_groups), set_to_none)

    def add_param_group(self, param_group: Group) -> None:
        """Take in more parameters, with options of their own.

        Args:
            param_group: `{"params": tensors, ...}`; options that are missing are the optimizer's.
        """
        rule = type(self).__name__
        if not isinstance(param_group, dict):
            raise ArgumentTypeError(
                f"{rule}: a parameter group must be a dict, got {type(param_group).__name__}.",
                hint='Write {"params": [...], "lr": 0.1}.',
                where=user_line(),
            )
        if "params" not in param_group:
            raise ArgumentError(
                f"{rule}: this parameter group has no 'params'.",
                hint='Write {"params": [...], "lr": 0.1}.',
                where=user_line(),
            )
        given = param_group["params"]
        if isinstance(given, set):
            raise ArgumentTypeError(
                f"{rule}: params is a set, whose order changes between runs.", hint="Use a list.", where=user_line()
            )
        listed = [given] if isinstance(given, Tensor) else list(given)
        names = [one[0] for one in listed if isinstance(one, tuple)]
        if names and len(names) != len(listed):
            raise ArgumentError(
                f"{rule}: {len(names)} of {len(listed)} parameters have a name.",
                hint="Name all of them, as named_parameters() does, or none.",
                where=user_line(),
            )
        tensors = [one[1] if isinstance(one, tuple) else one for one in listed]
        for i, tensor in enumerate(tensors):
            self._check_parameter(i, tensor)
        if len(set(tensors)) != len(tensors):
            warnings.warn(
                f"{rule}: a parameter group contains the same parameter twice; each step moves it twice.", stacklevel=3
            )
        for group in self.param_groups:
            if ("param_names" in group) != bool(names):
                raise ArgumentError(
                    f"{rule}: some parameter groups have names and some have none.",
                    hint="Give every group named_parameters(), or none.",
                    where=user_line(),
                )
            if not set(group["params"]).isdisjoint(tensors):
                raise ArgumentError(
                    f"{rule}: some parameters appear in more than one parameter group.",
                    hint="Each step would move them twice. List each parameter once.",
                    where=user_line(),
                    ja=f"{rule}：複数のパラメータグループに現れるパラメータがあります。",
                    hint_ja="一度のステップで二回更新されてしまいます。各パラメータは一度だけ挙げます。",
                )
        param_group["params"] = tensors
        if names:
            param_group["param_names"] = names
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)

    def _check_parameter(self, i: int, tensor: Any) -> None:
        rule = type(self).__name__
        if not isinstance(tensor, Tensor):
            raise ArgumentTypeError(
                f"{rule}: parameter {i} is a {type(tensor).__name__}; only tensors can be optimized.",
                where=user_line(),
                ja=f"{rule}：パラメータ {i} は {type(tensor).__name__} です。最適化できるのはテンソルだけです。",
            )
        if not (tensor.is_leaf or tensor.retains_grad):
            raise ArgumentError(
                f"{rule}: parameter {i}, of shape {tuple(tensor.shape)}, is no leaf: it was computed from others.",
                hint="Optimize what it was computed from, or call .detach().requires_grad_() on it first.",
                where=user_line(),
                ja=f"{rule}：パラメータ {i}（形 {tuple(tensor.shape)}）は葉ではなく、計算の結果です。",
                hint_ja="計算のもとになったテンソルを渡すか、先に .detach().requires_grad_() を呼びます。",
            )

    def state_dict(self) -> dict[str, Any]:
        """`{"state": {number: {...}}, "param_groups": [...]}`, with parameters numbered in order."""
        numbers: dict[int, int] = {}
        for parameter in chain.from_iterable(group["params"] for group in self.param_groups):
            numbers.setdefault(id(parameter), len(numbers))
        groups = [
            {**{k: v for k, v in group.items() if k != "params"}, "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        state = {numbers[id(key)] if isinstance(key, Tensor) else key: kept for key, kept in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and state that `state_dict()` gave, of this optimizer or of one on the same parameters.

        Raises:
            StateError: other numbers of groups or parameters. It is a ValueError too, as in PyTorch.
        """
        saved = deepcopy(list(state_dict["param_groups"]))
        ours = [len(group["params"]) for group in self.param_groups]
        theirs = [len(group["params"]) for group in saved]
        if ours != theirs:
            raise OptimizerStateError(
                f"load_state_dict: the saved parameter groups have sizes {theirs}, this optimizer's have {ours}.",
                hint="Build the optimizer with the same groups as the one that was saved.",
                where=user_line(),
                ja=f"load_state_dict：保存された各グループの大きさは {theirs}、このオプティマイザでは {ours} です。",
                hint_ja="保存したときと同じグループでオプティマイザを作ります。",
            )
        by_number = dict(
            zip(
                chain.from_iterable(group["params"] for group in saved),
                chain.from_iterable(group["params"] for group in self.param_groups),
                strict=True,
            )
        )
        self.state = defaultdict(dict)
        for number, kept in state_dict["state"].items():
            owner = by_number.get(number)
            self.state[number if owner is None else owner] = {
                key: one if owner is None else _as_state(key, one, owner) for key, one in kept.items()
            }
        for group, new in zip(self.param_groups, saved, strict=True):
            names = {"param_names": group["param_names"]} if "param_names" in group else {}
            params = group["params"]
            group.clear()
            group.update({**names, **self.defaults, **new, "params": params})


class OptimizerStateError(StateError, ValueError):
    """A saved state of an optimizer with other parameters."""


def nonnegative(rule: str, name: str, value: Any) -> float:
    """`value` as it is, a number that is 0 or more.

    Raises:
        ArgumentError: negative or not a number (NaN).
        ArgumentTypeError: of another type.
    """
    number = value.item() if isinstance(value, Tensor) and value.numel() == 1 else value
    if isinstance(number, bool) or not isinstance(number, float | int):
        raise ArgumentTypeError(
            f"{rule}: {name} must be a number, got {type(value).__name__}.",
            where=user_line(),
            ja=f"{rule}：{name} には数が必要ですが、{type(value).__name__} が渡されました。",
        )
    if not number >= 0:
        raise ArgumentError(
            f"{rule}: {name} is {number}; it must be 0 or more.",
            where=user_line(),
            ja=f"{rule}：{name} に {number} が渡されましたが、0 以上でなければなりません。",
        )
    return number


def _as_state(key: str, kept: Any, owner: Tensor) -> Any:
    """A copy of one remembered thing, in the type and on the device of its parameter; `step` stays as it is."""
    if not isinstance(kept, Tensor):
        return deepcopy(kept)
    array = kept._array.copy() if key == "step" else move(kept._array.astype(owner._array.dtype), owner.device)
    return Tensor._wrap(array, told=False)
