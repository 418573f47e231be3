"""The last part of a recording as a recording of its own: what came before is left out, but for what it still needs.

Nodes made before the window and used in it, or updated, or reached by one of its passes, stand at its beginning with
all they were made from: leaves with the number and the gradient that they held when the window began.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import BACKWARD, ENDS, FORWARD, MARK, NO_LINE, UPDATE, WRITE, Columns, PassColumns, Table, Taps

Ints = NDArray[np.int64]
NO_SLOT = -1


class Window(NamedTuple):
    columns: Columns
    nodes: Ints
    """(n,) the new id of each old node, -1 where it is left out."""
    slots: Ints
    """(a,) the new row of each old row of the arena, -1 where it is left out."""


def window(c: Columns, first: int) -> Window | None:
    """The recording from the end of the pass before pass `first` on; None where passes are too entwined to be cut."""
    segments = c.segments
    index = np.where(segments[:, 0] == BACKWARD, segments[:, 3], -1)
    before = np.flatnonzero((index >= 0) & (index < first))
    after = np.flatnonzero(index >= first)
    if first <= 0 or not len(before) or (len(after) and after[0] < before[-1]):
        return None
    return _Cut(c, first, int(before[-1]) + 1).made()


class _Cut:
    """One cut, before segment `at`."""

    def __init__(self, c: Columns, first: int, at: int) -> None:
        self.c, self.first, self.at = c, first, at
        early = c.segments[:at]
        self.done = {kind: _done(early, kind) for kind in (FORWARD, WRITE, UPDATE, MARK)}
        self.old = self.done[FORWARD]
        """Nodes made before the window."""
        self.kept = self._needed()
        self.nodes = np.where(self.kept, np.cumsum(self.kept) - 1, -1)
        self.count = np.append(0, np.cumsum(self.kept))
        """How many of the first nodes are kept."""

    def _needed(self) -> NDArray[np.bool_]:
        c, old = self.c, self.old
        kept = np.zeros(len(c.value), bool)
        kept[old:] = True
        frontier = [c.inputs[int(c.offsets[old]) :]]
        for kind, table in ((WRITE, c.writes), (UPDATE, c.updates), (MARK, c.marks)):
            frontier.append(table.node[self.done[kind] :])
        frontier += [np.append(p.nodes, p.root) for p in c.passes[self.first :]]
        todo = np.unique(np.concatenate(frontier)).astype(np.int64)
        while len(todo := todo[~kept[todo]]):
            kept[todo] = True
            counts = c.offsets[todo + 1] - c.offsets[todo]
            edges = np.repeat(c.offsets[todo] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
            todo = np.unique(c.inputs[edges]).astype(np.int64)
        return kept

    def made(self) -> Window:
        c, kept = self.c, self.kept
        counts = np.diff(c.offsets)
        self.edges = np.repeat(kept, counts)
        self.edge_ids = np.where(self.edges, np.cumsum(self.edges) - 1, -1)
        self.values, self.slot = c.value.copy(), c.slot.copy()
        updates = self._versions()
        brought = self._gradients()
        prelude = self._prelude(updates)
        start = int(self.count[self.old])
        lead = [[WRITE, 0, len(brought), -1, 0]] if brought else []
        shift = {FORWARD: start - self.old, WRITE: len(brought) - self.done[WRITE]}
        shift |= {UPDATE: len(updates) - self.done[UPDATE], MARK: -self.done[MARK]}
        rest = c.segments[self.at :].copy()
        for row in rest:
            if row[0] == BACKWARD:
                row[3] -= self.first
            else:
                row[1:3] += shift[int(row[0])]
        scopes, scope = np.unique(c.scope[kept], return_inverse=True)
        statics, static = _renumbered(c.static[kept])
        rows = [row for row in c.info.get("brought", ()) if row >= self.done[WRITE]]
        row_of_brought = [*range(len(brought)), *(row + shift[WRITE] for row in rows)]
        info = {key: value for key, value in c.info.items() if key != "brought"}
        found = replace(
            c,
            op=c.op[kept],
            offsets=np.append(0, np.cumsum(counts[kept])),
            inputs=self.nodes[c.inputs[self.edges]].astype(np.int32),
            value=self.values[kept],
            flags=c.flags[kept],
            scope=scope.astype(np.int32),
            scopes=tuple(c.scopes[i] for i in scopes.tolist()),
            line=c.line[kept],
            segments=np.array([*prelude, *lead, *rest.tolist()], np.int64).reshape(-1, 5),
            writes=self._table(c.writes, self.done[WRITE], brought),
            updates=self._table(c.updates, self.done[UPDATE], updates),
            marks=self._table(c.marks, self.done[MARK], []),
            mark_texts=c.mark_texts[self.done[MARK] :],
            passes=tuple(self._pass(p) for p in c.passes[self.first :]),
            names={int(self.nodes[node]): name for node, name in c.names.items() if kept[node]},
            frozen=tuple((int(self.nodes[n]), kind, line) for n, kind, line in c.frozen if kept[n]),
            slot=self.slot[kept],
            static=static,
            statics=tuple(c.statics[i] for i in statics),
            update_notes=(
                *(c.update_notes[row] if row < len(c.update_notes) else None for row in self.versions),
                *c.update_notes[self.done[UPDATE] :],
            ),
            info={**info, **({"brought": row_of_brought} if row_of_brought else {})},
            taps=self._taps(),
            parameters={name: self._with_none()[one].astype(np.int32) for name, one in self.c.parameters.items()},
        )
        return self._with_arena(found)

    def _versions(self) -> list[dict[str, Any]]:
        """Updates before the window that a kept use of the leaf still tells apart, or that its last value needs.

        All others are taken into the value the leaf begins with.
        """
        c, table = self.c, self.c.updates
        rows = np.arange(self.done[UPDATE])
        rows = rows[self.kept[table.node[rows]]]
        old_edges = int(c.offsets[self.old])
        users = np.repeat(np.arange(self.old), np.diff(c.offsets[: self.old + 1]))
        users, inputs = users[self.edges[:old_edges]], c.inputs[:old_edges][self.edges[:old_edges]]
        self.versions: list[int] = []
        for node in np.unique(table.node[rows]).tolist():
            mine = rows[table.node[rows] == node]
            used = np.searchsorted(table.made[mine], users[inputs == node], side="right")
            needed = sorted({*used.tolist(), len(mine)})  # version 0 is what it was made with
            if needed[0]:
                self.values[node], self.slot[node] = table.value[mine[needed[0] - 1]], table.slot[mine[needed[0] - 1]]
            self.versions += [int(mine[version - 1]) for version in needed[1:]]
        self.versions.sort()
        held: dict[int, tuple[float, int]] = {}
        found = []
        for row in self.versions:
            one = {field.name: getattr(table, field.name)[row] for field in fields(Table)}
            node = int(one["node"])
            one["before"], one["before_slot"] = held.get(node, (self.values[node], self.slot[node]))
            held[node] = one["value"], one["slot"]
            found.append({**one, "node": self.nodes[node], "made": self.count[one["made"]]})
        return found

    def _gradients(self) -> list[dict[str, Any]]:
        """What the kept leaves hold as `.grad` when the window begins."""
        c = self.c
        leaf = self.kept[: self.old] & ((c.op[: self.old] == 0) | (c.flags[: self.old] & ENDS > 0))
        last = {int(index): at for at, index in enumerate(c.segments[: self.at, 3]) if index >= 0}
        held: dict[int, tuple[float, int]] = {}
        for at, (kind, low, high, index, _) in enumerate(c.segments[: self.at].tolist()):
            if kind == WRITE:
                for row in range(low, high):
                    node = int(c.writes.node[row])
                    held.pop(node, None)
                    if not c.writes.flag[row]:
                        held[node] = float(c.writes.value[row]), int(c.writes.slot[row])
            elif kind == BACKWARD and last[index] == at and c.passes[index].accumulates:
                this = c.passes[index]
                mine = np.flatnonzero((this.nodes < self.old) & leaf[np.minimum(this.nodes, self.old - 1)])
                for i in mine.tolist():
                    if int(this.nodes[i]) not in this.aside:
                        slot = NO_SLOT if this.slots is None else int(this.slots[i])
                        held[int(this.nodes[i])] = float(this.grads[i]), slot
        start = self.count[self.old]
        common = {"line": NO_LINE, "before": 0.0, "made": start, "flag": 0, "before_slot": NO_SLOT}
        return [
            {**common, "node": self.nodes[node], "value": value, "slot": slot}
            for node, (value, slot) in sorted(held.items())
            if leaf[node]
        ]

    def _prelude(self, updates: list[dict[str, Any]]) -> list[list[int]]:
        """The timeline of what was before: nodes, and updates between them."""
        found: list[list[int]] = []
        at, stop = 0, int(self.count[self.old])
        for row, one in enumerate(updates):
            made = int(one["made"])
            if made > at:
                found.append([FORWARD, at, made, -1, 0])
                at = made
            found.append([UPDATE, row, row + 1, -1, 0])
        return [*found, [FORWARD, at, stop, -1, 0]] if stop > at else found

    def _table(self, table: Table, begin: int, lead: list[dict[str, Any]]) -> Table:
        columns = {}
        for field in fields(Table):
            column = getattr(table, field.name)
            rest = column[begin:]
            if field.name == "node":
                rest = self.nodes[rest]
            elif field.name == "made":
                rest = self.count[rest]
            columns[field.name] = np.append(np.array([one[field.name] for one in lead]), rest).astype(column.dtype)
        return Table(**columns)

    def _taps(self) -> Taps:
        nodes = self._with_none()
        moved = {name: [nodes[one].astype(np.int32) for one in things] for name, things in self.c.taps.items()}
        kept = {name: tuple(one for one in things if (one >= 0).any()) for name, things in moved.items()}
        return {name: things for name, things in kept.items() if things}

    def _with_none(self) -> Any:
        """New ids by the old; node -1 stays -1."""
        return np.append(self.nodes, -1)

    def _pass(self, p: PassColumns) -> PassColumns:
        return replace(
            p,
            root=int(self.nodes[p.root]),
            nodes=self.nodes[p.nodes].astype(np.int32),
            schedule=None if p.schedule is None else self.edge_ids[p.schedule].astype(np.int32),
            hooked=tuple(int(self.nodes[node]) for node in p.hooked),
            aside=tuple(int(self.nodes[node]) for node in p.aside),
        )

    def _with_arena(self, found: Columns) -> Window:
        """The same with only those arrays that are still asked for."""
        used = np.zeros(len(self.c.arena), bool)
        slots = [found.slot, found.writes.slot, found.updates.slot, found.updates.before_slot]
        slots += [p.slots for p in found.passes if p.slots is not None]
        slots.append(np.array([p.seed for p in found.passes], np.int32))
        for rows in slots:
            used[rows[rows >= 0]] = True
        new = np.append(np.where(used, np.cumsum(used) - 1, -1), -1)  # row -1 stays -1

        def table(one: Table) -> Table:
            slot, before = new[one.slot].astype(np.int32), new[one.before_slot].astype(np.int32)
            return replace(one, slot=slot, before_slot=before)

        moved = replace(
            found,
            slot=new[found.slot].astype(np.int32),
            writes=table(found.writes),
            updates=table(found.updates),
            passes=tuple(
                replace(p, seed=int(new[p.seed]), slots=None if p.slots is None else new[p.slots].astype(np.int32))
                for p in found.passes
            ),
            arena=tuple(array for array, kept in zip(self.c.arena, used.tolist(), strict=True) if kept),
        )
        return Window(moved, self.nodes, new[:-1])


def _done(segments: Ints, kind: int) -> int:
    """Rows of this kind that the segments cover."""
    mine = segments[segments[:, 0] == kind]
    return int(mine[-1, 2]) if len(mine) else 0


def _renumbered(rows: NDArray[np.int32]) -> tuple[list[int], NDArray[np.int32]]:
    """(the rows that occur, the column in their new numbers); -1 stays -1."""
    known = np.unique(rows[rows >= 0])
    return known.tolist(), np.where(rows >= 0, np.searchsorted(known, rows), -1).astype(np.int32)
