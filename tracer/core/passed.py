"""Who is told when a backward pass is over, whether it is recorded or not. Nobody listening, it costs a look at a list.

def heard(values, tensors):
    ...

HEARING.append(heard)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracer.core.value import Value

Heard = Callable[["Sequence[Value]", Mapping[int, Any]], None]
"""Is given the `Value`s that the pass reached, or of tensors their serial numbers and gradients."""
HEARING: list[Heard] = []
"""Those that listen now."""
