"""What every panel is: a function of a run at a step and of what the reader has chosen, drawn at any size.

One choice is shared by all panels, so that choosing a layer turns every panel to it; each clamps it to what it has.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tracer.panels.data import NOTHING, Data
from tracer.panels.drawing import Drawn, Look
from tracer.panels.pictures import drawn
from tracer.scene.palette import DARK, Palette
from tracer.text import Lang, Text
from tracer.train.history import Past
from tracer.train.report import Setup

if TYPE_CHECKING:
    from tracer.trace.observation import Observation

NOT_YET = Text("No step has been looked at yet.", "まだどのステップも観察していません。")
NOT_HERE = Text("This model shows nothing of that kind.", "このモデルには、ここに表示するものがありません。")


@dataclass(frozen=True, eq=False)
class RunView:
    """A run as its panels see it. Nothing after the step shown is told, though the past may reach further."""

    setup: Setup
    past: Past
    shown: int
    """The step one is at; 0 before the first."""
    observation: Observation | None = None
    """The newest one up to that step: its own `step` says which it is. None before there is one."""
    trail: tuple[Observation, ...] = ()
    """Earlier ones that are at hand, ascending."""
    data: str = ""
    """What to call what it learns from, where that is known better than the setup tells."""


@dataclass(frozen=True)
class Choice:
    """What of a model is looked at, and how."""

    layer: int = 0
    head: int = 0
    position: int = -1
    """-1 is the last one."""
    document: int = 0
    grad: bool = False
    """Whether panels show their gradient twins."""
    parameter: str = ""
    """A parameter's name; empty for the first."""
    log: bool = False
    history: bool = False
    """Whether panels show the whole training instead of one step."""

    def layer_of(self, layers: int) -> int:
        """The layer, of so many; at least 0."""
        return max(0, min(self.layer, layers - 1))

    def head_of(self, heads: int) -> int:
        return max(0, min(self.head, heads - 1))

    def position_of(self, positions: int) -> int:
        """The position, of so many; counted from the end where it is negative."""
        at = self.position + positions if self.position < 0 else self.position
        return max(0, min(at, positions - 1))

    def document_of(self, documents: int) -> int:
        return max(0, min(self.document, documents - 1))


class Panel(ABC):
    """One panel. It holds nothing: `data` is worked out from a view and a choice, `draw` from data and a size."""

    id: ClassVar[str]
    title: ClassVar[Text]
    twin: ClassVar[Text | None] = None
    """What its gradient is called: `dL/d attention weight`. None where there is none."""
    caption: ClassVar[Text]
    """What one sees, in a line."""
    twin_caption: ClassVar[Text] = NOTHING
    history_captions: ClassVar[tuple[Text, Text] | None] = None
    """What one sees of the whole training: of the values, of the gradients. None: the same as of a step."""
    about: ClassVar[Text]
    """What one sees, how to read it, and where the document explains it."""
    twin_about: ClassVar[Text] = NOTHING
    chooses: ClassVar[tuple[str, ...]] = ()
    """Which parts of a choice it follows: of layer, head, position, document, parameter, log, history."""

    reads: ClassVar[tuple[str, ...]] = ("observation",)
    """What of a view `data` looks at, so that nothing is drawn again in vain: past, shown, observation, trail."""

    @abstractmethod
    def applies(self, setup: Setup, observation: Observation | None) -> bool:
        """Whether it has anything to show of such a model.

        Args:
            observation: None: say what the setup alone tells.
        """

    @abstractmethod
    def data(self, view: RunView, choice: Choice) -> Data | Text:
        """What is to be shown; in words, why there is nothing (yet)."""

    def layers(self, observation: Observation) -> int:
        """How many there are to choose among, as `documents` and `positions`: a model's own, or what a panel makes of
        a model that has none."""
        return observation.layers

    def documents(self, observation: Observation) -> int:
        return observation.documents

    def positions(self, observation: Observation, choice: Choice) -> int:
        """Of the document and the layer that are chosen."""
        return observation.positions(choice.document_of(self.documents(observation)))

    def parameters(self, observation: Observation) -> tuple[str, ...]:
        """The parameters it can show, for those that follow the choice of one."""
        return ()

    def draw(
        self,
        data: Data | Text,
        choice: Choice,
        *,
        lang: Lang = "en",
        palette: Palette = DARK,
        width: int,
        height: int,
        selected: int | None = None,
    ) -> Drawn:
        """The picture: exactly `height` lines of at most `width` cells, and where each cell stands in it.

        Args:
            data: what `data` gave.
            width, height: cells and lines, 0 or more.
            selected: an index into the data's cells.
        """
        return drawn(data, Look(lang, palette, max(0, width), max(0, height), selected))

    def caption_of(self, choice: Choice) -> Text:
        """The line below the picture, of the values or of the twin, of a step or of the training."""
        if choice.history and self.history_captions is not None:
            return self.history_captions[bool(choice.grad and self.twin)]
        return self.twin_caption if choice.grad and self.twin else self.caption

    def about_of(self, choice: Choice) -> Text:
        return self.twin_about if choice.grad and self.twin else self.about
