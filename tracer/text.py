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
