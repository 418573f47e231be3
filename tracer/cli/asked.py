"""What the command line of `tracer train` asks for: a `Job`, once every word has been understood."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, get_args

from tracer.cli.naming import run_folder
from tracer.cli.settings import Words, read_words, refuse_unknown_flags, settings_offered
from tracer.errors import ExpressionError, NotFoundError, TracerError, did_you_mean
from tracer.lessons.content import content_root
from tracer.lessons.given import shorten
from tracer.train.engines import program_for
from tracer.train.entry import MOST_STEPS, Setting
from tracer.train.job import Engine, Job, Mode
from tracer.train.own_data import own_data
from tracer.train.run import Run, is_run, new_folder

OPTIONS = (
    *("--data", "--mode", "--steps", "--lr", "--hidden", "--seed", "--engine", "--device", "--init", "--document"),
    *("--json", "--run", "--resume", "--force", "--no-save", "--save-weights", "--checkpoint-every", "--every"),
    *("--samples", "--plain", "--open", "--at", "--ascii", "--lang", "--help"),
)
"""Every option of the command itself: what a misspelt flag may have meant."""
BOTH = ("steps", "seed", "mode", "engine", "device")
"""Options that may be typed as settings, `steps=5`, and then mean the same."""


@dataclass(frozen=True)
class Wanted:
    """The command line, as it was typed."""

    words: Sequence[str] = ()
    """The model, and settings."""
    data: str | None = None
    mode: str | None = None
    steps: str | None = None
    lr: str | None = None
    hidden: str | None = None
    seed: str | None = None
    engine: str | None = None
    device: str | None = None
    init: str | None = None
    document: str | None = None
    run: Path | None = None
    resume: Path | None = None
    force: bool = False
    no_save: bool = False
    save_weights: Path | None = None
    checkpoint_every: str | None = None
    every: str | None = None
    samples: bool = False
    plain: bool = False
    as_json: bool = False
    open: str | None = None
    at: str | None = None


def job_of(wanted: Wanted) -> Job:
    """What the command line asks for.

    Raises:
        TracerError: one of its words is wrong, or two do not go together.
    """
    words, wanted = _taken_apart(wanted)
    _refuse_contradictions(wanted)
    if wanted.resume is not None:
        return _resumed(wanted, words)
    if not words.bare:
        known = ", ".join(_models())
        raise ExpressionError(
            "which model is to be trained? None is named.",
            hint=f"Models: {known}; or name a program that defines `training`.",
            ja="訓練するモデルが指定されていません。",
            hint_ja=f"モデル: {known}。または、`training` を定義したプログラムを指定します。",
        )
    least = 1 if wanted.document is None else 0
    steps = None if wanted.steps is None else whole("--steps", wanted.steps, least, MOST_STEPS)
    program, shown = _program(words.bare[0], wanted)
    refuse_unknown_flags(words, program, shown or program.name, OPTIONS)
    return Job(
        program,
        shown,
        wanted.data,
        _seed(wanted),
        words.settings,
        steps,
        _every("--every", wanted.every),
        mode=_one_of("--mode", wanted.mode, Mode),
        engine=_one_of("--engine", wanted.engine, Engine),
        device=wanted.device,
        init=None if wanted.init is None else Path(wanted.init),
        document=wanted.document,
        checkpoint_every=_every("--checkpoint-every", wanted.checkpoint_every),
    )


def kept(job: Job, wanted: Wanted) -> Job:
    """The job with the folder that its run is kept in, unless nothing is to be.

    Raises:
        TracerError: there is a run already.
    """
    if wanted.no_save or job.run is not None:
        return job
    if wanted.run is not None:
        if is_run(wanted.run):
            raise TracerError(
                f"--run {wanted.run}: a run is kept there already.",
                hint=f"To go on with it: tracer train --resume {wanted.run}; or name another folder.",
                ja=f"--run {wanted.run}：そのフォルダにはすでに訓練の記録があります。",
                hint_ja=f"続きから再開するには tracer train --resume {wanted.run}。または別のフォルダを指定します。",
            )
        return replace(job, run=wanted.run)
    seed = job.seed
    if seed is None:
        default = (settings_offered(job.program) or {}).get("seed")
        seed = default if isinstance(default, int) else None
    stem = Path(job.data).stem if job.data else own_data(job.program) or job.program.stem
    return replace(job, run=new_folder(stem, seed))


@contextmanager
def claimed(job: Job, wanted: Wanted) -> Iterator[Job]:
    """The job with the folder that its run is kept in, as `kept` gives it, and no other training that begins now.

    A folder that nobody named is made, empty, and taken away afterwards if no run came into it.

    Raises:
        TracerError: there is a run already.
    """
    found = kept(job, wanted)
    if found.run is None or found.run == job.run or wanted.run is not None:
        yield found
        return
    mine = found.run
    base, new = mine.parent, not os.path.lexists(mine.parent)
    while not _made(mine):
        mine = kept(job, wanted).run or mine
    try:
        yield replace(job, run=mine)
    finally:
        for folder in (mine, base) if new else (mine,):
            with suppress(OSError):  # it holds something now
                folder.rmdir()


def _made(folder: Path) -> bool:
    """Whether a folder is ours now; also where it cannot be made, which whoever writes into it says."""
    try:
        folder.mkdir(parents=True)
    except OSError:
        return not os.path.lexists(folder)
    return True


def typed(wanted: Wanted) -> list[str]:
    """The words that train this once more."""
    words = ["tracer", "train", *(word.replace("−", "-") for word in wanted.words)]
    for name in ("data", "mode", "steps", "lr", "hidden", "seed", "engine", "device", "init"):
        value = getattr(wanted, name)
        words += [] if value is None else [f"--{name}", value.replace("−", "-")]
    return words


def find_program(name: str) -> tuple[Path, str]:
    """The program called `name`, and what to call it: an existing file, else a model of ours.

    Raises:
        NotFoundError: there is none; the nearest names are offered.
    """
    path = Path(name)
    try:
        if path.exists():
            if is_run(path):
                raise NotFoundError(
                    f"{name} is a run, not a program.",
                    hint=f"To go on with it: tracer train --resume {name}",
                    ja=f"{name} は訓練の記録で、プログラムではありません。",
                    hint_ja=f"続きから再開するには: tracer train --resume {name}",
                )
            return path, ""
    except (OSError, ValueError):  # too long, or a null byte
        pass
    known = _models()
    stem = name.removeprefix("models/").removesuffix(".py")
    if stem in known:
        return known[stem], f"models/{stem}.py"
    folder = path.parent if path.parent.is_dir() else Path()
    beside = [str(one) for one in sorted(folder.glob("*.py"))][:200]
    hint = did_you_mean(name, [*known, *(f"models/{one}.py" for one in known), *beside])
    raise NotFoundError(
        f"there is no program or model called {name!r}.",
        hint=hint or f"Models: {', '.join(known)}; or name a program that defines `training`.",
        ja=f"{name!r} というプログラムやモデルはありません。",
        hint_ja=None if hint else f"モデル: {', '.join(known)}。または、`training` を定義したプログラムを指定します。",
    )


def whole(option: str, typed: str, least: int, most: int) -> int:
    """The whole number that was typed after an option.

    Raises:
        ExpressionError: it is none, or outside least..most.
    """
    number = finite(option, typed)
    if number != int(number) or not least <= number <= most:
        raise ExpressionError(
            f"{option} {typed}: a whole number from {least:,} to {most:,} is needed.",
            ja=f"{option} {typed}: {least:,} から {most:,} までの整数を指定してください。",
        )
    return int(typed) if typed.isdecimal() else int(number)


def finite(option: str, typed: str) -> float:
    """The number that was typed after an option.

    Raises:
        ExpressionError: it is none, or not finite.
    """
    try:
        number = float(typed.replace("−", "-"))  # `-1` arrives with a minus sign: see `tracer.cli.commands._shield`
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ExpressionError(f"{option} {typed}: a number is needed.", ja=f"{option} {typed}: 数を指定してください。")
    return number


def _program(name: str, wanted: Wanted) -> tuple[Path, str]:
    """The program to train, or its twin of the engine asked for, and what to call it."""
    program, shown = find_program(name)
    twin = program_for(program, _one_of("--engine", wanted.engine, Engine))
    return twin, shown.replace(program.name, twin.name)


def _seed(wanted: Wanted) -> int | None:
    return None if wanted.seed is None else whole("--seed", wanted.seed, 0, 2**63 - 1)


def _models() -> dict[str, Path]:
    return {one.stem: one for one in sorted((content_root() / "models").glob("*.py"))}


def _every(option: str, typed: str | None) -> int | None:
    return None if typed is None else whole(option, typed, 1, MOST_STEPS)


def _one_of(option: str, typed: str | None, kind: Any) -> Any:
    """The word that was typed, which must be one of a `Literal`'s."""
    if typed is None or typed in get_args(kind):
        return typed
    listed = " or ".join(get_args(kind))
    raise ExpressionError(
        f"{option} {shorten(typed)}: it must be {listed}.",
        hint=did_you_mean(typed, get_args(kind)),
        ja=f"{option} {shorten(typed)}：{' か '.join(get_args(kind))} を指定してください。",
    )


def _taken_apart(wanted: Wanted) -> tuple[Words, Wanted]:
    """The settings, those with options of their own among them; and what was typed as a setting but is an option."""
    words = read_words(wanted.words)
    if len(words.bare) > 1:
        raise ExpressionError(
            f"{shorten(words.bare[1])!r} gives no value to a name.",
            hint="A setting is written NAME=VALUE or --NAME VALUE, for example n_layer=2.",
            ja=f"{shorten(words.bare[1])!r} は名前に値を与えていません。",
            hint_ja="設定は n_layer=2 や --n-layer 2 のように書いてください。",
        )
    settings = dict(words.settings)
    moved: dict[str, Any] = {name: _as_typed(settings.pop(name)) for name in BOTH if name in settings}
    for name, value in moved.items():
        _refuse_twice(name, getattr(wanted, name) is not None, value)
    given: dict[str, Setting] = {}
    if wanted.lr is not None:
        given["lr"] = finite("--lr", wanted.lr)
    if wanted.hidden is not None:
        given["hidden"] = whole("--hidden", wanted.hidden, 1, 100_000)
    for name, number in given.items():
        _refuse_twice(name, name in settings, settings.get(name, number))
    settings |= given
    rate = settings.get("lr", 1.0)
    if isinstance(rate, float) and not 0 < rate < math.inf:
        raise ExpressionError(
            f"the learning rate must be a number above 0, not {rate:g}.",
            ja=f"学習率は 0 より大きい数です（指定: {rate:g}）。",
        )
    flags = {name: flag for name, flag in words.flags.items() if name not in moved}
    return Words(words.bare, settings, flags), replace(wanted, **moved)


def _refuse_twice(name: str, given: bool, value: Setting) -> None:
    if given:
        raise ExpressionError(
            f"{name} is given twice.",
            hint=f"Leave out --{name} or {name}={_as_typed(value)}.",
            ja=f"{name} が二度指定されています。",
            hint_ja=f"--{name} か {name}={_as_typed(value)} のどちらかを取り除いてください。",
        )


def _as_typed(value: Setting) -> str:
    """As it would be typed: 5.0 as 5."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _refuse_contradictions(wanted: Wanted) -> None:
    """Raise where two options do not go together."""
    given = {
        name: f"--{name.replace('_', '-')}"
        for name in vars(wanted)
        if name != "words" and getattr(wanted, name) not in (None, False)
    }
    for one, other, why, ja in _CONTRADICTIONS:
        if one in given and other in given:
            _refuse(f"{given[one]} and {given[other]} do not go together: {why}.", given, one, other, ja)
    if wanted.document is not None and wanted.steps not in (None, "0"):
        raise ExpressionError(
            f"--document measures one document and trains nothing: --steps {wanted.steps} does not go with it.",
            hint="Give --steps 0, or leave it out.",
            ja=f"--document は一つの文書を測るだけで、訓練しません。--steps {wanted.steps} とは一緒に使えません。",
            hint_ja="--steps 0 とするか、--steps を取り除いてください。",
        )
    if wanted.force and wanted.resume is None:
        raise ExpressionError(
            "--force is of use with --resume only.", ja="--force は --resume と一緒に使うオプションです。"
        )


_CONTRADICTIONS = (
    ("no_save", "run", "one says to keep the run, the other not to", "保存するのかしないのか分かりません"),
    ("no_save", "resume", "one says to keep the run, the other not to", "保存するのかしないのか分かりません"),
    ("no_save", "save_weights", "the weights are those of the run that is kept", "重みは保存した記録から取り出します"),
    ("resume", "run", "a run goes on where it is kept", "再開する記録は同じフォルダに書き続けます"),
    ("resume", "init", "a run goes on with its own weights", "再開する記録は自分の重みを使います"),
    ("resume", "document", "one trains, the other only measures", "片方は訓練し、片方は測るだけです"),
    ("resume", "open", "`tracer open RUN --step K` opens a step of a run", "tracer open RUN --step K を使ってください"),
    ("document", "open", "one measures, the other opens a step", "片方は測り、片方はステップを開きます"),
    ("document", "run", "measuring leaves no run", "測るだけでは記録は残りません"),
    ("document", "save_weights", "measuring changes no weight", "測るだけでは重みは変わりません"),
)


def _refuse(message: str, given: Mapping[str, str], one: str, other: str, ja: str) -> NoReturn:
    raise ExpressionError(message, ja=f"{given[one]} と {given[other]} は一緒に使えません：{ja}。")


# Going on with a run


def _resumed(wanted: Wanted, words: Words) -> Job:
    """The run in a folder, to be gone on with. Whatever is asked to be other than it was is refused where it is read.

    Raises:
        TracerError: the run cannot be read.
    """
    assert wanted.resume is not None, "asked before"
    job = Run.open(run_folder(str(wanted.resume)) or wanted.resume).job(
        resume=True,
        force=wanted.force,
        every=_every("--every", wanted.every),
        checkpoint_every=_every("--checkpoint-every", wanted.checkpoint_every),
    )
    if words.bare:  # the program as it is now, not as the run has kept it
        program, shown = _program(words.bare[0], wanted)
        job = replace(job, program=program, shown=shown, source=None)
    changes: dict[str, Any] = {
        "data": wanted.data,
        "mode": _one_of("--mode", wanted.mode, Mode),
        "engine": _one_of("--engine", wanted.engine, Engine),
        "steps": None if wanted.steps is None else whole("--steps", wanted.steps, 1, MOST_STEPS),
        "seed": _seed(wanted),
        "device": wanted.device,
    }
    refuse_unknown_flags(words, job.program, job.shown or job.program.name, OPTIONS)
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(job, settings={**job.settings, **words.settings}, **given)
