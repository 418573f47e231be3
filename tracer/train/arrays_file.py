"""A `.safetensors` file of arrays: written byte for byte the same for the same arrays, read without trusting it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from tracer.train.about import damaged, read_regular

Arrays = dict[str, NDArray[Any]]
MOST_BYTES = 64 << 30
_DESERIALIZE: Callable[[bytes], list[tuple[str, dict[str, Any]]]] = deserialize
_DTYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "I16": np.int16,
    "I8": np.int8, "U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip


def to_bytes(arrays: Mapping[str, NDArray[Any]], key: str, about: Any) -> bytes:
    """The file's content.

    Args:
        key, about: one entry of metadata; safetensors writes several in an order that changes from run to run.
    """
    # safetensors writes a transposed array wrongly, without a word
    whole = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    data: bytes = save(whole, {key: json.dumps(about, ensure_ascii=False)})
    return data


def read(path: Path) -> tuple[Arrays, dict[str, str]]:
    """The arrays in a file, and its metadata.

    Raises:
        NotFoundError: no such file.
        FileFormatError: it is damaged, cut off, or something else.
    """
    data = read_regular(path, MOST_BYTES)
    try:
        size = int.from_bytes(data[:8], "little")
        found = {name: _array(about) for name, about in _DESERIALIZE(data)}
        metadata = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, AttributeError, RecursionError):
        raise damaged(
            path, "damaged, cut off, or no safetensors file", "壊れているか、safetensors ファイルではありません"
        ) from None
    except MemoryError:
        raise damaged(path, "reading it takes more memory than is free", "読み込むにはメモリーが足りません") from None
    return found, metadata


def _array(about: Mapping[str, Any]) -> NDArray[Any]:
    shape, data = tuple(about["shape"]), about["data"]
    if about["dtype"] == "BF16":  # the upper half of a float32
        high = np.frombuffer(data, np.uint16).astype(np.uint32)
        return (high << np.uint32(16)).view(np.float32).reshape(shape)
    dtype = np.dtype(_DTYPES[about["dtype"]])
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError
    return np.frombuffer(bytes(data), dtype).reshape(shape)
