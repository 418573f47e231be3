"""One op, one place: forward, each input's rule, the words a learner reads, and the inputs the tests try.

Rules *return* contributions; the engine adds them, so a walk can pause between two edges. The same rule serves Python
floats, NumPy and CuPy arrays, columns of thousands of nodes, and `Tensor`s themselves (second derivatives): `xp` is the
array module, `tracer.core.floats` for floats, `tracer.core.tensor_namespace` for tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from tracer.core import floats
from tracer.core.expression import LOCAL_FUNCTIONS, Expression, parse
from tracer.errors import NotFoundError, did_you_mean
from tracer.text import Text

Vjp = Callable[..., Any]
Static = Mapping[str, Any]


class Narrow(NamedTuple):
    """A smaller application of an op, among whose outputs are some elements of the larger one's."""

    places: tuple[Any, ...]
    """For each input an array of places in it, row by row counted, in the shape that the smaller input has; None where
    it is taken whole."""
    static: Static
    take: Any
    """(k,) places in the smaller output."""


class Rng(Protocol):
    """What `samples` needs of `np.random.Generator`."""

    def uniform(self, low: float, high: float, size: int) -> Any: ...
    def normal(self, loc: float, scale: float, size: int) -> Any: ...


class Sample(NamedTuple):
    """Inputs for the tests: arrays, and the static arguments to go with them."""

    args: tuple[Any, ...]
    static: dict[str, Any] = {}  # noqa: RUF012  a NamedTuple's default is never changed


def JOINT(*_: Any, **__: Any) -> Any:
    """Stands as the rule of an input whose op has one `joint_vjp` for all of them."""
    raise AssertionError("an op with a joint rule is never asked input by input")


@dataclass(frozen=True)
class Input:
    """What one edge points at: the rule of one input of an op."""

    name: str
    vjp: Vjp | None
    """`vjp(xp, g, out, *inputs, **static, **saved) -> contribution`, before the engine sums it over axes that were
    broadcast; None says that no gradient flows."""
    local: str
    """∂out/∂input of an elementwise op, as a small expression in the input names and `out`; tested equal to the vjp at
    upstream 1. Empty where the local gradient is no number an element."""
    why: Text
    """How nudging this input moves the output. Input names and `out` stand in braces: `{a}`, `{out}`."""
    needs: tuple[str, ...] | None = None
    """What the rule reads, by name (an input, or `out`), beyond shapes and dtypes. None: what `local` names."""
    back: Text | None = None
    """What the rule does to the gradient on its way back, where `local` cannot say it."""

    @cached_property
    def rule(self) -> Expression:
        """`local`, parsed."""
        return parse(self.local, LOCAL_FUNCTIONS)

    @cached_property
    def reads(self) -> frozenset[str]:
        """What must be kept from the forward step for this rule."""
        if self.needs is not None:
            return frozenset(self.needs)
        return frozenset(self.rule.names) if self.local else frozenset()


@dataclass(frozen=True, eq=False)  # an op is itself: its hash needs nothing of what it holds
class Op:
    """A differentiable operation.

    `forward(xp, *inputs, **static) -> out`. An op that keeps something for its backward rules (a mask, an argmax) sets
    `saves` to the names of what it keeps; `forward` then returns `(out, {name: kept})`, passed to every rule by name.
    """

    name: str
    label: str
    """What stands in the circle: `×`."""
    forward: Callable[..., Any]
    inputs: tuple[Input, ...]
    """One for each input. Of a `variadic` op, the last one stands for all that follow."""
    samples: Callable[[Any], Iterable[tuple[Any, ...] | Sample]]
    """Inputs for the tests, from a random generator; away from kinks and poles."""
    show: str | Callable[[Sequence[str], Static], str]
    """How an application is written: input and static names in braces, `{a} × {b}`; or a function of both."""
    what: Text | None = None
    """What the forward step does, for one who meets the op for the first time; names stand in braces."""
    domain: Text | None = None
    """Which inputs give no finite result, said when a value is not finite."""
    kink: Callable[..., Any] | None = None
    """Whether these inputs stand where the slope jumps, so that a finite difference settles nothing."""
    saves: tuple[str, ...] = ()
    joint_vjp: Callable[..., tuple[Any, ...]] | None = None
    """`joint_vjp(xp, g, out, *inputs, wanted=(True, False, ...), ...)`: all contributions at once, None where not
    wanted, for rules that share work."""
    needs: tuple[str, ...] = ()
    """What the joint rule reads."""
    composite: Callable[..., Any] | None = None
    """`composite(F, *tensors, **static)`: the same in smaller ops, F being the module of functions. Of a fat op."""
    steps: Callable[..., Any] | None = None
    """`steps(F, *tensors, **static)`: the same in smaller ops, for one who opens the op down to its numbers; where it
    is left out, `composite`. Second derivatives never go this way. It may return None: nothing smaller serves here."""
    narrow: Callable[[Sequence[Any], Static, Any], Narrow] | None = None
    """`narrow(shapes, static, places)`: a smaller application that computes those elements of the output."""
    unfolds: Literal["", "moves", "elements"] = ""
    """How an op without `steps` or `composite` becomes ops on single numbers. "moves": its forward rule also runs on
    arrays of node numbers (0 where it fills in a constant), for it only moves elements. "elements": it does the same to
    each element by itself, as elementwise ops do."""
    grad_fn: str | Callable[[Sequence[Any], Static], str] = ""
    """PyTorch's name of the node: `AddBackward0`; or a function of the inputs (with shapes) and static arguments."""
    variadic: bool = False
    scalar: bool = False
    """Whether it also works on Python floats, so that `Value` has it."""
    elementwise: bool = False
    """Whether inputs broadcast and are brought to one dtype before, and the output has that dtype."""
    floating: bool = False
    """Of an elementwise op: whether integers count as the default float type, as for `exp` and `/`."""
    boolean: bool = False
    """Of an elementwise op: whether it answers True or False."""
    view: bool = False
    """Whether the output may share the input's memory."""

    def run(self, *inputs: Any, xp: Any = np, **static: Any) -> tuple[Any, dict[str, Any]]:
        """Output and what is kept for the rules, whether the op keeps anything or not."""
        made = self.forward(xp, *inputs, **static)
        return made if self.saves else (made, {})

    def spec(self, slot: int) -> Input:
        """The rule of the input at this place."""
        return self.inputs[min(slot, len(self.inputs) - 1)] if self.variadic else self.inputs[slot]

    def contributions(
        self, xp: Any, wanted: Sequence[bool], g: Any, out: Any, args: Sequence[Any], static: Static, saved: Static
    ) -> list[Any]:
        """What each input is handed, before it is summed over axes that were broadcast; None where not wanted."""
        if self.joint_vjp is not None:
            return list(self.joint_vjp(xp, g, out, *args, wanted=tuple(wanted), **static, **saved))
        more = {**static, **saved, "slot": 0} if self.variadic else {**static, **saved}
        found = []
        for slot, want in enumerate(wanted):
            vjp = self.spec(slot).vjp
            if self.variadic:
                more["slot"] = slot
            found.append(vjp(xp, g, out, *args, **more) if want and vjp is not None else None)
        return found

    def written(self, inputs: Sequence[str], static: Static | None = None) -> str:
        """An application to names or numbers; a negative one gets parentheses where a sign stands before it."""
        if callable(self.show):
            return self.show(inputs, static or {})
        fields: dict[str, Any] = dict(static or {})
        for spec, text in zip(self.inputs, inputs, strict=True):
            before = self.show[: self.show.index(f"{{{spec.name}}}")]
            enclosed = before.endswith(("(", "|", ", ")) or (not before and self.name != "pow")  # (-2) ^ x
            fields[spec.name] = f"({text})" if text.startswith("-") and not enclosed else text
        return self.show.format(**fields)

    def local_gradient(self, which: int, out: float, args: tuple[float, ...]) -> float:
        """∂out/∂input as a float: the vjp at upstream 1."""
        vjp = self.inputs[which].vjp
        return 0.0 if vjp is None else float(vjp(floats, 1.0, out, *args))

    def tries(self, rng: Any) -> list[Sample]:
        """`samples`, each as a `Sample`."""
        return [one if isinstance(one, Sample) else Sample(tuple(one)) for one in self.samples(rng)]


OPS: dict[str, Op] = {}
"""Every registered op by name, in order; see `find_op` and `scalar_ops`. Colours, panels and tests ask here."""


def register(op: Op) -> Op:
    """Make `op` known to recording, replay, explanation and the tests."""
    assert op.name not in OPS, f"two ops are called {op.name}"
    OPS[op.name] = op
    return op


def find_op(name: str) -> Op:
    """The op of this name; those on tensors load when one is first asked for.

    Raises:
        NotFoundError: there is none.
    """
    if name not in OPS:
        import tracer.core.ops.all  # noqa: F401  registers them

    if name not in OPS:
        raise NotFoundError(f"there is no op {name!r}.", hint=did_you_mean(name, OPS))
    return OPS[name]


def scalar_ops() -> dict[str, Op]:
    """Those that also work on floats: the ones of `Value`."""
    return {name: op for name, op in OPS.items() if op.scalar}
