"""A query with a mistake points at the character, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.trace.query import Query, QueryError, parse_query
from tracer.trace.query.mistake import cells, point


@pytest.mark.parametrize(
    ("text", "at", "words", "advice"),
    [
        ("gard > 1", 0, "no field 'gard'", "Did you mean 'grad'"),
        ("x and gard is nan", 6, "no field 'gard'", "'grad'"),
        ("op == rleu", 6, "no op 'rleu'", "'relu'"),
        ("op == leaf", 6, "no op 'leaf'", "kind == leaf"),
        ("kind == laef", 8, "leaf  const  op", "'leaf'"),
        ("op == relu and", 14, "missing at the end", "For example"),
        ("not", 3, "missing at the end", "For example"),
        ("or x", 0, "missing before 'or'", "For example"),
        ("> 3", 0, "missing before '>'", "Fields: value grad"),
        ("(op == relu", 0, "never closed", None),
        ("(x) and (y", 8, "never closed", None),
        ("op == relu)", 10, "never opened", None),
        ("grad >", 6, "expected a number", None),
        ("grad > big", 7, "expected a number", None),
        ("grad == nan", 8, "nan equals nothing", "grad is nan"),
        ("grad is nann", 8, "nan  inf  finite", "'nan'"),
        ("1 < grad", 0, "the number comes after", "grad > 1"),
        ("|grad > 3", 6, "closing | is missing", None),
        ("|gard| > 3", 1, "between the bars", "'grad'"),
        ("line 12", 5, "a comparison is expected", '"line 12"'),
        ("scope ~", 7, "expected a word", None),
        ("op in exp", 6, "expected a list", None),
        ("op in (exp", 10, "a comma or ends", None),
        ("shape == 2", 9, "sizes of the axes", None),
        ("shape == (2, x)", 13, "sizes of the axes", None),
        ("largest 0 grad", 8, "a count from 1", None),
        ("largest 10", 10, "what to rank by", None),
        ("largest 10 line", 11, "what to rank by", None),
        ("largest grad were x", 13, "goes on with a condition", "'where'"),
        ("larget 10 |grad|", 10, "'and' or 'or' is missing", "'largest'"),
        ("grad > 1 adn x", 9, "'and' or 'or' is missing", "'and'"),
        ('name == "abc', 8, "never closed", None),
    ],
)
def test_a_mistake_is_pointed_at(text: str, at: int, words: str, advice: str | None) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query(text)
    error = caught.value
    assert error.at == at
    assert words in error.words.en
    assert (advice is None) == (error.advice is None)
    assert advice is None or (error.advice is not None and advice in error.advice.en)
    shown = str(error).splitlines()
    assert shown[1:3] == [f"  {text}", "  " + " " * at + "^"]
    japanese = error.told("ja").splitlines()
    assert any(ord(c) > 0x3000 for c in japanese[0])
    assert japanese[1:3] == shown[1:3]


def test_the_caret_stands_under_wide_characters_and_in_long_texts() -> None:
    assert point("重み ＞ 3", 3) == "  重み ＞ 3\n       ^"
    long = "x or " * 100 + "gard > 1"
    line, caret = point(long, 500).splitlines()
    assert line[caret.index("^") :].startswith("gard")
    assert cells(line) < 70
    assert "\x1b" not in point("a \x1b[31m\n > 3", 6)


def test_too_much_is_refused_in_one_line() -> None:
    with pytest.raises(QueryError, match="1,000,000 characters; 100,000 is the most"):
        parse_query("(" * 1_000_000)
    with pytest.raises(QueryError, match="more than 1,000 tests"):
        parse_query(" or ".join(["nan"] * 1001))


PIECES = (
    """grad value op scope > <= == ~ in is nan not and or ( ) , | largest where 3 x " ' [ ] * \\ shape 重 \0 −1e-3"""
)


@given(st.lists(st.sampled_from(PIECES.split(" ")), max_size=9), st.sampled_from(("", " ")))
def test_whatever_is_typed_is_a_query_or_a_mistake(pieces: list[str], space: str) -> None:
    text = space.join(pieces)
    found = read(text)
    if isinstance(found, Query):
        assert parse_query(str(found)) == found
    else:
        assert 0 <= found.at <= len(text)
        assert found.told("ja") != found.told("en")


def read(text: str) -> Query | QueryError:
    try:
        return parse_query(text)
    except QueryError as error:
        return error
