"""Gradients rebuilt from what is shown, by a program of its own: it knows the chain rule and nothing of the engine.

    tracer steps program.py --json | python tests/trace/rebuild.py w b

Of each step that hands gradient on, it reads which node hands to which and the local gradient between them. A node's
gradient is then, from the loss down, the sum over its uses of upstream x local. The gradients that are shown are not
read, except to say whether each shown contribution is its shown upstream x its shown local gradient.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Step = Mapping[str, Any]
"""One line of `tracer steps --json`, or what says the same."""


class Rebuilt:
    """The gradients of one backward pass.

    Args:
        steps: all of them, in order.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        self.loss: int | None = None
        self.ids: dict[str, int] = {}
        """Label -> node."""
        self.uses: dict[int, list[tuple[int, float]]] = defaultdict(list)
        """Node -> (who used it, d user / d node), once for each use."""
        self.edges = 0
        self.furthest = 0.0
        """How far a shown contribution is at most from its upstream x local, as a part of itself."""
        for step in steps:
            if step.get("kind") == "seed":
                assert self.loss is None, "one backward pass at a time"
                self.loss = step["node"]["id"]
            elif step.get("kind") == "edge":
                self._add(step)
            if step.get("node"):
                self.ids[step["node"]["label"]] = step["node"]["id"]

    def _add(self, step: Step) -> None:
        self.edges += 1
        self.uses[step["node"]["id"]].append((step["user"]["id"], step["local"]))
        product = step["upstream"] * step["local"]
        if product != step["contribution"]:
            self.furthest = max(self.furthest, abs(product / step["contribution"] - 1))

    def gradient(self, label: str) -> float:
        """d loss / d the node of this label: 0 where nothing leads to it."""
        return self._gradients()[self.ids[label]]

    def _gradients(self) -> Mapping[int, float]:
        """Every node's, each after all who used it: a node is made before its users, and so has a smaller number."""
        if self._known is None:
            found: dict[int, float] = defaultdict(float)
            assert self.loss is not None, "there was a backward pass"
            found[self.loss] = 1.0
            for node in sorted(self.uses, reverse=True):
                found[node] += sum(found[user] * local for user, local in self.uses[node])
            self._known = found
        return self._known

    _known: Mapping[int, float] | None = None


if __name__ == "__main__":
    rebuilt = Rebuilt(map(json.loads, sys.stdin))
    for name in sys.argv[1:]:
        print(name, rebuilt.gradient(name))
