"""Going on with a run from its folder, or bringing a training to a step of it: exactly, or refused with the reason."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tracer.errors import FileFormatError, NotFoundError, ProgramError, TracerError
from tracer.files import write_atomic
from tracer.text import Text, clean
from tracer.train import checkpoint, log, parameters, weights
from tracer.train.about import About, finite_or_word
from tracer.train.built import Built
from tracer.train.checkpoint import Checkpoint
from tracer.train.entry import Training
from tracer.train.run import PROGRAM

Tick = Callable[[int], object]


@dataclass(frozen=True)
class GoneOn:
    """Where a run is gone on with."""

    taken: int
    size: int
    """Bytes of the log up to there."""
    spent: float
    notes: tuple[Text, ...]
    keep: tuple[int, ...]
    """Steps at which the run was gone on with something else: their checkpoints are needed."""


def bring(training: Training, folder: Path | None, to: int, tick: Tick = lambda step: None) -> int:
    """Bring a newly built training near a step of its run, from the nearest checkpoint that can be read.

    Args:
        folder: of the run; None where it is not kept.
        to: steps taken, at most.

    Returns:
        Steps taken: the rest is to be taken.

    Raises:
        ProgramError, FileFormatError: a checkpoint does not fit the program.
    """
    for step in reversed(checkpoint.steps_in(folder) if folder is not None else ()):
        if step > to:
            continue
        assert folder is not None, "it has checkpoints"
        try:
            found = checkpoint.read(folder, step)
        except (FileFormatError, NotFoundError):  # the one before will do
            continue
        if found.state is not None:
            checkpoint.put_back(training, found, checkpoint.path_of(folder, step))
            return step
        if step == 0:  # the program does not say what else a step changes; but nothing has been yet
            parameters.put(training, found.parameters, str(checkpoint.path_of(folder, 0)))
            return 0
    init = None if folder is None else About.read(folder).asked["init"]
    if init is not None:  # no checkpoint says any more what the run began with
        parameters.put(training, weights.read_weights(init), init)
    return 0


def planned(about: About, step: int) -> int | None:
    """The number of steps that was asked for when a step was taken; later, more may have been."""
    for one in about.resumed:
        before = one.get("before")
        if isinstance(one.get("step"), int) and step <= one["step"] and isinstance(before, dict) and "steps" in before:
            asked = before["steps"]
            return asked if isinstance(asked, int) else None
    asked = about.asked["steps"]
    return asked if isinstance(asked, int) else None


def go_on(built: Built, folder: Path, *, force: bool) -> GoneOn:
    """Bring a training to the last checkpoint of a run whose lock is held.

    What is in the folder changes only where something else is to be gone on with, and then only `run.json`.

    Raises:
        FileFormatError, NotFoundError: the folder is no whole run.
        ProgramError: something is other than when the run began, and nobody forces it.
    """
    about = About.read(folder)
    reports, ends = log.read(folder)
    now = built.about()
    if not force:
        _refuse_changes(folder, about, now)
        if built.training.state is None and "steps" in now.settings and about.steps != now.steps:
            raise _other_schedule(folder, about.steps, now.steps)
    there = checkpoint.steps_in(folder)
    if not force and there and there[-1] > len(reports):
        raise _newer(folder, there[-1], len(reports))
    taken, notes = _last(built.training, folder, len(reports))
    if taken and _is_over(reports[taken - 1].loss, reports[taken - 1].broken):
        raise _over(folder, taken, reports[taken - 1].loss, reports[taken - 1].broken)
    if now.steps < taken:
        raise _past(folder, taken, now.steps)
    changed, more = _changes(about, now)
    if changed:
        before = {"steps": about.asked["steps"], "settings": dict(about.asked["settings"])}
        entry = {"step": taken, "what": changed, "before": before}
        if now.program.sha256 != about.program.sha256:
            write_atomic(folder / PROGRAM, built.source, FileFormatError)
        replace(now, created=about.created, resumed=(*about.resumed, entry)).write(folder)
        if force:
            for step in there:
                if step > taken:
                    with suppress(OSError):
                        checkpoint.path_of(folder, step).unlink()
    keep = tuple(one["step"] for one in about.resumed if isinstance(one.get("step"), int))
    spent = reports[taken - 1].seconds if taken else 0.0
    return GoneOn(taken, ends[taken - 1] if taken else 0, spent, (*notes, *more), keep)


def _last(training: Training, folder: Path, most: int) -> tuple[int, list[Text]]:
    """Bring a training to the last checkpoint that can be read; its step, and what is to be said."""
    notes: list[Text] = []
    found: Checkpoint | None = None
    for step in reversed(checkpoint.steps_in(folder)):
        if step <= most:
            try:
                found = checkpoint.read(folder, step)
                break
            except (FileFormatError, NotFoundError) as problem:
                notes.append(Text(f"{problem.message} The one before is used.", f"{problem.ja} 一つ前を使います。"))
    if found is None:
        notes.append(
            Text(
                "no checkpoint can be read: all steps are taken again from the seed.",
                "読めるチェックポイントがないので、最初からやり直します。",
            )
        )
        return bring(training, folder, 0), notes
    if found.state is not None:
        checkpoint.put_back(training, found, checkpoint.path_of(folder, found.step))
        return found.step, notes
    bring(training, folder, 0)
    for i in range(found.step):
        training.step(i)
    return found.step, notes


def _refuse_changes(folder: Path, about: About, now: About) -> None:
    """Raise if the program, the data or a setting is another.

    Raises:
        ProgramError: which, with both.
    """
    what: tuple[str, str, str, str] | None = None
    if about.program.sha256 != now.program.sha256:
        what = ("the program has changed", "プログラムが変わっています", about.program.sha256, now.program.sha256)
    elif about.data.sha256 != now.data.sha256:
        name = now.data.name or "the program's own"
        what = (
            f"the data ({name}) have changed",
            f"データ（{name}）が変わっています",
            about.data.sha256,
            now.data.sha256,
        )
    if what is not None:
        en, ja, was, got = what
        raise ProgramError(
            clean(f"{folder}: {en}: SHA-256 was {was[:16]}…, it is {got[:16]}… now."),
            hint="Going on would not give the numbers of one run. --force goes on all the same.",
            ja=clean(f"{folder}: {ja}（SHA-256 は {was[:16]}…、現在は {got[:16]}…）。"),
            hint_ja="続けても、一つの訓練と同じ数にはなりません。それでも続けるには --force を付けてください。",
        )
    was_settings, settings = dict(about.settings), dict(now.settings)
    for name in ("device", "steps"):
        was_settings.pop(name, None), settings.pop(name, None)
    for name in {**was_settings, **settings}:
        if was_settings.get(name) != settings.get(name):
            raise ProgramError(
                clean(
                    f"{folder}: the run has {name}={was_settings.get(name)}; {name}={settings.get(name)} was asked for."
                ),
                hint="Going on would not give the numbers of one run. --force goes on all the same.",
                ja=clean(f"{folder}: この訓練は {name}={was_settings.get(name)} です（指定: {settings.get(name)}）。"),
                hint_ja="続けても、一つの訓練と同じ数にはなりません。それでも続けるには --force を付けてください。",
            )


def _changes(about: About, now: About) -> tuple[list[str], list[Text]]:
    """What is other than when the run began, by name and as notes."""
    found: dict[str, Text] = {}
    pairs = {
        "program": (about.program.sha256[:16], now.program.sha256[:16], "プログラム"),
        "data": (about.data.sha256[:16], now.data.sha256[:16], "データ"),
        "device": (about.device, now.device, "デバイス"),
    }
    was_settings, settings = dict(about.settings), dict(now.settings)
    for name in ({**was_settings, **settings}).keys() - {"steps", "device"}:
        pairs[name] = (str(was_settings.get(name)), str(settings.get(name)), name)
    for name, (was, got, ja) in pairs.items():
        if was != got:
            found[name] = Text(
                f"{name} was {was}, it is {got} now: the numbers differ from here on.",
                f"{ja}が {was} から {got} に変わりました。ここから先の数は変わります。",
            )
    if about.steps != now.steps:
        found["steps"] = _other_plan(about.steps, now.steps, rate="steps" in was_settings or "steps" in settings)
    for name, was in about.versions.items():
        got = now.versions.get(name, "")
        if was != got:
            found[name] = Text(
                f"{name} was {was}, it is {got} now: the last digits of numbers may differ.",
                f"{name} が {was} から {got} になりました。数の最後の桁が変わるかもしれません。",
            )
    return list(found), [Text(clean(one.en), clean(one.ja)) for one in found.values()]


def _other_plan(was: int, got: int, *, rate: bool) -> Text:
    """Another number of planned steps, and what follows where the learning rate depends on it."""
    more = got > was
    if not rate:
        return Text(
            f"{got:,} steps are planned now, {was:,} were before.",
            f"予定のステップ数が {was:,} から {got:,} になりました。",
        )
    return Text(
        f"with {got:,} planned steps instead of {was:,} the learning rate falls more {'slowly' if more else 'quickly'}"
        " from here on.",
        f"予定のステップ数が {was:,} から {got:,} になったので、"
        f"ここからは学習率が{'ゆっくり' if more else '速く'}下がります。",
    )


def _is_over(loss: float, broken: str | None) -> bool:
    return broken is not None or not math.isfinite(loss)


def _over(folder: Path, step: int, loss: float, broken: str | None) -> ProgramError:
    what = f"the loss is {finite_or_word(loss)}" if not math.isfinite(loss) else f"{broken} is not finite"
    ja = f"損失が {finite_or_word(loss)}" if not math.isfinite(loss) else f"{broken} が有限でない値"
    return ProgramError(
        clean(f"{folder}: the run ended at step {step:,}, where {what}: there is nothing to go on with."),
        hint=f"Open that step to see why: tracer open {clean(str(folder))} --step {step}",
        ja=clean(f"{folder}: ステップ {step:,} で{ja}になって終わっているので、続けられません。"),
        hint_ja=f"原因を見るには: tracer open {clean(str(folder))} --step {step}",
    )


def _past(folder: Path, taken: int, steps: int) -> ProgramError:
    return ProgramError(
        clean(f"{folder}: the run has taken {taken:,} steps; {steps:,} were asked for."),
        hint=f"--steps counts from the first: give more than {taken:,}.",
        ja=clean(f"{folder}: すでに {taken:,} ステップ進んでいます（指定: {steps:,}）。"),
        hint_ja=f"--steps は最初からの数です。{taken:,} より大きい数を指定してください。",
    )


def _other_schedule(folder: Path, was: int, got: int) -> ProgramError:
    """All steps would be taken again, and those that the log has would come out otherwise."""
    return ProgramError(
        clean(f"{folder}: {was:,} steps were planned, and the program's steps depend on that; {got:,} were asked for."),
        hint="Its Training names no `state` to go on with, so the steps before would be taken again, and be others. "
        "--force goes on all the same.",
        ja=clean(f"{folder}: 予定は {was:,} ステップで、各ステップはその数に依存します（指定: {got:,}）。"),
        hint_ja="Training に `state` がないので、これまでのステップも違う数でやり直すことになります。"
        "それでも続けるには --force を付けてください。",
    )


def _newer(folder: Path, step: int, taken: int) -> TracerError:
    path = checkpoint.path_of(folder, step)
    return FileFormatError(
        clean(f"{path}: is newer than {log.NAME}, which ends after step {taken:,}."),
        hint="The log was cut. --force goes on from the last checkpoint that the log reaches.",
        ja=clean(f"{path}: {log.NAME} はステップ {taken:,} で終わっていて、それより新しいものです。"),
        hint_ja="ログが切られています。--force なら、ログにある最後のチェックポイントから続けます。",
    )
