"""Pages written for a test."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

from tracer.lessons.documents.document import Block, Document
from tracer.lessons.documents.nearest import Nearest
from tracer.lessons.documents.reading import read_document
from tracer.text import Text


def no_lesson(document: str, section: str, heading: str, code: str) -> Nearest:
    """For tests that are not about lessons: none is near."""
    return Nearest(None, Text.same("none"))


def page(folder: Path, text: str | bytes, name: str = "notes.md") -> Document:
    """The document in a file with this text."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode("utf-8"))
    return read_document(path, nearest=no_lesson)


def block(folder: Path, text: str) -> Block:
    """The only block a reader sees on a page."""
    (only,) = page(folder, text).shown_blocks
    return only


def told(document: Document) -> list[str]:
    """Its problems, as they are printed."""
    return [str(problem) for problem in document.problems]


def notebook(*cells: object, **metadata: object) -> str:
    """A notebook's JSON. A cell is its source, or (kind, source), or any JSON."""
    made = []
    for cell in cells:
        if isinstance(cell, str):
            cell = ("code", cell)
        if isinstance(cell, tuple):
            cell = {"cell_type": cell[0], "source": cell[1], "metadata": {}, "outputs": []}
        made.append(cell)
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made})
