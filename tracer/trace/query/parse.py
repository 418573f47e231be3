"""A text parsed into a `Query`: one pass over its pieces, what waits for its right side on a stack of its own."""

from __future__ import annotations

from typing import NoReturn, cast

from tracer.core.op import OPS
from tracer.text import Text, clean
from tracer.trace.query import sayings
from tracer.trace.query.mistake import QueryError
from tracer.trace.query.sayings import NEAR, expected, near, shown, write
from tracer.trace.query.steps import (
    ALONE,
    COMPARISONS,
    FIELDS,
    GRAD_STATES,
    JOINTS,
    KINDS,
    MEASURES,
    RANKINGS,
    TEN,
    TEXTUAL,
    VALUE_STATES,
    Compare,
    Is,
    Match,
    Measure,
    Phrase,
    Query,
    Ranking,
    Shape,
    State,
    Step,
    Textual,
    Word,
)
from tracer.trace.query.tokens import Token, number, tokens
from tracer.trace.query.words import SIGNS, sign_key

MOST_TESTS = 1000
"""Tests in one query."""
MOST_RANKED = 1_000_000


def parse_query(text: str) -> Query:
    """The query that `text` is; see the package for the language. A text without any of its signs is a phrase.

    Raises:
        QueryError: it has a mistake; `at` is the character.
    """
    return _Parser(text).run()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.at = text, tokens(text), 0
        self.out: list[Step] = []
        self.waiting: list[tuple[str, int]] = []
        """"and", "or", "not" or "(", and where it stands."""
        self.tests = 0

    # Moving

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    @property
    def next(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.now
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def fail(self, words: Text, at: int | None = None, advice: Text | None = None) -> NoReturn:
        raise QueryError(words, self.text, self.now.at if at is None else at, advice)

    # A whole query

    def run(self) -> Query:
        if self.now.kind == "end":
            return Query((Phrase(Word("")),))
        if self.now.plain in RANKINGS and self._ranks():
            return self.ranking()
        self.condition()
        return Query(tuple(self.out))

    def _ranks(self) -> bool:
        """Whether `largest` is followed by what is ranked: else it is a word as any other."""
        token = self.next
        return token.kind == "sign" or token.plain in MEASURES or number(token.plain) is not None

    def ranking(self) -> Query:
        largest = self.take().plain == "largest"
        most = TEN
        if self.now.kind == "word" and (count := number(self.now.text)) is not None:
            if not (count.is_integer() and 1 <= count <= MOST_RANKED):
                self.fail(sayings.COUNT.format(most=f"{MOST_RANKED:,}"))
            most = int(count)
            self.take()
        known = [m for m in MEASURES if m not in ("id", "line")]
        measure = None if self.now.plain in ("id", "line") else self.measure()
        if measure is None:
            self.fail(expected(sayings.RANKED, known), advice=near(self.now.plain, known))
        if self.now.kind == "end":
            return Query((), Ranking(largest, most, measure))
        if self.now.plain != "where":
            self.fail(expected(sayings.AFTER_RANKING, ["where"]), advice=near(self.now.plain, ["where"]))
        self.take()
        self.condition()
        return Query(tuple(self.out), Ranking(largest, most, measure))

    def condition(self) -> None:
        """Tests and what joins them, up to the end of the text."""
        wanted = True  # whether a test comes next, else what joins it to another one
        while True:
            token = self.now
            if wanted:
                if token.plain == "not":
                    self.waiting.append(("not", self.take().at))
                elif token.kind == "sign" and token.text == "(":
                    self.waiting.append(("(", self.take().at))
                else:
                    self.test()
                    wanted = False
            elif token.kind == "end":
                break
            elif token.plain in ("and", "or"):
                self.join(token.plain, token.at)
                self.take()
                wanted = True
            elif token.kind == "sign" and token.text == ")":
                self.close(token)
            else:
                self.fail(sayings.NO_JOINT.format(got=shown(token)), advice=self._joint_advice(token))
        while self.waiting:
            joint, at = self.waiting.pop()
            if joint == "(":
                self.fail(Text("this parenthesis is never closed.", "このかっこが閉じられていません。"), at)
            self.out.append(cast(Step, joint))

    def join(self, joint: str, at: int) -> None:
        binds = {"or": 1, "and": 2, "not": 3}
        while self.waiting and self.waiting[-1][0] != "(" and binds[self.waiting[-1][0]] >= binds[joint]:
            self.out.append(cast(Step, self.waiting.pop()[0]))
        self.waiting.append((joint, at))

    def close(self, token: Token) -> None:
        while self.waiting and self.waiting[-1][0] != "(":
            self.out.append(cast(Step, self.waiting.pop()[0]))
        if not self.waiting:
            self.fail(Text("this parenthesis was never opened.", "このかっこに対応する ( がありません。"))
        self.waiting.pop()
        self.take()

    def _joint_advice(self, token: Token) -> Text | None:
        first = self.tokens[0]
        if first.kind == "word" and first.plain not in FIELDS:
            found = near(first.plain, RANKINGS)
            if found is not None:
                return found
        return near(token.plain, JOINTS)

    # One test

    def test(self) -> None:
        token = self.now
        self.tests += 1
        if self.tests > MOST_TESTS:
            self.fail(
                Text(
                    f"the query has more than {MOST_TESTS:,} tests.",
                    f"検索文の条件が {MOST_TESTS:,} 個を超えています。",
                )
            )
        if token.kind == "end" or token.plain in JOINTS or (token.kind == "sign" and token.text != "|"):
            self.no_test(token)
        field = token.plain
        if token.kind == "sign" or (field in FIELDS and self._goes_on()):
            self.field(field)
        elif field in ALONE and not self._is_word(self.next):
            self.take()
            self.out.append(Is("", field))
        else:
            self.phrase()

    def no_test(self, token: Token) -> NoReturn:
        if token.kind == "sign" and token.text in (*COMPARISONS, "~"):
            self.fail(sayings.NO_LEFT.format(got=token.text), advice=sayings.FIELDS_ARE)
        missing = sayings.MISSING_END if token.kind == "end" else sayings.MISSING.format(got=shown(token))
        self.fail(missing, advice=sayings.FOR_EXAMPLE)

    def _goes_on(self) -> bool:
        """Whether more follows a field's name than what ends a test: then it is the field, else a word."""
        token = self.next
        return token.kind != "end" and token.plain not in ("and", "or") and token.text != ")"

    def _is_word(self, token: Token) -> bool:
        return token.kind == "word" and token.plain not in JOINTS

    def field(self, field: str) -> None:
        start = self.now
        measure = self.measure()
        if measure is not None:
            if self.now.plain == "is" and measure in ("value", "grad"):
                self.take()
                self.state("grad" if measure == "grad" else "value")
            else:
                self.compare(measure, start)
        elif field == "shape":
            self.take()
            self.shape()
        elif field in TEXTUAL:
            self.take()
            self.match(field)
        else:
            self.no_field(start)

    def measure(self) -> Measure | None:
        """`grad`, `|grad|`, ...; None where something else stands there."""
        if self.now.kind == "word" and self.now.plain in MEASURES:
            return cast(Measure, self.take().plain)
        if self.now.kind == "sign" and self.now.text == "|":
            bar = self.take()
            inner = self.now
            if inner.plain not in ("value", "grad"):
                self.fail(expected(sayings.IN_BARS, ["value", "grad"]), advice=near(inner.plain, ("value", "grad")))
            self.take()
            if self.now.text != "|":
                self.fail(Text("the closing | is missing.", "閉じる | がありません。"), advice=None)
            self.take()
            assert bar.text == "|", "a bar opened it"
            return "|value|" if inner.plain == "value" else "|grad|"
        return None

    def compare(self, measure: Measure, start: Token) -> None:
        token = self.now
        if token.kind != "sign" or token.text not in COMPARISONS:
            self.no_comparison(str(measure), start, [*COMPARISONS, *(["is"] if measure in ("value", "grad") else [])])
        self.take()
        found = number(self.now.text) if self.now.kind == "word" else None
        if found is None:
            if self.now.plain == "nan":
                self.fail(
                    Text("nan equals nothing, not even itself.", "nan は何とも等しくなりません。nan 自身ともです。"),
                    advice=write(f"{'grad' if 'grad' in measure else 'value'} is nan"),
                )
            self.fail(expected(sayings.NUMBER, ["0.01", "-3", "1e-6"]))
        self.take()
        self.out.append(Compare(measure, token.text, found))

    def no_field(self, token: Token) -> NoReturn:
        advice = near(token.plain, FIELDS) or sayings.FIELDS_ARE
        self.fail(sayings.NO_FIELD.format(got=shown(token)), token.at, advice)

    def no_comparison(self, field: str, start: Token, known: list[str]) -> NoReturn:
        """What follows a field is no comparison; it may be a phrase that begins as a field is called."""
        quoted = self.text[start.at : self._phrase_end()].strip()
        self.fail(
            expected(sayings.COMPARISON.format(field=field), known),
            advice=Text(
                f'To search for these words, put them in quotes: "{clean(quoted)[:NEAR]}"',
                f'言葉として探すには引用符で囲みます："{clean(quoted)[:NEAR]}"',
            )
            if self._is_word(self.now)
            else None,
        )

    def _phrase_end(self) -> int:
        at = self.at
        while self._is_word(self.tokens[at]):
            at += 1
        return self.tokens[max(0, at - 1)].end

    def state(self, of: str) -> None:
        states = GRAD_STATES if of == "grad" else VALUE_STATES
        turned = self.now.plain == "not" and self.next.plain in states
        if turned:
            self.take()
        if self.now.plain not in states:
            self.fail(expected(sayings.STATE.format(of=of), states), advice=near(self.now.plain, states))
        self.out.append(Is("grad" if of == "grad" else "value", cast(State, self.take().plain)))
        if turned:
            self.out.append("not")

    def match(self, field: Textual) -> None:
        token, turned = self.now, False
        if token.plain == "not" and self.next.plain == "in":
            self.take()
            turned = True
        if self.now.plain == "in":
            self.take()
            self.out.append(Match(field, "in", self.words_in(field)))
            if turned:
                self.out.append("not")
            return
        if token.kind != "sign" or token.text not in ("==", "!=", "~"):
            self.no_comparison(field, self.tokens[self.at - 1], ["==", "!=", "~", "in"])
        self.take()
        sign = token.text
        assert sign in ("==", "!=", "~"), "just looked"
        self.out.append(Match(field, sign, (self.word(field, part=sign == "~"),)))  # type: ignore[arg-type]

    def words_in(self, field: Textual) -> tuple[Word, ...]:
        if self.now.text != "(" or self.now.kind != "sign":
            self.fail(expected(sayings.LIST, ["(exp, log)"]))
        self.take()
        found = [self.word(field)]
        while self.now.text == "," and self.now.kind == "sign":
            self.take()
            found.append(self.word(field))
        self.end_list()
        return tuple(found)

    def end_list(self) -> None:
        if self.now.text != ")" or self.now.kind != "sign":
            self.fail(expected(sayings.LIST_GOES_ON, [",", ")"]))
        self.take()

    def word(self, field: Textual, part: bool = False) -> Word:
        """What a text is compared with: a quoted word, or words up to the next sign."""
        start = self.now
        if start.kind == "quoted":
            found = Word(self.take().text)
        elif self._is_word(start):
            words = [self.take().text]
            while self._is_word(self.now):
                words.append(self.take().text)
            text = " ".join(words)
            found = Word(text, field == "name" and not part and _has_stars(text))
        else:
            self.fail(expected(sayings.TEXT, ["softmax", '"position 3.layer 1"']))
        if field == "kind" and not part and found.text.casefold() not in KINDS:
            self.fail(expected(sayings.KIND, KINDS), start.at, near(found.text, KINDS))
        if field == "op" and not part:
            self.check_op(found.text, start.at)
        return found

    def check_op(self, name: str, at: int) -> None:
        wanted, sign = name.casefold(), sign_key(name)
        if wanted in OPS or wanted in SIGNS or any(sign_key(op.label) == sign for op in OPS.values()):
            return
        import tracer.core.ops.all  # noqa: F401  registers those on tensors

        if wanted not in OPS and not any(sign_key(op.label) == sign for op in OPS.values()):
            advice = write("kind == " + wanted) if wanted in KINDS else near(wanted, OPS)
            self.fail(sayings.NO_OP.format(got=clean(name)[:NEAR]), at, advice)

    def shape(self) -> None:
        sign = self.now
        if sign.kind != "sign" or sign.text not in ("==", "!="):
            self.no_comparison("shape", self.tokens[self.at - 1], ["==", "!="])
        self.take()
        if self.now.text != "(" or self.now.kind != "sign":
            self.fail(expected(sayings.SIZES, ["(2, 3)", "(4,)", "()"]))
        self.take()
        sizes: list[int | None] = []
        while not (self.now.kind == "sign" and self.now.text == ")"):
            word = self.now.plain
            if word != "*" and not (word.isdecimal() and word.isascii() and len(word) <= 18):
                self.fail(expected(sayings.SIZES, ["(2, 3)", "(4,)", "()"]))
            sizes.append(None if word == "*" else int(word))
            self.take()
            if self.now.kind == "sign" and self.now.text == ",":
                self.take()
            elif self.now.text != ")" or self.now.kind != "sign":
                self.end_list()
        self.take()
        self.out.append(Shape("==" if sign.text == "==" else "!=", tuple(sizes)))

    def phrase(self) -> None:
        """Words that name nothing in the language: they are searched for."""
        start = self.now
        if start.kind == "quoted":
            self.out.append(Phrase(Word(self.take().text)))
            return
        words = [self.take().text]
        while self._is_word(self.now):
            words.append(self.take().text)
        after = self.now
        if after.kind == "sign" and after.text in (*COMPARISONS, "~"):
            if number(start.text) is not None:
                self.fail(
                    sayings.NUMBER_FIRST, start.at, write(f"grad {_TURNED.get(after.text, after.text)} {start.text}")
                )
            self.no_field(start)
        if len(words) > 2 and words[1].casefold() == "is" and words[2].casefold() in GRAD_STATES:
            self.no_field(start)
        text = " ".join(words)
        self.out.append(Phrase(Word(text, _has_stars(text) and text not in SIGNS)))


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _has_stars(text: str) -> bool:
    return "*" in text or "?" in text
