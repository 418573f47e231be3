"""Every number of a trace checked, each in the ways its size allows; and how many were checked in which way.

All values, all sums of contributions and all rules are checked by columns. The root is run again for every node of a
small graph; of a large one for its leaves and for a sample of the others, as far as a budget of computed numbers goes.
Leaves beyond that move together, in one random direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tracer.explain.check import Check, check_value, collect, judge, measure
from tracer.explain.columns import AGREES, RESOLVES, Bools, rules, sums, values
from tracer.explain.edges import Floats, Ints, carried
from tracer.explain.slopes import COLUMNS, Slopes, along, replay_of
from tracer.explain.tensor_survey import TensorPassCheck, check_tensor_pass, wrong_tensor_values
from tracer.explain.words import EMPTY, Names, count, join
from tracer.text import Text
from tracer.trace.segment import Pass
from tracer.trace.trace import Trace

BUDGET = 150_000_000
"""Numbers computed at most for finite differences of the root: some seconds."""
SEED = 20
"""Of the random direction and the sample, so that a survey says the same twice."""


@dataclass(frozen=True)
class PassCheck:
    """What was found out about one pass."""

    this: Pass
    nudged: Ints
    """(k,) nodes for which the graph was run again, ascending."""
    slopes: Slopes
    """(k,)"""
    together: Ints
    """Leaves that moved together in one direction."""
    unsure: Bools
    """(n,) nodes whose gradient goes back to a rule that could not be measured where it was used."""
    wrong: Ints
    """Nodes whose check fails, in the order in which their gradients were complete."""


@dataclass(frozen=True)
class TraceCheck:
    """The checks of a whole trace."""

    trace: Trace
    wrong_values: Ints
    """Nodes whose value does not follow from their inputs, oldest first."""
    passes: tuple[PassCheck, ...]
    """Those over plain numbers."""
    tensor_passes: tuple[TensorPassCheck, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        wrong = any(len(one.wrong) for one in self.passes) or any(one.wrong for one in self.tensor_passes)
        return not len(self.wrong_values) and not wrong

    @cached_property
    def first_wrong(self) -> Check | None:
        """The first number that is wrong: a value, else the gradient that was complete first."""
        if len(self.wrong_values):
            return self.of(int(self.wrong_values[0]))
        one = next((one for one in self.passes if len(one.wrong)), None)
        if one is not None:
            return self._judged(one, int(one.wrong[0]))
        found = next((one for one in self.tensor_passes if one.wrong), None)
        return None if found is None else found.checks[found.wrong[0]]

    @property
    def checks(self) -> Mapping[int, Check]:
        """Node -> its check, each made when it is asked for."""
        return _Checks(self)

    def of(self, node: int) -> Check:
        """The check of one node: in the first pass where it fails, else in the last that reached it."""
        tensors = [one for one in self.tensor_passes if node in one.checks]
        if tensors:
            return next((one for one in tensors if node in one.wrong), tensors[-1]).checks[node]
        reached = [one for one in self.passes if one.this.reached(node)]
        if not reached:
            return check_value(self.trace, node, Names(self.trace)(node))
        failed = (one for one in reached if node in one.wrong)
        return self._judged(next(failed, reached[-1]), node)

    def _judged(self, one: PassCheck, node: int) -> Check:
        at = int(np.searchsorted(one.nudged, node))
        tried = at < len(one.nudged) and int(one.nudged[at]) == node
        measured = one.slopes.take(slice(at, at + 1)) if tried else None
        sound = self.ok and not one.this.by_hand and not one.unsure[node]
        return judge(self.trace, collect(self.trace, one.this, [node], measured, sound=sound)[0])

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many were checked in which way.

        values: computed again. gradients: added up again. rules: measured by nudging an op alone. nudged: gradients
        compared with the root's own slope. together: leaves compared in one direction. undecided: rules at a kink, out
        of their domain or too flat to be measured.
        """
        found = rules(self.trace)
        tried = np.isfinite(found.rule)
        return {
            "values": int((self.trace.columns.op > 0).sum()),
            "gradients": sum(len(this.columns.nodes) for this in self.trace.passes),
            "rules": int(found.decided.sum()) + sum(one.rules for one in self.tensor_passes),
            "nudged": sum(len(one.nudged) for one in self.passes) + sum(len(one.nudged) for one in self.tensor_passes),
            "together": sum(len(one.together) for one in self.passes),
            "undecided": int((tried & ~found.decided).sum()) + sum(one.undecided for one in self.tensor_passes),
        }

    @property
    def summary(self) -> Text:
        """What was done, and whether all is well."""
        n = self.counts
        parts = [
            count(n["values"], "value computed again", "values computed again", "値 {} 個を再計算"),
            count(n["gradients"], "gradient added up again", "gradients added up again", "勾配 {} 個を足し直し"),
            count(n["rules"], "local gradient nudged", "local gradients nudged", "局所勾配 {} 個を動かして確認"),
            count(
                n["nudged"],
                "gradient nudged at the root",
                "gradients nudged at the root",
                "勾配 {} 個を出発点の動きで確認",
            ),
        ]
        if n["together"]:
            parts.append(
                count(n["together"], "more leaf moved along", "more leaves nudged together", "葉 {} 個をまとめて確認")
            )
        done = Text(", ".join(part.en for part in parts) + ".", "、".join(part.ja for part in parts) + "しました。")
        unsure = EMPTY
        if n["undecided"]:
            unsure = count(
                n["undecided"],
                "local gradient cannot be measured: at a kink, outside a domain, or too flat.",
                "local gradients cannot be measured: at a kink, outside a domain, or too flat.",
                "折れ目・定義域の外・平らすぎる場所にあって測れない局所勾配が {} 個あります。",
            )
        if self.first_wrong is None:
            return join(done, unsure, self._all_well)
        return join(
            done, unsure, Text(f"Wrong: {self.first_wrong.reason.en}.", f"誤り：{self.first_wrong.reason.ja}。")
        )

    @property
    def _all_well(self) -> Text:
        """That nothing is wrong; in what could be checked, where something could not."""
        open_ = {why: n for why, n in self.unchecked.items() if n}
        if not open_:
            return Text("Nothing is wrong.", "誤りは見つかりませんでした。")
        some, total = [_UNCHECKED[why].format(n=n) for why, n in open_.items()], sum(open_.values())
        en, ja = ", ".join(one.en for one in some), "、".join(one.ja for one in some)
        return Text(
            f"Nothing is wrong in what could be checked; {total} gradient{'s'[: total > 1]} could not be: {en}.",
            f"確かめられた範囲では誤りは見つかりませんでした。確かめられなかった勾配が {total} 個あります：{ja}。",
        )

    @cached_property
    def unchecked(self) -> Mapping[str, int]:
        """How many gradients could not be decided, by the reason; the same as have the mark `?` in a sound trace."""
        found = dict.fromkeys(_UNCHECKED, 0)
        for one in self.passes:
            for why, n in self._unchecked_in(one):
                found[why] += n
        for tensors in self.tensor_passes:
            for why, n in tensors.unchecked.items():
                found[why] += n
        return found

    def _unchecked_in(self, one: PassCheck) -> Iterator[tuple[str, int]]:
        nodes, at, slopes = one.this.columns.nodes.astype(np.int64), one.nudged, one.slopes
        alone = sums(self.trace, one.this).alone
        infinite = ~np.isfinite(alone)
        if not np.isfinite(self.trace.columns.value[one.this.root]):
            infinite[nodes] = True
        infinite[at[~np.isfinite(slopes.slope)]] = True
        kink = (slopes.kink >= 0) & ~infinite[at]
        edges_open = np.zeros(self.trace.n_nodes, bool)
        edges_open[one.this.targets[~rules(self.trace).decided[one.this.edges]]] = True
        with np.errstate(all="ignore"):
            coarse = slopes.error > RESOLVES * np.maximum(np.abs(alone[at]), np.abs(slopes.slope))
        flat = coarse & (alone[at] != 0) & edges_open[at] & ~kink & ~infinite[at]
        rest = np.setdiff1d(nodes, np.concatenate([at, one.together]))
        rest = rest[~infinite[rest]]
        yield "not finite", int(infinite[nodes].sum())
        yield "kink", int(kink.sum())
        yield "flat", int(flat.sum())
        yield "not nudged", len(rest) if one.this.by_hand else int(one.unsure[rest].sum())


_UNCHECKED = {
    "not finite": Text(
        "{n} not finite, or from a result that is not", "有限でない、または有限でない結果から来たもの {n} 個"
    ),
    "kink": Text("{n} at a kink", "折れ目にあるもの {n} 個"),
    "lost": Text("{n} partly rounded to 0 on the way", "途中で 0 に丸められたもの {n} 個"),
    "flat": Text("{n} too small to measure", "小さすぎて測れないもの {n} 個"),
    "hook": Text("{n} that a hook replaced", "フックが書き換えたもの {n} 個"),
    "not nudged": Text("{n} that no nudge reached", "動かして確かめていないもの {n} 個"),
}


class _Checks(Mapping[int, Check]):
    def __init__(self, of: TraceCheck) -> None:
        self._of = of

    def __len__(self) -> int:
        return self._of.trace.n_nodes

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __getitem__(self, node: int) -> Check:
        if not 0 <= node < len(self):
            raise KeyError(node)
        return self._of.of(int(node))


def check_trace(trace: Trace, *, budget: int = BUDGET) -> TraceCheck:
    """Check every value and every gradient of every pass.

    Args:
        budget: numbers computed at most for finite differences of the roots.
    """
    share = budget // max(1, len(trace.passes))
    plain = [this for this in trace.passes if this.columns.slots is None]
    passes = tuple(_check_pass(trace, this, share) for this in plain)
    wrong = np.union1d(np.flatnonzero(values(trace).wrong), wrong_tensor_values(trace))
    whole = not len(wrong)
    tensors = tuple(check_tensor_pass(trace, this, share, whole) for this in trace.passes if this not in plain)
    return TraceCheck(trace, wrong, passes, tensors)


def _check_pass(trace: Trace, this: Pass, budget: int) -> PassCheck:
    rows = len(replay_of(trace, this.root).nodes)
    nudged, rest = _chosen(trace, this, max(1, budget // (COLUMNS * rows)))
    measured = measure(trace, this, nudged)
    together = np.zeros(0, np.int64)
    if len(rest):
        together, more = _move_together(trace, this, rest)
        if len(more):
            extra = measure(trace, this, more)
            order = np.argsort(np.concatenate([nudged, more]), kind="stable")
            nudged = np.concatenate([nudged, more])[order]
            measured = measured.and_(extra).take(order)
    return PassCheck(this, nudged, measured, together, _unsure(trace, this), _wrong(trace, this, nudged, measured))


def _chosen(trace: Trace, this: Pass, most: int) -> tuple[Ints, Ints]:
    """Nodes to nudge, at most `most`, and the leaves left over: leaves before others, updated leaves before all."""
    nodes = this.columns.nodes.astype(np.int64)
    if len(nodes) <= most:
        return nodes, np.zeros(0, np.int64)
    leaf = trace.columns.op[nodes] == 0
    updated = np.isin(nodes, trace.columns.updates.node)
    rng = np.random.default_rng(SEED)
    order = nodes[np.lexsort((rng.random(len(nodes)), ~leaf, ~(leaf & updated)))]
    chosen = order[: max(most, int((leaf & updated).sum()))]
    rest = np.setdiff1d(nodes[leaf], chosen)
    return np.sort(chosen), rest


def _move_together(trace: Trace, this: Pass, leaves: Ints) -> tuple[Ints, Ints]:
    """Nudge leaves all at once; where that contradicts their gradients, halve until single suspects are found.

    Returns:
        (leaves whose gradients agree together, leaves to be nudged one by one)
    """
    grads = sums(trace, this).alone
    if this.combine == "assign" or not np.isfinite(grads[leaves]).all():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rng = np.random.default_rng(SEED)
    size = np.maximum(np.abs(trace.columns.value), 1e-2)
    agreed: list[Ints] = []
    suspects: list[Ints] = []
    waiting = [leaves]
    while waiting:
        part = waiting.pop()
        direction = rng.choice([-1.0, 1.0], len(part)) * size[part]
        slope, error = along(trace, this.root, part, direction)
        terms = grads[part] * direction
        if abs(terms.sum() - slope) <= error + AGREES * float(np.sqrt((terms**2).sum())):
            agreed.append(part)
        elif len(part) == 1 or len(suspects) >= 16:
            suspects.append(part)
        else:
            waiting += [part[len(part) // 2 :], part[: len(part) // 2]]
    none = np.zeros(0, np.int64)
    singles = [part for part in suspects if len(part) == 1]
    return np.concatenate([none, *agreed]), np.concatenate([none, *singles])


def _unsure(trace: Trace, this: Pass) -> Bools:
    """(n,) nodes whose gradient goes back to a rule that could not be measured."""
    found = np.zeros(trace.n_nodes, bool)
    open_ = ~rules(trace).decided[this.edges] & (carried(trace, this.index).contribution != 0)
    if not open_.any():
        return found
    tainted = found.tolist()
    for user, target, unmeasured in zip(this.users.tolist(), this.targets.tolist(), open_.tolist(), strict=True):
        if unmeasured or tainted[user]:
            tainted[target] = True
    return np.array(tainted, bool)


def _wrong(trace: Trace, this: Pass, nudged: Ints, measured: Slopes) -> Ints:
    """Nodes of a pass whose check fails, in the order in which their gradients were complete."""
    total = sums(trace, this)
    bad = total.wrong.copy()
    bad[this.targets[rules(trace).wrong[this.edges]]] = True
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(total.alone[nudged]), np.abs(measured.slope))
        off: Floats = np.abs(total.alone[nudged] - measured.slope)
        bad[nudged[(off > measured.error + AGREES * size) & (measured.kink < 0)]] = True
    last = np.full(trace.n_nodes, -1)
    last[this.targets] = np.arange(len(this.targets))
    suspects = np.flatnonzero(bad)
    suspects = suspects[np.argsort(last[suspects], kind="stable")]
    if not len(suspects):
        return suspects
    where = {int(node): i for i, node in enumerate(nudged.tolist())}
    kept = []
    for node in suspects.tolist():
        i = where.get(node)
        one = None if i is None else measured.take(slice(i, i + 1))
        if judge(trace, collect(trace, this, [node], one)[0]).mark == "✗":
            kept.append(node)
    return np.array(kept, np.int64)
