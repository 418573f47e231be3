"""Which names a block needs is found without running it, and agrees with what running it says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lessons.documents.pages import page
from tracer.lessons.content import content_root
from tracer.lessons.documents.names import Namespace, read_names
from tracer.lessons.documents.session import parse


def needs(*blocks: str) -> list[tuple[str, ...]]:
    """What each block needs, the ones before it having run if they could."""
    names, found = Namespace.fresh(), []
    for code in blocks:
        reading = read_names(parse(code), names)
        found.append(reading.needs)
        names = names if reading.needs else reading.after
    return found


ONE_BLOCK = {
    "what it reads first": ("z = W @ x + b\nx = 1", "W x b"),
    "builtins and what is preloaded": ("print(torch.ones(2), nn, F.relu, optim, np.pi, math.pi, __name__)", ""),
    "what it defines": ("import a.b as c, d.e\nfrom f import g as h\nx: int = 1\n(y, [z, *w]) = c, d, h, x", ""),
    "imports bind the first part": ("import a.b\nb", "b"),
    "targets after values": ("x = x + 1", "x"),
    "in place": ("x += 1", "x"),
    "an annotation alone binds nothing": ("x: int\nx", "x"),
    "attributes and items of unknown things": ("x.grad = 1\ny[0] = 2\ndel z.a", "x y z"),
    "strings with fields": ("f'{a} {b!r:>{c}}'", "a b c"),
    "a comprehension's own names": ("[x for x in xs if x > low]\nx", "xs low x"),
    "a name walked out of a comprehension": ("[last := x for x in range(3)]\nlast", ""),
    "loops": ("for i in range(3):\n    total = total + i\nelse:\n    i", "total"),
    "with": ("with a as b, c() as (d, e):\n    b, d, e", "a c"),
    "either branch binds": ("if a:\n    x = 1\nelse:\n    y = 2\nx, y", "a"),
    "what only a type checker sees": ("import typing\nif typing.TYPE_CHECKING:\n    x = y\nx", "x"),
    "del": ("x = 1\ndel x\nx", "x"),
    "except": ("try:\n    pass\nexcept ValueError as e:\n    e\ne", "e"),
    "an import that may fail": ("try:\n    import cupy as xp\nexcept ImportError:\n    xp = np\nxp", ""),
    "a guarded name": ("try:\n    device\nexcept NameError:\n    device = 'cpu'\ndevice", ""),
    "a name guarded against something else": ("try:\n    device\nexcept ValueError:\n    pass", "device"),
    "match": (
        "match a:\n    case [x, *y]: x, y\n    case {'k': v, **w}: v, w\n    case Point(z) as p: z, p",
        "a Point",
    ),
    "decorators, defaults, bases at once": (
        "@deco\ndef f(a=default, *, b=other): pass\nclass C(Base, metaclass=Meta):\n    x = y\n    z = x",
        "deco default other Base Meta y",
    ),
    "a body only where it is called": ("def f(): return W\nclass C:\n    def m(self): return V", ""),
    "a body where it is called": ("def f(): return W\nf()", "W"),
    "a body called through others": ("def f(): return g()\ndef g(): return W\nf()", "W"),
    "a body handed to another": ("def closure(): return loss\noptimizer = 1\nprint(map(closure, []))", "loss"),
    "a lambda with a name": ("f = lambda x: x + W", ""),
    "a lambda with a name, called": ("f = lambda x: x + W\nf(1)", "W"),
    "a lambda handed on": ("sorted([], key=lambda x: x + W)", "W"),
    "a lambda in a comprehension": ("[sorted(x, key=lambda y: x[y]) for x in []]", ""),
    "what is handed on and completed later": ("hooks = [lambda: W]\ndef f(): return V\nhooks.append(f)\nW = V = 1", ""),
    "a name guarded in a body": (
        "def f():\n    try:\n        shell = get_shell\n    except NameError:\n        return\n    get_shell()\nf()",
        "",
    ),
    "what a function defines for all": ("def f():\n    global w\n    w = 1\nf()\nw", ""),
    "local names": (
        "def f(a, *b, c=1, **d):\n    e = a\n    import g\n    for h in b: pass\n    def i(): return e, V\n"
        "    [j := k for k in c]\n    return d, e, g, h, i, j\nf()",
        "V",
    ),
    "a class made": ("class C:\n    def __init__(self): self.w = W\n    def m(self): return V\nC()", "W"),
    "a method called": ("class C:\n    def m(self): return self.n()\n    def n(self): return V\nc = C()\nc.m()", "V"),
    "a module called": (
        "class N(nn.Module):\n    def forward(self, x): return F.relu(x) * scale\nn = N()\nn(1)",
        "scale",
    ),
    "an inherited method": ("class A:\n    def m(self): return V\nclass B(A): pass\nB().m()", "V"),
    "recursion": ("def f(n): return f(n - 1) * W if n else 1\nf(3)", "W"),
    "a star import": ("from torch.nn import *\nLinear(2, 2), whatever", ""),
    "exec": ("exec('x = 1')\nx", ""),
    "a return": ("if targets is not None:\n    logits = self.head(x)\n    return logits", "targets self x"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", ONE_BLOCK)
def test_a_block_needs(name: str) -> None:
    code, expected = ONE_BLOCK[name]
    assert needs(code) == [tuple(expected.split())]


def test_annotations_of_a_function_count_where_python_looks_at_them() -> None:
    """Not with the future import, in any version."""
    assert needs("from __future__ import annotations\ndef f(x: Unknown) -> Other: pass\ny: Third = 1") == [()]


def test_whole_programs_need_nothing() -> None:
    """Every lesson, every model and every program of these tests runs by itself, so each is one complete block."""
    root = content_root()
    programs = [
        *root.glob("samples/*/*.py"),
        *root.glob("models/*.py"),
        *Path(__file__).parents[2].glob("programs/*.py"),
    ]
    assert len(programs) > 40
    assert {path.name: found for path in programs if (found := needs(path.read_text(encoding="utf-8"))) != [()]} == {}


def test_blocks_share_their_names() -> None:
    """A function uses what a later block defined, if it is called after that."""
    assert needs("def f(): return W", "W = 1", "f()", "W = 2\nf()") == [(), (), (), ()]
    assert needs("def f(): return W", "f()", "W = 1", "f()") == [(), ("W",), (), ()]


def test_a_fragment_does_not_run_and_so_defines_nothing() -> None:
    assert needs("model = Net(size)", "model(1)") == [("Net", "size"), ("model",)]


def test_a_redefinition_counts() -> None:
    """The function that is called is the newest of its name."""
    assert needs("def f(): return W\ndef f(): return 1\nf()", "f = print\nf(1)") == [(), ()]


def test_del_takes_a_name_from_the_blocks_after_it() -> None:
    assert needs("x = 1", "del x", "x") == [(), (), ("x",)]


def test_after_a_star_import_no_later_block_is_a_fragment() -> None:
    assert needs("from numpy import *", "sin(pi)") == [(), ()]


def test_a_block_of_a_skipped_comment_defines_nothing(tmp_path: Path) -> None:
    document = page(tmp_path, "<!-- tracer: skip -->\n```py\nx = 1\n```\n\n```py\nx\n```\n")
    skipped, after = document.blocks
    assert (skipped.skip, skipped.kind, skipped.runs, skipped.defines) == (True, "python", False, ())
    assert (after.kind, after.needs) == ("fragment", ("x",))


def test_what_is_defined_is_told_in_order(tmp_path: Path) -> None:
    (only,) = page(tmp_path, "```py\nimport torch\nb = a = 1\ndel b\ndef f(): pass\n```\n").blocks
    assert only.defines == ("torch", "a", "f")


# A law: what is needed is what Python misses

NAME = st.sampled_from(["a", "b", "c"])
CALLED = st.sampled_from(["f", "g"])
STATEMENT = st.one_of(
    st.builds("{} = 1".format, NAME),
    st.builds("{} = {}".format, NAME, NAME),
    st.builds("{} += {}".format, NAME, NAME),
    st.builds("del {}".format, NAME),
    st.builds("import math as {}".format, NAME),
    st.builds("for {} in (1,): {}".format, NAME, NAME),
    st.builds("{} = [{} for {} in (1,)]".format, NAME, NAME, NAME),
    st.builds("{} = [({} := {}) for {} in (1,)]".format, NAME, st.just("d"), NAME, NAME),
    st.builds("(lambda {}: ({}, {}))(1)".format, NAME, NAME, NAME),
    st.builds("class C: {} = {}".format, NAME, NAME),
    st.builds("try: raise ValueError\nexcept ValueError as {}: {}".format, NAME, NAME),
    st.builds("def {}(): return {}".format, CALLED, NAME),
    st.builds("def {}({}=1): return {}, {}".format, CALLED, NAME, NAME, NAME),
    st.builds("def {}():\n    global {}\n    {} = 1".format, CALLED, NAME, NAME).filter(
        lambda code: code.split()[3] == code.split()[4]
    ),
    st.builds("def {}():\n    def inner(): return {}\n    {} = 1\n    return inner()".format, CALLED, NAME, NAME),
    st.builds("def {}(): return {}()".format, CALLED, CALLED),
    st.builds("{} = lambda: {}".format, CALLED, NAME),
    st.builds("{}()".format, CALLED),
    st.builds("f'{{{}}}'".format, NAME),
    st.builds("match 1:\n    case {}: pass".format, NAME),
)


@given(st.lists(st.lists(STATEMENT, max_size=5), max_size=4))
def test_a_block_needs_a_name_exactly_if_python_misses_one(blocks: list[list[str]]) -> None:
    """For statements that all run: a block is a fragment if and only if running it raises NameError."""
    names = Namespace.fresh()
    space: dict[str, object] = {"math": math}
    for statements in blocks:
        code = "\n".join(statements)
        reading = read_names(parse(code), names)
        before = dict(space)
        missing = None
        try:
            exec(compile(code, "block", "exec"), space)
        except NameError as error:
            missing = error.name
        except (TypeError, RecursionError):
            return  # adds up modules, or f calls f: of no interest here
        if missing is not None:
            assert missing in reading.needs, code
            space.clear()
            space |= before  # a fragment: nothing of it is kept
            continue
        assert reading.needs == (), code
        names = reading.after
        assert {name for name in "abcdfg" if name in space} == {name for name in "abcdfg" if name in names.names}
