"""Einstein's sum: letters name axes, letters that do not come out are multiplied and summed.

The gradient of one operand is an einsum again: the gradient of the output takes its place in the equation, and the
operand's letters become the output. The op gets an equation without ellipsis or spaces, output always written.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracer.core.array import put, take
from tracer.core.backend import namespace
from tracer.core.op import Input, Op, Sample, register
from tracer.core.ops import opened
from tracer.text import Text


def terms(equation: str) -> tuple[list[str], str]:
    """The operands' letters and the output's."""
    left, _, right = equation.partition("->")
    return left.split(","), right


def sizes(letters: Sequence[str], shapes: Sequence[Sequence[int]]) -> dict[str, int]:
    """How long each letter's axis is; an axis of length 1 is stretched to meet the others."""
    found: dict[str, int] = {}
    for word, shape in zip(letters, shapes, strict=True):
        for letter, n in zip(word, shape, strict=True):
            found[letter] = n if found.get(letter, 1) == 1 else found[letter]
    return found


def _grid(word: str, lengths: Mapping[str, int], module: Any) -> tuple[Any, ...]:
    """An index that walks equal letters in step: of "ii", the diagonal."""
    own = list(dict.fromkeys(word))
    return tuple(
        module.arange(lengths[letter]).reshape([-1 if other == letter else 1 for other in own]) for letter in word
    )


def _simple(xp: Any, a: Any, word: str, size: Mapping[str, int]) -> tuple[Any, str]:
    """`a` without repeated letters and without axes that were stretched, and its letters."""
    if len(set(word)) < len(word):
        lengths = dict(zip(word, a.shape, strict=True))
        a, word = take(xp, a, _grid(word, lengths, _plain_module(a))), "".join(dict.fromkeys(word))
    stretched = tuple(i for i, letter in enumerate(word) if a.shape[i] == 1 and size[letter] != 1)
    if stretched:
        a = xp.reshape(a, tuple(n for i, n in enumerate(a.shape) if i not in stretched))
        word = "".join(letter for i, letter in enumerate(word) if i not in stretched)
    return a, word


def _plain_module(a: Any) -> Any:
    return namespace(getattr(a, "_array", a))


def _ordered(xp: Any, a: Any, word: str, target: str) -> Any:
    """`a` with its axes in the order of `target`, which has the same letters."""
    return a if word == target else xp.transpose(a, tuple(word.index(letter) for letter in target))


def _pair(xp: Any, a: Any, one: str, b: Any, two: str, wanted: set[str], size: Mapping[str, int]) -> tuple[Any, str]:
    """Multiply two operands and sum the letters that nobody wants any more: one batched matrix product."""
    both = [letter for letter in one if letter in two]
    batch = [letter for letter in both if letter in wanted]
    inner = [letter for letter in both if letter not in wanted]
    left = [letter for letter in one if letter not in two]
    right = [letter for letter in two if letter not in one]
    word = "".join(batch + left + right)
    lengths = [[size[letter] for letter in part] for part in (batch, left, inner, right)]
    n_batch, n_left, n_inner, n_right = (math.prod(part) for part in lengths)
    a = xp.reshape(_ordered(xp, a, one, "".join(batch + left + inner)), (n_batch, n_left, n_inner))
    if inner:
        b = xp.reshape(_ordered(xp, b, two, "".join(batch + inner + right)), (n_batch, n_inner, n_right))
        out = xp.matmul(a, b) if batch else xp.matmul(xp.reshape(a, a.shape[1:]), xp.reshape(b, b.shape[1:]))
    else:
        out = a * xp.reshape(_ordered(xp, b, two, "".join(batch + right)), (n_batch, 1, n_right))
    return xp.reshape(out, tuple(lengths[0] + lengths[1] + lengths[3])), word


def _alone(xp: Any, a: Any, word: str, wanted: set[str]) -> tuple[Any, str]:
    """Sum away the letters that nobody else has and nobody wants."""
    gone = tuple(i for i, letter in enumerate(word) if letter not in wanted)
    if not gone:
        return a, word
    return xp.sum(a, axis=gone), "".join(letter for letter in word if letter in wanted)


def contract(xp: Any, words: Sequence[str], target: str, operands: Sequence[Any], size: Mapping[str, int]) -> Any:
    """The sum over all letters that are not in `target`, operands taken from left to right.

    Returns:
        An array with those letters of `target` that some operand has, in the order of `target`.
    """
    simple = [_simple(xp, a, word, size) for a, word in zip(operands, words, strict=True)]
    out, letters = simple[0]
    for i, (a, word) in enumerate(simple[1:], 1):
        later = set(target).union(*(other for _, other in simple[i + 1 :]))
        out, letters = _alone(xp, out, letters, later | set(word))
        a, word = _alone(xp, a, word, later | set(letters))
        out, letters = _pair(xp, out, letters, a, word, later, size)
    out, letters = _alone(xp, out, letters, set(target))
    return _ordered(xp, out, letters, "".join(letter for letter in target if letter in letters))


def _einsum(xp: Any, *operands: Any, equation: str) -> Any:
    words, target = terms(equation)
    return contract(xp, words, target, operands, sizes(words, [a.shape for a in operands]))


def _back(xp: Any, g: Any, out: Any, *operands: Any, slot: int, equation: str) -> Any:
    words, target = terms(equation)
    size = sizes(words, [a.shape for a in operands])
    own, a = words[slot], operands[slot]
    plain = "".join(
        letter for letter in dict.fromkeys(own) if not (a.shape[own.index(letter)] == 1 and size[letter] != 1)
    )
    others = [i for i in range(len(operands)) if i != slot]
    grad = contract(xp, [target, *(words[i] for i in others)], plain, [g, *(operands[i] for i in others)], size)
    known = set(target)
    for i in others:  # a stretched axis knows nothing of its letter
        known |= {letter for letter, n in zip(words[i], operands[i].shape, strict=True) if n == size[letter]}
    full = tuple(size[letter] for letter in plain)
    grad = xp.reshape(grad, tuple(size[letter] if letter in known else 1 for letter in plain))
    if tuple(grad.shape) != full:
        grad = xp.broadcast_to(grad, full)  # a letter that was summed away at once: the same to all along it
    if len(set(own)) < len(own):
        lengths = dict(zip(own, a.shape, strict=True))
        grad = xp.reshape(grad, tuple(lengths[letter] for letter in dict.fromkeys(own)))
        return put(xp, tuple(a.shape), _grid(own, lengths, _plain_module(g)), grad)
    return xp.reshape(grad, tuple(a.shape))


def _show(inputs: Sequence[str], static: Mapping[str, Any]) -> str:
    return f"einsum('{static['equation']}', {', '.join(inputs)})"


def _samples(rng: Any) -> Iterable[Sample]:
    known = {"i": 2, "j": 3, "k": 4, "b": 2}
    for equation in (
        "ij,jk->ik", "bij,bjk->bik", "ii->", "ii->i", "ij->ji", "ij->", "i,i->", "i,j->ij", "ij,j,ik->k", "bij,kj->bki",
        "i,j->", "ij,ij->ij", "bii->b", "iij,jk->ik",
    ):  # fmt: skip
        words, _ = terms(equation)
        yield Sample(
            tuple(rng.normal(0, 1, tuple(known[letter] for letter in word)) for word in words), {"equation": equation}
        )
    yield Sample((rng.normal(0, 1, (1, 3)), rng.normal(0, 1, (2, 3))), {"equation": "ij,ij->i"})


EINSUM = register(
    Op(
        name="einsum",
        steps=opened.einsum,
        label="einsum",
        show=_show,
        what=Text(
            en="{out} multiplies the operands where their letters agree, and sums over every letter that the output "
            "lacks.",
            ja="{out} は、文字が一致する所で各テンソルを掛け合わせ、出力にない文字の軸について足し合わせた値です。",
        ),
        forward=_einsum,
        inputs=(
            Input(
                "operand",
                vjp=_back,
                local="",
                needs=("operand",),
                why=Text(
                    en="Nudge one element: every product it is in moves, by the other factors of that product.",
                    ja="要素を一つ動かすと、それが入っている積がすべて、ほかの因数の積の倍率で動きます。",
                ),
                back=Text(
                    en="It is an einsum again: the gradient takes the operand's place, and the operand's letters "
                    "become "
                    "the output, so the shape is right by itself.",
                    ja="これも einsum です。勾配を自分の代わりに入れ、自分の文字を出力にします。形は自然に合います。",
                ),
            ),
        ),
        samples=_samples,
        variadic=True,
        grad_fn="ViewBackward0",
    )
)
