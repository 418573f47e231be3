"""Module: a part of a network that finds its own parameters.

Parameters, submodules and buffers are plain attributes, kept in `__dict__`; `_kinds` says which attribute is which, in
the order they came. So a recording that walks a user's objects meets them under the names the program uses.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from tracer.core.dtype import DType, float16, float32, float64
from tracer.core.record import ACTIVE
from tracer.core.tensor import Handle, Tensor
from tracer.core.where import user_line
from tracer.core.zeroing import zero_grads
from tracer.errors import ArgumentError, ArgumentTypeError, NotFoundError, did_you_mean
from tracer.nn import state as states
from tracer.nn.missing import ModuleAttributeError, before_init, no_forward
from tracer.nn.parameter import Parameter
from tracer.nn.path import adopted, in_scope
from tracer.nn.printing import module_text

M = TypeVar("M", bound="Module")
T = TypeVar("T")

PARAMETER, MODULE, BUFFER = "parameter", "module", "buffer"
_EXPECTED = {
    PARAMETER: (Parameter, "a Parameter or None"),
    MODULE: (object, "a Module or None"),
    BUFFER: (Tensor, "a tensor or None"),
}


class Module:
    """Base class of every network and every part of one; a part is called like a function.

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc1 = nn.Linear(4, 3)

            def forward(self, x):
                return self.fc1(x)

    While a recording listens, what a part computes is in the scope of its attribute's name: `fc1`, `layers.0.attn`.
    """

    training: bool
    """Whether `Dropout` drops; set by `train()` and `eval()`."""
    forward: Callable[..., Any] = no_forward
    """What a call computes. Every module defines it; containers that are only walked need not."""
    _kinds: dict[str, str]
    """Attribute -> PARAMETER, MODULE or BUFFER, in the order they were registered."""
    _transient: set[str]
    """Buffers that are no part of the state."""
    _parents: list[tuple[weakref.ref[Module], str]]
    """Modules that hold this one, or once did, and under which names."""
    _forward_pre_hooks: list[Callable[..., Any]]
    _forward_hooks: list[Callable[..., Any]]

    def __init__(self) -> None:
        mine = self.__dict__
        mine["training"] = True
        mine["_kinds"] = {}
        mine["_transient"] = set()
        mine["_parents"] = []
        mine["_forward_pre_hooks"] = []
        mine["_forward_hooks"] = []

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        kinds: dict[str, str] | None = self.__dict__.get("_kinds")
        kind = PARAMETER if isinstance(value, Parameter) else MODULE if isinstance(value, Module) else None
        if kind is not None:
            self._register(kind, name, value)
        elif kinds is not None and name in kinds:
            wanted, words = _EXPECTED[kinds[name]]
            if value is not None and (kinds[name] == MODULE or not isinstance(value, wanted)):
                raise ArgumentTypeError(
                    f"{type(self).__name__}.{name}: cannot assign a {type(value).__name__}, {words} is expected.",
                    hint=f"It is registered as a {kinds[name]}. To put something else there, first: del module.{name}",
                    where=user_line(),
                )
            self.__dict__[name] = value
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self.__dict__.get("_kinds", {}).pop(name, None)
        self.__dict__.get("_transient", set()).discard(name)

    def _register(self, kind: str, name: str, value: Any) -> None:
        kinds: dict[str, str] | None = self.__dict__.get("_kinds")
        if kinds is None:
            raise before_init(self, kind, name)
        if kinds.get(name) != kind:
            kinds.pop(name, None)
            kinds[name] = kind
        self._transient.discard(name)
        self.__dict__[name] = value
        if isinstance(value, Module):
            adopted(value, self, name)

    def _new_name(self, kind: str, name: Any) -> str:
        """`name`, checked for use by a `register_` method.

        Raises:
            ArgumentTypeError: not a string.
            NotFoundError: empty, dotted or taken. It is a KeyError, as in PyTorch.
        """
        if not isinstance(name, str):
            raise ArgumentTypeError(f"{kind} name should be a string, got {type(name).__name__}.", where=user_line())
        rule = "can't be an empty string" if not name else "can't contain a dot" if "." in name else None
        if rule is None and hasattr(self, name) and self.__dict__.get("_kinds", {}).get(name) != kind:
            rule = f"is taken: {type(self).__name__} already has an attribute of that name"
        if rule is not None:
            raise NotFoundError(f"{kind} name {name!r} {rule}.", where=user_line())
        return name

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` the attribute `name`; None keeps the place of a parameter that is not there."""
        if param is not None and not isinstance(param, Parameter):
            raise ArgumentTypeError(
                f"register_parameter: {name} is a {type(param).__name__}; a Parameter or None is expected.",
                hint="Wrap a leaf: nn.Parameter(tensor).",
                where=user_line(),
            )
        self._register(PARAMETER, self._new_name(PARAMETER, name), param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor`, which is part of the state but not trained, the attribute `name`.

        Args:
            persistent: whether it stands in `state_dict`.
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise ArgumentTypeError(
                f"register_buffer: {name} is a {type(tensor).__name__}; a tensor or None is expected.",
                where=user_line(),
            )
        self._register(BUFFER, self._new_name(BUFFER, name), tensor)
        if not persistent:
            self._transient.add(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make `module` the attribute `name`."""
        if module is not None and not isinstance(module, Module):
            raise ArgumentTypeError(
                f"add_module: {name} is a {type(module).__name__}; a Module or None is expected.",
                where=user_line(),
            )
        self._register(MODULE, self._new_name(MODULE, name), module)

    register_module = add_module

    def _of_kind(self, kind: str) -> Mapping[str, Any]:
        mine = self.__dict__
        return MappingProxyType({name: mine[name] for name, one in mine.get("_kinds", {}).items() if one == kind})

    @property
    def _parameters(self) -> Mapping[str, Parameter | None]:
        return self._of_kind(PARAMETER)

    @property
    def _modules(self) -> Mapping[str, Module | None]:
        return self._of_kind(MODULE)

    @property
    def _buffers(self) -> Mapping[str, Tensor | None]:
        return self._of_kind(BUFFER)

    # Walking

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Direct submodules with their names, each once."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """Direct submodules, each once."""
        return (module for _, module in self.named_children())

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module ("") and all below it, with dotted names; each once unless `remove_duplicate` is False."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def _named(self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        walk = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in walk:
            for name, one in module._of_kind(kind).items():
                if one is None or (remove_duplicate and id(one) in seen):
                    continue
                seen.add(id(one))
                yield f"{path}.{name}" if path else name, one

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Parameters with dotted names (`fc1.weight`); one that is used twice comes once."""
        return self._named(PARAMETER, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Parameters, each once: what an optimizer is given."""
        return (one for _, one in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Buffers with dotted names."""
        return self._named(BUFFER, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Buffers, each once."""
        return (one for _, one in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted name; "" is this one.

        Raises:
            ModuleAttributeError: there is none. It is an AttributeError.
        """
        module = self
        for part in target.split(".") if target else []:
            module = module._part(MODULE, part, target)
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted name: `get_parameter("fc1.weight")`."""
        path, _, name = target.rpartition(".")
        found: Parameter = self.get_submodule(path)._part(PARAMETER, name, target)
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted name."""
        path, _, name = target.rpartition(".")
        found: Tensor = self.get_submodule(path)._part(BUFFER, name, target)
        return found

    def _part(self, kind: str, name: str, target: str) -> Any:
        known = self._of_kind(kind)
        if known.get(name) is None:
            raise ModuleAttributeError(
                f"{target!r}: {type(self).__name__} has no {kind} {name!r}.",
                hint=did_you_mean(name, known) or (f"It has {', '.join(known)}." if known else None),
                where=user_line(),
            )
        return known[name]

    # Calling

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """Run `forward`, and the hooks around it; while a recording listens, in the scope of this part's name."""
        for pre_hook in list(self._forward_pre_hooks):
            changed = pre_hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        result = in_scope(self, self.forward, args, keywords) if ACTIVE else self.forward(*args, **keywords)
        for hook in list(self._forward_hooks):
            changed = hook(self, args, result)
            if changed is not None:
                result = changed
        return result

    def register_forward_pre_hook(self, hook: Callable[[Module, tuple[Any, ...]], Any]) -> Handle:
        """Call `hook(module, args)` before `forward`; what it returns, if anything, replaces the arguments."""
        self._forward_pre_hooks.append(hook)
        return Handle(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[[Module, tuple[Any, ...], Any], Any]) -> Handle:
        """Call `hook(module, args, output)` after `forward`; what it returns, if anything, replaces the output."""
        self._forward_hooks.append(hook)
        return Handle(self._forward_hooks, hook)

    # State

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Tensor]:
        """Parameters and persistent buffers by dotted name, sharing memory with the module.

        Args:
            keep_vars: the tensors themselves instead of their numbers without history.
        """
        return states.state_dict(self, prefix, keep_vars)

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> states.IncompatibleKeys:
        """Copy saved numbers into parameters and buffers. Where an error is raised, nothing has changed.

        Args:
            strict: whether names must match exactly.

        Returns:
            (missing_keys, unexpected_keys)

        Raises:
            StateError: a shape that differs; with `strict`, a name too many or too few.
        """
        return states.load_state_dict(self, state_dict, strict)

    def train(self: M, mode: bool = True) -> M:
        """Training mode, for this module and all below it: `Dropout` drops."""
        if not isinstance(mode, bool):
            raise ArgumentError(f"train: mode must be True or False, got {type(mode).__name__}.", where=user_line())
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Evaluation mode: `Dropout` passes everything on."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Freeze or unfreeze every parameter."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of every parameter: None, or zeros in place."""
        zero_grads(self.parameters(), set_to_none)

    def apply(self: M, fn: Callable[[Module], Any]) -> M:
        """Call `fn` on every module below this one, then on this one; for giving first values."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def to(self: M, *args: Any, **keywords: Any) -> M:
        """Move every parameter and buffer to a device, and convert those of floats to a type, in place.

        Args: as for `Tensor.to`: a device, a dtype, both, or a tensor to be like.
        """
        device, dtype = states.target(args, keywords)
        return self._convert(device, dtype)

    def _convert(self: M, device: Any, dtype: DType | None) -> M:
        for tensor in (*self.parameters(), *self.buffers()):
            states.convert(tensor, device, dtype)
        return self

    def float(self: M) -> M:
        """Convert all floats to float32."""
        return self._convert(None, float32)

    def double(self: M) -> M:
        """Convert all floats to float64."""
        return self._convert(None, float64)

    def half(self: M) -> M:
        """Convert all floats to float16."""
        return self._convert(None, float16)

    def cpu(self: M) -> M:
        """Move everything to the CPU."""
        return self._convert("cpu", None)

    def cuda(self: M, device: Any = None) -> M:
        """Move everything to a GPU."""
        return self._convert("cuda" if device is None else device, None)

    # Python's own

    def extra_repr(self) -> str:
        """What stands in the parentheses when it is printed; a module of your own may override it."""
        return ""

    def __repr__(self) -> str:
        return module_text(self)

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: one for name, one in self.__dict__.items() if name != "_parents"}  # a copy has its own parents
        for name in ("_kinds", "_transient", "_forward_pre_hooks", "_forward_hooks"):
            kept[name] = kept[name].copy()
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        self.__dict__.update(kept)
        self.__dict__["_parents"] = []
        for name, module in self._modules.items():
            if module is not None:
                adopted(module, self, name)
