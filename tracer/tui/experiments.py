"""An experiment's variants as training jobs, and where their runs are kept. No widget: the command line uses it too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracer.errors import NotFoundError, did_you_mean
from tracer.lessons.content import content_root
from tracer.lessons.experiment import FOLDER, Experiment, Variant
from tracer.text import clean
from tracer.train.job import Job, Mode
from tracer.train.run import RUNS
from tracer.train.variants import Place, place_of


@dataclass(frozen=True, eq=False)
class Arm:
    """A variant, and where its run is."""

    variant: Variant
    place: Place


def arms_of(experiment: Experiment, base: Path | None = None, steps: int | None = None) -> tuple[Arm, ...]:
    """Every variant with its run.

    Args:
        base: the folder that holds the runs; `runs/experiments/NAME` if None.
        steps: of each run, instead of the experiment's own.

    Raises:
        NotFoundError: the model is not there.
        FileFormatError: another process trains one of them now.
    """
    folder = folder_of(experiment) if base is None else base
    return tuple(
        Arm(variant, place_of(job_of(experiment, variant, steps), folder / variant.name))
        for variant in experiment.variants
    )


def folder_of(experiment: Experiment) -> Path:
    """Where its runs are kept unless somebody says: from the current folder."""
    name = "".join(one if one.isalnum() or one in "_.+-" else "-" for one in clean(experiment.alias)).strip(".-")
    return RUNS / FOLDER / (name[:40] or "experiment")


def job_of(experiment: Experiment, variant: Variant, steps: int | None = None) -> Job:
    """What trains a variant, kept nowhere yet."""
    program, shown = program_of(experiment)
    mode: Mode | None = "text" if experiment.mode == "text" else "lines" if experiment.mode else None
    return Job(
        program,
        shown,
        data_of(experiment),
        experiment.seed,
        dict(variant.settings),
        steps or experiment.steps,
        mode=mode,
    )


def program_of(experiment: Experiment) -> tuple[Path, str]:
    """The program that is trained, and what to call it: beside the experiment, a path, or a model of ours.

    Raises:
        NotFoundError: there is none.
    """
    name = experiment.model
    for path in (experiment.file.parent / name, Path(name)):
        try:
            if path.suffix == ".py" and path.is_file():
                return path, ""
        except (OSError, ValueError):
            break
    stem = name.removeprefix("models/").removesuffix(".py")
    known = {one.stem: one for one in sorted((content_root() / "models").glob("*.py"))}
    if stem in known:
        return known[stem], f"models/{stem}.py"
    line = "" if (at := experiment.line_of_key("model")) is None else f":{at}"
    raise NotFoundError(
        clean(f"{experiment.file.name}{line}: 'model': there is no program or model called {name!r}."),
        hint=did_you_mean(name, known) or f"Models: {', '.join(known)}; or a program (.py) that defines `training`.",
        ja=clean(f"{experiment.file.name}{line}: 'model': {name!r} というプログラムやモデルはありません。"),
        hint_ja=f"モデル: {', '.join(known)}。または、`training` を定義したプログラム（.py）を指定します。",
    )


def data_of(experiment: Experiment) -> str | None:
    """The data: a file beside the experiment, else what `--data` of `tracer train` takes."""
    if experiment.data is None:
        return None
    try:
        beside = experiment.file.parent / experiment.data
        return str(beside) if beside.is_file() else experiment.data
    except (OSError, ValueError):
        return experiment.data
