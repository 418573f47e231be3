"""Notebooks: cells are prose and code; a broken cell costs itself, a file that is none one clear message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lessons.documents.pages import notebook, page, told
from tracer.errors import FileFormatError
from tracer.lessons.documents.document import Prose


def test_cells_are_prose_and_code_in_turn(tmp_path: Path) -> None:
    """Each is called by its place among all cells; code in Markdown cells is shown, as in Jupyter."""
    text = notebook(
        ("markdown", ["# A ti", "tle\n", "words"]),
        "%matplotlib inline\nx = 1\n",
        ("raw", "left out"),
        ("code", "  \n"),
        ("markdown", "## 2.1 More\n```python\ny = 1\n```"),
        ("code", ["x +", " 1"]),
    )
    document = page(tmp_path, text, "n.ipynb")
    assert document.title.en == "A title"
    assert [(one.number, one.file, one.line, one.code, one.section) for one in document.blocks] == [
        (1, "n.ipynb#2", 1, "\nx = 1\n", ""),
        (2, "n.ipynb#6", 1, "x + 1", "2.1"),
    ]
    assert [(part.text, part.file) for part in document.parts if isinstance(part, Prose)] == [
        ("# A title\nwords", "n.ipynb#1"),
        ("## 2.1 More\n```python\ny = 1\n```", "n.ipynb#5"),
    ]
    assert document.sources["n.ipynb#6"] == "x + 1"
    assert [str(one) for one in document.blocks[0].omitted] == [
        "n.ipynb#2:1: a notebook command, not Python; it is left out: %matplotlib inline"
    ]
    assert told(document) == []


def test_a_broken_cell_costs_itself(tmp_path: Path) -> None:
    """Whatever is in its place."""
    broken = [None, 3, [], {}, {"cell_type": "code"}, {"cell_type": "code", "source": [1]}]
    broken += [{"cell_type": "code", "source": {}}, {"cell_type": "odd", "source": "x"}, {"source": "x"}]
    document = page(tmp_path, notebook(*broken, "x = 1"), "n.ipynb")
    assert [one.code for one in document.blocks] == ["x = 1"]
    assert len(document.problems) == len(broken)
    assert told(document)[0] == (
        "n.ipynb#1:1: this cell is broken (its source is no text, or its kind is unknown); it is left out."
    )


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        ({}, "python"),
        ({"kernelspec": {"language": "python", "name": "python3"}}, "python"),
        ({"language_info": {"name": "julia"}}, "other"),
        ({"kernelspec": {"language": "R"}}, "other"),
        ({"language_info": 3, "kernelspec": []}, "python"),
    ],
)
def test_the_kernel_says_the_language(metadata: dict[str, object], kind: str, tmp_path: Path) -> None:
    document = page(tmp_path, notebook("x = 1", "%%bash\nls", **metadata), "n.ipynb")
    assert document.blocks[0].kind == kind
    assert document.blocks[1].kind == "other"


def test_a_notebooks_title_may_stand_in_its_metadata(tmp_path: Path) -> None:
    assert page(tmp_path, notebook("1", title="T"), "n.ipynb").title.en == "T"
    assert page(tmp_path, notebook("1", title=3), "n.ipynb").title.en == "n.ipynb"


NONE = {
    "no JSON": ("{\n'cells': []}", "n.ipynb: line 2 is not JSON: Expecting property name"),
    "nothing": ("", "n.ipynb: line 1 is not JSON"),
    "a list": ("[]", "n.ipynb: has no list of cells: no notebook."),
    "no cells": ("{}", "n.ipynb: has no list of cells: no notebook."),
    "cells that are no list": ('{"cells": 3}', "n.ipynb: has no list of cells: no notebook."),
    "an old one": ('{"nbformat": 3, "worksheets": []}', "n.ipynb: is a notebook of format 3 or older."),
    "brackets": ("[" * 100_000, "n.ipynb: is not a notebook: "),
    "a long number": ("1" * 10_000, "n.ipynb: is not a notebook: "),
}


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_notebook_is_told(name: str, tmp_path: Path) -> None:
    text, expected = NONE[name]
    with pytest.raises(FileFormatError) as caught:
        page(tmp_path, text, "n.ipynb")
    assert str(caught.value).startswith(expected)


def test_pictures_in_outputs_cost_nothing(tmp_path: Path) -> None:
    """The limit is on what is read, not on what a cell once printed."""
    cell = {"cell_type": "code", "source": "x = 1", "outputs": [{"data": {"image/png": "A" * 3_000_000}}]}
    assert len(page(tmp_path, json.dumps({"cells": [cell]}), "n.ipynb").blocks) == 1
    with pytest.raises(FileFormatError, match="too large for a document; 1 MB"):
        page(tmp_path, notebook(("markdown", "a" * 1_000_001)), "n.ipynb")
