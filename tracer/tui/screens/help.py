"""Every key and every word. Made from the key table that the bindings are made from, so it cannot go stale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.console import Group as RichGroup
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text as RichText
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tracer.scene.palette import Palette
from tracer.scene.prose import Prose
from tracer.text import Lang, Text
from tracer.tui.keys import Place, rows
from tracer.tui.screens.base import AppScreen

TITLES: dict[Place, Text] = {
    "walk": Text(en="Walking a computation", ja="計算をたどる"),
    "stepper": Text(en="Looking closer and changing numbers", ja="詳しく見る・数を変える"),
    "document": Text(en="Documents", ja="文書"),
    "lockstep": Text(en="Two runs side by side", ja="二つの実行を並べる"),
    "training": Text(en="Training", ja="訓練"),
    "compare": Text(en="Comparing runs", ja="訓練を比べる"),
    "gallery": Text(en="Gallery", ja="一覧"),
    "endcard": Text(en="End of a lesson", ja="レッスンの終わり"),
    "app": Text(en="Everywhere", ja="どの画面でも"),
}
_TITLE = Text(en="Help", ja="ヘルプ")
_CLOSE = Text(en="tab  keys/words    ↑ ↓  scroll    esc  close", ja="tab  キー/用語    ↑ ↓  スクロール    esc  閉じる")
_GLOSSARY = Text(en="Words", ja="用語")
_INPUT_METHOD = Text(
    en="A key typed while a Japanese input method is on counts as its ASCII twin.",
    ja="日本語入力がオンのままでも、全角の文字・数字・空白は半角と同じキーとして働きます。",
)


class HelpScreen(AppScreen[None]):
    """What is in front, the keys of `places`, then the others', then what else there is to tell, then the glossary."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,?", "dismiss", show=False),
        Binding("tab,space", "other_half", show=False),
    ]

    def __init__(self, places: tuple[Place, ...], texts: Sequence[tuple[Text, Text]] = ()) -> None:
        super().__init__()
        self._texts = texts
        self.places = (*places, "app", *(place for place in TITLES if place not in (*places, "app")))

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(id="help-front")
            yield Static(id="help-keys")
            yield Static(id="help-texts")
            yield Static(id="help-words")

    def on_mount(self) -> None:
        self._draw()
        self.watch(self.app, "theme", self._draw, init=False)

    def watch_lang(self) -> None:
        self._draw()

    def _draw(self) -> None:
        lang = self.lang
        frame = self.query_one("#help")
        frame.border_title, frame.border_subtitle = _TITLE[lang], _CLOSE[lang]
        palette = self.tracer.palette
        self.query_one("#help-front", Static).update(texts_page(self._texts[:1], lang, palette))
        self.query_one("#help-texts", Static).update(texts_page(self._texts[1:], lang, palette))
        self.query_one("#help-keys", Static).update(keys_page(self.places, lang))
        self.query_one("#help-words", Static).update(words_page(lang, palette))

    def action_other_half(self) -> None:
        """From the keys to the words, and back."""
        frame, words = self.query_one("#help", VerticalScroll), self.query_one("#help-words")
        top = words.virtual_region.y
        frame.scroll_to(y=0 if frame.scroll_y >= min(top, frame.max_scroll_y) else top, animate=False)


def keys_page(places: tuple[Place, ...], lang: Lang) -> Content:
    """Every row of the key table: all of its keys, and what they do."""
    faces = {row: row.faces() for row in rows(*places)}
    width = max(Content(face).cell_length for face in faces.values())
    lines: list[Content] = []
    for place in places:
        lines += [Content(""), Content.styled(TITLES[place][lang], "bold $accent")]
        for row in rows(place):
            face = Content.styled(faces[row], "bold").pad_right(width - Content(faces[row]).cell_length)
            lines.append(Content.assemble("  ", face, "   ", row.words[lang]))
    return Content("\n").join([*lines[1:], Content(""), Content(_INPUT_METHOD[lang])])


def texts_page(texts: Sequence[tuple[Text, Text]], lang: Lang, palette: Palette) -> RichGroup:
    """Headings and paragraphs."""
    parts: list[RenderableType] = []
    for heading, words in texts:
        parts.append(RichText(heading[lang], palette.style("accent", bold=True)))
        parts += [Padding(Prose(part), (0, 0, 1, 2)) for part in words[lang].split("\n")]
    return RichGroup(*parts)


def words_page(lang: Lang, palette: Palette) -> RichGroup:
    """The glossary: each word of the field in both languages, and what it means here."""
    from tracer.explain.glossary import GLOSSARY

    parts: list[RenderableType] = [RichText(), RichText(_GLOSSARY[lang], palette.style("accent", bold=True))]
    for entry in GLOSSARY.values():
        word = RichText(entry.word[lang], palette.style("text", bold=True))
        other = entry.word["ja" if lang == "en" else "en"]
        parts.append(word.append(f"   {other}", palette.style("muted")))
        parts.append(Padding(Prose(entry.means[lang]), (0, 0, 1, 2)))
    return RichGroup(*parts)
