"""Which names a block needs that nobody has defined, found by reading it, never by running it.

A statement is followed in the order it runs, as if every branch were taken and every loop entered once. What a name is
read as before anything binds it, the block needs. A function's body counts where the function is called, not where it
is defined; a class's methods likewise, `forward` where its instance is called. So a class that uses a name of a later
block is no fragment, and a block that calls it too early is one. A function that is handed to another (`step(closure)`)
is called at some time, at the end of the block at the latest. Where it cannot be told (a method of something unknown, a
name that `exec` may have made), the block is run and Python has the last word.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tracer.lessons.documents.bodies import Body, Function, arguments_of, forgives

PRELOADED = ("torch", "nn", "F", "optim", "np", "math")
"""What every document may use without importing it."""
MODULE_NAMES = ("__name__", "__file__", "__doc__", "__builtins__", "__annotations__", "__spec__", "__loader__")
_MAKES_NAMES = frozenset({"exec", "globals", "vars", "locals", "get_ipython"})
"""Whoever uses these may define anything."""
_ANNOTATIONS_RUN = sys.version_info < (3, 14)
"""From 3.14 on nobody looks at an annotation before it is asked for."""


@dataclass(frozen=True)
class Bound:
    """What is known of what a name stands for."""

    function: Function | None = None
    methods: tuple[tuple[str, Function], ...] = ()
    """Of a class, or of the class of an instance."""
    instance: bool = False


_ANYTHING = Bound()


@dataclass(frozen=True)
class Namespace:
    """The names there are before a block runs."""

    names: dict[str, Bound]
    anything: bool = False
    """Whether there may be names nobody can know: after `from x import *` or `exec`."""

    @classmethod
    def fresh(cls) -> Namespace:
        """Before the first block."""
        return cls(dict.fromkeys((*dir(builtins), *PRELOADED, *MODULE_NAMES), _ANYTHING))


@dataclass(frozen=True)
class Reading:
    """What a block needs, and the names there are once it has run."""

    needs: tuple[str, ...]
    after: Namespace
    defines: tuple[str, ...]


def read_names(tree: ast.Module, before: Namespace) -> Reading:
    """Follow a block.

    Raises:
        RecursionError: it is nested past all reason.
    """
    walk = _Walk(dict(before.names), before.anything)
    walk.lazy_annotations |= any(
        isinstance(one, ast.ImportFrom)
        and one.module == "__future__"
        and any(n.name == "annotations" for n in one.names)
        for one in tree.body
    )
    walk.body(tree.body)
    for function in walk.handed:
        walk.call(function)
    after = Namespace(walk.names, walk.anything)
    defines = tuple(name for name in walk.made if name in walk.names)
    return Reading(tuple(dict.fromkeys(walk.needs)), after, defines)


@dataclass
class _Walk:
    """A walk through the statements of a module, in the order they run."""

    names: dict[str, Bound]
    anything: bool
    needs: list[str] = field(default_factory=list)
    made: dict[str, None] = field(default_factory=dict)
    lazy_annotations: bool = not _ANNOTATIONS_RUN
    inner: list[set[str]] = field(default_factory=list)
    """Names of class bodies and comprehensions around this place, innermost last."""
    forgiving: int = 0
    """How many `try` around this place catch a NameError."""
    handed: list[Function] = field(default_factory=list)
    """Functions that were given to somebody who will call them."""
    around: dict[int, set[str]] = field(default_factory=dict)
    """Lambda -> the names of the comprehensions it stands in."""
    called: set[int] = field(default_factory=set)
    """Functions whose bodies were counted already."""

    # --- names

    def load(self, name: str) -> Bound:
        if name in _MAKES_NAMES and name in self.names:
            self.anything = True
        if any(name in scope for scope in self.inner):
            return _ANYTHING
        if name not in self.names and not self.anything and not self.forgiving:
            self.needs.append(name)
        return self.names.get(name, _ANYTHING)

    def store(self, name: str, value: Bound = _ANYTHING) -> None:
        if self.inner:
            self.inner[-1].add(name)
        else:
            self.names[name] = value
            self.made[name] = None

    def delete(self, name: str) -> None:
        self.load(name)
        if self.inner:
            self.inner[-1].discard(name)
        else:
            self.names.pop(name, None)

    # --- statements

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    def visit(self, node: ast.AST) -> None:
        special = getattr(self, f"_{type(node).__name__}", None)
        if special is not None:
            special(node)
        else:
            self.children(node)

    def children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.visit(child)

    def maybe(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.load(node.id)
        elif isinstance(node.ctx, ast.Store):
            self.store(node.id)
        else:
            self.delete(node.id)

    def _Assign(self, node: ast.Assign) -> None:
        self.visit(node.value) if not isinstance(node.value, ast.Lambda) else self._defaults(node.value)
        value = self._value(node.value)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.store(target.id, value)
            else:
                self.visit(target)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
        self._annotation(node.annotation)
        if node.value is not None:
            self.visit(node.target)

    def _AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.load(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def _NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        scopes, self.inner = self.inner, []  # out of a comprehension, into the block
        self.store(node.target.id, self._value(node.value))
        self.inner = scopes

    def _If(self, node: ast.If) -> None:
        self.visit(node.test)
        if getattr(node.test, "attr", getattr(node.test, "id", "")) != "TYPE_CHECKING":  # for type checkers alone
            self.body(node.body)
        self.body(node.orelse)

    def _For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self.visit(node.target)
        self.body(node.body)
        self.body(node.orelse)

    _AsyncFor = _For

    def _TypeAlias(self, node: ast.AST) -> None:
        """`type X = ...` (from 3.12 on): what X is, is looked at later."""
        self.visit(node.name)  # type: ignore[attr-defined]  # 3.11 does not know the node

    def _Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.store(alias.asname or alias.name.partition(".")[0])

    def _ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.anything = True
            else:
                self.store(alias.asname or alias.name)

    def _Try(self, node: ast.Try) -> None:
        forgiving = forgives(node)
        self.forgiving += forgiving
        self.body(node.body)
        self.forgiving -= forgiving
        for handler in node.handlers:
            self.maybe(handler.type)
            if handler.name:
                self.store(handler.name)
            self.body(handler.body)
            if handler.name:
                (self.inner[-1].discard if self.inner else self._forget)(handler.name)
        self.body(node.orelse)
        self.body(node.finalbody)

    _TryStar = _Try

    def _forget(self, name: str) -> None:
        self.names.pop(name, None)

    def _MatchAs(self, node: ast.MatchAs) -> None:
        self.maybe(node.pattern)
        if node.name:
            self.store(node.name)

    def _MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.store(node.name)

    def _MatchMapping(self, node: ast.MatchMapping) -> None:
        self.children(node)
        if node.rest:
            self.store(node.rest)

    # --- what has a body of its own

    def _FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._defaults(node)
        with_type_names = {one.name for one in getattr(node, "type_params", ())}
        if with_type_names:
            self.inner.append(with_type_names)
        for arg in arguments_of(node):
            self._annotation(arg.annotation)
        self._annotation(node.returns)
        if with_type_names:
            self.inner.pop()
        self.store(node.name, Bound(function=node))

    _AsyncFunctionDef = _FunctionDef

    def _Lambda(self, node: ast.Lambda) -> None:
        """One that no name is given to is for somebody who calls it."""
        self._defaults(node)
        self.around[id(node)] = set().union(*self.inner)
        if not self.forgiving:
            self.handed.append(node)

    def _defaults(self, node: Function) -> None:
        self.maybe(*node.args.defaults, *node.args.kw_defaults)

    def _annotation(self, node: ast.expr | None) -> None:
        if node is not None and not self.lazy_annotations:
            self.visit(node)

    def _ClassDef(self, node: ast.ClassDef) -> None:
        self.maybe(*node.decorator_list)
        self.inner.append({one.name for one in getattr(node, "type_params", ())})
        self.maybe(*node.bases, *node.keywords)
        self.inner.append({"__module__", "__qualname__"})
        self.body(node.body)
        self.inner.pop()
        self.inner.pop()
        inherited = [self.names.get(base.id, _ANYTHING) for base in node.bases if isinstance(base, ast.Name)]
        methods = {name: one for parent in reversed(inherited) for name, one in parent.methods}
        methods |= {one.name: one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        self.store(node.name, Bound(methods=tuple(methods.items())))

    def _comprehension(self, node: ast.AST, generators: list[ast.comprehension], *results: ast.expr) -> None:
        self.visit(generators[0].iter)
        self.inner.append(set())
        for i, one in enumerate(generators):
            if i:
                self.visit(one.iter)
            self.visit(one.target)
            self.maybe(*one.ifs)
        self.maybe(*results)
        self.inner.pop()

    def _ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._comprehension(node, node.generators, node.elt)

    _SetComp = _GeneratorExp = _ListComp

    def _DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node, node.generators, node.key, node.value)

    # --- calls

    def _Call(self, node: ast.Call) -> None:
        self.children(node)
        self._run(node.func)
        for given in (*node.args, *(one.value for one in node.keywords)):
            if isinstance(given, ast.Name) and (known := self._known(given)).function is not None:
                self.handed.append(known.function)  # `map(f, xs)`, `optimizer.step(closure)`

    def _run(self, func: ast.expr) -> None:
        """Count the body behind `func(...)`, as far as it is known."""
        if isinstance(func, ast.Attribute):
            self._method(self._known(func.value), func.attr)
        known = self._known(func)
        if known.function is not None:
            self.call(known.function, _ANYTHING)
        elif known.instance:
            self._method(known, "__call__")
            self._method(known, "forward")
        else:
            self._method(replace(known, instance=True), "__init__")

    def _method(self, of: Bound, name: str) -> None:
        found = dict(of.methods).get(name)
        if found is not None:
            self.call(found, of)

    def _known(self, node: ast.expr) -> Bound:
        if isinstance(node, ast.Name) and not any(node.id in scope for scope in self.inner):
            return self.names.get(node.id, _ANYTHING)
        return self._value(node) if isinstance(node, ast.Call | ast.Lambda) else _ANYTHING

    def _value(self, node: ast.expr) -> Bound:
        """What an expression's value is, where it is plain to see."""
        if isinstance(node, ast.Lambda):
            return Bound(function=node)
        if isinstance(node, ast.Name):
            return self._known(node)
        if isinstance(node, ast.Call):
            made = self._known(node.func)
            if made.methods and not made.instance:
                return replace(made, instance=True)
        return _ANYTHING

    def call(self, function: Function, me: Bound = _ANYTHING) -> None:
        """Count a body: the names of the module that it reads, and what it calls in turn."""
        if id(function) in self.called or self.forgiving:
            return
        self.called.add(id(function))
        scope = Body.of(function)
        for name in scope.module_stores:
            scopes, self.inner = self.inner, []
            self.store(name)
            self.inner = scopes
        scopes, self.inner = self.inner, [self.around.get(id(function), set())]
        for name in scope.reads:
            self.load(name)
        for func in scope.calls:
            if isinstance(func, ast.Name) and func.id in scope.reads:
                self._run(func)
            elif isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
                if func.value.id == scope.first_argument:
                    self._method(me, func.attr)
                elif func.value.id in scope.reads:
                    self._run(func)
        self.inner = scopes
