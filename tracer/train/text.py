"""Text files to learn from: a document a line, or one long text. Read as they are, or refused with the place.

What is taken: UTF-8, with or without a byte order mark; lines that end with LF, CRLF or CR. Blank lines are left out,
and white space at both ends of a line. In one long text nothing is left out but the mark, and lines end with LF. A
symbol is a Unicode code point: a letter followed by a combining mark is two, and so is an emoji with a skin tone.

Of a large file the beginning is used, up to `MOST_BYTES` and a line's end, so memory stays bounded; what was left aside
is told in `TextData.notes`.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import shlex
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from tracer.errors import FileFormatError, NotFoundError, TracerError, did_you_mean
from tracer.files import content_root
from tracer.text import Text, clean
from tracer.train.encoding import likely
from tracer.train.job import Mode

MOST_BYTES = 32_000_000
"""Of a file: what follows is left aside."""
MOST_LINES = 1_000_000
"""Of a file, likewise: a million short strings take 60 MB."""
LONGEST = 1_000_000
"""Characters of a line that can be a document."""
MARK = b"\xef\xbb\xbf"
"""UTF-8's byte order mark."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_END = re.compile(b"\r\n|\r|\n")


@dataclass(frozen=True)
class TextData:
    """Documents, and where they come from."""

    name: str
    """The file's."""
    path: Path
    documents: tuple[str, ...]
    """In the file's order, none empty; with mode "text" the one text."""
    sha256: str
    """Of the documents joined with line feeds, in UTF-8: of what is used, whatever else the file holds."""
    used_bytes: int
    total_bytes: int
    notes: tuple[Text, ...] = ()
    """What was left out or taken in another way than it stands there."""

    @property
    def count(self) -> int:
        """How many documents there are."""
        return len(self.documents)


def texts() -> dict[str, Path]:
    """The texts that come with the program, by name; none where they are not installed."""
    try:
        return {path.stem: path for path in sorted((content_root() / "samples" / "data").glob("*.txt"))}
    except TracerError:
        return {}


def load(name: str, mode: Mode = "lines") -> TextData:
    """The text called `name`: an existing file, else one of `texts()`.

    Raises:
        NotFoundError: neither; the nearest names are offered.
        FileFormatError: it cannot be read, holds nothing, or is no plain text in UTF-8, with the line that shows it.
    """
    path = Path(name)
    if _there(path):
        return read_text(path, mode)
    known = texts()
    if name in known:
        return read_text(known[name], mode)
    hint = did_you_mean(name, [*known, *_texts_beside(path)])
    names = ", ".join(known)
    raise NotFoundError(
        f"there is no text or file called {name!r}.",
        hint=hint or f"Texts that are here: {names}; or name a text file in UTF-8 with a document a line.",
        ja=f"{name!r} というテキストやファイルはありません。",
        hint_ja=None if hint else f"用意されているもの: {names}。または、一行にひとつ文書を書いた UTF-8 のファイル",
    )


def read_text(path: Path, mode: Mode = "lines") -> TextData:
    """The documents in a file.

    Raises:
        FileFormatError: see `load`.
    """
    shown = clean(str(path))
    raw, total = _bytes(path, shown)
    if not raw:
        raise FileFormatError(f"{shown} is empty.", ja=f"{shown} は空のファイルです。")
    raw = _beginning(raw, total, mode, shown)
    words = _decoded(raw, path, shown)
    notes = list(_how_written(raw, words))
    words = words.replace("\r\n", "\n").replace("\r", "\n")
    if (control := _CONTROL.search(words)) is not None:
        _refuse_control(words, control.start(), shown)
    documents = list(_lines(words, shown, notes)) if mode == "lines" else [words] if words.strip() else []
    if not documents:
        raise FileFormatError(
            f"{shown} holds nothing but blank lines.", ja=f"{shown} には空行しかありません。文書がひとつもありません。"
        )
    if len(raw) < total:
        part = _PART_OF_LINES if mode == "lines" else _PART
        notes.insert(0, part.format(used=_size(len(raw)), total=_size(total), count=f"{len(documents):,}"))
    digest = hashlib.sha256("\n".join(documents).encode()).hexdigest()
    return TextData(path.name, path, tuple(documents), digest, len(raw), total, tuple(notes))


def _bytes(path: Path, shown: str) -> tuple[bytes, int]:
    """The file's beginning, up to `MOST_BYTES`, and how many bytes it has."""
    try:
        _refuse_kind(os.stat(path), shown)
        # without O_NONBLOCK a pipe that was put in its place just now would hold us for ever
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(descriptor, "rb", buffering=0) as file:
            before = os.fstat(descriptor)
            _refuse_kind(before, shown)
            wanted = min(before.st_size, MOST_BYTES)
            parts = []
            while wanted and (part := file.read(wanted)):
                parts.append(part)
                wanted -= len(part)
            after = os.fstat(descriptor)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise FileFormatError(f"{shown}: cannot be read: {reason}.", ja=f"{shown} を読めません: {reason}") from None
    if wanted or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FileFormatError(
            f"{shown} changed while it was read.",
            hint="Train on a copy, or wait until nobody writes to it.",
            ja=f"{shown} は、読んでいるあいだに変わりました。",
            hint_ja="書き込みが終わるのを待つか、コピーを指定してください。",
        )
    return b"".join(parts), before.st_size


def _refuse_kind(about: os.stat_result, shown: str) -> None:
    """Raise unless it is an ordinary file: a pipe or a device may never end, and cannot be read again on resuming."""
    if stat.S_ISDIR(about.st_mode):
        raise FileFormatError(
            f"{shown} is a folder, not a text file.", ja=f"{shown} はフォルダです。テキストファイルを指定してください。"
        )
    if not stat.S_ISREG(about.st_mode):
        raise FileFormatError(
            f"{shown} is a pipe or a device, not a file: a run must be able to read its data again.",
            hint="Save the text in a file first.",
            ja=f"{shown} はパイプやデバイスです。再開するときにもう一度読めるファイルが必要です。",
            hint_ja="テキストをファイルに保存してから指定してください。",
        )


def _beginning(raw: bytes, total: int, mode: Mode, shown: str) -> bytes:
    """What is used of the bytes: whole lines where there are any, else whole characters."""
    cut = len(raw) < total
    if mode == "lines":
        ends = np.flatnonzero(np.frombuffer(raw, np.uint8) == ord("\n" if b"\n" in raw else "\r"))
        if len(ends) >= MOST_LINES:
            return raw[: int(ends[MOST_LINES - 1]) + 1]
        if cut and not len(ends):
            raise _too_long(1, shown)
        return raw[: int(ends[-1]) + 1] if cut else raw
    if not cut:
        return raw
    if end := max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1:
        return raw[:end]
    try:
        return raw[: codecs.utf_8_decode(raw, "strict", False)[1]]
    except UnicodeDecodeError:  # told with its place by who decodes it
        return raw


def _decoded(raw: bytes, path: Path, shown: str) -> str:
    """The bytes as text.

    Raises:
        FileFormatError: they are none, with the byte and the line where that shows.
    """
    start = len(MARK) if raw.startswith(MARK) else 0
    encoding = None
    try:
        words = raw[start:].decode("utf-8")
    except UnicodeDecodeError as problem:
        at = problem.start + start
        # what is UTF-8 up to there, beyond ASCII too, or ends within a character, is no other encoding but damaged
        if raw[start:at].isascii() and problem.end + start < len(raw):
            encoding = likely(raw)
    else:
        if (at := raw.find(b"\0")) < 0:
            return words
        encoding = likely(raw)  # of UTF-16 without a mark, ASCII leaves zeros
    line = _line_of(raw, at)
    if encoding is None:
        hint, hint_ja = "It is damaged, or no text at all.", "壊れているか、テキストではないファイルです。"
    else:
        target = path.with_name(f"{path.stem}-utf8{path.suffix}")
        convert = f"iconv -f {encoding.iconv} -t UTF-8 {shlex.quote(str(path))} > {shlex.quote(str(target))}"
        hint = clean(f"It looks like {encoding.name}. To convert it: {convert}")
        hint_ja = clean(f"{encoding.name} のようです。変換するには: {convert}")
    raise FileFormatError(
        f"{shown} is not text in UTF-8: byte {at + 1:,}, in line {line:,}, is 0x{raw[at]:02x}.",
        hint=hint,
        where=f"{shown}:{line}",
        ja=f"{shown} は UTF-8 のテキストではありません。{line:,} 行目、{at + 1:,} バイト目が 0x{raw[at]:02x} です。",
        hint_ja=hint_ja,
    )


def _line_of(raw: bytes, at: int) -> int:
    """The line, from 1, in which a byte is."""
    return len(_LINE_END.findall(raw, 0, at)) + 1


def _refuse_control(words: str, at: int, shown: str) -> NoReturn:
    line = words.count("\n", 0, at) + 1
    column = at - (words.rfind("\n", 0, at) + 1) + 1
    code = f"U+{ord(words[at]):04X}"
    escape = words[at] == "\x1b" and words[at + 1 : at + 2] == "$"
    hint = Text("It looks like ISO-2022-JP.", "ISO-2022-JP のようです。") if escape else None
    raise FileFormatError(
        f"{shown} is no plain text: line {line:,}, character {column:,} is {code}, a control character.",
        hint=hint.en if hint else None,
        where=f"{shown}:{line}",
        ja=f"{shown} はプレーンテキストではありません。{line:,} 行目の {column:,} 文字目が制御文字 {code} です。",
        hint_ja=hint.ja if hint else None,
    )


def _lines(words: str, shown: str, notes: list[Text]) -> Iterator[str]:
    """The documents in lines that end with line feeds; what was left out is added to the notes."""
    blank = trimmed = 0
    lines = words.split("\n")
    if not lines[-1]:
        lines.pop()  # what follows the last line's end
    for number, line in enumerate(lines, start=1):
        document = line.strip()
        blank += not document
        trimmed += bool(document) and len(document) < len(line)
        if len(document) > LONGEST:
            raise _too_long(number, shown)
        if document:
            yield document
    for count, note in ((blank, _BLANK), (trimmed, _TRIMMED)):
        if count:
            notes.append((note[0] if count == 1 else note[1]).format(count=f"{count:,}"))


def _too_long(line: int, shown: str) -> FileFormatError:
    return FileFormatError(
        f"{shown}: line {line:,} is longer than {LONGEST:,} characters, so a line is hardly a document here.",
        hint="--mode text reads the file as one long text.",
        where=f"{shown}:{line}",
        ja=f"{shown}: {line:,} 行目が {LONGEST:,} 文字を超えています。一行をひとつの文書とは見なせません。",
        hint_ja="--mode text を付けると、ファイル全体をひとつの長い文章として読みます。",
    )


def _how_written(raw: bytes, words: str) -> Iterator[Text]:
    """What a reader of the file would not see: its mark, its line ends, marks that combine."""
    if raw.startswith(MARK):
        yield _MARKED
    if "\r" in words:
        yield _RETURNS
    marks = sum(unicodedata.combining(symbol) > 0 for symbol in set(words))
    if marks:
        yield _COMBINING.format(count=f"{marks:,}")


def _size(count: int) -> str:
    """`32.0 MB`, `1.2 GB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} B"


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or a null byte
        return False


def _texts_beside(path: Path) -> list[str]:
    try:
        return [str(one) for one in sorted(path.parent.glob("*.txt"))][:200]
    except (OSError, ValueError):
        return []


_PART = Text(en="the first {used} of {total} are used", ja="全 {total} のうち、先頭の {used} を使います")
_PART_OF_LINES = Text(
    en="the first {used} of {total} are used, {count} documents",
    ja="全 {total} のうち、先頭の {used}（文書 {count} 件）を使います",
)
_MARKED = Text(en="the byte order mark at the beginning is left out", ja="先頭のバイト順マーク（BOM）は除きました")
_RETURNS = Text(en="CRLF and CR are taken as ends of lines, like LF", ja="CRLF や CR も、LF と同じ改行として扱います")
_COMBINING = Text(
    en="{count} of the symbols are combining marks: a letter that carries one counts as two symbols",
    ja="結合文字が {count} 種類あります。結合文字の付いた文字は 2 文字と数えます",
)
_BLANK = (
    Text(en="1 blank line is left out", ja="空行を 1 行除きました"),
    Text(en="{count} blank lines are left out", ja="空行を {count} 行除きました"),
)
_TRIMMED = (
    Text(en="white space at the ends of 1 line is left out", ja="1 行の前後の空白を除きました"),
    Text(en="white space at the ends of {count} lines is left out", ja="{count} 行の前後の空白を除きました"),
)
