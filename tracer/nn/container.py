"""Modules that hold modules."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, SupportsIndex, overload

from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, IndexingError, NotFoundError, did_you_mean
from tracer.nn.module import MODULE, PARAMETER, Module
from tracer.nn.parameter import Parameter
from tracer.nn.printing import list_text


class _Numbered(Module):
    """Items under the names "0", "1", ..."""

    _holds = MODULE

    def _items(self) -> list[Any]:
        return list(self._of_kind(self._holds).values())

    def __len__(self) -> int:
        return len(self._of_kind(self._holds))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items())

    def _place(self, index: SupportsIndex) -> str:
        """The name of an item by its index.

        Raises:
            IndexingError: there is no such item.
        """
        n = len(self)
        i = operator.index(index)
        if not -n <= i < n:
            raise IndexingError(
                f"{type(self).__name__}: index {i} is out of range; it has {n} item{'s' if n != 1 else ''}.",
                where=user_line(),
                ja=f"{type(self).__name__}：添字 {i} は範囲外です。要素は {n} 個です。",
            )
        return list(self._of_kind(self._holds))[i]

    def _renumber(self, items: list[Any]) -> None:
        for name in list(self._of_kind(self._holds)):
            delattr(self, name)
        for i, one in enumerate(items):
            self._put(str(i), one)

    def _put(self, name: str, one: Any) -> None:
        self.add_module(name, one)

    def __delitem__(self, index: int | slice) -> None:
        items = self._items()
        if not isinstance(index, slice):
            self._place(index)
        del items[index]
        self._renumber(items)


class Sequential(_Numbered):
    """Modules that follow each other: each gets what the one before gives.

    Args:
        args: modules, or one dict of modules by name.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], Mapping) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        for module in self:
            input = module(input)
        return input

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module | Sequential:
        if isinstance(index, slice):
            names = list(self._modules)[index]
            return type(self)({name: self.__dict__[name] for name in names})
        found: Module = self.__dict__[self._place(index)]
        return found

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._place(index), module)

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Sequential:
        """Add modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        """Add a module before the item `index`."""
        items = self._items()
        items.insert(index, module)
        self._renumber(items)
        return self


class ModuleList(_Numbered):
    """A list whose modules are registered. It is walked, not called."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        self.extend(modules or ())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module | ModuleList:
        if isinstance(index, slice):
            return type(self)(self._items()[index])
        found: Module = self.__dict__[self._place(index)]
        return found

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._place(index), module)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, other: Iterable[Module]) -> ModuleList:
        return self.extend(other)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end."""
        if isinstance(modules, Module) and not isinstance(modules, _Numbered):
            raise ArgumentTypeError(
                f"ModuleList: got a {type(modules).__name__}; a list of modules is expected.",
                hint="Put it in a list: nn.ModuleList([module]).",
                where=user_line(),
            )
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the item `index`."""
        items = self._items()
        items.insert(index, module)
        self._renumber(items)

    def pop(self, index: int = -1) -> Module:
        """Take an item out."""
        found = self[index]
        del self[index]
        return found

    def __repr__(self) -> str:
        return list_text(self, self)


class ModuleDict(Module):
    """A dict whose modules are registered. It is walked, not called."""

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        self.update(modules or {})

    def __getitem__(self, key: str) -> Module:
        found = self._modules.get(key)
        if found is None:
            raise NotFoundError(
                f"ModuleDict: no module {key!r}.", hint=did_you_mean(str(key), self._modules), where=user_line()
            )
        return found

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """Names."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """Modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names and modules."""
        return self._modules.items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, or replace those of the same names."""
        for key, module in modules.items() if isinstance(modules, Mapping | ModuleDict) else modules:
            self.add_module(key, module)

    def pop(self, key: str) -> Module:
        """Take a module out."""
        found = self[key]
        del self[key]
        return found

    def clear(self) -> None:
        """Take all modules out."""
        for key in list(self):
            del self[key]


class ParameterList(_Numbered):
    """A list whose parameters are registered; tensors become parameters."""

    _holds = PARAMETER

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def _put(self, name: str, one: Any) -> None:
        made = Parameter(one) if isinstance(one, Tensor) and not isinstance(one, Parameter) else one
        self.register_parameter(name, made)

    @overload
    def __getitem__(self, index: int) -> Parameter: ...
    @overload
    def __getitem__(self, index: slice) -> ParameterList: ...
    def __getitem__(self, index: int | slice) -> Parameter | ParameterList:
        if isinstance(index, slice):
            return type(self)(self._items()[index])
        found: Parameter = self.__dict__[self._place(index)]
        return found

    def __setitem__(self, index: int, value: Tensor) -> None:
        self._put(self._place(index), value)

    def append(self, value: Tensor) -> ParameterList:
        """Add a parameter at the end."""
        self._put(str(len(self)), value)
        return self

    def extend(self, values: Iterable[Tensor]) -> ParameterList:
        """Add parameters at the end."""
        for value in values:
            self.append(value)
        return self

    def extra_repr(self) -> str:
        """A line for each parameter."""
        return "\n".join(
            f"  ({i}): Parameter containing: [{one.dtype} of size {'x'.join(map(str, one.shape))}"
            f"{f' ({one.device})' if one.is_cuda else ''}]"
            for i, one in enumerate(self)
        )
