"""A file read as a document: its pieces put together, names followed from block to block, comments given to blocks.

Nothing here runs anything. What is almost right is told with its line and never keeps the rest from being read.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tracer.errors import FileFormatError, NotFoundError, did_you_mean
from tracer.lessons.documents.annotation import read_script, unknown_kind
from tracer.lessons.documents.document import Block, Document, Part, Problem, Prose, Script
from tracer.lessons.documents.endings import NOTEBOOK_ENDING
from tracer.lessons.documents.markdown import cut
from tracer.lessons.documents.names import Namespace, Reading, read_names
from tracer.lessons.documents.nearest import Nearest, nearest_lesson
from tracer.lessons.documents.notebook import cut_notebook
from tracer.lessons.documents.pieces import PYTHON, Pieces, RawCode, RawComment, RawProse, without_payloads
from tracer.lessons.documents.session import PARSING, other_language, parse, runnable
from tracer.text import Text, clean

MOST_TEXT = 1_000_000
"""Characters of Markdown, pictures in base64 not counted: some twenty times a long chapter. Reading that much takes
one to six seconds."""
MOST_BLOCKS = 2_000
"""Code blocks and comments of ours in a document."""
MOST_BYTES = 100_000_000
"""Of a file; nearly all of a large one is pictures, which nobody looks at here."""

Finder = Callable[[str, str, str, str], Nearest]
"""The nearest lesson of (a document's name, a section, a heading, code)."""


def read_document(path: str | Path, *, nearest: Finder = nearest_lesson) -> Document:
    """Read a Markdown document or a Jupyter notebook.

    Args:
        nearest: who knows which lesson is nearest to a block that does not run here.

    Raises:
        NotFoundError: there is no such file.
        FileFormatError: it is no text in UTF-8, too large, a folder, or a notebook that is none.
    """
    path = Path(path)
    notebook = path.suffix.casefold() == NOTEBOOK_ENDING
    text = _text(path, MOST_BYTES)
    name = clean(path.name)
    if not notebook:
        _limit_text(name, text)
    pieces = cut_notebook(text, name) if notebook else cut(text, name)
    if notebook:
        _limit_text(name, *pieces.sources.values())
    count = sum(not isinstance(piece, RawProse) for piece in pieces.pieces)
    if count > MOST_BLOCKS:
        raise FileFormatError(
            f"{name}: {count:,} code blocks and comments are too many for a document; {MOST_BLOCKS:,} are the most.",
            hint=_DIVIDE.en,
            ja=f"{name}: コードブロックとコメントが多すぎます（{count:,} 個）。{MOST_BLOCKS:,} 個までです。",
            hint_ja=_DIVIDE.ja,
        )
    return _Reader(path, name, pieces, nearest).read()


class _Reader:
    def __init__(self, path: Path, name: str, found: Pieces, nearest: Finder) -> None:
        self.path, self.name, self.found, self.nearest = path, name, found, nearest
        self.problems = list(found.problems)
        self.parts: list[Part] = []
        self.names = Namespace.fresh()
        self.script: Script | None = None
        self.waiting: list[RawComment] = []
        """Comments that no block has followed yet."""
        self.heading = ""
        self.sections: list[tuple[int, str]] = []
        """Level and number of the headings above, outermost first."""
        self.shown = self.hidden = 0

    def read(self) -> Document:
        for piece in self.found.pieces:
            if isinstance(piece, RawProse):
                self._prose(piece)
            elif isinstance(piece, RawCode):
                self._code(piece)
            else:
                self._comment(piece)
        for comment in self.waiting:
            self.problems.append(Problem(comment.file, comment.line, _NO_BLOCK))
        order = {file: i for i, file in enumerate(self.found.sources)}
        digest = hashlib.sha256()
        for part in self.parts:
            if isinstance(part, Block) and part.runs:
                digest.update(part.code.encode("utf-8", "surrogatepass") + b"\0")
        return Document(
            path=self.path,
            name=self.name,
            title=Text.same(clean(self._title())),
            parts=tuple(self.parts),
            problems=tuple(sorted(self.problems, key=lambda problem: (order[problem.file], problem.line))),
            sources=self.found.sources,
            sha=digest.hexdigest(),
        )

    def _title(self) -> str:
        headings = [part for part in self.parts if isinstance(part, Prose) and part.heading]
        first = next((one for one in headings if one.level == 1), headings[0] if headings else None)
        return self.found.title or (first.heading if first else "") or self.name

    @property
    def section(self) -> str:
        return next((number for _, number in reversed(self.sections) if number), "")

    def _prose(self, piece: RawProse) -> None:
        if piece.level:
            self.heading = piece.heading
            self.sections = [one for one in self.sections if one[0] < piece.level]
            self.sections.append((piece.level, section_of(piece.heading)))
        self.parts.append(Prose(piece.text, piece.file, piece.line, piece.heading, piece.level, self.section))

    # --- blocks

    def _code(self, piece: RawCode) -> None:
        self.shown += 1
        skip = any(comment.kind == "skip" for comment in self.waiting)
        lang = piece.lang if piece.lang not in PYTHON else other_language(piece.text) or piece.lang
        block = Block(
            number=self.shown,
            kind="other",
            lang=lang,
            code=piece.text,
            shown=piece.text,
            file=piece.file,
            line=piece.line,
            section=self.section,
            heading=self.heading,
            skip=skip,
            script=self.script,
        )
        if lang in PYTHON:
            block = self._python(block)
        if block.kind != "python":
            block = self._with_nearest(block)
        if self.script is not None and self.script.stops and not block.runs:
            self.problems.append(Problem(self.script.file, self.script.stop_lines[0], _NEVER_STOPS))
        self.parts.append(block)
        self.script, self.waiting = None, []

    def _python(self, block: Block) -> Block:
        """The block with what reading its code says; its names count for the blocks after it if it runs."""
        code, omitted = runnable(block.shown, block.file, block.line)
        reading, problem = _analysed(code, block.file, block.line, self.names)
        needs = reading.needs if reading else ()
        runs = not needs and problem is None
        if runs and reading is not None and not block.skip:
            self.names = reading.after
        return replace(
            block,
            kind="python" if runs else "fragment",
            code=code,
            omitted=omitted,
            needs=needs,
            problem=problem,
            defines=reading.defines if reading and runs and not block.skip else (),
        )

    def _with_nearest(self, block: Block) -> Block:
        found = self.nearest(self.path.stem, block.section, block.heading, block.code)
        return replace(block, nearest=found.name, nearest_why=found.why)

    # --- comments

    def _comment(self, piece: RawComment) -> None:
        if piece.kind == "setup":
            self._setup(piece)
        elif piece.kind == "skip":
            self.waiting.append(piece)
        elif piece.kind == "":
            script = read_script(piece, self.problems)
            if self.script is not None:
                self.problems.append(Problem(piece.file, piece.line, _TWO_SCRIPTS.format(line=self.script.line)))
            elif script is not None:
                self.script = script
                self.waiting.append(piece)
        else:
            self.problems.append(unknown_kind(piece))

    def _setup(self, piece: RawComment) -> None:
        text, line = piece.text.rstrip(), piece.text_line
        first, _, rest = text.partition("\n")
        if not first.strip():
            text, line = rest, line + 1
        else:
            text = text.lstrip()
        if not text.strip():
            self.problems.append(Problem(piece.file, piece.line, _EMPTY_SETUP))
            return
        self.hidden -= 1
        block = Block(
            number=self.hidden,
            kind="python",
            lang="python",
            code=text + "\n",
            shown=text + "\n",
            file=piece.file,
            line=line,
            section=self.section,
            heading=self.heading,
            hidden=True,
        )
        block = self._python(block)
        if block.problem is not None:
            self.problems.append(Problem(piece.file, line, _SETUP_BROKEN.format(why=block.problem)))
        elif block.needs:
            self.problems.append(Problem(piece.file, line, _SETUP_NEEDS.format(names=", ".join(block.needs))))
        self.problems += block.omitted
        self.parts.append(block)


def _analysed(code: str, file: str, line: int, before: Namespace) -> tuple[Reading | None, Text | None]:
    """The names of a block, as far as it parses; and why Python refuses it, if it does."""
    try:
        tree = parse(code, file)
        reading = read_names(tree, before)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(tree, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        said = clean(error.msg or "invalid syntax")
        at = line + (error.lineno or 1) - 1
        problem = Text(en=f"line {at}: {said}", ja=f"{at} 行目: Python の文法に合いません（{said}）")
        try:
            return read_names(parse(code, file), before), problem  # it parses: a `return` outside a function
        except PARSING:
            return None, problem
    except PARSING as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError | MemoryError) else clean(str(error))
        return None, Text(en=f"line {line}: {said}", ja=f"{line} 行目: Python が読めません（{said}）")
    return reading, None


_SECTION = re.compile(
    r"(?:chapter|section|sec\.?|part|appendix|§|第)\s*(\d{1,3}(?:\.\d{1,3})*)(?!\d)"
    r"|(\d{1,3}(?:\.\d{1,3})+)(?![\dA-Za-z_%])"
    r"|(\d{1,3})(?=\.(?!\w)|[:)、]|$)",
    re.IGNORECASE,
)


def section_of(heading: str) -> str:
    """`6.4.2` of `6.4.2 A small network`, `5` of `5. Adam`, `6` of `第6章`; empty for a heading without a number."""
    match = _SECTION.match(unicodedata.normalize("NFKC", heading).strip())
    return next((group for group in match.groups() if group), "") if match else ""


def _text(path: Path, most: int) -> str:
    """The file's text, line breaks as `\\n`."""
    name = clean(path.name) or str(path)
    try:
        if not path.exists():
            near = did_you_mean(path.name, sorted(one.name for one in path.parent.iterdir() if one.is_file()))
            raise NotFoundError(
                f"{clean(str(path))}: no such file.", hint=near, ja=f"{name}: ファイルが見つかりません。"
            )
        if path.is_dir():
            raise FileFormatError(
                f"{name}: is a folder, not a document.",
                hint="A folder of lessons is a course, which `tracer open` walks through; here, name a page in it.",
                ja=f"{name}: 文書ではなくフォルダーです。",
                hint_ja="レッスンのフォルダーはコースとして `tracer open` で開けます。"
                "ここでは中のページを指定してください。",
            )
        if not path.is_file():
            raise FileFormatError(f"{name}: is a device or a pipe, not a file.", ja=f"{name}: ファイルではありません。")
        if path.stat().st_size > most:
            raise _too_large(name, path.stat().st_size, most)
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        if isinstance(error, OSError) and isinstance(error, FileNotFoundError | NotADirectoryError):
            raise NotFoundError(f"{name}: no such file.", ja=f"{name}: ファイルが見つかりません。") from None
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FileFormatError(f"{name}: cannot be read: {reason}.", ja=f"{name}: 読めません（{reason}）。") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(name, data, error) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _limit_text(name: str, *texts: str) -> None:
    """Raises FileFormatError where there is more to read than can be read in seconds."""
    if sum(map(len, texts)) > MOST_TEXT and (size := sum(len(without_payloads(text)) for text in texts)) > MOST_TEXT:
        raise _too_large(name, size, MOST_TEXT)


def _too_large(name: str, size: int, most: int) -> FileFormatError:
    got, limit = f"{size / 1e6:.1f} MB", f"{most / 1e6:.0f} MB"
    return FileFormatError(
        f"{name}: {got} of text is too large for a document; {limit} is the most.",
        hint=_DIVIDE.en,
        ja=f"{name}: 文書としては大きすぎます（{got}）。{limit} までです。",
        hint_ja=_DIVIDE.ja,
    )


_DIVIDE = Text(
    en="Divide it: a folder of documents is a course.",
    ja="いくつかに分けてください。文書を入れたフォルダーはコースとして開けます。",
)


def _not_utf8(name: str, data: bytes, error: UnicodeDecodeError) -> FileFormatError:
    line = data.count(b"\n", 0, error.start) + 1
    found = next((known for known, mark in _MARKS if data.startswith(mark)), None) or _guessed(data)
    looks, looks_ja = (f" It looks like {found}.", f"{found} のようです。") if found else ("", "")
    convert = f"iconv -f {found or 'WINDOWS-1252'} -t UTF-8 {name} > new-{name}"
    return FileFormatError(
        f"{name}:{line}: is not UTF-8 text (byte 0x{data[error.start]:02x}).{looks}",
        hint=f"Save it as UTF-8: {convert}",
        ja=f"{name}:{line}: UTF-8 の文字になっていません（バイト 0x{data[error.start]:02x}）。{looks_ja}",
        hint_ja=f"UTF-8 で保存してください: {convert}",
    )


_MARKS = (("UTF-16", b"\xff\xfe"), ("UTF-16", b"\xfe\xff"))


def _guessed(data: bytes) -> str | None:
    """The encoding in which Japanese text was probably saved."""
    for name, codec in (("SHIFT_JIS", "cp932"), ("EUC-JP", "euc_jp")):
        try:
            words = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if re.search(r"[\u3040-\u30ff]", words):
            return name
    return None


_NO_BLOCK = Text(
    en="no code block follows this comment, so it belongs to none.",
    ja="このコメントの後にコードブロックがないため、どのブロックにも効きません。",
)
_TWO_SCRIPTS = Text(
    en="a second comment for the same block is left out; put its stops into the one on line {line}.",
    ja="同じブロックへの二つ目のコメントは読みとばします。停止点は {line} 行目のコメントにまとめてください。",
)
_NEVER_STOPS = Text(
    en="the block after this comment does not run, so its stops never happen.",
    ja="このコメントの次のブロックは実行されないため、停止点には止まりません。",
)
_EMPTY_SETUP = Text(en="this set-up block is empty.", ja="この準備ブロックは空です。")
_SETUP_BROKEN = Text(en="this set-up block does not run: {why}.", ja="この準備ブロックは実行できません。{why}")
_SETUP_NEEDS = Text(
    en="this set-up block does not run: nobody has defined {names}.",
    ja="この準備ブロックは実行できません。{names} がどこにも定義されていません。",
)
