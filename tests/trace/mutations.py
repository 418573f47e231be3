"""Files broken on purpose, each from a seed: bytes, blocks, the header's JSON, whole columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

EXTREMES = (-(1 << 63), -(1 << 31), -1, 0, 1, 2, 127, 255, 256, 65535, 1 << 31, (1 << 31) - 1, (1 << 63) - 1)


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """(header, what stands behind it)."""
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def whole(header: Any, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def flipped(data: bytes, rng: Random) -> bytes:
    """Some bits the other way, most of them behind the header."""
    bad = bytearray(data)
    begin = rng.choice([0, 8 + int.from_bytes(data[:8], "little")])
    for _ in range(rng.choice([1, 1, 2, 8])):
        bad[rng.randrange(begin, len(bad))] ^= 1 << rng.randrange(8)
    return bytes(bad)


def cut(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data))]


def moved(data: bytes, rng: Random) -> bytes:
    """A block that stands twice, or elsewhere."""
    bad = bytearray(data)
    low = rng.randrange(len(bad))
    block = bad[low : low + rng.choice([1, 4, 8, 64, 500])]
    if rng.random() < 0.5:
        del bad[low : low + len(block)]
    to = rng.randrange(len(bad) + 1)
    bad[to : to + (len(block) if rng.random() < 0.7 else 0)] = block
    return bytes(bad)


def edited(data: bytes, rng: Random) -> bytes:
    """Something else in the header: what a column is, where it stands, what the file says of itself."""
    header, body = parts(data)
    names = [name for name in header if name != "__metadata__"]
    for _ in range(rng.choice([1, 1, 3])):
        about = header.get(rng.choice(names), {})
        what = rng.randrange(6)
        if what == 0:
            about["dtype"] = rng.choice(["F64", "F32", "I64", "I32", "I16", "I8", "U8", "U16", "BOOL", "F16", "X"])
        elif what == 1:
            about["shape"] = rng.choice([[], [0], [1 << 62], [-1], [2, 2], [rng.randrange(99)], "x", None])
        elif what == 2:
            about["data_offsets"] = rng.choice([[0, 0], [0, len(body)], [rng.randrange(99), 8], [1 << 62, 1 << 63], 7])
        elif what == 3:
            header.pop(rng.choice(names), None)
        elif what == 4:
            header[rng.choice(names)] = rng.choice([None, 1, [], {}, "x", about])
        else:
            said = json.loads(header["__metadata__"]["trace"])
            key = rng.choice([*said, "info"])
            odd: list[Any] = [
                None,
                -1,
                1,
                2,
                1e999,
                1 << 70,
                "x",
                [],
                {},
                {"unfolded": [[0, 3]]},
                {"unfolded": 5},
                {"brought": [99]},
            ]
            said[key] = rng.choice(odd)
            header["__metadata__"]["trace"] = json.dumps(said)
    return whole(header, body)


def swapped(data: bytes, rng: Random) -> bytes:
    """Two columns in each other's place."""
    header, body = parts(data)
    names = [name for name in header if name != "__metadata__"]
    like = [n for n in names if header[n]["dtype"] == header[rng.choice(names)]["dtype"]]
    a, b = rng.choice(like or names), rng.choice(like or names)
    header[a], header[b] = header[b], header[a]
    return whole(header, body)


def altered(data: bytes, rng: Random) -> bytes:
    """Some numbers of some columns are others: extreme, a neighbour's, or one more."""
    import numpy as np
    from safetensors.numpy import load, save

    header, _ = parts(data)
    columns = load(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        name = rng.choice([n for n in columns if columns[n].size] or list(columns))
        column = columns[name].copy()
        if not column.size:
            continue
        flat = column.reshape(-1)
        place, what = rng.randrange(flat.size), rng.randrange(5)
        with np.errstate(all="ignore"):
            if what == 0:
                wanted = rng.choice(EXTREMES)
                flat[place] = np.array(wanted, object).astype(np.int64).astype(column.dtype)
            elif what == 1:
                flat[place] = flat[rng.randrange(flat.size)]
            elif what == 2:
                flat[place] += flat.dtype.type(rng.choice([1, 1, 2]))
            elif what == 3:
                column = np.ascontiguousarray(column[::-1])
            elif column.ndim == 1:
                column = (
                    column[: rng.randrange(flat.size + 1)] if rng.random() < 0.5 else np.append(column, column[-1:])
                )
        columns[name] = np.ascontiguousarray(column)
    made: bytes = save(columns, header["__metadata__"])
    return made


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (flipped, cut, moved, edited, swapped, altered, altered)


def mutated(data: bytes, seed: int) -> bytes:
    """The file of this seed."""
    rng = Random(seed)
    for _ in range(rng.choice([1, 1, 1, 2])):
        try:
            data = rng.choice(MUTATIONS)(data, rng)
        except Exception:  # the first of two left nothing the second could take apart
            break
    return data
