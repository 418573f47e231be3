"""One number's step by an optimizer, line by line: momentum, running averages, bias corrections, the update.

An optimizer says with each update what it computed (a note: its options, and its arrays before and after). Here one
element of them is picked out and every line of the rule is written in symbols and with its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tracer.explain.amount import Amount, shape_of
from tracer.explain.explanation import Row
from tracer.explain.words import EMPTY, join
from tracer.numbers import equals_sign, format_number
from tracer.text import Text

Block = tuple[Row, ...]

LONGEST = 14
"""Cells of a name that every line may repeat: `W.grad[0, 1]`."""
NAMES = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}


@dataclass(frozen=True)
class Step:
    """One element of one update."""

    label: str
    """The parameter's name."""
    note: Mapping[str, Any]
    before: Amount
    after: Amount
    element: int = 0
    """Which element, an index into the flattened parameter."""
    digits: int = 4

    @property
    def name(self) -> str:
        """`W[0, 1]`; the parameter's name alone where it is a single number."""
        return self.label + _index(self.before, self.element)

    @property
    def grad(self) -> str:
        """`W.grad[0, 1]`"""
        return f"{self.label}.grad{_index(self.before, self.element)}"

    @property
    def is_long(self) -> bool:
        """Whether the names are too long for every line: then `w` and `grad` stand for them."""
        return len(self.grad) > LONGEST

    @property
    def w(self) -> str:
        """The number, in the lines of the rule."""
        return "w" if self.is_long else self.name

    @property
    def dw(self) -> str:
        """Its gradient, in the lines of the rule."""
        return "grad" if self.is_long else self.grad

    @property
    def rule(self) -> str:
        return str(self.note["rule"])

    def at(self, name: str) -> float:
        """An option's number, or this element of an array of the note."""
        found = self.note[name]
        return float(np.asarray(found).reshape(-1)[self.element] if np.ndim(found) else found)

    def one(self, value: Amount) -> float:
        """This element of the parameter."""
        return float(np.asarray(value).reshape(-1)[self.element])

    def shown(self, value: float) -> str:
        return format_number(value, self.digits)

    def factor(self, value: float) -> str:
        """Negative numbers in parentheses."""
        text = self.shown(value)
        return f"({text})" if text.startswith("-") else text


def _index(value: Amount, element: int) -> str:
    """`[0, 1]`; "" of a single number."""
    shape = shape_of(value)
    return f"[{', '.join(str(int(i)) for i in np.unravel_index(element, shape))}]" if shape else ""


def blocks(step: Step) -> tuple[Block, ...]:
    """The rule, a block a line of it."""
    found = [_names(step), _slope(step)]
    if step.rule == "sgd":
        found += _momentum(step)
        found.append(_plain_update(step))
    else:
        found += [*_averages(step), *_corrections(step), _adam_update(step)]
    return tuple(block for block in found if block)


def rule_line(step: Step) -> str:
    """The last line in symbols: `W ← W − lr · m_hat / (√v_hat + ε)`."""
    return blocks(step)[-1][0].text("en")


def words(step: Step) -> Text:
    """What the rule is for, with what is special at this step."""
    name = NAMES.get(step.rule, step.rule)
    head = (
        Text(f"{name}, step {_count(step)}.", f"{name} の {_count(step)} 歩目です。") if step.rule != "sgd" else EMPTY
    )
    return join(head, *_said(step))


# Lines


def _names(step: Step) -> Block:
    """What the short names stand for, where the real ones are long."""
    if not step.is_long:
        return ()
    return tuple(
        Row((Text.same(name),), Text.same(short), ":") for short, name in (("w", step.name), ("grad", step.grad))
    )


def _block(
    left: str, sign: str, symbols: str, numbers: str, terms: tuple[float, ...], result: float, step: Step
) -> Block:
    """`left sign symbols`; under it the numbers put in, and what they make."""
    digits = step.digits
    made = f"{numbers} {equals_sign(result, *terms, digits=digits)} {step.shown(result)}"
    return (
        Row((Text.same(symbols),), Text.same(left), sign),
        Row((Text.same(made),), sign=equals_sign(*terms, digits=digits), colour="data"),
    )


def _slope(step: Step) -> Block:
    """`g`: the gradient, turned round to climb, with weight decay; nothing where it is the gradient itself."""
    if "slope" not in step.note:
        return ()
    grad, slope = step.at("grad"), step.at("slope")
    minus = "−" if step.note.get("maximize") else ""
    shown = f"−{step.factor(grad)}" if minus else step.shown(grad)
    decay = step.at("weight_decay")
    if not decay or step.rule == "adamw":
        return _block("g", "=", f"{minus}{step.dw}", shown, (grad,), slope, step)
    before = step.one(step.before)
    symbols = f"{minus}{step.dw} + λ · {step.w}"
    numbers = f"{shown} + {step.shown(decay)} · {step.factor(before)}"
    return _block("g", "=", symbols, numbers, (grad, decay, before), slope, step)


def _g(step: Step) -> tuple[str, float]:
    """What the lines call the gradient, and its number."""
    return ("g", step.at("slope")) if "slope" in step.note else (step.dw, step.at("grad"))


def _momentum(step: Step) -> Iterator[Block]:
    """`m ← μ · m + g`, and `d = g + μ · m` with Nesterov."""
    if "m" not in step.note:
        return
    (name, g), m, rate = _g(step), step.at("m"), step.at("momentum")
    if step.note["m_before"] is None:
        yield _block("m", "←", name, step.shown(g), (g,), m, step)
    else:
        before, damp = step.at("m_before"), step.at("dampening")
        share = f"(1 − {step.shown(damp)}) · " if damp else ""
        symbols = f"μ · m + {'(1 − τ) · ' if damp else ''}{name}"
        numbers = f"{step.shown(rate)} · {step.factor(before)} + {share}{step.factor(g)}"
        yield _block("m", "←", symbols, numbers, (rate, before, g), m, step)
    if step.note.get("nesterov"):
        d = step.at("direction")
        numbers = f"{step.shown(g)} + {step.shown(rate)} · {step.factor(m)}"
        yield _block("d", "=", f"{name} + μ · m", numbers, (g, rate, m), d, step)


def _plain_update(step: Step) -> Block:
    """`W ← W − lr · d`"""
    before, after, lr = step.one(step.before), step.one(step.after), step.at("lr")
    name, d = _g(step)
    if "m" in step.note:
        name, d = ("d" if step.note.get("nesterov") else "m"), step.at("direction")
    numbers = f"{step.shown(before)} − {step.shown(lr)} · {step.factor(d)}"
    return _last(step, f"{step.w} − lr · {name}", numbers, (before, lr, d), after)


def _last(step: Step, symbols: str, numbers: str, terms: tuple[float, ...], after: float) -> Block:
    """The line that gives the parameter its new number."""
    rule, made = _block(step.w, "←", symbols, numbers, terms, after, step)
    return rule, replace(made, now=True)


def _averages(step: Step) -> Iterator[Block]:
    """`m ← β₁ · m + (1 − β₁) · g` and `v ← β₂ · v + (1 − β₂) · g²`"""
    name, g = _g(step)
    for letter, beta, sub, power in (("m", "beta1", "₁", ""), ("v", "beta2", "₂", "²")):
        rate, before, after = step.at(beta), step.at(f"{letter}_before"), step.at(letter)
        symbols = f"β{sub} · {letter} + (1 − β{sub}) · {name}{power}"
        b = step.shown(rate)
        g_shown = f"({step.shown(g)})²" if power else step.factor(g)
        numbers = f"{b} · {step.factor(before)} + (1 − {b}) · {g_shown}"
        yield _block(letter, "←", symbols, numbers, (rate, before, g), after, step)


def _corrections(step: Step) -> Iterator[Block]:
    """`m_hat = m / (1 − β₁ᵗ)`, and the same of v."""
    t = int(step.note["step"])
    largest = "v_max" in step.note
    for letter, beta, sub in (("m", "beta1", "₁"), ("v_max" if largest else "v", "beta2", "₂")):
        hat = "m_hat" if letter == "m" else "v_hat"
        rate, plain, corrected = step.at(beta), step.at(letter), step.at(hat)
        name = "max v" if letter == "v_max" else letter
        symbols = f"{name} / (1 − β{sub}^t)"
        numbers = f"{step.shown(plain)} / (1 − {step.shown(rate)}^{t})"
        yield _block("m_hat" if letter == "m" else "v_hat", "=", symbols, numbers, (plain, rate), corrected, step)


def _adam_update(step: Step) -> Block:
    """`W ← W − lr · m_hat / (√v_hat + ε)`; with AdamW, `W` shrinks first."""
    before, after = step.one(step.before), step.one(step.after)
    lr, eps, m, v = (step.at(name) for name in ("lr", "eps", "m_hat", "v_hat"))
    fraction = f"{step.shown(lr)} · {step.factor(m)} / (√{step.shown(v)} + {step.shown(eps)})"
    symbols, numbers = f"{step.w} − lr · m_hat / (√v_hat + ε)", f"{step.shown(before)} − {fraction}"
    terms: tuple[float, ...] = (before, lr, m, v)
    decay = step.at("weight_decay")
    if decay and step.rule == "adamw":
        symbols = f"{step.w} · (1 − lr · λ) − lr · m_hat / (√v_hat + ε)"
        numbers = f"{step.factor(before)} · (1 − {step.shown(lr)} · {step.shown(decay)}) − {fraction}"
        terms = (before, lr, decay, m, v)
    return _last(step, symbols, numbers, terms, after)


# Words


def _count(step: Step) -> str:
    return f"{int(step.note['step']):,}"


def _said(step: Step) -> Iterator[Text]:
    decay = step.at("weight_decay")
    if step.rule == "sgd":
        yield _MOMENTUM if "m" in step.note else _DESCENT
        if "m" in step.note and step.note["m_before"] is None:
            yield _FIRST_MOMENTUM
        if step.note.get("nesterov"):
            yield _NESTEROV
    else:
        yield _ADAM
        yield _CORRECTED
        if int(step.note["step"]) == 1 and not decay and "v_max" not in step.note:
            yield _FIRST_ADAM
        if "v_max" in step.note:
            yield _AMSGRAD
    if decay:
        yield _DECOUPLED if step.rule == "adamw" else _DECAY
    if step.note.get("maximize"):
        yield _MAXIMIZE


_DESCENT = Text(
    "Gradient descent: the step is the learning rate times the gradient, against the slope.",
    "勾配降下法です。学習率 × 勾配の分だけ、勾配と逆向きに動きます。",
)
_MOMENTUM = Text(
    "Momentum: m keeps part of the earlier steps, so that the way is smoother and steady slopes gather speed.",
    "モーメンタムです。m に前の歩みの一部が残るので、動きがなめらかになり、同じ向きの坂では速くなります。",
)
_FIRST_MOMENTUM = Text(
    "At the first step there is nothing to keep: m is the gradient itself.",
    "最初の一歩では残すものがないので、m は勾配そのものです。",
)
_NESTEROV = Text(
    "Nesterov looks ahead: the gradient goes in once more, beside m.",
    "ネステロフの方法では、m に加えて勾配をもう一度足し、先を見越して動きます。",
)
_ADAM = Text(
    "m is a running mean of the gradient, v of its square (not of its spread around the mean). "
    "Dividing by √v_hat gives every number steps of about the same length, whatever the size of its gradient.",
    "m は勾配の移動平均、v は勾配の二乗の移動平均です（平均からのばらつきではありません）。"
    "√v_hat で割るので、勾配の大きさによらず、どの数もほぼ同じ歩幅で動きます。",
)
_CORRECTED = Text(
    "Both began at 0 and are too small at first; m_hat and v_hat take that out (bias correction).",
    "どちらも 0 から始まるため最初は小さすぎます。m_hat と v_hat はそれを補正した値です（バイアス補正）。",
)
_FIRST_ADAM = Text(
    "At the first step m_hat is the gradient and √v_hat its size, so the step is as long as the learning rate.",
    "最初の一歩では m_hat は勾配そのもの、√v_hat はその大きさなので、歩幅は学習率と同じになります。",
)
_AMSGRAD = Text(
    "AMSGrad divides by the largest v so far, so that steps never grow again.",
    "AMSGrad ではこれまでで最大の v で割るので、歩幅が再び大きくなることはありません。",
)
_DECAY = Text(
    "Weight decay λ adds a pull towards 0 to the gradient.", "重み減衰 λ により、0 に引き戻す力が勾配に加わります。"
)
_DECOUPLED = Text(
    "Weight decay λ shrinks the number itself, beside the step: that is the W in AdamW.",
    "重み減衰 λ は、歩みとは別に数そのものを縮めます。AdamW の W はこのことです。",
)
_MAXIMIZE = Text(
    "maximize=True: the gradient is turned round, so the step climbs.",
    "maximize=True なので、勾配の符号を変えて坂を上ります。",
)
