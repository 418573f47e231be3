"""TOML read with one clear line for every mistake: the file, the place in it, the rule, the nearest known key.

Numbers keep the digits they were written with (`Decimal`), because `0.0900` claims less than `0.09003057`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tracer.errors import LessonError, did_you_mean
from tracer.lessons.claim import Expected, shape_of
from tracer.text import LANGS, Text


class Table:
    """One table of a TOML file: typed reading, and an error that says where.

    Args:
        values: what `tomllib` made of it.
        where: file and place for messages: `03_square.toml: stop 1`.
        keys: the keys this table may have; any other is refused at once.

    Raises:
        LessonError: a key that is not in `keys`.
    """

    def __init__(self, values: Mapping[str, Any], where: str, keys: Iterable[str]) -> None:
        self.values, self.where, self.keys = values, where, tuple(keys)
        for key in values:
            if key not in self.keys:
                near = did_you_mean(key, self.keys) or f"Known keys: {', '.join(self.keys)}."
                raise self.error(f"unknown key {key!r}. {near}")

    def error(self, message: str) -> LessonError:
        """An error at this place of the file."""
        return LessonError(f"{self.where}: {message}")

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def _get(self, key: str, kinds: type | tuple[type, ...], wanted: str) -> Any:
        if key not in self.values:
            raise self.error(f"{key!r} is missing; it is {wanted}.")
        value = self.values[key]
        if (isinstance(value, bool) and bool not in _each(kinds)) or not isinstance(value, kinds):
            raise self.error(f"{key!r} must be {wanted}, not {_shown(value)}.")
        return value

    def string(self, key: str) -> str:
        """Words that are not translated: a name, a file, a section."""
        value: str = self._get(key, str, "a string")
        if not value.strip():
            raise self.error(f"{key!r} is empty.")
        return value

    def text(self, key: str) -> Text:
        """Words in both languages. Line breaks are the author's: English joins with a space, Japanese with nothing."""
        value = self._get(key, dict, "a table with en and ja")
        both = Table(value, f"{self.where}: {key}", LANGS)
        words = {lang: " ".join(both.string(lang).split()) for lang in LANGS}
        words["ja"] = "".join(line.strip() for line in both.string("ja").splitlines())
        return Text(words["en"], words["ja"])

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        """One of `known`."""
        value = self.string(key)
        if value not in known:
            near = did_you_mean(value, known) or f"Known: {', '.join(known)}."
            raise self.error(f"{key!r} cannot be {value!r}. {near}")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value: bool = self._get(key, bool, "true or false")
        return value

    def flag_or_index(self, key: str) -> bool | tuple[int, ...]:
        """True or false, or the index of an element: `[0, 1]`."""
        wanted = "true, false or the index of an element, such as [0, 1]"
        value: bool | list[object] = self._get(key, (bool, list), wanted)
        if isinstance(value, bool):
            return value
        index = tuple(i for i in value if isinstance(i, int) and not isinstance(i, bool))
        if not index or len(index) != len(value):
            raise self.error(f"{key!r} must be {wanted}, not {_shown(value)}.")
        return index

    def count(self, key: str) -> int:
        """A whole number from 1."""
        value: int = self._get(key, int, "a whole number from 1")
        if value < 1:
            raise self.error(f"{key!r} must be a whole number from 1, not {value}.")
        return value

    def number(self, key: str) -> Decimal:
        """A number with the digits it was written with; `inf` and `nan` too."""
        value: int | Decimal = self._get(key, (int, Decimal), "a number")
        return Decimal(value)

    def array(self, key: str) -> Expected:
        """A number, or rows of them nested as a tensor is; every row as long as its neighbours."""
        value = self._get(key, (int, Decimal, list), "a number or an array of numbers")
        found = self._nested(key, value)
        try:
            shape_of(found)
        except ValueError as error:
            raise self.error(f"{key!r} is no array: {error}.") from None
        return found

    def _nested(self, key: str, value: object) -> Expected:
        if isinstance(value, list):
            return tuple(self._nested(key, row) for row in value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.error(f"{key!r} must be an array of numbers; {_shown(value)} is none.")
        return Decimal(value)

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of a tensor: `[2, 3]`, `[]` of a single number."""
        wanted = "a shape: a list of whole numbers from 0"
        sizes = self._get(key, list, wanted)
        for size in sizes:
            if isinstance(size, bool) or not isinstance(size, int) or size < 0:
                raise self.error(f"{key!r} must be {wanted}; {_shown(size)} is none.")
        return tuple(sizes)

    def arrays(self, key: str) -> dict[str, Expected]:
        """A table of numbers and arrays under free names."""
        values = self._get(key, dict, "a table of numbers")
        inner = Table(values, f"{self.where}: {key}", values)
        return {name: inner.array(name) for name in values}

    def table(self, key: str, keys: Iterable[str]) -> Table:
        """A table inside this one."""
        return Table(self._get(key, dict, "a table"), f"{self.where}: {key}", keys)

    def tables(self, key: str, keys: Iterable[str], each: str) -> list[Table]:
        """An array of tables, called `each` 1, 2, ... in messages."""
        values = self._get(key, list, f"a list of tables: [[{key}]]")
        for value in values:
            if not isinstance(value, dict):
                raise self.error(f"{key!r} must be a list of tables: [[{key}]], not {_shown(value)}.")
        keys = tuple(keys)
        return [Table(value, f"{self.where}: {each} {i}", keys) for i, value in enumerate(values, start=1)]


def read(path: Path, keys: Iterable[str]) -> Table:
    """The top table of a TOML file.

    Raises:
        LessonError: it cannot be read, is not UTF-8, is not TOML, or has a key that is not in `keys`.
    """
    try:
        words = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise LessonError(f"{path.name}: cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        byte = f"byte 0x{error.object[error.start]:02x}"
        raise LessonError(f"{path.name}: line {line} is not UTF-8 text ({byte}); save the file as UTF-8.") from None
    try:
        # a byte order mark is what some editors write before UTF-8
        values = tomllib.loads(words.removeprefix("\ufeff"), parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:  # ValueError: not TOML, or a number of 5,000 digits
        raise LessonError(f"{path.name}: is not TOML: {error or type(error).__name__}.") from None
    return Table(values, path.name, keys)


def _each(kinds: type | tuple[type, ...]) -> tuple[type, ...]:
    return kinds if isinstance(kinds, tuple) else (kinds,)


def _shown(value: object) -> str:
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"
