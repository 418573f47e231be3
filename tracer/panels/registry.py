"""Every panel there is."""

from __future__ import annotations

from tracer.panels.attention import Attention
from tracer.panels.boundary import BoundaryPanel
from tracer.panels.diagnosis import Diagnosis
from tracer.panels.embedding import Embedding
from tracer.panels.flow import Flow, Ratio
from tracer.panels.heads import Heads
from tracer.panels.heatmap import Adam, Heatmap
from tracer.panels.histograms import UpdatesHistogram, WeightsHistogram
from tracer.panels.loss import Loss
from tracer.panels.mlp import Mlp
from tracer.panels.numbers import Numbers
from tracer.panels.panel import Panel
from tracer.panels.positions import Positions
from tracer.panels.probabilities import Probabilities
from tracer.panels.rate import Rate
from tracer.panels.residual import Residual
from tracer.panels.samples import Samples

EIGHT: tuple[str, ...] = ("loss", "attention", "probabilities", "embedding", "residual", "heads", "mlp", "flow")
"""The panels of a model of texts that come first."""
PANELS: tuple[Panel, ...] = (
    Loss(),
    Attention(),
    Probabilities(),
    Embedding(),
    Residual(),
    Heads(),
    Mlp(),
    Flow(),
    BoundaryPanel(),
    Positions(),
    Rate(),
    WeightsHistogram(),
    UpdatesHistogram(),
    Heatmap(),
    Adam(),
    Ratio(),
    Samples(),
    Numbers(),
    Diagnosis(),
)


def panel(id: str) -> Panel:
    """The panel of a name.

    Raises:
        KeyError: there is none.
    """
    return {one.id: one for one in PANELS}[id]
