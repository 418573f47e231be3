"""What is drawn, apart from how: a panel's data with the words that stand round it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rich.cells import cell_len

from tracer.panels.data import NOTHING, Data
from tracer.panels.panel import Choice, Panel
from tracer.scene.palette import DARK, LIGHT, Palette
from tracer.text import LANGS, Lang, Text, clean

STEP = Text("step {step}", "ステップ {step}")
UP_TO = Text("steps 1 to {step}", "ステップ 1〜{step}")


@dataclass(frozen=True)
class Look:
    """How figures are set."""

    lang: Lang = "en"
    dark: bool = False
    """For a projector in a dark room; else for paper."""
    width: float | None = None
    """Millimetres; None is what the kind of figure is best at."""

    @property
    def palette(self) -> Palette:
        return DARK if self.dark else LIGHT


@dataclass(frozen=True, eq=False)
class Sheet:
    """A panel at one step, or over the steps, and what of the model it shows."""

    data: Data | Text
    """In words, why there is nothing."""
    panel: Panel | None = None
    choice: Choice = field(default_factory=Choice)

    @property
    def twin(self) -> Text | None:
        """What the gradient is called, where it is what is shown."""
        return self.panel.twin if self.panel is not None and self.choice.grad else None

    @property
    def title(self) -> Text:
        """What it is, and of which layer, head, position."""
        said = self.data.title if isinstance(self.data, Data) else self.panel.title if self.panel else NOTHING
        twin = self.twin
        if twin is None:
            return Text(*(clean(said[lang]) for lang in LANGS))
        return Text(
            *(clean(said[lang] if twin[lang] in said[lang] else f"{said[lang]}  {twin[lang]}") for lang in LANGS)
        )

    @property
    def heading(self) -> Text:
        """The title, and of which step the numbers are."""
        data = self.data
        if not isinstance(data, Data) or not data.step:
            return self.title
        when = UP_TO if data.kind == "lines" else STEP
        return Text(*(f"{self.title[lang]}   {when[lang].format(step=f'{data.step:,}')}" for lang in LANGS))

    @property
    def caption(self) -> Text:
        """What one sees, in a line."""
        if self.panel is None or (isinstance(self.data, Data) and self.data.kind == "lines" and self.choice.history):
            return NOTHING
        return self.panel.caption_of(self.choice)

    @property
    def about(self) -> Text:
        return NOTHING if self.panel is None else self.panel.about_of(self.choice)

    def words(self, lang: Lang) -> str:
        """All that stands below the figure."""
        note = self.data.note[lang] if isinstance(self.data, Data) else ""
        return "\n".join(clean(line) for line in (note, self.caption[lang]) if line)


def wrapped(words: str, cells: int) -> str:
    """Lines of so many cells: English breaks at spaces, Japanese anywhere but before what must not begin a line."""
    return "\n".join(line for paragraph in words.split("\n") for line in _lines(paragraph, max(8, cells)))


NOT_FIRST = "、。，．・」』）)]}！？!?,.;:ー々っゃゅょッャュョ…%％"


def _lines(paragraph: str, cells: int) -> Iterator[str]:
    line = ""
    for piece in _pieces(paragraph):
        if line and cell_len(line + piece.rstrip()) > cells and not (len(piece) == 1 and piece in NOT_FIRST):
            yield line.rstrip()
            line = piece.lstrip()
        else:
            line += piece
    yield line.rstrip()


def _pieces(words: str) -> Iterator[str]:
    """What is not torn apart: a word with the space behind it, a wide character."""
    piece = ""
    for sign in words:
        if cell_len(sign) > 1:
            if piece:
                yield piece
                piece = ""
            yield sign
        else:
            piece += sign
            if sign == " ":
                yield piece
                piece = ""
    if piece:
        yield piece
