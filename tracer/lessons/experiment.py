"""An experiment: a question, one model, and a few variants of its settings to be trained and compared.

`samples/experiments/NAME.toml` is all there is to one; a user's own is written in the same way. What is wrong in it is
told in one line: the file, the line, the place, the rule.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tracer.errors import LessonError
from tracer.lessons.toml import Table, read
from tracer.lessons.toml_lines import line_of, with_line
from tracer.text import Text, clean

FOLDER = "experiments"
"""Of `samples/`: not a course, but these."""
KEYS = (
    "title", "question", "explanation", "look", "answer",
    "model", "data", "mode", "steps", "seconds", "seed", "settings", "variant",
)  # fmt: skip
VARIANT_KEYS = ("name", "title", "settings")
ELSEWHERE = ("steps", "seed", "data", "mode", "engine", "device")
"""What is no setting of a variant: all of them share it."""
FEWEST, MOST = 2, 6
"""Variants."""
MOST_STEPS = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}", re.ASCII)
Setting = float | bool | str
NOTHING = Text.same("")


@dataclass(frozen=True, eq=False)
class Variant:
    """One of the runs that are compared."""

    name: str
    """Also its folder's."""
    title: Text
    settings: Mapping[str, Setting]
    """Those of the experiment and its own."""


@dataclass(frozen=True, eq=False)
class Experiment:
    """A question that training answers."""

    name: str
    file: Path
    title: Text
    question: Text
    explanation: Text
    """What is done, and why the answer is not obvious."""
    look: Text
    """What to look at."""
    answer: Text
    """To be read afterwards."""
    model: str
    """A program that defines `training`: a file beside the experiment, or a name."""
    data: str | None
    """Likewise; None for the program's own."""
    mode: str | None
    steps: int
    seed: int
    seconds: int
    """How long it takes on two cores, as was measured; 0 where nobody has."""
    variants: tuple[Variant, ...]

    @property
    def alias(self) -> str:
        """What the command line takes for one of ours: `residual`."""
        return self.name.rpartition("/")[2]

    def line_of(self, variant: int, setting: str) -> int | None:
        """The line in which a setting of a variant (from 1) is given."""
        words = self._words()
        own = line_of(words, ("variant", variant, "settings", setting), whole=True)
        return own or line_of(words, ("settings", setting), whole=True)

    def line_of_key(self, key: str) -> int | None:
        """The line in which a key at the top stands."""
        return line_of(self._words(), (key,), whole=True)

    def _words(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):  # it has gone since
            return ""


def load_experiment(path: Path) -> Experiment:
    """The experiment in a TOML file.

    Raises:
        LessonError: it cannot be read; the file, the line, the place and the rule.
    """
    try:
        return _read(path)
    except LessonError as error:
        raise with_line(error, path) from None


def _read(path: Path) -> Experiment:
    top = read(path, KEYS)
    shared = _settings(top)
    tables = top.tables("variant", VARIANT_KEYS, "variant")
    if not FEWEST <= len(tables) <= MOST:
        raise top.error(f"'variant' must be given {FEWEST} to {MOST} times, each as [[variant]], not {len(tables)}.")
    variants: list[Variant] = []
    for table in tables:
        name = table.string("name")
        if _NAME.fullmatch(name) is None:
            raise table.error(
                f"'name' names a folder: letters a to z, digits and . _ + - (at most 40), not {clean(name)[:40]!r}."
            )
        if name.casefold() in {one.name.casefold() for one in variants}:
            raise table.error(f"'name' {name!r} is another variant's, too.")
        title = _words(table, "title") if "title" in table else Text.same(name)
        variants.append(Variant(name, title, {**shared, **_settings(table)}))
    title = _words(top, "title")
    steps = top.count("steps")
    if steps > MOST_STEPS:
        raise top.error(f"'steps' must be at most {MOST_STEPS:,}, not {steps:,}.")
    return Experiment(
        f"{FOLDER}/{path.stem}",
        path,
        title,
        _words(top, "question") if "question" in top else title,
        _words(top, "explanation") if "explanation" in top else NOTHING,
        _words(top, "look") if "look" in top else NOTHING,
        _words(top, "answer") if "answer" in top else NOTHING,
        model=top.string("model"),
        data=top.string("data") if "data" in top else None,
        mode=top.choice("mode", ("lines", "text")) if "mode" in top else None,
        steps=steps,
        seed=_whole(top, "seed") if "seed" in top else 42,
        seconds=top.count("seconds") if "seconds" in top else 0,
        variants=tuple(variants),
    )


def _words(table: Table, key: str) -> Text:
    """In both languages; plain words are the same in both."""
    if isinstance(table.values.get(key), str):
        return Text.same(clean(" ".join(table.string(key).split())))
    words = table.text(key)
    return Text(clean(words.en), clean(words.ja))


def _whole(table: Table, key: str) -> int:
    number = table.number(key)
    if number != number.to_integral_value() or not 0 <= number < 2**63:
        raise table.error(f"{key!r} must be a whole number from 0, not {str(number)[:40]}.")
    return int(number)


def _finite(table: Table, name: str, value: int | Decimal) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise table.error(f"{name!r} must be a finite number.")
    return number


def _settings(table: Table) -> dict[str, Setting]:
    if "settings" not in table:
        return {}
    found: dict[str, Setting] = {}
    values = table.values["settings"]
    inner = table.table("settings", values if isinstance(values, dict) else ())
    for name, value in inner.values.items():
        if name in ELSEWHERE:
            raise inner.error(f"{name!r} is no setting of a variant: it stands above, for all of them.")
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            value = _finite(inner, name, value)
        if not isinstance(value, float | bool | str):
            raise inner.error(f"{name!r} must be a number, a word, true or false.")
        found[name] = value
    return found
