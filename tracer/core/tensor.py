"""Tensor: an array that remembers how it was made, under PyTorch's names.

Here are what a tensor is and its operators; its functions stand in `tracer.core.functions`, each once, and become
methods when `tracer.core.functions.all` is loaded, which creating a tensor from the public API does.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.backend import CPU, Device, device_of
from tracer.core.function import AccumulateGrad, Function, Node
from tracer.core.memory import Memory, same_place
from tracer.core.record import ACTIVE
from tracer.core.serial import next_serial
from tracer.core.size import Size
from tracer.core.where import user_line
from tracer.errors import ArgumentTypeError, DtypeError, GraphError, ShapeError


class Tensor:
    """A recorded array. Make one with `tracer.tensor(...)`; `Tensor._wrap` takes an array as it is.

    Attributes and methods are PyTorch's. `.name` is what it is called on the graph; without one it gets the name of
    your variable.
    """

    __slots__ = (
        "__dict__", "__weakref__", "_array", "_base", "_fn", "_grad", "_grad_of", "_hooks", "_memory", "_name",
        "_requires_grad", "_serial",
    )  # fmt: skip

    _array: Any
    _base: Tensor | None
    """What it is a view of."""
    _fn: Function | None
    _grad: Tensor | None
    _grad_of: weakref.ref[Tensor] | None
    """The leaf whose `.grad` this is."""
    _hooks: list[Callable[..., Any]] | None
    _name: str | None
    _requires_grad: bool
    _serial: int
    """Its place in creation order, among tensors and `Value`s."""
    __array_ufunc__ = None  # np.float64(2) * tensor comes to us instead of making an array of objects

    if TYPE_CHECKING:  # set by tracer.core.functions

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...

        def __getattr__(self, name: str) -> Any: ...

    def __new__(cls, *data: Any, **keywords: Any) -> Any:
        if cls is Tensor:  # torch.Tensor([1, 2]): always the default dtype
            from tracer.core.functions.creation import tensor, zeros

            if len(data) == 1 and not isinstance(data[0], int):
                return tensor(data[0], dtype=dtypes.get_default_dtype(), **keywords)
            return zeros(*data, **keywords)
        return super().__new__(cls)

    @classmethod
    def _wrap(cls, array: Any, requires_grad: bool = False, *, told: bool = True) -> Any:
        """A leaf around `array`, which is not copied.

        Args:
            told: whether recordings hear of it now; else when it is first used.
        """
        made = object.__new__(cls)
        made._array = array
        made._requires_grad = requires_grad
        made._fn = made._grad = made._base = made._grad_of = made._hooks = made._name = None
        made._memory = Memory()
        made._serial = next_serial()
        if ACTIVE and told:
            for recorder in ACTIVE:
                recorder.made_leaf(made)
        return made

    # What it is

    @property
    def data(self) -> Tensor:
        """The same numbers without history. Assignable: a new value that no backward pass knows of."""
        view = Tensor._wrap(self._array, told=False)
        view._memory = Memory()  # PyTorch's too: writes through .data are not counted
        view._memory.tensors = [weakref.ref(self), weakref.ref(view)]
        return cast(Tensor, view)

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, Tensor):
            raise ArgumentTypeError(f"data: got a {type(new).__name__}; it must be a tensor.", where=user_line())
        if new._array.dtype != self._array.dtype and self._requires_grad and not new.dtype.is_floating_point:
            raise DtypeError(f"data: got {new.dtype} for a tensor that takes gradients.", where=user_line())
        for recorder in () if same_place(self._array, new._array) else ACTIVE:  # `w.data -= g` was told when it wrote
            recorder.updated_tensor(self, new._array, {"rule": "assign"})
        self._array = new._array
        self._memory = Memory()

    @property
    def shape(self) -> Size:
        return Size(self._array.shape)

    @property
    def ndim(self) -> int:
        return int(self._array.ndim)

    @property
    def dtype(self) -> dtypes.DType:
        return dtypes.from_numpy_dtype(self._array.dtype)

    @property
    def nbytes(self) -> int:
        """How many bytes its elements take."""
        return int(self._array.nbytes)

    @property
    def itemsize(self) -> int:
        """How many bytes one element takes."""
        return int(self._array.itemsize)

    @property
    def device(self) -> Device:
        return CPU if isinstance(self._array, np.ndarray) else device_of(self._array)

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    @property
    def is_leaf(self) -> bool:
        """Whether no op made it, or none that gradient can pass."""
        return self._fn is None

    @property
    def requires_grad(self) -> bool:
        """Whether gradient is wanted. Assignable on leaves of floating point."""
        return bool(self._requires_grad)

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if self._fn is not None:
            if not wanted:
                raise GraphError(
                    "requires_grad: you can only change requires_grad flags of leaf variables; "
                    f"this tensor was computed ({self._fn.name()}).",
                    hint="For the same numbers without history, use y.detach().",
                    where=user_line(),
                )
            return
        if wanted and not self.dtype.is_floating_point:
            raise DtypeError(
                f"requires_grad: only Tensors of floating point dtype can require gradients; this one is {self.dtype}.",
                hint="Give it a decimal point, or convert it: x.float().",
                where=user_line(),
            )
        self._requires_grad = bool(wanted)
        for recorder in ACTIVE:
            recorder.wants_grad(self)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad`; returns the tensor."""
        self.requires_grad = requires_grad
        return self

    @property
    def grad(self) -> Tensor | None:
        """∂root/∂self after `backward()`, None before. Leaves add up over several passes."""
        if self._grad is None and self._fn is not None and self._fn.retains is None:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
                "won't be populated during autograd.backward(); call .retain_grad() on it first.",
                UserWarning,
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, new: Tensor | None) -> None:
        if new is not None:
            if not isinstance(new, Tensor):
                raise ArgumentTypeError(
                    f"grad: got a {type(new).__name__}; it must be a tensor or None.", where=user_line()
                )
            if new._array.shape != self._array.shape:
                raise ShapeError(
                    f"grad: got shape {tuple(new._array.shape)}, the tensor has shape {tuple(self._array.shape)}.",
                    where=user_line(),
                )
            if new._array.dtype != self._array.dtype:
                raise DtypeError(f"grad: got {new.dtype}, the tensor is {self.dtype}.", where=user_line())
            new._grad_of = weakref.ref(self)
        for recorder in ACTIVE:
            recorder.wrote_tensor(self, None if new is None else new._array)
        self._grad = new

    @property
    def grad_fn(self) -> Node | None:
        """The node that made it, None for a leaf; printed as `<PowBackward0 object at ...>`."""
        return self._fn

    @property
    def _version(self) -> int:
        return self._memory.version

    @property
    def name(self) -> str | None:
        """What it is called on the graph, None if nobody said."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None:
            self.named(name)

    def named(self, name: str) -> Tensor:
        """The same tensor, called `name` on the graph."""
        self._name = str(name)
        for recorder in ACTIVE:
            recorder.named(self)
        return self

    # What recordings ask of any node

    @property
    def _live(self) -> bool:
        return bool(self._requires_grad)

    # Gradient

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Fill `.grad` of the leaves this tensor was made from.

        Args:
            gradient: ∂L/∂self, of the same shape; may be left out where self has one element.
            retain_graph: keep what the rules need, for another pass.
            create_graph: compute the gradients as tensors that can be differentiated again.
            inputs: fill only these.

        Raises:
            GraphError: self takes no gradient, has several elements and no `gradient`, or its graph was freed.
        """
        from tracer.core.autograd import backward

        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def retain_grad(self) -> None:
        """Keep `.grad` of this computed tensor too."""
        if not self._requires_grad:
            raise GraphError(
                "retain_grad: can't retain_grad on Tensor that has requires_grad=False.", where=user_line()
            )
        if self._fn is not None:
            self._fn.retains = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        return self._fn is not None and self._fn.retains is not None

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Call `hook(grad)` when the gradient of this tensor is complete; what it returns, if anything, replaces it.

        Returns:
            A handle; `.remove()` takes the hook away.
        """
        if not self._requires_grad:
            raise GraphError(
                "register_hook: cannot register a hook on a tensor that doesn't require gradient.", where=user_line()
            )
        if self._fn is not None:
            hooks = self._fn.hooks = [] if self._fn.hooks is None else self._fn.hooks
        else:
            hooks = self._hooks = [] if self._hooks is None else self._hooks
        hooks.append(hook)
        return Handle(hooks, hook)

    # Python's own

    def __repr__(self) -> str:
        from tracer.core.printing import tensor_repr

        for recorder in ACTIVE:
            recorder.read(self, "data")
        return tensor_repr(self)

    def __len__(self) -> int:
        if not self._array.ndim:
            raise ArgumentTypeError("len() of a 0-d tensor.", where=user_line())
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.ndim:
            raise ArgumentTypeError("iteration over a 0-d tensor.", where=user_line())
        return iter(self.unbind())

    def _number(self, what: str) -> Any:
        if self._array.size != 1:
            raise GraphError(
                f"{what}: a Tensor with {self._array.size} elements cannot be converted to Scalar.", where=user_line()
            )
        for recorder in ACTIVE:
            recorder.read(self, "data")
        return self._array.item()

    def __float__(self) -> float:
        return float(self._number("float"))

    def __int__(self) -> int:
        return int(self._number("int"))

    def __index__(self) -> int:
        if self._array.ndim or self._array.dtype.kind not in "iub":
            raise ArgumentTypeError(
                "only integer tensors of a single element can be converted to an index.", where=user_line()
            )
        return int(self._number("index"))

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise GraphError(
                f"bool: Boolean value of Tensor with {self._array.size} values is ambiguous.",
                hint="Ask for all of them or any: (x > 0).all(), (x > 0).any().",
                where=user_line(),
            )
        for recorder in ACTIVE:
            recorder.read(self, "compare")
        return bool(self._array.item())

    def __format__(self, spec: str) -> str:
        from tracer.core.printing import format_tensor

        return format_tensor(self, spec)

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, one: Any) -> bool:
        return bool((self == one).any())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self._fn is not None:
            raise GraphError(
                "deepcopy: only Tensors created explicitly by the user (graph leaves) support it.",
                hint="Copy y.detach().clone() instead.",
                where=user_line(),
            )
        made = type(self)._wrap(self._array.copy(), self._requires_grad)
        memo[id(self)] = made
        if self._grad is not None:
            made._grad = self._grad.__deepcopy__(memo)
        made.__dict__.update(self.__dict__)
        return cast(Tensor, made)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise GraphError(
            "pickle: tensors are not pickled; nothing here reads or writes pickles.",
            hint="Save numbers with numpy.save, or a module's state_dict with tracer.save.",
            where=user_line(),
        )


class Handle:
    """Takes a hook away again."""

    def __init__(self, hooks: list[Any], hook: Any) -> None:
        self._hooks, self._hook = hooks, hook

    def remove(self) -> None:
        if self._hook in self._hooks:
            self._hooks.remove(self._hook)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


__all__ = ["AccumulateGrad", "Tensor"]
