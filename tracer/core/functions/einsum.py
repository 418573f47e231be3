"""einsum and tensordot: products and sums by the names of axes."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from tracer.core.apply import apply
from tracer.core.dtype import promote
from tracer.core.functions.arguments import dim_of, tensor_of, tensors_of
from tracer.core.functions.operands import converted
from tracer.core.functions.registry import METHODS, function
from tracer.core.ops import einsum as ops
from tracer.core.tensor import Tensor
from tracer.core.where import user_line
from tracer.errors import ArgumentError, DtypeError, OptionError, ShapeError


def _refuse(equation: str, problem: str, hint: str) -> OptionError:
    return OptionError(f"einsum: {problem} in {equation!r}.", hint=hint, where=user_line())


@function(method=False)
def einsum(equation: str, *operands: Any) -> Tensor:
    """Multiply operands and sum, by letters: `einsum("ij,jk->ik", a, b)` is `a @ b`.

    Each operand's letters name its axes; equal letters are the same axis, or of length 1. Letters that are not in the
    output are summed. Without `->` the output has the letters that occur once, in alphabetical order. `...` stands for
    any axes in front, which broadcast. A letter twice in one operand takes its diagonal.

    Raises:
        OptionError: an equation that makes no sense. ShapeError: sizes or numbers of axes that do not fit it.
        ArgumentError: no operands.
    """
    given = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
    if not isinstance(equation, str) or not given:
        raise ArgumentError(
            "einsum: it takes an equation and at least one operand.",
            hint='For example: einsum("ij,jk->ik", a, b).',
            where=user_line(),
        )
    tensors = tensors_of("einsum", list(given), "operands")
    words, target = _written_out(equation, tensors)
    size = _sizes(words, tensors)
    if len({one._array.dtype for one in tensors}) > 1:
        shared = [letter for letter in size if letter not in target and sum(letter in word for word in words) > 1]
        if shared:
            raise DtypeError(
                "einsum: " + ", ".join(f"operand {i} is {one.dtype}" for i, one in enumerate(tensors)) + ".",
                hint="They must have the same dtype; convert one, for example with .float().",
                where=user_line(),
            )
        tensors = [converted(one, promote(*tensors), "einsum") for one in tensors]
    if len(words) == 1 and set(words[0]) == set(target):
        return _rearranged(tensors[0], words[0], target)
    return apply(ops.EINSUM, *tensors, equation=f"{','.join(words)}->{target}", _grad_fn=_node(words, target))


def _rearranged(a: Tensor, word: str, target: str) -> Tensor:
    """One operand of which nothing is summed: diagonals and another order, on the same memory as in PyTorch."""
    for letter in dict.fromkeys(word):
        while word.count(letter) > 1:
            first = word.index(letter)
            second = word.index(letter, first + 1)
            a = METHODS["diagonal"](a, 0, first, second)
            word = word[:first] + word[first + 1 : second] + word[second + 1 :] + letter
    made: Tensor = METHODS["permute"](a, tuple(word.index(letter) for letter in target))
    return made


def _node(words: Sequence[str], target: str) -> str:
    """What PyTorch's own steps end in."""
    if len(words) == 1:
        return "SumBackward1"
    summed = set("".join(words)) - set(target)
    return "ViewBackward0" if any(sum(letter in word for word in words) > 1 for letter in summed) else "MulBackward0"


def _written_out(equation: str, tensors: Sequence[Tensor]) -> tuple[list[str], str]:
    """Every operand's letters and the output's, with letters of their own for what `...` stands for."""
    plain = equation.replace(" ", "")
    left, arrow, right = plain.partition("->")
    words = left.split(",")
    if len(words) != len(tensors):
        few = "fewer" if len(words) > len(tensors) else "more"
        raise _refuse(
            equation,
            f"{few} operands ({len(tensors)}) were given than there are terms ({len(words)})",
            "One term for each operand, with commas between.",
        )
    for word in [*words, *([right] if arrow else [])]:
        for letter in word.replace("...", "", 1):
            if letter not in string.ascii_letters:
                raise _refuse(
                    equation, f"{letter!r} is no subscript", "Subscripts are letters, and ... for other axes."
                )
    free = [letter for letter in string.ascii_uppercase + string.ascii_lowercase if letter not in plain]
    named = [word.replace("...", "") for word in words]
    extra = []
    for i, (word, letters, one) in enumerate(zip(words, named, tensors, strict=True)):
        more = one.ndim - len(letters)
        if more < 0 or (more and "..." not in word):
            raise ShapeError(
                f"einsum: operand {i} has shape {tuple(one._array.shape)}, but {len(letters)} subscripts: {word!r}.",
                hint="One letter for each axis, or ... for those that have none.",
                where=user_line(),
                ja=f"einsum：オペランド {i} の形は {tuple(one._array.shape)} ですが、添字は {len(letters)} "
                f"個です：{word!r}",
                hint_ja="軸ごとに文字を一つ書くか、残りの軸を ... で表してください。",
            )
        extra.append(more)
    ellipsis = "".join(free[: max(extra)])
    full = [word.replace("...", ellipsis[len(ellipsis) - more :]) for word, more in zip(words, extra, strict=True)]
    if not arrow:
        once = sorted(letter for letter in set("".join(named)) if "".join(named).count(letter) == 1)
        return full, ellipsis + "".join(once)
    for letter in right.replace("...", ""):
        if right.count(letter) > 1:
            raise _refuse(
                equation, f"output subscript {letter} appears more than once", "Each letter once in the output."
            )
        if letter not in "".join(named):
            raise _refuse(
                equation,
                f"output subscript {letter} is not in any operand",
                "The output takes letters from the operands.",
            )
    return full, right.replace("...", ellipsis)


def _sizes(words: Sequence[str], tensors: Sequence[Tensor]) -> dict[str, int]:
    """How long each letter's axis is.

    Raises:
        ShapeError: two axes of one letter differ, and neither is 1.
    """
    size: dict[str, int] = {}
    for i, (word, one) in enumerate(zip(words, tensors, strict=True)):
        own: dict[str, int] = {}
        for letter, n in zip(word, one._array.shape, strict=True):
            if own.setdefault(letter, n) != n:
                raise _unequal(letter, i, n, own[letter])
            if n != 1 and size.get(letter, 1) not in (1, n):
                raise _unequal(letter, i, n, size[letter])
            size[letter] = n if size.get(letter, 1) == 1 else size[letter]
    return size


def _unequal(letter: str, operand: int, n: int, before: int) -> ShapeError:
    return ShapeError(
        f"einsum: subscript {letter} has size {n} for operand {operand}, but was {before} before.",
        hint="Axes of one letter must be equally long, or 1.",
        where=user_line(),
        ja=f"einsum：添字 {letter} の長さがオペランド {operand} では {n} ですが、前では {before} でした。",
        hint_ja="同じ文字の軸は、長さが等しいか 1 でなければなりません。",
    )


@function(method=False)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Products of `a` and `b`, summed over pairs of axes.

    Args:
        dims: how many of the last axes of `a` meet the first of `b`; or two lists of axes that meet.

    Raises:
        ShapeError: axes that meet differ. AxisError: there is no such axis. OptionError: lists of different lengths.
    """
    one, two = tensor_of("tensordot", a, "a"), tensor_of("tensordot", b, "b")
    if isinstance(dims, int):
        if not 0 <= dims <= min(one.ndim, two.ndim):
            raise OptionError(
                f"tensordot: dims is {dims}; a has {one.ndim} axes, b has {two.ndim}.",
                hint="Both need at least that many axes.",
                where=user_line(),
            )
        dims = (list(range(one.ndim - dims, one.ndim)), list(range(dims)))
    first = [dim_of("tensordot", dim, one.ndim, "dims[0]") for dim in dims[0]]
    second = [dim_of("tensordot", dim, two.ndim, "dims[1]") for dim in dims[1]]
    if len(first) != len(second):
        raise OptionError("tensordot: both lists of dims must have the same length.", where=user_line())
    for i, j in zip(first, second, strict=True):
        if one._array.shape[i] != two._array.shape[j] and 1 not in (one._array.shape[i], two._array.shape[j]):
            raise ShapeError(
                f"tensordot: a has shape {tuple(one._array.shape)}, b has shape {tuple(two._array.shape)}.",
                hint=f"Axis {i} of a ({one._array.shape[i]}) must equal axis {j} of b ({two._array.shape[j]}).",
                where=user_line(),
            )
    letters = string.ascii_letters
    left = letters[: one.ndim]
    right = list(letters[one.ndim : one.ndim + two.ndim])
    for i, j in zip(first, second, strict=True):
        right[j] = left[i]
    target = "".join(c for i, c in enumerate(left) if i not in first)
    target += "".join(c for j, c in enumerate(right) if j not in second)
    made: Tensor = einsum(f"{left},{''.join(right)}->{target}", one, two)
    return made
