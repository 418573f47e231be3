"""An observation as one `.safetensors` file: its arrays, and a little JSON that says how they belong together.

Reading trusts nothing: a truncated, newer, mutated or hostile file is refused in one line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tracer.errors import FileFormatError, NotFoundError
from tracer.files import write_atomic
from tracer.text import clean
from tracer.trace.refused import Refused, must

if TYPE_CHECKING:
    from tracer.trace.observation import Observation

FORMAT = "gradient-tracer-observation"
VERSION = 1
Array = NDArray[Any]
_OPTIONAL = ("grad", "update", "m", "v")
_BROKEN = "it does not say what was observed"


def save(observation: Observation, path: str | Path) -> None:
    """Write an observation, atomically.

    Raises:
        FileFormatError: it cannot be written.
    """
    write_atomic(path, to_bytes(observation), FileFormatError)


def load(path: str | Path) -> Observation:
    """Read an observation.

    Raises:
        NotFoundError: no such file.
        FileFormatError: it is damaged, newer, or something else.
    """
    where = clean(str(path))
    try:
        return from_bytes(Path(path).read_bytes())
    except FileNotFoundError:
        raise NotFoundError(f"{where}: no such file.", ja=f"{where}: ファイルが見つかりません。") from None
    except (OSError, ValueError) as problem:
        why = str(getattr(problem, "strerror", None) or problem).lower()
        raise FileFormatError(f"{where}: cannot be read: {why}.", ja=f"{where}: 読み込めません（{why}）。") from None
    except Refused as problem:
        raise FileFormatError(
            f"{where}: {problem}", ja=f"{where}: 訓練ステップの観測として読めません（{problem}）。"
        ) from None


def to_bytes(observation: Observation) -> bytes:
    """The file's content; the same for the same observation."""
    from safetensors.numpy import save as write

    arrays: dict[str, Array] = {}

    def put(prefix: str, thing: Any) -> None:
        for field in ("value", *_OPTIONAL):
            array = getattr(thing, field, None)
            if array is not None:
                # safetensors writes a transposed array wrongly, without a word
                arrays[f"{prefix}/{field}"] = np.ascontiguousarray(array).reshape(array.shape)

    for i, things in enumerate(observation.taps.values()):
        for k, one in enumerate(things):
            put(f"taps/{i}/{k}", one)
    for i, weights in enumerate(observation.weights.values()):
        put(f"weights/{i}", weights)
    about = {
        "format": FORMAT,
        "version": VERSION,
        "step": observation.step,
        "loss": repr(observation.loss),
        "lr": None if observation.lr is None else repr(observation.lr),
        "documents": observation.documents,
        "tokens": observation.tokens,
        "targets": observation.targets,
        "taps": [[name, len(things)] for name, things in observation.taps.items()],
        "weights": list(observation.weights),
    }
    data: bytes = write(arrays, {"observation": json.dumps(about, ensure_ascii=False)})
    return data


def from_bytes(data: bytes) -> Observation:
    """The observation in a file's content.

    Raises:
        Refused: with a sentence that says why.
    """
    from tracer.trace.observation import Observation, Seen, Weights

    about, arrays = _read(data)
    must(about.get("format") == FORMAT, "it is no observation")
    version = about.get("version")
    must(type(version) is int and version >= 1, _BROKEN)
    if version > VERSION:
        raise Refused(f"made by a newer Gradient Tracer (format {version}; this one reads {VERSION}).")
    taps, names = about.get("taps"), about.get("weights")
    must(isinstance(taps, list) and all(_is_tap(one) for one in taps), _BROKEN)
    must(isinstance(names, list) and all(isinstance(name, str) for name in names), _BROKEN)
    must(len({name for name, _ in taps}) == len(taps) and len(set(names)) == len(names), "a name stands twice")
    must(sum(count for _, count in taps) <= len(arrays), "arrays are missing")

    def get(prefix: str, *fields: str) -> list[Any]:
        must(f"{prefix}/value" in arrays, "an array is missing")
        value = arrays[f"{prefix}/value"]
        found = [value, *(arrays.get(f"{prefix}/{field}") for field in fields)]
        must(all(one is None or one.shape == value.shape for one in found), "an array has the wrong shape")
        return found

    return Observation(
        _whole(about.get("step")),
        _number(about.get("loss")),
        _whole(about.get("documents")),
        _tokens(about.get("tokens")),
        _tokens(about.get("targets")),
        {name: tuple(Seen(*get(f"taps/{i}/{k}", "grad")) for k in range(n)) for i, (name, n) in enumerate(taps)},
        {name: Weights(*get(f"weights/{i}", *_OPTIONAL)) for i, name in enumerate(names)},
        None if about.get("lr") is None else _number(about.get("lr")),
    )


def _read(data: bytes) -> tuple[Any, dict[str, Array]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load as read

    try:
        arrays: dict[str, Array] = read(data)
        size = int.from_bytes(data[:8], "little")
        about = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["observation"])
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, AttributeError, RecursionError):
        raise Refused("not an observation, damaged or cut off.") from None
    must(isinstance(about, dict), _BROKEN)
    must(all(array.dtype.kind in "biuf" and array.dtype.itemsize <= 8 for array in arrays.values()), _BROKEN)
    for array in arrays.values():
        array.flags.writeable = False
    return about, arrays


def _is_tap(said: Any) -> bool:
    return (
        isinstance(said, list) and len(said) == 2 and isinstance(said[0], str) and type(said[1]) is int and said[1] > 0
    )


def _whole(said: Any) -> int:
    must(type(said) is int and 0 <= said < 1 << 53, _BROKEN)
    return int(said)


def _number(said: Any) -> float:
    try:
        must(isinstance(said, str), _BROKEN)
        return float(said)
    except ValueError:
        raise Refused(f"damaged: {_BROKEN}.") from None


def _tokens(said: Any) -> tuple[tuple[int, ...], ...]:
    must(isinstance(said, list) and all(isinstance(row, list) for row in said), _BROKEN)
    must(all(type(one) is int and abs(one) < 1 << 53 for row in said for one in row), _BROKEN)
    return tuple(tuple(row) for row in said)
