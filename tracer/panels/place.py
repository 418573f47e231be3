"""Where in an observation a choice points: the document, its tokens, the position, the layer; and how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracer.numbers import format_number
from tracer.panels.data import Floats
from tracer.panels.labels import written
from tracer.panels.panel import Choice, RunView
from tracer.text import Text
from tracer.trace.observation import Observation, Seen

NO_GRADIENT = Text("No gradient reaches this in step {step}.", "ステップ {step} では、ここに勾配が届きません。")
LAYER = Text("layer {layer}", "層 {layer}")
HEAD = Text("head {head}", "ヘッド {head}")
POSITION = Text("pos {position}", "位置 {position}")
DOCUMENT = Text("document {document}", "文書 {document}")
CONTEXT = 8
"""Symbols of a document that are quoted before the position."""


@dataclass(frozen=True)
class Place:
    """One position of one document of an observation."""

    observation: Observation
    document: int
    documents: int
    position: int
    labels: tuple[str, ...]
    """Of each position: what is read there."""

    @classmethod
    def of(cls, view: RunView, choice: Choice, observation: Observation, positions: int = 0) -> Place:
        """What a choice means in an observation.

        Args:
            positions: how many there are, if the observation itself does not tell.
        """
        documents = max(observation.documents, len(observation.tokens), 1)
        document = choice.document_of(documents)
        tokens = observation.tokens[document] if document < len(observation.tokens) else ()
        count = len(tokens) or positions or observation.positions(document)
        labels = written(tokens, view.setup.symbols) if tokens else tuple(map(str, range(count)))
        return cls(observation, document, documents, choice.position_of(count), labels)

    @property
    def numbered(self) -> tuple[str, ...]:
        """Labels with the position's number before them: `0 ⟨B⟩`, `1 a`."""
        return tuple(f"{i} {label}" if label != str(i) else label for i, label in enumerate(self.labels))

    @property
    def here(self) -> str:
        """The position and what is read there: `3 n`."""
        return self.numbered[self.position] if self.position < len(self.labels) else str(self.position)

    @property
    def target(self) -> int | None:
        """The number of the symbol that is wanted next."""
        targets = self.observation.targets
        if self.document >= len(targets) or self.position >= len(targets[self.document]):
            return None
        return targets[self.document][self.position]

    def in_words(self, *parts: Text) -> Text:
        """`layer 0  pos 3 n  document 1`; a document only where there are several."""
        words = list(parts)
        if self.documents > 1:
            words.append(DOCUMENT.format(document=self.document))
        return joined(words)

    def context(self) -> str:
        """The symbols read up to the position: `…⟨B⟩ a n n`."""
        read = self.labels[: self.position + 1]
        return ("…" if len(read) > CONTEXT else "") + "".join(read[-CONTEXT:])


def joined(words: Sequence[Text], between: str = "  ") -> Text:
    return Text(between.join(one.en for one in words), between.join(one.ja for one in words))


def layers_with(observation: Observation, name: str) -> tuple[int, ...]:
    """The layers that tap something: `attn` of `layer0.attn`."""
    return tuple(i for i in range(observation.layers) if observation.taps.get(f"layer{i}.{name}"))


def layer_of(observation: Observation, choice: Choice, name: str) -> int | None:
    """The chosen layer of those that tap something, the nearest one below it; None where none does."""
    found = layers_with(observation, name)
    below = [layer for layer in found if layer <= choice.layer]
    return below[-1] if below else found[0] if found else None


def numbers(seen: Seen, *, grad: bool) -> Floats | None:
    """What is seen of a thing as float64: its values, or its gradient, if there is one."""
    found = seen.grad if grad else seen.value
    return None if found is None else np.asarray(found, np.float64)


def norm(numbers: Floats) -> float:
    """L2 norm; it neither overflows nor underflows. nan where a number is."""
    return float(norms(numbers.reshape(1, -1))[0])


def norms(rows: Floats) -> Floats:
    """(n,) L2 norms of the rows of (n, C)."""
    size: Floats = np.abs(rows).max(axis=1, initial=0.0)
    safe = np.where(np.isfinite(size) & (size > 0), size, 1.0)
    with np.errstate(all="ignore"):
        found: Floats = size * np.sqrt(((rows / safe[:, None]) ** 2).sum(axis=1))
    return np.where(np.isfinite(size) & (size > 0), found, size)


def cosine(one: Floats, other: Floats) -> float:
    """-1 to 1; nan where one of them has no direction."""
    sizes = norm(one), norm(other)
    if one.shape != other.shape or not (np.isfinite(sizes[0]) and np.isfinite(sizes[1]) and sizes[0] and sizes[1]):
        return float("nan")
    return float(np.clip((one / sizes[0]) @ (other / sizes[1]), -1.0, 1.0))


def said(number: float, digits: int = 2) -> str:
    """A number in a note or a badge."""
    return format_number(number, digits)
