"""What a person reads, in both languages: a sentence exists twice or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lang = Literal["en", "ja"]
LANGS: tuple[Lang, ...] = ("en", "ja")


@dataclass(frozen=True)
class Text:
    """One sentence in English and in Japanese. `text["ja"]` is the Japanese one."""

    en: str
    ja: str

    def __getitem__(self, lang: Lang) -> str:
        return self.ja if lang == "ja" else self.en

    def format(self, **values: object) -> Text:
        """Both languages with `{name}` fields filled in; a value may itself be a `Text`."""
        return Text(
            self.en.format(**{k: v.en if isinstance(v, Text) else v for k, v in values.items()}),
            self.ja.format(**{k: v.ja if isinstance(v, Text) else v for k, v in values.items()}),
        )

    @classmethod
    def same(cls, words: str) -> Text:
        """Words that are the same in both languages: names, formulas, numbers."""
        return cls(words, words)


_UNSAFE = {
    **dict.fromkeys(
        [*range(0x20), *range(0x7F, 0xA0)], "\N{REPLACEMENT CHARACTER}"
    ),  # controls: escape sequences begin so
    **dict.fromkeys(
        [*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF], ""
    ),  # unseen, bidi
    **dict.fromkeys(
        range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}"
    ),  # halves of nothing: they cannot be written out
}
_UNSAFE_IN_LINES = {code: shown for code, shown in _UNSAFE.items() if code not in (0x09, 0x0A)}


def clean(words: str, *, lines: bool = False) -> str:
    """Text from a user or a file, without what would act on a terminal or hide itself.

    Args:
        lines: keep line breaks and tabs, as in source code.
    """
    return words.translate(_UNSAFE_IN_LINES if lines else _UNSAFE)
