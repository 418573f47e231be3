"""When something was typed last. The thread that reads keys tells it, before the app has heard of the key."""

from __future__ import annotations

from time import monotonic

HEARD = 0.02
"""Seconds in which a key has surely reached the app."""


class Pulse:
    """A moment, set by one thread and read by another."""

    def __init__(self) -> None:
        self.typed = 0.0
        """When, on the clock `time.monotonic`."""

    def beat(self) -> None:
        """Something has been typed."""
        self.typed = monotonic()

    @property
    def fresh(self) -> bool:
        """Whether what was typed may still be on its way."""
        return monotonic() < self.typed + HEARD


PULSE = Pulse()
"""That of the terminal."""
