"""The reverse walk over tensors: functions in reverse creation order, one contribution an edge, added by the engine."""

from __future__ import annotations

import heapq
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracer.core.array import unbroadcast
from tracer.core.backend import namespace
from tracer.core.function import Function, wanted
from tracer.core.grad_mode import set_grad_enabled
from tracer.core.memory import replace
from tracer.core.passed import HEARING
from tracer.core.record import ACTIVE
from tracer.core.record_tensors import GrowingTensorPass
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, ArgumentTypeError, GraphError, ShapeError


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Fill `.grad` of the leaves that the tensors were made from; see `Tensor.backward`.

    Args:
        tensors: one or several roots.
        grad_tensors: ∂L/∂root of each; may be left out for roots of one element.
    """
    roots = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    seeds = _seeds("backward", roots, grad_variables if grad_tensors is None else grad_tensors)
    only = None if inputs is None else ([inputs] if isinstance(inputs, Tensor) else list(inputs))
    if only is not None and not only:
        raise ArgumentError("backward: inputs argument to backward cannot be empty.", where=user_line())
    keep = create_graph if retain_graph is None else retain_graph
    for i, (root, seed) in enumerate(zip(roots, seeds, strict=True)):
        Walk(root, keep or i < len(roots) - 1, create_graph, only=only).run(seed)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """∂outputs/∂inputs, without touching any `.grad`.

    Args:
        outputs: roots; their gradients add up.
        inputs: leaves or computed tensors.
        grad_outputs: the gradient each root starts from.
        allow_unused: whether an input that no root depends on gives None instead of an error.

    Raises:
        GraphError: an input does not require gradient or was not used.
    """
    if is_grads_batched:
        raise ArgumentError("grad: is_grads_batched is not there; call grad once for each row.", where=user_line())
    roots = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    wanted_ = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    seeds = _seeds("grad", roots, grad_outputs)
    for i, x in enumerate(wanted_):
        if not x._requires_grad:
            raise GraphError(
                f"grad: One of the differentiated Tensors does not require grad (input {i}).",
                hint="Make it a leaf that does: x.requires_grad_().",
                where=user_line(),
            )
    keep = create_graph if retain_graph is None else retain_graph
    found: list[Any] = [None] * len(wanted_)
    for i, (root, seed) in enumerate(zip(roots, seeds, strict=True)):
        walk = Walk(root, keep or i < len(roots) - 1, create_graph, collect=wanted_)
        walk.run(seed)
        for k, g in enumerate(walk.collected):
            if g is not None:
                found[k] = g if found[k] is None else found[k] + g
    for k, g in enumerate(found):
        if g is None and materialize_grads:
            found[k] = Tensor._wrap(np.zeros_like(wanted_[k]._array))
        elif g is None and not allow_unused:
            raise GraphError(
                f"grad: One of the differentiated Tensors appears to not have been used in the graph (input {k}).",
                hint="Give allow_unused=True to get None for it.",
                where=user_line(),
            )
    return tuple(g if g is None or isinstance(g, Tensor) else Tensor._wrap(g, told=False) for g in found)


class Walk:
    """One backward pass from one root."""

    def __init__(
        self,
        root: Tensor,
        retain: bool,
        create_graph: bool,
        *,
        only: list[Tensor] | None = None,
        collect: list[Tensor] | None = None,
        part: bool = False,
    ) -> None:
        """Args:
        root: where to start.
        retain: keep what the rules read.
        create_graph: compute with tensors, whose graph is kept.
        only: the leaves whose `.grad` is filled; None is all.
        collect: tensors whose gradient is wanted, instead of filling any `.grad`.
        part: go no further than `collect`, and tell no recording: this is one step of a larger walk.
        """
        self.root, self.retain, self.create_graph, self.part = root, retain, create_graph, part
        self.only = None if only is None else {id(x) for x in only}
        self.collect = collect
        self.collected: list[Any] = [None] * len(collect or ())
        self._targets: dict[int, list[int]] = {}
        for k, x in enumerate(collect or ()):
            self._targets.setdefault(id(x._fn) if x._fn is not None else id(x), []).append(k)
        self.xp: Any = namespace(root._array)
        self.leaves: dict[int, tuple[Tensor, Any]] = {}
        self.reached: dict[int, Any] = {}
        """Serial -> the gradient when it was complete, for recordings."""
        self.hooked: list[int] = []
        self.aside: list[int] = []
        """Serials of leaves that `inputs` does not name: their `.grad` stays as it is."""

    def run(self, seed: Tensor) -> None:
        """Walk, starting from `seed` at the root."""
        root = self.root
        if not root._requires_grad:
            raise GraphError(
                "backward: element 0 of tensors does not require grad and does not have a grad_fn: nothing it was made "
                "from takes a gradient.",
                hint="Make an input a leaf that does: tracer.tensor(3.0, requires_grad=True).",
                where=user_line(),
                ja="逆伝播：このテンソルは requires_grad=True の葉から作られていません。勾配を求める相手がありません。",
                hint_ja="入力を tracer.tensor(3.0, requires_grad=True) のように作ります。",
            )
        # the gradients' own graph comes first in a recording, then the pass
        growing = [] if self.create_graph else self._began(seed)
        with set_grad_enabled(self.create_graph), np.errstate(all="ignore"):
            self._walk(seed if self.create_graph else seed._array)
        if self.create_graph:
            growing = self._began(seed)
        for recorder, one in zip(ACTIVE if growing else (), growing, strict=True):
            recorder.ended_tensor_pass(one, self.reached, self.hooked, self.aside)
        if self.collect is None and not self.part:
            for heard in HEARING:
                heard((), self.reached)

    def _began(self, seed: Tensor) -> list[GrowingTensorPass]:
        if self.part:
            return []
        accumulates = self.collect is None
        return [r.began_tensor_pass(self.root, seed, accumulates=accumulates, retains=self.retain) for r in ACTIVE]

    def _walk(self, seed: Any) -> None:
        root = self.root
        if root._fn is None:
            self._reach(root, seed)
            self._accumulate()
            return
        pending: dict[int, Any] = {root._fn.serial: seed}
        functions: dict[int, Function] = {root._fn.serial: root._fn}
        heap = [-root._fn.serial]
        while heap:
            serial = -heapq.heappop(heap)
            fn, g = functions.pop(serial), pending.pop(serial)
            g = self._complete(fn, g)
            if self.part and id(fn) in self._targets:
                continue
            contributions = self._contributions(fn, g)
            for slot, contribution in enumerate(contributions):
                if contribution is None:
                    continue
                edge, meta = fn.edges[slot], fn.metas[slot]
                assert edge is not None, "only wanted inputs get a contribution"
                assert meta is not None, "a plain number wants none"
                contribution = self._fit(contribution, meta)
                if isinstance(edge, Function):
                    if edge.serial in pending:
                        pending[edge.serial] = _sum(pending[edge.serial], contribution)
                    else:
                        pending[edge.serial] = contribution
                        functions[edge.serial] = edge
                        heapq.heappush(heap, -edge.serial)
                else:
                    self._reach(edge, contribution)
        self._accumulate()

    def _contributions(self, fn: Function, g: Any) -> list[Any]:
        ask = wanted(fn.edges, fn.op)
        if not self.create_graph:
            out, args = fn.unpack()
            found = fn.op.contributions(self.xp, ask, g, out, args, fn.static, fn.saved)
        elif fn.op.composite is not None:
            found = self._through_composite(fn, g, ask)
        else:
            from tracer.core.tensor_namespace import TENSORS

            out, args = fn.unpack(_again)
            found = fn.op.contributions(TENSORS, ask, g, out, args, fn.static, fn.saved)
        if not self.retain:
            fn.free()
        return found

    def _through_composite(self, fn: Function, g: Tensor, ask: Sequence[bool]) -> list[Any]:
        """The rule of a fat op, made from the smaller ops of its definition."""
        from tracer.core.functions.all import FUNCTIONS

        fn.unpack(_again)  # raises where it was freed or overwritten
        assert fn.inputs is not None, "what was unpacked is there"
        assert fn.op.composite is not None, "asked for before"
        # each input by itself, even where one tensor is given twice or one was made from another
        xs = [x.view_as(x) if want else x for x, want in zip(fn.inputs, ask, strict=True)]
        out = fn.op.composite(FUNCTIONS, *xs, **fn.static)
        if not out._requires_grad:
            return [None] * len(xs)
        walk = Walk(out, True, True, collect=[x for x, want in zip(xs, ask, strict=True) if want], part=True)
        walk.run(g)
        found = iter(walk.collected)
        return [next(found) if want else None for want in ask]

    def _fit(self, contribution: Any, meta: tuple[Any, Any]) -> Any:
        """Summed over axes that were broadcast, in the dtype of the input."""
        shape, dtype = meta
        if self.create_graph:
            from tracer.core.tensor_namespace import TENSORS, _tensor

            contribution = _tensor(contribution)
            if contribution._array.shape != shape:
                contribution = unbroadcast(TENSORS, contribution, shape)
            return contribution if contribution._array.dtype == dtype else contribution.to(_dtype(dtype))
        if type(contribution) is not np.ndarray and self.xp is np:
            contribution = np.asarray(contribution)
        if contribution.shape != shape:
            contribution = unbroadcast(self.xp, contribution, shape)
        if contribution.dtype != dtype:
            contribution = contribution.astype(dtype)
        return contribution if type(contribution) is np.ndarray or self.xp is not np else np.asarray(contribution)

    def _complete(self, fn: Function, g: Any) -> Any:
        """All contributions to a computed tensor have come: hooks, `retain_grad`, what was asked for."""
        for hook in fn.hooks or ():
            g = self._hook(hook, g, fn.serial)
        tensor = fn.retains() if fn.retains is not None else None
        if tensor is not None and self.collect is None:
            tensor._grad = self._as_tensor(g, tensor)
        for k in self._targets.get(id(fn), ()):
            self.collected[k] = g
        if ACTIVE or HEARING:
            self.reached[fn.serial] = _array(g)
        return g

    def _hook(self, hook: Any, g: Any, serial: int) -> Any:
        given = g if isinstance(g, Tensor) else Tensor._wrap(g, told=False)
        answer = hook(given)
        if answer is None:
            return g
        if not isinstance(answer, Tensor) or answer._array.shape != given._array.shape:
            got = tuple(answer._array.shape) if isinstance(answer, Tensor) else type(answer).__name__
            raise GraphError(
                f"hook: it returned {got}; it must return None or a gradient of shape {tuple(given._array.shape)}.",
                where=user_line(),
            )
        self.hooked.append(serial)
        return answer if self.create_graph else answer._array

    def _reach(self, leaf: Tensor, contribution: Any) -> None:
        known = self.leaves.get(leaf._serial)
        self.leaves[leaf._serial] = (leaf, contribution if known is None else _sum(known[1], contribution))

    def _accumulate(self) -> None:
        for leaf, g in self.leaves.values():
            for hook in leaf._hooks or ():
                g = self._hook(hook, g, leaf._serial)
            for k in self._targets.get(id(leaf), ()):
                self.collected[k] = g
            into = self.collect is None and (self.only is None or id(leaf) in self.only)
            if into:
                self._add_to(leaf, g)
                for hook in leaf.__dict__.get("_after_accumulate", ()):
                    hook(leaf)
            elif self.collect is None:
                self.aside.append(leaf._serial)
            if ACTIVE or HEARING:
                self.reached[leaf._serial] = leaf._grad._array if into and leaf._grad is not None else _array(g)

    def _add_to(self, leaf: Tensor, g: Any) -> None:
        if leaf._grad is None:
            leaf._grad = self._as_tensor(g, leaf)
        elif self.create_graph:
            leaf._grad = self._as_tensor(leaf._grad + g, leaf)
        else:
            replace(leaf._grad, _sum(leaf._grad._array, _array(g)))
            for recorder in ACTIVE:
                recorder.forget_tensor(leaf._grad)

    def _as_tensor(self, g: Any, owner: Tensor) -> Tensor:
        if not isinstance(g, Tensor):
            g = Tensor._wrap(g.copy(), told=False)  # a sum hands one array to several: a `.grad` is its leaf's own
        g._grad_of = weakref.ref(owner)
        return g  # type: ignore[no-any-return]


def _again(array: Any, fn: Function) -> Tensor:
    """The output of `fn` as a tensor with its history."""
    tensor: Tensor = Tensor._wrap(array, requires_grad=True, told=False)
    tensor._fn, tensor._serial = fn, fn.serial
    return tensor


def _sum(a: Any, b: Any) -> Any:
    total = a + b
    return np.asarray(total) if isinstance(total, np.generic) else total  # NumPy makes scalars of what has no axes


def _array(g: Any) -> Any:
    return g._array if isinstance(g, Tensor) else g


def _dtype(numpy_dtype: Any) -> Any:
    from tracer.core.dtype import from_numpy_dtype

    return from_numpy_dtype(numpy_dtype)


def _seeds(name: str, roots: Sequence[Tensor], given: Any) -> list[Any]:
    """What each root's gradient starts from: 1 where it was left out."""
    for root in roots:
        if not isinstance(root, Tensor):
            raise ArgumentTypeError(f"{name}: got a {type(root).__name__}; a tensor is expected.", where=user_line())
    seeds: list[Any] = [None] * len(roots)
    if given is not None:
        seeds = [given] if isinstance(given, Tensor) else list(given)
    if len(seeds) != len(roots):
        raise ArgumentError(f"{name}: got {len(roots)} tensors and {len(seeds)} gradients for them.", where=user_line())
    found: list[Any] = []
    for root, seed in zip(roots, seeds, strict=True):
        if seed is None:
            if root._array.size != 1:
                raise GraphError(
                    f"{name}: grad can be implicitly created only for scalar outputs; this tensor has shape "
                    f"{tuple(root._array.shape)}.",
                    hint="Reduce it first, loss.sum() or loss.mean(), or say what arrives: backward(gradient=...).",
                    where=user_line(),
                    ja="逆伝播：出発点の勾配を 1 とできるのは、要素が 1 つのときだけです。"
                    f"このテンソルの形は {tuple(root._array.shape)} です。",
                    hint_ja="loss.sum() や loss.mean() で 1 つの数にするか、backward(gradient=...) で勾配を渡します。",
                )
            seed = Tensor._wrap(namespace(root._array).ones_like(root._array), told=False)
        elif not isinstance(seed, Tensor):
            raise ArgumentTypeError(
                f"{name}: the gradient is a {type(seed).__name__}; it must be a tensor or None.", where=user_line()
            )
        elif seed._array.shape != root._array.shape:
            raise ShapeError(
                f"{name}: Mismatch in shape: the gradient has shape {tuple(seed._array.shape)}, the tensor has shape "
                f"{tuple(root._array.shape)}.",
                where=user_line(),
            )
        found.append(seed)
    return found
