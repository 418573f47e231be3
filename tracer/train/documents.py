"""Text to learn from: symbols as numbers, documents in an order that follows from the seed, some held out.

text = Documents(["anna", "bo"], held_out=0.1)
text.symbols                # a b n o; the number of a symbol is its place
text.encode("anna")         # [4, 0, 2, 2, 0, 4]: 4 is BOS, the mark of beginning and end
text.read(7)                # the tokens of the document read as number 7
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tracer.errors import ArgumentError
from tracer.text import Text
from tracer.train.require import require

MODES = ("lines", "text")


class Documents:
    """The documents of a training, those held out last. Which one is read when follows from its number alone.

    With mode "text" a document is a piece of one long text, without BOS and one symbol longer than the block; where it
    begins follows from the seed and its number.

    Args:
        documents: strings, none of them empty; of a long text, its parts.
        mode: "lines", each document by itself, or "text".
        seed: of where pieces begin, and of `rng` where that is left out.
        rng: shuffles the documents.
        held_out: the share that is not trained on, from 0 to below 1; rounded down.
        block_size: positions of the model.
        symbols: the vocabulary; those that occur, in the order of their code points, where left out.

    Raises:
        ArgumentError: nothing to read, or a setting out of range.
    """

    def __init__(
        self,
        documents: Sequence[str],
        mode: str = "lines",
        *,
        seed: int = 42,
        rng: random.Random | None = None,
        held_out: float = 0.0,
        block_size: int = 16,
        symbols: Sequence[str] | None = None,
    ) -> None:
        require("mode", mode, among=MODES)
        require("held_out", held_out, least=0, below=1)
        require("block_size", block_size, least=1)
        words = list(documents)
        empty = next((i for i, word in enumerate(words, start=1) if not word), None if words else 0)
        if empty is not None:
            which = Text("there are none", "一つもありません")
            if empty:
                which = Text(f"number {empty:,} is empty", f"{empty:,} 番目が空です")
            raise _refused(f"documents: {which.en}.", f"文書: {which.ja}。")
        if mode == "lines":
            (rng or random.Random(seed)).shuffle(words)
        whole = ("" if mode == "lines" else "\n").join(words)
        self.mode, self.seed, self.block_size = mode, seed, block_size
        self.symbols = tuple(sorted(set(whole))) if symbols is None else tuple(symbols)
        self.bos = len(self.symbols)
        """The number of the mark of beginning and end: the one after the last symbol."""
        self._numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        self.training: tuple[str, ...]
        """What is trained on, in order; one long text with mode "text"."""
        self.held_out: tuple[str, ...]
        """What is not; with mode "text" in pieces."""
        if mode == "lines":
            kept = len(words) - int(len(words) * held_out)
            self.training, self.held_out = tuple(words[:kept]), tuple(words[kept:])
        else:
            kept = len(whole) - int(len(whole) * held_out)
            self.training, rest = (whole[:kept],), whole[kept:]
            self.held_out = tuple(rest[at : at + block_size + 1] for at in range(0, len(rest) - 1, block_size))
            self.encode(whole[: min(kept, 2)])
        self.notes = tuple(self._notes(words, held_out))
        """What is learned otherwise than one would think, in words."""

    def _notes(self, words: Sequence[str], held_out: float) -> Iterator[Text]:
        long = sum(len(word) > self.block_size for word in words) if self.mode == "lines" else 0
        if long:
            which = _OF_SEVERAL.format(long=f"{long:,}", count=f"{len(words):,}") if len(words) > 1 else _IT
            yield (_LONG if long > 1 else _LONG_ONE).format(which=which, block=f"{self.block_size:,}")
        if held_out and not self.held_out:
            few = _FEW if self.mode == "lines" else _SHORT
            yield few.format(count=f"{len(words):,}", held_out=f"{held_out:g}")

    def encode(self, document: str) -> list[int]:
        """[BOS, its symbols, BOS] as numbers; with mode "text" the symbols alone.

        Raises:
            ArgumentError: a symbol that is not in the vocabulary; a piece of text with nothing to predict.
        """
        unknown = next((place for place, symbol in enumerate(document) if symbol not in self._numbers), None)
        if unknown is not None:
            raise self._strange(document, unknown)
        numbers = [self._numbers[symbol] for symbol in document]
        if self.mode == "lines":
            return [self.bos, *numbers, self.bos]
        if len(numbers) < 2:
            raise _refused(
                "a text needs two symbols at least: the second is predicted from the first.",
                "文章には少なくとも 2 文字必要です。一つ目から二つ目を予測します。",
            )
        return numbers

    def _strange(self, document: str, place: int) -> ArgumentError:
        symbol, shown = document[place], document if len(document) <= 40 else f"{document[:39]}…"
        code = "" if symbol.isascii() and symbol.isprintable() else f" (U+{ord(symbol):04X})"
        near = next((one for one in (symbol.lower(), symbol.upper()) if one in self._numbers), None)
        return ArgumentError(
            f"symbol {place + 1:,} of {shown!r} is {symbol!r}{code}, none of the {self.bos:,} that are trained on.",
            hint=None if near is None else f"Did you mean {near!r}?",
            ja=f"{shown!r} の {place + 1:,} 文字目 {symbol!r}{code} は、訓練に使う {self.bos:,} 種類にありません。",
        )

    def decode(self, numbers: Sequence[int]) -> str:
        """The symbols with these numbers; BOS is none."""
        return "".join(self.symbols[number] for number in numbers if number != self.bos)

    def read(self, number: int) -> list[int]:
        """The tokens of the document read as number 0, 1, ... of the training."""
        if self.mode == "lines":
            return self.encode(self.training[number % len(self.training)])
        (text,) = self.training
        start = random.Random(f"{self.seed} {number}").randrange(max(1, len(text) - self.block_size))
        return self.encode(text[start : start + self.block_size + 1])

    def first(self, rng: random.Random) -> int:
        """What a new document begins with: BOS; with mode "text" some symbol of the text."""
        return self.bos if self.mode == "lines" else self._numbers[rng.choice(self.training[0])]


_OF_SEVERAL = Text("{long} of {count} documents", "文書 {count} 件のうち {long} 件")
_IT = Text("the document", "文書")
_LONG = Text(
    en="{which} are longer than block_size={block}: only their first {block} symbols are learned;"
    " --block-size N or --mode text.",
    ja="{which}は block_size={block} より長く、学習するのは先頭の {block} 文字だけです。"
    "長くするには --block-size N か --mode text を使います。",
)
_LONG_ONE = Text(
    en="{which} is longer than block_size={block}: only its first {block} symbols are learned;"
    " --block-size N or --mode text.",
    ja="{which}は block_size={block} より長く、学習するのは先頭の {block} 文字だけです。"
    "長くするには --block-size N か --mode text を使います。",
)
_FEW = Text(
    en="no document is held out: {count} are too few for held_out={held_out}.",
    ja="検証用の文書はありません。held_out={held_out} には {count} 件では足りません。",
)
_SHORT = Text(
    en="nothing is held out: the text is too short for held_out={held_out}.",
    ja="検証用の部分はありません。held_out={held_out} には文章が短すぎます。",
)


def _refused(en: str, ja: str) -> ArgumentError:
    return ArgumentError(en, ja=ja)
