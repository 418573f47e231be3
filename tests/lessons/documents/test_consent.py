"""A document's code runs when somebody has said so: that code, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracer.lessons.content import content_root
from tracer.lessons.documents import consent
from tracer.lessons.documents.consent import agree, is_agreed
from tracer.lessons.documents.document import Document
from tracer.lessons.documents.reading import read_document


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACER_CONFIG_DIR", str(tmp_path / "settings"))
    return tmp_path


def written(folder: Path, text: str, name: str = "notes.md") -> Document:
    (folder / name).write_text(text, encoding="utf-8")
    return read_document(folder / name)


CODE = "# Notes\n\n```python\nprint(1)\n```\n"


def test_agreeing_is_remembered_for_the_code_wherever_it_lies(folder: Path) -> None:
    document = written(folder, CODE)
    assert not is_agreed(document)
    agree(document)
    assert is_agreed(document)
    assert is_agreed(written(folder, CODE.replace("# Notes", "# Other words"), "moved.md"))


@pytest.mark.parametrize(
    "changed",
    [CODE.replace("print(1)", "print(2)"), CODE + "\n<!-- tracer: setup\nimport os\n-->\n", CODE + CODE],
)
def test_code_that_changed_is_asked_about_again(folder: Path, changed: str) -> None:
    agree(written(folder, CODE))
    assert not is_agreed(written(folder, changed))


def test_nothing_to_run_and_what_came_with_the_program_need_no_agreeing(folder: Path) -> None:
    assert is_agreed(written(folder, "# Words\n\n```js\nlet x\n```\n"))
    pages = sorted((content_root() / "samples" / "write-your-own").glob("*.md"))
    assert pages
    assert all(is_agreed(read_document(page)) for page in pages)
    own = (pages[0]).read_text(encoding="utf-8")
    assert not is_agreed(written(folder, own)), "a copy may be changed by anybody"


@pytest.mark.parametrize("text", ["", "[]", '{"agreed": []}', '{"agreed": {"x": 1}}', "[" * 100_000, "\udcff"])
def test_a_broken_memory_remembers_nothing_and_is_replaced(folder: Path, text: str) -> None:
    (folder / "settings").mkdir()
    (folder / "settings" / consent.FILE).write_bytes(text.encode("utf-8", "surrogatepass"))
    document = written(folder, CODE)
    assert not is_agreed(document)
    agree(document)
    assert is_agreed(document)


def test_only_the_latest_are_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consent, "MOST", 2)
    documents = [written(folder, CODE.replace("1", str(i)), f"{i}.md") for i in range(3)]
    for document in documents:
        agree(document)
    assert [is_agreed(document) for document in documents] == [False, True, True]


def test_without_a_place_to_remember_it_is_asked_each_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "settings").write_text("a file, no folder")
    document = written(folder, CODE)
    agree(document)
    assert not is_agreed(document)
