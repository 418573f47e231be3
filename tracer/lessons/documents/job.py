"""What `process.py` and the child it starts agree on: the files in the folder between them, the marks in the output."""

from __future__ import annotations

JOB = "job.json"
"""The blocks, and what they are to be run with."""


def trace_name(index: int) -> str:
    """The file in which a block leaves its trace."""
    return f"{index}.trace"


def outcome_name(index: int) -> str:
    """The file in which a block leaves how it ended, once it has."""
    return f"{index}.json"


def begins(token: str, index: int) -> bytes:
    """What stands in the output before what a block prints."""
    return f"{token}b{index};".encode()


def ends(token: str, index: int) -> bytes:
    """What stands after it."""
    return f"{token}e{index};".encode()
