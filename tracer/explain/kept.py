"""What is kept from the forward step for the way back, and why nothing comes back where it does not."""

from __future__ import annotations

from collections.abc import Iterable

from tracer.core.op import Input, Op
from tracer.explain.teller import Teller
from tracer.explain.words import EMPTY, listed
from tracer.text import Text


def kept_for_backward(teller: Teller, node: int) -> tuple[int, ...]:
    """Nodes whose values the backward rules of `node` will read: its inputs, itself, or none."""
    trace = teller.trace
    op = trace.op(node)
    if op is None or not trace.requires_grad(node):
        return ()
    inputs = trace.inputs(node)
    by_name = {op.spec(slot).name: n for slot, n in enumerate(inputs)} | {"out": node}
    used: Iterable[str] = (
        name
        for slot, source in enumerate(inputs)
        if trace.requires_grad(source) and op.spec(slot).vjp is not None
        for name in _read(op, op.spec(slot), teller.trace.is_tensor(node))
        if name in by_name
    )
    order = [*inputs, node]
    return tuple(sorted({by_name[name] for name in used}, key=order.index))


def _read(op: Op, spec: Input, tensor: bool) -> Iterable[str]:
    """What a rule reads: of a tensor, what the engine keeps for it; of a number, what its formula names."""
    if not tensor:
        return spec.rule.names
    return spec.reads if op.joint_vjp is None else op.needs


def keeps(teller: Teller, node: int) -> Text:
    """Which values will be needed on the way back; or why no gradient will come.

    Nothing of what only unfolding shows: the program made the whole tensor in one go.
    """
    if any(node in span for span in teller.trace.unfolded):
        return EMPTY
    if not teller.trace.requires_grad(node):
        if teller.trace.is_tensor(node):
            return _no_gradient(teller, node)
        return Text(
            "It comes from plain numbers only, so no gradient will reach it.",
            "ただの数だけから計算した値なので、勾配は届きません。",
        )
    kept = kept_for_backward(teller, node)
    if not kept:
        return Text(
            "Nothing need be remembered for the way back: its local gradients are the same whatever the values.",
            "局所勾配が値によらないので、逆伝播のために覚えておく値はありません。",
        )
    which = listed(teller.names(n) for n in kept)
    return Text(
        f"{which.en} {'is' if len(kept) == 1 else 'are'} remembered for the way back: the local gradients need "
        f"{'its value' if len(kept) == 1 else 'their values'}.",
        f"逆伝播に備えて {which.ja} の値を覚えておきます。局所勾配を求めるときに使うためです。",
    )


def _no_gradient(teller: Teller, node: int) -> Text:
    """Why a tensor that an op made takes no gradient."""
    trace = teller.trace
    op = trace.op(node)
    assert op is not None, "an op made it"
    inputs = [(op.spec(slot), n) for slot, n in enumerate(trace.inputs(node)) if trace.requires_grad(n)]
    if not inputs:
        return Text(
            "Nothing it was made from takes a gradient, so none will reach it.",
            "材料のどれも勾配を受け取らないので、ここにも勾配は届きません。",
        )
    if all(spec.vjp is None for spec, _ in inputs) or op.boolean:
        return Text(
            "No gradient flows through this op, so none will reach what it was made from by this way.",
            "この演算は勾配を通さないので、この道を通って材料に勾配が届くことはありません。",
        )
    which = listed(dict.fromkeys(teller.names(n) for _, n in inputs))
    return Text(
        f"It was made under no_grad: the way back to {which.en} was not kept, so no gradient will pass here.",
        f"no_grad の中で作られたので、{which.ja} へ戻る道は残されていません。ここを勾配は通りません。",
    )
