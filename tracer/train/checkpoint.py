"""A checkpoint: all that a training run needs to go on from a step as if it had never stopped.

One `.safetensors` file: parameters as `p/NAME`, gradients that a step has left as `g/NAME`, what the program names in
`Training.state` as `s/...`, sources of random numbers as `r/...`, and a little JSON that says how they belong together.
The same moment of the same run gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracer.errors import FileFormatError
from tracer.files import write_atomic
from tracer.train import arrays_file, parameters, state
from tracer.train.about import damaged
from tracer.train.arrays_file import Arrays
from tracer.train.entry import Training
from tracer.train.state import Tree, Unfit

FOLDER = "checkpoints"
FORMAT = "gradient-tracer-checkpoint"
VERSION = 1
_NAME = re.compile(r"step-(\d{6,12})\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """A run after `step` steps."""

    step: int
    parameters: Arrays
    gradients: Arrays
    """Of the parameters whose gradient a step leaves behind; usually of none."""
    state: Tree | None
    """None where the program does not say what else a step changes: then nothing can be gone on with from here."""
    random: Tree
    arrays: Arrays
    """What `state` and `random` name."""


def take(training: Training, step: int) -> Checkpoint:
    """The run as it stands.

    Raises:
        ProgramError: `Training.state` holds something that cannot be kept.
    """
    arrays: Arrays = {}
    named = training.named_parameters()
    known = {name: thing for name, thing in named.items() if parameters.is_known(thing)}
    gradients = {name: parameters.gradient(thing) for name, thing in known.items()}
    kept = training.state is not None and len(known) == len(named)
    return Checkpoint(
        step,
        {name: parameters.numbers(thing) for name, thing in known.items()},
        {name: array for name, array in gradients.items() if array is not None},
        {name: state.pack(thing, f"s/{name}", arrays) for name, thing in (training.state or {}).items()}
        if kept
        else None,
        state.pack_random(arrays),
        arrays,
    )


def put_back(training: Training, found: Checkpoint, path: Path) -> None:
    """Bring a newly built training to where the checkpoint was taken.

    Raises:
        ProgramError, FileFormatError: it does not fit the program.
    """
    assert found.state is not None, "it can be gone on from"
    parameters.put(training, found.parameters, str(path))
    for name, thing in training.named_parameters().items():
        parameters.assign_gradient(thing, found.gradients.get(name))
    ours = {} if training.state is None else training.state
    try:
        if set(ours) - set(found.state) or (set(found.state) - set(ours) and not isinstance(ours, MutableMapping)):
            raise Unfit(f"the program's state has {_some(ours)}, this one {_some(found.state)}")
        for name, tree in found.state.items():
            # in a dict of the program's own, a step may give a name another number, or a new one
            if isinstance(ours, MutableMapping) and not (name in ours and state.is_kept_whole(ours[name])):
                ours[name] = state.unpack(tree, found.arrays)
            else:
                state.restore(ours[name], tree, found.arrays, name)
        state.restore_random(found.random, found.arrays)
    except Unfit as problem:
        raise FileFormatError(
            f"{path}: does not fit the program: {problem}.", ja=f"{path}: プログラムと合いません（{problem}）。"
        ) from None


def _some(names: Mapping[str, Any]) -> str:
    return ", ".join(names) or "nothing"


def path_of(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step lies in a run's folder."""
    return folder / FOLDER / f"step-{step:06}.safetensors"


def steps_in(folder: Path) -> tuple[int, ...]:
    """The steps that a run's folder has checkpoints of, ascending."""
    try:
        names = [one.name for one in (folder / FOLDER).iterdir()]
    except OSError:
        return ()
    found = [_NAME.fullmatch(name) for name in names]
    # `step-0000050` is no name of ours
    return tuple(sorted(step for one in found if one and path_of(folder, step := int(one[1])).name == one.string))


def write(folder: Path, checkpoint: Checkpoint) -> int:
    """Write a checkpoint into a run's folder; its bytes.

    Raises:
        FileFormatError: it could not be written; nothing has changed.
    """
    data = to_bytes(checkpoint)
    write_atomic(path_of(folder, checkpoint.step), data, FileFormatError)
    return len(data)


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """A checkpoint's file."""
    arrays = {f"p/{name}": array for name, array in checkpoint.parameters.items()}
    arrays |= {f"g/{name}": array for name, array in checkpoint.gradients.items()}
    about = {
        "format": FORMAT,
        "version": VERSION,
        "step": checkpoint.step,
        "state": checkpoint.state,
        "random": checkpoint.random,
    }
    return arrays_file.to_bytes(arrays | checkpoint.arrays, "checkpoint", about)


def read(folder: Path, step: int) -> Checkpoint:
    """The checkpoint of a step.

    Raises:
        NotFoundError: there is none.
        FileFormatError: it is damaged, newer, or of another step.
    """
    path = path_of(folder, step)
    arrays, metadata = arrays_file.read(path)
    try:
        about = json.loads(metadata["checkpoint"])
        kind, version, at, kept = about["format"], about["version"], about["step"], about["state"]
        fits = kind == FORMAT and type(version) is int and (kept is None or isinstance(kept, dict))
    except (KeyError, TypeError, ValueError, RecursionError):
        fits = False
    if not fits:
        raise damaged(path, "it is no checkpoint", "チェックポイントではありません")
    if version > VERSION:
        raise damaged(path, f"made by a newer Gradient Tracer (format {version})", "新しい版で作られています")
    if at != step:
        raise damaged(path, f"it is the checkpoint of step {at}", f"ステップ {at} のチェックポイントです")
    parts: dict[str, Arrays] = {"p/": {}, "g/": {}}
    for name, array in arrays.items():
        if name[:2] in parts:
            parts[name[:2]][name[2:]] = array
    rest = {name: array for name, array in arrays.items() if name[:2] not in parts}
    return Checkpoint(step, parts["p/"], parts["g/"], kept, about.get("random"), rest)
