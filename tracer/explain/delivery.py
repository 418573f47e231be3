"""One contribution on its way from a user to an input, with everything the words and rows about it need."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tracer.core.op import Input
from tracer.explain.arithmetic import sign
from tracer.explain.teller import Teller
from tracer.trace.cursor import Moment
from tracer.trace.segment import PARTS, Pass


@dataclass(frozen=True)
class Delivery:
    """A moment inside a contribution. Numbers that its part has not reached are None."""

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
    upstream: float
    local: float | None
    contribution: float | None
    before: float | None
    after: float | None

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
    def rule(self) -> Input:
        """The rule at work."""
        edge = self.teller.trace.edge(self.edge)
        op = self.teller.trace.op(edge.user)
        assert op is not None, "an edge leads into an op's output"
        return op.inputs[edge.slot]

    @cached_property
    def inputs(self) -> dict[str, float]:
        """The numbers the rule may read, by their names in it."""
        trace = self.teller.trace
        op = trace.op(self.user)
        assert op is not None, "an edge leads into an op's output"
        numbers = dict(zip((spec.name for spec in op.inputs), trace.args(self.user), strict=True))
        return {**numbers, "out": float(trace.columns.value[self.user])}

    @property
    def product_sign(self) -> str:
        """Between `upstream · local` and the contribution."""
        assert self.local is not None, "multiplied after the local gradient is found"
        assert self.contribution is not None, "multiplied in part 3"
        return sign(self.contribution, self.upstream, self.local, by="mul", digits=self.teller.digits)


def together(this: Pass, index: int) -> range:
    """The deliveries of a pass up to this one that its user hands on in one go: a step for a reader by node."""
    first = index
    while first and this.users[first - 1] == this.users[index]:
        first -= 1
    return range(first, index + 1)


def delivery_of(teller: Teller, moment: Moment) -> Delivery:
    """The contribution a moment of kind "edge" is about."""
    assert moment.pass_index is not None, "a contribution belongs to a pass"
    assert moment.node is not None, "somebody receives"
    assert moment.user is not None, "somebody hands on"
    assert moment.edge is not None, "along an edge"
    assert moment.delivery is not None, "at its turn"
    assert moment.upstream is not None, "the upstream gradient is read first"
    return Delivery(
        teller,
        teller.trace.passes[moment.pass_index],
        moment.node,
        moment.user,
        moment.edge,
        moment.delivery,
        moment.part,
        moment.upstream,
        moment.local,
        moment.contribution,
        moment.before,
        moment.after,
    )
