"""Going on with a run from its folder, or bringing a training to a step of it: exactly, or refused with the reason."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tracer.errors import FileFormatError, NotFoundError, ProgramError, TracerError
from tracer.files import write_atomic
from tracer.text import Text, clean
from tracer.train import changing, checkpoint, log, parameters, weights
from tracer.train.about import About, finite_or_word
from tracer.train.built import Built, build_training
from tracer.train.checkpoint import Checkpoint
from tracer.train.entry import Changes, Setting, Training
from tracer.train.in_force import Stretch, changes, cut_back, entry, number_in_force, stretches
from tracer.train.report import setting_in_words
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
    changes: Changes
    """Where its settings became others."""


@dataclass(frozen=True)
class Brought:
    """A training that has taken some steps of a run."""

    built: Built
    taken: int


def bring(job: dict[str, Any], folder: Path | None, to: int, goal: int, tick: Tick = lambda step: None) -> Brought:
    """Build a training and bring it near a step of its run, from the nearest checkpoint that can be read.

    Args:
        folder: of the run; None where it is not kept.
        to: steps taken, at most.
        goal: the step whose settings it is to have: `to`, or the one after it.
        tick: called with the number of each step taken on the way.

    Raises:
        TracerError: the program, or what is kept of the run, is wrong.
    """
    if folder is None:
        return Brought(build_training(job), 0)
    about = About.read(folder)
    parts = stretches(about)
    last = number_in_force(parts, goal)
    found = _nearest(folder, to)
    first = number_in_force(parts, found.step if found is not None else 0)
    built = build_training(parts[first].job(job), init=False)
    if first < last and built.training.state is None:  # it takes all steps again, as they are taken now
        first, built = last, build_training(parts[last].job(job), init=False)
    began = changing.begun(built) if first < last else None
    taken = _begin(built.training, folder, found, about)
    path = checkpoint.path_of(folder, taken)
    for number in range(first, last):
        part = parts[number]
        assert part.until is not None, "another follows"
        assert began is not None, "likewise"
        while taken < part.until:
            built.training.step(taken)
            taken += 1
            tick(taken)
        at, built = checkpoint.take(built.training, taken), build_training(parts[number + 1].job(job), init=False)
        was, began = began, changing.begun(built)
        changing.carry(at, was, began, built, path) if part.carried else checkpoint.put_back(built.training, at, path)
    return Brought(built, taken)


def _nearest(folder: Path, to: int) -> Checkpoint | None:
    """The last checkpoint of at most so many steps that can be gone on from."""
    for step in reversed(checkpoint.steps_in(folder)):
        if step <= to:
            try:
                found = checkpoint.read(folder, step)
            except (FileFormatError, NotFoundError):  # the one before will do
                continue
            if found.state is not None or step == 0:
                return found
    return None


def _begin(training: Training, folder: Path, found: Checkpoint | None, about: About) -> int:
    """Bring a newly built training to a checkpoint, or to before the first step; the steps taken."""
    if found is not None:
        path = checkpoint.path_of(folder, found.step)
        if found.state is not None:
            checkpoint.put_back(training, found, path)
        else:  # the program does not say what else a step changes; but nothing has been yet
            parameters.put(training, found.parameters, str(path))
        return found.step
    init = about.asked["init"]
    if init is not None:  # no checkpoint says any more what the run began with
        parameters.put(training, weights.read_weights(init), init)
    return 0


def go_on(built: Built, folder: Path, *, force: bool) -> GoneOn:
    """Bring a training to the last checkpoint of a run whose lock is held; with other settings where it has others.

    What is in the folder changes only where something else is to be gone on with: lines of the log that no checkpoint
    leads to go first, then `run.json` says what is other. Killed between the two, nothing has changed yet.

    Raises:
        FileFormatError, NotFoundError: the folder is no whole run.
        ProgramError: program or data are other than when the run began, and nobody forces it; or only a new run can
            have these settings.
    """
    about = About.read(folder)
    reports, ends = log.read(folder)
    now = built.about()
    if not force:
        _refuse_changes(folder, about, now)
        if about.settings.get("seed") != now.settings.get("seed"):
            raise changing.only_new(built, ("seed",), changing.SEED)
        if about.mode != now.mode:
            raise changing.only_new(built, ("mode",), changing.DATA)
        if built.training.state is None and "steps" in now.settings and about.steps != now.steps:
            raise _other_schedule(folder, about.steps, now.steps)
    there = checkpoint.steps_in(folder)
    if not force and there and there[-1] > len(reports):
        raise _newer(folder, there[-1], len(reports))
    found, notes = _last(folder, len(reports))
    taken = found.step if found is not None else 0
    if taken and _is_over(reports[taken - 1].loss, reports[taken - 1].broken):
        raise _over(folder, taken, reports[taken - 1].loss, reports[taken - 1].broken)
    if now.steps < taken:
        raise _past(folder, taken, now.steps)
    kept = cut_back(about, taken)
    changed, more = _changes(about, now)
    carried = _put(built, folder, found, kept, now, force=force)
    size = ends[taken - 1] if taken else 0
    if changed:
        more_said = (*kept.resumed, entry(about, taken, changed, carried=carried))
        kept = replace(now, created=about.created, resumed=more_said)
    if kept is not about:
        for step in there:
            if step > taken:
                with suppress(OSError):
                    checkpoint.path_of(folder, step).unlink()
        _cut_log(folder, size)
        if now.program.sha256 != about.program.sha256:
            write_atomic(folder / PROGRAM, built.source, FileFormatError)
        kept.write(folder)
    keep = tuple(one["step"] for one in kept.resumed if isinstance(one.get("step"), int))
    return GoneOn(taken, size, reports[taken - 1].seconds if taken else 0.0, (*notes, *more), keep, changes(kept))


def _last(folder: Path, most: int) -> tuple[Checkpoint | None, list[Text]]:
    """The last checkpoint that can be read; and what is to be said."""
    notes: list[Text] = []
    for step in reversed(checkpoint.steps_in(folder)):
        if step <= most:
            try:
                return checkpoint.read(folder, step), notes
            except (FileFormatError, NotFoundError) as problem:
                notes.append(Text(f"{problem.message} The one before is used.", f"{problem.ja} 一つ前を使います。"))
    notes.append(
        Text(
            "no checkpoint can be read: all steps are taken again from the seed.",
            "読めるチェックポイントがないので、最初からやり直します。",
        )
    )
    return None, notes


def _put(built: Built, folder: Path, found: Checkpoint | None, about: About, now: About, *, force: bool) -> bool:
    """Bring a newly built training to where a checkpoint was taken; whether it was made with other settings, and what
    follows from the new ones was taken over.

    Raises:
        ProgramError: only a new run can have the new ones.
    """
    taken = found.step if found is not None else 0
    parts = stretches(about)
    part, last = parts[number_in_force(parts, taken)], Stretch(None, now.asked["settings"], now.asked["steps"])
    if not part.is_like(last) and (part.carried or not parts[-1].is_like(last)):
        was = _as_it_was(built, part, force=force)
        if was is not None and not force:
            changing.check(was, built, taken=taken)
        if was is not None and was.training.state is not None and built.training.state is not None:
            before, after = changing.begun(was), changing.begun(built)
            _begin(was.training, folder, found, about)
            path = checkpoint.path_of(folder, taken)
            changing.carry(checkpoint.take(was.training, taken), before, after, built, path)
            return True
    if found is not None and found.state is None:  # all steps once more
        _begin(built.training, folder, _nearest(folder, 0), about)
        for i in range(taken):
            built.training.step(i)
    else:
        _begin(built.training, folder, found, about)
    return False


def _as_it_was(built: Built, part: Stretch, *, force: bool) -> Built | None:
    """The training with the settings of an earlier stretch; None where the program as it is now cannot have them.

    Raises:
        ProgramError: it cannot, though it has not changed.
    """
    try:
        return build_training(part.job(built.job), init=False)
    except TracerError:
        if force:
            return None
        raise


def _cut_log(folder: Path, size: int) -> None:
    try:
        log.LogWriter(folder, size).close()
    except OSError as problem:
        why = (problem.strerror or str(problem)).lower()
        raise FileFormatError(
            f"{folder / log.NAME}: cannot be written: {why}.", ja=f"{folder / log.NAME}: 書き込めません（{why}）。"
        ) from None


def _refuse_changes(folder: Path, about: About, now: About) -> None:
    """Raise if the program or the data are others.

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


def _changes(about: About, now: About) -> tuple[list[str], list[Text]]:
    """What is other than when the run began, by name and as notes."""
    found: dict[str, Text] = {}
    pairs = {
        "program": (about.program.sha256[:16], now.program.sha256[:16], "プログラム"),
        "data": (about.data.sha256[:16], now.data.sha256[:16], "データ"),
        "device": (about.device, now.device, "デバイス"),
    }
    was_settings, settings = about.settings, now.settings
    for name in changing.others(was_settings, settings):
        pairs[name] = (_in_words(was_settings.get(name)), _in_words(settings.get(name)), f"{name} ")
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


def _in_words(value: Setting | None) -> str:
    return "–" if value is None else setting_in_words(value)


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
