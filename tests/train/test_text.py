"""Text is read as it stands in the file, and what is no text is refused with its place; nothing is waited for."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.errors import FileFormatError, NotFoundError
from tracer.train import text
from tracer.train.text import load, read_text, texts

JAPANESE = "さっぽろ\nおたる\nアイヌ\n東京都\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.txt"


def refused(file: Path, content: bytes, mode: str = "lines") -> FileFormatError:
    file.write_bytes(content)
    with pytest.raises(FileFormatError) as caught:
        read_text(file, mode)  # type: ignore[arg-type]
    assert str(file) in caught.value.message
    assert caught.value.ja is not None
    return caught.value


# What is taken


def test_a_document_is_a_line_in_the_order_of_the_file(file: Path) -> None:
    file.write_text("bo\nanna\nbo\n", encoding="utf-8")
    found = read_text(file)
    assert (found.name, found.documents, found.count, found.notes) == ("mine.txt", ("bo", "anna", "bo"), 3, ())
    assert found.used_bytes == found.total_bytes == 11


@given(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs", "Z")), min_size=1), min_size=1))
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, documents: list[str]) -> None:
    file = tmp_path_factory.mktemp("text") / "t.txt"
    documents = [one for one in (word.strip("\ufeff") for word in documents) if one]  # at the beginning it is a mark
    if documents:
        file.write_bytes("\n".join(documents).encode())
        assert read_text(file).documents == tuple(documents)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_gives_the_same_documents(file: Path, end: str) -> None:
    file.write_bytes(end.join(["anna", "", "bo", ""]).encode())
    found = read_text(file)
    assert found.documents == ("anna", "bo")
    assert found.sha256 == hashlib.sha256(b"anna\nbo").hexdigest()
    assert any("CRLF" in note.en for note in found.notes) == ("\r" in end)


def test_what_is_left_out_is_said(file: Path) -> None:
    file.write_bytes("\ufeffanna \n\n \u3000\n\tbo\nか\u3099\n".encode())
    found = read_text(file)
    assert found.documents == ("anna", "bo", "か\u3099")
    assert [note.en for note in found.notes] == [
        "the byte order mark at the beginning is left out",
        "1 of the symbols are combining marks: a letter that carries one counts as two symbols",
        "2 blank lines are left out",
        "white space at the ends of 2 lines is left out",
    ]
    assert all(note.ja != note.en for note in found.notes)


def test_one_long_text_keeps_its_blank_lines_and_spaces(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfOnce  upon\r\n\r\n  a time \r\n")
    found = read_text(file, "text")
    assert found.documents == ("Once  upon\n\n  a time \n",)
    assert found.sha256 == hashlib.sha256(found.documents[0].encode()).hexdigest()


def test_one_symbol_is_a_vocabulary(file: Path) -> None:
    file.write_text("a\naaa\n", encoding="utf-8")
    assert read_text(file).documents == ("a", "aaa")


def test_symbols_are_code_points(file: Path) -> None:
    """Of emoji, wide and invisible characters nothing is lost or joined."""
    words = ["👩🏽‍🚀", "ｗｉｄｅ", "שלום", "a\u200bb", "\u2028"]
    file.write_text("\n".join(words), encoding="utf-8")
    assert read_text(file).documents == tuple(words[:-1])  # a line separator alone is white space
    assert len(read_text(file).documents[0]) == 4


def test_another_line_is_another_digest_and_another_line_end_is_not(file: Path) -> None:
    """So a run that goes on notices changed data, and only those."""
    digests = []
    for content in (b"anna\nbo\n", b"anna\r\nbo", b"\nanna \nbo\n", b"bo\nanna\n", b"anna\nbob\n"):
        file.write_bytes(content)
        digests.append(read_text(file).sha256)
    assert digests[0] == digests[1] == digests[2]
    assert len(set(digests)) == 3


# By name


@pytest.mark.parametrize("name", ["names", "places"])
def test_our_texts_have_names(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(name).count >= 1000
    assert name in texts()
    Path(name).write_text("mine\n", encoding="utf-8")
    assert load(name).documents == ("mine",), "a file comes before a name"


def test_an_unknown_name_is_told_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="Did you mean 'names'"):
        load("nams")
    Path("poems.txt").write_text("a\n", encoding="utf-8")
    with pytest.raises(NotFoundError, match=r"Did you mean 'poems\.txt'"):
        load("poem.txt")
    with pytest.raises(NotFoundError) as caught:
        load("a" * 5000)
    assert caught.value.hint is not None
    assert "names, places" in caught.value.hint


# What is not


@pytest.mark.parametrize(
    ("codec", "name", "iconv"),
    [
        ("cp932", "Shift_JIS", "CP932"),
        ("euc_jp", "EUC-JP", "EUC-JP"),
        ("utf-16", "UTF-16", "UTF-16"),
        ("utf-16-le", "UTF-16 (little-endian)", "UTF-16LE"),
        ("utf-16-be", "UTF-16 (big-endian)", "UTF-16BE"),
        ("utf-32", "UTF-32", "UTF-32"),
    ],
)
def test_another_encoding_is_named_with_the_way_to_utf_8(file: Path, codec: str, name: str, iconv: str) -> None:
    for words in ("anna\n" * 3, JAPANESE)[codec in ("cp932", "euc_jp") :]:
        hint = refused(file, words.encode(codec)).hint or ""
        assert f"It looks like {name}. To convert it: iconv -f {iconv} -t UTF-8 {file} > " in hint, words


def test_western_letters_and_escapes_are_known_too(file: Path) -> None:
    assert "Latin-1" in (refused(file, "zoë\nrené\n".encode("latin-1")).hint or "")
    assert "ISO-2022-JP" in (refused(file, JAPANESE.encode("iso2022_jp")).hint or "")


def test_the_byte_and_its_line_are_named(file: Path) -> None:
    """Counted in the file: a mark has three bytes, a CRLF two."""
    error = refused(file, b"\xef\xbb\xbfanna\r\nbo\r\nze\xeb\r\n")
    assert "byte 16, in line 3, is 0xeb" in error.message
    assert error.where == f"{file}:3"


@pytest.mark.parametrize(
    "content",
    ["anna\nさ".encode()[:-1], "anna\nさ".encode() + b"\xff\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"anna\nb\0o\n"],
    ids=["cut off", "one wrong byte", "an image", "a zero"],
)
def test_what_is_damaged_or_no_text_is_not_taken_for_an_encoding(file: Path, content: bytes) -> None:
    assert refused(file, content).hint == "It is damaged, or no text at all."


@pytest.mark.parametrize("control", ["\x1b", "\x07", "\x0c", "\x7f", "\x85", "\x9b"])
def test_a_control_character_is_refused_with_its_place(file: Path, control: str) -> None:
    """It would act on the terminal, or show as nothing."""
    error = refused(file, f"anna\r\nb{control}o\n".encode())
    assert f"line 2, character 2 is U+{ord(control):04X}" in error.message
    assert control not in str(error)
    file.write_text("a\tb\n", encoding="utf-8")
    assert read_text(file).documents == ("a\tb",), "a tab is a symbol"


@pytest.mark.parametrize("mode", ["lines", "text"])
@pytest.mark.parametrize(("content", "said"), [(b"", "is empty"), (b" \n\r\n\n", "blank"), (b"\xef\xbb\xbf", "blank")])
def test_nothing_to_learn_from_is_said(file: Path, content: bytes, said: str, mode: str) -> None:
    assert said in refused(file, content, mode).message


def test_a_folder_a_pipe_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    """Not read: a pipe would be waited for, a device may have no end."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "pipe", "is a pipe"),
        (tmp_path / "link", "is a pipe"),
        (Path(os.devnull), "is a pipe or a device"),
    ):
        with pytest.raises(FileFormatError, match=said):
            load(str(path))


def test_a_file_that_may_not_be_read_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("anna\n", encoding="utf-8")

    def denied(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(FileFormatError, match="cannot be read: permission denied"):
        read_text(file)


def test_a_file_that_changes_while_it_is_read_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"anna\nbo\n")
    see = os.fstat
    seen: list[os.stat_result] = []

    def fstat(descriptor: int) -> os.stat_result:
        seen.append(see(descriptor))
        with file.open("ab") as more:
            more.write(b"eve\n")
        return seen[-1]

    monkeypatch.setattr(os, "fstat", fstat)
    with pytest.raises(FileFormatError, match="changed while it was read"):
        read_text(file)


def test_a_file_that_shrinks_while_it_is_read_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(b"anna\nbo\n")
    see = os.fstat
    monkeypatch.setattr(os, "fstat", lambda d: [see(d), os.truncate(file, 3)][0])
    with pytest.raises(FileFormatError, match="changed while it was read"):
        read_text(file)


# What is large


def test_of_a_large_file_the_first_lines_are_used_and_that_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_BYTES", 1000)
    file.write_bytes(b"anna\n" * 1000 + b"\xff")  # what is left aside may be anything
    file.write_bytes(file.read_bytes()[2:])
    found = read_text(file)
    assert (found.count, found.used_bytes, found.total_bytes) == (200, 998, 4999)
    assert found.documents[:2] + found.documents[-1:] == ("na", "anna", "anna")
    assert found.notes[0].en == "the first 998 B of 5.0 kB are used, 200 documents"
    assert "200 件" in found.notes[0].ja
    assert read_text(file, "text").documents == ("na\n" + "anna\n" * 199,)


def test_of_many_lines_the_first_million_are_used(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MOST_LINES", 3)
    for end in (b"\n", b"\r\n", b"\r"):
        file.write_bytes(b"anna" + end + end + b"bo" + end + b"eve")
        assert read_text(file).documents == ("anna", "bo")
        file.write_bytes(b"anna" + end + end + b"bo" + end)
        assert read_text(file).used_bytes == file.stat().st_size, "three lines are not too many"


def test_a_text_without_lines_is_cut_between_characters(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("あ" * 400, encoding="utf-8")
    for most in (999, 1000, 1001):
        monkeypatch.setattr(text, "MOST_BYTES", most)
        assert read_text(file, "text").documents == ("あ" * (most // 3),)


def test_a_line_that_is_no_document_points_to_the_other_mode(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LONGEST", 100)
    error = refused(file, b"anna\n" + b"x" * 101 + b"\n")
    assert "line 2 is longer than 100 characters" in error.message
    assert "--mode text" in (error.hint or "")
    file.write_bytes(b"x" * 100)
    assert read_text(file).count == 1
    monkeypatch.setattr(text, "MOST_BYTES", 50)
    assert "line 1 is longer" in refused(file, b"x" * 90).message


def test_of_a_gigabyte_only_the_beginning_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is sparse: zeros, which no text has, follow beyond what is used."""
    monkeypatch.setattr(text, "MOST_LINES", 10_000)
    with file.open("wb") as out:
        out.write(b"anna\n" * 8000 + b"\n" * 2000)
        out.truncate(1_000_000_000)
    tracemalloc.start()
    try:
        found = read_text(file)
        assert tracemalloc.get_traced_memory()[1] < 5 * text.MOST_BYTES
    finally:
        tracemalloc.stop()
    assert (found.count, found.total_bytes) == (8000, 1_000_000_000)
    assert found.notes[0].en == "the first 42.0 kB of 1.0 GB are used, 8,000 documents"


@pytest.mark.deep
@pytest.mark.parametrize("mode", ["lines", "text"])
def test_a_gigabyte_of_names_takes_bounded_memory(file: Path, mode: str) -> None:
    with file.open("wb") as out:
        for _ in range(100):
            out.write(b"anna\n" * 2_000_000)
    tracemalloc.start()
    try:
        found = read_text(file, mode)  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 300e6
    finally:
        tracemalloc.stop()
    assert found.used_bytes == (5_000_000 if mode == "lines" else 32_000_000)
    assert found.total_bytes == 1_000_000_000
