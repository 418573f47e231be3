"""A function's body as the module around it sees it: the names it takes from there, and whom it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_NAME_ERROR = frozenset({"NameError", "Exception", "BaseException"})


@dataclass
class Body:
    """What a function does to the module when it runs; functions inside it count as run, too."""

    reads: dict[str, None] = field(default_factory=dict)
    """Names it takes from the module."""
    calls: list[ast.expr] = field(default_factory=list)
    """What it calls, as written."""
    module_stores: set[str] = field(default_factory=set)
    """Names it gives to the module: `global x`."""
    first_argument: str = ""
    """`self` of a method."""

    @classmethod
    def of(cls, function: Function) -> Body:
        """The body of `function`."""
        found = cls()
        arguments = arguments_of(function)
        found.first_argument = arguments[0].arg if arguments else ""
        found._read(function, frozenset())
        return found

    def _read(self, function: ast.AST, around: frozenset[str]) -> None:
        """The reads of one scope; those inside it see its names, but for a class's."""
        own: set[str] = set()
        shared: set[str] = set()
        inside: list[ast.AST] = []
        reads: list[str] = []
        guarded: set[str] = set()  # names read where their being missing is caught; what comes after knows
        if isinstance(function, Function):
            own |= {one.arg for one in arguments_of(function)}
        for node in _of_this_scope(function):
            if isinstance(node, ast.Try) and forgives(node):
                guarded |= {inner.id for one in node.body for inner in ast.walk(one) if isinstance(inner, ast.Name)}
            if isinstance(node, ast.Global):
                shared |= set(node.names)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                reads.append(node.id)
            else:
                own |= set(_stores(node))
            if isinstance(node, ast.Call):
                self.calls.append(node.func)
            if isinstance(node, _SCOPES):
                inside.append(node)
            if isinstance(node, _COMPREHENSIONS):  # what `:=` binds in one belongs to the function
                own |= {one.target.id for one in ast.walk(node) if isinstance(one, ast.NamedExpr)}
        self.module_stores |= own & shared
        own -= shared
        self.reads |= dict.fromkeys(name for name in reads if name not in own | guarded and name not in around)
        seen = around if isinstance(function, ast.ClassDef) else around | own
        for node in inside:
            self._read(node, seen)


_SCOPES = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
_NAMED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar,
)  # fmt: skip
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _of_this_scope(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run in a scope: of one inside it only what runs outside its own body, and the node itself."""
    todo: list[ast.AST]
    if isinstance(scope, ast.Lambda):
        todo = [scope.body]
    elif isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        todo = [*reversed(scope.body)]
    else:
        todo = [*reversed([*ast.iter_child_nodes(scope)])]
    while todo:
        node = todo.pop()
        yield node
        todo += reversed(_outside(node))


def _outside(node: ast.AST) -> list[ast.AST]:
    """What of a node runs in the scope that the node stands in."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
    if isinstance(node, ast.Lambda):
        return [*node.args.defaults, *filter(None, node.args.kw_defaults)]
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    if isinstance(node, _COMPREHENSIONS):
        return []
    if isinstance(node, ast.AnnAssign):
        return [node.target, *filter(None, [node.value])]  # nobody looks at the annotation of a local name
    return [*ast.iter_child_nodes(node)]


def _stores(node: ast.AST) -> Iterator[str]:
    """The names a node binds."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, _NAMED):
        yield from [node.name] if node.name else []
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    elif isinstance(node, ast.Nonlocal):
        yield from node.names
    elif isinstance(node, ast.alias) and node.name != "*":
        yield node.asname or node.name.partition(".")[0]


def forgives(node: ast.Try | ast.TryStar) -> bool:
    """Whether a name that is missing in the body of this `try` is caught."""
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(kind is None or (isinstance(kind, ast.Name) and kind.id in _NAME_ERROR) for kind in kinds):
            return True
    return False


def arguments_of(function: Function) -> list[ast.arg]:
    """All its parameters, positional ones first."""
    args = function.args
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]
