"""Other settings for a run: switches and numbers as they are now, what would change, and what only a new run can have.

Nothing happens to the run while one types. Enter tries the settings in a process of their own: what the program says
of them is told here, and what was typed stays.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text as RichText
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widgets import Input, Static

from tracer.errors import TracerError
from tracer.scene.fitting import head
from tracer.scene.palette import Palette
from tracer.text import LANGS, Text, clean
from tracer.train.entry import MOST_STEPS, NO, YES, Setting
from tracer.train.report import setting_in_words
from tracer.train.trials import Tried, only_new, try_settings
from tracer.tui.background import in_background
from tracer.tui.keys import ascii_twin
from tracer.tui.running import Running
from tracer.tui.screens.dialog import Dialog
from tracer.tui.switching import Wish, job_of
from tracer.tui.typed import Refused
from tracer.tui.widgets.hits import Choices

HIDDEN = ("mode",)
"""Settings that say how the data are read."""
LAST = ("seed", "device", "dtype")
ON, OFF = "◆", "◇"
AROUND = 12
"""Rows of the terminal that the list does not get."""


class Field(Input):
    """A field that leaves the space to its dialog."""

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class SwitchesScreen(Dialog[Wish]):
    """Gives back what is to be other, once the program has taken it.

    Args:
        run: it stands still.
    """

    DEFAULT_CSS = """
    SwitchesScreen > #dialog { max-width: 110; }
    SwitchesScreen #dialog-heads { width: 100%; height: 1; }
    SwitchesScreen #dialog-words { min-height: 2; max-height: 4; }
    """
    HEADING = Text(en="Settings from step {step} on", ja="ステップ {step} からの設定")
    KEYS = Text(
        en="enter  go on   ctrl+n  new run   space  on/off   ↑ ↓  choose   esc  cancel",
        ja="enter  ここから続ける   ctrl+n  新しい訓練   space  on/off   ↑ ↓  選ぶ   esc  取り消し",
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False, priority=True),
        Binding("down", "choose(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("space", "turn", show=False, priority=True),
        Binding("ctrl+n", "new_run", show=False, priority=True),
    ]

    def __init__(self, run: Running) -> None:
        self.run_ = run
        setup = run.setup
        self.values: dict[str, Setting] = {name: one for name, one in setup.settings.items() if name not in HIDDEN}
        self.values.setdefault("steps", setup.steps)
        self.names = tuple(sorted(self.values, key=self._place))
        self.edits: dict[str, str] = {}
        """Name -> what was typed in the place of the value."""
        self.only_new: set[str] = set()
        """What only a new run can have, as far as is known."""
        self._trying: threading.Event | None = None
        self._searching = threading.Event()
        super().__init__(self.text_of(self.names[0]))

    def _place(self, name: str) -> int:
        """Switches come first, what a run can hardly change last."""
        return LAST.index(name) + 2 if name in LAST else int(not isinstance(self.values[name], bool))

    # How it looks

    def compose_body(self) -> ComposeResult:
        yield Static(id="dialog-heads", markup=False)
        yield Choices(id="dialog-list")
        yield Field(self._value, id="dialog-input", select_on_focus=True)
        yield Static(id="dialog-words", markup=False)

    def on_mount(self) -> None:
        self._make_room(self.app.size)
        self.list.show(len(self.names), self._line)
        super().on_mount()
        in_background(self, self._search, lambda _: None, lambda _: None)

    def on_unmount(self) -> None:
        self._searching.set()
        if self._trying is not None:
            self._trying.set()

    def on_resize(self, event: events.Resize) -> None:
        self._make_room(event.size)

    def _make_room(self, size: Size) -> None:
        self.list.styles.height = max(3, min(len(self.names), size.height - AROUND))

    @property
    def list(self) -> Choices:
        return self.query_one("#dialog-list", Choices)

    @property
    def field(self) -> Input:
        return self.query_one("#dialog-input", Input)

    @property
    def name_marked(self) -> str:
        """The setting that the field is about."""
        return self.names[self.list.marked]

    def heading(self) -> Text:
        return self.HEADING.format(step=f"{self.run_.past.steps + 1:,}")

    def draw(self) -> None:
        super().draw()
        self.query_one("#dialog-heads", Static).update(
            RichText(_HEADS[self.lang], self.tracer.palette.style("muted"), no_wrap=True)
        )
        self.list.refresh()

    def hint(self) -> Text:
        told = self.told()
        if not told:
            return _HINT
        there = bool(self.only_new & self.edits.keys())
        return Text(*(f"{told}\n{(_NEEDS_NEW if there else _READY)[lang]}" for lang in LANGS))

    def told(self) -> str:
        """What would change: `lr 0.01 → 0.001`; empty where nothing would."""
        return "   ".join(
            f"{clean(name)} {setting_in_words(self.values[name])} → {clean(typed) or '?'}"
            for name, typed in self.edits.items()
        )

    def _line(self, number: int, width: int, marked: bool, palette: Palette) -> RichText:
        name = self.names[number]
        value, typed = self.values[name], self.edits.get(name)
        line = RichText("› " if marked else "  ", palette.style("accent", bold=True), no_wrap=True, end="")
        now = self.as_switch(name)
        sign = "  " if not isinstance(value, bool) else f"{ON if now else OFF} "
        line.append(sign, palette.style("ok" if now else "muted"))
        line.append(head(clean(name), NAME).ljust(NAME), palette.style("text", bold=marked))
        was = setting_in_words(value)
        if typed is None:
            line.append(was, palette.style("data"))
        else:
            line.append(f"{was} → ", palette.style("muted"))
            line.append(clean(typed) or "?", palette.style("active", bold=True))
        if name in self.only_new:
            words = _ONLY_NEW[self.lang]
            line.truncate(max(1, width - cell_len(words) - 1), pad=True)
            line.append(f" {words}", palette.style("mark" if typed is not None else "muted"))
        line.truncate(width, pad=True)
        return line

    # What is typed

    def text_of(self, name: str) -> str:
        """What stands in the field for a setting."""
        return self.edits.get(name, setting_in_words(self.values[name]))

    def as_switch(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.text_of(name).casefold() in YES

    def on_input_changed(self, event: Input.Changed) -> None:
        if not self.is_mounted:
            return
        name, typed = self.name_marked, ascii_twin(self.field.value).strip()
        before = self.edits.get(name)
        if _same(self.values[name], typed):
            self.edits.pop(name, None)
        else:
            self.edits[name] = typed
        if self.edits.get(name) != before:
            self._said = None
        self.draw()

    def action_choose(self, n: int) -> None:
        self._go(n)

    def action_page(self, n: int) -> None:
        self._go(n * self.list.page)

    def _go(self, n: int) -> None:
        self.list.move(n)
        self._to_field()

    def on_choices_chosen(self, message: Choices.Chosen) -> None:
        self._to_field()

    def _to_field(self) -> None:
        self.field.value = self.text_of(self.name_marked)
        self.field.action_select_all()
        self.draw()

    def action_turn(self) -> None:
        if isinstance(self.values[self.name_marked], bool):
            self.field.value = "off" if self.as_switch(self.name_marked) else "on"
            self.field.action_select_all()
        else:
            self.field.insert_text_at_cursor(" ")

    # Trying

    def accept(self, typed: str) -> None:
        self._try(wish_to_go_on(self.run_, self.edits))

    def action_new_run(self) -> None:
        """A new run with these settings."""
        try:
            self._try(wish_of(self.edits, new=True))
        except Refused as refused:
            self.say(refused.words)

    def _try(self, wish: Wish) -> None:
        if self._trying is None:
            stop = self._trying = threading.Event()
            self.say(_TRYING, wrong=False)
            in_background(self, partial(self._tried_in_child, wish, stop), partial(self._tried, wish), self._not_tried)

    def _tried_in_child(self, wish: Wish, stop: threading.Event) -> Tried:
        was = job_of(self.run_)
        return try_settings(wish.job(was), was, self.run_.past.steps, stop=stop)

    def _tried(self, wish: Wish, tried: Tried) -> None:
        self._trying = None
        if tried.refusal is None or wish.new:
            self.dismiss(wish)
            return
        self.only_new |= {name for name in self.edits if len(self.edits) == 1}
        refusal = tried.refusal
        self.say(Text(*(f"{said} {_OR_NEW[lang]}" for lang, said in zip(LANGS, _both(refusal), strict=True))))

    def _not_tried(self, error: TracerError) -> None:
        self._trying = None
        self.say(Text(error.told("en"), error.told("ja")))

    def _search(self) -> None:
        """Find out what only a new run can have."""
        for name in only_new(job_of(self.run_), stop=self._searching):
            self.only_new.add(name)
            self.app.call_from_thread(self._found)

    def _found(self) -> None:
        if self.is_mounted:
            self.draw()


def wish_to_go_on(run: Running, edits: Mapping[str, str]) -> Wish:
    """What was typed, for a run that is to go on with it.

    Raises:
        Refused: there is nothing to go on with, or nothing to go on from.
    """
    if not edits:
        raise Refused(_NOTHING)
    if not run.setup.folder:
        raise Refused(_NOT_KEPT)
    if run.past.stopped:
        raise Refused(_ENDED)
    if run.state in ("followed", "starting", "stopping"):
        raise Refused(_FOLLOWED if run.state == "followed" else _WAIT)
    if run.unsaved is not None:
        raise Refused(run.unsaved)
    wish = wish_of(edits, new=False)
    if (wish.steps or run.setup.steps) <= run.past.steps:
        raise Refused(_ALL_TAKEN.format(n=f"{run.past.steps:,}"))
    return wish


def wish_of(edits: Mapping[str, str], *, new: bool) -> Wish:
    """What was typed.

    Raises:
        Refused: nothing is, or a number that has to be whole is none.
    """
    whole = {name: _whole(name, edits[name]) for name in ("steps", "seed") if name in edits}
    settings = {name: _setting(name, typed) for name, typed in edits.items() if name not in whole}
    return Wish(settings, whole.get("steps"), whole.get("seed"), new)


def _both(error: TracerError) -> tuple[str, str]:
    return error.message, error.ja or error.message


def _same(value: Setting, typed: str) -> bool:
    """Whether what is typed is the value that is there."""
    if isinstance(value, bool):
        return typed.casefold() in (YES if value else NO)
    if isinstance(value, str):
        return typed == value
    try:
        return float(typed.replace("−", "-")) == value
    except ValueError:
        return False


def _setting(name: str, typed: str) -> Setting:
    """A number where it reads as one, else the word.

    Raises:
        Refused: nothing is typed.
    """
    if not typed:
        raise Refused(_EMPTY.format(name=clean(name)))
    try:
        return float(typed.replace("−", "-"))
    except ValueError:
        return typed


def _whole(name: str, typed: str) -> int:
    digits = typed.replace(",", "").replace("_", "")
    least, most = (1, MOST_STEPS) if name == "steps" else (0, 2**64 - 1)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 20 or not least <= int(digits) <= most:
        raise Refused(_WHOLE.format(name=name, least=str(least)))
    return int(digits)


NAME = 14
_HEADS = Text(en="    setting       value", ja="    設定          値")
_ONLY_NEW = Text(en="new run only", ja="新しい訓練のみ")
_HINT = Text(
    en="space turns a switch on or off; numbers and words are typed. Nothing changes before enter.",
    ja="space でスイッチを切り替え、数や語は入力します。enter を押すまで何も変わりません。",
)
_READY = Text(
    en="enter goes on from here with it; ctrl+n begins a new run with it.",
    ja="enter でここから続け、ctrl+n で新しい訓練を始めます。",
)
_NEEDS_NEW = Text(en="This needs a new run: ctrl+n begins one.", ja="新しい訓練が必要です。ctrl+n で始めます。")
_OR_NEW = Text(en="ctrl+n begins a new run.", ja="ctrl+n で新しい訓練を始めます。")
_NOTHING = Text(en="Nothing is changed yet.", ja="まだ何も変えていません。")
_TRYING = Text(en="Trying these settings…", ja="この設定を試しています…")
_EMPTY = Text(en="{name} needs a value.", ja="{name} に値を入れてください。")
_WHOLE = Text(en="{name}: a whole number from {least}.", ja="{name} は {least} 以上の整数です。")
_NOT_KEPT = Text(
    en="This run is not kept, so it has no checkpoint to go on from with other settings. ctrl+n begins a new run.",
    ja="この訓練は保存されていないので、設定を変えて続けるためのチェックポイントがありません。"
    "ctrl+n で新しい訓練を始めます。",
)
_ENDED = Text(
    en="This run has ended at a number that is not finite: there is nothing to go on with. ctrl+n begins a new run.",
    ja="この訓練は有限でない数で終わったので、続けられません。ctrl+n で新しい訓練を始めます。",
)
_FOLLOWED = Text(
    en="Another process trains this run; here it cannot be changed. ctrl+n begins a new run.",
    ja="この訓練は別のプロセスで進行中なので、ここでは変えられません。ctrl+n で新しい訓練を始めます。",
)
_WAIT = Text(en="The run is being started or saved; try again in a moment.", ja="処理中です。少し待ってください。")
_ALL_TAKEN = Text(
    en="{n} steps are taken, which is all that are planned: to go on, give steps a larger number.",
    ja="{n} ステップすべて済んでいます。続けるには steps をもっと大きくしてください。",
)
