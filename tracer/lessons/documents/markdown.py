"""Markdown cut into pieces by markdown-it, whose token for a block knows its lines.

Only the block structure is read: where code, comments and headings begin and end. What stands inside a paragraph is
left to whoever draws it. Two limits keep a hostile page from taking minutes; no page a person wrote comes near them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from tracer.errors import FileFormatError, did_you_mean
from tracer.lessons.documents.document import Problem
from tracer.lessons.documents.front_matter import read_front_matter
from tracer.lessons.documents.pieces import (
    PLAIN,
    Pieces,
    RawCode,
    RawComment,
    RawProse,
    lang_of,
    lines_of,
    plain_words,
    without_payloads,
)
from tracer.text import Text

DEEPEST = 24
"""Levels of nesting that are read: twelve lists, or twenty-four quotes, inside each other."""
MOST_CHECKS = 600_000
"""Times a line may be asked whether a block ends there: about five seconds. An ordinary page asks two or three times a
line; a long one within twenty quotes, sixty."""
LONGEST_LINE = 1_000
"""Characters of a paragraph's line that are looked at."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_OURS = re.compile(r"<!--+\s*tracer\b[ \t]*(?::[ \t]*(\w*(?:-+\w+)*))?")
_END = re.compile(r"-*-->\Z")
_NEARLY = re.compile(r"<!--+\s*([A-Za-z]+)(?=:|[ \t]*(?:\n|-->))")
_NO_COMMENT = re.compile(r"<!?-\s*tracer\b|<--+\s*tracer\b|<!\s*-*\s*tracer\b")
_BROKEN_FENCE = re.compile(r"\s*(?:`{1,2}(?!`)|'{3}|´{3}|‘{3}|’{3})\s*(?:python3?|py)\s*$", re.IGNORECASE)


def cut(text: str, file: str, *, code: bool = True) -> Pieces:
    """The pieces of a Markdown text.

    Args:
        text: with `\\n` for line breaks.
        file: what problems and pieces call it.
        code: whether fenced code is a piece of its own; in a notebook's Markdown cell it is only shown.

    Raises:
        FileFormatError: so many lines are nested so deeply that reading would take minutes.
    """
    found = Pieces(sources={file: text})
    lines = lines_of(text)
    begin, found.title = read_front_matter(lines, file, found.problems) if code else (0, "")
    env = {"checks": 0, "deep": None}
    try:
        # the front matter's lines stay, empty, so that no line changes its number
        tokens = _parser().parse("\n" * begin + "\n".join(lines[begin:]), env)
    except _TooMuch as stopped:
        raise FileFormatError(
            f"{file}:{stopped.line}: so many lines are nested so deeply that reading them would take minutes.",
            hint="Take them out of the quotes or lists around them.",
            ja=f"{file}:{stopped.line}: 引用やリストの入れ子が深い行が多すぎて、読むのに何分もかかります。",
            hint_ja="引用やリストの外に出してください。",
        ) from None
    if env["deep"] is not None:
        found.problems.append(Problem(file, env["deep"], _TOO_DEEP))
    _Cutter(lines, file, found, code).cut(tokens, begin)
    found.problems.sort(key=lambda problem: problem.line)
    return found


_TOO_DEEP = Text(
    en=f"more than {DEEPEST} quotes or lists inside each other; what is deeper is read as plain text.",
    ja=f"引用やリストの入れ子が {DEEPEST} 段を超えています。それより深いところは、ただの文として読みます。",
)


class _TooMuch(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@cache
def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", {"maxNesting": 10 * DEEPEST})  # at its own limit it would drop the rest of the page
    md.core.ruler.enableOnly(["normalize", "block"])
    md.block.ruler.disable(["reference"])  # definitions of links stay part of the prose
    md.block.ruler.before("table", "guard", _guard, {"alt": ["paragraph", "blockquote", "list"]})
    return md


def _guard(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Asked first about every line: counts the work, and reads what is nested too deeply as a line of text."""
    state.env["checks"] += 1
    if state.env["checks"] > MOST_CHECKS:
        raise _TooMuch(start + 1)
    if state.level < DEEPEST or silent:
        return False
    if state.env["deep"] is None:
        state.env["deep"] = start + 1
    state.line = start + 1
    return True


@dataclass(frozen=True)
class _Taken:
    """Lines [start, end) that are no prose, and what to do with the prose after them."""

    start: int
    end: int
    pieces: tuple[RawCode | RawComment | RawProse, ...]
    dedent: int = 0
    """Columns to take off the lines up to `until`: they stood in a list that this piece has ended."""
    until: int = 0


class _Cutter:
    def __init__(self, lines: list[str], file: str, found: Pieces, code: bool) -> None:
        self.lines, self.file, self.found, self.code = lines, file, found, code

    def cut(self, tokens: list[Token], begin: int) -> None:
        taken: list[_Taken] = []
        headings: dict[int, tuple[int, str]] = {}
        items: list[tuple[int, bool]] = []  # (end, is a quote) of the list items and quotes around a token
        for i, token in enumerate(tokens):
            if token.type in ("list_item_open", "blockquote_open"):
                items.append((token.map[1] if token.map else 0, token.type == "blockquote_open"))
            elif token.type in ("list_item_close", "blockquote_close"):
                items.pop()
            elif token.map is None:
                continue
            elif token.type == "heading_open" and token.level == 0:
                headings[token.map[0]] = int(token.tag[1]), plain_words(tokens[i + 1].content)
            elif token.type == "inline":
                self._look_inside(token.content, token.map[0] + 1)
            elif token.type in ("fence", "html_block"):
                pieces = self._fence(token) if token.type == "fence" else self._html(token)
                if pieces is not None:
                    taken.append(_Taken(token.map[0], token.map[1], pieces, *self._around(token.map[0], items)))
        self._assemble(taken, headings, begin)

    def _around(self, start: int, items: list[tuple[int, bool]]) -> tuple[int, int]:
        """How far the lines after a piece in a list are indented, and up to which line."""
        if not items or any(quote for _, quote in items):
            return 0, 0
        line = self.lines[start]
        mark = re.search(r"`{3}|~{3}|<!--", line)
        return (mark.start() if mark else 0), items[0][0]

    def _fence(self, token: Token) -> tuple[RawCode, ...] | None:
        assert token.map is not None
        start, end = token.map
        lang = lang_of(token.info)
        if end - start - 1 <= len(lines_of(token.content)):  # no line is left for a closing fence
            self._problem(
                start + 1, _OPEN_FENCE.format(fence=token.markup if len(token.markup) < 12 else f"{token.markup[:3]}…")
            )
        if not self.code or not lang or lang in PLAIN:
            return None
        return (RawCode(lang, token.content, self.file, start + 2),)

    def _html(self, token: Token) -> tuple[RawComment | RawProse, ...] | None:
        assert token.map is not None
        line = token.map[0] + 1
        comments: list[RawComment | RawProse] = []
        for match in _COMMENT.finditer(token.content):
            at = line + token.content.count("\n", 0, match.start())
            ours = _OURS.match(match[0])
            if not match[0].endswith("-->"):
                self._problem(at, _OPEN_COMMENT if token.map[1] >= len(self.lines) else _CUT_COMMENT)
            if ours is None:
                self._nearly(match[0], at)
                continue
            inner = _END.sub("", match[0])[ours.end() :]
            words_at = at + match[0].count("\n", 0, ours.end())
            comments.append(RawComment((ours[1] or "").casefold(), inner, self.file, at, words_at))
        if not comments:
            return None
        rest = _COMMENT.sub(
            lambda match: "\n" * match[0].count("\n") if _OURS.match(match[0]) else match[0], token.content
        )
        if rest.strip():
            comments.append(RawProse(without_payloads(rest), self.file, line))
        return tuple(comments)

    def _nearly(self, comment: str, line: int) -> None:
        """`<!-- tracr: skip -->`: close enough to be meant, not close enough to be it."""
        match = _NEARLY.match(comment)
        if match and did_you_mean(match[1].casefold(), ["tracer"]) and len(match[1]) >= 5:
            self._problem(line, _NEARLY_OURS.format(word=match[1]))

    def _look_inside(self, content: str, line: int) -> None:
        """What in a paragraph was probably meant as more than its words."""
        if "<!--" not in content and "py" not in content.casefold() and "tracer" not in content:
            return
        for i, words in enumerate(content.split("\n"), start=line):
            words = words[:LONGEST_LINE]
            if "<!--" in words and _OURS.search(re.sub(r"(`+).+?\1", "", words)):
                self._problem(i, _IN_A_LINE)
            if _NO_COMMENT.match(words):
                self._problem(i, _NOT_ONE)
            if _BROKEN_FENCE.match(words):
                self._problem(i, _NO_FENCE)

    def _problem(self, line: int, say: Text) -> None:
        self.found.problems.append(Problem(self.file, line, say))

    def _assemble(self, taken: list[_Taken], headings: dict[int, tuple[int, str]], begin: int) -> None:
        """The pieces in the order of the page, the prose between them cut at headings."""
        at, lines, places = begin, list(self.lines), sorted(headings)
        for piece in [*taken, _Taken(len(lines), len(lines), ())]:
            cuts = [at, *places[bisect_right(places, at) : bisect_left(places, piece.start)], piece.start]
            for first, last in pairwise(cuts):
                self._prose(lines, first, last, headings.get(first))
            self.found.pieces += piece.pieces
            for line in range(piece.end, min(piece.until, len(lines))) if piece.dedent else ():
                space = len(self.lines[line]) - len(self.lines[line].lstrip())
                lines[line] = self.lines[line][min(space, piece.dedent) :]
            at = piece.end

    def _prose(self, lines: list[str], first: int, last: int, heading: tuple[int, str] | None) -> None:
        while first < last and not lines[first].strip():
            first += 1
        while first < last and not lines[last - 1].strip():
            last -= 1
        if first < last:
            level, words = heading or (0, "")
            text = without_payloads("\n".join(lines[first:last]))
            self.found.pieces.append(RawProse(text, self.file, first + 1, words, level))


_OPEN_FENCE = Text(
    en="this code block is never closed; close it with {fence} on a line of its own.",
    ja="このコードブロックは閉じていません。{fence} だけの行で閉じてください。",
)
_OPEN_COMMENT = Text(
    en="this comment is never closed; it hides the rest of the page. Close it with -->.",
    ja="このコメントは閉じていないため、この後のページ全体が隠れます。--> で閉じてください。",
)
_CUT_COMMENT = Text(
    en="this comment is cut off where the list, quote or HTML around it ends. Close it with --> before that.",
    ja="このコメントは、まわりのリスト・引用・HTML の終わりで切れています。その前に --> で閉じてください。",
)
_NEARLY_OURS = Text(
    en="'{word}' is no word of ours, so this comment says nothing here. Did you mean 'tracer'?",
    ja="'{word}' は使える語ではないため、このコメントは何もしません。もしかして 'tracer' ですか？",
)
_IN_A_LINE = Text(
    en="a tracer comment inside a paragraph says nothing; begin a line with it.",
    ja="段落の途中にある tracer のコメントは効きません。行のはじめに書いてください。",
)
_NOT_ONE = Text(
    en="this is no comment, so readers see it and it does nothing; a comment begins with <!--.",
    ja="これはコメントになっていないため、そのまま表示され、何も効きません。コメントは <!-- で始めます。",
)
_NO_FENCE = Text(
    en="this does not begin a code block; that takes three backticks: ```python.",
    ja="これではコードブロックになりません。バッククォートを三つ書きます: ```python",
)
