"""Where two runs part, in words for each of the two; nothing that a run has not reached.

The words stay on screen while the walk goes on, so they name what they are, the first difference, and once a run is
past it they are in the past tense.
"""

from __future__ import annotations

from tracer.explain.amount import labelled
from tracer.text import Text
from tracer.trace.cursor import Cursor
from tracer.trace.lockstep import Divergence, LockstepCursor, Side


def parting(moment: LockstepCursor) -> tuple[Text, Text] | None:
    """What to say of each run from the first difference on; None before it, and where there is none."""
    first = moment.lockstep.first_divergence
    if first is None or not moment.diverged:
        return None
    return _said(first, 0, moment.left, moment.right), _said(first, 1, moment.right, moment.left)


def _said(first: Divergence, side: Side, cursor: Cursor, other: Cursor) -> Text:
    position = first.positions[side]
    if position is None:  # then it is the other run that has got there
        theirs = first.positions[1 - side]
        assert theirs is not None, "a difference happens in one of them"
        what = _missed(other.trace.cursor(theirs)) if first.fact == "event" else _EMPTY
        return _FIRST.format(what=_NEVER[first.fact].format(what=what))
    if cursor.position < position:
        return _LATER
    there = cursor.trace.cursor(position)
    past = cursor.position > position
    words = (_PAST if past else _FACTS)[first.fact]
    return _FIRST.format(what=words.format(**_names(first, side, there, past)))


def _names(first: Divergence, side: Side, there: Cursor, past: bool) -> dict[str, object]:
    node, user, number = first.nodes[side], first.users[side], first.numbers[side]
    trace = there.trace
    names: dict[str, object] = {
        "node": "" if node is None else trace.label(node),
        "user": "" if user is None else trace.label(user),
        "number": "" if number is None else labelled(number),
        "early": _EMPTY,
    }
    if user is not None and _is_early(there, user):
        names["early"] = (_EARLY_THEN if past else _EARLY).format(user=trace.label(user))
    if first.fact == "event":
        names["what"] = _what(there, past)
    if first.fact == "node" and node is not None:
        names["formula"] = trace.formula(node) or trace.kind(node)
    return names


def _is_early(there: Cursor, user: int) -> bool:
    """Whether `user` hands its gradient on while a contribution to it is still to come in this pass."""
    index = there.at_pass
    if index is None:
        return False
    this = there.trace.passes[index]
    deliveries = this.deliveries_to(user)
    return bool(len(deliveries)) and int(deliveries[-1]) >= this.delivered_by(there.position)


def _what(there: Cursor, past: bool = False) -> Text:
    moment = there.moment
    name = "" if moment.node is None else there.trace.label(moment.node)
    after = Text.same("None") if moment.after is None else labelled(moment.after)
    what = f"{name}.grad"
    if moment.kind == "update":
        return (_AFTER_THEN if past else _AFTER).format(name=name, after=after)
    if moment.kind == "write":
        sign = ":" if after.en.startswith("(") else " ="  # a summary is not what it is equal to
        return Text(f"{what}{sign} {after.en}", f"{what}{sign} {after.ja}")
    return _PASS.format(name=name) if moment.kind == "seed" else Text.same(name)


def _missed(there: Cursor) -> Text:
    """The same of what the other run does and this one does not."""
    moment = there.moment
    if moment.kind != "update" or moment.node is None:
        return _what(there)
    return _UPDATE.format(name=there.trace.label(moment.node))


_EMPTY = Text.same("")
_FIRST = Text(en="First difference: {what}", ja="最初の食い違い：{what}")
_EARLY = Text(en=", although {user} still waits for a contribution", ja="（{user} にはまだ届いていない寄与があります）")
_EARLY_THEN = Text(
    en=", although {user} still waited for a contribution",
    ja="（{user} にはまだ届いていない寄与がありました）",
)
_AFTER = Text(en="{name} is {after} after its update", ja="更新後の {name} が {after}")
_AFTER_THEN = Text(en="{name} was {after} after its update", ja="更新後の {name} が {after}")
_UPDATE = Text(en="the update of {name}", ja="{name} の更新")
_PASS = Text(en="a backward pass from {name}", ja="{name} からの逆伝播")
_LATER = Text(en="This run has not got there yet.", ja="この実行は、まだそこまで進んでいません。")
_FACTS: dict[str, Text] = {
    "value": Text(en="{node} is {number} here.", ja="こちらでは {node} が {number} です。"),
    "node": Text(en="{node} = {formula} is made here.", ja="こちらでは {node} = {formula} が作られます。"),
    "contribution": Text(
        en="{user} hands {number} on to {node}{early}.", ja="{user} から {node} へ {number} が渡ります{early}。"
    ),
    "delivery": Text(
        en="{user} hands {number} on to {node} once more{early}.",
        ja="{user} から {node} へ、もう一度 {number} が渡ります{early}。",
    ),
    "gradient": Text(
        en="after this contribution {node} holds {number}.", ja="この寄与のあと、{node} の勾配は {number} です。"
    ),
    "event": Text(en="{what} here.", ja="こちらでは、{what} です。"),
}
_PAST: dict[str, Text] = {
    "value": Text(en="{node} was {number} here.", ja="こちらでは {node} が {number} でした。"),
    "node": Text(en="{node} = {formula} was made here.", ja="こちらでは {node} = {formula} が作られました。"),
    "contribution": Text(
        en="{user} handed {number} on to {node}{early}.", ja="{user} から {node} へ {number} が渡りました{early}。"
    ),
    "delivery": Text(
        en="{user} handed {number} on to {node} once more{early}.",
        ja="{user} から {node} へ、もう一度 {number} が渡りました{early}。",
    ),
    "gradient": Text(
        en="after one contribution {node} held {number}.", ja="ある寄与のあと、{node} の勾配は {number} でした。"
    ),
    "event": Text(en="{what} here.", ja="こちらでは、{what} でした。"),
}
_NEVER: dict[str, Text] = {
    "delivery": Text(en="this run does not do that.", ja="こちらでは起こりません。"),
    "event": Text(en="here {what} is missing.", ja="こちらには {what} がありません。"),
    "node": Text(en="this run had ended before that.", ja="こちらの実行は、その前に終わっています。"),
}
