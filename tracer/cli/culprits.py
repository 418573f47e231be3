"""What spoilt a training run: the step that went wrong is opened, and its culprit told in a line."""

from __future__ import annotations

import shlex

from tracer.cli.terminal import say
from tracer.errors import TracerError
from tracer.explain.why import told
from tracer.text import Lang, Text
from tracer.train.culprit import culprit
from tracer.train.job import Job
from tracer.train.process import open_step


def tell_culprit(job: Job, step: int, lang: Lang) -> None:
    """Say on stderr where in `step` the first number came from that is not finite, and how to walk there."""
    try:
        trace = open_step(job, step).trace
    except TracerError as error:  # the training itself has been told
        say(error.told(lang))
        return
    found = culprit(trace)
    if found is not None:
        said = told(trace, found)
        say(f"{said.question[lang]}\n  {said.answer[lang]}")
    if job.run is not None:
        say(_WALK.format(run=shlex.quote(str(job.run)), step=step)[lang])


_WALK = Text(
    en="to walk there: tracer open {run} --step {step}   in words: tracer why {run} --step {step}",
    ja="たどるには: tracer open {run} --step {step}   説明: tracer why {run} --step {step}",
)
