"""What a mistake in a query is told as, in both languages."""

from __future__ import annotations

from collections.abc import Iterable

from tracer.errors import TracerError, did_you_mean
from tracer.text import Text, clean
from tracer.trace.query.steps import FIELDS
from tracer.trace.query.tokens import Token

NEAR = 40
"""Characters of a word that is looked up among known ones, or shown."""


def near(got: str, known: Iterable[str]) -> Text | None:
    """What was perhaps meant."""
    found = did_you_mean(got[:NEAR], known) if got else None
    if found is None:
        return None
    return Text(found, TracerError("", hint=found, ja="").told("ja").strip())


def shown(token: Token) -> str:
    """A piece of a query, as a message quotes it."""
    return clean(token.text)[:NEAR]


def expected(words: Text, known: Iterable[str]) -> Text:
    """What should stand there, and what it could be."""
    listed = "  ".join(known)
    return Text(f"{words.en}: {listed}", f"{words.ja}：{listed}")


def write(query: str) -> Text:
    """Advice: how to write it."""
    return Text(f"Write: {query}", f"こう書きます：{query}")


COUNT = Text(en="how many to list is a count from 1 to {most}.", ja="並べる個数は 1 から {most} までの整数です。")
RANKED = Text(en="expected what to rank by", ja="何の大きさで並べるかが要ります")
AFTER_RANKING = Text(
    en="a ranking ends here, or goes on with a condition", ja="順位の指定はここまでです。条件を続けるなら"
)
NO_JOINT = Text(en="'and' or 'or' is missing before {got!r}.", ja="{got!r} の前に and か or がありません。")
NO_LEFT = Text(en="something to compare is missing before {got!r}.", ja="{got!r} の前に、比べるものがありません。")
MISSING = Text(en="a condition is missing before {got!r}.", ja="{got!r} の前に条件がありません。")
MISSING_END = Text(en="a condition is missing at the end.", ja="末尾に条件がありません。")
FOR_EXAMPLE = Text(en="For example: op == relu and grad == 0", ja="例：op == relu and grad == 0")
NO_FIELD = Text(en="there is no field {got!r}.", ja="{got!r} という項目はありません。")
FIELDS_ARE = Text(en="Fields: " + " ".join(FIELDS), ja="項目：" + " ".join(FIELDS))
IN_BARS = Text(en="expected between the bars", ja="縦線の間に書けるのは")
NUMBER = Text(en="expected a number", ja="数が要ります")
COMPARISON = Text(en="after {field} a comparison is expected", ja="{field} の後には比較が要ります")
STATE = Text(en="after '{of} is' is expected one of", ja="「{of} is」の後に書けるのは")
LIST = Text(en="expected a list", ja="かっこで囲んだ並びが要ります")
LIST_GOES_ON = Text(en="the list goes on with a comma or ends", ja="並びは , で続けるか ) で閉じます")
TEXT = Text(en="expected a word, or words in quotes", ja="言葉か、引用符で囲んだ言葉が要ります")
KIND = Text(en="a node is one of these kinds", ja="ノードの種類は次のどれかです")
NO_OP = Text(en="there is no op {got!r}.", ja="{got!r} という演算はありません。")
SIZES = Text(en="expected the sizes of the axes", ja="軸の大きさが要ります")
NUMBER_FIRST = Text(
    en="a comparison begins with what is compared, the number comes after.",
    ja="比較は、比べる項目を先に、数を後に書きます。",
)
