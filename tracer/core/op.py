"""One op, one place: forward, each input's rule, the words a learner reads, and the inputs the tests try.

Rules *return* contributions; the engine adds them, so a walk can pause between two edges. The same rule serves Python
floats, NumPy arrays and columns of thousands of nodes: `xp` is the array module, `tracer.core.floats` for floats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from tracer.core import floats
from tracer.core.expression import LOCAL_FUNCTIONS, Expression, parse
from tracer.text import Text

Vjp = Callable[..., Any]


class Rng(Protocol):
    """What `samples` needs of `np.random.Generator`."""

    def uniform(self, low: float, high: float, size: int) -> Any: ...
    def normal(self, loc: float, scale: float, size: int) -> Any: ...


@dataclass(frozen=True)
class Input:
    """What one edge points at: the rule of one input of an op."""

    name: str
    vjp: Vjp | None
    """`vjp(xp, g, out, *inputs) -> contribution`; None says that no gradient flows."""
    local: str
    """∂out/∂input as a small expression in the input names and `out`; tested equal to the vjp at upstream 1."""
    why: Text
    """How nudging this input moves the output. Input names and `out` stand in braces: `{a}`, `{out}`."""

    @cached_property
    def rule(self) -> Expression:
        """`local`, parsed."""
        return parse(self.local, LOCAL_FUNCTIONS)


@dataclass(frozen=True)
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
    samples: Callable[[Any], Iterable[tuple[Any, ...]]]
    """Inputs for the tests, from a random generator; away from kinks and poles."""
    show: str
    """How an application is written, with input names in braces: `{a} × {b}`."""
    what: Text | None = None
    """What the forward step does, for one who meets the op for the first time; names stand in braces."""
    domain: Text | None = None
    """Which inputs give no finite result, said when a value is not finite."""
    kink: Callable[..., bool] | None = None
    """Whether these inputs stand where the slope jumps, so that a finite difference settles nothing."""
    saves: tuple[str, ...] = ()

    def run(self, *inputs: Any, xp: Any = np, **static: Any) -> tuple[Any, dict[str, Any]]:
        """Output and what is kept for the rules, whether the op keeps anything or not."""
        made = self.forward(xp, *inputs, **static)
        return made if self.saves else (made, {})

    def written(self, inputs: Sequence[str]) -> str:
        """An application to names or numbers; a negative one gets parentheses where a sign stands before it."""
        fields = {}
        for spec, text in zip(self.inputs, inputs, strict=True):
            before = self.show[: self.show.index(f"{{{spec.name}}}")]
            enclosed = before.endswith(("(", "|")) or (not before and self.name != "pow")  # (-2) ^ x
            fields[spec.name] = f"({text})" if text.startswith("-") and not enclosed else text
        return self.show.format(**fields)

    def local_gradient(self, which: int, out: float, args: tuple[float, ...]) -> float:
        """∂out/∂input as a float: the vjp at upstream 1."""
        vjp = self.inputs[which].vjp
        return 0.0 if vjp is None else float(vjp(floats, 1.0, out, *args))


OPS: dict[str, Op] = {}
"""Every registered op by name, in order. Colours, panels and tests ask here; they keep no list of their own."""


def register(op: Op) -> Op:
    """Make `op` known to recording, replay, explanation and the tests."""
    assert op.name not in OPS, f"two ops are called {op.name}"
    OPS[op.name] = op
    return op


def op_at(code: int) -> Op:
    """The op with this column code (codes count from 1; 0 is a leaf)."""
    return tuple(OPS.values())[code - 1]
