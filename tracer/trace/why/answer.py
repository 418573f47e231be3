"""What `why` answers, as facts: no words (those are in `explain`), and no number that the moment does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Question = Literal["zero", "nan", "inf", "huge", "tiny", "none", "ordinary"]
QUESTIONS: tuple[Question, ...] = get_args(Question)

Verdict = Literal[
    # nothing is wrong
    "ordinary",  # it came along the chain
    "not yet",  # the walk has not got there
    # nothing got through
    "closed gate",  # a relu whose input is not above 0
    "saturated",  # the flat end of a sigmoid, tanh, ...
    "saturated softmax",  # a probability of 0 or 1
    "zero factor",  # the other factor of a product is 0
    "exp underflow",  # e to something so small that it is 0
    "masked",  # another branch, element or limit won
    "flat",  # the op does not react here, for any other reason
    "cancelled",  # contributions of opposite sign add up to nothing, or next to it
    "gradient underflow",  # upstream times local is smaller than the smallest float of the type
    "subnormal",  # it is among the last floats before 0, which have few digits
    "zero start",  # the pass started from 0
    # the program changed it
    "zeroed",  # written 0 after the pass
    "cleared",  # set to None
    "written",  # another number was assigned: clipped, scaled
    "hooked",  # a hook gave another number back
    # it is not there
    "no pass",  # backward() has not been called
    "takes none",  # made without requires_grad, or a plain number
    "detached",  # cut off by detach()
    "no_grad",  # computed while gradients were off
    "no slope",  # whole numbers, truth values, places: nothing to differentiate
    "read",  # the program went on with the plain number (.data)
    "unused",  # nothing was computed from it, or nothing that the pass reached
    "after",  # made after the root of the pass
    "handed out",  # autograd.grad gave it to the program and kept nothing
    "set aside",  # backward(inputs=...) named others
    "made a leaf",  # requires_grad_() on a computed tensor: gradient ends there
    # not finite
    "bad data",  # it came in so
    "bad update",  # it was finite until an update, and its gradient was then
    "log of zero",
    "log of negative",
    "root of negative",
    "division by zero",
    "zero over zero",
    "bad power",
    "inf minus inf",
    "zero times inf",
    "overflow",  # larger than the largest float
    "empty",  # the mean of no elements
    "bad operation",  # not finite for another reason
    "infinite slope",  # the slope of an op is infinite where it stands
    "gradient overflow",  # upstream times local, or a sum, is larger than the largest float
    # large or small
    "dominating factor",
    "small factor",
    "exploding product",
    "vanishing product",
    "many contributions",
    "accumulated",  # earlier passes left most of it
    "large start",
    "small start",
]

FINE: frozenset[Verdict] = frozenset({"ordinary", "not yet"})
"""Verdicts that name no culprit."""

LinkKind = Literal[
    "handed",  # along `edge`, `user` handed gradient to `node`
    "made",  # along `edge`, the value of `node` came from that of the input `source`
    "part",  # one of the contributions that cancel at `at`: beside the way, not on it
    "start",  # the root of the pass, which got its gradient from nobody
    "end",  # the last of the chain: nothing is followed from here
]


@dataclass(frozen=True)
class Place:
    """A plain number, or one element of a tensor."""

    node: int
    element: int | None = None
    """Which, row by row counted; None of a plain number, or of a tensor as a whole."""


@dataclass(frozen=True)
class Link:
    """One step of the chain: how a number came to `at`. Numbers are None where there is none, or none known yet."""

    at: Place
    kind: LinkKind
    edge: int | None = None
    other: Place | None = None
    """Where the number came from, and where the chain goes on: the user (handed), an input (made)."""
    upstream: float | None = None
    local: float | None = None
    contribution: float | None = None
    value: float | None = None
    """Of `at`, now; at the end of a chain as the chain read it, whatever updates came after."""
    grad: float | None = None
    share: float | None = None
    """Handed: this contribution's size among all that `at` received, 0 to 1."""
    routes: int = 0
    """Handed: how many contributions `at` has received by now."""
    position: int = 0
    """The moment at which it happened."""


@dataclass(frozen=True)
class Why:
    """The answer."""

    question: Question
    about: Literal["grad", "value"]
    at: Place
    """What was asked about."""
    verdict: Verdict
    culprit: Place | None
    """Where it went wrong; None where nothing did."""
    edge: int | None
    """The edge along which it went wrong, if it was an edge."""
    chain: tuple[Link, ...]
    """From what was asked about to the culprit, or to the loss."""
    position: int
    """The moment it is true of."""
    others: int = 0
    """How many other culprits the same walk met: of each of them the same could be said."""
    more: bool = False
    """Whether the walk stopped counting."""
    share: float | None = None
    """How much of the effect goes back to this culprit rather than to the others, 0 to 1."""
    until: int | None = None
    """Of "not yet": the position at which it will be known; None where that is not known either."""
    stretch: tuple[int, int] | None = None
    """Of a product: the first and the last link of the chain that make it grow or shrink."""
    start: float | None = None
    """What the root of the pass started from, where the chain reaches it."""
    factor: float | None = None
    """Of a factor or a product: its size. Of a sum: how much larger (smaller) it is than its largest term."""

    @property
    def node(self) -> int:
        return self.at.node

    @property
    def fine(self) -> bool:
        """Whether there is no culprit."""
        return self.verdict in FINE

    @property
    def contribution(self) -> float | None:
        """What came along the chain from the root: its start times every local gradient; None where it ends earlier."""
        if self.start is None:
            return None
        product = self.start
        for link in reversed(self.chain):
            if link.kind == "handed":
                assert link.local is not None, "what was handed on has a local gradient"
                product *= link.local
        return product
