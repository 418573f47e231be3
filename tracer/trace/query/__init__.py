"""Asking for nodes: a small language, parsed into flat steps, answered on columns.

    query      = ranking | condition
    ranking    = ("largest" | "smallest") [count] measure ["where" condition]        10 where no count is given
    condition  = all ("or" all)*
    all        = one ("and" one)*
    one        = "not" one | "(" condition ")" | test | phrase
    test       = measure ("<" | "<=" | ">" | ">=" | "==" | "!=") number
               | ("value" | "grad") "is" state
               | "nan" | "inf" | "finite"
               | text ("==" | "!=" | "~") word
               | text ["not"] "in" "(" word ("," word)* ")"
               | "shape" ("==" | "!=") "(" [size ("," size)*] ")"                   a size is a count, or * for any
    measure    = "value" | "grad" | "|value|" | "|grad|" | "norm" | "uses" | "id" | "line"
    state      = "nan" | "inf" | "finite" | "known" | "unknown" | "none" | "partial" | "complete"
    text       = "op" | "scope" | "file" | "name" | "kind"
    phrase     = words that are none of the above

What they mean, at one position of a trace:

- A number that is not known yet, or is nan, matches no comparison, not even `!=`. `not` turns a test around, whatever
  it was about: `not grad == 0` also finds nodes whose gradient nobody knows.
- Of a tensor a comparison holds if it holds for any element; `is nan` and `is inf` likewise. `is finite` asks for all.
- `norm` is the size of the gradient: |grad| of a plain number, the square root of the sum of squares of a tensor's.
- `grad is unknown` is what panels show as `?`, `grad is none` what they show as `–`: takes no gradient.
- `nan` alone: its value or its gradient is; `inf` likewise; `finite`: neither of the two is nan or infinite.
- Upper and lower case count as the same. `w[3, 5]`, `w[3,5]` and `w[3][5]` are one name.
- `==` asks for the whole text, `~` for a part of it. In a part, and in a name or phrase without quotes, `*` stands for
  anything and `?` for one character: `name == layer*.attn_wq[3,*]`, `scope ~ "layer *.softmax"`.
- A scope is all that is in it: `scope == "position 3"` also finds what was made in `position 3.layer 0`.
- An op is its name or its sign: `op == mul`, `op == ×`. A kind is `leaf`, `const` or `op`.
- A phrase finds names, then ops, then scopes that are or contain it. A query that is nothing else lists the nearest
  first; with a `*` it finds names only. Quotes make a phrase of anything: `"and"`.
- A ranking lists by size. Numbers not known and nan are left out, and so are exact zeros of `|value|`, `|grad|` and
  `norm`, or the smallest would be no news: `grad == 0` finds them. Of equals the one made first comes first.
"""

from tracer.trace.query.mistake import QueryError
from tracer.trace.query.parse import parse_query
from tracer.trace.query.steps import Query
from tracer.trace.query.words import MOST, find_nodes

__all__ = ["MOST", "Query", "QueryError", "find_nodes", "parse_query"]
