"""Which settings a run had when: those of its first steps, and others from every step at which somebody changed them.

`run.json` notes under `resumed` what was in force before: `before` of the first entry that is not before a step.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tracer.train.about import About
from tracer.train.entry import MOST_STEPS, Changes, Setting


@dataclass(frozen=True)
class Stretch:
    """Steps that were taken with the same settings."""

    until: int | None
    """The last of them; None where they go on."""
    settings: Mapping[str, Setting]
    """As the user asked for them."""
    steps: int | None
    """How many were planned, as the user asked for them."""
    carried: bool = False
    """Whether what comes after was gone on with by `carrying`; else with the checkpoint as it was."""

    def is_like(self, other: Stretch) -> bool:
        """Whether the same was asked for; on another device it is the same."""
        mine, theirs = ({**one.settings, "device": None} for one in (self, other))
        return self.steps == other.steps and all(
            kind(mine.get(name)) == kind(theirs.get(name)) for name in {**mine, **theirs}
        )

    def job(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """A job with these settings; on whatever device it was to be on."""
        device = {"device": job["settings"]["device"]} if "device" in job["settings"] else {}
        return {**job, "settings": {**self.settings, **device}, "steps": self.steps}


def stretches(about: About) -> tuple[Stretch, ...]:
    """All that a run has had, ascending; at least one."""
    found: list[Stretch] = []
    for one in about.resumed:
        step, before = _step(one), _before(one)
        if before is None or step is None:
            continue
        carried = one.get("carried") is True
        if found and step <= (found[-1].until or 0):  # changed again before another step was taken
            found[-1] = replace(found[-1], carried=found[-1].carried or carried)
        else:
            found.append(Stretch(step, *before, carried))
    now = Stretch(None, dict(about.asked["settings"]), about.asked["steps"])
    kept: list[Stretch] = []
    for stretch in (*found, now):
        if kept and kept[-1].is_like(stretch):  # something else was other: versions, the program
            kept[-1] = stretch
        else:
            kept.append(stretch)
    return tuple(kept)


def number_in_force(parts: tuple[Stretch, ...], step: int) -> int:
    """Which stretch a step belongs to; of step 0, what the run began with."""
    return next((i for i, part in enumerate(parts) if part.until is None or step <= part.until), len(parts) - 1)


def cut_back(about: About, taken: int) -> About:
    """A run of which later steps are lost: what was changed after them is changed here."""
    resumed = [
        {**one, "step": taken} if isinstance(one.get("step"), int) and one["step"] > taken else one
        for one in about.resumed
    ]
    return replace(about, resumed=tuple(resumed)) if resumed != list(about.resumed) else about


def entry(about: About, step: int, what: list[str], *, carried: bool) -> dict[str, Any]:
    """What `resumed` notes of a run that is gone on with something else."""
    before = {
        "steps": about.asked["steps"],
        "settings": dict(about.asked["settings"]),
        "in_use": {**about.settings, "steps": about.steps},
    }
    return {"step": step, "what": what, "before": before, "carried": carried}


def changes(about: About) -> Changes:
    """Where the settings of a run became others: those in use, the program's defaults too."""
    marks: list[tuple[int, dict[str, Setting]]] = []
    for one in about.resumed:
        step, before = _step(one), _before(one)
        if before is None or step is None or (marks and marks[-1][0] == step):
            continue
        used = one["before"].get("in_use")
        # an older run noted only what was asked for
        asked = dict(before[0]) | ({} if before[1] is None else {"steps": before[1]})
        marks.append((step, used if isinstance(used, dict) and all(map(_is_setting, used.values())) else asked))
    now = {**about.settings, "steps": about.steps}
    found = []
    for i, (step, was) in enumerate(marks):
        after = {**now, **(marks[i + 1][1] if i + 1 < len(marks) else {})}
        other = {name: (value, after.get(name)) for name, value in was.items() if _other(value, after.get(name))}
        if "steps" not in about.settings:  # then no number depends on how many there will be
            other.pop("steps", None)
        if other:
            found.append((step, other))
    return tuple(found)


def _other(was: Setting, now: Setting | None) -> bool:
    return kind(was) != kind(now)


def kind(value: Setting | None) -> tuple[bool, Setting | None]:
    """What two settings have in common if they are the same: on is not 1."""
    return isinstance(value, bool), value


def _step(one: Mapping[str, Any]) -> int | None:
    """After how many steps an entry was made; None where it tells no such number."""
    step = one.get("step")
    return step if type(step) is int and 0 <= step <= MOST_STEPS else None


def _before(one: Mapping[str, Any]) -> tuple[dict[str, Setting], int | None] | None:
    """The settings and the number of steps asked for, that an entry notes; None where it notes none."""
    before = one.get("before")
    if not isinstance(before, dict) or "steps" not in before:
        return None
    settings, steps = before.get("settings"), before["steps"]
    if not isinstance(settings, dict) or not all(map(_is_setting, settings.values())):
        return None
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 1):
        return None
    return settings, steps


def _is_setting(found: Any) -> bool:
    """Whether it is one that `settings` may hold: a number that is none, or larger than any, is not."""
    return isinstance(found, bool | str) or (isinstance(found, int | float) and abs(found) <= sys.float_info.max)
