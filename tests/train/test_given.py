"""A program gets what it learns from, by the names of its arguments; the other kind is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracer.errors import FileFormatError, NotFoundError
from tracer.files import content_root
from tracer.train.built import Built, build_training
from tracer.train.given import Given, read
from tracer.train.job import Job
from tracer.train.text import read_text, texts

POINTS = "y,x1,x2\n0,1,2\n1,3,4\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("points.csv").write_text(POINTS, encoding="utf-8")
    Path("mine.txt").write_text("anna\nbo\n", encoding="utf-8")
    Path("words.csv").write_text("anna,bo\neve,zoe\n", encoding="utf-8")


def give(name: str, *takes: str, mode: str | None = None) -> Given:
    return read(name, takes=takes, mode=mode, seed=42, shown="program.py")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["points.csv", "moons"])
@pytest.mark.parametrize("takes", [("data",), ("data", "documents"), ()])
def test_points_go_to_a_program_that_takes_data(name: str, takes: tuple[str, ...]) -> None:
    found = give(name, *takes)
    assert found.rows
    assert found.documents is None


@pytest.mark.parametrize("name", ["mine.txt", "words.csv", "names"])
@pytest.mark.parametrize("takes", [("documents",), ("data", "documents")])
def test_text_goes_to_a_program_that_takes_documents(name: str, takes: tuple[str, ...]) -> None:
    found = give(name, *takes)
    assert found.rows is None
    assert found.documents is not None
    assert found.documents.count > 1


def test_the_mode_is_how_text_is_read() -> None:
    found = give("mine.txt", "documents", mode="text").documents
    assert found is not None
    assert found.documents == ("anna\nbo\n",)


@pytest.mark.parametrize("name", ["points.csv", "moons"])
def test_points_for_a_program_that_learns_text_are_refused(name: str) -> None:
    with pytest.raises(FileFormatError, match=rf"{name} holds points, and program\.py learns text") as caught:
        give(name, "documents")
    assert "names, places" in (caught.value.hint or "")
    assert "文章を学習" in (caught.value.ja or "")


@pytest.mark.parametrize("name", ["mine.txt", "names"])
def test_text_for_a_program_that_learns_points_is_refused(name: str) -> None:
    with pytest.raises(FileFormatError, match=rf"{name} holds text, and program\.py learns points") as caught:
        give(name, "data")
    assert "moons" in (caught.value.hint or "")
    assert "点" in (caught.value.ja or "")


def test_a_table_without_the_columns_is_told_its_columns() -> None:
    with pytest.raises(FileFormatError, match="columns x1, x2 and y are needed"):
        give("words.csv", "data")


def test_a_file_of_ones_own_comes_before_a_set_of_that_name() -> None:
    Path("moons").write_text("anna\n", encoding="utf-8")
    found = give("moons", "documents").documents
    assert found is not None
    assert found.documents == ("anna",)


@pytest.mark.parametrize("takes", ["data", "documents"])
def test_an_unknown_name_is_told(takes: str) -> None:
    with pytest.raises(NotFoundError, match="'nonesuch'"):
        give("nonesuch", takes)
    with pytest.raises((NotFoundError, FileFormatError)):
        give("a\0b", takes)
    with pytest.raises(FileFormatError, match="folder"):
        give(".", takes)


def built(data: str, program: str = "gpt", **settings: float) -> Built:
    settings = {"held_out": 0.5, "n_embd": 4, **settings}
    job = Job(content_root() / "models" / f"{program}.py", data=data, settings=settings)
    return build_training(json.loads(job.line()))


@pytest.mark.parametrize("program", ["gpt", "gpt_scalar"])
def test_what_is_cut_off_and_what_is_not_held_out_is_told_before_training(program: str) -> None:
    Path("mine.txt").write_bytes(b"anna\r\nbo\r\nemmaline\r\n")
    notes = built("mine.txt", program, block_size=4, held_out=0.1).setup().notes
    assert "CRLF" in notes[0].en
    assert [note.en.split(":")[0] for note in notes[1:]] == [
        "1 of 3 documents is longer than block_size=4",
        "no document is held out",
    ]
    assert len(built("mine.txt", program).setup().notes) == 1


def test_a_run_knows_the_digest_of_all_its_documents_those_held_out_too() -> None:
    Path("mine.txt").write_bytes(b"\xef\xbb\xbfanna\r\nbo\r\n")
    first = built("mine.txt")
    assert first.training.documents in (("anna",), ("bo",))
    assert (first.data.name, first.data.count) == ("mine.txt", 2)
    assert len(first.setup().notes) == 2
    for changed in ("bo", "anna"):
        Path("mine.txt").write_text(f"{changed}\neve\n", encoding="utf-8")
        assert built("mine.txt").data.sha256 != first.data.sha256
    Path("mine.txt").write_text("anna\nbo\n", encoding="utf-8")
    assert built("mine.txt").data.sha256 == first.data.sha256, "another line end is the same text"


def test_what_a_program_learns_by_itself_is_counted_whole() -> None:
    """Its own default data too: what is trained on, and what is held out."""
    job = Job(content_root() / "models" / "gpt.py", settings={"held_out": 0.25, "n_embd": 4, "n_head": 2})
    found = build_training(json.loads(job.line()))
    setup, all_of_them = found.setup(), len(read_text(texts()["names"]).documents)
    assert (found.data.count, setup.held_out) == (all_of_them, all_of_them // 4)
    assert setup.documents == all_of_them - all_of_them // 4
    assert found.about().held_out == setup.held_out
