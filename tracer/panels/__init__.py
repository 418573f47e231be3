"""Panels: what training looks like at a step, as data, drawn at any size; each with its gradient twin."""
