"""Weights as a file: `.safetensors`, or a JSON of nested lists, `{"wte": [[0.1, ...], ...], ...}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.errors import FileFormatError
from tracer.files import write_atomic
from tracer.text import clean
from tracer.train import arrays_file
from tracer.train.about import damaged, read_regular

MOST_JSON = 2 << 30
ENDINGS = (".safetensors", ".json")
"""Of files that weights are written to."""
MOST_DEEP = 8
"""Axes of an array in JSON."""
Arrays = dict[str, NDArray[Any]]


def read_weights(path: str | Path) -> dict[str, NDArray[np.float64]]:
    """Name -> numbers, from a file of either kind: its content tells which. A run's checkpoint will do, too.

    Raises:
        NotFoundError: no such file.
        FileFormatError: it is neither, or holds something that is no finite number.
    """
    where = Path(path)
    if _begins_as_json(where):
        found = _from_json(where)
    else:
        arrays, metadata = arrays_file.read(where)
        if "checkpoint" in metadata:
            arrays = {name[2:]: array for name, array in arrays.items() if name.startswith("p/")}
        found = {name: _numbers(where, name, array) for name, array in arrays.items()}
    for name, array in found.items():
        if not np.isfinite(array).all():
            bad = array.reshape(-1)[~np.isfinite(array.reshape(-1))][0]
            raise damaged(where, f"{name} holds {bad}; weights are finite numbers", f"{name} に {bad} があります")
    if not found:
        raise damaged(where, "holds no weights", "重みがありません")
    return found


def write_weights(path: str | Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write weights: as JSON where the name ends so, else as `.safetensors`, each array in its dtype.

    Raises:
        FileFormatError: it could not be written; what was there stays.
    """
    if str(path).lower().endswith(".json"):
        data = json.dumps({name: array.tolist() for name, array in arrays.items()}).encode() + b"\n"
    else:
        data = arrays_file.to_bytes(arrays, "format", "gradient-tracer-weights")
    write_atomic(path, data, FileFormatError)


def check_ending(path: str | Path) -> None:
    """Raise where a file's name does not say which of the two it is to be.

    Raises:
        FileFormatError: it ends otherwise.
    """
    if not str(path).lower().endswith(ENDINGS):
        raise FileFormatError(
            clean(f"{path}: weights are written as .safetensors or .json, by the name's ending."),
            ja=clean(f"{path}: 重みのファイル名は .safetensors か .json で終わるようにしてください。"),
        )


def _begins_as_json(path: Path) -> bool:
    """Whether the first sign is a brace: a safetensors file begins with eight bytes of length."""
    try:
        with open(path, "rb") as file:
            head = file.read(16).removeprefix(b"\xef\xbb\xbf")
    except (OSError, ValueError):
        return False
    size = int.from_bytes(head[:8], "little")
    return head.lstrip()[:1] in (b"{", b"[") and not (head[8:9] == b"{" and size < 1 << 32)


def _from_json(path: Path) -> dict[str, NDArray[np.float64]]:
    try:
        found = json.loads(read_regular(path, MOST_JSON).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise damaged(path, "it is not whole, or not JSON", "全体がそろっていないか、JSON ではありません") from None
    if not isinstance(found, dict):
        raise damaged(
            path, "weights in JSON are a table of names and nested lists", "名前と入れ子のリストの表が必要です"
        )
    return {name: _array(path, name, rows) for name, rows in found.items()}


def _array(path: Path, name: str, rows: Any) -> NDArray[np.float64]:
    shape: list[int] = []
    inner = rows
    while isinstance(inner, list) and inner and len(shape) < MOST_DEEP:
        shape.append(len(inner))
        inner = inner[0]
    flat = rows if isinstance(rows, list) else [rows]
    for size in shape[1:]:
        if not all(isinstance(one, list) and len(one) == size for one in flat):
            raise damaged(path, f"{name}: rows differ in length", f"{name}: 行の長さがそろっていません")
        flat = [number for one in flat for number in one]
    for number in flat:
        if isinstance(number, bool) or not isinstance(number, int | float):
            got = json.dumps(number, default=str)[:40]
            raise damaged(path, f"{name} holds {got}, which is no number", f"{name} に数でない {got} があります")
    try:
        return np.array(flat, np.float64).reshape(shape)
    except (OverflowError, ValueError):
        raise damaged(path, f"{name} holds a number too large", f"{name} に大きすぎる数があります") from None


def _numbers(path: Path, name: str, array: NDArray[Any]) -> NDArray[np.float64]:
    if array.dtype.kind not in "fiu":
        raise damaged(path, f"{name} is {array.dtype}, not numbers", f"{name} は数ではなく {array.dtype} です")
    return array.astype(np.float64)
