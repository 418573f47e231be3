"""How many boxes a picture has at most. A file of its own: the app's settings know it before anything is drawn."""

LIMIT = 300
"""Drawn boxes, unless the caller asks for more; 500 is the most a person can use."""
