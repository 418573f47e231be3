"""The gradients of a GPT's training step, rebuilt from what is shown, are the trace's and PyTorch's."""

from __future__ import annotations

import json
import math
import random
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.trace.rebuild import Rebuilt, Step
from tracer.cli.steps import records
from tracer.core.record import record
from tracer.lessons.content import content_root
from tracer.lessons.runner import open_thing
from tracer.trace.trace import Trace

Weights = Mapping[str, Sequence[Sequence[float]]]
MODEL = runpy.run_path(str(content_root() / "models" / "gpt_scalar.py"), run_name="gpt_scalar")
TOLERANCE = 1e-12
"""Of a gradient; of one above 1, in proportion."""


def shown(trace: Trace) -> Iterator[Step]:
    """What the steps of a pass show, under the names that `tracer steps --json` has for it."""

    def called(node: int | None) -> dict[str, Any] | None:
        return None if node is None else {"id": node, "label": trace.label(node)}

    for position in trace.stops("edge").tolist():
        moment = trace.cursor(position).moment
        yield {
            "kind": moment.kind,
            "node": called(moment.node),
            "user": called(moment.user),
            "upstream": moment.upstream,
            "local": moment.local,
            "contribution": moment.contribution,
        }


def recorded(config: Any, tokens: Sequence[int]) -> tuple[Trace, Weights]:
    """A training step of `models/gpt_scalar.py`, and the weights it began with. They are drawn large, so that softmax,
    relu and the norms all have something to do."""
    weights = MODEL["init"](config, random.Random(1), std=0.3)
    with record() as recorder:
        MODEL["GPT"](config, weights).loss(list(tokens)).backward()
    return recorder.trace, weights


def agree(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def labels(weights: Weights) -> list[str]:
    return [f"{name}[{i},{j}]" for name, rows in weights.items() for i, row in enumerate(rows) for j in range(len(row))]


def in_pytorch(config: Any, tokens: Sequence[int], weights: Weights) -> dict[str, float]:
    """The gradient of every weight of the same model in PyTorch, float64: matrices, no scalars, no tracer."""
    import torch
    from torch.nn import functional

    w = {name: torch.tensor(rows, dtype=torch.float64, requires_grad=True) for name, rows in weights.items()}
    n = min(config.block_size, len(tokens) - 1)
    before, after = torch.tensor(list(tokens[:n])), torch.tensor(list(tokens[1 : n + 1]))
    heads, size = config.n_head, config.n_embd // config.n_head

    def norm(x: Any) -> Any:
        return x * (x.pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()

    x = norm(w["wte"][before] + w["wpe"][:n])
    for i in range(config.n_layer):
        y = norm(x)
        q, k, v = (
            (y @ w[f"layer{i}.attn_{name}"].T).reshape(n, heads, size).transpose(0, 1) for name in ("wq", "wk", "wv")
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + mixed.transpose(0, 1).reshape(n, -1) @ w[f"layer{i}.attn_wo"].T
        x = x + functional.relu(norm(x) @ w[f"layer{i}.mlp_fc1"].T) @ w[f"layer{i}.mlp_fc2"].T
    loss: Any = functional.cross_entropy(x @ w["lm_head"].T, after)
    loss.backward()
    found: dict[str, float] = {}
    for name, tensor in w.items():
        assert tensor.grad is not None
        for i, row in enumerate(tensor.grad.tolist()):
            found |= {f"{name}[{i},{j}]": number for j, number in enumerate(row)}
    return found


def small() -> tuple[Any, list[int]]:
    """One layer, two tokens, width 4."""
    return MODEL["Config"](n_layer=1, n_embd=4, n_head=2, block_size=2, vocab_size=3), [2, 0, 2]


def test_every_weight_of_a_small_gpt_is_rebuilt_from_what_its_steps_show() -> None:
    trace, weights = recorded(*small())
    rebuilt, end = Rebuilt(shown(trace)), trace.cursor(-1)
    assert rebuilt.furthest < 1e-15
    reached = 0
    for label in labels(weights):
        grad = end.grad(label)
        assert agree(rebuilt.gradient(label), grad or 0.0)
        reached += grad is not None
    assert reached > 100


def test_a_gradient_that_is_off_by_a_millionth_is_noticed() -> None:
    """So that a green run above means something: one local gradient of one step is changed."""
    trace, _ = recorded(*small())
    steps = [dict(step) for step in shown(trace)]
    edge = next(s for s in steps if s["kind"] == "edge" and s["node"]["label"] == "lm_head[0,1]")
    edge["local"] *= 1 + 1e-6
    assert not agree(Rebuilt(steps).gradient("lm_head[0,1]"), trace.cursor(-1).grad("lm_head[0,1]") or 0.0)


def test_the_script_reads_what_tracer_steps_prints() -> None:
    """On a lesson: the lines of `tracer steps --json` into a process that never imports tracer."""
    thing = open_thing("6.3")
    lines = "".join(f"{json.dumps(line)}\n" for line in records(thing, "edge"))
    script = Path(__file__).with_name("rebuild.py")
    done = subprocess.run(
        [sys.executable, "-I", str(script), "x"], input=lines, capture_output=True, text=True, check=True
    )
    assert done.stdout == "x 7.0\n"
    told = [{**step, "node": _brief(step["node"]), "user": _brief(step["user"])} for step in shown(thing.trace)]
    printed = [json.loads(line) for line in lines.splitlines()[1:]]
    keys = ("kind", "upstream", "local", "contribution")
    assert [[line[key] for key in keys] for line in printed] == [[step[key] for key in keys] for step in told]
    assert [[_brief(line["node"]), _brief(line["user"])] for line in printed] == [
        [step["node"], step["user"]] for step in told
    ]


def _brief(node: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if node is None else {"id": node["id"], "label": node["label"]}


@pytest.mark.oracle
def test_a_small_gpt_has_pytorchs_gradients() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    config, tokens = small()
    trace, weights = recorded(config, tokens)
    rebuilt, theirs = Rebuilt(shown(trace)), in_pytorch(config, tokens, weights)
    assert all(agree(rebuilt.gradient(label), theirs[label]) for label in labels(weights))


@pytest.mark.oracle
@pytest.mark.deep
def test_a_hundred_weights_of_two_layers_and_sixteen_tokens_are_rebuilt_to_pytorchs_gradients() -> None:
    """From the 470,784 uses that the steps of the pass show; of all 7,264 weights the trace's own agree with PyTorch's.

    `tracer steps --json` would print the same in a gigabyte, so the steps are read off the cursor.
    """
    pytest.importorskip("torch", reason="PyTorch is not installed")
    config = MODEL["Config"](n_layer=2)
    rng = random.Random(0)
    tokens = [26, *(rng.randrange(26) for _ in range(15)), 26]
    trace, weights = recorded(config, tokens)
    assert trace.n_nodes > 250_000
    theirs, end = in_pytorch(config, tokens, weights), trace.cursor(-1)
    rebuilt = Rebuilt(shown(trace))
    assert rebuilt.edges == 470_784
    assert rebuilt.furthest < 1e-15
    everyone = labels(weights)
    reached = [label for label in everyone if end.grad(label) is not None]
    for label in rng.sample(reached, 100):
        assert agree(rebuilt.gradient(label), theirs[label])
        assert agree(rebuilt.gradient(label), end.grad(label) or 0.0)
    assert all(agree(end.grad(label) or 0.0, theirs[label]) for label in everyone)
    largest = max(abs(rebuilt.gradient(label) - theirs[label]) for label in everyone)
    print(f"{len(reached)} weights; largest difference from PyTorch {largest:.2g}")
