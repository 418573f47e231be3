"""models/: programs that people read, copy and change."""

from __future__ import annotations

import importlib.util
import random
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.lessons.running import run
from tracer.core.record import record
from tracer.lessons.content import find


def test_phases_follow_one_another() -> None:
    """Each step is forward and loss, backward, update, zero; nothing else happens."""
    trace = run(find("mlp").program)
    kinds = [segment.kind for segment in trace.segments]
    assert kinds == ["forward", "backward", "update", "write"] * 3
    assert {trace.scope(node) for node in range(trace.n_nodes)} == {"", "hidden", "out", "loss"}
    parameters = {trace.name(node) for node in range(13)}
    assert parameters == {
        *(f"h{i}.{p}" for i in "123" for p in ("w1", "w2", "b")),
        "out.w1",
        "out.w2",
        "out.w3",
        "out.b",
    }


def test_it_runs_from_anywhere(tmp_path: Path) -> None:
    """The data set is found beside the program, not in the current folder."""
    program = str(find("mlp").program)
    printed = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert printed.stderr == ""
    losses = [float(n) for n in re.findall(r"data=([\d.]+)", printed.stdout)]
    assert len(losses) == 3
    assert losses == sorted(losses, reverse=True)


def test_fifty_steps_are_enough(tmp_path: Path) -> None:
    """What the docstring promises: with STEPS = 50 it knows all four rows."""
    source = find("mlp").program.read_text(encoding="utf-8")
    (tmp_path / "models").mkdir()
    (tmp_path / "samples").symlink_to(find("start").program.parents[1])
    longer = tmp_path / "models" / "mlp.py"
    longer.write_text(source.replace("STEPS = 3", "STEPS = 50"), encoding="utf-8")
    trace = run(longer)
    end = trace.cursor(len(trace))
    predictions = [end.data(node) or 0.0 for node in range(trace.n_nodes) if trace.name(node) == "prediction"]
    for prediction, right in zip(predictions[-4:], (-1, 1, 1, -1), strict=True):
        assert abs(prediction - right) < 0.1


# The GPT


@pytest.fixture(scope="module")
def gpt() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gpt_scalar", find("gpt_scalar").program)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gpt_scalar"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_gpt_has_the_documents_parameters(gpt: ModuleType) -> None:
    """DESIGN's names and shapes, (out, in); 4,192 numbers with 27 symbols."""
    config = gpt.Config()
    shapes = gpt.shapes(config)
    assert list(shapes) == [
        "wte",
        "wpe",
        "lm_head",
        *(f"layer0.{name}" for name in ("attn_wq", "attn_wk", "attn_wv", "attn_wo", "mlp_fc1", "mlp_fc2")),
    ]
    assert shapes["layer0.mlp_fc1"] == (64, 16)
    model = gpt.GPT(config, gpt.init(config, random.Random(0)))
    assert len(model.parameters()) == 4192
    assert model.weights["layer0.attn_wq"][3][5].name == "layer0.attn_wq[3,5]"


def test_the_gpt_names_every_part_of_itself(gpt: ModuleType) -> None:
    """From a position down to the softmax of one head."""
    config = gpt.Config(n_layer=2, n_embd=4, n_head=2, block_size=4)
    with record() as rec:
        gpt.GPT(config, gpt.init(config, random.Random(0))).loss([26, 0, 1]).backward()
    trace = rec.trace
    scopes = {trace.scope(node) for node in range(trace.n_nodes)}
    assert {
        "position 1.layer 1.attention.head 0.softmax",
        "position 0.embedding",
        "position 1.lm_head",
        "loss",
    } <= scopes
    assert all(trace.name(node) for node in range(trace.n_nodes) if trace.scope(node) == "")


def test_the_gpt_looks_back_only(gpt: ModuleType) -> None:
    """What a position says does not depend on what comes after it."""
    config = gpt.Config(n_embd=4, n_head=2, block_size=4, vocab_size=3)
    weights = gpt.init(config, random.Random(0))
    firsts = []
    for tokens in ([2, 0, 1, 0], [2, 0, 0, 1]):
        cache: list[tuple[list[object], list[object]]] = [([], [])]
        model = gpt.GPT(config, weights)
        firsts.append([[v.data for v in model.logits(t, i, cache)] for i, t in enumerate(tokens)])
    assert firsts[0][:2] == firsts[1][:2]
    assert firsts[0][2] != firsts[1][2]


def test_the_gpt_refuses_sizes_that_do_not_fit(gpt: ModuleType) -> None:
    with pytest.raises(ValueError, match="n_embd=10: n_head=4 must divide it"):
        gpt.Config(n_embd=10)
    config = gpt.Config(n_embd=4, n_head=2)
    weights = gpt.init(config, random.Random(0))
    weights["wpe"] = weights["wpe"][:-1]
    with pytest.raises(ValueError, match=r"wpe has shape \(15, 4\), not \(16, 4\)"):
        gpt.GPT(config, weights)


@pytest.mark.oracle
@pytest.mark.parametrize("layers", [1, 2])
def test_the_gpt_is_pytorchs(gpt: ModuleType, layers: int) -> None:
    """Loss and every gradient, in float64: the same model written with PyTorch's own functions."""
    torch = pytest.importorskip("torch")
    config = gpt.Config(n_layer=layers, n_embd=8, n_head=2, block_size=6, vocab_size=5)
    weights = gpt.init(config, random.Random(layers), std=0.5)
    tokens = [4, 0, 1, 1, 3, 2, 4]
    model = gpt.GPT(config, weights)
    loss = model.loss(tokens)
    loss.backward()

    w = {name: torch.tensor(rows, dtype=torch.float64, requires_grad=True) for name, rows in weights.items()}

    def norm(x: Any) -> Any:
        return torch.nn.functional.rms_norm(x, x.shape[-1:], eps=1e-5)

    x = norm(w["wte"][tokens[:-1]] + w["wpe"][: len(tokens) - 1])
    for i in range(layers):
        h = norm(x)
        q, k, v = (
            (h @ w[f"layer{i}.attn_w{part}"].T).view(-1, config.n_head, config.head_dim).transpose(0, 1)
            for part in "qkv"
        )
        heads = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + heads.transpose(0, 1).reshape(x.shape) @ w[f"layer{i}.attn_wo"].T
        x = x + torch.relu(norm(x) @ w[f"layer{i}.mlp_fc1"].T) @ w[f"layer{i}.mlp_fc2"].T
    wanted = torch.nn.functional.cross_entropy(x @ w["lm_head"].T, torch.tensor(tokens[1:]))
    wanted.backward()
    assert loss.data == pytest.approx(wanted.item(), rel=1e-12)
    for name, rows in model.weights.items():
        got = [[value.grad for value in row] for row in rows]
        torch.testing.assert_close(torch.tensor(got, dtype=torch.float64), w[name].grad, rtol=1e-10, atol=1e-12)
