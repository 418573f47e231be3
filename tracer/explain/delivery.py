"""One contribution on its way from a user to an input, with everything the words and rows about it need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tracer.core.op import Input, Op
from tracer.explain.amount import Amount, plain, single
from tracer.explain.arithmetic import sign
from tracer.explain.shapes import Broadcast
from tracer.explain.teller import Teller
from tracer.trace.cursor import Moment
from tracer.trace.segment import PARTS, Pass

BIAS = 2
"""The input of a linear layer that every row uses."""


@dataclass(frozen=True)
class Handing:
    """Who hands what to whom, whatever the numbers are."""

    teller: Teller
    this: Pass
    node: int
    """The receiver."""
    user: int
    """Who hands on."""
    edge: int
    index: int
    """Which delivery of its pass."""
    part: int

    @cached_property
    def place(self) -> str:
        """The receiver's name; `x②` where it stands in the user more than once."""
        return self.teller.names.place(self.edge)

    @cached_property
    def maker(self) -> str:
        """The user's name."""
        return self.teller.names(self.user)

    @property
    def is_added(self) -> bool:
        return self.part == PARTS

    @property
    def as_a_whole(self) -> bool:
        """The reader takes the four parts in one step."""
        return self.is_added and self.teller.by != "part"

    @cached_property
    def op(self) -> Op:
        """The user's op."""
        op = self.teller.trace.op(self.user)
        assert op is not None, "an edge leads into an op's output"
        return op

    @cached_property
    def slot(self) -> int:
        """Which input of the user receives."""
        return self.teller.trace.edge(self.edge).slot

    @cached_property
    def rule(self) -> Input:
        """The rule at work."""
        return self.op.spec(self.slot)


@dataclass(frozen=True)
class Delivery(Handing):
    """A moment inside a contribution of one number. Numbers that its part has not reached are None."""

    upstream: float
    local: float | None
    contribution: float | None
    before: float | None
    after: float | None

    @cached_property
    def inputs(self) -> dict[str, float]:
        """The numbers the rule may read, by their names in it."""
        teller = self.teller
        numbers = {self.op.spec(i).name: one for i, one in enumerate(teller.args(self.user))}
        return {**numbers, "out": teller.single(self.user)}

    @property
    def product_sign(self) -> str:
        """Between `upstream · local` and the contribution."""
        assert self.local is not None, "multiplied after the local gradient is found"
        assert self.contribution is not None, "multiplied in part 3"
        return sign(self.contribution, self.upstream, self.local, by="mul", digits=self.teller.digits)


@dataclass(frozen=True)
class TensorDelivery(Handing):
    """The same of a contribution that is an array, or that comes of one."""

    upstream: Amount
    local: Amount | None
    """The slope of each element; None before its part, and where the local gradient is a Jacobian."""
    contribution: Amount | None
    """What arrives: in the shape of the receiver."""
    before: Amount | None
    after: Amount | None

    @cached_property
    def by_element(self) -> bool:
        """Whether upstream and local gradient are multiplied element by element."""
        return self.op.elementwise and bool(self.rule.local)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Of the receiver."""
        return self.teller.shape(self.node)

    @cached_property
    def out_shape(self) -> tuple[int, ...]:
        """Of the user, and so of the upstream gradient."""
        return self.teller.shape(self.user)

    @cached_property
    def broadcast(self) -> Broadcast | None:
        """How the receiver was stretched to meet the others; None where the op does not stretch."""
        stretches = self.op.elementwise or (self.op.name == "linear" and self.slot == BIAS)
        return Broadcast(self.shape, self.out_shape) if stretches else None


def together(this: Pass, index: int) -> range:
    """The deliveries of a pass up to this one that its user hands on in one go: a step for a reader by node."""
    first = index
    while first and this.users[first - 1] == this.users[index]:
        first -= 1
    return range(first, index + 1)


def delivery_of(teller: Teller, moment: Moment) -> Delivery:
    """The contribution of one number that a moment of kind "edge" is about."""
    upstream, local, contribution, before, after = _numbers(moment)
    assert upstream is not None, "the upstream gradient is read first"
    return Delivery(
        *_handing(teller, moment),
        single(upstream),
        *map(_single, (local, contribution, before, after)),
    )


def tensor_delivery_of(teller: Teller, moment: Moment) -> TensorDelivery:
    """The contribution of an array that a moment of kind "edge" is about."""
    upstream, *more = _numbers(moment)
    assert upstream is not None, "the upstream gradient is read first"
    return TensorDelivery(*_handing(teller, moment), upstream, *more)


def _handing(teller: Teller, moment: Moment) -> tuple[Teller, Pass, int, int, int, int, int]:
    assert moment.pass_index is not None, "a contribution belongs to a pass"
    assert moment.node is not None, "somebody receives"
    assert moment.user is not None, "somebody hands on"
    assert moment.edge is not None, "along an edge"
    assert moment.delivery is not None, "at its turn"
    this = teller.trace.passes[moment.pass_index]
    return teller, this, moment.node, moment.user, moment.edge, moment.delivery, moment.part


def _numbers(moment: Moment) -> tuple[Amount | None, ...]:
    numbers = (moment.upstream, moment.local, moment.contribution, moment.before, moment.after)
    return tuple(None if number is None else plain(number) for number in numbers)


def _single(value: Amount | None) -> float | None:
    return None if value is None else single(value)
