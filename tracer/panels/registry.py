"""Every panel there is."""

from __future__ import annotations

from tracer.panels.attention import Attention
from tracer.panels.boundary import BoundaryPanel
from tracer.panels.embedding import Embedding
from tracer.panels.heads import Heads
from tracer.panels.panel import Panel
from tracer.panels.probabilities import Probabilities
from tracer.panels.residual import Residual

EIGHT: tuple[str, ...] = ("loss", "attention", "probabilities", "embedding", "residual", "heads", "mlp", "flow")
"""The panels of a model of texts that come first."""
PANELS: tuple[Panel, ...] = (Attention(), Probabilities(), Embedding(), Residual(), Heads(), BoundaryPanel())


def panel(id: str) -> Panel:
    """The panel of a name.

    Raises:
        KeyError: there is none.
    """
    return {one.id: one for one in PANELS}[id]
