"""Why a gradient is zero, not a number, infinite, huge, tiny or not there; or, of an ordinary one, where it came from.

Analysis only: facts as frozen values, no words (those are in `explain.why`).

- The question follows from the state of the node (`asked`), or is given.
- The answer is a chain of links from the node towards the culprit: gradient is followed from a node to the user that
  handed it on (upstream x local = contribution), values from a node to an input. One culprit is named, the others that
  the same walk met are counted.
- `nothing` walks a gradient of 0, `broken` one that is not finite, `amounts` large, small and ordinary ones, `absent`
  one that is not there; `faults` tells kinds of culprits; `worst` looks through a whole trace.
- A tensor is asked about one element at a time: `rows` finds which element of an op's output an element's gradient
  came from.
- Everything is read through `Reader` at one position: nothing later is used; what is not known by then is "not yet".
- Walks are iterative and cost what they visit, so a node among 260,000 is answered in milliseconds.
"""

from __future__ import annotations

from tracer.trace.why.answer import FINE, QUESTIONS, Link, Place, Question, Verdict, Why
from tracer.trace.why.ask import asked, why
from tracer.trace.why.worst import worst

__all__ = ["FINE", "QUESTIONS", "Link", "Place", "Question", "Verdict", "Why", "asked", "why", "worst"]
