"""Going on with other settings: where that can be done, and what to say where only a new run can have them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tracer.errors import FileFormatError, ProgramError
from tracer.text import Text, clean
from tracer.train import carrying, checkpoint, parameters
from tracer.train.built import Built
from tracer.train.checkpoint import Checkpoint
from tracer.train.in_force import kind
from tracer.train.report import setting_in_words

WHILE_IT_RUNS = ("device", "steps")
"""Settings of which another value changes nothing of what was learned, or is told by words of its own."""


def others(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """The settings that are other ones, but for those of `WHILE_IT_RUNS`."""
    names = [name for name in {**was, **now} if name not in WHILE_IT_RUNS]
    return tuple(name for name in names if kind(was.get(name)) != kind(now.get(name)))


def check(was: Built, now: Built, *, taken: int) -> None:
    """Raise unless what was trained with some settings can go on with others.

    Args:
        taken: steps taken so far.

    Raises:
        ProgramError: it cannot: why, and how to have a new run.
    """
    before, after = was.setup().settings, now.setup().settings
    if before.get("seed") != after.get("seed"):
        raise only_new(now, ("seed",), SEED)
    if was.job["mode"] != now.job["mode"]:
        raise only_new(now, ("mode",), DATA)
    names = others(before, after)
    why = _why_not(was, now, taken) if names else None
    if why is not None:
        raise only_new(now, names, why)


def only_new(now: Built, names: Sequence[str], why: Text) -> ProgramError:
    """What to say of settings that only a new run can have."""
    settings = now.setup().settings
    told = ", ".join(f"{name}={setting_in_words(settings.get(name, 'off'))}" for name in names)
    command = command_of(now)
    return ProgramError(
        clean(f"{told}: {why.en}, so this run cannot go on with it."),
        hint=f"A new run can have it: {command}",
        ja=clean(f"{told}: {why.ja}、この訓練の途中からは使えません。"),
        hint_ja=f"新しい訓練なら使えます: {command}",
    )


def _why_not(was: Built, now: Built, taken: int) -> Text | None:
    """What would be another thing altogether; None where nothing is."""
    old, new = was.training, now.training
    before, after = parameters.shapes(old), parameters.shapes(new)
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            return _shapes(name, before.get(name), after.get(name))
    if (parameters.engine_of(old), parameters.device_and_dtype(old)[1]) != (
        parameters.engine_of(new),
        parameters.device_and_dtype(new)[1],
    ):
        return Text("its numbers are of another kind", "数の種類が変わるので")
    learned = [(one.documents, one.held_out, one.symbols, tuple(one.rows)) for one in (old, new)]
    if learned[0] != learned[1] or was.data.sha256 != now.data.sha256:
        return DATA
    if old.state is None or new.state is None:
        if taken:
            return Text("its Training names no `state` to go on with", "Training に `state` がないので")
    elif set(old.state) != set(new.state):
        return Text("the state that its steps change has other parts", "ステップが変える state の中身が変わるので")
    return None


DATA = Text("it learns from other data", "学習するデータが変わるので")
SEED = Text("the seed decides what a run begins with", "シードは最初の重みとデータの順序を決めるので")


def _shapes(name: str, was: tuple[int, ...] | None, now: tuple[int, ...] | None) -> Text:
    if now is None:
        return Text(f"there would be no {name}", f"{name} がなくなるので")
    if was is None:
        return Text(f"there would be a parameter {name}", f"パラメータ {name} が増えるので")
    return Text(f"{name} would have shape {now} instead of {was}", f"{name} の形が {was} から {now} に変わるので")


def command_of(built: Built) -> str:
    """What to type for a new run with these settings."""
    job = built.job
    shown = job["shown"] if Path(job["shown"]).exists() else job["path"]
    words = ["tracer", "train", shown]
    for name in ("data", "mode", "engine", "seed", "steps", "init"):
        words += [] if job[name] is None else [f"--{name}", str(job[name])]
    words += [f"{name}={setting_in_words(value)}" for name, value in job["settings"].items()]
    return clean(shlex.join(words))


def begun(built: Built) -> Checkpoint:
    """What a training begins with, before anything of a run is put into it."""
    return checkpoint.take(built.training, 0)


def carry(at: Checkpoint, was: Checkpoint, now: Checkpoint, built: Built, path: Path) -> None:
    """Bring a newly built training with other settings to where another stands.

    Args:
        at: where that stands.
        was: what that began with.
        now: what the new one begins with.
        path: what messages call it.

    Raises:
        ProgramError, FileFormatError: it does not fit.
    """
    try:
        found = carrying.carried(at, was, now)
    except (KeyError, TypeError, ValueError) as problem:  # a checkpoint that somebody edited
        raise FileFormatError(
            clean(f"{path}: does not fit the program: {type(problem).__name__}."),
            ja=clean(f"{path}: プログラムと合いません（{type(problem).__name__}）。"),
        ) from None
    checkpoint.put_back(built.training, found, path)
