"""A trace as one `.safetensors` file: contiguous arrays, strings as bytes with offsets, a little JSON. No pickle.

Reading trusts nothing: a truncated, newer, mutated or hostile file is refused in one line, before any of it is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.columns import Columns, PassColumns, Table
from tracer.errors import FileFormatError, NotFoundError
from tracer.files import write_atomic
from tracer.trace import blocks, compact, literal, tapped
from tracer.trace.refused import Refused
from tracer.trace.room import bytes_in_words, free_memory
from tracer.trace.trace import Trace
from tracer.trace.validate import validate

FORMAT = "gradient-tracer-trace"
VERSION = 3
"""Raised when a reader of the old format would misread the new one. 1 knew no tensors, 2 wrote every column in full;
both are still read."""

SMALL = 16 << 20
"""Bytes up to which a file is read without looking at its header first."""
MOST_HEADER = 100 << 20
"""Bytes of a header at most, as in safetensors itself."""
TIMES = 8
"""Bytes of memory that reading takes for each byte of a large file: measured at a million nodes, checks included."""

Arrays = dict[str, NDArray[Any]]

_NODE_COLUMNS = ("op", "offsets", "inputs", "value", "flags", "scope", "line", "line_file", "line_number", "segments")
_TABLES = ("writes", "updates", "marks")
_TABLE_COLUMNS = ("node", "line", "value", "before", "made", "flag")
_SLOTS = ("slot", "before_slot")
_STRINGS = ("mark_texts", "op_names", "scopes", "files")
_DTYPES: dict[str, Any] = {
    "op": np.uint8, "offsets": np.int64, "inputs": np.int32, "value": np.float64, "flags": np.uint8, "scope": np.int32,
    "line": np.int32, "line_file": np.int32, "line_number": np.int32, "segments": np.int64,
    "node": np.int32, "before": np.float64, "made": np.int32, "flag": np.uint8,
    "root": np.int32, "combine": np.uint8, "hand": np.uint8, "node_offsets": np.int64, "nodes": np.int32,
    "grads": np.float64, "delivery_offsets": np.int64, "schedule": np.int32, "upstream": np.float64, "lines": np.int32,
    "kind": np.uint8, "bytes": np.uint8,
    "slot": np.int32, "before_slot": np.int32, "static": np.int32, "slots": np.int32, "seed": np.int32,
    "tensors": np.uint8, "accumulates": np.uint8, "retains": np.uint8, "hooked": np.int32, "hooked_offsets": np.int64,
    "aside": np.int32, "aside_offsets": np.int64,
    "numbers": np.float64, "counts": np.int32, "run_gap": np.int32, "run_count": np.int32, "run_offsets": np.int64,
    "start": np.int64, "dtype": np.uint8, "axes": np.int64, "shape": np.int64, "stride": np.int64,
}  # fmt: skip
_COMBINE = ("add", "assign")
_FROZEN = ("data", "compare")


def save(trace: Trace, path: str | Path) -> None:
    """Write `trace` to `path`, atomically.

    Raises:
        FileFormatError: the folder does not exist, is not writable, or the disk is full; the old file is kept.
    """
    write_atomic(path, to_bytes(trace.columns), FileFormatError)


def load(path: str | Path) -> Trace:
    """Read a trace written by `Trace.save` or `tracer record`; the name's ending does not matter.

    Raises:
        NotFoundError: no such file.
        FileFormatError: not a trace, or truncated, newer, or damaged.
    """
    where = str(path)
    try:
        return Trace(from_bytes(_read(path)))
    except FileNotFoundError:
        raise NotFoundError(f"{where}: no such file.", ja=f"{where}: ファイルが見つかりません。") from None
    except OSError as problem:
        raise FileFormatError(f"{where}: cannot be read: {(problem.strerror or str(problem)).lower()}.") from None
    except MemoryError:
        raise FileFormatError(
            f"{where}: reading it takes more memory than is free.", ja=f"{where}: 読み込むにはメモリーが足りません。"
        ) from None
    except Refused as problem:
        raise FileFormatError(
            f"{where}: {problem}", ja=f"{where}: 保存されたトレースとして読めません（{problem}）。"
        ) from None


def _read(path: str | Path) -> bytes:
    """The file's bytes; of a large one the header is looked at before the rest is asked for.

    Raises:
        Refused: it is no trace, not whole, or larger than memory.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > SMALL:
            head = file.read(8)
            length = int.from_bytes(head, "little")
            if length > MOST_HEADER:
                raise Refused("not a trace, or cut off.")
            head += file.read(length)
            _header(head)
            if _extent(head) != size:
                raise Refused("damaged or cut off.")
            room = free_memory()
            if room is not None and size * TIMES > room:
                needs, free = bytes_in_words(size * TIMES), bytes_in_words(room)
                raise Refused(f"too large for this machine: reading it takes about {needs} of memory, {free} are free.")
            file.seek(0)
        return file.read()


def _extent(head: bytes) -> int:
    """How long a file is that begins so, as it says itself; -1 where it says nothing of the kind."""
    try:
        tensors = json.loads(head[8:])
        return len(head) + max(
            int(about["data_offsets"][1]) for name, about in tensors.items() if name != "__metadata__"
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError):
        return -1


def is_trace(path: str | Path) -> bool:
    """Whether the file begins as a trace does, looking at its header alone."""
    try:
        with open(path, "rb") as file:
            head = file.read(8)
            return len(head) == 8 and FORMAT.encode() in file.read(min(int.from_bytes(head, "little"), 1 << 20))
    except OSError:
        return False


# Columns to bytes


def to_bytes(columns: Columns) -> bytes:
    """The file's content."""
    from safetensors.numpy import save as write

    arrays = compact.shrink(in_full(columns))
    # one key: safetensors writes several in an order that changes from run to run
    about = {"format": FORMAT, "version": VERSION, "info": dict(columns.info), "arena": len(columns.arena)}
    metadata = {"trace": json.dumps(about, ensure_ascii=False)}
    # safetensors writes a transposed array wrongly, without a word
    data: bytes = write({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata)
    return data


def in_full(columns: Columns) -> Arrays:
    """Every column by its name, none left out or shortened: what a file of version 2 held."""
    arrays: Arrays = {name: getattr(columns, name) for name in _NODE_COLUMNS}
    for table in _TABLES:
        for name in _TABLE_COLUMNS:
            arrays[f"{table}.{name}"] = getattr(getattr(columns, table), name)
    for name in _STRINGS:
        _put_strings(arrays, name, getattr(columns, name))
    named = sorted(columns.names)
    arrays["names.node"] = np.array(named, np.int32)
    _put_strings(arrays, "names", [columns.names[node] for node in named])
    _put_strings(arrays, "source_files", list(columns.sources))
    _put_strings(arrays, "source_texts", list(columns.sources.values()))
    arrays["frozen.node"] = np.array([f[0] for f in columns.frozen], np.int32)
    arrays["frozen.kind"] = np.array([_FROZEN.index(f[1]) for f in columns.frozen], np.uint8)
    arrays["frozen.line"] = np.array([f[2] for f in columns.frozen], np.int32)
    _put_passes(arrays, columns.passes)
    _put_tensors(arrays, columns)
    if columns.taps:
        _put_strings(arrays, "taps", list(columns.taps))
        arrays |= tapped.pack(columns.taps, "taps", "nodes", np.int32)
    if columns.tap_numbers:
        _put_strings(arrays, "tap_numbers", list(columns.tap_numbers))
        arrays |= tapped.pack(columns.tap_numbers, "tap_numbers", "numbers", np.float64)
    if columns.parameters:
        _put_strings(arrays, "parameters", list(columns.parameters))
        single = {name: (one,) for name, one in columns.parameters.items()}
        arrays |= tapped.pack(single, "parameters", "nodes", np.int32)
    return arrays


def _put_tensors(arrays: Arrays, columns: Columns) -> None:
    """Arrays, static arguments and notes; arrays that only those hold stand behind the arena's own."""
    writer = literal.Writer(columns.arena)
    n = len(columns.value)
    for name in ("slot", "static"):
        column = getattr(columns, name)
        arrays[name] = column if len(column) else np.broadcast_to(np.int32(-1), (n,))
    for table in _TABLES:
        for name in _SLOTS:
            arrays[f"{table}.{name}"] = getattr(getattr(columns, table), name)
    _put_strings(arrays, "statics", [writer.text(one) for one in columns.statics])
    _put_strings(arrays, "notes", [writer.text(one) for one in columns.update_notes])
    arrays.update({f"arena.{name}": column for name, column in blocks.pack(writer.arrays).items()})


def _put_strings(arrays: Arrays, name: str, words: Sequence[str]) -> None:
    parts = [word.encode("utf-8", "surrogatepass") for word in words]
    arrays[f"{name}.bytes"] = np.frombuffer(b"".join(parts), np.uint8)
    arrays[f"{name}.offsets"] = np.cumsum([0, *map(len, parts)], dtype=np.int64)


def _put_passes(arrays: Arrays, passes: Sequence[PassColumns]) -> None:
    empty = np.zeros(0)
    by_hand = [p.schedule is not None for p in passes]
    arrays["pass.root"] = np.array([p.root for p in passes], np.int32)
    arrays["pass.line"] = np.array([p.line for p in passes], np.int32)
    arrays["pass.combine"] = np.array([_COMBINE.index(p.combine) for p in passes], np.uint8)
    arrays["pass.hand"] = np.array(by_hand, np.uint8)
    arrays["pass.node_offsets"] = np.cumsum([0, *(len(p.nodes) for p in passes)], dtype=np.int64)
    arrays["pass.delivery_offsets"] = np.cumsum(
        [0, *(0 if p.schedule is None else len(p.schedule) for p in passes)], dtype=np.int64
    )
    arrays["pass.tensors"] = np.array([p.slots is not None for p in passes], np.uint8)
    arrays["pass.seed"] = np.array([p.seed for p in passes], np.int32)
    arrays["pass.accumulates"] = np.array([p.accumulates for p in passes], np.uint8)
    arrays["pass.retains"] = np.array([p.retains for p in passes], np.uint8)
    for name in ("hooked", "aside"):
        some = [getattr(p, name) for p in passes]
        arrays[f"pass.{name}"] = np.array([node for nodes in some for node in nodes], np.int32)
        arrays[f"pass.{name}_offsets"] = np.cumsum([0, *map(len, some)], dtype=np.int64)
    slots = [np.full(len(p.nodes), -1, np.int32) if p.slots is None else p.slots for p in passes]
    arrays["pass.slots"] = np.concatenate([empty, *slots]).astype(np.int32)
    for name in ("nodes", "grads", "schedule", "upstream", "lines"):
        parts = [empty if getattr(p, name) is None else getattr(p, name) for p in passes]
        arrays[f"pass.{name}"] = np.concatenate([empty, *parts]).astype(_DTYPES[name])


# Bytes to columns


def from_bytes(data: bytes) -> Columns:
    """The columns in a file's content, checked so that every later question about them has an answer.

    Raises:
        Refused: with a sentence that says why.
    """
    about = _header(data)
    get = _Getter(_arrays(data))
    if about["version"] < 2:
        _without_tensors(get.arrays)
    if about["version"] > 2:
        _restore(get)
    if "pass.root" in get.arrays:  # a column that came later: nothing else about the file is different without it
        get.arrays.setdefault("pass.retains", np.ones(get("pass.root").shape, np.uint8))
    fields: dict[str, Any] = {name: get(name, 2 if name == "segments" else 1) for name in _NODE_COLUMNS}
    fields |= {table: Table(*(get(f"{table}.{name}") for name in (*_TABLE_COLUMNS, *_SLOTS))) for table in _TABLES}
    fields |= _get_tensors(get, about.get("arena", 0))
    fields |= {name: get.strings(name) for name in _STRINGS}
    files, texts = get.strings("source_files"), get.strings("source_texts")
    named, names = get("names.node").tolist(), get.strings("names")
    frozen = [get(f"frozen.{name}").tolist() for name in ("node", "kind", "line")]
    if len(named) != len(names) or len(files) != len(texts) or len({len(column) for column in frozen}) != 1:
        raise Refused("damaged: its names or notes differ in length.")
    if any(kind >= len(_FROZEN) for kind in frozen[1]):
        raise Refused("damaged: a note is of an unknown kind.")
    columns = Columns(
        **fields,
        passes=_get_passes(get),
        names=dict(zip(named, names, strict=True)),
        sources=dict(zip(files, texts, strict=True)),
        frozen=tuple((node, _FROZEN[kind], line) for node, kind, line in zip(*frozen, strict=True)),
        info=about["info"],
        taps=_tapped(get, "taps", "nodes"),
        tap_numbers=_tapped(get, "tap_numbers", "numbers"),
        parameters=tapped.single(_tapped(get, "parameters", "nodes")),
    )
    validate(columns)
    return columns


def _tapped(get: _Getter, prefix: str, column: str) -> tapped.Things:
    """What `tapped.pack` wrote; nothing where the file has none of it."""
    return tapped.unpack(get.strings(prefix), get, prefix, column) if f"{prefix}.counts" in get.arrays else {}


def _get_tensors(get: _Getter, count: Any) -> dict[str, Any]:
    arrays = blocks.unpack(lambda name: get(f"arena.{name}"))
    if type(count) is not int or not 0 <= count <= len(arrays):
        raise Refused("damaged: it counts its tensors wrongly.")
    statics = tuple(literal.read(text, arrays) for text in get.strings("statics"))
    if any(one is None for one in statics):
        raise Refused("damaged: static arguments are missing.")
    return {
        "slot": get("slot"),
        "static": get("static"),
        "arena": arrays[:count],
        "statics": statics,
        "update_notes": tuple(literal.read(text, arrays) for text in get.strings("notes")),
    }


def _restore(get: _Getter) -> None:
    """Add the columns that follow from others."""
    get.arrays["offsets"] = compact.offsets_of(get("counts"), len(get("inputs")))
    get.arrays["pass.nodes"] = compact.nodes_of(get, len(get("pass.grads")))
    compact.absent(get.arrays, [("slot", "value"), ("static", "value"), ("pass.slots", "pass.nodes")])


def _without_tensors(arrays: Arrays) -> None:
    """Add to a file of version 1 the columns it did not know."""

    def none(like: str) -> NDArray[np.int32]:
        """-1 for each row of a column that is there."""
        known = arrays.get(like)
        return np.full(0 if known is None or not known.ndim else len(known), -1, np.int32)

    arrays["slot"], arrays["static"] = none("value"), none("value")
    for table in _TABLES:
        arrays[f"{table}.slot"] = arrays[f"{table}.before_slot"] = none(f"{table}.flag")
    _put_strings(arrays, "statics", [])
    _put_strings(arrays, "notes", ["null"] * len(none("updates.flag")))
    arrays.update({f"arena.{name}": column for name, column in blocks.pack(()).items()})
    arrays["pass.slots"], arrays["pass.seed"] = none("pass.nodes"), none("pass.root")
    arrays["pass.tensors"] = np.zeros(len(none("pass.root")), np.uint8)
    arrays["pass.accumulates"] = np.ones(len(none("pass.root")), np.uint8)
    for name in ("hooked", "aside"):
        arrays[f"pass.{name}"] = np.zeros(0, np.int32)
        arrays[f"pass.{name}_offsets"] = np.zeros(len(none("pass.root")) + 1, np.int64)


def _header(data: bytes) -> dict[str, Any]:
    try:
        size = int.from_bytes(data[:8], "little")
        if len(data) < 8 or size > len(data) - 8:
            raise ValueError
        about = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["trace"])
        kind, version, info = about["format"], about["version"], about["info"]
        if type(version) is not int:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("not a trace, or cut off.") from None
    if kind != FORMAT:
        raise Refused("not a trace.")
    if version > VERSION:
        raise Refused(f"made by a newer Gradient Tracer (format {version}; this one reads {VERSION}).")
    if not isinstance(info, dict):
        raise Refused("damaged: its notes are not a table.")
    found: dict[str, Any] = about
    return found


def _arrays(data: bytes) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load as read

    try:
        found: Arrays = read(data)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError, AttributeError):
        raise Refused("damaged or cut off.") from None
    return found


class _Getter:
    """Arrays by name, each held to its type and number of axes."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays

    def __call__(self, name: str, ndim: int = 1) -> NDArray[Any]:
        array = self.arrays.get(name)
        if array is None:
            raise Refused(f"damaged: {name} is missing.")
        array = self.arrays[name] = compact.widen(array, np.dtype(_DTYPES[name.rpartition(".")[2]]))
        if array.dtype != _DTYPES[name.rpartition(".")[2]] or array.ndim != ndim:
            raise Refused(f"damaged: {name} has the wrong type.")
        array.flags.writeable = False
        return array

    def strings(self, name: str) -> tuple[str, ...]:
        data, offsets = self(f"{name}.bytes").tobytes(), self(f"{name}.offsets")
        _check_offsets(offsets, len(data), name)
        bounds = offsets.tolist()
        try:
            return tuple(data[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise(bounds))
        except UnicodeDecodeError:
            raise Refused(f"damaged: {name} is not text.") from None


def _check_offsets(offsets: NDArray[Any], total: int, name: str) -> None:
    if len(offsets) < 1 or offsets[0] != 0 or offsets[-1] != total or (np.diff(offsets) < 0).any():
        raise Refused(f"damaged: {name} has wrong offsets.")


def _parted(get: _Getter, name: str) -> list[tuple[int, ...]]:
    """Numbers in groups, from one column and its offsets."""
    column, offsets = get(name), get(f"{name}_offsets")
    _check_offsets(offsets, len(column), name)
    return [tuple(column[a:b].tolist()) for a, b in pairwise(offsets.tolist())]


def _get_passes(get: _Getter) -> tuple[PassColumns, ...]:
    root, line, combine, hand = (get(f"pass.{name}") for name in ("root", "line", "combine", "hand"))
    nodes, grads = get("pass.nodes"), get("pass.grads")
    schedule, upstream, lines = get("pass.schedule"), get("pass.upstream"), get("pass.lines")
    node_offsets, delivery_offsets = get("pass.node_offsets"), get("pass.delivery_offsets")
    _check_offsets(node_offsets, len(nodes), "pass.nodes")
    _check_offsets(delivery_offsets, len(schedule), "pass.schedule")
    count = len(root)
    tensors, seed = get("pass.tensors"), get("pass.seed")
    accumulates, retains = get("pass.accumulates"), get("pass.retains")
    slots = get("pass.slots")
    some = {name: _parted(get, f"pass.{name}") for name in ("hooked", "aside")}
    sizes = {len(line), len(combine), len(hand), len(node_offsets) - 1, len(delivery_offsets) - 1}
    sizes |= {len(tensors), len(seed), len(accumulates), len(retains), *map(len, some.values())}
    if len(slots) != len(nodes):
        raise Refused("damaged: the passes' columns differ in length.")
    if sizes != {count} or len(grads) != len(nodes) or not len(schedule) == len(upstream) == len(lines):
        raise Refused("damaged: the passes' columns differ in length.")
    if count and combine.max() >= len(_COMBINE):
        raise Refused("damaged: a pass combines in an unknown way.")
    found = []
    for i in range(count):
        a, b = node_offsets[i : i + 2].tolist()
        c, d = delivery_offsets[i : i + 2].tolist()
        by_hand = bool(hand[i])
        found.append(
            PassColumns(
                int(root[i]),
                _COMBINE[combine[i]],
                int(line[i]),
                nodes[a:b],
                grads[a:b],
                schedule=schedule[c:d] if by_hand else None,
                upstream=upstream[c:d] if by_hand else None,
                lines=lines[c:d] if by_hand else None,
                slots=slots[a:b] if tensors[i] else None,
                seed=int(seed[i]),
                accumulates=bool(accumulates[i]),
                retains=bool(retains[i]),
                hooked=some["hooked"][i],
                aside=some["aside"][i],
            )
        )
    return tuple(found)
