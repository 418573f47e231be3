"""Find a node by its name, its operation or its scope."""

from __future__ import annotations

from rich.text import Text as RichText

from tracer.text import Text, clean
from tracer.trace.query import MOST, find_nodes
from tracer.trace.trace import Trace
from tracer.tui.screens.finding import FindingScreen


class SearchScreen(FindingScreen):
    """Gives back the node chosen."""

    HEADING = Text(en="Find a node", ja="ノードを探す")
    KEYS = Text(en="enter  select   ↑ ↓  choose   esc  cancel", ja="enter  選択   ↑ ↓  候補   esc  取り消し")
    NONE = Text(en="No node matches.", ja="当てはまるノードがありません。")

    def __init__(self, trace: Trace) -> None:
        super().__init__(Text(en="x, mul, ×, head.0", ja="x、mul、×、head.0"))
        self.trace = trace

    def hint(self) -> Text:
        if len(self.found) >= MOST:
            return _MORE.format(most=MOST)
        return _FOUND.format(n=len(self.found))

    def find(self, typed: str) -> list[int]:
        return find_nodes(self.trace, typed)

    def line(self, number: int) -> RichText:
        """`a = x + 2   layer1`."""
        trace = self.trace
        formula, scope = trace.formula(number), trace.scope(number)
        line = clean(trace.label(number) + (f" = {formula}" if formula else ""))
        return RichText.assemble(line, (f"   {clean(scope)}" if scope else "", "dim"))


_FOUND = Text(en="{n} found", ja="{n} 個見つかりました")
_MORE = Text(
    en="The first {most}; type more to narrow it down.", ja="先頭の {most} 個です。続けて入力すると絞り込めます。"
)
