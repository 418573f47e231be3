"""A line of code run by us and by PyTorch from the same seed: the same printed text, or the same kind of refusal."""

from __future__ import annotations

import re
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np

from tracer.core import dtype as dtypes
from tracer.core.functions.all import MODULE, Tensor
from tracer.core.generator import Generator
from tracer.core.printing import get_printoptions, printoptions, set_printoptions
from tracer.core.size import Size
from tracer.errors import TracerError

OURS: Any = SimpleNamespace(
    **MODULE,
    **dtypes.DTYPES,
    **dtypes.ALIASES,
    dtype=dtypes.DType,
    finfo=dtypes.finfo,
    iinfo=dtypes.iinfo,
    get_default_dtype=dtypes.get_default_dtype,
    set_default_dtype=dtypes.set_default_dtype,
    promote_types=dtypes.promote_types,
    can_cast=dtypes.can_cast,
    get_printoptions=get_printoptions,
    printoptions=printoptions,
    set_printoptions=set_printoptions,
    Generator=Generator,
    Size=Size,
    Tensor=Tensor,
)
"""What `import tracer as torch` gives a program, as far as these tests go."""

SEED = 3


def outcome(lib: Any, code: str, **names: Any) -> str | Exception:
    """What a program prints for `code`, addresses left out; or what it raises."""
    lib.manual_seed(SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.sub(r" object at 0x\w+", "", repr(eval(code, {"torch": lib, "np": np, **names})))
        except Exception as error:
            return error


def alike(torch: Any, code: str, **names: Any) -> None:
    """Both libraries print the same for `code`, or both refuse with the same built-in kind of error."""
    theirs, ours = outcome(torch, code, **names), outcome(OURS, code, **names)
    if isinstance(theirs, Exception):
        ours_to_tell = TracerError | TypeError  # Python itself tells of a missing argument
        assert isinstance(ours, ours_to_tell), f"{code}: PyTorch raises {theirs!r}, we give {ours!r}"
        kind = next(kind for kind in type(theirs).__mro__ if kind.__module__ == "builtins")
        assert isinstance(ours, kind), f"{code}: PyTorch raises {theirs!r}, we {ours!r}"
    else:
        assert ours == theirs, f"{code}: {ours!r} instead of {theirs!r}"
