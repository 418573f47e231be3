"""A node of the graph that backward walks: which op made a tensor, and what its rules need of the forward step."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tracer.core.op import Op
from tracer.core.where import user_line
from tracer.errors import GraphError

if TYPE_CHECKING:
    from tracer.core.tensor import Tensor


class Shaped:
    """Stands in for a tensor whose numbers were not kept: its shape and dtype alone."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        size = 1
        for n in self.shape:
            size *= n
        return size


class Node:
    """What `grad_fn` is: printed, compared and followed as in PyTorch."""

    __slots__ = ("__weakref__",)

    def name(self) -> str:
        """PyTorch's name of this node: `MulBackward0`."""
        raise NotImplementedError

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """Where the gradient goes from here: (node, 0) an input, None for one that takes none."""
        return ()

    def __repr__(self) -> str:
        return f"<{self.name().rpartition(':')[2]} object at {hex(id(self))}>"


class AccumulateGrad(Node):
    """The end of the way: adds what arrives to a leaf's `.grad`."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"  # as PyTorch has it, though it prints less


class Function(Node):
    """One application of an op.

    Inputs are kept whole; those that the rules read are held to the version they had, so that a tensor overwritten in
    between is found out instead of giving a wrong gradient.
    """

    __slots__ = (
        "_name", "_out", "edges", "freed", "hooks", "inputs", "metas", "op", "out_dtype", "out_shape", "retains",
        "saved", "serial", "static", "versions",
    )  # fmt: skip

    def __init__(
        self, op: Op, inputs: tuple[Any, ...], static: Mapping[str, Any], saved: Mapping[str, Any], name: str | None
    ) -> None:
        self.op, self.static, self.saved = op, static, saved
        self.inputs: tuple[Any, ...] | None = inputs
        self.edges: tuple[Function | Tensor | None, ...] = tuple(
            None if not getattr(x, "_requires_grad", False) else (x._fn or x) for x in inputs
        )
        self.metas = tuple((x._array.shape, x._array.dtype) if hasattr(x, "_array") else None for x in inputs)
        self.versions = tuple(x._memory.version if hasattr(x, "_memory") else 0 for x in inputs)
        self._name, self.freed = name, False
        self.hooks: list[Callable[..., Any]] | None = None
        self.retains: weakref.ref[Tensor] | None = None
        self._out: tuple[Any, Any, int] | None = None
        self.serial = -1
        self.out_shape: tuple[int, ...] = ()
        self.out_dtype: Any = None

    def made(self, out: Tensor) -> None:
        """Note the output: by reference to its numbers, not to the tensor, so that no cycle arises."""
        self.serial = out._serial
        self.out_shape, self.out_dtype = out._array.shape, out._array.dtype
        if "out" in self.reads:
            self._out = (out._array, out._memory, out._memory.version)

    @property
    def reads(self) -> frozenset[str]:
        """Names of what the rules of the inputs that want gradient read."""
        if self.op.joint_vjp is not None:
            return frozenset(self.op.needs)
        found: frozenset[str] = frozenset()
        for slot, edge in enumerate(self.edges):
            if edge is not None:
                found |= self.op.spec(slot).reads
        return found

    def name(self) -> str:
        if self._name is not None:
            return self._name
        given = self.op.grad_fn
        if callable(given):
            shapes = [Shaped(*meta) if meta else 0 for meta in self.metas]
            return given(shapes, self.static)
        return given or "".join(part.capitalize() for part in self.op.name.split("_")) + "Backward0"

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        numbers = self.op.name in ("add", "sub", "mul", "div")  # there PyTorch counts a plain number, elsewhere not
        found: list[tuple[Node | None, int]] = []
        for slot, (edge, meta) in enumerate(zip(self.edges, self.metas, strict=True)):
            if self.op.spec(slot).vjp is None:
                continue
            if edge is None:
                if meta is not None or numbers:
                    found.append((None, 0))
            else:
                found.append((edge if isinstance(edge, Function) else AccumulateGrad(edge), 0))
        if len(found) == 2 and self.metas[0] is None:  # 2 * x, which PyTorch turns to x * 2
            found.reverse()
        return tuple(found)

    # What the rules get

    def unpack(self, wrap: Callable[[Any, Function], Any] | None = None) -> tuple[Any, list[Any]]:
        """Output and inputs for the rules; a stand-in for each that they do not read.

        Args:
            wrap: for second derivatives: makes the output a tensor again; inputs then come as tensors.

        Raises:
            GraphError: they were freed by an earlier backward pass, or overwritten since.
        """
        reads = self.reads
        if self.freed and (reads or self.saved):
            raise GraphError(
                "backward: Trying to backward through the graph a second time, but what "
                f"{self.name()} kept from the forward pass was freed by the first.",
                hint="Compute again before the second backward(), or keep it: backward(retain_graph=True).",
                where=user_line(),
                ja="逆伝播：同じ計算グラフを 2 度たどろうとしました。"
                f"{self.name()} が順伝播から残した値は、1 度目の逆伝播で解放されています。",
                hint_ja="もう一度順伝播を計算するか、1 度目を backward(retain_graph=True) にします。",
            )
        args: list[Any] = []
        for slot, meta in enumerate(self.metas):
            one = None if self.inputs is None else self.inputs[slot]
            if meta is None:
                args.append(one if self.inputs is not None else 0)
            elif self.op.spec(slot).name in reads and one is not None:
                if one._memory.version != self.versions[slot]:
                    raise self._overwritten(self.op.spec(slot).name, one._memory.version, self.versions[slot], meta)
                args.append(one._array if wrap is None else one)
            else:
                args.append(Shaped(*meta))
        out: Any = Shaped(self.out_shape, self.out_dtype)
        if self._out is not None:
            array, memory, version = self._out
            if memory.version != version:
                raise self._overwritten("out", memory.version, version, (self.out_shape, self.out_dtype))
            out = array if wrap is None else wrap(array, self)
        return out, args

    def _overwritten(self, what: str, now: int, then: int, meta: tuple[Any, Any]) -> GraphError:
        which = "its output" if what == "out" else f"its input {what}"
        return GraphError(
            "backward: one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"{self.name()} needs {which}, of shape {tuple(meta[0])}, as it was at version {then}; "
            f"it is at version {now}.",
            hint="Compute into a new tensor (y = y + 1 instead of y += 1), or change a copy: y.clone().",
            where=user_line(),
            ja=f"逆伝播：{self.name()} が必要とする値（形 {tuple(meta[0])}）が、"
            f"順伝播のあとで上書きされています（版 {then} → {now}）。",
            hint_ja="y += 1 ではなく y = y + 1 と新しいテンソルに計算するか、y.clone() を書き換えます。",
        )

    def free(self) -> None:
        """Let go of what was kept; a rule that reads nothing can still run."""
        self.freed = True
        if self.reads or self.saved:
            self.inputs, self._out = None, None
            self.saved = dict.fromkeys(self.saved)

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        raise GraphError("grad_fn.register_hook is not there; register the hook on the tensor: x.register_hook(f).")


def wanted(edges: Sequence[Any], op: Op) -> list[bool]:
    """Which inputs gradient flows to."""
    return [edge is not None and op.spec(slot).vjp is not None for slot, edge in enumerate(edges)]
