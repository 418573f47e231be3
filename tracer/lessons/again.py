"""A recorded computation done once more with other numbers, for a trace whose program is not at hand.

Opening a file never runs anything that lies in it or beside it; so a saved trace is edited by performing its own
timeline again, op by op, with `Value`s: forward steps, passes, zeroings and marks, in the order they happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tracer.core.record import LeafKey, Override, Recorder, mark
from tracer.core.value import HandPass, Value, apply, constant
from tracer.errors import ProgramError
from tracer.trace.segment import Segment
from tracer.trace.trace import Trace


def perform(trace: Trace, overrides: Mapping[LeafKey, Override]) -> Trace:
    """`trace` as it would have been with these leaves; its graph stays the one that was recorded.

    Raises:
        ProgramError: the trace updates its leaves, or holds tensors, and only the program knew how; or a pass was cut
            off.
    """
    if len(trace.columns.updates.node):
        raise ProgramError(
            "this trace updates its leaves while it runs, and only the program knew by what rule.",
            hint="Open the program itself to change a number.",
            ja="この記録では途中で葉の値が更新されます。更新の規則はプログラムにしか分かりません。",
            hint_ja=_OPEN_JA,
        )
    if trace.columns.arena:
        raise ProgramError(
            "this trace holds tensors, and only its program can compute them again.",
            hint="Open the program itself to change a number.",
            ja="この記録はテンソルの計算です。計算し直せるのは元のプログラムだけです。",
            hint_ja=_OPEN_JA,
        )
    recorder = Recorder(lines=False)
    with recorder:
        _Performance(trace, overrides).play()
    c, made = trace.columns, recorder.columns()
    passes = zip(made.passes, c.passes, strict=True)
    again = replace(
        made,
        scope=c.scope, line=c.line, line_file=c.line_file, line_number=c.line_number, scopes=c.scopes, files=c.files,
        names=c.names, sources=c.sources, frozen=c.frozen, info=c.info, taps=c.taps,
        tap_numbers=c.tap_numbers, parameters=c.parameters,
        passes=tuple(replace(new, line=old.line, lines=old.lines) for new, old in passes),
        writes=replace(made.writes, line=c.writes.line),
        marks=replace(made.marks, line=c.marks.line),
    )  # fmt: skip
    return Trace(again)


_OPEN_JA = "数を変えるには、プログラムそのものを開いてください。"


class _Performance:
    """The nodes made so far and the pass under way."""

    def __init__(self, trace: Trace, overrides: Mapping[LeafKey, Override]) -> None:
        self.trace, self.values = trace, list[Value]()
        self.overrides = _by_node(trace, overrides)
        self.passes: dict[int, HandPass] = {}

    def play(self) -> None:
        for segment in self.trace.segments:
            getattr(self, f"_{segment.kind}")(segment)

    def _forward(self, segment: Segment) -> None:
        trace, number = self.trace, self.trace.columns.value
        for node in range(segment.first, segment.first + len(segment)):
            op = trace.op(node)
            if op is not None:
                self.values.append(apply(op, *(self.values[i] for i in trace.inputs(node))))
                continue
            value = self.overrides.get(node, float(number[node]))
            self.values.append(Value(value) if trace.kind(node) == "leaf" else constant(value))

    def _backward(self, segment: Segment) -> None:
        this = self.trace.passes[segment.pass_index]
        if not this.by_hand:
            if this.columns.nodes.size == 0:
                raise ProgramError("this trace was cut off inside a backward pass, so it cannot be run again.")
            if segment.seed:
                self.values[this.root].backward()
            return
        if segment.seed:
            self.passes[this.index] = HandPass(self.values[this.root], this.combine)
            self.passes[this.index].__enter__()
        count = (len(segment) - segment.seed) // 4
        for edge in this.edges[segment.first : segment.first + count].tolist():
            use = self.trace.edge(edge)
            self.passes[this.index].deliver(self.values[use.user], use.slot)
        if segment.stop == this.stop:
            self.passes[this.index].__exit__(None, None, None)

    def _write(self, segment: Segment) -> None:
        table = self.trace.columns.writes
        for row in range(segment.first, segment.first + len(segment)):
            self.values[int(table.node[row])].grad = None if table.flag[row] else float(table.value[row])

    def _mark(self, segment: Segment) -> None:
        table = self.trace.columns.marks
        for row in range(segment.first, segment.first + len(segment)):
            mark(self.values[int(table.node[row])], self.trace.columns.mark_texts[row])


def _by_node(trace: Trace, overrides: Mapping[LeafKey, Override]) -> dict[int, float]:
    """The overrides by node: leaves are counted line by line, as `Trace.leaf_key` counts them."""
    found: dict[int, float] = {}
    made: dict[int, int] = {}
    c = trace.columns
    for node in range(trace.n_nodes) if overrides else ():
        if c.op[node]:
            continue
        row = int(c.line[node])
        key = (*(trace.line_at(row) or ("", -1)), made.get(row, 0))
        made[row] = made.get(row, 0) + 1
        value = overrides.get(key)
        if isinstance(value, int | float):
            found[node] = value
    return found
