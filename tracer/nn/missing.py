"""What a module is asked for and does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracer.core.where import user_line
from tracer.errors import TracerError

if TYPE_CHECKING:
    from tracer.nn.module import Module


class ModuleAttributeError(TracerError, AttributeError):
    """An attribute that is not there, or not yet possible."""


class MissingForwardError(TracerError, NotImplementedError):
    """A module was called that says nothing of what it computes."""


def no_forward(self: Module, *args: Any, **keywords: Any) -> Any:
    """The `forward` of a module that defines none."""
    raise MissingForwardError(
        f'Module [{type(self).__name__}] is missing the required "forward" function.',
        hint="Define forward(self, x) in the class; a ModuleList or ModuleDict is walked instead of called.",
        where=user_line(),
        ja=f"{type(self).__name__} には forward が定義されていません。",
        hint_ja="クラスに forward(self, x) を定義します。"
        "ModuleList や ModuleDict は呼び出さず、中のモジュールを順に使います。",
    )


def before_init(self: Module, kind: str, name: str) -> ModuleAttributeError:
    """A part was assigned before there was a place for it."""
    return ModuleAttributeError(
        f"{type(self).__name__}: cannot assign {kind}s before Module.__init__() call.",
        hint="Begin __init__ with super().__init__().",
        where=user_line(),
        ja=f"{type(self).__name__}：Module.__init__() を呼ぶ前に {name} を代入することはできません。",
        hint_ja="__init__ の最初に super().__init__() と書きます。",
    )
