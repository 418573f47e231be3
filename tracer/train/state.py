"""What a step changes besides the parameters, as plain JSON and arrays, and back into the very objects it came from.

A program names it in `Training.state`: optimizers and modules (anything with `state_dict` and `load_state_dict`), lists
and mappings of numbers, `Value`s, tensors, NumPy arrays, and generators of random numbers. A list, a mapping or an
array is changed in place, since the program's own step holds on to it. Nothing is evaluated and nothing pickled.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, MutableMapping, MutableSequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracer.core.generator import Generator, default_generator
from tracer.core.tensor import Tensor
from tracer.core.value import Value
from tracer.errors import ProgramError, StateError, TracerError
from tracer.train.parameters import assign, numbers

Array = NDArray[Any]
Arrays = dict[str, Array]
Tree = Any
"""JSON: plain things as they are, everything else as `{kind: ...}`, arrays by their names."""
MOST_DEEP = 50
"""Levels of lists in lists."""


class Unfit(Exception):
    """A saved state that does not fit the program's objects; says where and why."""


# Out of objects


def pack(thing: Any, name: str, arrays: Arrays) -> Tree:
    """A thing as JSON; its arrays are put into `arrays`, under names that begin with `name`.

    Raises:
        ProgramError: it cannot be kept.
    """
    if thing is None or isinstance(thing, bool | int | str):
        return thing
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else {"float": repr(thing)}
    if isinstance(thing, Tensor):
        return {"tensor": _put(arrays, name, numbers(thing))}
    if isinstance(thing, np.ndarray | np.generic):
        return _array(thing, name, arrays)
    if isinstance(thing, Value):
        return {"value": thing.data, "grad": thing.grad}
    made = _generator(thing, name, arrays)
    if made is not None:
        return made
    if hasattr(thing, "state_dict") and hasattr(thing, "load_state_dict"):
        return {"state_dict": pack(thing.state_dict(), name, arrays)}
    if isinstance(thing, Mapping):
        pairs = [[_key(key, name), pack(one, f"{name}/{key}", arrays)] for key, one in thing.items()]
        return {"mapping": pairs}
    if isinstance(thing, list | tuple):
        kind = "list" if isinstance(thing, list) else "tuple"
        table = _table(thing) if kind == "list" else None
        if table is not None:
            return {"numbers": _put(arrays, name, table)}
        return {kind: [pack(one, f"{name}/{i}", arrays) for i, one in enumerate(thing)]}
    raise _unkept(name, thing)


def _table(rows: Any) -> Array | None:
    """Lists of floats, all of one length, as one array; None for anything else. A thousand rows are then one entry."""
    if not rows:
        return None
    if all(type(one) is float for one in rows):
        return np.array(rows, np.float64)
    if not all(type(one) is list and one for one in rows):
        return None
    inner = [_table(one) for one in rows]
    if any(one is None or one.shape != inner[0].shape for one in inner):  # type: ignore[union-attr]
        return None
    return np.array(inner, np.float64)


def _array(thing: Any, name: str, arrays: Arrays) -> Tree:
    array = np.asarray(thing)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise _unkept(name, thing)
    return {"scalar" if isinstance(thing, np.generic) else "array": _put(arrays, name, np.array(array, order="C"))}


def _generator(thing: Any, name: str, arrays: Arrays) -> Tree | None:
    """Where a source of random numbers stands; None if it is none."""
    if isinstance(thing, random.Random):
        version, words, waiting = thing.getstate()
        return {"random": _put(arrays, name, np.array(words, np.uint32)), "version": version, "waiting": waiting}
    if isinstance(thing, Generator):
        return {"generator": _put(arrays, name, thing.state())}
    if isinstance(thing, np.random.Generator):
        return {"bit_generator": pack(_plain(thing.bit_generator.state), name, arrays)}
    if isinstance(thing, np.random.RandomState):
        return {"bit_generator": pack(_plain(thing.get_state(legacy=False)), name, arrays)}
    return None


def _plain(thing: Any) -> Any:
    """NumPy's own state with whole numbers as Python's."""
    if isinstance(thing, Mapping):
        return {key: _plain(one) for key, one in thing.items()}
    return int(thing) if isinstance(thing, np.integer) else thing


def _key(key: Any, name: str) -> int | str | bool | None:
    if key is None or isinstance(key, int | str):
        return key
    name = name.removeprefix("s/")
    raise ProgramError(
        f"Training: state {name}: a key is a {type(key).__name__}; only words and whole numbers can be kept.",
        ja=f"Training: state {name}: キーが {type(key).__name__} です。保存できるキーは文字列と整数だけです。",
    )


def _put(arrays: Arrays, name: str, array: Array) -> str:
    while name in arrays:
        name += "'"
    arrays[name] = array
    return name


def _unkept(name: str, thing: Any) -> ProgramError:
    kind, name = type(thing).__name__, name.removeprefix("s/")
    return ProgramError(
        f"Training: state {name} is a {kind}, which a checkpoint cannot keep.",
        hint="It keeps optimizers, lists of numbers, tensors, NumPy arrays and generators. "
        "With state=None it keeps none: a step is then had again by taking all before it.",
        ja=f"Training: state {name} は {kind} で、チェックポイントに保存できません。",
        hint_ja="保存できるのはオプティマイザ、数のリスト、テンソル、NumPy 配列、乱数生成器です。"
        "state=None なら保存せず、最初のステップから取り直します。",
    )


# Back into objects


def unpack(tree: Tree, arrays: Mapping[str, Array], deep: int = 0) -> Any:
    """A new thing as the packed one was.

    Raises:
        Unfit: the tree is none that `pack` makes.
    """
    if tree is None or isinstance(tree, bool | int | str | float):
        return tree
    if deep > MOST_DEEP or not isinstance(tree, dict) or not tree:
        raise Unfit("it is not as we write it")
    kind, inner = next(iter(tree.items()))
    if kind == "float" and inner in ("nan", "inf", "-inf"):
        return float(inner)
    if kind == "tensor":
        return Tensor._wrap(_get(arrays, inner).copy(), told=False)
    if kind == "array":
        return _get(arrays, inner).copy()
    if kind == "scalar":
        return _get(arrays, inner).reshape(())[()]
    if kind == "numbers":
        return _get(arrays, inner).tolist()
    if kind == "mapping" and isinstance(inner, list) and all(isinstance(p, list) and len(p) == 2 for p in inner):
        if all(key is None or isinstance(key, int | str) for key, _ in inner):
            return {key: unpack(one, arrays, deep + 1) for key, one in inner}
    elif kind in ("list", "tuple") and isinstance(inner, list):
        made = [unpack(one, arrays, deep + 1) for one in inner]
        return made if kind == "list" else tuple(made)
    raise Unfit("it is not as we write it")


def restore(thing: Any, tree: Tree, arrays: Mapping[str, Array], name: str) -> None:
    """Bring a thing back to where it was when it was packed; it stays the same object.

    Raises:
        Unfit: the tree is of another kind of thing.
    """
    try:
        _restore(thing, tree, arrays, name)
    except Unfit:
        raise
    except (TracerError, LookupError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        raise Unfit(f"{name}: {str(problem).splitlines()[0] if str(problem) else type(problem).__name__}") from None


def _restore(thing: Any, tree: Tree, arrays: Mapping[str, Array], name: str) -> None:
    if not isinstance(tree, dict) or not tree:
        raise Unfit(f"{name} is a {type(thing).__name__} now")
    kind, inner = next(iter(tree.items()))
    if kind == "state_dict":
        thing.load_state_dict(unpack(inner, arrays))
    elif (isinstance(thing, Tensor) and kind == "tensor") or (isinstance(thing, np.ndarray) and kind == "array"):
        _fits(thing, _get(arrays, inner), name)
        assign(thing, _get(arrays, inner))
    elif isinstance(thing, Value) and kind == "value":
        thing.data, thing.grad = float(inner), float(tree["grad"])
    elif isinstance(thing, random.Random) and kind == "random":
        words = tuple(_get(arrays, inner).tolist())
        thing.setstate((tree["version"], words, tree["waiting"]))
    elif isinstance(thing, Generator) and kind == "generator":
        thing.restore(_get(arrays, inner))
    elif isinstance(thing, np.random.Generator) and kind == "bit_generator":
        thing.bit_generator.state = unpack(inner, arrays)
    elif isinstance(thing, np.random.RandomState) and kind == "bit_generator":
        thing.set_state(unpack(inner, arrays))
    elif isinstance(thing, MutableMapping) and kind == "mapping":
        _restore_mapping(thing, inner, arrays, name)
    elif isinstance(thing, MutableSequence) and kind in ("list", "numbers"):
        _restore_list(thing, tree, arrays, name)
    else:
        raise Unfit(f"{name} is a {type(thing).__name__} now")


def _restore_mapping(thing: MutableMapping[Any, Any], pairs: Any, arrays: Mapping[str, Array], name: str) -> None:
    saved = dict(map(tuple, pairs))
    for key in [key for key in thing if key not in saved]:
        del thing[key]
    for key, one in saved.items():
        if key in thing and is_kept_whole(thing[key]):
            _restore(thing[key], one, arrays, f"{name}/{key}")
        else:
            thing[key] = unpack(one, arrays)


def _restore_list(thing: MutableSequence[Any], tree: Tree, arrays: Mapping[str, Array], name: str) -> None:
    kind, inner = next(iter(tree.items()))
    if kind == "list" and len(inner) == len(thing):
        for i, one in enumerate(inner):
            if is_kept_whole(thing[i]):
                _restore(thing[i], one, arrays, f"{name}/{i}")
            else:
                thing[i] = unpack(one, arrays)
        return
    _restore_numbers(thing, unpack(tree, arrays), name)


def _restore_numbers(thing: MutableSequence[Any], saved: list[Any], name: str) -> None:
    """Numbers in rows: each row stays the same list."""
    rows = any(isinstance(one, MutableSequence) for one in thing)
    if not rows:
        thing[:] = saved
        return
    if len(thing) != len(saved):
        raise Unfit(f"{name} has {len(thing):,} rows now, {len(saved):,} were saved")
    for i, (one, numbers_of_it) in enumerate(zip(thing, saved, strict=True)):
        _restore_numbers(one, numbers_of_it, f"{name}/{i}")


def is_kept_whole(thing: Any) -> bool:
    """Whether others may hold on to a thing, so that it is changed and not replaced."""
    return not (thing is None or isinstance(thing, bool | int | float | str | tuple | np.generic))


def _fits(thing: Any, array: Array, name: str) -> None:
    ours = thing._array if isinstance(thing, Tensor) else thing
    if tuple(ours.shape) != array.shape or str(ours.dtype) != str(array.dtype):
        raise Unfit(f"{name} was {array.dtype} of shape {array.shape}; it is {ours.dtype} of shape {tuple(ours.shape)}")


def _get(arrays: Mapping[str, Array], name: Any) -> Array:
    if not isinstance(name, str) or name not in arrays:
        raise Unfit(f"its array {name!r} is missing")
    return arrays[name]


# Random numbers that nobody passed in


def seed_all(seed: int) -> None:
    """Start every source of random numbers that a program may draw from without naming it."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    default_generator.manual_seed(seed % 2**64)


def pack_random(arrays: Arrays) -> Tree:
    """Where those sources stand."""
    version, words, waiting = random.getstate()
    numpy_state = np.random.get_state(legacy=False)
    return {
        "python": {
            "random": _put(arrays, "r/python", np.array(words, np.uint32)),
            "version": version,
            "waiting": waiting,
        },
        "numpy": {"bit_generator": pack(_plain(numpy_state), "r/numpy", arrays)},
        "tracer": {"generator": _put(arrays, "r/tracer", default_generator.state())},
    }


def restore_random(tree: Tree, arrays: Mapping[str, Array]) -> None:
    """Bring them back there.

    Raises:
        Unfit: the tree is none that `pack_random` makes.
    """
    try:
        python = tree["python"]
        random.setstate((python["version"], tuple(_get(arrays, python["random"]).tolist()), python["waiting"]))
        np.random.set_state(unpack(tree["numpy"]["bit_generator"], arrays))
        default_generator.restore(_get(arrays, tree["tracer"]["generator"]))
    except (LookupError, TypeError, ValueError, OverflowError, StateError) as problem:
        raise Unfit(f"random numbers: {type(problem).__name__}") from None
