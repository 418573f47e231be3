"""Small arithmetic expressions: parsed into a postfix program, never handed to Python.

Two uses: what a person types (`tracer open "(x + 2)(x - 1)" x=3`) and the local derivative of each op, which is
printed with numbers put in. Everything here is iterative; how deep a text nests is bounded by `MAX_DEPTH` alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from tracer.errors import ExpressionError, did_you_mean

MAX_DEPTH = 200
"""Open parentheses at one place; no formula meant for a reader comes near."""
MAX_LENGTH = 100_000
"""Characters."""

FUNCTIONS: dict[str, int] = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "pow": 2,
    "neg": 1, "exp": 1, "log": 1, "relu": 1, "tanh": 1, "sigmoid": 1, "sqrt": 1, "abs": 1,
}  # fmt: skip
"""Callable names and their number of arguments: the scalar ops."""
LOCAL_FUNCTIONS: dict[str, int] = {**FUNCTIONS, "step": 1, "sign": 1, "sin": 1, "cos": 1}
"""What a local derivative may use beside them."""

_SIGNS = str.maketrans("−–×·⋅∗÷∕　", "--****// ") | {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<name>[^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹][^\W⁰¹²³⁴⁵⁶⁷⁸⁹]*)
      | (?P<power>[⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
      | (?P<sign>\*\*|[-+*/^(),])
    )""",
    re.VERBOSE,
)

_BINARY = {"+": ("add", 1), "-": ("sub", 1), "*": ("mul", 2), "/": ("div", 2), "^": ("pow", 4)}
_NEG_LEVEL = 3  # -x^2 is -(x^2), but -x*y is (-x)*y
_SHOW = {"add": (" + ", 1), "sub": (" − ", 1), "mul": (" · ", 2), "div": (" / ", 2), "pow": ("^", 4)}


class Step(NamedTuple):
    """One instruction of the postfix program."""

    kind: str
    """"number", "name" or "call"."""
    value: float | str
    arity: int = 0


@dataclass(frozen=True)
class Expression:
    """A parsed expression. `steps` is its postfix program, `text` what was typed."""

    text: str
    steps: tuple[Step, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The variables, in the order they first appear."""
        return tuple(dict.fromkeys(str(s.value) for s in self.steps if s.kind == "name"))

    def evaluate(self, env: Mapping[str, Any], call: Callable[..., Any]) -> Any:
        """Run the program: `env` gives names their values, `call(function, *args)` computes.

        Raises:
            ExpressionError: a name that `env` lacks.
        """
        stack: list[Any] = []
        for step in self.steps:
            if step.kind == "number":
                stack.append(step.value)
            elif step.kind == "name":
                if step.value not in env:
                    raise ExpressionError(f"no value is given for {step.value!r}.", hint=f"Give one: {step.value}=3")
                stack.append(env[str(step.value)])
            else:
                args = stack[len(stack) - step.arity :]
                del stack[len(stack) - step.arity :]
                stack.append(call(step.value, *args))
        return stack[0]

    def show(self, names: Mapping[str, str] | None = None) -> str:
        """The expression as mathematics, names replaced by `names` (a number's text, or another name)."""
        names = names or {}
        stack: list[tuple[str, int]] = []  # (text, how tightly it binds)
        for step in self.steps:
            if step.kind == "number":
                stack.append((f"{step.value:g}", 9))
            elif step.kind == "name":
                text = names.get(str(step.value), str(step.value))
                stack.append((text, _level_of(text)))
            else:
                args = stack[len(stack) - step.arity :]
                del stack[len(stack) - step.arity :]
                stack.append(_show_call(str(step.value), args))
        return stack[0][0]


def parse(text: str, functions: Mapping[str, int] = FUNCTIONS) -> Expression:
    """Parse numbers, names, `+ - * / ** ^`, parentheses, implicit multiplication, `−` `×` `²`, op names as calls.

    `2x`, `(x + 2)(x - 1)` and `x y` multiply, binding like `*`: `1/2x` is `(1/2) * x`. `^` binds to the right.

    Args:
        text: at most `MAX_LENGTH` characters, nested at most `MAX_DEPTH` deep.
        functions: callable names and their number of arguments.

    Raises:
        ExpressionError: anything else, with the place.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"the expression has {len(text):,} characters; {MAX_LENGTH:,} is the most.")
    return _Parser(text, functions).run()


class _Parser:
    """Shunting-yard with two explicit stacks: what to emit, and what waits for its right side."""

    def __init__(self, text: str, functions: Mapping[str, int]) -> None:
        self.text, self.functions = text, functions
        self.out: list[Step] = []
        self.waiting: list[tuple[str, int, int]] = []  # (function, level, arguments so far); level 0: an open "("
        self.called = ""  # the function whose "(" comes next
        self.wants_value = True

    def fail(self, message: str, at: int, hint: str | None = None, ja: str | None = None) -> ExpressionError:
        shown = self.text if len(self.text) <= 60 else self.text[max(0, at - 28) : at + 28]
        caret = at if len(self.text) <= 60 else min(at, 28)
        pointed = f"\n  {shown}\n  {' ' * caret}^"
        return ExpressionError(message + pointed, hint=hint, ja=None if ja is None else ja + pointed)

    def run(self) -> Expression:
        source = self.text.translate(_SIGNS)
        at = 0
        end = len(source.rstrip())
        if not end:
            raise ExpressionError("the expression is empty.", hint='For example: tracer open "(x + 2)(x - 1)" x=3')
        while at < end:
            match = _TOKEN.match(source, at)
            if match is None:
                at += len(source[at:]) - len(source[at:].lstrip())
                raise self.fail(f"{self.text[at]!r} has no meaning in an expression.", at, _ONLY)
            start = match.start(match.lastgroup or 0)
            self.token(str(match.lastgroup), match.group(str(match.lastgroup)), start, source[match.end() :])
            at = match.end()
        if self.wants_value:
            raise self.fail("something is missing at the end.", end)
        while self.waiting:
            function, level, _ = self.waiting.pop()
            if level == 0:
                raise self.fail("a parenthesis is never closed.", end)
            self.emit(function)
        return Expression(self.text, tuple(self.out))

    def token(self, kind: str, word: str, at: int, rest: str) -> None:
        if kind == "sign":
            self.sign(word, at)
            return
        if kind == "power":
            if self.wants_value:
                raise self.fail("an exponent needs something before it.", at)
            self.operator("^")
            self.out.append(Step("number", float(word.translate(_DIGITS))))
            self.wants_value = False
            return
        if not self.wants_value:
            if kind == "number":
                raise self.fail("a number stands right after another value.", at, "To multiply, write *.")
            self.operator("*")
        if kind == "number":
            self.out.append(Step("number", float(word)))
            self.wants_value = False
        elif word in self.functions:
            if not rest.lstrip().startswith("("):
                raise self.fail(f"{word} is a function: write {word}(…).", at)
            self.called = word
        elif rest.lstrip().startswith("(") and len(word) > 1 and did_you_mean(word, self.functions):
            near = did_you_mean(word, self.functions)
            raise self.fail(f"there is no function {word!r}.", at, near, f"関数 {word!r} はありません。")
        elif rest.lstrip().startswith("(") and len(word) > 2:
            known = ", ".join(sorted(self.functions))
            raise self.fail(
                f"there is no function {word!r}.",
                at,
                f"Functions: {known}. To multiply, write {word} * (…).",
                f"関数 {word!r} はありません。",
            )
        elif "__" in word or word in _PYTHON_WORDS:
            raise self.fail(f"{word!r} cannot be a name here.", at, _ONLY)
        else:
            self.out.append(Step("name", word))
            self.wants_value = False

    def sign(self, word: str, at: int) -> None:
        if word == "(":
            if not self.wants_value:
                self.operator("*")
            self.waiting.append((self.called or "(", 0, 1))
            self.called = ""
            if sum(1 for w in self.waiting if w[1] == 0) > MAX_DEPTH:
                raise self.fail(f"more than {MAX_DEPTH} parentheses are open at one place.", at)
            return
        if word in "),":
            self.close(word, at)
        elif not self.wants_value:
            self.operator("^" if word == "**" else word)
        elif word == "-":
            self.waiting.append(("neg", _NEG_LEVEL, 1))
        elif word != "+":
            raise self.fail(f"{word!r} needs something before it.", at)

    def close(self, word: str, at: int) -> None:
        if self.wants_value:
            raise self.fail(f"something is missing before {word!r}.", at)
        while self.waiting and self.waiting[-1][1] != 0:
            self.emit(self.waiting.pop()[0])
        if not self.waiting or (word == "," and self.waiting[-1][0] == "("):
            raise self.fail(f"{word!r} has no matching parenthesis." if word == ")" else "a comma stands alone.", at)
        function, _, count = self.waiting.pop()
        if word == ",":
            self.waiting.append((function, 0, count + 1))
            self.wants_value = True
            return
        if function != "(":
            if count != self.functions[function]:
                raise self.fail(f"{function} takes {self.functions[function]} argument(s), {count} given.", at)
            self.out.append(Step("call", function, count))
        self.wants_value = False

    def operator(self, word: str) -> None:
        function, level = _BINARY[word]
        while self.waiting and (self.waiting[-1][1] > level or (self.waiting[-1][1] == level and word != "^")):
            self.emit(self.waiting.pop()[0])
        self.waiting.append((function, level, 2))
        self.wants_value = True

    def emit(self, function: str) -> None:
        self.out.append(Step("call", function, 1 if function == "neg" else 2))


_ONLY = "Allowed: numbers, names, + - * / ** ^, parentheses, and " + ", ".join(sorted(FUNCTIONS)) + "."
_PYTHON_WORDS = frozenset(
    (
        "lambda",
        "if",
        "else",
        "for",
        "in",
        "is",
        "not",
        "and",
        "or",
        "def",
        "class",
        "import",
        "from",
        "with",
        "while",
        "return",
    )
)


def _level_of(text: str) -> int:
    return 0 if text.startswith("-") or " " in text else 9


def _show_call(function: str, args: list[tuple[str, int]]) -> tuple[str, int]:
    if function == "neg":
        return "−" + _wrap(args[0], _NEG_LEVEL), _NEG_LEVEL
    if function not in _SHOW:
        return f"{function}({', '.join(text for text, _ in args)})", 9
    sign, level = _SHOW[function]
    left, right = args
    # a - (b - c) and a / (b / c) keep their parentheses; (a^b)^c does, a^b^c does not
    left_level = level + 1 if function == "pow" else level
    right_level = level if function in ("add", "mul", "pow") else level + 1
    return _wrap(left, left_level) + sign + _wrap(right, right_level), level


def _wrap(part: tuple[str, int], level: int) -> str:
    return part[0] if part[1] >= level else f"({part[0]})"
