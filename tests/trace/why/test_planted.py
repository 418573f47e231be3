"""Every kind of planted fault is found where it was planted."""

from __future__ import annotations

import pytest

import tracer
from tests.trace.why.planted import FAULTS, Fault
from tracer.trace.why import Question, why, worst


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_planted_fault_is_found_at_the_planted_node(fault: Fault) -> None:
    """Asked without a hint, the answer names the kind of the fault, its node and, in a tensor, its element.

    The chain leads there from what was asked, each link going on where the one before it ended.
    """
    trace = fault.trace()
    answer = why(trace, fault.ask, element=fault.ask_element)
    assert answer.culprit is not None
    assert trace.label(answer.culprit.node) == trace.label(trace.resolve(fault.planted))
    assert answer.verdict in fault.verdicts
    assert fault.element is None or answer.culprit.element == fault.element
    assert answer.chain[0].at.node == answer.at.node
    for link, following in zip(answer.chain, answer.chain[1:], strict=False):
        assert link.other is not None
        updated = trace.op(following.at.node) is None and following.position < link.position
        assert (
            following.at.node == link.other.node
            or following.kind != "handed"  # a factor's own way may follow
            or updated  # from a leaf the way goes on in the pass before its update
        )
    assert answer.culprit in {link.at for link in answer.chain} | {link.other for link in answer.chain}


def test_more_than_twenty_kinds_are_planted() -> None:
    """Verdicts that planted faults lead to, not counting programs that plant the same kind twice."""
    assert len({fault.verdicts[0] for fault in FAULTS}) >= 35


LOUD = ("log", "overflow", "division", "nan", "exploding", "dominating", "detached", "no_grad", "read", "times 0")


@pytest.mark.parametrize(
    "fault", [f for f in FAULTS if any(word in f.name for word in LOUD)], ids=lambda fault: fault.name
)
def test_the_worst_of_a_trace_is_the_planted_fault(fault: Fault) -> None:
    """Without a node to ask about, the trouble is found all the same."""
    trace = fault.trace()
    answer = worst(trace)
    assert answer is not None
    assert answer.verdict in fault.verdicts


def test_a_tensor_of_no_elements_lacks_nothing() -> None:
    """Its gradient has no elements either: that is in order."""
    with tracer.record() as rec:
        w = tracer.ones(0, requires_grad=True).named("w")
        w.sum().backward()
    assert why(rec.trace, "w").fine
    assert worst(rec.trace) is None


def test_a_mask_of_infinities_is_no_trouble() -> None:
    """Attention adds −inf where nobody may look: the run is healthy."""
    with tracer.record() as rec:
        scores = tracer.ones(3, 3, requires_grad=True) * 0.5
        mask = tracer.triu(tracer.full((3, 3), float("-inf")), diagonal=1)
        p = tracer.softmax(scores + mask, dim=-1)
        (p * tracer.arange(9.0).reshape(3, 3)).sum().backward()
    assert worst(rec.trace) is None


@pytest.mark.parametrize("question", ["zero", "nan", "huge", "tiny", "none", "inf"])
def test_a_question_that_does_not_fit_blames_nobody_or_answers_another(question: Question) -> None:
    """Of a gradient of 7 nobody made it zero, not a number, or infinite."""
    with tracer.record() as rec:
        x = tracer.Value(3.0, "x")
        ((x + 2) * (x - 1)).backward()
    answer = why(rec.trace, "x", question=question)
    assert question in ("huge", "tiny") or answer.fine


def test_a_weight_made_by_an_op_and_then_taken_as_a_leaf_is_a_parameter_like_others() -> None:
    """`w = (randn(2) * 0.1).requires_grad_()`: that nothing reaches it is trouble."""
    with tracer.record() as rec:
        w = (tracer.tensor([1.0, 2.0], dtype=tracer.float64) * 0.1).requires_grad_().named("w")
        (tracer.relu(w - 9.0).named("planted") * 2).sum().backward()
    found = worst(rec.trace)
    assert found is not None
    assert rec.trace.label(found.node) == "w"
    assert found.verdict == "closed gate"


@pytest.mark.parametrize("kind", ["value", "tensor"])
def test_the_worst_is_a_weight_that_an_update_spoilt_from_then_on(kind: str) -> None:
    """Its gradient is ordinary, and every number before the update is finite."""
    with tracer.record() as rec:
        if kind == "value":
            w = tracer.Value(2.0, name="w")
            (w * w).backward()
            w.data = float("inf")
        else:
            w = tracer.tensor([2.0, 3.0], requires_grad=True).named("w")
            (w * w).sum().backward()
            w.data = tracer.tensor([1.0, float("inf")])
    trace = rec.trace
    found = worst(trace)
    assert found is not None
    assert (found.at.node, found.question, found.verdict) == (trace.find("w"), "inf", "bad update")
    before = next(segment for segment in trace.segments if segment.kind == "update").start
    assert worst(trace, before) is None
