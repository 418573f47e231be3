"""Figures of a training run for print and projector: each panel as a picture or as numbers, a whole run as a report.

Figures are drawn for each kind of data, as panels are on screen, so that a new panel has its figure at once.
"""

from tracer.export.figures.save import FORMATS, panel_bytes, save_panel

__all__ = ["FORMATS", "panel_bytes", "save_panel"]
