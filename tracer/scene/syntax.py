"""Python source in colour: which stretch of it is a comment, a keyword, a string, a number or a sign.

Pygments tells a hundred kinds of token apart; here five colours are wanted, of Python alone, before the first picture.
One expression finds them; the colours are those that Pygments' tokens would get, and a test holds them together.
What is not Python, or not yet, is text: nothing is refused.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Literal

Colour = Literal["muted", "accent", "mark", "data", "line"]
Span = tuple[int, int, Colour]

_EVERYWHERE = ("await", "else", "for", "if", "lambda", "yield", "True", "False", "None", "in", "is", "and", "or", "not")
_KEYWORDS = frozenset(_EVERYWHERE) | {
    "assert", "async", "break", "continue", "del", "elif", "except", "finally", "global", "pass", "raise", "nonlocal",
    "return", "try", "while", "as", "with",
}  # fmt: skip
_IN_FIELDS = frozenset(_EVERYWHERE)
"""Keywords that may stand in `{}` of an f-string."""

_DIGITS = r"\d(?:_?\d)*"
_NUMBER = rf"""
    (?:{_DIGITS}\.(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?
    |{_DIGITS}[eE][+-]?{_DIGITS}j?
    |0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0[xX](?:_?[a-fA-F0-9])+
    |{_DIGITS}"""
_NOT_A_PATTERN = r"""
    (?![ \t]*(?:[:,;=^&|@~)\]}]|(?:and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally
    |for|from|global|if|import|in|is|lambda|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b))"""
_TOKEN = re.compile(
    rf"""
    (?P<comment>\#.*)
    |(?P<prefix>[rR]?[fFtT]|[fFtT][rR]|[rR]?[bB]|[bB][rR]|[rRuU]|)(?P<quote>\"\"\"|\'\'\'|["\'])
    |(?P<number>{_NUMBER})
    |(?P<sign>!=|==|<<|>>|:=|[-~+/*%=<>&^|.\[\]{{}}:(),;])
    |^[ \t]*(?P<soft>match|case)\b{_NOT_A_PATTERN}(?:(?P<rest>\s+[^\n_]*)(?P<any>_\b))?
    |(?P<both>yield[ ]from)\b
    |(?P<before>def|class)(?:\s|\\\s)+(?:[^\W\d]\w*)?
    |(?P<from>from)(?:\s|\\\s)+(?:(?P<none>None)\b|(?:[^\W\d]\w*|\.)*(?:\s+(?P<then>import)\b)?)
    |(?P<import>import)(?:\s|\\\s)+(?P<names>(?:[^\W\d]\w*|\.|\s+as\s+|\s*,\s*)*)
    |(?P<name>[^\W\d]\w*)
    |@[^\W\d]\w*|(?P<at>@)
    """,
    re.VERBOSE | re.MULTILINE,
)
_IN_NAMES = re.compile(r"(?<=\s)as(?=\s)|,")
_NAME = re.compile(r"[^\W\d]\w*")
_REST = {
    quote: re.compile(rf"(?:\\[\s\S]|(?!{quote})[^\\{line}])*(?:{quote})?")
    for quote, line in (('"', r"\n"), ("'", r"\n"), ('"""', ""), ("''" + "'", ""))
}
"""Of a string behind its first quote. It ends with the line, or with the text, where its last quote is missing."""
_LITERAL = {
    quote: re.compile(
        rf"(?:\\N\{{.*?\}}|\\[^{{}}]|\\(?=[{{}}])|\{{\{{|(?!{quote})[^\\{{{line}])*(?P<ends>{quote}|\{{)?"
    )
    for quote, line in (('"', r"\n"), ("'", r"\n"), ('"""', ""), ("''" + "'", ""))
}
"""The same of an f-string, up to the next `{`."""
_FIELD_ENDS = re.compile(r"(?:=\s*)?(?:![sraf])?[}:]")


def coloured(text: str) -> Iterator[Span]:
    """The stretches of a Python source that are not plain text, in order: start, end, colour."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            at += 1
            continue
        kind = found.lastgroup
        if kind == "quote":
            at = yield from _string(text, found)
            continue
        at = found.end()
        yield from _token(text, found)


def _token(text: str, found: re.Match[str]) -> Iterator[Span]:
    """The spans of what is no string."""
    if found["comment"] is not None:
        yield *found.span("comment"), "muted"
    elif found["number"] is not None:
        yield *found.span("number"), "data"
    elif found["name"] is not None:
        if found["name"] in _KEYWORDS:
            yield *found.span("name"), "accent"
    elif found["sign"] is not None:
        yield *found.span("sign"), "line"
    elif found["at"] is not None:
        yield *found.span("at"), "line"
    elif found["names"] is not None:
        yield *found.span("import"), "accent"
        for part in _IN_NAMES.finditer(text, *found.span("names")):
            yield *part.span(), "line" if part[0] == "," else "accent"
    elif found["soft"] is not None:
        yield *found.span("soft"), "accent"
        if found["any"] is not None:
            shift = found.start("rest")
            for start, end, colour in coloured(found["rest"]):
                yield start + shift, end + shift, colour
            yield *found.span("any"), "accent"
    else:
        for name in ("both", "before", "from", "none", "then"):
            if found[name] is not None:
                yield *found.span(name), "accent"


def _string(text: str, found: re.Match[str]) -> Generator[Span, None, int]:
    """A string from its prefix on; where it ends."""
    quote = found["quote"]
    if not {"f", "t"} & set(found["prefix"].lower()):
        rest = _REST[quote].match(text, found.end())
        assert rest is not None, "it matches nothing, too"
        yield found.start(), rest.end(), "mark"
        return rest.end()
    start, at = found.start(), found.end()
    while True:
        literal = _LITERAL[quote].match(text, at)
        assert literal is not None, "it matches nothing, too"
        yield start, literal.end(), "mark"
        if literal["ends"] != "{":
            return literal.end()
        start = at = yield from _field(text, literal.end())


def _field(text: str, at: int) -> Generator[Span, None, int]:
    """An expression in an f-string, behind its `{`; where the string goes on."""
    depth = 0
    while at < len(text):
        end = _FIELD_ENDS.match(text, at) if not depth else None
        if end is not None:
            yield *end.span(), "mark"
            return end.end()
        found = _TOKEN.match(text, at)
        name = _NAME.match(text, at)
        if found is not None and found.lastgroup == "quote":
            at = yield from _string(text, found)
        elif name is not None:
            if name[0] in _IN_FIELDS:
                yield *name.span(), "accent"
            at = name.end()
        elif found is not None and found.lastgroup in ("number", "sign", "at"):
            if found.lastgroup == "sign":
                depth += (found["sign"] in "([{") - (found["sign"] in ")]}" and depth > 0)
            yield from _token(text, found)
            at = found.end()
        else:
            at += 1
    return at
