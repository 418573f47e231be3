"""How a program ended, as its trace remembers it: `trace.info["outcome"]`, and the words for it."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from tracer.text import Text

Kind = Literal["complete", "raised", "exited", "stopped", "limit", "killed"]
"""It ran to its end; raised; called `sys.exit` with a failure; was stopped; reached the node limit; just died."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    kind: Kind = "complete"
    error: str = ""
    """What it raised, said or died of, on one line: `ZeroDivisionError: float division by zero`."""
    file: str = ""
    """The user's file in which it ended, as the trace names it."""
    line: int = 0
    """The line there, from 1; 0 if unknown."""
    traceback: str = ""
    """The frames in the user's own files, as Python writes them; empty unless it raised."""

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> Outcome:
        """What a trace's `info` says. A file may hold anything there: what is not an outcome reads as complete."""
        found = info.get("outcome")
        if not isinstance(found, Mapping) or found.get("kind") not in KINDS:
            return cls()
        words = {key: found[key] for key in ("error", "file", "traceback") if isinstance(found.get(key), str)}
        line = found.get("line")
        return cls(kind=found["kind"], line=line if isinstance(line, int) and line > 0 else 0, **words)

    def to_json(self) -> dict[str, Any]:
        """For `trace.info` and for `tracer steps --json`."""
        return {key: value for key, value in asdict(self).items() if value or key == "kind"}

    @property
    def where(self) -> str | None:
        """`prog.py:7`, or None."""
        return f"{self.file}:{self.line}" if self.file and self.line else None

    @property
    def hint(self) -> Text | None:
        """What to do about it, where we know better than the program's traceback."""
        if self.error.startswith("ModuleNotFoundError: No module named 'micrograd"):
            return Text(
                en="Write `from tracer import Value` in place of the import: the rest of a micrograd program can stay.",
                ja="この import を `from tracer import Value` に書き換えてください。"
                "micrograd のプログラムの残りはそのままで動きます。",
            )
        if _LACKING.match(self.error):
            return Text(
                en="tracer has a part of PyTorch. Write what is missing with what there is, or leave the lines out.",
                ja="tracer にあるのは PyTorch の一部です。ないものは、あるもので書くか、その行を省いてください。",
            )
        if self.error.startswith("ModuleNotFoundError"):
            install = f"{sys.executable} -m pip install …"
            return Text(
                en=f"Programs run with tracer's own Python: install the module there, {install}",
                ja=f"プログラムは tracer と同じ Python で動きます。そこにモジュールを入れてください: {install}",
            )
        if self.error.startswith("EOFError"):
            return Text(
                en="A recorded program has no keyboard: its input ends at once. Put the value into the program.",
                ja="記録中のプログラムはキーボードから入力できません。値をプログラムの中に書いてください。",
            )
        return None

    @property
    def words(self) -> Text | None:
        """One line for a person; None when there is nothing to say because the program ran to its end."""
        if self.kind == "complete":
            return None
        told = self.error.removesuffix(f" at {self.where}").removesuffix(
            "."
        )  # the sentence ends, and says where, itself
        sentence = _WORDS[self.kind].format(error=told)
        if self.where is None:
            return sentence
        return Text(f"{sentence.en} ({self.where})", f"{sentence.ja}（{self.where}）")


_LACKING = re.compile(
    r"ModuleNotFoundError: No module named '(?:torch[\w.]*' here:|tracer\.)"
    r"|ImportError: cannot import name '\w+' from '(?:tracer|torch)\b"
    r"|AttributeError: module 'tracer\b"
)
"""A name of PyTorch that we lack, asked for as `torch` in a document or as `tracer` in a program."""
_WORDS: dict[Kind, Text] = {
    "raised": Text(
        en="The program raised {error}. What it computed before is here.",
        ja="プログラムが例外 {error} で終わりました。それまでの計算を表示しています。",
    ),
    "exited": Text(
        en="The program ended itself with sys.exit({error}). What it computed before is here.",
        ja="プログラムが sys.exit({error}) で終了しました。それまでの計算を表示しています。",
    ),
    "stopped": Text(
        en="The program was stopped before its end. What it computed before is here.",
        ja="プログラムを途中で止めました。それまでの計算を表示しています。",
    ),
    "limit": Text(
        en="The program reached the node limit ({error}). The nodes up to there are here.",
        ja="プログラムがノード数の上限（{error}）に達しました。そこまでのノードを表示しています。",
    ),
    "killed": Text(
        en="The program died ({error}). What had been written down by then is here; its last moments may be missing.",
        ja="プログラムが異常終了しました（{error}）。それまでに書き出された計算を表示しています"
        "（最後の一瞬の計算は失われたかもしれません）。",
    ),
}
