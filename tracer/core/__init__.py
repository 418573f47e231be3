"""Ops, values, recording, backward, replay: what the rest of the program looks at."""
