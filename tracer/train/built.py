"""From a job to a training that is ready to take steps: the program run, its data read, its weights put in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracer.errors import ProgramError
from tracer.text import Text, clean
from tracer.train import about as about_file
from tracer.train import given, parameters, weights
from tracer.train.about import About, DataUsed, ProgramUsed
from tracer.train.engines import NAMES
from tracer.train.entry import ENTRY, Training, build, in_use, settings_of
from tracer.train.given import Given
from tracer.train.program import run_program
from tracer.train.report import Setup
from tracer.train.state import seed_all
from tracer.train.text import TextData

SEED = 42
"""What random numbers come from where nobody named a seed."""


@dataclass(frozen=True)
class Built:
    """A training, and all that is known of where it came from."""

    job: dict[str, Any]
    training: Training
    namespace: dict[str, Any]
    """The program's variables."""
    source: bytes
    """The program's text."""
    data: DataUsed
    notes: tuple[Text, ...] = ()
    """How the data were read, where a reader of the file would not think so."""

    @property
    def steps(self) -> int:
        """How many are to be taken."""
        return self.job["steps"] or self.training.steps

    @property
    def seed(self) -> int:
        return SEED if self.job["seed"] is None else self.job["seed"]

    def setup(self) -> Setup:
        """What the run is, for those who show it."""
        training, job = self.training, self.job
        settings = in_use(self.namespace[ENTRY], job["seed"], job["settings"])
        return Setup(
            program=job["shown"],
            data=self.data.name,
            engine=parameters.engine_of(training),
            parameters=parameters.count(training),
            steps=self.steps,
            settings=settings | ({"steps": self.steps} if "steps" in settings else {}),
            rows=tuple(training.rows),
            predicts=training.predict is not None and bool(training.rows),
            symbols=tuple(training.symbols),
            notes=(*self.notes, *_said(training.notes)),
            documents=len(training.documents),
            held_out=len(training.held_out),
        )

    def about(self) -> About:
        """What a run's folder says of it."""
        job, setup = self.job, self.setup()
        device, dtype = parameters.device_and_dtype(self.training)
        asked = {name: job[name] for name in ("seed", "steps", "settings", "mode", "engine")}
        takes = settings_of(self.namespace[ENTRY])
        return About(
            program=ProgramUsed(job["path"], job["shown"], about_file.sha256(self.source)),
            data=self.data,
            asked={**asked, "data": self.data.path, "init": _whole_path(job["init"])},
            settings=setup.settings,
            seed=self.seed if "seed" in takes else job["seed"],
            steps=self.steps,
            mode=job["mode"],
            engine=setup.engine,
            device=device,
            dtype=dtype,
            parameters=parameters.shapes(self.training),
            symbols=setup.symbols,
            versions=about_file.versions(),
            created=about_file.now(),
            rows=setup.rows,
            predicts=setup.predicts,
            documents=setup.documents,
            held_out=setup.held_out,
        )


def build_training(job: dict[str, Any], *, init: bool = True) -> Built:
    """Run the job's program and build what it trains.

    Everything that programs draw random numbers from begins at the seed: then even one that draws without naming a
    source takes the same steps again.

    Args:
        init: whether the weights that the job names are put in.

    Raises:
        ProgramError, NotFoundError, FileFormatError: the program, its data or the weights are wrong.
    """
    shown = job["shown"]
    seed_all(SEED if job["seed"] is None else job["seed"])
    source = Path(job["path"]).read_bytes() if job["source"] is None else job["source"].encode()
    namespace = vars(run_program(job["path"], shown, source))
    found = Given()
    if job["data"] is not None and callable(entry := namespace.get(ENTRY)):
        seed = SEED if job["seed"] is None else job["seed"]
        found = given.read(job["data"], takes=settings_of(entry), mode=job["mode"], seed=seed, shown=shown)
    training = build(
        namespace,
        shown,
        found.rows,
        job["seed"],
        job["settings"],
        documents=None if found.documents is None else found.documents.documents,
        mode=job["mode"],
        steps=job["steps"],
    )
    engine, wanted = parameters.engine_of(training), NAMES.get(job["engine"])
    if wanted is not None and engine != wanted:
        raise ProgramError(
            f"--engine {job['engine']}: the parameters of {shown} are no {wanted}s (but {engine or 'none'}).",
            ja=f"--engine {job['engine']}: {shown} のパラメータは {wanted} ではなく {engine or 'なし'} です。",
        )
    if init and job["init"] is not None:
        parameters.put(training, weights.read_weights(job["init"]), job["init"])
    notes = () if found.documents is None else found.documents.notes
    return Built(job, training, namespace, source, _data_used(job, training, found.documents), notes)


def _said(notes: Sequence[Text | str]) -> Iterator[Text]:
    """What a program says, nothing of which moves a terminal's cursor."""
    for note in notes:
        both = note if isinstance(note, Text) else Text.same(note)
        yield Text(clean(both.en), clean(both.ja))


def _data_used(job: dict[str, Any], training: Training, text: TextData | None) -> DataUsed:
    """What is learned from; its digest is that of what the program was given, or of what it took by itself."""
    path = _whole_path(job["data"])
    name = "" if job["data"] is None else Path(job["data"]).name
    if text is not None:  # held-out documents too
        return DataUsed(name, path, text.sha256, text.count)
    if training.documents:
        own = (*training.documents, *training.held_out)
        digest = about_file.sha256("\n".join(own).encode("utf-8", "surrogatepass"))
        return DataUsed(name, path, digest, len(training.documents if job["mode"] == "text" else own))
    rows = np.array(training.rows, np.float64)
    return DataUsed(name, path, about_file.sha256(rows.tobytes()), len(training.rows))


def _whole_path(name: str | None) -> str | None:
    """A file's whole path, so that it is found from any folder; another name as it is."""
    try:
        return str(Path(name).absolute()) if name is not None and Path(name).exists() else name
    except (OSError, ValueError):
        return name
