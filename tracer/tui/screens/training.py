"""The dashboard: a training run in panels, each with its gradient, each cell of them open to the scalars that made it.

The same screen shows a run out of its folder: one that is over, one that was interrupted, one that another process
trains now. One choice of layer, head, position and document holds for all panels. What a panel shows, `tracer.panels`
works out; this screen says which panels stand where, which one is in front and which of its cells is selected.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from time import perf_counter, thread_time
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive

from tracer.panels.data import Data, Direction
from tracer.panels.panel import Choice, Panel, RunView
from tracer.panels.registry import PANELS
from tracer.text import LANGS, Text
from tracer.trace.observation import Observation
from tracer.tui.keys import Place, bindings
from tracer.tui.running import Running
from tracer.tui.screens.base import AppScreen
from tracer.tui.screens.running import RunScreen
from tracer.tui.screens.settings import SettingsChangingScreen
from tracer.tui.tiles import ALONE, Tile, pages_of, plan_for, tiles
from tracer.tui.widgets.about_panel import AboutPanel
from tracer.tui.widgets.caption import Caption, Told
from tracer.tui.widgets.keybar import KeyBar
from tracer.tui.widgets.run_panel import RunPanel
from tracer.tui.widgets.training_header import TrainingHeader

ORDER = (
    "loss",
    "boundary",
    "attention",
    "probabilities",
    "flow",
    "residual",
    "mlp",
    "embedding",
    "heads",
    "samples",
    "numbers",
    "diagnosis",
    "positions",
    "ratio",
    "weights",
    "updates",
    "adam",
    "heatmap",
    "rate",
)
"""Panels in the order of the pages; those not named here come last."""
FIRST = 0.002
"""Seconds that panels are drawn for before what is drawn is put on the screen, the panel in front first."""
SLICE = 0.008
"""The same for those after it: a key waits no longer."""
REST = 8.0
"""How many times as long as drawing has taken no other observation is asked for: the app is not what the processor is
for. Putting the lines on the screen takes about as long again."""
TWO_LINES = 36
"""Rows from which on the caption has two."""


def panels_of(run: RunView) -> tuple[str, ...]:
    """The panels that have something to show of a run, in the order of the pages."""
    there = [panel.id for panel in PANELS if panel.applies(run.setup, run.observation)]
    return tuple(sorted(there, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)))


class TrainingScreen(SettingsChangingScreen):
    """Shows a run.

    Args:
        run: it has been set up, and begins now.
    """

    DEFAULT_CSS = """
    TrainingScreen { layout: vertical; }
    TrainingScreen RunPanel, TrainingScreen AboutPanel { position: absolute; }
    TrainingScreen Caption { dock: bottom; margin-bottom: 1; }
    """
    PLACES: ClassVar[tuple[Place, ...]] = ("training",)
    COMES_BACK = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("training"), Binding("escape", "let_go", show=False)]
    AUTO_FOCUS = ""

    tab: reactive[str] = reactive("", init=False, repaint=False)
    """The panel in front: the one that is shown where there is room for one, and that keys act on."""
    enlarged: reactive[bool] = reactive(False, init=False, repaint=False)
    """Whether the panel in front is shown alone."""

    def __init__(self, run: Running) -> None:
        super().__init__(run)
        self.choice = Choice()
        self.sight = self._sight()
        self.panels = panels_of(self.sight)
        self.set_reactive(TrainingScreen.tab, self.panels[0])
        self._to_draw: deque[RunPanel] = deque()
        self._shown: list[RunPanel] = []
        """The panels of the page."""
        self._arranged: tuple[Any, ...] = ()
        """How they stand."""
        self._drawing = False
        self._plan = ALONE

    def compose(self) -> ComposeResult:
        yield TrainingHeader(id="header").data_bind(AppScreen.lang, run_view=RunScreen.view)
        for contents in PANELS:
            yield RunPanel(contents).data_bind(AppScreen.lang)
        yield AboutPanel(id="about").data_bind(AppScreen.lang)
        yield Caption(id="caption").data_bind(AppScreen.lang)
        yield KeyBar("training").data_bind(AppScreen.lang)

    def on_mount(self) -> None:
        self.place_panels(self.app.size)

    @property
    def panel(self) -> RunPanel:
        """The panel in front."""
        return self.query_one(f"#{self.tab}", RunPanel)

    # What is shown

    def _sight(self) -> RunView:
        view, run = self.view, self.training
        seen = run.observing
        return RunView(view.setup, view.past, view.shown, seen.at(view.shown), seen.up_to(view.shown), view.data)

    def show_panels(self) -> None:
        """Draw what has changed: the panel in front first, the others as time allows, keys between them."""
        self.sight = self._sight()
        panels = panels_of(self.sight)
        if panels != self.panels:
            self.panels = panels
            if self.tab not in panels:
                self.tab = panels[0]
            self.place_panels(self.app.size)
        self._draw_soon()

    def _draw_soon(self) -> None:
        if not self.is_mounted:
            return
        waits = self.training.observing.patient(self.view.shown)
        panels = [panel for panel in self._shown if not (waits and panel.data and panel.shows_one(self.choice))]
        self._to_draw = deque(sorted(panels, key=lambda panel: panel.id != self.tab))
        if not self._drawing:
            self._draw_some(FIRST)
            self._caption()

    def _draw_some(self, slice: float = SLICE) -> None:
        """Draw panels for a moment; what is left comes after the keys that were pressed meanwhile."""
        began, until = thread_time(), perf_counter() + slice
        self._drawing = False
        while self._to_draw and not self._drawing:
            self._to_draw.popleft().show_run(self.sight, self.choice, self.training.observing.awaited)
            self._drawing = bool(self._to_draw) and perf_counter() > until
        if self._drawing:
            self.call_after_refresh(self._draw_some)
        self.training.observing.rest((thread_time() - began) * REST)

    def _caption(self) -> None:
        """Say below what the panel in front shows."""
        panel, view = self.panel, self.view
        unsaved = None if view.unsaved is None else _UNSAVED.format(reason=view.unsaved)
        self.query_one(Caption).told = Told(
            view.past.warning if view.shown == view.past.steps and view.past.warning else unsaved,
            panel.contents.title,
            panel.contents.caption_of(self.choice),
            panel.told,
            panel.cell is not None,
        )

    def watch_lang(self) -> None:
        if self.is_mounted:
            self.place_panels(self.app.size)
            self._caption()

    def texts(self) -> tuple[tuple[Text, Text], ...]:
        """The longer text of every panel, the one in front first: of its values, then of its gradients."""
        there = [self.query_one(f"#{name}", RunPanel).contents for name in self.panels]
        there.sort(key=lambda contents: contents.id != self.tab)
        return tuple((contents.title, _both(contents)) for contents in there)

    # Where panels stand

    def on_resize(self, event: events.Resize) -> None:
        self.place_panels(event.size)

    def place_panels(self, size: Size) -> None:
        """Give every panel of the page its place; the others are out of sight."""
        self._plan = plan = ALONE if self.enlarged else plan_for(size.width, size.height)
        page = next(page for page in self.pages if self.tab in page)
        caption = self.query_one(Caption)
        caption.styles.height = rows = 2 if size.height >= TWO_LINES else 1
        height = size.height - 2 - rows - self._place_about(size)
        places = tiles(page, plan, size.width, height, self._spare)
        if (size, places) != self._arranged:
            self._arranged = size, places
            self._arrange(places)
        for panel in self._shown:
            number = self.panels.index(panel.id or "") + 1
            panel.place = f"{number}/{len(self.panels)}" if plan == ALONE else f"{number}"
            panel.bring(front=panel.id == self.tab)
        self._draw_soon()

    def _arrange(self, places: dict[str, Tile]) -> None:
        self._shown = []
        for panel in self.query(RunPanel):
            place = places.get(panel.id or "")
            panel.display = place is not None  # in place of a class: nothing is styled anew
            if place is not None:
                panel.stand(place)
                self._shown.append(panel)

    def _place_about(self, size: Size) -> int:
        """Show what the panel tells under one that is enlarged, where there is room; the rows it takes."""
        about = self.query_one(AboutPanel)
        about.words = self.panel.contents.about_of(self.choice)
        rows = about.rows_for(size.width)
        shown = self.enlarged and size.height >= LEAST_LEFT + rows
        about.display = shown
        if not shown:
            return 0
        lines = 2 if size.height >= TWO_LINES else 1
        about.styles.offset = 0, size.height - 1 - lines - rows
        about.styles.width, about.styles.height = size.width, rows
        return rows

    @property
    def pages(self) -> list[tuple[str, ...]]:
        """The panels, page by page."""
        return pages_of(self.panels, self._plan, self._spare)

    @property
    def _spare(self) -> frozenset[str]:
        """Panels that count twice and need less: a model of one layer has few matrices."""
        layers = self.sight.setup.settings.get("n_layer", 0)
        return frozenset({"flow"}) if isinstance(layers, int | float) and layers <= 1 else frozenset()

    def watch_tab(self) -> None:
        if self.is_mounted:
            self.place_panels(self.app.size)

    def watch_enlarged(self) -> None:
        self.place_panels(self.app.size)

    # Which panel

    def action_panel(self, n: int) -> None:
        self.tab = self.panels[(self.panels.index(self.tab) + n) % len(self.panels)]

    def action_panel_number(self, number: int) -> None:
        """To the panel with this number."""
        if number <= len(self.panels):
            self.tab = self.panels[number - 1]

    def action_enlarge(self) -> None:
        self.enlarged = not self.enlarged
        if self.enlarged and not self.query_one(AboutPanel).display:
            self.notify(_NO_ROOM[self.lang], markup=False)

    # What of the model

    def choose(self, **changes: object) -> None:
        """Look at something else of it."""
        self.choice = replace(self.choice, **changes)  # type: ignore[arg-type]  # fields of a choice
        if self.enlarged:
            self.place_panels(self.app.size)
        self._draw_soon()

    def action_values_or_gradients(self) -> None:
        self.choose(grad=not self.choice.grad)

    def action_history(self) -> None:
        self.choose(history=not self.choice.history)

    def action_log_scale(self) -> None:
        self.choose(log=not self.choice.log)

    def action_layer(self, n: int) -> None:
        seen = self._observed()
        layers = 0 if seen is None else self.panel.contents.layers(seen)
        if seen is not None and self._more_than_one(layers, _LAYERS):
            self.choose(layer=(self.choice.layer_of(layers) + n) % layers)

    def action_head(self, n: int) -> None:
        seen = self._observed()
        if seen is not None and self._more_than_one(seen.n_head, _HEADS):
            self.choose(head=(self.choice.head_of(seen.n_head) + n) % seen.n_head)

    def action_place(self, n: int) -> None:
        seen = self._observed()
        positions = 0 if seen is None else self.panel.contents.positions(seen, self.choice)
        if seen is not None and self._more_than_one(positions, _POSITIONS):
            self.choose(position=(self.choice.position_of(positions) + n) % positions)

    def action_document(self, n: int) -> None:
        seen = self._observed()
        documents = 0 if seen is None else self.panel.contents.documents(seen)
        if seen is not None and self._more_than_one(documents, _DOCUMENTS):
            self.choose(document=(self.choice.document_of(documents) + n) % documents)

    def action_parameter(self, n: int) -> None:
        seen = self._observed()
        names = () if seen is None else self.panel.contents.parameters(seen)
        if seen is not None and self._more_than_one(len(names), _PARAMETERS):
            at = names.index(self.choice.parameter) if self.choice.parameter in names else 0
            self.choose(parameter=names[(at + n) % len(names)])

    def _observed(self) -> Observation | None:
        """What was seen of the model; else say that nothing was."""
        seen = self.sight.observation
        if seen is None:
            self.notify(_NOT_SEEN[self.lang], markup=False)
        return seen

    def _more_than_one(self, number: int, words: Text) -> bool:
        """Whether there is anything to choose from; else say so."""
        if number < 2:
            self.notify(words[self.lang], markup=False)
        return number > 1

    # Which cell

    def action_select(self, direction: Direction) -> None:
        panel = self.panel
        index = panel.moved(direction, self.view.shown)
        if index is not None:
            panel.select(index)
            self._caption()

    def on_run_panel_pointed(self, message: RunPanel.Pointed) -> None:
        panel, index = message.panel, message.index
        if panel.id and panel.id != self.tab:
            self.tab = panel.id
        data = panel.data
        if index is None or not isinstance(data, Data):
            return
        if len(data.steps):  # its cells are moments
            step = data.step_of(index)
            if step and step != self.view.shown:
                self.go(min(step, self.view.past.steps))
        elif message.again:
            self.action_open_step()
        else:
            panel.select(index)
            self._caption()

    def action_open_step(self) -> None:
        """Walk the step shown; with a cell selected, the step that its number is of, at its nodes."""
        panel = self.panel
        cell, step = panel.cell, panel.step
        if cell is not None and step:
            self.open_step(step, cell)
        else:
            self.open_step(self.view.shown)

    def action_export(self) -> None:
        """Ask how to save the panel in front, or all of the run."""
        from tracer.tui.screens.exporting_panel import ask_and_export

        ask_and_export(self)

    def action_let_go(self) -> None:
        """Take back what is on top: opening a step, the selection, the enlarged panel, looking back."""
        panel = self.panel
        if self.stop_opening():
            return
        if panel.selected is not None:
            panel.select(None)
            self._caption()
        elif self.enlarged:
            self.enlarged = False
        else:
            self.action_last()


def _both(contents: Panel) -> Text:
    """What a panel tells of its values and of its gradients."""
    about, twin = contents.about, contents.twin_about
    if contents.twin is None:
        return about
    return Text(*(f"{about[lang]}\n{contents.twin[lang]}: {twin[lang]}" for lang in LANGS))


LEAST_LEFT = 24
"""Rows left for a panel that is enlarged, before its text gets any."""
_UNSAVED = Text(
    en="Not saved: {reason} Training goes on; the next checkpoint tries again.",
    ja="保存できません: {reason} 訓練は続き、次のチェックポイントでもう一度保存します。",
)
_NO_ROOM = Text(
    en="No room here for what this panel tells: ? has it.",
    ja="このパネルの説明を出す場所がありません。? で読めます。",
)
_NOT_SEEN = Text(en="No step has been observed yet.", ja="まだどのステップも観察していません。")
_LAYERS = Text(en="This model has no other layer.", ja="ほかの層はありません。")
_HEADS = Text(en="This model has no other head.", ja="ほかのヘッドはありません。")
_POSITIONS = Text(en="There is no other position.", ja="ほかの位置はありません。")
_DOCUMENTS = Text(en="This step read no other document.", ja="このステップが読んだ文書はこれだけです。")
_PARAMETERS = Text(en="This panel shows no other parameter.", ja="このパネルで選べるパラメータはほかにありません。")
